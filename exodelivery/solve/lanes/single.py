"""Floor 6: one parameter set, with sensitivities over lanes of parameters and with the steps kept if they are wanted.

The states run through the kernels of one lane; after each accepted step the blocks of parameters follow with the exact
derivative of that step. Breakpoints carry the derivatives of doses, of inputs and of their times.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from exodelivery.compile.native.kernels import SAFETY, SHORTEST
from exodelivery.compile.native.tableau import ORDER, STAGES
from exodelivery.solve.lanes.calls import call1, call2, call3, call4
from exodelivery.solve.lanes.compiled import compiled
from exodelivery.solve.lanes.lane import (
    FINE,
    NOT_FINITE,
    SPARSE,
    begun,
    blank,
    endless,
    enter,
    interpolate,
    prepare,
    put_start,
    show,
    verdict,
    workspace,
    worst,
)


class Variation(NamedTuple):
    """Kernels and layout of sensitivities; ``parameters`` is 0 where there are none.

    ``places`` (parameters,) says where the lane of a parameter begins, ``propagate`` (blocks,) which kernel carries a
    block; ``dense`` is the method's; ``jumps_by``, ``inputs_by`` (segments, states, parameters) and ``times_by``
    (segments, parameters) the derivatives of the course; ``scales`` the sizes of the parameters if sensitivities are
    held to the tolerance too, else empty.
    """

    parameters: int
    lanes: int
    size: int
    inputs: int
    now: int
    next: int
    moves: int
    inverse: int
    error: int
    matrices: int
    vary: int
    start_by: int
    propagate: Any
    places: Any
    dense: Any
    jumps_by: Any
    inputs_by: Any
    times_by: Any
    scales: Any


@compiled
def run_one(  # noqa: PLR0915 (the one integration loop: in parts it would hide its order)
    kernels: Any,
    rows: Any,
    parameters: Any,
    course: Any,
    weights: Any,
    variation: Any,
    kept: Any,
    out: Any,
    by: Any,
    report: Any,
) -> int:
    """Integrate one set over timeline 0; return the number of steps to keep.

    ``out`` (times, states) and ``by`` (times, states, count) are filled; ``report`` (4,) takes code, time, state and
    steps. ``kept`` takes as many steps as it has room for, none if it has no rows; each is one row: begin of the
    segment, time in it, step, then x, its end and three dense rows.
    """
    n, count = course.jumps.shape[1], parameters.size
    w = workspace(rows.end)
    base = w.ctypes.data
    v = workspace(variation.propagate.size * variation.size)
    matrices = workspace(variation.matrices)
    keep, steps, total = kept.shape[0] > 0, 0, 0
    point, before = np.empty(n), np.empty(n)
    times, since, room, most_steps = course.times, course.since, course.room, weights.most_steps
    vary, error, doubles = variation.vary, variation.error * variation.lanes, n * variation.lanes
    varied, held, size = variation.parameters > 0, variation.scales.size > 0, variation.size
    propagate, places, first, blocks = variation.propagate, variation.places, matrices.ctypes.data, v.ctypes.data
    now, then = variation.now * variation.lanes, variation.next * variation.lanes
    scratch = workspace(STAGES * n * variation.lanes)
    moves, common = 8 * variation.moves * variation.lanes, scratch.ctypes.data
    prepare(w, rows, 1, 0, weights)
    for i in range(count):
        w[rows.parameters + i] = parameters[i]
    call1(kernels.bind, base)
    call1(kernels.start, base)
    put_start(w, rows, 1, 0, weights)
    if variation.parameters:
        _ready(v, variation)
        call2(variation.start_by, base, v.ctypes.data)
    for s in range(course.spans[0], course.spans[1]):
        row = course.answers[s, 0]
        if variation.parameters and s > course.spans[0]:
            call1(kernels.begin, base)
            for i in range(n):
                before[i] = w[rows.f + i]
        enter(w, rows, 1, 0, course, s, weights)
        call1(kernels.begin, base)
        begun(w, rows, 1, 0, n)
        bad = endless(w, rows, 1, 0, n)
        if variation.parameters:
            _cross(w, rows, v, variation, s, s > course.spans[0], before, n)
        while row < course.answers[s, 1] and course.times[row] <= course.begins[s, 0]:
            for i in range(n):
                point[i] = w[rows.x + i]
            show(0, course.begins[s, 0], point, parameters, out, row)
            _show_row(v, variation, variation.now, by, row, n)
            row += 1
        if bad >= 0:
            report[0], report[1], report[2], report[3] = NOT_FINITE, course.begins[s, 0], bad, steps
            _blank_all(out, by, row)
            return total
        whole, stop = w[rows.span], course.answers[s, 1]
        moving, wanted_at, free = whole > 0.0, since[row] if row < stop else np.inf, room[row] if row < stop else -1.0
        while moving:
            w[rows.span] = wanted_at if free >= SPARSE * w[rows.h] else whole
            call1(kernels.step, base)
            steps += 1
            if varied and w[rows.accepted] > 0.0:
                call3(vary, base, first, blocks)
                between = wanted_at < w[rows.reached] or (wanted_at == w[rows.reached] and w[rows.last] == 0.0)
                for block in range(propagate.size):
                    here = blocks + 8 * block * size
                    call4(propagate[block], base, first, here, here + moves if between else common)
                if held:
                    _hold(w, rows, v, places, error)
            accepted = w[rows.accepted] > 0.0
            if accepted:
                end = w[rows.reached]
                if wanted_at <= end or keep:
                    call1(kernels.dense, base)
                while wanted_at <= end:
                    theta = (wanted_at - w[rows.t]) / w[rows.used]
                    interpolate(w, rows, 1, 0, theta, point)
                    show(0, times[row], point, parameters, out, row)
                    if varied:
                        _show(v, variation, theta, by, row, n)
                    row += 1
                    wanted_at = since[row] if row < stop else np.inf
                    free = room[row] if row < stop else -1.0
                if keep:
                    if total < kept.shape[0]:
                        _keep(w, rows, kept, total, n)
                    total += 1
                for block in range(propagate.size):  # what was next is now
                    for i in range(doubles):
                        v[block * size + now + i] = v[block * size + then + i]
            call1(kernels.commit, base)
            if accepted and w[rows.last] > 0.0 and w[rows.span] == whole:
                break
            if w[rows.t] + w[rows.h] > w[rows.t] and steps < most_steps:
                continue
            code = verdict(w, rows, 1, 0, steps, most_steps)
            report[0], report[1] = code, w[rows.begin] + w[rows.t]
            report[2], report[3] = worst(w, rows, 1, 0, n), steps
            _blank_all(out, by, row)
            return total
    report[0], report[3] = FINE, steps
    return total


@compiled
def _ready(v: Any, variation: Any) -> None:
    """Set the reciprocal sizes of the parameters; idle lanes have 1."""
    for block in range(variation.propagate.size):
        for lane in range(variation.lanes):
            v[block * variation.size + variation.inverse * variation.lanes + lane] = 1.0
    if variation.scales.size:
        for p in range(variation.parameters):
            v[variation.places[p] + variation.inverse * variation.lanes] = 1.0 / variation.scales[p]


@compiled
def _cross(w: Any, rows: Any, v: Any, variation: Any, s: int, later: bool, before: Any, n: int) -> None:
    """Carry sensitivities over a breakpoint: ``f`` holds the rates after it, ``before`` those before it."""
    for p in range(variation.parameters):
        for i in range(n):
            place = variation.places[p] + (variation.now + i) * variation.lanes
            if variation.jumps_by.size:
                v[place] += variation.jumps_by[s, i, p]
            if variation.times_by.size and later:
                shift = variation.times_by[s, p]
                if shift != 0.0:
                    v[place] += (before[i] - w[rows.f + i]) * shift
            if variation.inputs_by.size:
                v[variation.places[p] + (variation.inputs + i) * variation.lanes] = variation.inputs_by[s, i, p]


@compiled
def _hold(w: Any, rows: Any, v: Any, places: Any, error: int) -> None:
    """Hold every parameter's sensitivities to the tolerance: the worst decides where it is worse than the states."""
    worst = w[rows.error]
    for p in range(places.size):
        worst = worst if v[places[p] + error] <= worst else v[places[p] + error]
    if worst == w[rows.error]:
        return
    if not worst <= 1.0:
        w[rows.accepted], w[rows.rejected] = 0.0, 1.0
    factor = SAFETY * worst ** (-0.5 / ORDER) if math.isfinite(worst) else SHORTEST
    following, asked = w[rows.used] * max(factor, SHORTEST), w[rows.asked]
    if worst <= 1.0 and w[rows.used] < asked:
        following = max(following, asked)
    w[rows.h] = min(w[rows.h], following)


@compiled
def _show_row(v: Any, variation: Any, first: int, by: Any, row: int, n: int) -> None:
    """Write what stands in the blocks, now or after the step."""
    for p in range(variation.parameters):
        for i in range(n):
            by[row, i, p] = v[variation.places[p] + (first + i) * variation.lanes]


@compiled
def _show(v: Any, variation: Any, theta: float, by: Any, row: int, n: int) -> None:
    """Read the derivative of the interpolant; it is linear in the derivatives of the stages."""
    if theta == 1.0:
        _show_row(v, variation, variation.next, by, row, n)
        return
    lanes, back = variation.lanes, 1.0 - theta
    weights = np.empty(STAGES)
    for stage in range(STAGES):
        curve = variation.dense[1, stage] + theta * variation.dense[2, stage]
        weights[stage] = theta * back * (variation.dense[0, stage] + theta * curve)
    for p in range(variation.parameters):
        for i in range(n):
            place = variation.places[p] + i * lanes
            found = back * v[place + variation.now * lanes] + theta * v[place + variation.next * lanes]
            for stage in range(STAGES):
                found += weights[stage] * v[place + (variation.moves + stage * n) * lanes]
            by[row, i, p] = found


@compiled
def _keep(w: Any, rows: Any, kept: Any, place: int, n: int) -> None:
    kept[place, 0], kept[place, 1], kept[place, 2] = w[rows.begin], w[rows.t], w[rows.used]
    for i in range(n):
        kept[place, 3 + i], kept[place, 3 + n + i] = w[rows.x + i], w[rows.moved + i]
    for i in range(3 * n):
        kept[place, 3 + 2 * n + i] = w[rows.dense + i]


@compiled
def _blank_all(out: Any, by: Any, row: int) -> None:
    blank(out, row, out.shape[0])
    for place in range(row, by.shape[0]):
        by[place] = np.nan
