"""Floor 6: linear models of many parameter sets between breakpoints, to rounding: matrix exponentials over lanes.

``E_j``, the affine map over ``2^j`` hours, is squared up once a set; the way over any time is then a product of the
``E_j`` of its binary digits with a vector, and a short series for what is left. Squaring begins where ``|A| 2^j`` is a
quarter or less, in each lane by itself, so that a set's numbers do not depend on its neighbours. No eigenvalues: equal
rates, where closed forms divide by zero, are like any others.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from exodelivery.solve.lanes.calls import call1, call3, call4
from exodelivery.solve.lanes.compiled import compiled
from exodelivery.solve.lanes.lane import FINE, NOT_FINITE, blank, show, workspace

MOST_LEVELS = 200  # of squaring: a time scale 2^-200 of the run's is no number that anyone meant


class LinearKernels(NamedTuple):
    """Addresses of compiled kernels."""

    bind: int
    start: int
    observe: int
    linear: int
    affine: int
    series: int


class Block(NamedTuple):
    """Room for one block of lanes, and for the maps of its levels.

    ``matrix`` (states², lanes) and ``rates`` (states, lanes), the latter with the inputs; ``still`` where nothing flows
    in; ``maps`` (levels, states², lanes), ``shifts`` (levels, states, lanes); ``x`` and ``y`` (states, lanes); ``step``
    (lanes,).
    """

    matrix: Any
    rates: Any
    still: Any
    maps: Any
    shifts: Any
    x: Any
    y: Any
    step: Any


@compiled
def run_linear(
    kernels: Any,
    rows: Any,
    lanes: int,
    parameters: Any,
    first: int,
    stop: int,
    which: Any,
    course: Any,
    bases: Any,
    out: Any,
    report: Any,
) -> None:
    """Solve the sets ``first`` to ``stop``; arguments as of :func:`~exodelivery.solve.lanes.population.run_sets`."""
    n = course.jumps.shape[1]
    w, matrix = workspace(rows.end * lanes), workspace(n * n * lanes)
    vectors = workspace(6 * n * lanes)
    size = n * lanes
    rates, still, x, y = (
        vectors[:size],
        vectors[size : 2 * size],
        vectors[2 * size : 3 * size],
        vectors[3 * size : 4 * size],
    )
    offsets, step = vectors[4 * size : 5 * size], vectors[5 * size :]
    begin = first
    while begin < stop:
        end = begin + 1
        while end < stop and end < begin + lanes and _alike(course, which[begin], which[end]):
            end += 1
        for lane in range(lanes):
            for i in range(parameters.shape[1]):
                w[(rows.parameters + i) * lanes + lane] = parameters[min(begin + lane, end - 1), i]
        call1(kernels.bind, w.ctypes.data)
        call1(kernels.start, w.ctypes.data)
        call3(kernels.linear, w.ctypes.data, matrix.ctypes.data, offsets.ctypes.data)
        x[:] = w[rows.argument * lanes : (rows.argument + n) * lanes]
        lowest, highest, least = _levels(matrix, n, lanes, course, which[begin])
        maps, shifts = workspace((highest - least + 1) * n * size), workspace((highest - least + 1) * size)
        block = Block(matrix, rates, still, maps, shifts, x, y, step)
        rates[:] = 0.0
        _fill_maps(kernels, block, n, lanes, lowest, least)
        _walk(kernels, block, n, lanes, lowest, least, offsets, parameters, begin, end, which, course, bases, out)
        for chosen in range(begin, end):
            _close(chosen, lowest[chosen - begin] == highest + 2, which, course, bases, out, report)
        begin = end


@compiled
def _alike(course: Any, one: int, other: int) -> bool:
    """Say whether two timelines have the same breakpoints and output times; their doses may differ."""
    if one == other:
        return True
    a, b, count = course.spans[one], course.spans[other], course.spans[one + 1] - course.spans[one]
    if course.spans[other + 1] - b != count:
        return False
    for s in range(count):
        here, there = course.answers[a + s], course.answers[b + s]
        if here[1] - here[0] != there[1] - there[0]:
            return False
        for side in range(2):
            if course.begins[a + s, side] != course.begins[b + s, side]:
                return False
        for row in range(here[1] - here[0]):
            if course.times[here[0] + row] != course.times[there[0] + row]:
                return False
    return True


@compiled
def _levels(matrix: Any, n: int, lanes: int, course: Any, timeline: int) -> Any:
    """Return the level where each lane's squaring begins, the highest that any time needs, and the least of all.

    A lane whose matrix is not finite, or faster than any time that was asked for by 2^MOST_LEVELS, is marked by two
    above the highest, and its matrix is cleared.
    """
    longest = 0.0
    for s in range(course.spans[timeline], course.spans[timeline + 1]):
        longest = max(longest, course.begins[s, 1] - course.begins[s, 0])
    highest = math.floor(math.log2(longest)) if longest > 0.0 else 0
    lowest, least = np.full(lanes, highest + 1), highest + 1
    for lane in range(lanes):
        norm = 0.0
        for column in range(n):
            total = 0.0
            for row in range(n):
                total += abs(matrix[(column * n + row) * lanes + lane])
            norm = total if not total <= norm else norm
        level = -math.ceil(math.log2(norm)) - 2 if 0.0 < norm < np.inf else highest + 1
        if math.isfinite(norm) and level >= highest - MOST_LEVELS:
            lowest[lane] = min(level, highest + 1)
            least = min(least, lowest[lane])
        else:
            lowest[lane] = highest + 2
            for entry in range(n * n):
                matrix[entry * lanes + lane] = 0.0
    return lowest, highest, least


@compiled
def _fill_maps(kernels: Any, block: Any, n: int, lanes: int, lowest: Any, least: int) -> None:
    """Square the matrices up; below a lane's own level stands the lowest that it has."""
    size, levels = n * lanes, block.maps.size // (n * n * lanes)
    if levels == 0:
        return
    base, column = block.maps.ctypes.data, 8 * size
    for lane in range(lanes):
        block.step[lane] = 2.0 ** lowest[lane]
    for j in range(n):
        block.maps[j * size : (j + 1) * size] = 0.0
        for lane in range(lanes):
            block.maps[j * size + j * lanes + lane] = 1.0
        _series(kernels, block, base + j * column)
    for level in range(1, levels):
        here = base + level * n * column
        for j in range(n):
            before = here - n * column
            call4(kernels.affine, before, block.still.ctypes.data, before + j * column, here + j * column)
        for lane in range(lanes):
            if least + level <= lowest[lane]:
                for entry in range(n * n):
                    block.maps[level * n * size + entry * lanes + lane] = block.maps[entry * lanes + lane]


@compiled
def _fill_shifts(kernels: Any, block: Any, n: int, lanes: int, lowest: Any, least: int) -> None:
    """The same for what flows in: q over twice the time is P q + q."""
    size, levels = n * lanes, block.maps.size // (n * n * lanes)
    if levels == 0:
        return
    for lane in range(lanes):
        block.step[lane] = 2.0 ** lowest[lane]
    base = block.shifts.ctypes.data
    block.shifts[:size] = 0.0
    _series(kernels, block, base)
    for level in range(1, levels):
        before = base + 8 * (level - 1) * size
        call4(kernels.affine, block.maps.ctypes.data + 8 * (level - 1) * n * size, before, before, before + 8 * size)
        for lane in range(lanes):
            if least + level <= lowest[lane]:
                for i in range(n):
                    block.shifts[level * size + i * lanes + lane] = block.shifts[i * lanes + lane]


@compiled
def _series(kernels: Any, block: Any, x: int) -> None:
    call4(kernels.series, block.matrix.ctypes.data, block.rates.ctypes.data, block.step.ctypes.data, x)


@compiled
def _walk(
    kernels: Any,
    block: Any,
    n: int,
    lanes: int,
    lowest: Any,
    least: int,
    offsets: Any,
    parameters: Any,
    begin: int,
    end: int,
    which: Any,
    course: Any,
    bases: Any,
    out: Any,
) -> None:
    """Go through the segments of a block's timelines, which are alike."""
    point, leading = np.empty(n), course.spans[which[begin]]
    for s in range(course.spans[which[begin] + 1] - leading):
        changed = False
        for lane in range(lanes):
            segment = course.spans[which[min(begin + lane, end - 1)]] + s
            for i in range(n):
                block.x[i * lanes + lane] += course.jumps[segment, i]
                rate = offsets[i * lanes + lane] + course.inputs[segment, i]
                changed = changed or rate != block.rates[i * lanes + lane]
                block.rates[i * lanes + lane] = rate
        if changed:
            _fill_shifts(kernels, block, n, lanes, lowest, least)
        now = course.begins[leading + s, 0]
        for row in range(course.answers[leading + s, 0], course.answers[leading + s, 1]):
            _move(kernels, block, n, lanes, lowest, least, course.times[row] - now)
            now = course.times[row]
            for lane in range(end - begin):
                chosen = begin + lane
                own = course.answers[course.spans[which[chosen]] + s, 0] + row - course.answers[leading + s, 0]
                for i in range(n):
                    point[i] = block.x[i * lanes + lane]
                show(kernels.observe, now, point, parameters[chosen], out, bases[chosen] + own)
        _move(kernels, block, n, lanes, lowest, least, course.begins[leading + s, 1] - now)


@compiled
def _move(kernels: Any, block: Any, n: int, lanes: int, lowest: Any, least: int, duration: float) -> None:
    """Carry x over a duration: the digits from the highest down, then the series for what is left in each lane."""
    size, levels, rest = n * lanes, block.maps.size // (n * n * lanes), duration
    if duration == 0.0:
        return
    block.step[:] = duration
    common, x, y = lowest.max(), block.x, block.y
    for level in range(levels - 1, -1, -1):
        if rest < 2.0 ** (least + level):
            continue
        rest -= 2.0 ** (least + level)
        place = 8 * level * size
        maps, shifts = block.maps.ctypes.data + n * place, block.shifts.ctypes.data + place
        call4(kernels.affine, maps, shifts, x.ctypes.data, y.ctypes.data)
        if common <= least + level:
            block.step[:] = rest
            x, y = y, x
        else:
            for lane in range(lanes):
                if lowest[lane] <= least + level:
                    block.step[lane] = rest
                    for i in range(n):
                        x[i * lanes + lane] = y[i * lanes + lane]
    _series(kernels, block, x.ctypes.data)
    if x.ctypes.data != block.x.ctypes.data:
        block.x[:] = x


@compiled
def _close(chosen: int, bad: bool, which: Any, course: Any, bases: Any, out: Any, report: Any) -> None:
    """Report one set: fine, or where its solution stopped being finite; rows from there on are blank."""
    spans = course.spans
    begin, stop = course.answers[spans[which[chosen]], 0], course.answers[spans[which[chosen] + 1] - 1, 1]
    report[chosen, 0], report[chosen, 1], report[chosen, 2] = FINE, course.begins[spans[which[chosen]], 0], -1
    if bad:
        report[chosen, 0] = NOT_FINITE
        blank(out, bases[chosen] + begin, bases[chosen] + stop)
        return
    for row in range(begin, stop):
        for i in range(out.shape[1]):
            if not math.isfinite(out[bases[chosen] + row, i]):
                report[chosen, 0], report[chosen, 1] = NOT_FINITE, course.times[row]
                blank(out, bases[chosen] + row, bases[chosen] + stop)
                return
