"""Floor 6: the walk over a timeline that every solver written in Python shares.

Between two breakpoints nothing is added from outside but constant rates, so a solver sees smooth problems
only; what happens *at* a breakpoint, to states and to their derivatives, stands here once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError
from exodelivery.solve.timeline import Array, Timeline

Rates = Callable[[float, Array], Array]


@dataclass(frozen=True, slots=True)
class Segment:
    """One smooth piece of a run, with the rows of the asked times that it answers.

    Attributes
    ----------
    index : int
        Breakpoint at which it begins.
    begin, finish : float
        [h]; equal for a jump at the very end.
    rows : slice
        Times in ``[begin, finish)``, or up to and including the end of the run in the last segment.
    """

    index: int
    begin: float
    finish: float
    rows: slice


def segments(timeline: Timeline, times: Array) -> Iterator[Segment]:
    """Yield the segments of a run in order.

    Raises
    ------
    SimulationError
        The times do not rise, or lie outside the run.

    Examples
    --------
    >>> import numpy as np
    >>> dosing = Timeline(np.array([0.0, 24.0]), np.zeros((2, 1)), np.zeros((2, 1)), end=48.0)
    >>> [(s.begin, s.finish, s.rows.stop) for s in segments(dosing, np.array([1.0, 24.0, 48.0]))]
    [(0.0, 24.0, 1), (24.0, 48.0, 3)]
    """
    edges, bounds = edges_and_rows(timeline, times)
    for index, (begin, finish) in enumerate(pairwise(edges)):
        yield Segment(index, begin, finish, slice(bounds[index], bounds[index + 1]))


def edges_and_rows(timeline: Timeline, times: Array) -> tuple[list[float], list[int]]:
    """Return the ends of all segments, and the rows of the times that bound each, both one longer than segments.

    Raises
    ------
    SimulationError
        The times do not rise, or lie outside the run.
    """
    require_times(timeline, times)
    edges = [time for time in timeline.times.tolist() if time <= timeline.end]
    bounds = [0, *times.searchsorted(edges[1:]).tolist(), len(times)]
    return [*edges, float(timeline.end)], bounds


def fitting(equations: Equations, parameters: Array, timeline: Timeline) -> Array:
    """Return the parameters as an array, or raise if they or the timeline do not fit the equations."""
    values: Array = np.asarray(parameters, dtype=float)
    if values.shape != (len(equations.parameters),):
        raise SimulationError(
            f"parameters have shape {values.shape}, the equations want ({len(equations.parameters)},)",
            remedy="give one value a parameter",
        )
    if timeline.jumps.shape[1] != len(equations.states):
        raise SimulationError(
            f"the timeline is for {timeline.jumps.shape[1]} states, not {len(equations.states)}",
            remedy="build the timeline from the same equations",
        )
    return values


def require_times(timeline: Timeline, times: Array) -> None:
    """Raise unless the times rise and lie within the run."""
    first, end = float(timeline.times[0]), timeline.end
    if end < first:
        raise SimulationError(f"the run ends at {end:g} h, before it starts at {first:g} h", remedy="give a later end")
    if not len(times):
        return
    if times.ndim != 1 or not bool((times[1:] >= times[:-1]).all()) or math.isnan(times[0]):
        raise SimulationError("output times must be numbers and rise", remedy="sort them")
    if times[0] < first or times[-1] > end:
        raise SimulationError(
            f"output times {times[0]:g} to {times[-1]:g} h leave the run, {first:g} to {end:g} h",
            remedy="ask for times within the run, or let it end later",
        )


def cross(
    timeline: Timeline, index: int, rates: Rates, states: Array, sensitivities: Array | None
) -> tuple[Array, Array | None]:
    """Carry states and sensitivities over a breakpoint: the dose, its derivatives, and the shift of its time.

    A breakpoint whose time depends on a parameter adds ``(f_before - f_after) dt/dp`` to the sensitivities.
    """
    after = states + timeline.jumps[index]
    if sensitivities is None:
        return after, None
    found = sensitivities.copy()
    if timeline.jumps_by is not None:
        found += timeline.jumps_by[index]
    if timeline.times_by is not None and index > 0 and np.any(timeline.times_by[index]):
        time = float(timeline.times[index])
        before = rates(time, states) + timeline.inputs[index - 1]
        beyond = rates(time, after) + timeline.inputs[index]
        found += np.outer(before - beyond, timeline.times_by[index])
    return after, found


def peaks(rates: Rates, jacobian: Rates, start: Array, timeline: Timeline) -> Array:
    """Return roughly how large each state becomes, (states,), to choose absolute tolerances from.

    A scout by linearly implicit Euler needs no tolerance of its own: the scale of a state is the largest
    value that it has reached. States have different units, so no state lends its scale to another.
    """
    x, highest = start, np.abs(start)
    for segment in segments(timeline, np.empty(0)):
        x = x + timeline.jumps[segment.index]
        scout = _Scout(rates, jacobian, timeline.inputs[segment.index])
        x, highest, finished = scout.over(segment, x, np.maximum(highest, np.abs(x)))
        if not finished:
            break
    return highest


@dataclass(frozen=True, slots=True)
class _Scout:
    rates: Rates
    jacobian: Rates
    inputs: Array
    accuracy: float = 0.1
    most_steps: int = 1000

    def over(self, segment: Segment, x: Array, highest: Array) -> tuple[Array, Array, bool]:
        t, h = segment.begin, 1e-6 * (segment.finish - segment.begin)
        slope = self.rates(t, x) + self.inputs
        history = [(t, highest)]
        for _ in range(self.most_steps):
            if t >= segment.finish or t + h == t:
                break
            h = min(h, segment.finish - t)
            with np.errstate(all="ignore"):
                moved, beyond = self.step(t, x, h, slope)
                reached = np.maximum(highest, np.abs(moved))
                scale = np.where(highest > 0, reached, np.inf)  # a state that leaves zero has no scale yet
                error = float(np.max(0.5 * h * np.abs(beyond - slope) / scale, initial=0.0))
            if error <= self.accuracy:
                t, x, slope, highest = t + h, moved, beyond, reached
                history.append((t, highest))
            factor = 0.8 * float(np.sqrt(self.accuracy / max(error, 1e-12)))
            h *= min(5.0, max(0.2, factor)) if np.isfinite(error) else 0.2
        if t >= segment.finish:
            return x, highest, True
        # where the states run away, their last values are no scale for what came before
        calm = segment.begin + 0.9 * (t - segment.begin)
        return x, [found for time, found in history if time <= calm or time == segment.begin][-1], False

    def step(self, t: float, x: Array, h: float, slope: Array) -> tuple[Array, Array]:
        try:
            moved = x + h * np.linalg.solve(np.eye(len(x)) - h * self.jacobian(t, x), slope)
        except np.linalg.LinAlgError:
            moved = np.full_like(x, np.nan)
        return moved, self.rates(t + h, moved) + self.inputs
