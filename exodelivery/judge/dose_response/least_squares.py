"""Floor 8: Levenberg–Marquardt for many small problems at once, within bounds, with some unknowns held.

All curves take their step together in arrays; one that has settled leaves the round. Scaling and damping follow Moré
(1978): the diagonal of the normal matrix is the scale, the damping falls after a step that helps and grows after one
that does not.

References
----------
Moré JJ. The Levenberg–Marquardt algorithm: implementation and theory. Lecture Notes in Mathematics 1978;630:105,
doi 10.1007/BFb0067700.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.dose_response.task import Task
from exodelivery.solve.timeline import Array

MOST_STEPS = 300
TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Where the fits ended.

    Attributes
    ----------
    theta : array, (curves, unknowns)
    cost : array, (curves,)
        Weighted sum of squares.
    converged : array of bool, (curves,)
    """

    theta: Array
    cost: Array
    converged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Bounds of the unknowns, and which of them are free, (curves, unknowns) each."""

    low: Array
    high: Array
    free: NDArray[np.bool_]

    def rows(self, chosen: NDArray[np.intp]) -> Box:
        """Return the bounds of some of the curves."""
        return Box(self.low[chosen], self.high[chosen], self.free[chosen])

    def without(self, place: int) -> Box:
        """Return the same with one more unknown held."""
        free = self.free.copy()
        free[:, place] = False
        return Box(self.low, self.high, free)


def cost_of(task: Task, theta: Array) -> Array:
    """Return weighted sums of squares, (curves,); infinite where a response does not exist."""
    response, _ = task.response(theta)
    return _cost(task, response)


def _cost(task: Task, response: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        squares = np.where(task.weight > 0, task.weight * (task.y - response) ** 2, 0.0).sum(axis=1)
    return np.where(np.isfinite(squares), squares, np.inf)


def fit(
    task: Task, start: Array, box: Box, tolerance: float = 1e-12, absolute: Array | None = None, most: int = MOST_STEPS
) -> Ends:
    """Return the least squares of every curve.

    Parameters
    ----------
    task : Task
    start : array, (curves, unknowns)
    box : Box
    tolerance : float
        Relative change of the sum of squares at which a curve has settled.
    absolute : array, (curves,), optional
        Change at which it has settled, too.
    most : int
        Steps.

    Returns
    -------
    Ends
        A curve that did not settle is said so, and has the best point that was met.
    """
    theta = np.clip(start, box.low, box.high)
    theta = np.where(box.free, theta, start)
    best = cost_of(task, theta)
    floor = 1e-28 * np.where(task.weight > 0, task.weight * task.y**2, 0.0).sum(axis=1)
    floor = floor if absolute is None else np.maximum(floor, absolute)
    damping = np.full(len(theta), 1e-3)
    done = ~np.isfinite(best)
    converged = np.zeros(len(theta), bool)
    quiet = np.zeros(len(theta), int)
    rows = np.flatnonzero(~done)
    if not len(rows):
        return Ends(theta, best, converged)
    part, bounds = task.rows(rows), box.rows(rows)
    for _ in range(most):
        step = _steps(part, theta[rows], bounds, damping[rows])
        tried = np.clip(theta[rows] + step, bounds.low, bounds.high)
        tried = np.where(bounds.free, tried, theta[rows])
        cost = cost_of(part, tried)
        better = cost <= best[rows]
        with np.errstate(invalid="ignore", over="ignore"):
            small = best[rows] - cost <= tolerance * best[rows] + floor[rows]
        still = np.abs(tried - theta[rows]).max(axis=1) <= 1e-13 * (1.0 + np.abs(theta[rows]).max(axis=1))
        quiet[rows] = np.where(better & small, quiet[rows] + 1, np.where(better, 0, quiet[rows]))
        theta[rows] = np.where(better[:, None], tried, theta[rows])
        best[rows] = np.where(better, cost, best[rows])
        damping[rows] = np.clip(np.where(better, damping[rows] / 8, damping[rows] * 6), 1e-14, 1e16)
        settled = (quiet[rows] >= 2) | still | (damping[rows] >= 1e14)
        converged[rows] |= settled
        if settled.any():
            rows = rows[~settled]
            if not len(rows):
                break
            part, bounds = task.rows(rows), box.rows(rows)
    return Ends(theta, best, converged)


def _steps(task: Task, theta: Array, box: Box, damping: Array) -> Array:
    response, by = task.response(theta)
    by = np.where(np.isfinite(by), by, 0.0)
    normal, gradient = _normal(task, response, by)
    # An unknown at its bound, which would leave it, stays for this step.
    held = ~box.free | ((theta <= box.low) & (gradient < 0)) | ((theta >= box.high) & (gradient > 0))
    gradient = np.where(held, 0.0, gradient)
    normal = np.where(held[:, :, None] | held[:, None, :], 0.0, normal)
    diagonal = np.einsum("cuu->cu", normal)
    scale = np.where(held, 1.0, np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True) + TINY))
    root = np.sqrt(scale)
    normal = normal / (root[:, :, None] * root[:, None, :])
    size = theta.shape[1]
    normal[:, range(size), range(size)] += damping[:, None] + held
    found: Array = np.linalg.solve(normal, (gradient / root)[:, :, None])[:, :, 0] / root
    return found


def _normal(task: Task, response: Array, by: Array) -> tuple[Array, Array]:
    weighted = task.weight[:, :, None] * by
    left = np.where(task.weight > 0, task.y - response, 0.0)
    return np.matmul(weighted.transpose(0, 2, 1), by), np.matmul(weighted.transpose(0, 2, 1), left[:, :, None])[:, :, 0]


def covariance(task: Task, theta: Array, free: NDArray[np.bool_], observed: bool = False) -> Array:
    """Return the inverse of the normal matrix, (curves, unknowns, unknowns), not yet times the variance.

    Parameters
    ----------
    task : Task
    theta : array, (curves, unknowns)
    free : array of bool, (curves, unknowns)
        Unknowns that were held have no variance.
    observed : bool
        Take the bending of the curve into account (observed information, as drc does) where that is positive definite.

    Returns
    -------
    array
        Where the data leave a direction open its variance is very large: a small ridge is all that holds it.
    """
    response, by = task.response(theta)
    by = np.where(np.isfinite(by), by, 0.0)
    normal, _ = _normal(task, response, by)
    found = _inverse(normal, free)
    if not observed:
        return found
    bent = _inverse(normal - _bending(task, theta, response), free)
    sound = np.isfinite(bent).all(axis=(1, 2)) & (np.einsum("cuu->cu", bent) > 0)[...].all(axis=1, where=free)
    return np.where(sound[:, None, None], bent, found)


def _bending(task: Task, theta: Array, response: Array) -> Array:
    left = task.weight * np.where(task.weight > 0, task.y - response, 0.0)
    size = theta.shape[1]
    second = np.zeros((len(theta), size, size))
    for place in range(size):
        step = np.zeros(size)
        step[place] = 1e-4
        up, down = task.response(theta + step)[1], task.response(theta - step)[1]
        change = np.where(np.isfinite(up - down), up - down, 0.0) / 2e-4
        second[:, :, place] = np.matmul(change.transpose(0, 2, 1), left[:, :, None])[:, :, 0]
    return 0.5 * (second + second.transpose(0, 2, 1))


def _inverse(normal: Array, free: NDArray[np.bool_]) -> Array:
    normal = np.where(free[:, :, None] & free[:, None, :], normal, 0.0)
    diagonal = np.einsum("cuu->cu", normal)
    root = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = normal / (root[:, :, None] * root[:, None, :])
    size = normal.shape[1]
    scaled[:, range(size), range(size)] += np.where(free & (diagonal > 0), 1e-13, 1.0)
    inverse = np.linalg.inv(scaled) / (root[:, :, None] * root[:, None, :])
    found: Array = np.where(free[:, :, None] & free[:, None, :], inverse, 0.0)
    blind = free & (diagonal <= 0)
    found[blind[:, :, None] & np.eye(size, dtype=bool)] = np.inf
    return found
