"""Floor 6: the states that a series of doses settles to when it has gone on for ever.

One interval of dosing maps the states at its begin to those at its end, and a steady state is what this map leaves as
it is. It is iterated with Anderson's mixing: for a linear model that is GMRES, so a half-life of a thousand intervals
costs no thousand intervals. What does not settle is an outcome that names the state. Accounts only count what has
passed, and have no steady state.

References
----------
Walker HF, Ni P. Anderson acceleration for fixed-point iterations. SIAM J Numer Anal 2011;49:1715.
doi:10.1137/10078356X
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.solve.outcome import SUCCESS, Outcome
from exodelivery.solve.solvers.protocol import Solution, Solver, Tolerance
from exodelivery.solve.timeline import Array, Timeline

Mask = NDArray[np.bool_]
MOST_INTERVALS = 300
"""Intervals that are run before a series is said not to settle."""
BEYOND = 1e-13
"""Part of a level that rounding may lose: where this is more than the doses may leave, they pile up without end."""
MEMORY = 12
"""Intervals that the mixing remembers; the slow modes of a model are fewer."""
WITHIN = np.linspace(0.0, 1.0, 9)
"""Parts of an interval at which the size of each state is seen."""


@dataclass(frozen=True, slots=True)
class Period:
    """One interval of dosing, run from any states.

    Attributes
    ----------
    solver : Solver
    kernels : object
    parameters : array, (parameters,)
    cycle : Timeline
        From 0 to the interval [h].
    start : array, (states,)
        Where the solver starts by itself.
    tolerance : Tolerance
    """

    solver: Solver
    kernels: Any
    parameters: Array
    cycle: Timeline
    start: Array
    tolerance: Tolerance

    def run(self, states: Array, *, dense: bool = False) -> Solution:
        """Run the interval from these states."""
        jumps = self.cycle.jumps.copy()
        jumps[0] += states - self.start
        line = replace(self.cycle, jumps=jumps)
        return self.solver.solve(self.kernels, self.parameters, line, WITHIN * line.end, self.tolerance, dense=dense)


def settle(period: Period, lasting: Mask, allowed: Array, tolerance: float) -> tuple[Array, Outcome]:
    """Return the states at the begin of an interval that are the same at its end, and how that went.

    Parameters
    ----------
    period : Period
    lasting : array of bool, (states,)
        Which states have to settle; the others keep their start.
    allowed : array, (states,)
        Largest change over an interval [base units]: a small part of what the doses bring. Where doses outrun saturated
        clearance, mixing reaches levels against which what is gained in an interval looks like nothing.
    tolerance : float
        Largest change over an interval, relative to the largest value of each state within it.

    Returns
    -------
    states : array, (states,)
        Where it did not settle, the last that were tried.
    outcome : Outcome
        Its time is within the interval; its state is the one that changes most.
    """
    now = period.start.copy()
    mixing, worst, every = _Mixing(lasting), -1, f"{period.cycle.end:g} h"
    for _ in range(MOST_INTERVALS):
        found = period.run(now)
        if not found.outcome:
            return now, replace(found.outcome, what=f"on the way to the steady state, {found.outcome.what}")
        then = np.where(lasting, found.states[-1], period.start)
        size = np.maximum(np.max(np.abs(found.states), axis=0), np.finfo(float).tiny)
        beyond = np.where(lasting, BEYOND * size / allowed, 0.0)
        if np.max(beyond) > 1:
            return now, _none(f"what comes every {every} piles up without end", period, int(np.argmax(beyond)))
        off = np.abs(then - now) / np.minimum(tolerance * size, allowed)
        worst = int(np.argmax(off))
        if off[worst] <= 1:
            return then, SUCCESS
        now = mixing.next(now, then, size)
    return now, _none(f"after {MOST_INTERVALS} intervals of {every} it still changes in each", period, worst)


def _none(why: str, period: Period, state: int) -> Outcome:
    remedy = "what only grows, or is never cleared, has none: give the doses before by times= instead"
    return Outcome(False, f"no steady state: {why}", period.cycle.end, state, remedy)


class _Mixing:
    """Anderson's: the next states are the combination of the last whose changes cancel best."""

    def __init__(self, lasting: Mask) -> None:
        self.lasting = lasting
        self.begins: list[Array] = []
        self.ends: list[Array] = []

    def next(self, begin: Array, end: Array, size: Array) -> Array:
        self.begins, self.ends = [*self.begins, begin][-MEMORY:], [*self.ends, end][-MEMORY:]
        if len(self.begins) < 2:
            return end
        changes = (np.array(self.ends) - np.array(self.begins)) / size
        steps = np.diff(changes, axis=0).T[self.lasting]
        weights, *_ = np.linalg.lstsq(steps, changes[-1][self.lasting], rcond=1e-12)
        mixed: Array = end - np.diff(np.array(self.ends), axis=0).T @ weights
        # A pool that the combination would overdraw keeps the value that the interval itself gave it.
        usable = np.isfinite(mixed) & ((mixed >= 0) | (end < 0))
        return np.where(usable & self.lasting, mixed, end)
