"""Floor 5: every expression of a model as it was written, with the scope in which its names are looked up.

Why: names, dimensions and use are judged on what a person wrote, and a rule that walked a model by itself would forget
a place where an expression can stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exodelivery.compile.expand import refer, repeated
from exodelivery.declare.anatomy import Anatomy, Reference, Scope
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Instance
from exodelivery.declare.pool import is_pool, read_pool
from exodelivery.errors import DeclarationError, ExodeliveryError, Place
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Call, Expr, Name, children


@dataclass(frozen=True, slots=True)
class Written:
    """An expression where it stands.

    Attributes
    ----------
    role : str
        volume, route, start, rate, state, output, caution or observable: what the expression is for.
    name : str
        Full name of what it defines.
    expr : Expr
    scope : Scope
    place : Place
    of : str
        What it is measured against: the flow's end that its rate must fit, the pool or population that starts, the unit
        of a state, a caution or an observable, the key of a route.
    """

    role: str
    name: str
    expr: Expr
    scope: Scope
    place: Place
    of: str = ""

    @property
    def in_vial(self) -> bool:
        """Whether a loading wrote it, which sees its own sites only."""
        return self.scope.instance is not None and self.scope.instance.slot == "loading"


def written(anatomy: Anatomy) -> Iterator[Written]:
    """Yield every expression of a model: the body's, each block's, and the observables."""
    body, scope = anatomy.model.body, Scope(anatomy, part="body")
    for name, site in body.sites.items():
        if site.volume is not None:
            yield Written("volume", name, site.volume, scope, body.origin.place("sites", name, "volume"))
    for name, route in body.routes.items():
        for key, term in route.terms:
            yield Written("route", f"{name}.{key}", term, scope, body.origin.place("routes", name, key), key)
    for name, population in body.populations.items():
        place = body.origin.place("populations", name, "start")
        yield Written("start", name, population.start, scope, place, name)
    for instance in anatomy.instances:
        yield from _of_block(anatomy, instance)
    origin = anatomy.model.origin
    for name, shown in anatomy.model.observables.items():
        place = origin.place("observables", name)
        yield Written("observable", name, shown.formula, Scope(anatomy), place, shown.unit)


def _of_block(anatomy: Anatomy, instance: Instance) -> Iterator[Written]:
    block, scope, prefix, origin = instance.block, Scope(anatomy, instance), instance.prefix, instance.block.origin
    for name, site in block.sites.items():
        if site.volume is not None:
            yield Written("volume", f"{prefix}.{name}", site.volume, scope, origin.place("sites", name, "volume"))
    for name, flow in flows_of(anatomy, instance):
        place = origin.place("flows", name)
        yield Written("rate", f"{prefix}.{name}", flow.rate, scope, place, measured_end(flow))
        if flow.back is not None:
            yield Written("rate", f"{prefix}.{name}.back", flow.back, scope, place, measured_end(flow, back=True))
    for name, population in block.populations.items():
        place = origin.place("populations", name, "start")
        yield Written("start", f"{prefix}.{name}", population.start, scope, place, name)
    for name, state in block.states.items():
        yield Written("start", f"{prefix}.{name}", state.start, scope, origin.place("states", name, "start"), name)
        yield Written("state", f"{prefix}.{name}", state.rate, scope, origin.place("states", name, "rate"), name)
    for path, volume in block.volumes.items():
        yield Written("volume", f"{prefix}: {path}", volume, scope, origin.place("volumes", path), path)
    for path, amount in block.start.items():
        if _is_lacking(scope, path):  # a pool that is not there starts with nothing
            continue
        yield Written("start", f"{prefix}: {path}", amount, scope, origin.place("start", path), path)
    for name, output in block.outputs.items():
        yield Written("output", f"{prefix}.{name}", output, scope, origin.place("outputs", name), name)
    for name, caution in block.cautions.items():
        place = origin.place("cautions", name)
        for expr in (caution.measure, caution.bound):
            yield Written("caution", f"{prefix}.{name}", expr, scope, place, caution.unit)


def flows_of(anatomy: Anatomy, instance: Instance) -> Iterator[tuple[str, Flow]]:
    """Yield each flow of a block once; one written ``here`` at the first site that it is repeated at."""
    for name, flow in instance.block.flows.items():
        for _, placed in repeated(anatomy, instance, flow):
            yield name, placed
            break


def measured_end(flow: Flow, *, back: bool = False) -> str:
    """Return the end that a rate is measured by: its source, or its target where it comes from outside."""
    source, target = (flow.target, flow.source) if back else (flow.source, flow.target)
    return target if source == "in" else source


def asked(expr: Expr) -> Iterator[Name | Call]:
    """Yield what an expression asks of the model: names, and calls of conc, count, mass and total."""
    if isinstance(expr, Name) or (isinstance(expr, Call) and expr.function in DOMAIN_FUNCTIONS):
        yield expr
    else:
        for child in children(expr):
            yield from asked(child)


def resolve(item: Written, node: Name | Call) -> Reference:
    """Return what a name or a domain call refers to, where it stands.

    Raises
    ------
    DeclarationError
        If it refers to nothing.
    """
    if item.in_vial:
        return _resolve_in_vial(item, node)
    return refer(item.scope, node, item.place) if isinstance(node, Call) else item.scope.name(node.path, item.place)


def _resolve_in_vial(item: Written, node: Name | Call) -> Reference:
    instance, forms = item.scope.instance, item.scope.anatomy.forms
    assert instance is not None
    named = node.arguments[0] if isinstance(node, Call) else node
    path = named.path if isinstance(named, Name) else ""
    if is_pool(path, forms):
        pool = read_pool(path, forms=forms, private=tuple(instance.block.sites), where=item.place)
        if pool.site in instance.block.sites:
            return Reference("pool", path, pool)
        sites = ", ".join(instance.block.sites) or "none"
        raise DeclarationError(
            f"a loading sees its own sites only, not {path!r}", where=item.place, remedy=f"its sites: {sites}"
        )
    if isinstance(node, Call):
        raise DeclarationError(f"a loading cannot read {node.function}() here", where=item.place)
    return item.scope.name(path, item.place)


def resolved(item: Written) -> Iterator[tuple[Name | Call, Reference | ExodeliveryError]]:
    """Yield all that an expression asks for with what it refers to, or with the error that it is."""
    for node in asked(item.expr):
        try:
            yield node, resolve(item, node)
        except ExodeliveryError as error:
            yield node, error


def _is_lacking(scope: Scope, path: str) -> bool:
    try:
        return scope.pool(path).kind == "missing"
    except ExodeliveryError:
        return False  # the rule of names says so
