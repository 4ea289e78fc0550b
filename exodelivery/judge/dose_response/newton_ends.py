"""Floor 8: ends of profile intervals found directly, those of many unknowns and curves in one array.

At an end of a profile interval the sum of squares has its target and is as small as it can be in all other unknowns:
as many equations as unknowns, solved by Newton's method (Venzon and Moolgavkar 1988) on the normal equations. Some five
steps do what the search of :mod:`~exodelivery.judge.dose_response.profile` needs fifty for; an end where the method
does not settle is left to that search.

References
----------
Venzon DJ, Moolgavkar SH. A method for computing profile-likelihood-based confidence intervals. J R Stat Soc C
1988;37:87, doi 10.2307/2347496.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.dose_response.least_squares import TINY, Box
from exodelivery.judge.dose_response.task import DOSE, FORM, Task
from exodelivery.solve.timeline import Array

STEPS = 40
EXACT = 1e-8
"""How near the root of the growth of the sum of squares comes to its target, in standard deviations."""
WILD = 3.0
"""Beyond this many times the target's growth, and above the last sum, a step is halved."""
FAR = 1.5
"""How far the logarithms among the unknowns move in a step."""
LEAST = 0.2
"""Share of a step to which slow ones are cut."""
SMALLEST = 1e-3
"""Share of a step below which the method gives up."""


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Ends that are sought: one row an end.

    Attributes
    ----------
    curve, place : array of int, (ends,)
        Whose end it is, and of which unknown.
    sign : array, (ends,)
        Minus one for lower, one for upper ends.
    """

    curve: NDArray[np.intp]
    place: NDArray[np.intp]
    sign: Array

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Sought:
        """Return some of them."""
        return Sought(self.curve[chosen], self.place[chosen], self.sign[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """Where the rows stand, with what the next step needs."""

    theta: Array
    cost: Array
    step: Array
    miss: Array
    scale: Array


def newton_ends(
    task: Task,
    theta: Array,
    cost: Array,
    box: Box,
    sought: Sought,
    variance: Array,
    quantile: Array,
    start: Array | None = None,
) -> tuple[Array, Array]:
    """Return the unknowns at their ends.

    Parameters
    ----------
    task : Task
    theta, cost : array, (curves, unknowns) and (curves,)
        The best fit.
    box : Box
    sought : Sought
    variance, quantile : array, (curves,)
        Of one observation of weight one, and of Student's t.
    start : array, (ends, unknowns), optional
        Where to begin; by default at the best fit.

    Returns
    -------
    found : array, (ends,)
        Infinite where the bound of the unknown is not refused; NaN where the method did not settle.
    where : array, (ends, unknowns)
        All unknowns there.
    """
    rows = np.arange(len(sought.curve))
    found = np.full(len(rows), np.nan)
    where = theta[sought.curve] if start is None else start.copy()
    part, bounds, aim = task.rows(sought.curve), box.rows(sought.curve), _aim(sought, cost, variance, quantile)
    best = theta[sought.curve]
    with np.errstate(all="ignore"):
        at = _point(part, where, bounds, sought, aim)
        share = np.ones(len(rows))
        for _ in range(STEPS):
            tried = np.clip(at.theta + share[:, None] * at.step, bounds.low, bounds.high)
            tried = np.where(bounds.free, tried, at.theta)
            new = _point(part, tried, bounds, sought, aim)
            worse = ~np.isfinite(new.cost) | ((new.cost - aim.least > WILD**2 * aim.room) & (new.cost > at.cost))
            # Steps that swing from side to side, as those of Gauss and Newton do where residuals are large, are cut.
            back = (at.step * new.step * new.scale).sum(axis=1) < 0
            slow = back & (new.miss > 0.3 * at.miss)
            at = _either(worse, at, new)
            share = np.where(
                worse, 0.4 * share, np.where(slow, np.maximum(0.7 * share, LEAST), np.minimum(1.0, 1.5 * share))
            )
            value = at.theta[np.arange(len(rows)), sought.place]
            settled = (at.miss <= EXACT) & (sought.sign * (value - best[np.arange(len(rows)), sought.place]) > 0)
            open_end = ~worse & (value == _edge(bounds, sought)) & (at.cost - aim.least <= aim.room)
            found[rows[settled]] = value[settled]
            found[rows[open_end]] = sought.sign[open_end] * np.inf
            where[rows] = at.theta
            go = ~(settled | open_end) & (share > SMALLEST) & np.isfinite(at.step).all(axis=1)
            if not go.any():
                break
            if not go.all():
                rows, share, best, sought = rows[go], share[go], best[go], sought.rows(go)
                kept = np.flatnonzero(go)
                part, bounds, aim = part.rows(kept), bounds.rows(kept), aim.rows(go)
                at = _Point(at.theta[go], at.cost[go], at.step[go], at.miss[go], at.scale[go])
    return found, where


@dataclass(frozen=True, slots=True, eq=False)
class _Aim:
    """The least sum of squares, the growth to the target, and the growth of a standard deviation at the end."""

    least: Array
    room: Array
    scale: Array

    def rows(self, chosen: NDArray[np.bool_]) -> _Aim:
        return _Aim(self.least[chosen], self.room[chosen], self.scale[chosen])


def _aim(sought: Sought, cost: Array, variance: Array, quantile: Array) -> _Aim:
    variance, quantile = variance[sought.curve], quantile[sought.curve]
    return _Aim(cost[sought.curve], quantile**2 * variance, 2.0 * quantile * variance)


def _edge(bounds: Box, sought: Sought) -> Array:
    every = np.arange(len(sought.place))
    found: Array = np.where(sought.sign > 0, bounds.high[every, sought.place], bounds.low[every, sought.place])
    return found


def _either(first: NDArray[np.bool_], one: _Point, other: _Point) -> _Point:
    return _Point(
        np.where(first[:, None], one.theta, other.theta),
        np.where(first, one.cost, other.cost),
        np.where(first[:, None], one.step, other.step),
        np.where(first, one.miss, other.miss),
        np.where(first[:, None], one.scale, other.scale),
    )


def _point(task: Task, theta: Array, bounds: Box, sought: Sought, aim: _Aim) -> _Point:
    """Return the sum of squares, Newton's step, and how far the equations are from holding [standard deviations]."""
    response, by = task.response(theta)
    used = task.weight > 0
    left = np.where(used, task.y - response, 0.0)
    cost = (task.weight * left**2).sum(axis=1)
    by = np.where(np.isfinite(by), by, 0.0)
    weighted = task.weight[:, :, None] * by
    turned = weighted.transpose(0, 2, 1)
    normal, gradient = np.matmul(turned, by), np.matmul(turned, left[:, :, None])[:, :, 0]
    count, size = theta.shape
    every = np.arange(count)
    own = np.arange(size)[None, :] == sought.place[:, None]
    # An unknown at its bound, which would leave it, stays for this step.
    held = ~bounds.free | ((theta <= bounds.low) & (gradient < 0)) | ((theta >= bounds.high) & (gradient > 0))
    still = held | own
    diagonal = np.einsum("cuu->cu", normal)
    scale = np.where(still, 1.0, np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True) + TINY))
    root = np.sqrt(scale)
    inner = np.where(still[:, :, None] | still[:, None, :], 0.0, normal) / (root[:, :, None] * root[:, None, :])
    inner[:, range(size), range(size)] += np.where(still, 1.0, 1e-11)
    beside = np.where(still, 0.0, normal[every, :, sought.place])
    side = np.stack([np.where(still, 0.0, gradient), -beside], axis=-1) / root[:, :, None]
    solved = np.linalg.solve(inner, side) / root[:, :, None]
    alone, along = solved[..., 0], solved[..., 1]
    gain = np.einsum("cu,cu->c", np.where(still, 0.0, gradient), alone)
    bend = normal[every, sought.place, sought.place] + np.einsum("cu,cu->c", beside, along)
    slope = gradient[every, sought.place] + np.einsum("cu,cu->c", along, gradient)
    growth = cost - aim.least - aim.room
    bend = np.maximum(bend, 1e-12 * normal[every, sought.place, sought.place] + TINY)
    # Where the parabola does not reach the target, its lowest point is the way.
    reach = np.sqrt(np.maximum(slope**2 - bend * (growth - gain), 0.0))
    move = (slope + sought.sign * reach) / bend
    value = theta[every, sought.place]
    move = np.clip(value + move, bounds.low[every, sought.place], bounds.high[every, sought.place]) - value
    step = alone + along * move[:, None]
    step[own] = move
    logarithms = np.abs(step[:, DOSE : FORM + len(task.shape.forms)]).max(axis=1)
    step *= np.minimum(1.0, FAR / np.maximum(logarithms, TINY))[:, None]
    miss = (np.abs(growth) + gain) / aim.scale
    return _Point(theta, np.where(np.isfinite(cost), cost, np.inf), step, miss, diagonal)


def sought_of(task: Task, places: tuple[int, ...]) -> Sought:
    """Return both ends of some unknowns of every curve, in the order curve, unknown, side."""
    count = len(task.x)
    curve = np.repeat(np.arange(count), 2 * len(places))
    place = np.tile(np.repeat(np.array(places, dtype=np.intp), 2), count)
    return Sought(curve, place, np.tile([-1.0, 1.0], count * len(places)))
