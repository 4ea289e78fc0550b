"""Floor 6: dosing records and tolerances laid out as the arrays that the drivers read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from exodelivery.errors import SimulationError
from exodelivery.solve.lanes.lane import Course, Weights
from exodelivery.solve.solvers.protocol import FLOOR, Tolerance
from exodelivery.solve.solvers.segments import edges_and_rows
from exodelivery.solve.timeline import Array, Timeline


def course(states: int, timelines: Sequence[Timeline], times: Sequence[Array]) -> Course:
    """Lay timelines with their output times end to end."""
    begins: list[tuple[float, float]] = []
    answers: list[tuple[int, int]] = []
    spans, counts, first = [0], [], 0
    for timeline, asked in zip(timelines, times, strict=True):
        if timeline.jumps.shape[1] != states:
            raise SimulationError(
                f"the timeline is for {timeline.jumps.shape[1]} states, not {states}",
                remedy="build the timeline from the same equations",
            )
        edges, bounds = edges_and_rows(timeline, asked)
        begins += pairwise(edges)
        answers += pairwise(first + bound for bound in bounds)
        counts.append(len(edges) - 1)
        spans.append(len(begins))
        first += len(asked)
    ends, held, asked = np.array(begins), np.array(answers, dtype=np.int64), stacked(times)
    since, room = _spread(ends, held, asked)
    return Course(
        np.array(spans, dtype=np.int64),
        ends,
        held,
        stacked([timeline.jumps[:count] for timeline, count in zip(timelines, counts, strict=True)]),
        stacked([timeline.inputs[:count] for timeline, count in zip(timelines, counts, strict=True)]),
        asked,
        since,
        room,
    )


def _spread(begins: Array, answers: NDArray[np.int64], times: Array) -> tuple[Array, Array]:
    """Return each output's time from its segment's begin, and how far behind it the next one or the end lies."""
    since, room = np.empty(len(times)), np.empty(len(times))
    for (begin, end), (first, stop) in zip(begins, answers, strict=True):
        since[first:stop] = times[first:stop] - begin
        room[first:stop] = np.diff(since[first:stop], append=end - begin)
    return since, room


def stacked(arrays: Sequence[Array]) -> Array:
    """Return arrays one after the other, writable and contiguous."""
    if len(arrays) == 1:
        return np.array(arrays[0], dtype=float, order="C")
    return np.concatenate(arrays, dtype=float)


def weights(tolerance: Tolerance, n: int) -> Weights:
    """Lay out a tolerance for states of this number."""
    absolute = np.zeros(n) + np.asarray(tolerance.absolute, dtype=float)
    drift = np.where(absolute > 0, 0.0, FLOOR * tolerance.relative)
    absolute = np.maximum(absolute, tolerance.unseen * tolerance.relative)
    return Weights(absolute, drift, float(tolerance.relative), int(tolerance.most_steps))
