"""Floor 6: a run through legs: each begins where its record says, and they are stitched to one solution.

The stitched timeline keeps what each record did to the states as a jump, so that ledgers close over resets, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine
from exodelivery.solve.outcome import SUCCESS, Outcome
from exodelivery.solve.records import Leg, Line
from exodelivery.solve.solvers.protocol import Solution, Solver, Tolerance
from exodelivery.solve.steady_state import Mask, Period, settle
from exodelivery.solve.timeline import Array, Timeline

NOTICED = 1e-5
"""Part of what an interval brings that no pool may gain or lose over it at steady state."""


def follow(
    compiled: Machine,
    method: Solver,
    numbers: Array,
    legs: tuple[Leg, ...],
    times: Array,
    tolerance: Tolerance,
) -> tuple[Timeline, Solution]:
    """Run through all legs.

    Parameters
    ----------
    compiled : Machine
    method : Solver
    numbers : array, (parameters,)
    legs : tuple of Leg
    times : array, (times,)
        Rising [h].
    tolerance : Tolerance

    Returns
    -------
    timeline : Timeline
        Of the whole run.
    solution : Solution
        With its interpolant. A steady state that does not settle is an outcome.
    """
    kernels = compiled.kernels(method.emitter)
    if len(legs) == 1:
        line = legs[0].timeline
        return line, method.solve(kernels, numbers, line, times, tolerance, dense=True)
    return _Walk(compiled, method, kernels, numbers, tolerance, legs).over(times)


def lasting(compiled: Machine) -> Mask:
    """Return which states can have a steady state: all but accounts and inputs, (states,) of bool."""
    return np.array([variable.kind not in ("account", "input") for variable in compiled.system.variables])


def given_over_time(compiled: Machine) -> Mask:
    """Return which states are inputs, (states,) of bool; their course is in the timeline of each leg."""
    return np.array([variable.kind == "input" for variable in compiled.system.variables], dtype=bool)


@dataclass(frozen=True, slots=True)
class _Walk:
    compiled: Machine
    method: Solver
    kernels: Any
    numbers: Array
    tolerance: Tolerance
    legs: tuple[Leg, ...]

    def over(self, times: Array) -> tuple[Timeline, Solution]:
        start = self.compiled.kernels("numpy").start(self.numbers)
        rows = np.full((len(times), len(start)), np.nan)
        pieces: list[tuple[Timeline, Solution]] = []
        lines: list[Timeline] = []
        now, left, outcome = start, start, SUCCESS
        for place, leg in enumerate(self.legs):
            line, last = leg.timeline, place + 1 == len(self.legs)
            now, outcome = self._entry(leg, now, start)
            if not outcome:
                break
            if line.end == line.times[0] and not last:
                continue
            lines.append(replace(line, jumps=_first(line.jumps, now - left)))
            inside = (times >= line.times[0]) & ((times < line.end) | last)
            asked = np.append(times[inside], line.end)
            moved = replace(line, jumps=_first(line.jumps, now - start))
            found = self.method.solve(self.kernels, self.numbers, moved, asked, self.tolerance, dense=True)
            rows[inside] = found.states[:-1]
            pieces.append((line, found))
            now = left = found.states[-1]
            outcome = replace(found.outcome, steps=sum(piece.outcome.steps for _, piece in pieces))
            if not outcome:
                break
        whole = _joined(lines or [self.legs[0].timeline], self.legs[-1].timeline.end)
        if not outcome:
            return whole, Solution(times, rows, outcome)
        knots = [piece.knots for _, piece in pieces if piece.knots is not None]
        return whole, Solution(
            times, rows, outcome, None, lambda asked: _curve(pieces, asked), np.concatenate(knots) if knots else None
        )

    def _entry(self, leg: Leg, now: Array, start: Array) -> tuple[Array, Outcome]:
        """Return the states that a leg begins with, before its own doses."""
        if leg.entry == "start":
            return start, SUCCESS
        assert leg.line is not None and leg.values is not None
        _, found, outcome = steady(self.compiled, self.method, leg.values, leg.line, self.tolerance)
        if not outcome:
            return now, replace(outcome, time=float(leg.timeline.times[0]))
        states = found if leg.entry == "alone" else now + found - start
        return np.where(given_over_time(self.compiled), start, states), outcome


def steady(
    compiled: Machine, method: Solver, numbers: Array, line: Line, tolerance: Tolerance
) -> tuple[Period, Array, Outcome]:
    """Return a line's interval, the states at the line's time, had its series gone on for ever, and how that went."""
    closer = replace(tolerance, relative=max(tolerance.relative / 100, 1e-12))
    start = compiled.kernels("numpy").start(numbers)
    period = Period(method, compiled.kernels(method.emitter), numbers, line.cycle(), start, closer)
    return period, *settle(period, lasting(compiled), _allowed(compiled, period.cycle), tolerance.relative / 10)


def _allowed(compiled: Machine, cycle: Timeline) -> Array:
    """Return by how much each state may change over an interval at its steady state, (states,) [base units]."""
    lengths = np.diff(np.append(cycle.times, cycle.end))
    brought = cycle.jumps.sum(axis=0) + lengths @ cycle.inputs
    ledgers = np.array([variable.ledger for variable in compiled.system.variables])
    found = np.full(len(ledgers), np.inf)
    for ledger in set(ledgers[brought > 0]) - {""}:
        found[ledgers == ledger] = NOTICED * brought[ledgers == ledger].sum()
    return found


def _first(jumps: Array, more: Array) -> Array:
    found = jumps.copy()
    found[0] += more
    return found


def _joined(lines: list[Timeline], end: float) -> Timeline:
    return Timeline(
        np.concatenate([line.times for line in lines]),
        np.concatenate([line.jumps for line in lines]),
        np.concatenate([line.inputs for line in lines]),
        end,
    )


def _curve(pieces: list[tuple[Timeline, Solution]], asked: Array) -> Array:
    begins = np.array([line.times[0] for line, _ in pieces])
    where = np.clip(np.searchsorted(begins, asked, side="right") - 1, 0, None)
    found = np.empty((len(asked), pieces[0][1].states.shape[1]))
    for n, (_, piece) in enumerate(pieces):
        chosen = where == n
        if chosen.any():
            assert piece.dense is not None
            found[chosen] = piece.dense(asked[chosen])
    return found
