"""Floor 1: a diagram of boxes and arrows, as SVG for pages and as text for terminals.

Why: what moves where is the model, so a reader sees it before any equation. The layout is our own and small: layers
from left to right by distance from the first node, one band for each group, arrows spread over the sides of the boxes.
What stays at a node or leaves the picture is listed inside its box. The same model always gives the same picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exodelivery.draw.style import FONT, LEDGERS, look_of

BOX, GAP, PORT, LINE, SPACE = 132.0, 118.0, 15.0, 13.0, 16.0
"""Width of a box, between layers, between arrows, of a line of small text, and between boxes [user units]."""

IN, OUT = "in", "out"
"""The world outside: ends of arrows that have no box."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its name, its words, its kind and the group that it belongs to."""

    id: str
    label: str
    kind: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between nodes (or from ``in``, or to ``out``); ``both`` has a head at each end."""

    source: str
    target: str
    label: str = ""
    kind: str = ""
    both: bool = False


@dataclass(frozen=True, slots=True)
class _Box:
    node: Node
    layer: int
    notes: tuple[str, ...]
    height: float
    x: float = 0.0
    y: float = 0.0


def diagram_svg(nodes: Sequence[Node], edges: Sequence[Edge], title: str = "diagram") -> Markup:
    """Return a diagram as SVG that fits its frame.

    Parameters
    ----------
    nodes : sequence of Node
        The first is where the picture starts, on the left.
    edges : sequence of Edge
        Those whose ends are no nodes, ``in`` or ``out`` are an error of the caller.
    title : str
        For readers who do not see it.

    Raises
    ------
    KeyError
        For an edge whose end is no node.

    Examples
    --------
    >>> shown = diagram_svg([Node("a", "plasma"), Node("b", "R&D")], [Edge("a", "b", "uptake", "drug")])
    >>> shown.count("<rect class='box'"), "R&amp;D" in shown
    (2, True)
    """
    drawn = [edge for edge in edges if _is_drawn(edge)]
    boxes = _placed(nodes, edges, drawn)
    frames = _frames(boxes.values())
    arrows = _arrows(boxes, drawn)
    width = max((box.x + BOX for box in boxes.values()), default=BOX) + 14
    height = max((box.y + box.height for box in boxes.values()), default=40.0) + 40
    kinds = dict.fromkeys(edge.kind for edge in drawn if edge.kind)
    legend = Markup("").join(_legend(kind, position, height) for position, kind in enumerate(kinds))
    return Markup(
        "<svg class='exo-diagram' xmlns='http://www.w3.org/2000/svg' role='img' aria-label='{}' "
        "viewBox='0 0 {:.0f} {:.0f}' width='100%' style='max-width:{:.0f}px;background:#fff' "
        'font-family="{}" font-size="13">{}{}{}{}</svg>'
    ).format(title, width, height, width * 1.3, Markup(FONT), frames, arrows, _draw(boxes.values()), legend)


def diagram_text(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Return a diagram as plain text: each node with what leaves it.

    Examples
    --------
    >>> print(diagram_text([Node("a", "plasma"), Node("b", "isf", group="tumour")], [Edge("a", "b", "uptake", "drug")]))
    plasma
      -> isf  uptake (drug)
    isf [tumour]
    """
    labels = {node.id: node.label for node in nodes} | {OUT: "out", IN: "in"}
    lines = []
    for node in nodes:
        lines.append(f"{node.label} [{node.group}]" if node.group else node.label)
        for edge in edges:
            if edge.source == node.id or (edge.source == IN and edge.target == node.id):
                arrow = "<->" if edge.both else "->"
                other = f"{arrow} {labels[edge.target]}" if edge.source == node.id else "<- in"
                lines.append(f"  {other}  {edge.label} ({edge.kind})".removesuffix(" ()"))
    return "\n".join(lines)


def _is_drawn(edge: Edge) -> bool:
    return edge.source not in (edge.target, IN) and edge.target != OUT


def _notes(node: Node, edges: Sequence[Edge]) -> tuple[str, ...]:
    """What stays at a node, enters from outside or leaves the picture."""
    inside = [edge.label for edge in edges if edge.source == edge.target == node.id]
    enters = [edge.label for edge in edges if edge.source == IN and edge.target == node.id]
    leaves = [edge.label for edge in edges if edge.target == OUT and edge.source == node.id]
    lines: list[str] = []
    for sign, labels in (("↻", inside), ("in →", enters), ("→ out:", leaves)):
        if labels:
            lines += textwrap.wrap(f"{sign} {', '.join(dict.fromkeys(labels))}", 23)
    return tuple(lines)


# -- layout


def _layers(nodes: Sequence[Node], drawn: Sequence[Edge]) -> dict[str, int]:
    """Distance of each node from the first, along arrows either way."""
    beside: dict[str, list[str]] = {node.id: [] for node in nodes}
    for edge in drawn:
        beside[edge.source].append(edge.target)
        beside[edge.target].append(edge.source)
    found: dict[str, int] = {}
    for node in nodes:
        if node.id in found:
            continue
        found[node.id] = 0
        front = [node.id]
        while front:
            reached = dict.fromkeys(other for here in front for other in beside[here] if other not in found)
            for other in reached:
                found[other] = 1 + min(found[near] for near in beside[other] if near in found)
            front = list(reached)
    return found


def _placed(nodes: Sequence[Node], edges: Sequence[Edge], drawn: Sequence[Edge]) -> dict[str, _Box]:
    layers = _layers(nodes, drawn)
    bands: dict[str, dict[int, list[_Box]]] = {}
    for node in nodes:
        left = sum(1 for e in drawn if node.id in (e.source, e.target) and _faces(e, node.id, layers) == "left")
        right = sum(1 for e in drawn if node.id in (e.source, e.target)) - left
        notes = _notes(node, edges)
        height = max(30 + LINE * len(notes), 10 + PORT * max(left, right))
        box = _Box(node, layers[node.id], notes, height)
        bands.setdefault(node.group, {}).setdefault(box.layer, []).append(box)
    placed: dict[str, _Box] = {}
    top = 14.0
    for group, columns in bands.items():
        top += 26 if group else 0
        tall = max(_height(column) for column in columns.values())
        for layer, column in columns.items():
            y = top + (tall - _height(column)) / 2
            for box in column:
                x = 14 + layer * (BOX + GAP)
                placed[box.node.id] = _Box(box.node, layer, box.notes, box.height, x, y)
                y += box.height + SPACE
        top += tall + SPACE + (14 if group else 0)
    return placed


def _height(column: Sequence[_Box]) -> float:
    return sum(box.height for box in column) + SPACE * (len(column) - 1)


def _faces(edge: Edge, node: str, layers: dict[str, int]) -> str:
    """The side of a node on which an edge meets it; within a layer both ends are on the right."""
    other = edge.target if edge.source == node else edge.source
    return "left" if layers[other] < layers[node] else "right"


def _ports(boxes: dict[str, _Box], drawn: Sequence[Edge]) -> dict[tuple[int, str], tuple[float, float]]:
    """Where each edge meets each of its nodes, sorted so that neighbours do not cross."""
    layers = {name: box.layer for name, box in boxes.items()}
    sides: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for position, edge in enumerate(drawn):
        for node, other in ((edge.source, edge.target), (edge.target, edge.source)):
            there = boxes[other]
            sides.setdefault((node, _faces(edge, node, layers)), []).append((there.y + there.height / 2, position))
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for (node, side), meeting in sides.items():
        box = boxes[node]
        x = box.x if side == "left" else box.x + BOX
        first = box.y + box.height / 2 - PORT * (len(meeting) - 1) / 2
        for order, (_, position) in enumerate(sorted(meeting)):
            found[position, node] = (x, first + PORT * order)
    return found


# -- drawing


def _arrows(boxes: dict[str, _Box], drawn: Sequence[Edge]) -> Markup:
    ports = _ports(boxes, drawn)
    lines, labels = [], []
    for position, edge in enumerate(drawn):
        (x1, y1), (x2, y2) = ports[position, edge.source], ports[position, edge.target]
        look = look_of(edge.kind, LEDGERS)
        same = boxes[edge.source].layer == boxes[edge.target].layer
        towards = 0 if same else (1 if x2 > x1 else -1)
        bend = 46 if same else towards * max(abs(x2 - x1) * 0.45, 30)
        far = x2 + (46 if same else -bend)
        path = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {far:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        lines.append(
            Markup("<path d='{}' fill='none' stroke='{}' stroke-width='1.6'/>").format(path, look.colour)
            + _head(x2, y2, -1 if same else towards, look.colour)
            + (_head(x1, y1, -1 if same else -towards, look.colour) if edge.both else Markup(""))
        )
        # Near its far end an edge lies among fewer others than near the crowded node where it starts.
        share = 0.5 if same else 0.62
        x = _bezier(share, x1, x1 + bend, far, x2)
        y = _bezier(share, y1, y1, y2, y2)
        labels.append(
            Markup(
                "<text x='{:.1f}' y='{:.1f}' font-size='11' text-anchor='middle' fill='{}' stroke='#fff' "
                "stroke-width='3.5' paint-order='stroke'>{} {}</text>"
            ).format(x, y + 3.8, look.colour, look.sign, edge.label)
        )
    return Markup("").join([*lines, *labels])


def _bezier(t: float, a: float, b: float, c: float, d: float) -> float:
    return float((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)


def _head(x: float, y: float, towards: int, colour: str) -> Markup:
    back = x - 8 * towards
    return Markup("<path d='M{:.1f},{:.1f} L{:.1f},{:.1f} L{:.1f},{:.1f} z' fill='{}'/>").format(
        x, y, back, y - 4, back, y + 4, colour
    )


def _draw(boxes: Iterable[_Box]) -> Markup:
    shown = []
    for box in boxes:
        middle = box.x + BOX / 2
        top = box.y + (box.height - 16 - LINE * len(box.notes)) / 2
        frame = (
            "<rect class='box' x='{:.1f}' y='{:.1f}' width='{:.0f}' height='{:.1f}' rx='5' fill='#F4F6F8' "
            "stroke='#444'><title>{}</title></rect><text x='{:.1f}' y='{:.1f}' text-anchor='middle' "
            "font-weight='600'>{}</text>"
        )
        shown.append(
            Markup(frame).format(box.x, box.y, BOX, box.height, box.node.kind, middle, top + 13, box.node.label)
        )
        line = "<text x='{:.1f}' y='{:.1f}' text-anchor='middle' font-size='10.5' fill='#444'>{}</text>"
        heights = (top + 13 + LINE * order for order in range(1, len(box.notes) + 1))
        shown += [Markup(line).format(middle, y, note) for y, note in zip(heights, box.notes, strict=True)]
    return Markup("").join(shown)


def _frames(boxes: Iterable[_Box]) -> Markup:
    groups: dict[str, list[_Box]] = {}
    for box in boxes:
        if box.node.group:
            groups.setdefault(box.node.group, []).append(box)
    shown = []
    for group, members in groups.items():
        left, top = min(b.x for b in members) - 9, min(b.y for b in members) - 22
        right, low = max(b.x for b in members) + BOX + 9, max(b.y + b.height for b in members) + 9
        shown.append(
            Markup(
                "<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' rx='8' fill='#FBF7EE' stroke='#999' "
                "stroke-dasharray='5 4'/><text x='{:.1f}' y='{:.1f}' font-size='12' fill='#555'>{}</text>"
            ).format(left, top, right - left, low - top, left + 8, top + 15, group)
        )
    return Markup("").join(shown)


def _legend(kind: str, position: int, height: float) -> Markup:
    look = look_of(kind, LEDGERS)
    return Markup("<text x='{:.0f}' y='{:.0f}' font-size='11' fill='{}'>{} {}</text>").format(
        14 + 110 * position, height - 8, look.colour, look.sign, kind
    )
