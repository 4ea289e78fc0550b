"""Floor 9: a model as the boxes and arrows of a diagram: one box a site, one arrow a block's traffic of one ledger."""

from __future__ import annotations

from exodelivery.compile.expand import OneWay, expand
from exodelivery.declare.anatomy import Anatomy, Reference
from exodelivery.declare.model import Model
from exodelivery.declare.tables import FORMS
from exodelivery.draw.diagram import IN, OUT, Edge, Node


def diagram_of(model: Model) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return the sites of a model and the traffic between them.

    Parameters
    ----------
    model : Model

    Returns
    -------
    tuple of Node, tuple of Edge
        For :func:`exodelivery.draw.diagram.diagram_svg`. An arrow bears the block that moves; what a block does within
        one site, or takes out of the picture, bears the names of its flows.

    Examples
    --------
    >>> from exodelivery.declare.shelf import find
    >>> nodes, edges = diagram_of(find("doxorubicin_mouse", "model"))
    >>> [node.id for node in nodes if node.group == "tumour"]
    ['isf', 'cell', 'nucleus']
    """
    anatomy = Anatomy(model)
    groups = {site: region for region, sites in model.body.regions.items() for site in sites}
    flows = expand(anatomy).flows
    used = {end for flow in flows for end in (_site(flow.source), _site(flow.target))} - {IN, OUT}
    known = [name for name in anatomy.sites if name in used]
    alone = [name for name in anatomy.populations if name in used and name not in known]
    nodes = [Node(name, name, anatomy.sites[name].role, groups.get(name, "")) for name in known]
    nodes += [Node(name, name, "population", groups.get(name, "")) for name in alone]
    entry = next((route.site for route in model.body.routes.values()), "")
    return tuple(sorted(nodes, key=lambda node: node.id != entry)), _edges(anatomy, flows)


def _edges(anatomy: Anatomy, flows: tuple[OneWay, ...]) -> tuple[Edge, ...]:
    # A way there and a way back of one block and ledger are one arrow with two heads.
    found: dict[tuple[str, str, str, str], bool] = {}
    for flow in flows:
        source, target = _site(flow.source), _site(flow.target)
        block, short = _words(flow)
        inside = source in {target, IN} or target == OUT
        kind = _kind(anatomy, flow)
        back = (target, source, block, kind)
        if not inside and back in found:
            found[back] = True
        else:
            found.setdefault((source, target, short if inside else block, kind), False)
    return tuple(Edge(source, target, label, kind, both) for (source, target, label, kind), both in found.items())


def _words(flow: OneWay) -> tuple[str, str]:
    """The block, and the flow's own name without its way back and its site."""
    prefix = flow.scope.instance.prefix if flow.scope.instance else ""
    own = flow.name.removeprefix(f"{prefix}.").partition("@")[0].removesuffix(".back")
    return prefix, own


def _site(end: Reference) -> str:
    return end.pool.site if end.pool is not None else end.name


def _kind(anatomy: Anatomy, flow: OneWay) -> str:
    pool = flow.source.pool or flow.target.pool
    if pool is not None:
        return FORMS[anatomy.forms[pool.form]].ledger
    return flow.source.kind if flow.source.kind != IN else flow.target.kind
