"""Floor 6: many parameter sets over lanes: whoever finishes makes room for the next, so lanes stay full.

Compiled by numba once a machine and cached; it knows no model. Each lane's numbers depend on its own set only, so
results are the same bits whatever the lanes, the threads and the order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exodelivery.solve.lanes.calls import call1
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


@compiled
def run_sets(  # noqa: PLR0915 (the one integration loop: in parts it would hide its order)
    kernels: Any,
    rows: Any,
    lanes: int,
    parameters: Any,
    first: int,
    stop: int,
    which: Any,
    course: Any,
    bases: Any,
    weights: Any,
    out: Any,
    report: Any,
) -> None:
    """Integrate the sets ``first`` to ``stop``.

    ``which`` names the timeline of a set and ``bases`` what to add to a row of ``course.times`` to find its row of
    ``out``; ``report`` (sets, 4) takes code, time, state and steps.
    """
    n, count = course.jumps.shape[1], parameters.shape[1]
    w = workspace(rows.end * lanes)
    base = w.ctypes.data
    alive, fresh, new = np.zeros(lanes, np.bool_), np.zeros(lanes, np.bool_), np.zeros(lanes, np.bool_)
    sets, segment = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    row, stops, steps = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    point, times, since, room = np.empty(n), course.times, course.since, course.room
    for lane in range(lanes):
        prepare(w, rows, lanes, lane, weights)
        for i in range(count):
            w[(rows.parameters + i) * lanes + lane] = parameters[first, i]
    coming, running, most_steps = first, 0, weights.most_steps
    accepted, last, used = rows.accepted * lanes, rows.last * lanes, rows.used * lanes
    at, ended, proposed = rows.t * lanes, rows.span * lanes, rows.h * lanes
    wanted_at, free, whole = np.full(lanes, np.inf), np.zeros(lanes), np.zeros(lanes)
    stirred = True  # a lane has ended, or begins a segment
    while True:
        if stirred:
            stirred = any_new = False
            for lane in range(lanes):
                new[lane] = not alive[lane] and coming < stop
                if new[lane]:
                    sets[lane] = coming
                    coming += 1
                    running += 1
                    alive[lane] = fresh[lane] = any_new = True
                    segment[lane] = course.spans[which[sets[lane]]]
                    row[lane] = course.answers[segment[lane], 0]
                    steps[lane] = 0
                    for i in range(count):
                        w[(rows.parameters + i) * lanes + lane] = parameters[sets[lane], i]
            if running == 0:
                break
            if any_new:
                call1(kernels.bind, base)
                call1(kernels.start, base)
                for lane in range(lanes):
                    if new[lane]:
                        put_start(w, rows, lanes, lane, weights)
            any_fresh = False
            for lane in range(lanes):
                while fresh[lane]:
                    s, q = segment[lane], sets[lane]
                    enter(w, rows, lanes, lane, course, s, weights)
                    while row[lane] < course.answers[s, 1] and course.times[row[lane]] <= course.begins[s, 0]:
                        for i in range(n):
                            point[i] = w[(rows.x + i) * lanes + lane]
                        show(kernels.observe, course.begins[s, 0], point, parameters[q], out, bases[q] + row[lane])
                        row[lane] += 1
                    if course.begins[s, 1] > course.begins[s, 0]:
                        whole[lane], stops[lane] = w[ended + lane], course.answers[s, 1]
                        left = row[lane] < stops[lane]
                        wanted_at[lane] = since[row[lane]] if left else np.inf
                        free[lane] = room[row[lane]] if left else -1.0
                        any_fresh = True
                        break
                    segment[lane] += 1
                    if segment[lane] >= course.spans[which[q] + 1]:
                        alive[lane], fresh[lane], stirred = False, False, True
                        running -= 1
                        report[q, 0], report[q, 3] = FINE, steps[lane]
            if any_fresh:
                call1(kernels.begin, base)
                for lane in range(lanes):
                    if fresh[lane]:
                        fresh[lane] = False
                        begun(w, rows, lanes, lane, n)
                        room_left = free[lane] >= SPARSE * w[proposed + lane]
                        w[ended + lane] = wanted_at[lane] if room_left else whole[lane]
                        i = endless(w, rows, lanes, lane, n)
                        if i >= 0:
                            s, q = segment[lane], sets[lane]
                            alive[lane], wanted_at[lane], stirred = False, np.inf, True
                            running -= 1
                            report[q, 0], report[q, 1] = NOT_FINITE, course.begins[s, 0]
                            report[q, 2], report[q, 3] = i, steps[lane]
                            end = course.answers[course.spans[which[q] + 1] - 1, 1]
                            blank(out, bases[q] + row[lane], bases[q] + end)
            if running == 0:
                continue
        call1(kernels.step, base)
        wanted, between = False, False
        for lane in range(lanes):
            end = w[rows.reached * lanes + lane]
            if wanted_at[lane] <= end:
                wanted = True
                between = between or wanted_at[lane] < end or w[last + lane] == 0.0
        if wanted:
            if between:
                call1(kernels.dense, base)
            for lane in range(lanes):
                end = w[rows.reached * lanes + lane]
                while wanted_at[lane] <= end:
                    q = sets[lane]
                    theta = (wanted_at[lane] - w[at + lane]) / w[used + lane]
                    interpolate(w, rows, lanes, lane, theta, point)
                    show(kernels.observe, times[row[lane]], point, parameters[q], out, bases[q] + row[lane])
                    row[lane] += 1
                    left = row[lane] < stops[lane]
                    wanted_at[lane] = since[row[lane]] if left else np.inf
                    free[lane] = room[row[lane]] if left else -1.0
        call1(kernels.commit, base)
        for lane in range(lanes):
            if not alive[lane]:
                continue
            steps[lane] += 1
            if w[rows.pause * lanes + lane] > 0.0 or steps[lane] >= most_steps:
                q = sets[lane]
                if w[accepted + lane] > 0.0 and w[last + lane] > 0.0 and w[ended + lane] == whole[lane]:
                    segment[lane] += 1
                    fresh[lane] = stirred = True
                    if segment[lane] >= course.spans[which[q] + 1]:
                        alive[lane] = fresh[lane] = False
                        running -= 1
                        report[q, 0], report[q, 3] = FINE, steps[lane]
                        continue
                    w[proposed + lane] = 1.0
                code = verdict(w, rows, lanes, lane, steps[lane], most_steps)
                if code != FINE:
                    alive[lane], fresh[lane], wanted_at[lane], stirred = False, False, np.inf, True
                    running -= 1
                    report[q, 0] = code
                    report[q, 1] = w[rows.begin * lanes + lane] + w[at + lane]
                    report[q, 2], report[q, 3] = worst(w, rows, lanes, lane, n), steps[lane]
                    end = course.answers[course.spans[which[q] + 1] - 1, 1]
                    blank(out, bases[q] + row[lane], bases[q] + end)
            w[ended + lane] = wanted_at[lane] if free[lane] >= SPARSE * w[proposed + lane] else whole[lane]
