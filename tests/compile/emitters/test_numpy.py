"""The plain emitter: values and derivatives of the whole grammar, finite where pools are empty."""

from __future__ import annotations

import numpy as np
import pytest

from exodelivery.compile.emitters.numpy import NumpyEmitter, NumpyKernels
from exodelivery.compile.equations import equations
from exodelivery.errors import SimulationError
from exodelivery.solve.timeline import Array

EVERY = {
    "a": "-v * hill(a, K, h) + exp(-b) * sqrt(c) - abs(a - b)",
    "b": "min(a, b) * k + max(a, c) - tanh(b / K) * log(c + 1) + cos(a) * sin(k * b)",
    "c": "when(a > b, k * a, v * b**3) - c**1.7 / (1 + c**2) + t * k",
}
P = np.array([0.7, 1.3, 0.4, 2.1])  # K, h, k, v


def kernels() -> NumpyKernels:
    return NumpyEmitter().emit(equations(EVERY, start={"a": "K * h"}), sensitive=(0, 1, 2, 3))


@pytest.mark.parametrize("x", [[1.0, 0.5, 2.0], [0.3, 0.9, 0.2], [0.01, 3.0, 0.5]])
def test_derivatives_match_differences(x: list[float]) -> None:
    built, at, step = kernels(), np.array(x), 1e-6
    jacobian, by = built.jacobian(0.5, at, P), built.by_parameters(0.5, at, P)
    for column in range(3):
        move = step * np.eye(3)[column]
        difference = (built.rates(0.5, at + move, P) - built.rates(0.5, at - move, P)) / (2 * step)
        np.testing.assert_allclose(jacobian[:, column], difference, rtol=1e-6, atol=1e-8)
    for column in range(4):
        move = step * np.eye(4)[column]
        difference = (built.rates(0.5, at, P + move) - built.rates(0.5, at, P - move)) / (2 * step)
        np.testing.assert_allclose(by[:, column], difference, rtol=1e-6, atol=1e-8)


def test_rates_match_python_written_by_hand() -> None:
    a, b, c, k, v = 1.0, 0.5, 2.0, 0.4, 2.1
    power = np.array([a, 0.7]) ** 1.3
    expected = [
        -v * power[0] / power.sum() + np.exp(-b) * np.sqrt(c) - abs(a - b),
        min(a, b) * k + max(a, c) - np.tanh(b / 0.7) * np.log(c + 1) + np.cos(a) * np.sin(k * b),
        k * a - c**1.7 / (1 + c**2) + 0.5 * k,
    ]
    np.testing.assert_allclose(kernels().rates(0.5, np.array([a, b, c]), P), expected, rtol=1e-14)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("amount", [0.0, -1e-12, -1.0])
def test_derivatives_of_a_clipped_power_are_finite_at_and_below_zero(exponent: float, amount: float) -> None:
    built = NumpyEmitter().emit(equations({"a": "-k * max(a, 0)**h"}), sensitive=(0, 1))
    x, p = np.array([amount]), np.array([exponent, 3.0])
    assert built.rates(0.0, x, p) == 0
    assert np.all(np.isfinite(built.jacobian(0.0, x, p)))
    assert np.all(built.by_parameters(0.0, x, p) == 0)


def test_a_linear_clipped_power_has_its_slope_at_zero() -> None:
    built = NumpyEmitter().emit(equations({"a": "-k * max(a, 0)**h"}))
    assert built.jacobian(0.0, np.array([0.0]), np.array([1.0, 3.0])) == -3.0


def test_outputs_over_many_times_agree_with_one_point_at_a_time() -> None:
    system = equations(EVERY, outputs=EVERY)
    built = NumpyEmitter().emit(system, sensitive=(1, 3))
    times, states = np.array([0.0, 1.0, 2.0]), np.array([[1.0, 0.5, 2.0], [0.0, 0.9, 0.2], [-1e-9, 3.0, 0.5]])
    for row, (t, x) in enumerate(zip(times, states, strict=True)):
        np.testing.assert_allclose(built.outputs(times, states, P)[row], built.rates(t, x, P), rtol=1e-13)
        np.testing.assert_allclose(built.outputs_by_states(times, states, P)[row], built.jacobian(t, x, P), rtol=1e-12)
        np.testing.assert_allclose(
            built.outputs_by_parameters(times, states, P)[row], built.by_parameters(t, x, P), rtol=1e-12
        )


def test_the_branch_not_taken_may_be_outside_its_domain() -> None:
    built = NumpyEmitter().emit(equations({"a": "when(a > 0, log(a), 0) + when(a > 0, 1 / a, 2)"}))
    np.testing.assert_array_equal(built.rates(0.0, np.array([0.0]), np.empty(0)), [2.0])


def test_a_value_outside_the_domain_is_not_a_number_rather_than_complex() -> None:
    built = NumpyEmitter().emit(equations({"a": "log(a)", "b": "k * b"}))
    found: Array = built.rates(0.0, np.array([-1.0, 2.0]), np.array([3.0]))
    assert np.isnan(found[0])
    assert found[1] == 6.0


def test_the_start_and_its_derivatives_read_the_parameters() -> None:
    built = kernels()
    np.testing.assert_allclose(built.start(P), [0.7 * 1.3, 0, 0])
    np.testing.assert_allclose(built.start_by_parameters(P)[0], [1.3, 0.7, 0, 0])


def test_an_unknown_sensitive_parameter_is_refused() -> None:
    with pytest.raises(SimulationError, match="below 1"):
        NumpyEmitter().emit(equations({"a": "-k * a"}), sensitive=(1,))
