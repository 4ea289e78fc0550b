"""Diagrams: every box and arrow is there, boxes do not overlap, names are escaped."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from exodelivery.draw.diagram import BOX, Edge, Node, diagram_svg, diagram_text

NODES = [
    Node("plasma", "plasma", "blood"),
    Node("liver", "liver", "tissue"),
    Node("isf", "isf", "interstitium", "tumour"),
    Node("cell", "cell", "cell", "tumour"),
]
EDGES = [
    Edge("plasma", "isf", "uptake", "carrier", both=True),
    Edge("plasma", "liver", "clearance", "carrier"),
    Edge("isf", "cell", "uptake", "carrier"),
    Edge("cell", "isf", "efflux.pump", "drug"),
    Edge("cell", "out", "kill", "population"),
    Edge("in", "cell", "grow", "population"),
    Edge("plasma", "plasma", "leak", "drug"),
]
SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg: str) -> list[tuple[float, float, float]]:
    root = ElementTree.fromstring(svg)
    found = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "box"]
    return [tuple(float(one.get(key, "nan")) for key in ("x", "y", "height")) for one in found]  # type: ignore[misc]


def test_every_node_has_a_box_and_no_two_overlap() -> None:
    found = boxes(diagram_svg(NODES, EDGES))
    assert len(found) == len(NODES)
    for (x, y, height), (x2, y2, height2) in combinations(found, 2):
        assert x + BOX <= x2 or x2 + BOX <= x or y + height <= y2 or y2 + height2 <= y


def test_arrows_between_boxes_are_drawn_and_the_others_are_listed_inside() -> None:
    svg = diagram_svg(NODES, EDGES)
    assert len(re.findall("<path d='M[^']*C", svg)) == 4
    assert "→ out: kill" in svg
    assert "in → grow" in svg
    assert "↻ leak" in svg


def test_a_way_there_and_back_has_two_heads() -> None:
    heads = r"<path d='M[^'C]*z'"
    one = diagram_svg(NODES[:2], [Edge("plasma", "liver")])
    two = diagram_svg(NODES[:2], [Edge("plasma", "liver", both=True)])
    assert (len(re.findall(heads, one)), len(re.findall(heads, two))) == (1, 2)


def test_names_are_escaped() -> None:
    svg = diagram_svg([Node("a", "<b>&", "'><script>", "g<")], [Edge("a", "a", "</svg>")])
    ElementTree.fromstring(svg)
    assert "<script>" not in svg


def test_an_arrow_to_nowhere_is_refused() -> None:
    with pytest.raises(KeyError):
        diagram_svg(NODES, [Edge("plasma", "plasmid")])


def test_the_text_says_the_same_as_the_picture() -> None:
    shown = diagram_text(NODES, EDGES).splitlines()
    assert shown[0] == "plasma"
    assert "  <-> isf  uptake (carrier)" in shown
    assert "  -> out  kill (population)" in shown
    assert "  <- in  grow (population)" in shown
    assert "cell [tumour]" in shown


def test_the_same_model_gives_the_same_picture() -> None:
    assert diagram_svg(NODES, EDGES) == diagram_svg(NODES, EDGES)
