"""Expressions as text: reading back gives the same tree, and brackets are few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import expressions

from exodelivery.expr.as_text import as_text, number_text
from exodelivery.expr.read import read
from exodelivery.expr.tree import Expr


@given(expressions)
def test_reading_the_text_gives_the_tree_again(tree: Expr) -> None:
    assert read(as_text(tree)) == tree


@given(st.floats(0, allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_exactly(value: float) -> None:
    assert float(number_text(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "x - (y - k)",
        "x - y - k",
        "x / (y * k)",
        "x * (y / k)",
        "-x**2",
        "(-x)**2",
        "(x**y)**k",
        "x**y**k",
        "x**-y",
        "x**(y / 2)",
        "-(x + y)",
        "-x * y",
        "when(x + 1 < y, k, 0)",
    ],
)
def test_brackets_stand_only_where_needed(text: str) -> None:
    assert as_text(read(text)) == text
