"""Floor 9: a model as one sheet of plain text: diagram, flows as written, volumes, observables, numbers with origin."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from exodelivery.declare.model import Model, instances, parameters_of
from exodelivery.draw.diagram import diagram_text
from exodelivery.expr.as_text import as_text
from exodelivery.reports.anatomy import diagram_of

WIDTH = 118


def model_sheet(model: Model) -> str:
    """Return everything that a model says, for a terminal or a pager.

    Examples
    --------
    >>> from exodelivery.declare.shelf import find
    >>> sheet = model_sheet(find("doxorubicin_mouse", "model"))
    >>> [line for line in sheet.splitlines() if line[:1].isalpha() and line.isupper()]
    ['DIAGRAM', 'FLOWS AS WRITTEN', 'SITES', 'OBSERVABLES', 'PARAMETERS']
    """
    flows = [
        (f"{instance.prefix}.{name}", str(flow))
        for instance in instances(model)
        for name, flow in instance.block.flows.items()
    ]
    flows += [
        (f"{instance.prefix}.{name}", f"d/dt = {as_text(state.rate)} [{state.unit}]")
        for instance in instances(model)
        for name, state in instance.block.states.items()
    ]
    sites = [
        (name, f"{site.role}, {'no volume' if site.volume is None else as_text(site.volume)}")
        for name, site in model.body.sites.items()
    ]
    observables = [
        (f"{name} [{one.unit}]", f"{as_text(one.formula)}{f'  ({one.about})' if one.about else ''}")
        for name, one in model.observables.items()
    ]
    parts = [
        str(model),
        _part("DIAGRAM", diagram_text(*diagram_of(model)).splitlines()),
        _part("FLOWS AS WRITTEN", _columns(flows)),
        _part("SITES", _columns(sites)),
        _part("OBSERVABLES", _columns(observables)),
        _part("PARAMETERS", _columns(_parameters(model))),
    ]
    return "\n\n".join(parts)


def _part(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _columns(rows: Sequence[tuple[str, str]]) -> Iterable[str]:
    """Yield two columns; the second is broken under itself."""
    first = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        lines = textwrap.wrap(text, max(40, WIDTH - first - 4), break_long_words=False) or [""]
        yield f"{name:<{first}}  {lines[0]}".rstrip()
        yield from (f"{'':<{first}}  {line}" for line in lines[1:])


def _parameters(model: Model) -> list[tuple[str, str]]:
    rows = []
    for name, parameter in parameters_of(model).items():
        quantity = parameter.quantity
        spread = f"{quantity.range[0]} to {quantity.range[1]}" if quantity.range else ""
        spread = spread or (f"± {quantity.spread}" if quantity.spread else "")
        said = (str(quantity), spread, quantity.status or "no status", quantity.source, quantity.note)
        rows.append((name, "; ".join(filter(None, said))))
    return rows
