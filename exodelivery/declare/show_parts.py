"""Floor 2: how blocks and parts show themselves in a notebook: numbers with their origin, flows as formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from exodelivery.declare.block import Block
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.quantity import Quantity
from exodelivery.draw.html import badge, card, mathml, paragraphs, table
from exodelivery.expr.as_latex import as_latex
from exodelivery.expr.as_text import as_text

HEADER = ("", "value", "range or spread", "origin", "what it is")


def block_html(block: Block) -> Markup:
    """Return a block as a card: parameters, what moves where, states and outputs."""
    flows = [
        (name, f"{f.source} {'<->' if f.back else '->'} {f.target}".replace("<->", "⇄").replace("->", "→"), _rates(f))
        for name, f in block.flows.items()
    ]
    body = _numbers(block.parameters)
    if flows:
        body += table(("flow", "moves", "amount per time"), flows)
    formulas = [(f"d {name}/dt", mathml(as_latex(state.rate))) for name, state in block.states.items()]
    formulas += [(name, mathml(as_latex(expression))) for name, expression in block.outputs.items()]
    if formulas:
        body += table(("", "is"), formulas)
    own = {"literature": f"structure: {block.source}", "assumed": "structure of our own"}.get(block.status, "")
    return card(f"Block {block.name} ({block.kind})", block.about, body + paragraphs(own))


def part_html(part: Body | Drug | Carrier) -> Markup:
    """Return a body, drug or carrier as a card: what it is made of, and its numbers."""
    used = [(slot, block.name, block.about) for slot, block in _blocks(part.use)]
    body = table(("slot", "block", "what it is"), used) if used else Markup("")
    numbers: dict[str, Quantity] = {}
    for name in ("molar_mass", "weight", "surface"):
        given = getattr(part, name, None)
        if given is not None:
            numbers[name] = given
    numbers |= {**part.parameters, **getattr(part, "dose", {}), **part.set}
    body += _numbers(numbers)
    if isinstance(part, Body):
        sites = [(name, s.role, "" if s.volume is None else as_text(s.volume)) for name, s in part.sites.items()]
        body += table(("site", "role", "volume"), sites)
    return card(f"{type(part).__name__} {part.name}", part.about, body)


def quantity_html(quantity: Quantity) -> Markup:
    """Return a number with its unit and its origin, in a line."""
    width = _width(quantity)
    tail = " ".join(filter(None, (f"({width})" if width else "", quantity.about, quantity.source)))
    return Markup("<span>{} {} {}</span>").format(quantity, badge(quantity.status) if quantity.status else "", tail)


def _numbers(numbers: Mapping[str, Quantity]) -> Markup:
    rows = [
        (name, str(q), _width(q), badge(q.status) if q.status else "", "; ".join(filter(None, (q.about, q.source))))
        for name, q in numbers.items()
    ]
    return table(HEADER, rows) if rows else Markup("")


def _width(quantity: Quantity) -> str:
    if quantity.range:
        return " to ".join(map(str, quantity.range))
    return f"± {quantity.spread}" if quantity.spread else ""


def _rates(flow: Any) -> Markup:
    rates = [flow.rate] if flow.back is None else [flow.rate, flow.back]
    return Markup(" ⇄ ").join(mathml(as_latex(rate)) for rate in rates)


def _blocks(use: Mapping[str, Any]) -> list[tuple[str, Block]]:
    found: list[tuple[str, Block]] = []
    for slot, given in use.items():
        if isinstance(given, Block):
            found.append((slot, given))
        elif isinstance(given, Mapping):
            found += [(f"{slot}.{name}", block) for name, block in given.items()]
    return found
