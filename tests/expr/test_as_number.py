"""A tree comes to the number that Python, and sympy, would give."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exodelivery.errors import ExpressionError
from exodelivery.expr.as_number import number
from exodelivery.expr.read import read

KNOWN = {"x": 2.0, "y": 0.5, "t": np.array([0.0, 1.0, 2.0])}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x + y * 3 - 1", 2.5),
        ("-x ** 2", -4.0),
        ("exp(y) * log(x) + sqrt(x) + abs(-x)", math.exp(0.5) * math.log(2) + math.sqrt(2) + 2),
        ("hill(x, y, 2)", 4 / 4.25),
        ("when(x > y, 1, 2) + min(x, y, 3) + max(x, y)", 3.5),
        ("tanh(x) + cos(y) + sin(y)", math.tanh(2) + math.cos(0.5) + math.sin(0.5)),
    ],
)
def test_a_tree_comes_to_its_number(text: str, value: float) -> None:
    assert float(number(read(text), KNOWN.__getitem__)) == pytest.approx(value, rel=1e-15)


def test_an_array_gives_an_array() -> None:
    assert number(read("x * exp(-y * t)"), KNOWN.__getitem__) == pytest.approx(2 * np.exp(-0.5 * np.arange(3)))


def test_what_only_a_model_knows_is_refused() -> None:
    with pytest.raises(ExpressionError, match="reads a model"):
        number(read("conc(plasma.free)"), KNOWN.__getitem__)
