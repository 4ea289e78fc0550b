"""The coefficients of Rodas5P: order conditions that can be read off, L-stability, and the last stages' place."""

from __future__ import annotations

import numpy as np

from exodelivery.compile.native.tableau import MOVES, RODAS5P, STAGES


def lower(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array([list(row) + [0.0] * (STAGES - len(row)) for row in rows])


def stability(z: complex) -> complex:
    """Amplification of x' = λx over a step with z = hλ."""
    a, c = lower(RODAS5P.weights), lower(RODAS5P.couplings)
    k = np.zeros(STAGES, dtype=complex)
    for i in range(STAGES):
        k[i] = (z * (1 + a[i] @ k) + c[i] @ k) / (1 / RODAS5P.gamma - z)
    return complex(1 + a[STAGES - 1] @ k + k[STAGES - 1])


def test_a_step_of_a_linear_problem_has_order_five() -> None:
    errors = [abs(stability(-h) - np.exp(-h)) for h in (0.2, 0.1)]
    assert np.log2(errors[0] / errors[1]) > 5.7  # of one step: one more than the order


def test_the_method_is_l_stable() -> None:
    assert abs(stability(-1e12)) < 1e-9
    for angle in np.linspace(0.5 * np.pi, 1.5 * np.pi, 41):
        for size in (0.1, 1.0, 3.0, 10.0, 100.0):
            assert abs(stability(size * np.exp(1j * angle))) < 1 + 1e-10


def test_stage_times_and_slopes_undo_the_transformation() -> None:
    gamma = np.linalg.inv(np.eye(STAGES) / RODAS5P.gamma - lower(RODAS5P.couplings))
    np.testing.assert_allclose(gamma.sum(axis=1), RODAS5P.slopes, atol=1e-13)
    np.testing.assert_allclose((lower(RODAS5P.weights) @ gamma).sum(axis=1), RODAS5P.times, atol=1e-13)


def test_the_variables_of_the_moves_give_the_same_step() -> None:
    """x' = λx: the last move is the amplification less one, and the last two differ by the last stage."""
    for z in (-0.3, -3.0, -300.0):
        known = np.zeros(STAGES)
        for stage, row in enumerate(MOVES.right):
            known[stage] = (z + np.dot(row, known[:stage])) / (1 / RODAS5P.gamma - z)
        assert abs(1 + known[-1] - stability(z).real) < 1e-13
        assert np.dot(MOVES.arguments[-1], known[:-1]) == known[-2]
