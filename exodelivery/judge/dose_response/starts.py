"""Floor 8: where fits start: for each position and form of a grid the best ends of the curve follow linearly.

The levels enter a curve linearly, so that a grid over the position and the form alone, with the levels solved for each,
sees the whole landscape (variable projection, Golub and Pereyra 1973). The best few points are fitted.

References
----------
Golub GH, Pereyra V. SIAM J Numer Anal 1973;10:413, doi 10.1137/0710036.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from exodelivery.judge.dose_response.least_squares import MOST_STEPS, Box, Ends, fit
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, FORM, Task
from exodelivery.solve.timeline import Array

POSITIONS = 13
KEPT = 2
ROUGH_STEPS = 25


def on_scale(value: float, scale: str) -> float:
    """Return a parameter of a form on the scale on which it is fitted."""
    return float(np.log(value / (1.0 - value)) if scale == "logit" else np.log(value))


def off_scale(value: Array, scale: str) -> Array:
    """Return a parameter of a form from the scale on which it is fitted."""
    found: Array = 1.0 / (1.0 + np.exp(-value)) if scale == "logit" else np.exp(value)
    return found


def span_of(task: Task) -> tuple[Array, Array]:
    """Return the logarithms of the lowest and highest dose of every curve that is a dose, (curves,)."""
    dosed = np.isfinite(task.x) & (task.weight > 0)
    low = np.where(dosed, task.x, np.inf).min(axis=1)
    high = np.where(dosed, task.x, -np.inf).max(axis=1)
    return np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)


def best_of(task: Task, pinned: Array, box: Box, rough: float = 0.0) -> Ends:
    """Return the best fit from the best points of the grid.

    Parameters
    ----------
    task : Task
        With the shape's own position as its mark, and without an index.
    pinned : array, (curves, unknowns)
        Values of the unknowns that the box holds.
    box : Box
    rough : float
        Where above zero: a change of the sum of squares that does not matter, for draws of which only the crowd is
        read; then one point of the grid is fitted, in few steps.
    """
    low, high = span_of(task)
    candidates: list[Array] = []
    costs: list[Array] = []
    forms = [[on_scale(value, form.scale) for value in form.start] for form in task.shape.forms]
    for part in np.linspace(-0.05, 1.05, POSITIONS):
        for form in product(*forms):
            theta = pinned.copy()
            theta[:, DOSE] = low + part * (high - low)
            theta[:, FORM:] = form
            theta = np.where(box.free, np.clip(theta, box.low, box.high), pinned)
            cost = _levels(task, theta, box)
            candidates.append(theta)
            costs.append(cost)
    order = np.argsort(np.array(costs), axis=0)
    every = np.array(candidates)
    curves = np.arange(len(task.x))
    found: Ends | None = None
    for rank in range(1 if rough else KEPT):
        start = every[order[rank], curves]
        ended = fit(task, start, box, absolute=np.full(len(start), rough), most=ROUGH_STEPS if rough else MOST_STEPS)
        if found is None:
            found = ended
            continue
        better = ended.cost < found.cost * (1 - 1e-12)
        found = Ends(
            np.where(better[:, None], ended.theta, found.theta),
            np.where(better, ended.cost, found.cost),
            np.where(better, ended.converged, found.converged),
        )
    assert found is not None
    return found


def _levels(task: Task, theta: Array, box: Box) -> Array:
    """Set the free levels to the best ones within their bounds, in place; return the sums of squares."""
    value, _, _ = task.shape.value(task.x - theta[:, None, DOSE], theta[:, None, FORM:])
    columns = np.stack([value, 1.0 - value], axis=-1)
    levels = theta[:, :2]
    free = box.free[:, :2]
    left = task.y - np.matmul(columns, np.where(free, 0.0, levels)[:, :, None])[:, :, 0]
    weighted = task.weight[:, :, None] * columns
    normal = np.matmul(weighted.transpose(0, 2, 1), columns)
    side = np.matmul(weighted.transpose(0, 2, 1), np.where(task.weight > 0, left, 0.0)[:, :, None])[:, :, 0]
    normal = np.where(free[:, :, None] & free[:, None, :], normal, 0.0)
    normal[:, [0, 1], [0, 1]] += np.where(free, 1e-9 * np.maximum(task.weight.sum(axis=1), 1e-30)[:, None], 1.0)
    solved = np.linalg.solve(normal, np.where(free, side, 0.0)[:, :, None])[:, :, 0]
    theta[:, [E0, EINF]] = np.where(free, np.clip(solved, box.low[:, :2], box.high[:, :2]), levels)
    response = np.matmul(columns, theta[:, :2, None])[:, :, 0]
    cost: Array = np.where(task.weight > 0, task.weight * (task.y - response) ** 2, 0.0).sum(axis=1)
    return cost
