"""Floor 8: profile intervals, for several unknowns of thousands of curves at once.

An end lies where the sum of squares, least in all other unknowns, has grown by what the confidence allows (Bates and
Watts 1988, chapter 6). An interval that has no end is said to have none.

References
----------
Bates DM, Watts DG. Nonlinear Regression Analysis and Its Applications. Wiley 1988, doi 10.1002/9780470316757.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.dose_response.least_squares import Box, fit
from exodelivery.judge.dose_response.newton_ends import Sought, newton_ends, sought_of
from exodelivery.judge.dose_response.search import search
from exodelivery.judge.dose_response.task import DOSE, Mark, Task
from exodelivery.solve.timeline import Array

CHECKS, CHECK_STEPS = 4, 12
"""How often an end is tried from the best fit's side, and in how many steps."""
STAGES = (0.5, 0.8, 1.0)
"""Shares of the way, in standard deviations, by which an end is reached that is not reached at once."""
LOWER = 1e-4
"""Share of the growth of the sum of squares by which another valley counts as deeper."""


def ends(
    task: Task,
    theta: Array,
    cost: Array,
    box: Box,
    places: Sequence[int],
    spread: Array,
    variance: Array,
    quantile: Array,
) -> Array:
    """Return both ends of the intervals of some unknowns.

    Newton's method finds nearly all. Each end is then tried from the best fit's side, since a curve with few doses has
    several valleys: where that finds a lower sum of squares the end lies further out. What is left is searched.

    Parameters
    ----------
    task : Task
    theta, cost : array, (curves, unknowns) and (curves,)
        The best fit.
    box : Box
    places : sequence of int
        Which unknowns.
    spread : array, (curves, unknowns, unknowns)
        Inverse of the normal matrix at the best fit.
    variance, quantile : array, (curves,)
        Of one observation of weight one, and of Student's t.

    Returns
    -------
    array, (curves, places, 2)
        At a bound of the unknown where the data do not refuse it: minus or plus infinity.
    """
    sought = sought_of(task, tuple(places))
    found = sought.sign * np.inf
    curve, place = sought.curve, sought.place
    held = ~box.free[curve, place]
    found[held] = theta[curve[held], place[held]]
    edge = np.where(sought.sign > 0, box.high[curve, place], box.low[curve, place])
    sound = np.isfinite(cost) & (variance > 0) & np.isfinite(quantile)
    rows = np.flatnonzero(~held & sound[curve] & (edge != theta[curve, place]))
    found[rows], _ = newton_ends(task, theta, cost, box, sought.rows(rows), variance, quantile)
    going = rows[np.isnan(found[rows])]
    start = theta[curve[going]]
    for share in STAGES:
        if len(going):
            found[going], start = newton_ends(
                task, theta, cost, box, sought.rows(going), variance, share * quantile, start
            )
    going = rows[np.isfinite(found[rows])]
    for _ in range(CHECKS):
        if not len(going):
            break
        deeper, start = _deeper(task, theta, cost, box, sought.rows(going), variance, quantile, found[going])
        going, start = going[deeper], start[deeper]
        if not len(going):
            break
        found[going], _ = newton_ends(task, theta, cost, box, sought.rows(going), variance, quantile, start)
        going = going[np.isfinite(found[going])]
    found[going] = np.nan
    for row in np.unique(place[np.isnan(found)]):
        for sign in (-1.0, 1.0):
            left = np.flatnonzero(np.isnan(found) & (place == row) & (sought.sign == sign))
            if len(left):
                which = curve[left]
                found[left] = search(
                    task.rows(which), theta[which], cost[which], box.rows(which), int(row), spread[which],
                    variance[which], quantile[which], sign,
                )  # fmt: skip
    return found.reshape(len(theta), len(places), 2)


def _deeper(
    task: Task, theta: Array, cost: Array, box: Box, sought: Sought, variance: Array, quantile: Array, value: Array
) -> tuple[NDArray[np.bool_], Array]:
    """Return which ends have a lower sum of squares than they should, and all unknowns there."""
    curve, every = sought.curve, np.arange(len(sought.curve))
    free = box.free[curve]
    free[every, sought.place] = False
    start = theta[curve]
    start[every, sought.place] = value
    room = quantile[curve] ** 2 * variance[curve]
    bounds = Box(box.low[curve], box.high[curve], free)
    ended = fit(task.rows(curve), start, bounds, 1e-9, 1e-6 * room, CHECK_STEPS)
    return ended.cost < cost[curve] + room * (1.0 - LOWER), ended.theta


def at_mark(task: Task, theta: Array, mark: Mark) -> tuple[Task, Array]:
    """Return the task and its unknowns with another dose as the coordinate; infinite where it does not exist."""
    marked = replace(task, mark=mark)
    moved = theta.copy()
    moved[:, DOSE] = marked.placed(theta)
    return marked, moved
