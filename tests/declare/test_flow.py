"""The grammar of flows, in a text, a table and Python."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from exodelivery.declare.block import Block, State
from exodelivery.declare.flow import Flow, as_flow, read_flow
from exodelivery.declare.model import Observable
from exodelivery.declare.place import Population, Site
from exodelivery.errors import DeclarationError, ExodeliveryError
from exodelivery.expr.read import read


@pytest.mark.parametrize(
    "text",
    [
        "plasma.free -> out : k * plasma.free",
        "in -> cell : k_g * count(cell)",
        "plasma.carrier <-> isf.carrier : PS * conc(plasma.carrier) | PS * conc(isf.carrier)",
        "a.sn38.free -> out : when(a.sn38.free > 1, k, 2 * k) * a.sn38.free",
    ],
)
def test_a_flow_is_read_back_as_it_is_written(text: str) -> None:
    assert read_flow(text).text == text
    assert read_flow(read_flow(text).text) == read_flow(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plasma.free -> out", "no rate"),
        ("plasma.free -> out :  ", "no rate"),
        ("plasma.free : k", "no two ends"),
        ("-> out : k", "no two ends"),
        ("a.free -> b.free -> out : k", "no two ends"),
        ("a.free <-> b.free : k", "two rates"),
        ("a.free -> b.free : k | j", "one rate"),
        ("a.free -> b.free : k | j | l", "one rate"),
        ("a.free -> b.free : __import__('os')", "no place"),
    ],
)
def test_a_flow_that_is_none_says_why(text: str, said: str) -> None:
    with pytest.raises(ExodeliveryError, match=said):
        read_flow(text)


def test_a_flow_is_the_same_from_text_table_and_python() -> None:
    k, pool = sympy.Symbol("k"), sympy.Symbol("plasma.free")
    written = read_flow("plasma.free -> out : k * plasma.free")
    assert as_flow({"flow": "plasma.free -> out : k*plasma.free"}) == written
    assert Flow("plasma.free", "out", "k * plasma.free") == written  # type: ignore[arg-type]
    assert Flow("plasma.free", "out", k * pool) == written  # type: ignore[arg-type]


def test_every_noun_takes_a_text_a_number_and_sympy() -> None:
    V = sympy.Symbol("V")
    assert Site("blood", "2 * V").volume == Site("blood", 2 * V).volume == read("2 * V")  # type: ignore[arg-type]
    assert Population("cell", 5).start == read("5")  # type: ignore[arg-type]
    assert State("1", 0, V).rate == read("V")  # type: ignore[arg-type]
    assert Observable(2 * V, "mL").formula == read("2 * V")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, [1], None])
def test_a_rate_is_an_expression_and_nothing_else(value: Any) -> None:
    with pytest.raises(ExodeliveryError):
        Flow("plasma.free", "out", value)


def test_a_flow_both_ways_has_no_one_end_for_its_passengers() -> None:
    with pytest.raises(DeclarationError, match="both ways"):
        as_flow({"flow": "a.carrier <-> b.carrier : k | j", "passengers": {"loaded": "b.free"}})


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (
            {"flow": "plasma.carrier -> out : k", "passengers": {"lodad": "plasma.free"}},
            "no passenger is called 'lodad'",
        ),
        ({"flow": "cell -> out : k", "contents": {"fre": "isf.free"}}, "no form is called 'fre'"),
        ("here.loaded -> here.free : k", "needs the roles"),
        ({"flow": "a.free -> out : k", "about": 3}, "is a text"),
        ({"flow": "a.free -> out : k", "passenger": {}}, "no key 'passenger'"),
        ({"rate": "k"}, "key flow"),
        (3, "key flow"),
    ],
)
def test_a_flow_of_a_block_means_what_it_says(flow: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        Block("clearance", flows={"x": flow})
