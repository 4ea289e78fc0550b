"""Floor 6: one parameter set, with sensitivities over lanes of parameters and with the steps kept if they are wanted.

The states run through the kernels of one lane; after each accepted step the blocks of parameters follow with the exact
derivative of that step. Breakpoints carry the derivatives of doses, of inputs and of their times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from exodelivery.solve.lanes.calls import call1, call2, call4, call7
from exodelivery.solve.lanes.compiled import compiled
from exodelivery.solve.lanes.lane import (
    FINE,
    NOT_FINITE,
    begun,
    blank,
    endless,
    enter,
    interpolate,
    prepare,
    put_start,
    reached,
    show,
    verdict,
    workspace,
    worst,
)

STAGES = 8


class Variation(NamedTuple):
    """Kernels and layout of sensitivities; ``parameters`` is 0 where there are none.

    ``times``, ``slopes`` and ``dense`` are the method's; ``jumps_by``, ``inputs_by`` (segments, states, parameters)
    and ``times_by`` (segments, parameters) the derivatives of the course; ``scales`` the sizes of the parameters if
    sensitivities are held to the tolerance too, else empty.
    """

    parameters: int
    lanes: int
    blocks: int
    size: int
    source: int
    inputs: int
    now: int
    next: int
    stages: int
    jacobian: int
    coupling: int
    vary: int
    start_by: int
    propagate: int
    times: Any
    slopes: Any
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
    keep: bool,
    out: Any,
    by: Any,
    report: Any,
) -> Any:
    """Integrate one set over timeline 0; return the kept steps.

    ``out`` (times, states) and ``by`` (times, states, count) are filled; ``report`` (4,) takes code, time, state and
    steps. A kept step is one row: begin of the segment, time in it, step, then x, its end and three dense rows.
    """
    n, count = course.jumps.shape[1], parameters.size
    w = workspace(rows.end)
    base = w.ctypes.data
    v = workspace(variation.blocks * variation.size)
    matrices = workspace(STAGES * (variation.jacobian + variation.coupling) + 1)
    kept, steps, total = np.empty((64 if keep else 0, 3 + 5 * n)), 0, 0
    point, before = np.empty(n), np.empty(n)
    prepare(w, rows, 1, 0, weights)
    for i in range(count):
        w[rows.parameters + i] = parameters[i]
    call1(kernels.bind, base)
    call1(kernels.start, base)
    put_start(w, rows, 1, 0, weights)
    if variation.parameters:
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
            _show_now(v, variation, by, row, n)
            row += 1
        if bad >= 0:
            report[0], report[1], report[2], report[3] = NOT_FINITE, course.begins[s, 0], bad, steps
            _blank_all(out, by, row)
            return kept[:total]
        moving = course.begins[s, 1] > course.begins[s, 0]
        while moving:
            call1(kernels.step, base)
            steps += 1
            if w[rows.accepted] > 0.0 and variation.parameters:
                _vary(w, rows, v, matrices, variation, n)
                if variation.scales.size and not _held(w, rows, v, variation, n):
                    w[rows.accepted], w[rows.rejected], w[rows.h] = 0.0, 1.0, 0.5 * w[rows.used]
            accepted = w[rows.accepted] > 0.0
            if accepted:
                end = reached(w, rows, 1, 0)
                wanted = row < course.answers[s, 1] and course.times[row] - w[rows.begin] <= end
                if wanted or keep:
                    call1(kernels.dense, base)
                while row < course.answers[s, 1] and course.times[row] - w[rows.begin] <= end:
                    theta = (course.times[row] - w[rows.begin] - w[rows.t]) / w[rows.used]
                    interpolate(w, rows, 1, 0, theta, point)
                    show(0, course.times[row], point, parameters, out, row)
                    _show(v, variation, theta, by, row, n)
                    row += 1
                if keep:
                    if total == kept.shape[0]:
                        kept = np.concatenate((kept, np.empty_like(kept)))
                    _keep(w, rows, kept[total], n)
                    total += 1
                _advance(v, variation, n)
            call1(kernels.commit, base)
            if accepted and w[rows.last] > 0.0:
                break
            code = verdict(w, rows, 1, 0, steps, weights.most_steps)
            if code != FINE:
                report[0], report[1] = code, w[rows.begin] + w[rows.t]
                report[2], report[3] = worst(w, rows, 1, 0, n), steps
                _blank_all(out, by, row)
                return kept[:total]
    report[0], report[3] = FINE, steps
    return kept[:total]


@compiled
def _cross(w: Any, rows: Any, v: Any, variation: Any, s: int, later: bool, before: Any, n: int) -> None:
    """Carry sensitivities over a breakpoint: ``f`` holds the rates after it, ``before`` those before it."""
    for p in range(variation.parameters):
        block = (p // variation.lanes) * variation.size + p % variation.lanes
        for i in range(n):
            place = block + (variation.now + i) * variation.lanes
            if variation.jumps_by.size:
                v[place] += variation.jumps_by[s, i, p]
            if variation.times_by.size and later:
                shift = variation.times_by[s, p]
                if shift != 0.0:
                    v[place] += (before[i] - w[rows.f + i]) * shift
            if variation.inputs_by.size:
                v[block + (variation.inputs + i) * variation.lanes] = variation.inputs_by[s, i, p]


@compiled
def _vary(w: Any, rows: Any, v: Any, matrices: Any, variation: Any, n: int) -> None:
    base, blocks, first = w.ctypes.data, v.ctypes.data, matrices.ctypes.data
    coupling = first + 8 * STAGES * variation.jacobian
    moment = np.empty(2)
    for stage in range(STAGES):
        moment[0] = w[rows.begin] + w[rows.t] + variation.times[stage] * w[rows.used]
        moment[1] = variation.slopes[stage] * w[rows.used]
        call7(
            variation.vary,
            base,
            base + 8 * (rows.arguments + stage * n),
            base + 8 * (rows.k + stage * n),
            first + 8 * stage * variation.jacobian,
            coupling + 8 * stage * variation.coupling,
            blocks + 8 * (variation.source + stage * n) * variation.lanes,
            moment.ctypes.data,
        )
    for block in range(variation.blocks):
        call4(variation.propagate, base, first, coupling, blocks + 8 * block * variation.size)


@compiled
def _held(w: Any, rows: Any, v: Any, variation: Any, n: int) -> bool:
    """Say whether every parameter's sensitivities keep the tolerance, each in units of state over parameter."""
    for p in range(variation.parameters):
        block, total = (p // variation.lanes) * variation.size + p % variation.lanes, 0.0
        for i in range(n):
            error = v[block + (variation.stages + 7 * n + i) * variation.lanes]
            size = abs(v[block + (variation.next + i) * variation.lanes])
            size = w[rows.relative] * size + w[rows.weight + i] / variation.scales[p]
            total += (error / size) ** 2
        if not total <= n:
            return False
    return True


@compiled
def _advance(v: Any, variation: Any, n: int) -> None:
    for block in range(variation.blocks):
        start = block * variation.size
        for i in range(n * variation.lanes):
            v[start + variation.now * variation.lanes + i] = v[start + variation.next * variation.lanes + i]


@compiled
def _show_now(v: Any, variation: Any, by: Any, row: int, n: int) -> None:
    for p in range(variation.parameters):
        block = (p // variation.lanes) * variation.size + p % variation.lanes
        for i in range(n):
            by[row, i, p] = v[block + (variation.now + i) * variation.lanes]


@compiled
def _show(v: Any, variation: Any, theta: float, by: Any, row: int, n: int) -> None:
    """Read the derivative of the interpolant; it is linear in the derivatives of the stages."""
    if variation.parameters == 0:
        return
    lanes, back = variation.lanes, 1.0 - theta
    weights, found = np.empty(STAGES), np.empty(lanes)
    for stage in range(STAGES):
        curve = variation.dense[1, stage] + theta * variation.dense[2, stage]
        weights[stage] = theta * back * (variation.dense[0, stage] + theta * curve)
    for block in range(variation.blocks):
        start, p = block * variation.size, block * lanes
        for i in range(n):
            now, then = start + (variation.now + i) * lanes, start + (variation.next + i) * lanes
            for lane in range(lanes):
                found[lane] = back * v[now + lane] + theta * v[then + lane]
            for stage in range(STAGES):
                at = start + (variation.stages + stage * n + i) * lanes
                for lane in range(lanes):
                    found[lane] += weights[stage] * v[at + lane]
            for lane in range(min(lanes, variation.parameters - p)):
                by[row, i, p + lane] = found[lane]


@compiled
def _keep(w: Any, rows: Any, kept: Any, n: int) -> None:
    kept[0], kept[1], kept[2] = w[rows.begin], w[rows.t], w[rows.used]
    for i in range(n):
        kept[3 + i], kept[3 + n + i] = w[rows.x + i], w[rows.moved + i]
    for i in range(3 * n):
        kept[3 + 2 * n + i] = w[rows.dense + i]


@compiled
def _blank_all(out: Any, by: Any, row: int) -> None:
    blank(out, row, out.shape[0])
    for place in range(row, by.shape[0]):
        by[place] = np.nan
