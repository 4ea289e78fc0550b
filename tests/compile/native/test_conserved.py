"""Differences that rates leave as they are: found exactly, and kept by a step through thirty decades of decay."""

from __future__ import annotations

import numpy as np

from exodelivery.compile.emitters.llvm import LlvmEmitter
from exodelivery.compile.equations import Equations, equations
from exodelivery.compile.native.conserved import differences
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.solvers.rodas5p import Rodas5pSolver
from exodelivery.solve.timeline import Timeline


def found(system: Equations) -> list[dict[int, float]]:
    return [dict(weights) for weights in differences(system.rates, system.states)]


def test_pairs_that_are_made_and_consumed_together_differ_by_what_they_began_with() -> None:
    system = equations({"a": "k - 1.5 * l * a * b", "b": "2 * k - 3.0 * l * a * b", "c": "-c"})
    assert found(system) == [{0: 1.0, 1: -0.5}]


def test_totals_and_accounts_are_left_alone() -> None:
    assert found(equations({"a": "-k * a + l * b", "b": "k * a - l * b"})) == []
    assert found(equations({"a": "-k * a", "gone": "k * a", "seen": "k * a"})) == []


def test_a_difference_of_three_among_other_flows_is_found() -> None:
    system = equations(
        {
            "a": "k - m * a * b",
            "b": "k - m * a * b + r * c - s * b * d",
            "c": "s * b * d - r * c",
            "d": "-s * b * d - k * d",
        }
    )
    assert found(system) == [{0: 1.0, 1: -1.0, 2: -1.0}]


def test_annihilating_pairs_stay_equal_when_they_have_fallen_by_many_decades() -> None:
    """a' = b' = k - m a b with k gone: both fall as 1 / (m t), the exact solution for equal amounts.

    The third state makes the pairs at first through a fast exchange, so that rounding has something to spoil.
    """
    rates = {
        "source": "-0.1 * source",
        "a": "0.1 * source - 1e9 * a * b",
        "b": "0.1 * source - 1e9 * a * b + 1e3 * c - 1e6 * b * source",
        "c": "1e6 * b * source - 1e3 * c",
    }
    kernels = LlvmEmitter().emit(equations(rates))
    given = Timeline(np.zeros(1), np.array([[1e-3, 0.0, 0.0, 0.0]]), np.zeros((1, 4)), end=1e10)
    run = Rodas5pSolver().solve(kernels, np.empty(0), given, np.array([1e10]), Tolerance(1e-7, 1e-26))
    assert run.outcome
    np.testing.assert_allclose(run.states[0, 1:3], 1e-19, rtol=2e-3)


def test_an_input_into_one_of_a_pair_moves_the_difference_by_what_it_brings() -> None:
    system = equations({"a": "k - m * a * b", "b": "k - m * a * b"})
    times = np.array([2.0, 10.0])
    given = Timeline(np.zeros(1), np.array([[3.0, 1.0]]), np.array([[0.25, 0.0]]), end=10.0)
    run = Rodas5pSolver().solve(LlvmEmitter().emit(system), np.array([0.5, 2.0]), given, times, Tolerance(1e-8))
    np.testing.assert_allclose(run.states[:, 0] - run.states[:, 1], 2.0 + 0.25 * times, rtol=1e-13)
