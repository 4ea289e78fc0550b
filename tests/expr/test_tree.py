"""The tree: walking, naming, renaming, replacing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from trees import expressions

from exodelivery.errors import ExpressionError
from exodelivery.expr.read import read
from exodelivery.expr.tree import (
    Binary,
    Call,
    Compare,
    Expr,
    Name,
    Negative,
    Number,
    names,
    rename,
    replace,
    walk,
)


def test_walk_goes_from_the_whole_to_its_parts_in_order() -> None:
    tree = read("k * x + 1")
    assert [node.path if isinstance(node, Name) else type(node).__name__ for node in walk(tree)] == [
        "Binary",
        "Binary",
        "k",
        "x",
        "Number",
    ]


def test_names_include_those_inside_domain_calls() -> None:
    tree = read("k * conc(plasma.free) + total(tumour, drug) * when(x < 1, 2, 3)")
    assert names(tree) == {"k", "plasma.free", "tumour", "drug", "x"}


def test_equality_looks_past_spans_and_the_text_of_numbers() -> None:
    assert read("x + 1.0") == read("(x)+1e0")
    assert read("x + 1") != read("x - 1")
    assert hash(read("x + 1.0")) == hash(read("  x+1"))


@given(expressions)
def test_renaming_there_and_back_changes_nothing(tree: Expr) -> None:
    there = rename(tree, lambda path: f"prefix.{path}")
    assert names(there) == {f"prefix.{path}" for path in names(tree)}
    assert rename(there, lambda path: path.removeprefix("prefix.")) == tree


def test_a_mapping_renames_only_what_it_lists() -> None:
    assert rename(read("k * x"), {"k": "release.k"}) == read("release.k * x")


def test_replacing_works_from_the_leaves_up() -> None:
    def double(node: Expr) -> Expr | None:
        if isinstance(node, Name):
            return Number(2.0)
        if node == Binary("*", Number(2.0), Number(2.0)):
            return Number(4.0)
        return None

    assert replace(read("x * y + 1"), double) == read("4 + 1")


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_number_is_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ExpressionError, match="finite"):
        Number(value)


def test_unknown_operators_and_functions_are_refused() -> None:
    for build in (
        lambda: Binary("%", Name("x"), Name("y")),
        lambda: Compare("<>", Name("x"), Name("y")),
        lambda: Call("tan", (Name("x"),)),
    ):
        with pytest.raises(ExpressionError, match="There is no"):
            build()
    assert Negative(Number(1.0)) != Number(1.0)
