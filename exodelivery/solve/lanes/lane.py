"""Floor 6: what happens to one lane of a workspace between two kernels, compiled by numba.

A workspace is one vector; row r of lane l of L stands at ``r * L + l``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from exodelivery.solve.lanes.calls import call4
from exodelivery.solve.lanes.compiled import compiled

FINE, NOT_FINITE, TOO_SMALL, SPENT = 0, 1, 2, 3
SPARSE = 2.0


class Course(NamedTuple):
    """Timelines laid end to end.

    ``spans[j]`` and ``spans[j + 1]`` bound the segments of timeline j; by segment: ``begins`` (segments, 2) its ends in
    time, ``answers`` (segments, 2) the rows of ``times`` that fall in it, ``jumps`` and ``inputs`` (segments, states).
    By output: its time ``since`` the segment's begin, and the ``room`` to the one behind it, or to the end. A step ends
    at an output that has room for ``SPARSE`` steps: there the method has its full order, also in what is stiff, and
    between two ends the interpolant has one less. Crowded outputs are read from it.
    """

    spans: Any
    begins: Any
    answers: Any
    jumps: Any
    inputs: Any
    times: Any
    since: Any
    room: Any


class Weights(NamedTuple):
    """Tolerances: absolute and growing parts by state, the relative one, and the budget of steps."""

    absolute: Any
    drift: Any
    relative: float
    most_steps: int


class Kernels(NamedTuple):
    """Addresses of compiled kernels."""

    bind: int
    start: int
    begin: int
    step: int
    dense: int
    commit: int
    observe: int


@compiled
def workspace(doubles: int) -> Any:
    """Return a zeroed vector that begins at a multiple of 64 bytes."""
    raw = np.zeros(doubles + 8)
    skip = ((64 - raw.ctypes.data % 64) % 64) // 8
    return raw[skip : skip + doubles]


@compiled
def prepare(w: Any, rows: Any, lanes: int, lane: int, weights: Any) -> None:
    """Set what no parameter set changes."""
    w[rows.relative * lanes + lane] = weights.relative
    w[rows.reach * lanes + lane] = 0.5 * max(weights.relative, 1e-12) ** -0.35
    w[rows.span * lanes + lane] = 1.0
    w[rows.h * lanes + lane] = 1e-6
    for i in range(weights.drift.size):
        w[(rows.drift + i) * lanes + lane] = weights.drift[i]
        w[(rows.weight + i) * lanes + lane] = 1.0
        w[(rows.x + i) * lanes + lane] = 1.0


@compiled
def put_start(w: Any, rows: Any, lanes: int, lane: int, weights: Any) -> None:
    """Take the starting values that the kernel ``start`` left in the row ``argument``."""
    for i in range(weights.absolute.size):
        w[(rows.x + i) * lanes + lane] = w[(rows.argument + i) * lanes + lane]
        w[(rows.weight + i) * lanes + lane] = max(weights.absolute[i], 1e-300)


@compiled
def enter(w: Any, rows: Any, lanes: int, lane: int, course: Any, segment: int, weights: Any) -> None:
    """Begin a segment: its dose, its inputs, its own clock."""
    w[rows.begin * lanes + lane] = course.begins[segment, 0]
    w[rows.span * lanes + lane] = course.begins[segment, 1] - course.begins[segment, 0]
    w[rows.t * lanes + lane] = 0.0
    w[rows.rejected * lanes + lane] = 0.0
    for i in range(weights.drift.size):
        value = w[(rows.x + i) * lanes + lane] + course.jumps[segment, i]
        w[(rows.x + i) * lanes + lane] = value
        w[(rows.inputs + i) * lanes + lane] = course.inputs[segment, i]
        reached = weights.drift[i] * abs(value)
        w[(rows.weight + i) * lanes + lane] = max(w[(rows.weight + i) * lanes + lane], reached)


@compiled
def begun(w: Any, rows: Any, lanes: int, lane: int, n: int) -> None:
    """Take the first step and the tolerances that the kernel ``begin`` left in ``used`` and ``moved``."""
    w[rows.h * lanes + lane] = w[rows.used * lanes + lane]
    for i in range(n):
        w[(rows.weight + i) * lanes + lane] = w[(rows.moved + i) * lanes + lane]


@compiled
def endless(w: Any, rows: Any, lanes: int, lane: int, n: int) -> int:
    """Return the first state whose rate is not finite, or -1."""
    for i in range(n):
        if not math.isfinite(w[(rows.f + i) * lanes + lane]):
            return i
    return -1


@compiled
def interpolate(w: Any, rows: Any, lanes: int, lane: int, theta: float, point: Any) -> None:
    """Read the step's interpolant at a fraction of the step."""
    back, n = 1.0 - theta, point.size
    for i in range(n):
        at = i * lanes + lane
        if theta == 1.0:  # its coefficients may not have been worked out
            point[i] = w[rows.moved * lanes + at]
            continue
        curve = w[(rows.dense + n) * lanes + at] + theta * w[(rows.dense + 2 * n) * lanes + at]
        curve = w[rows.dense * lanes + at] + theta * curve
        point[i] = back * w[rows.x * lanes + at] + theta * (w[rows.moved * lanes + at] + back * curve)


@compiled
def show(observe: int, time: float, point: Any, parameters: Any, out: Any, place: int) -> None:
    """Write states, or with the kernel ``observe`` the model's outputs, to a row of ``out``."""
    if observe == 0:
        for i in range(point.size):
            out[place, i] = point[i]
    else:
        clock = np.full(1, time)
        call4(observe, clock.ctypes.data, point.ctypes.data, parameters.ctypes.data, out[place].ctypes.data)


@compiled
def verdict(w: Any, rows: Any, lanes: int, lane: int, steps: int, most_steps: int) -> int:
    """Say whether a lane that is not done may go on."""
    t, h = w[rows.t * lanes + lane], w[rows.h * lanes + lane]
    if not t + h > t:
        return TOO_SMALL
    return SPENT if steps >= most_steps else FINE


@compiled
def worst(w: Any, rows: Any, lanes: int, lane: int, n: int) -> int:
    """Return the state whose error estimate is largest against its own size; one not finite comes first."""
    found, largest = 0, -1.0
    for i in range(n):
        error = abs(w[(rows.moves + 7 * n + i) * lanes + lane] - w[(rows.moves + 6 * n + i) * lanes + lane])
        size = w[rows.relative * lanes + lane] * abs(w[(rows.x + i) * lanes + lane])
        ratio = error / (size + w[(rows.weight + i) * lanes + lane])
        if not math.isfinite(ratio):
            return i
        if ratio > largest:
            found, largest = i, ratio
    return found


@compiled
def blank(out: Any, first: int, stop: int) -> None:
    """Mark rows that a failed run did not reach."""
    for place in range(first, stop):
        for i in range(out.shape[1]):
            out[place, i] = np.nan
