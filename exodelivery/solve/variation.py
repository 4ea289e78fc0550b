"""Floor 6: the variational equations along states that are known: derivatives of states by parameters and by states.

They are linear, so they are integrated along a run's own interpolant by Radau IIA (two stages, order 3, stiffly stable)
on a mesh that widens after each breakpoint: one small linear solve a step serves every column.

References
----------
Hairer E, Wanner G. Solving Ordinary Differential Equations II. Springer 1996 (Radau IIA, table IV.5.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exodelivery.solve.simulate import grid
from exodelivery.solve.solvers.protocol import Solution
from exodelivery.solve.steady_state import Mask
from exodelivery.solve.timeline import Array, Timeline

STEPS = 160
"""Steps of the mesh after each breakpoint."""
CONSERVED = 1e-10
"""Relative size under which a mode of an interval, squared, is one that the interval keeps as it is."""
_A = np.array([[5 / 12, -1 / 12], [3 / 4, 1 / 4]])
_C = np.array([1 / 3, 1.0])

Dense = Callable[[Array], Array]
Piece = tuple[Array, Array, Array]
"""A mesh (times,) [h], the derivatives there and their slopes, (times, states, columns) each."""


def vary(kernels: Any, parameters: Array, dense: Dense, line: Timeline, now: Array) -> tuple[list[Piece], Array]:
    """Carry derivatives over a timeline.

    Parameters
    ----------
    kernels : object
        The numpy emitter's, differentiated by the sensitive parameters.
    parameters : array, (parameters,)
    dense : callable
        The run's states at times [h], after the jump at a breakpoint.
    line : Timeline
        With its derivatives.
    now : array, (states, columns)
        At its begin, before its first jump. The first columns are by the sensitive parameters; others, such as those by
        the states at its begin, have no source.

    Returns
    -------
    pieces : list of Piece
        One to each stretch between breakpoints.
    end : array, (states, columns)
    """
    pieces: list[Piece] = []
    width, count = now.shape[1], len(kernels.sensitive)
    for n, begin in enumerate(line.times):
        finish = float(line.times[n + 1]) if n + 1 < len(line.times) else line.end
        now = now.copy()
        if line.jumps_by is not None:
            now[:, :count] += line.jumps_by[n]
        if n and line.times_by is not None and np.any(line.times_by[n]):
            now[:, :count] += np.outer(_step(kernels, parameters, dense, line, n), line.times_by[n])
        if finish > begin:
            inputs = np.zeros((len(now), count)) if line.inputs_by is None else line.inputs_by[n]
            inputs = np.pad(inputs, [(0, 0), (0, width - count)])
            piece = _stretch(kernels, parameters, dense, (float(begin), finish), now, inputs)
            pieces.append(piece)
            now = piece[1][-1]
    return pieces, now


def _step(kernels: Any, parameters: Array, dense: Dense, line: Timeline, n: int) -> Array:
    """Return by how much the rates are less after a breakpoint than before it, (states,)."""
    time = float(line.times[n])
    before, after = dense(np.array([np.nextafter(time, line.times[0]), time]))
    lost: Array = kernels.rates(time, before, parameters) - kernels.rates(time, after, parameters)
    moved: Array = lost + line.inputs[n - 1] - line.inputs[n]
    return moved


def _stretch(kernels: Any, p: Array, dense: Dense, between: tuple[float, float], now: Array, inputs: Array) -> Piece:
    """Integrate from one breakpoint to the next."""
    begin, finish = between
    mesh = begin + grid(np.array([0.0]), finish - begin, STEPS)
    size, count = now.shape
    values, slopes = np.empty((2, len(mesh), size, count))
    # The interpolant jumps at the next breakpoint, so its last point is taken just before.
    last = np.nextafter(finish, begin)
    steps = np.diff(mesh)
    times = np.concatenate([mesh[:1], (mesh[:-1, None] + steps[:, None] * _C).ravel()])
    states = dense(np.minimum(times, last))

    def linear(n: int) -> tuple[Array, Array]:
        source = inputs.copy()
        source[:, : len(kernels.sensitive)] += kernels.by_parameters(times[n], states[n], p)
        return kernels.jacobian(times[n], states[n], p), source

    matrix, source = linear(0)
    values[0], slopes[0] = now, matrix @ now + source
    for n, h in enumerate(steps):
        (first, one), (second, two) = linear(2 * n + 1), linear(2 * n + 2)
        system = np.eye(2 * size) - h * np.block(
            [[_A[0, 0] * first, _A[0, 1] * first], [_A[1, 0] * second, _A[1, 1] * second]]
        )
        stages = np.linalg.solve(system, np.concatenate([first @ now + one, second @ now + two]))
        now = now + h * (_A[1, 0] * stages[:size] + _A[1, 1] * stages[size:])
        values[n + 1], slopes[n + 1] = now, stages[size:]
    return mesh, values, slopes


def hermite(mesh: Array, values: Array, slopes: Array, times: Array) -> Array:
    """Return derivatives between the points of a mesh, (times, states, columns)."""
    left = np.clip(np.searchsorted(mesh, times, side="right") - 1, 0, len(mesh) - 2)
    h = (mesh[left + 1] - mesh[left])[:, None, None]
    s = (times - mesh[left])[:, None, None] / h
    found: Array = (
        (1 + 2 * s) * (1 - s) ** 2 * values[left]
        + s * (1 - s) ** 2 * h * slopes[left]
        + s**2 * (3 - 2 * s) * values[left + 1]
        + s**2 * (s - 1) * h * slopes[left + 1]
    )
    return found


def period_by(kernels: Any, parameters: Array, run: Solution, cycle: Timeline, lasting: Mask) -> Array:
    """Return the derivatives of the states that an interval of dosing leaves as they are, (states, sensitive).

    Parameters
    ----------
    kernels, parameters
        As for :func:`vary`.
    run : Solution
        Of one interval, from those states, with its interpolant.
    cycle : Timeline
        Of the interval, with its derivatives.
    lasting : array of bool, (states,)
        Which states are periodic; the others keep their start.

    Notes
    -----
    From ``x = P(x, p)``, ``(1 - P_x) S = P_p``. What the interval conserves (receptors free and bound) keeps the
    derivative of its start: the correction of that start is sought among what ``1 - P_x`` can give.
    """
    assert run.dense is not None
    start: Array = kernels.start_by_parameters(parameters)
    count = len(kernels.sensitive)
    both = np.hstack([np.zeros_like(start), np.eye(len(start))])
    _, end = vary(kernels, parameters, run.dense, cycle, both)
    size = np.max(np.abs(run.states), axis=0)[lasting]
    size[size == 0] = 1.0
    by_states = end[:, count:][np.ix_(lasting, lasting)] * size / size[:, None]
    left = np.eye(len(size)) - by_states
    missing = end[lasting, :count] / size[:, None] - left @ (start[lasting] / size[:, None])
    found = start.copy()
    found[lasting] += (left @ np.linalg.lstsq(left @ left, missing, rcond=CONSERVED)[0]) * size[:, None]
    return found
