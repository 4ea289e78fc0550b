"""Floor 8: one end of a profile interval by search, for the curves where Newton's method does not settle.

One unknown is held at a value, all others are fitted again, and the value is moved until the sum of squares has grown
by what the confidence allows (Bates and Watts 1988, chapter 6). Slow, and nearly always to be trusted.

References
----------
Bates DM, Watts DG. Nonlinear Regression Analysis and Its Applications. Wiley 1988, doi 10.1002/9780470316757.
"""

from __future__ import annotations

import numpy as np

from exodelivery.judge.dose_response.least_squares import Box, fit
from exodelivery.judge.dose_response.task import Task
from exodelivery.solve.timeline import Array

ROUNDS, STEPS = 24, 80
SETTLED = 1e-5
"""Of the variance: a change of the sum of squares that no end of an interval can show."""
CLOSE = 1e-3
"""Of the root of the growth of the sum of squares, in standard deviations: where an end is exact enough."""


def search(
    task: Task,
    theta: Array,
    cost: Array,
    box: Box,
    place: int,
    spread: Array,
    variance: Array,
    quantile: Array,
    sign: float,
) -> Array:
    """Return one end of an unknown's interval of every curve, (curves,); the parameters are those of ``ends``."""
    count = len(theta)
    bound = box.high[:, place] if sign > 0 else box.low[:, place]
    found = np.full(count, sign * np.inf)
    free = box.free[:, place] & np.isfinite(cost) & (variance > 0) & np.isfinite(quantile)
    found[~box.free[:, place]] = theta[~box.free[:, place], place]
    own = spread[:, place, place]
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = np.where(own[:, None] > 0, spread[:, :, place] / own[:, None], 0.0)
        reach = np.sqrt(own * variance) * quantile
    direction = np.where(np.isfinite(direction), direction, 0.0)
    room = np.abs(bound - theta[:, place])
    reach = np.where(np.isfinite(reach) & (reach > 0), reach, 0.1 * room)
    reach = np.minimum(reach, room)
    held = box.without(place)
    inner = np.zeros(count)
    inner_z = np.zeros(count)
    outer = np.full(count, np.inf)
    outer_z = np.full(count, np.nan)
    step = reach.copy()
    last = theta.copy()
    rows = np.flatnonzero(free & (room > 0))
    for _ in range(ROUNDS):
        if not len(rows):
            break
        start = last[rows].copy()
        moved = theta[rows, place] + sign * step[rows]
        start += direction[rows] * (moved - start[:, place])[:, None]
        start[:, place] = moved
        part = task.rows(rows)
        ended = fit(part, start, held.rows(rows), 1e-9, SETTLED * variance[rows], STEPS)
        fresh = ~np.isfinite(ended.cost)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.sqrt(np.maximum(ended.cost - cost[rows], 0.0) / variance[rows])
        z = np.where(fresh, np.inf, z)
        inside = z <= quantile[rows]
        last[rows] = np.where((np.isfinite(z) & inside)[:, None], ended.theta, last[rows])
        inner[rows], inner_z[rows] = np.where(inside, step[rows], inner[rows]), np.where(inside, z, inner_z[rows])
        outer[rows], outer_z[rows] = np.where(inside, outer[rows], step[rows]), np.where(inside, outer_z[rows], z)
        near = np.abs(z - quantile[rows]) <= CLOSE
        tight = outer[rows] - inner[rows] <= 1e-6 * np.maximum(1.0, np.abs(theta[rows, place]))
        at_bound = inside & (step[rows] >= room[rows] * (1 - 1e-12))
        ending = (near | tight) & ~at_bound
        stopped = rows[ending]
        found[stopped] = theta[stopped, place] + sign * np.where(near, step[rows], inner[rows])[ending]
        rows = rows[~(ending | at_bound)]
        step[rows] = _next(inner[rows], inner_z[rows], outer[rows], outer_z[rows], quantile[rows], room[rows])
    # Ends that the rounds did not reach lie between what was kept and what was refused.
    unfinished = rows[np.isfinite(outer[rows])]
    found[unfinished] = theta[unfinished, place] + sign * outer[unfinished]
    return found


def _next(inner: Array, inner_z: Array, outer: Array, outer_z: Array, aim: Array, room: Array) -> Array:
    """Return where to look next: on the line through both sides where they enclose the end, else further out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.clip(aim / np.maximum(inner_z, 1e-9), 1.2, 4.0)
        further = np.where(inner > 0, inner * growth, 0.1 * room)
        part = np.clip((aim - inner_z) / (outer_z - inner_z), 0.08, 0.92)
        part = np.where(np.isfinite(part), part, 0.5)
        between = inner + part * (outer - inner)
    found: Array = np.where(np.isfinite(outer), between, np.minimum(further, room))
    return found
