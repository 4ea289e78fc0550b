"""Areas under curves that can be asked at any time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exodelivery.errors import SimulationError
from exodelivery.solve.quadrature import integral
from exodelivery.solve.timeline import Array

NONE = np.array([0.0])


@pytest.mark.parametrize(
    ("begin", "end"), [(0.0, 1.0), (0.0, 200.0), (3.0, 7.0), (5.0, 5.0)], ids=["short", "long", "inside", "empty"]
)
def test_an_exponential_has_its_area(begin: float, end: float) -> None:
    for rate in (0.01, 1.0, 30.0):
        exact = (math.exp(-rate * begin) - math.exp(-rate * end)) / rate
        assert integral(lambda t, k=rate: np.exp(-k * t), begin, end, NONE) == pytest.approx(exact, rel=1e-8, abs=1e-30)  # type: ignore[misc]


def test_a_first_moment_has_its_area() -> None:
    assert integral(lambda t: np.exp(-2 * t), 0, 60, NONE, power=1) == pytest.approx(1 / 4, rel=1e-8)


def test_a_jump_is_no_trouble_where_it_is_told() -> None:
    def step(t: Array) -> Array:
        return np.where(t < 3.0, 1.0, 5.0)

    assert integral(step, 0, 10, np.array([0.0, 3.0])) == pytest.approx(38, rel=1e-12)
    with pytest.raises(SimulationError, match="does not settle"):
        integral(step, 0, 10, NONE, relative=1e-13)


def test_a_window_that_runs_backwards_is_refused() -> None:
    for window in ((2.0, 1.0), (0.0, math.nan)):
        with pytest.raises(SimulationError, match="backwards"):
            integral(lambda t: t, *window, NONE)
