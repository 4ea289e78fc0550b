"""The exact solver over many sets: as alone, lanes that change nothing, equal rates, failures in a crowd."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.models import ALL, dosing
from exodelivery.compile.emitters.llvm import LlvmEmitter
from exodelivery.compile.emitters.numpy import NumpyEmitter
from exodelivery.compile.equations import Equations, equations
from exodelivery.errors import SimulationError
from exodelivery.solve.solvers.exact import ExactSolver
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.timeline import Array, Timeline

SOLVER = ExactSolver()
CHAIN = {"a": "u - k * a", "b": "k * (a - b)", "c": "k * b - m * c"}  # k, m, u


def alone(system: Equations, values: Array, timeline: Timeline, times: Array) -> Array:
    return SOLVER.solve(NumpyEmitter().emit(system), values, timeline, times, Tolerance()).states


def test_many_sets_are_each_as_alone() -> None:
    problem = ALL["M1"]()
    sets = problem.population(70)
    found = SOLVER.solve_many(
        LlvmEmitter().emit(problem.equations), sets, problem.timeline, problem.times, Tolerance()
    ).values
    for index in (0, 33, 69):
        one = alone(problem.equations, sets[index], problem.timeline, problem.times)
        np.testing.assert_allclose(found[index], one, rtol=1e-12, atol=1e-12 * np.abs(one).max())


def test_equal_rates_and_rates_of_the_model_itself_need_no_care() -> None:
    system = equations(CHAIN, {"b": "m"})
    line = dosing(3, 20.0, [(0.0, 0, 5.0), (10.0, 2, 1.0)], [(4.0, 6.0, 1, 2.0)])
    times = np.array([0.0, 1e-9, 1.0, 4.0, 10.0, 19.0, 20.0])
    sets = np.array([[0.5, 0.5, 0.3], [300.0, 1e-6, 0.0], [0.0, 0.0, 1.0]])
    found = SOLVER.solve_many(LlvmEmitter().emit(system), sets, line, times, Tolerance()).values
    for index, values in enumerate(sets):
        np.testing.assert_allclose(found[index], alone(system, values, line, times), rtol=1e-11, atol=1e-13)


def test_lanes_threads_and_neighbours_change_no_bit() -> None:
    system = equations(CHAIN)
    line, times = dosing(3, 24.0, [(0.0, 0, 5.0)], [(2.0, 3.0, 1, 2.0)]), np.linspace(0, 24, 31)
    spread = np.exp(3 * np.random.default_rng(4).standard_normal((100, 3)))
    kernels = LlvmEmitter().emit(system)
    runs = [
        SOLVER.solve_many(kernels, spread, line, times, Tolerance(), lanes=lanes, threads=threads).values
        for lanes, threads in ((1, 1), (4, 2), (8, 1), (8, 2))
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(runs[0], run)


def test_subjects_whose_breakpoints_differ_share_no_block() -> None:
    kernels = LlvmEmitter().emit(equations({"a": "-k * a"}, outputs={"double": "2 * a", "k": "k"}))
    courses = [dosing(1, 8.0, [(0.0, 0, 10.0)]), dosing(1, 20.0, [(0.0, 0, 1.0), (10.0, 0, 5.0)])]
    courses.append(dosing(1, 8.0, [(0.0, 0, 3.0)]))  # as the first, with another dose
    times = [np.array([0.0, 8.0]), np.array([5.0, 10.0, 20.0]), np.array([0.0, 8.0])]
    found = SOLVER.solve_many(
        kernels, np.array([[0.1], [0.2], [0.3], [0.4]]), courses, times, Tolerance(),
        subjects=np.array([1, 0, 2, 0]), outputs=True,
    ).values  # fmt: skip
    exact = [np.exp(-0.5), np.exp(-1) + 5, np.exp(-2) + 5 * np.exp(-1)]
    np.testing.assert_allclose(found[0], [[2 * value, 0.1] for value in exact], rtol=1e-13)
    for k, dose, rows in ((0.2, 10, found[1]), (0.3, 3, found[2]), (0.4, 10, found[3])):
        np.testing.assert_allclose(rows, [[2 * dose, k], [2 * dose * np.exp(-8 * k), k]], rtol=1e-13)


def test_a_set_that_fails_costs_only_itself() -> None:
    kernels = LlvmEmitter().emit(equations({"a": "-k * a", "b": "g * b"}, {"a": "1", "b": "1"}))  # g, k
    sets = np.tile([0.1, 0.5], (20, 1))
    sets[3], sets[11], sets[12] = [np.nan, 0.5], [900.0, 0.5], [0.1, 1e300]
    bolus, times = dosing(2, 10.0, []), np.array([0.5, 10.0])
    found = SOLVER.solve_many(kernels, sets, bolus, times, Tolerance())
    assert found.failed.tolist() == [3, 11, 12]
    assert found.outcome(11).time == 10.0
    assert found.outcome(11).remedy
    assert np.all(np.isnan(found.values[3]))
    assert np.isfinite(found.values[11, 0]).all()
    good = np.delete(found.values, [3, 11, 12], axis=0)
    np.testing.assert_allclose(good[:, :, 0], np.tile(np.exp(-0.5 * times), (17, 1)), rtol=1e-13)


def test_a_model_that_is_not_linear_is_refused() -> None:
    kernels = LlvmEmitter().emit(equations({"a": "-k * a**2"}))
    with pytest.raises(SimulationError, match="not linear"):
        SOLVER.solve_many(kernels, np.ones((1, 1)), dosing(1, 1.0, []), np.array([1.0]), Tolerance())
