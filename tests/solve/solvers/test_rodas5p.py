"""The compiled solver's own duties: order, lanes, threads, failures in a crowd, pivots, first steps, memory."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.models import ALL, Problem, deviation, dosing
from exodelivery.compile.emitters.llvm import LlvmEmitter, LlvmKernels
from exodelivery.compile.equations import equations
from exodelivery.errors import SimulationError
from exodelivery.solve.lanes import compiled as drivers
from exodelivery.solve.lanes.compiled import announce
from exodelivery.solve.lanes.single import run_one
from exodelivery.solve.solvers.exact import ExactSolver
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.solvers.rodas5p import Rodas5pSolver
from exodelivery.solve.timeline import Array, Timeline

SOLVER = Rodas5pSolver()


def emit(problem: Problem, sensitive: tuple[int, ...] = ()) -> LlvmKernels:
    return LlvmEmitter().emit(problem.equations, sensitive)


Step = Callable[[float], tuple[Array, Callable[[float], Array]]]


def one_step(kernels: LlvmKernels, parameters: Array, x: Array) -> Step:
    """Return a function from a step to the states after it and to its interpolant."""
    machine, rows, n = kernels.machine(1), kernels.plan.rows(), kernels.plan.size

    def step(h: float) -> tuple[Array, Callable[[float], Array]]:
        raw = np.zeros(rows.end + 8)
        w = raw[(64 - raw.ctypes.data % 64) % 64 // 8 :]
        w[rows.parameters : rows.parameters + len(parameters)] = parameters
        w[rows.x : rows.x + n], w[rows.weight : rows.weight + n] = x, 1.0
        w[rows.span], w[rows.h] = 10 * h, h
        for name in ("bind", "step", "dense"):
            ctypes.CFUNCTYPE(None, ctypes.c_int64)(machine.addresses[name])(w.ctypes.data)
        moved = w[rows.moved : rows.moved + n].copy()
        dense = w[rows.dense : rows.dense + 3 * n].reshape(3, n).copy()
        return moved, lambda s: (1 - s) * x + s * (moved + (1 - s) * (dense[0] + s * (dense[1] + s * dense[2])))

    return step


def test_a_step_of_a_nonlinear_problem_has_order_five_and_its_interpolant_four() -> None:
    """x' = -k x² with x = 1 / (1 + k t)."""
    step = one_step(LlvmEmitter().emit(equations({"x": "-k * x**2"})), np.array([1.0]), np.array([1.0]))
    steps = np.array([0.1, 0.05, 0.025])
    ends = [abs(step(h)[0][0] - 1 / (1 + h)) for h in steps]
    middles = [abs(step(h)[1](0.37)[0] - 1 / (1 + 0.37 * h)) for h in steps]
    assert np.all(np.diff(np.log2(ends)) < -5.3)  # of one step: one more than the order
    assert np.all(np.diff(np.log2(middles)) < -4.6)


@pytest.mark.parametrize("model", list(ALL))
def test_lanes_and_threads_change_no_bit(model: str) -> None:
    problem = ALL[model]()
    kernels, sets = emit(problem), problem.population(70)
    runs = [
        SOLVER.solve_many(
            kernels, sets, problem.timeline, problem.times, Tolerance(1e-6), lanes=lanes, threads=threads
        ).values
        for lanes, threads in ((1, 1), (4, 1), (4, 2), (8, 2))
    ]
    alone = SOLVER.solve(kernels, sets[3], problem.timeline, problem.times, Tolerance(1e-6)).states
    np.testing.assert_array_equal(runs[0][3], alone)
    for run in runs[1:]:
        np.testing.assert_array_equal(runs[0], run)


def test_a_set_that_fails_costs_only_itself() -> None:
    kernels = LlvmEmitter().emit(equations({"a": "g * a**2 - k * a"}))  # g, k
    sets = np.tile([0.0, 0.5], (50, 1))
    sets[7], sets[20] = [5.0, 0.0], [np.nan, 0.5]
    bolus, times = dosing(1, 10.0, [(0.0, 0, 1.0)]), np.array([0.1, 5.0, 10.0])
    found = SOLVER.solve_many(kernels, sets, bolus, times, Tolerance())
    assert found.failed.tolist() == [7, 20]
    outcome = found.outcome(7)
    assert outcome.time == pytest.approx(0.2, abs=1e-3)
    assert outcome.remedy
    assert np.isfinite(found.values[7, 0, 0])
    assert np.all(np.isnan(found.values[7, 1:]))
    good = np.delete(found.values, [7, 20], axis=0)
    np.testing.assert_allclose(good[:, :, 0], np.tile(np.exp(-0.5 * times), (48, 1)), rtol=1e-6)


def test_subjects_have_their_own_doses_and_times() -> None:
    kernels = LlvmEmitter().emit(equations({"a": "-k * a"}, outputs={"double": "2 * a", "k": "k"}))
    courses = [dosing(1, 8.0, [(0.0, 0, 10.0)]), dosing(1, 20.0, [(0.0, 0, 1.0), (10.0, 0, 5.0)])]
    times = [np.array([0.0, 8.0]), np.array([5.0, 10.0, 20.0])]
    sets = np.array([[0.1], [0.2], [0.3]])
    found = SOLVER.solve_many(
        kernels, sets, courses, times, Tolerance(), subjects=np.array([1, 0, 1]), outputs=True
    ).values
    assert [len(each) for each in found] == [3, 2, 3]
    np.testing.assert_allclose(found[1][:, 0], 20 * np.exp([0, -1.6]), rtol=1e-7)
    np.testing.assert_allclose(found[1][:, 1], 0.2)
    for k, rows in ((0.1, found[0]), (0.3, found[2])):
        exact = [np.exp(-5 * k), np.exp(-10 * k) + 5, np.exp(-20 * k) + 5 * np.exp(-10 * k)]
        np.testing.assert_allclose(rows[:, 0], 2 * np.array(exact), rtol=1e-7)


def test_a_matrix_far_from_dominant_still_gives_the_answer() -> None:
    """Rotation at 4000 per hour: off-diagonal elements a thousand times the diagonal's."""
    kernels = LlvmEmitter().emit(equations({"x": "a * x - b * y", "y": "b * x - a * y"}))
    a, b = 3.0, 4000.0
    bolus, times = dosing(2, 0.02, [(0.0, 0, 1.0)]), np.linspace(0, 0.02, 9)
    found = SOLVER.solve(kernels, np.array([a, b]), bolus, times, Tolerance(1e-9))
    omega = np.sqrt(b**2 - a**2)
    exact = np.cos(omega * times) + a / omega * np.sin(omega * times)
    np.testing.assert_allclose(found.states[:, 0], exact, atol=1e-5)


def test_a_vanishing_pivot_rejects_the_step_and_halves_it() -> None:
    kernels = LlvmEmitter().emit(equations({"x": "a * x + y", "y": "x"}))
    machine, rows = kernels.machine(1), kernels.plan.rows()
    raw = np.zeros(rows.end + 8)
    w = raw[(64 - raw.ctypes.data % 64) % 64 // 8 :]
    h = 0.5
    gamma = 0.21193756319429014
    w[rows.parameters] = (1 + 1e-9) / (gamma * h)  # all but cancels the diagonal of x
    w[rows.x : rows.x + 2], w[rows.weight : rows.weight + 2] = 1.0, 1e9
    w[rows.span], w[rows.h] = 10.0, h
    for name in ("bind", "step"):
        ctypes.CFUNCTYPE(None, ctypes.c_int64)(machine.addresses[name])(w.ctypes.data)
    assert w[rows.accepted] == 0
    assert w[rows.h] == 0.5 * h


def test_a_first_step_of_1e_13_is_resolved_late_in_a_run() -> None:
    """A rate of 1e13 per hour beside a slow one, dosed at 168 h: steps are counted from the dose."""
    kernels = LlvmEmitter().emit(equations({"fast": "-k * fast**2", "slow": "-c * slow"}))  # c, k
    late = Timeline(np.array([0.0, 168.0]), np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros((2, 2)), 200.0)
    times = np.array([100.0, 168.0, 180.0, 200.0])
    found = SOLVER.solve(kernels, np.array([0.01, 1e13]), late, times, Tolerance(1e-8, 1e-20))
    assert found.outcome
    np.testing.assert_allclose(found.states[2:, 0], 1 / (1 + 1e13 * (times[2:] - 168)), rtol=1e-5)
    np.testing.assert_allclose(found.states[:, 1], np.exp(-0.01 * times), rtol=1e-7)


def test_a_state_that_starts_from_nothing_as_a_high_power_takes_few_steps() -> None:
    chain = {"a0": "-k * a0", **{f"a{i}": f"k * (a{i - 1} - a{i})" for i in range(1, 8)}}
    kernels = LlvmEmitter().emit(equations(chain))
    found = SOLVER.solve(kernels, np.array([1.0]), dosing(8, 20.0, [(0.0, 0, 1.0)]), np.array([20.0]), Tolerance(1e-6))
    assert found.outcome.steps < 80
    exact = 20.0**7 / 5040 * np.exp(-20.0)
    np.testing.assert_allclose(found.states[0, 7], exact, rtol=1e-4)


def test_achieved_error_follows_the_tolerance() -> None:
    problem = ALL["M2"]()
    kernels = emit(problem)
    tight = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times, Tolerance(1e-11)).states
    errors = []
    for relative in (1e-4, 1e-6, 1e-8):
        found = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times, Tolerance(relative))
        errors.append(deviation(found.states, tight))
    assert errors[0] < 1e-3
    assert errors[1] < 1e-5
    assert errors[2] < 1e-7


def test_sensitivities_can_be_held_to_the_tolerance() -> None:
    problem, chosen = ALL["M4"](), (0, 3, 7)
    kernels = emit(problem, chosen)

    def error(tolerance: Tolerance) -> float:
        found = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times, tolerance).sensitivities
        assert found is not None
        scale = np.abs(tight) + 1e-2 * np.abs(tight).max(axis=0) + 1e-300
        return float(np.max(np.abs(found - tight) / scale))

    best = SOLVER.solve(
        kernels, problem.parameters, problem.timeline, problem.times, Tolerance(1e-10, sensitivities=True)
    )
    assert best.sensitivities is not None
    tight = best.sensitivities
    assert error(Tolerance(1e-6, sensitivities=True)) < error(Tolerance(1e-6)) < 1e-2


def test_outputs_far_apart_are_where_steps_end() -> None:
    """What is stiff is known to less between two steps: M4 would be off by 2.4e-5 at this tolerance."""
    problem = ALL["M4"]()
    kernels = emit(problem)
    tight = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times, Tolerance(1e-11)).states
    found = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times, Tolerance(1e-6))
    assert deviation(found.states, tight) < 6e-6
    few = SOLVER.solve(kernels, problem.parameters, problem.timeline, problem.times[-1:], Tolerance(1e-6))
    assert found.outcome.steps < few.outcome.steps + 1.2 * len(problem.times)


def test_crowded_outputs_cost_no_steps() -> None:
    problem = ALL["M2"]()
    crowd, few = np.linspace(0.0, 96.0, 5001), np.array([96.0])
    runs = [
        SOLVER.solve(emit(problem), problem.parameters, problem.timeline, times, Tolerance(1e-6))
        for times in (crowd, few)
    ]
    assert runs[0].outcome.steps < 1.25 * runs[1].outcome.steps
    np.testing.assert_allclose(runs[0].states[-1], runs[1].states[-1], rtol=1e-5)


def test_a_budget_of_steps_ends_a_run_that_would_go_on() -> None:
    problem = ALL["M4"]()
    found = SOLVER.solve_many(
        emit(problem), problem.population(9), problem.timeline, problem.times, Tolerance(1e-8, most_steps=20)
    )
    assert len(found.failed) == 9
    assert set(found.steps.tolist()) == {20}


def test_progress_counts_finished_sets() -> None:
    problem, told = ALL["M1"](), []
    SOLVER.solve_many(
        emit(problem), problem.population(200), problem.timeline, problem.times, Tolerance(), progress=told.append
    )
    assert told[-1] == 200
    assert told == sorted(told)


def test_arrays_that_do_not_fit_are_refused() -> None:
    problem = ALL["M1"]()
    kernels = emit(problem)
    with pytest.raises(SimulationError, match="one value a parameter"):
        SOLVER.solve_many(kernels, problem.parameters, problem.timeline, problem.times, Tolerance())
    with pytest.raises(SimulationError, match="subjects"):
        SOLVER.solve_many(kernels, problem.population(3), [problem.timeline] * 2, problem.times, Tolerance())


def test_importing_the_package_loads_no_compiler() -> None:
    code = "import sys, exodelivery; print([m for m in ('numba', 'llvmlite', 'scipy', 'sympy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_without_states_has_outputs_of_its_parameters() -> None:
    kernels = LlvmEmitter().emit(equations({}, outputs={"twice": "2 * k"}))
    nothing, times = dosing(0, 5.0, []), np.array([0.0, 1.0, 5.0])
    for method in (SOLVER, ExactSolver()):
        found = method.solve_many(kernels, np.array([[1.0], [3.0]]), nothing, times, Tolerance(), outputs=True)
        np.testing.assert_array_equal(found.values[:, :, 0], [[2.0] * 3, [6.0] * 3])
    alone = SOLVER.solve(kernels, np.array([1.0]), nothing, times, Tolerance(), dense=True)
    assert alone.outcome
    assert alone.states.shape == (3, 0)


def test_a_driver_that_no_cache_holds_is_announced_once(capsys: pytest.CaptureFixture[str]) -> None:
    class Driver:
        def __init__(self, index: dict[str, str]) -> None:
            self._cache = SimpleNamespace(_cache_file=SimpleNamespace(_load_index=lambda: index))

    new = Driver({})
    for driver in (new, new, Driver({"signature": "file"}), object()):
        announce(driver)
    assert capsys.readouterr().err.count("once; it takes") == 1


def test_machine_code_is_not_taken_from_the_cache_once_a_neighbour_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = ALL["M2"]()
    SOLVER.solve(emit(problem), problem.parameters, problem.timeline, problem.times, Tolerance())

    def kept() -> dict[object, object]:
        index: dict[object, object] = vars(drivers.compiled(run_one.py_func)._cache)["_cache_file"]._load_index()
        return index

    assert kept()
    changed = (*drivers.family()[:-1], ("single.py", 0, 0))
    monkeypatch.setattr(drivers, "family", lambda: changed)
    assert not kept()


@pytest.mark.parametrize("relative", [1e-5, 1e-9])
def test_kept_steps_are_those_of_the_run_and_no_more(relative: float) -> None:
    """At 1e-9 they are more than there is room for at first."""
    problem = ALL["M2"]()
    found = SOLVER.solve(
        emit(problem), problem.parameters, problem.timeline, problem.times, Tolerance(relative), dense=True
    )
    assert found.knots is not None
    assert found.dense is not None
    assert np.all(np.diff(found.knots) > 0)
    assert len(found.knots) <= found.outcome.steps
    np.testing.assert_allclose(found.dense(problem.times), found.states, rtol=1e-3, atol=1e-6)
