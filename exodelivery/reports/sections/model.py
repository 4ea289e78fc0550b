"""Floor 9: a model in a report: its picture, its equations as written, and every number with its origin."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from exodelivery.compile.flatten import flatten
from exodelivery.declare.block import Block
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Instance, Model, Parameter, instances, parameters_of
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.show import provenance
from exodelivery.declare.tables import PARTS
from exodelivery.draw.diagram import diagram_svg
from exodelivery.draw.html import badge, escape, mathml, paragraphs, table
from exodelivery.expr.as_latex import as_latex, name_symbol
from exodelivery.expr.tree import Expr
from exodelivery.reports.anatomy import diagram_of
from exodelivery.reports.bibliography import sources_of
from exodelivery.reports.section import Section, fold, heading


def render(model: Model) -> Section:
    """Return a model's section."""
    parts = [(part, getattr(model, part).name, getattr(model, part).about) for part in ("body", "drug", "carrier")]
    parameters = parameters_of(model)
    picture = Markup("<div class='wide'>{}</div>").format(
        diagram_svg(*diagram_of(model), title=f"Sites of {model.name} and what moves between them")
    )
    html = Markup("\n").join(
        [
            paragraphs(model.about, *provenance(model)),
            table(("part", "name", "what it is"), parts),
            picture,
            _legend(),
            fold("Equations as written", _equations(model)),
            fold("Observables", _observables(model)),
            fold(f"Parameters ({_counts(parameters.values())})", _parameters(parameters.values())),
        ]
    )
    return Section(f"Model {model.name}", html, citations=tuple(sources_of(model)))


def _legend() -> Markup:
    return paragraphs(
        "An arrow bears the block that moves something along it. In a box, ↻ lists what happens within the site, "
        "“in →” what enters from outside and “→ out” what leaves."
    )


def _formula(expr: Expr) -> Markup:
    return mathml(as_latex(expr, _symbol))


def _symbol(path: str) -> str:
    """A pool is an amount at a site; ``body.V_plasma`` is a parameter of the body."""
    head, _, last = path.partition(".")
    return name_symbol(last if head in PARTS else path)


def _equations(model: Model) -> Markup:
    blocks = [_block(instance) for instance in instances(model)]
    sites = [
        (name, site.role, _formula(site.volume) if site.volume is not None else "")
        for name, site in model.body.sites.items()
    ]
    left_out = [(one.flow, one.reason) for one in flatten(model).left_out]
    parts = [*blocks, heading("Sites of the body"), table(("site", "role", "volume"), sites)]
    if left_out:
        parts += [heading("Left out"), table(("flow", "why"), left_out)]
    reading = paragraphs(
        "C is a concentration, A an amount, N a number of cells, m a mass. What rides in a carrier moves along "
        "at the same fractional rate."
    )
    return reading + Markup("\n").join(parts)


def _block(instance: Instance) -> Markup:
    block: Block = instance.block
    rows = [row for name, flow in block.flows.items() for row in _flow_rows(name, flow)]
    rows += [(name, "rate of change", _formula(state.rate), "") for name, state in block.states.items()]
    head = heading(f"{instance.prefix}: {block.name}")
    return head + paragraphs(block.about) + _structure(block) + table(("flow", "from → to", "rate", "remarks"), rows)


def _structure(block: Block) -> Markup:
    """Say where the equations of a block come from: in print, or our own."""
    if not block.status and not block.source:
        return Markup("")
    said = "no published equations were found; this form is ours" if block.status == "assumed" else ""
    told = "; ".join(filter(None, [said, block.source]))
    return Markup("<p>structure {} {}</p>").format(badge(block.status or "literature"), told)


def _flow_rows(name: str, flow: Flow) -> list[tuple[object, ...]]:
    ends = [f"{form} → {end}" for form, end in flow.passengers.items()]
    if isinstance(flow.contents, str):
        ends += [f"contents → {flow.contents}"] if flow.contents else []
    else:
        ends += [f"{form} → {end}" for form, end in flow.contents.items()]
    remarks = "; ".join(filter(None, [flow.about, ", ".join(ends)]))
    rows: list[tuple[object, ...]] = [(name, f"{flow.source} → {flow.target}", _formula(flow.rate), remarks)]
    if flow.back is not None:
        rows.append(("", f"{flow.target} → {flow.source}", _formula(flow.back), ""))
    return rows


def _observables(model: Model) -> Markup:
    unavailable = flatten(model).unavailable
    rows = [
        (
            name,
            f"[{one.unit}]",
            _formula(one.formula),
            f"not available: {unavailable[name]}" if name in unavailable else one.about,
        )
        for name, one in model.observables.items()
    ]
    return table(("observable", "unit", "formula", "what it is"), rows)


def _counts(parameters: Iterable[Parameter]) -> str:
    counts: dict[str, int] = {}
    for parameter in parameters:
        status = parameter.quantity.status or "without status"
        counts[status] = counts.get(status, 0) + 1
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _parameters(parameters: Iterable[Parameter]) -> Markup:
    rows = [
        (
            parameter.name,
            str(parameter.quantity),
            _spread(parameter.quantity),
            badge(parameter.quantity.status or "no status"),
            parameter.quantity.about,
            _origin(parameter.quantity),
        )
        for parameter in parameters
    ]
    return table(("parameter", "value", "range or spread", "origin", "what it is", "source and caveat"), rows)


def _spread(quantity: Quantity) -> str:
    if quantity.range is not None:
        return f"{quantity.range[0]} to {quantity.range[1]}"
    return f"± {quantity.spread}" if quantity.spread else ""


def _origin(quantity: Quantity) -> Markup:
    return escape("; ".join(filter(None, [quantity.source, quantity.note])))
