"""What every solver of the table must do: closed forms, dosing, derivatives, failure as a value."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest
from scipy.linalg import expm

from benchmarks.models import ALL, Problem, deviation, dosing
from exodelivery.compile.emitters.protocol import emitter
from exodelivery.compile.equations import Equations, equations
from exodelivery.errors import SimulationError
from exodelivery.solve.solvers.protocol import SOLVERS, Solution, Tolerance, solver
from exodelivery.solve.timeline import Array, Timeline

AVAILABLE = [name for name, path in SOLVERS.items() if find_spec(path.partition(":")[0])]
NONLINEAR = [name for name in AVAILABLE if name != "exact"]
every_solver = pytest.mark.parametrize("name", AVAILABLE)
every_nonlinear_solver = pytest.mark.parametrize("name", NONLINEAR)
TIGHT = Tolerance(1e-9)
TIMES = np.array([0.0, 0.25, 1.0, 3.0, 7.0, 12.0, 24.0])


def run(
    name: str,
    system: Equations,
    parameters: list[float] | Array,
    timeline: Timeline,
    times: Array = TIMES,
    *,
    sensitive: tuple[int, ...] = (),
    tolerance: Tolerance = TIGHT,
    dense: bool = False,
) -> Solution:
    method = solver(name)
    kernels = emitter(method.emitter).emit(system, sensitive)
    return method.solve(kernels, np.asarray(parameters, dtype=float), timeline, times, tolerance, dense=dense)


def only(states: int, jump: float = 0.0, rate: float = 0.0, end: float = 24.0) -> Timeline:
    jumps, inputs = np.zeros((1, states)), np.zeros((1, states))
    jumps[0, 0], inputs[0, 0] = jump, rate
    return Timeline(np.array([0.0]), jumps, inputs, end)


ONE = {"central": "-CL / V * central"}
ORAL = {"depot": "-ka * depot", "central": "ka * depot - CL / V * central"}  # CL, V, ka
THREE = {
    "central": "-(k10 + k12 + k13) * central + k21 * second + k31 * third",
    "second": "k12 * central - k21 * second",
    "third": "k13 * central - k31 * third",
}
VALUES_OF_THREE = [0.4, 0.9, 0.15, 0.5, 0.03]  # k10, k12, k13, k21, k31


@every_solver
def test_a_bolus_into_one_compartment_decays_exponentially(name: str) -> None:
    found = run(name, equations(ONE), [2.0, 10.0], only(1, 100.0))
    assert found.outcome
    np.testing.assert_allclose(found.states[:, 0], 100 * np.exp(-0.2 * TIMES), rtol=1e-7)


@every_solver
def test_an_infusion_fills_one_compartment_towards_its_steady_state(name: str) -> None:
    found = run(name, equations(ONE), [2.0, 10.0], only(1, rate=5.0))
    np.testing.assert_allclose(found.states[:, 0], 25 * (1 - np.exp(-0.2 * TIMES)), rtol=1e-7, atol=1e-9)


@every_solver
def test_an_oral_dose_follows_bateman(name: str) -> None:
    found = run(name, equations(ORAL), [2.0, 10.0, 1.5], only(2, 100.0))
    bateman = 100 * 1.5 / (1.5 - 0.2) * (np.exp(-0.2 * TIMES) - np.exp(-1.5 * TIMES))
    np.testing.assert_allclose(found.states[:, 1], bateman, rtol=1e-7, atol=1e-8)


@every_solver
def test_three_compartments_follow_the_matrix_exponential(name: str) -> None:
    found = run(name, equations(THREE), VALUES_OF_THREE, only(3, 100.0))
    matrix = np.array([[-1.45, 0.5, 0.03], [0.9, -0.5, 0.0], [0.15, 0.0, -0.03]])
    exact = np.array([expm(matrix * t) @ [100.0, 0.0, 0.0] for t in TIMES])
    np.testing.assert_allclose(found.states, exact, rtol=1e-7, atol=1e-8)


@every_solver
def test_an_output_at_the_time_of_a_dose_is_the_value_after_it(name: str) -> None:
    twice = dosing(1, 24.0, [(0.0, 0, 100.0), (12.0, 0, 50.0)])
    found = run(name, equations(ONE), [2.0, 10.0], twice)
    assert found.states[0, 0] == 100.0
    np.testing.assert_allclose(found.states[5, 0], 100 * np.exp(-2.4) + 50, rtol=1e-7)


@every_solver
def test_a_dose_at_the_very_end_is_seen_by_the_last_output(name: str) -> None:
    late = Timeline(np.array([0.0, 24.0]), np.array([[100.0], [7.0]]), np.zeros((2, 1)), 24.0)
    found = run(name, equations(ONE), [2.0, 10.0], late)
    np.testing.assert_allclose(found.states[-1, 0], 100 * np.exp(-4.8) + 7, rtol=1e-7)


@every_solver
def test_doses_superpose_in_a_linear_model(name: str) -> None:
    first, second = dosing(3, 24.0, [(0.0, 0, 30.0)]), dosing(3, 24.0, [(5.0, 1, 70.0)], [(2.0, 6.0, 2, 3.0)])
    both = dosing(3, 24.0, [(0.0, 0, 30.0), (5.0, 1, 70.0)], [(2.0, 6.0, 2, 3.0)])
    parts = [run(name, equations(THREE), VALUES_OF_THREE, timeline).states for timeline in (first, second)]
    whole = run(name, equations(THREE), VALUES_OF_THREE, both).states
    np.testing.assert_allclose(parts[0] + parts[1], whole, rtol=1e-7, atol=1e-7)


@every_solver
def test_a_run_shifted_in_time_is_the_same_run(name: str) -> None:
    here = run(name, equations(THREE), VALUES_OF_THREE, only(3, 100.0)).states
    moved = Timeline(np.array([100.0]), np.array([[100.0, 0, 0]]), np.zeros((1, 3)), 124.0)
    there = run(name, equations(THREE), VALUES_OF_THREE, moved, TIMES + 100).states
    np.testing.assert_allclose(here, there, rtol=1e-7, atol=1e-8)


@every_solver
def test_states_called_x0_and_x1_keep_their_own_equations(name: str) -> None:
    crossed = equations({"x1": "-0.3 * x1 + 0.1 * x0", "x0": "-0.7 * x0 + p1 * p0"})  # p0, p1
    found = run(name, crossed, [2.0, 0.5], only(2, 10.0))
    matrix = np.array([[-0.3, 0.1, 0.0], [0.0, -0.7, 1.0], [0.0, 0.0, 0.0]])
    exact = np.array([expm(matrix * t) @ [10.0, 0.0, 1.0] for t in TIMES])[:, :2]
    np.testing.assert_allclose(found.states, exact, rtol=1e-7, atol=1e-8)


@every_solver
def test_dense_output_agrees_with_the_outputs_asked_for(name: str) -> None:
    twice = dosing(2, 24.0, [(0.0, 0, 100.0), (12.0, 0, 50.0)])
    found = run(name, equations(ORAL), [2.0, 10.0, 1.5], twice, dense=True)
    assert found.dense is not None
    np.testing.assert_allclose(found.dense(TIMES), found.states, rtol=1e-6, atol=1e-7)
    fine = np.linspace(0, 24, 97)
    again = run(name, equations(ORAL), [2.0, 10.0, 1.5], twice, fine).states
    np.testing.assert_allclose(found.dense(fine), again, rtol=1e-6, atol=1e-6)


@every_solver
def test_the_start_is_read_from_the_parameters(name: str) -> None:
    found = run(name, equations({"a": "-k * a"}, start={"a": "2 * k"}), [0.5], only(1), sensitive=(0,))
    np.testing.assert_allclose(found.states[:, 0], np.exp(-0.5 * TIMES), rtol=1e-7)
    assert found.sensitivities is not None
    np.testing.assert_allclose(found.sensitivities[:, 0, 0], (2 - TIMES) * np.exp(-0.5 * TIMES), rtol=1e-6, atol=1e-7)


@every_solver
def test_sensitivities_of_a_linear_model_match_the_closed_form(name: str) -> None:
    found = run(name, equations(ONE), [2.0, 10.0], only(1, 100.0), sensitive=(1, 0), tolerance=Tolerance(1e-10))
    decay = 100 * np.exp(-0.2 * TIMES)
    assert found.sensitivities is not None
    np.testing.assert_allclose(found.sensitivities[:, 0, 1], -TIMES / 10 * decay, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found.sensitivities[:, 0, 0], TIMES * 2 / 100 * decay, rtol=1e-7, atol=1e-8)


@every_solver
def test_sensitivities_pass_through_doses_that_depend_on_a_parameter(name: str) -> None:
    """Bioavailability p0 scales a dose and an infusion's rate; their derivatives come with the timeline."""
    system = equations({"a": "-k * a", "unused": "0 * f"})  # f, k
    base = dosing(2, 24.0, [(0.0, 0, 8.0), (6.0, 0, 4.0)], [(8.0, 10.0, 0, 3.0)])
    jumps_by, inputs_by = np.zeros((5, 2, 2))[: len(base.times)], np.zeros((len(base.times), 2, 2))
    jumps_by[:, :, 0], inputs_by[:, :, 0] = base.jumps / 0.5, base.inputs / 0.5
    timeline = Timeline(base.times, base.jumps, base.inputs, 24.0, jumps_by, inputs_by)
    found = run(name, system, [0.5, 0.3], timeline, sensitive=(0, 1))
    assert found.sensitivities is not None
    np.testing.assert_allclose(found.sensitivities[:, 0, 0], found.states[:, 0] / 0.5, rtol=1e-6, atol=1e-7)


@every_solver
def test_a_dose_may_move_states_that_its_parameter_does_not_feed(name: str) -> None:
    """q empties b alone and also sets the dose of a, which feeds c: no state of q's may be left out."""
    system = equations({"a": "-k * a", "b": "-q * b", "c": "k * a - q * c"})  # k, q
    base = dosing(3, 24.0, [(0.0, 0, 4.0), (0.0, 1, 2.0), (6.0, 0, 4.0)])
    jumps_by = np.zeros((len(base.times), 3, 2))
    jumps_by[:, 0, 1] = base.jumps[:, 0] / 0.4
    timeline = Timeline(base.times, base.jumps, base.inputs, 24.0, jumps_by)
    found = run(name, system, [0.3, 0.4], timeline, sensitive=(0, 1), tolerance=Tolerance(1e-8)).sensitivities
    still = run(name, system, [0.3, 0.4], base, sensitive=(0, 1), tolerance=Tolerance(1e-8)).sensitivities
    assert found is not None
    assert still is not None
    after = np.where(TIMES >= 6.0, np.exp(-0.3 * (TIMES - 6.0)), 0.0)
    np.testing.assert_allclose(found[:, 0, 1], 10 * (np.exp(-0.3 * TIMES) + after), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[:, 1, 1], still[:, 1, 1], rtol=1e-5, atol=1e-6)
    assert np.all(np.abs(found[TIMES > 0, 2, 1] - still[TIMES > 0, 2, 1]) > 1e-3)
    assert np.all(np.abs(still[:, 0, 1]) < 1e-12)


@every_solver
def test_sensitivities_pass_through_a_lag_and_a_duration(name: str) -> None:
    """Infusion of 6 nmol from ``lag`` over ``duration``, against differences of the closed form."""

    def closed(k: float, lag: float, duration: float) -> Array:
        level = 6 / duration / k
        return level * (
            1 - np.exp(-k * np.maximum(TIMES - lag, 0)) - (1 - np.exp(-k * np.maximum(TIMES - lag - duration, 0)))
        )

    k, lag, duration = 0.3, 2.0, 3.5
    times, rate = np.array([0.0, lag, lag + duration]), 6 / duration
    inputs, inputs_by = np.array([[0.0], [rate], [0.0]]), np.zeros((3, 1, 3))
    inputs_by[1, 0, 0] = -rate / duration
    shift = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0]])  # by duration, k, lag
    timeline = Timeline(times, np.zeros((3, 1)), inputs, 24.0, None, inputs_by, shift)
    system = equations({"a": "-k * a"}, outputs={"o": "a + duration + lag"})
    found = run(name, system, [duration, k, lag], timeline, sensitive=(0, 1, 2), tolerance=Tolerance(1e-10))
    step = 1e-4
    for column, moved in enumerate(([0, 0, step], [step, 0, 0], [0, step, 0])):
        up, down = (closed(*np.add([k, lag, duration], np.multiply(sign, moved))) for sign in (1, -1))
        assert found.sensitivities is not None
        np.testing.assert_allclose(found.sensitivities[:, 0, column], (up - down) / (2 * step), rtol=2e-6, atol=1e-7)


@cache
def reference(model: str) -> Array:
    problem = ALL[model]()
    return run(
        "lsoda",
        problem.equations,
        problem.parameters,
        problem.timeline,
        problem.times,
        tolerance=Tolerance(1e-10),
    ).states


@cache
def shifted(index: int, count: int) -> Array:
    """States of M2 with one parameter moved by a few steps of 0.2 % each, until 3 h."""
    problem = ALL["M2"]()
    moved = problem.parameters.copy()
    moved[index] *= 1 + 2e-3 * count
    return run("lsoda", problem.equations, moved, *early(problem), tolerance=Tolerance(1e-11)).states


def early(problem: Problem) -> tuple[Timeline, Array]:
    times, whole = problem.times[:8], problem.timeline
    return Timeline(whole.times[:1], whole.jumps[:1], whole.inputs[:1], times[-1]), times


@every_nonlinear_solver
@pytest.mark.parametrize("model", ["M2", "M3", "M4"])
def test_the_benchmark_models_agree_with_a_second_method(name: str, model: str) -> None:
    problem = ALL[model]()
    tight = reference(model)
    found = run(
        name,
        problem.equations,
        problem.parameters,
        problem.timeline,
        problem.times,
        tolerance=Tolerance(1e-8),
    )
    assert found.outcome, found.outcome
    assert deviation(found.states, tight) < 2e-6


@every_nonlinear_solver
def test_sensitivities_of_a_nonlinear_model_match_differences_of_fourth_order(name: str) -> None:
    problem, chosen = ALL["M2"](), (0, 6, 15, 24)
    timeline, times = early(problem)
    found = run(
        name,
        problem.equations,
        problem.parameters,
        timeline,
        times,
        sensitive=chosen,
        tolerance=Tolerance(1e-8),
    )
    assert found.sensitivities is not None
    for column, index in enumerate(chosen):
        step = 2e-3 * problem.parameters[index]
        at = {count: shifted(index, count) for count in (-2, -1, 1, 2)}
        differences = (at[-2] - 8 * at[-1] + 8 * at[1] - at[2]) / (12 * step)
        floor = 1e-3 * np.abs(found.states).max(axis=0) / problem.parameters[index]
        error = np.abs(found.sensitivities[:, :, column] - differences) / (np.abs(differences) + floor)
        assert error.max() < 2e-5


@every_nonlinear_solver
def test_a_saturable_system_stays_positive(name: str) -> None:
    saturable = equations({"a": "-v * a / (K + a)", "b": "v * a / (K + a) - k * max(b, 0) ** 0.5"})
    found = run(name, saturable, [0.02, 0.4, 5.0], only(2, 10.0), np.linspace(0, 24, 200))  # K, k, v
    assert found.outcome
    assert found.states.min() > -1e-8
    assert found.states[-1].max() < 1e-3


@every_nonlinear_solver
def test_a_power_of_a_half_starts_from_an_empty_pool(name: str) -> None:
    filling = equations({"a": "s - k * max(a, 0) ** h"})  # h, k, s
    found = run(name, filling, [0.5, 1.0, 2.0], only(1), sensitive=(0, 1, 2))
    assert found.outcome
    assert np.all(np.isfinite(found.states))
    assert found.sensitivities is not None
    assert np.all(np.isfinite(found.sensitivities))
    np.testing.assert_allclose(found.states[-1, 0], 4.0, rtol=1e-2)


@every_solver
def test_a_pool_that_is_made_at_a_constant_rate_keeps_its_level(name: str) -> None:
    turnover = equations({"a": "s - k * a"}, start={"a": "s / k"})  # k, s
    found = run(name, turnover, [0.3, 2.0], only(1, 5.0), sensitive=(0, 1))
    np.testing.assert_allclose(found.states[:, 0], 2 / 0.3 + 5 * np.exp(-0.3 * TIMES), rtol=1e-7)
    assert found.sensitivities is not None
    np.testing.assert_allclose(found.sensitivities[:, 0, 1], 1 / 0.3, rtol=1e-6)


def test_the_exact_solver_takes_linear_equations_only() -> None:
    exact = solver("exact")
    assert exact.accepts(equations(THREE))
    assert not exact.accepts(equations({"a": "-k * a / (K + a)"}))
    assert not exact.accepts(equations({"a": "-k * a * t"}))
    assert not exact.accepts(equations({"a": "-k * max(a, 0)"}))


@every_nonlinear_solver
def test_rates_of_time_are_followed(name: str) -> None:
    found = run(
        name,
        equations({"a": "-k * (a - exp(-t)) - exp(-t)"}),
        [50.0],
        only(1, 1.0),
        tolerance=Tolerance(1e-9, 1e-12),
    )
    np.testing.assert_allclose(found.states[:, 0], np.exp(-TIMES), rtol=1e-5, atol=1e-10)


@every_nonlinear_solver
def test_sensitivities_follow_rates_of_time(name: str) -> None:
    """a' = t - k a has a = t/k - 1/k² + C exp(-k t)."""

    def closed(k: float) -> Array:
        return TIMES / k - 1 / k**2 + (1 + 1 / k**2) * np.exp(-k * TIMES)

    found = run(name, equations({"a": "t - k * a"}), [0.8], only(1, 1.0), sensitive=(0,))
    assert found.sensitivities is not None
    difference = (closed(0.8 + 1e-4) - closed(0.8 - 1e-4)) / 2e-4
    np.testing.assert_allclose(found.sensitivities[:, 0, 0], difference, rtol=1e-6, atol=1e-6)


@every_nonlinear_solver
def test_sensitivities_through_every_function_match_differences(name: str) -> None:
    rates = {
        "a": "-v * hill(a, K, h) + exp(-b) * 0.1",
        "b": "min(a, b + 1) * k - tanh(b / K) * log(b + 2) + when(t > 3, 0.1, 0.1) + 0.1 * cos(b) * sin(k * a)",
    }
    system, p = equations(rates), np.array([0.7, 1.3, 0.4, 2.1])  # K, h, k, v
    found = run(name, system, p, only(2, 3.0), sensitive=(0, 1, 2, 3))
    assert found.sensitivities is not None
    for column in range(4):
        move = 1e-4 * np.eye(4)[column]
        up, down = (run("lsoda", system, p + sign * move, only(2, 3.0), tolerance=Tolerance(1e-11)) for sign in (1, -1))
        difference = (up.states - down.states) / 2e-4
        np.testing.assert_allclose(found.sensitivities[:, :, column], difference, rtol=2e-5, atol=1e-5)


@every_nonlinear_solver
def test_a_rate_that_grows_without_bound_is_a_failure_value(name: str) -> None:
    found = run(
        name,
        equations({"calm": "-k * calm", "wild": "wild**2"}),
        [1.0],
        dosing(2, 24.0, [(0.0, 0, 1.0), (0.0, 1, 1.0)]),
    )
    assert not found.outcome
    assert found.outcome.what
    assert found.outcome.remedy
    assert found.outcome.state == 1
    assert found.outcome.time == pytest.approx(1.0, abs=0.05)
    assert np.all(np.isnan(found.states[3:]))


@every_nonlinear_solver
def test_a_spent_budget_of_steps_is_a_failure_value(name: str) -> None:
    problem = ALL["M4"]()
    found = run(
        name,
        problem.equations,
        problem.parameters,
        problem.timeline,
        problem.times,
        tolerance=Tolerance(1e-8, most_steps=15),
    )
    assert not found.outcome
    assert "budget" in found.outcome.what
    assert found.outcome.steps == 15


@every_nonlinear_solver
def test_a_rate_that_is_not_a_number_is_a_failure_value(name: str) -> None:
    found = run(name, equations({"a": "log(a - 2) * k"}), [1.0], only(1, 1.0))
    assert not found.outcome
    assert found.outcome.time == pytest.approx(0.0)
    assert np.all(np.isnan(found.states[1:]))


@every_solver
def test_cells_next_to_nanomoles_keep_their_own_tolerance(name: str) -> None:
    """A count of 1e9 must not set the absolute tolerance of a drug of 1e-6 nmol."""
    system = equations({"cells": "-d * cells", "drug": "-k * drug"})
    both = dosing(2, 24.0, [(0.0, 0, 1e9), (0.0, 1, 1e-6)])
    found = run(name, system, [0.01, 0.3], both)
    np.testing.assert_allclose(found.states[:, 1], 1e-6 * np.exp(-0.3 * TIMES), rtol=1e-6)


@every_solver
def test_a_population_grows_from_its_first_cell(name: str) -> None:
    found = run(name, equations({"cell": "k * cell"}, {"cell": "1"}), [1.2], only(1), tolerance=Tolerance())
    assert found.outcome
    np.testing.assert_allclose(found.states[:, 0], np.exp(1.2 * TIMES), rtol=3e-6)  # 3e12 cells after a day


@every_solver
@pytest.mark.parametrize("times", [[-1.0], [25.0], [3.0, 2.0], [np.nan]])
def test_times_outside_the_run_are_refused(name: str, times: list[float]) -> None:
    with pytest.raises(SimulationError):
        run(name, equations(ONE), [2.0, 10.0], only(1, 100.0), np.array(times))


@every_solver
def test_parameters_of_the_wrong_number_are_refused(name: str) -> None:
    with pytest.raises(SimulationError):
        run(name, equations(ONE), [2.0], only(1, 100.0))


def test_an_unknown_solver_is_named_with_its_nearest() -> None:
    with pytest.raises(SimulationError, match="lsoda"):
        solver("lsodar")
