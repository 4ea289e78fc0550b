"""Floor 8: curves of one size are fitted together: their bounds and starts, and plates that differ in level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from exodelivery.judge.dose_response.choice import Choice
from exodelivery.judge.dose_response.curve import Curve
from exodelivery.judge.dose_response.fitted import Fitted
from exodelivery.judge.dose_response.least_squares import Box, Ends
from exodelivery.judge.dose_response.least_squares import fit as least
from exodelivery.judge.dose_response.starts import best_of, on_scale, span_of
from exodelivery.judge.dose_response.task import E0, EINF, FORM, POSITION, Task
from exodelivery.judge.dose_response.wells import Wells, padded
from exodelivery.solve.timeline import Array

BEYOND = math.log(1e3)
"""How far beyond the doses tested a position may lie."""
GR_BEYOND = math.log(1e2)
"""On the GR scale, as in the authors' implementations, so that numbers can be compared with theirs."""


def fit_block(wells: Sequence[Wells], choice: Choice) -> list[Curve]:
    """Fit wells of one size and number of plates."""
    x, y, weight = padded(wells)
    plates = len(wells[0].plates)
    task = Task(choice.shape, POSITION, x, y, weight)
    start, box = _box(task, choice, plates)
    free = int(box.free[0].sum()) if len(box.free) else 0
    distinct = [len(np.unique(one.dose)) for one in wells]
    enough = np.array([len(one.dose) > free and n >= 3 for one, n in zip(wells, distinct, strict=True)])
    rows = np.flatnonzero(enough)
    found: list[Curve] = [_unfitted(one, choice, free) for one in wells]
    if not len(rows):
        return found
    some = [wells[n] for n in map(int, rows)]
    part, start, box = task.rows(rows), start[rows], box.rows(rows)
    if not choice.plated:
        ended = best_of(part, start, box)
    else:
        part, start, box, ended = _plated(part, some, start, box, plates)
    fitted = Fitted(some, choice, part, box, ended, free)
    for n, curve in zip(rows, fitted.curves(), strict=True):
        found[n] = curve
    return found


def _box(task: Task, choice: Choice, plates: int) -> tuple[Array, Box]:
    forms = choice.shape.forms
    used = task.weight > 0
    top = np.where(used, task.y, -np.inf).max(axis=1, initial=-np.inf)
    bottom = np.where(used, task.y, np.inf).min(axis=1, initial=np.inf)
    top, bottom = np.where(np.isfinite(top), top, 1.0), np.where(np.isfinite(bottom), bottom, 0.0)
    room = np.maximum(top - bottom, 1e-9 + 1e-6 * np.abs(top))
    low_x, high_x = span_of(task)
    beyond = GR_BEYOND if choice.scale == "gr" else BEYOND
    low = np.stack([bottom - room, bottom - room, low_x - beyond, *(np.full(len(top), -np.inf) for _ in forms)], axis=1)
    high = np.stack([top + room, top + room, high_x + beyond, *(np.full(len(top), np.inf) for _ in forms)], axis=1)
    for k, form in enumerate(forms):
        ends_of = choice.bounds.get(form.name, (form.low, form.high))
        low[:, FORM + k], high[:, FORM + k] = (on_scale(end, form.scale) for end in ends_of)
    for place, name in ((E0, "e0"), (EINF, "einf")):
        if name in choice.bounds:
            low[:, place], high[:, place] = choice.bounds[name]
    start = np.zeros_like(low)
    free = np.ones(low.shape, bool)
    places = {"e0": E0, "einf": EINF, **{form.name: FORM + k for k, form in enumerate(forms)}}
    scales = {form.name: form.scale for form in forms}
    for name, value in choice.fixed.items():
        held = on_scale(value, scales[name]) if name in scales else value
        start[:, places[name]], free[:, places[name]] = held, False
    return start, Box(low, high, free)


def _plated(task: Task, wells: Sequence[Wells], start: Array, box: Box, plates: int) -> tuple[Task, Array, Box, Ends]:
    """Fit curves whose plates differ in ``e0``: from a fit of responses over each plate's own level."""
    count, points = task.x.shape
    plate = np.array([one.plate for one in wells])
    tops = np.empty((count, plates))
    for k in range(plates):
        own = plate == k
        bare = own & ~np.isfinite(task.x)
        chosen = np.where(bare.any(axis=1)[:, None], bare, own)
        middle = np.where(chosen, task.y, np.nan)
        tops[:, k] = np.where(bare.any(axis=1), np.nanmean(middle, axis=1), np.nanmax(middle, axis=1))
    scale = np.take_along_axis(tops, plate, axis=1)
    scale = np.where(np.abs(scale) > 0, scale, 1.0)
    single = replace(task, y=task.y / scale, weight=task.weight * scale**2)
    low, high = box.low.copy(), box.high.copy()
    low[:, [E0, EINF]], high[:, [E0, EINF]] = [0.05, -1.0], [20.0, 3.0]
    first = best_of(single, start, Box(low, high, box.free))
    unknowns = task.x.shape[0], start.shape[1] + plates - 1
    theta = np.zeros(unknowns)
    theta[:, : start.shape[1]] = first.theta
    theta[:, EINF] = first.theta[:, EINF] / first.theta[:, E0]
    theta[:, E0] = tops[:, 0] * first.theta[:, E0]
    theta[:, start.shape[1] :] = tops[:, 1:] * first.theta[:, [E0]]
    index = np.broadcast_to(np.arange(start.shape[1]), (count, points, start.shape[1])).copy()
    index[:, :, E0] = np.where(plate == 0, E0, start.shape[1] - 1 + plate)
    wide = np.abs(tops).max(axis=1)[:, None]
    more = np.broadcast_to(wide * 20, (count, plates - 1))
    joint = Box(
        np.concatenate([low, -more], axis=1),
        np.concatenate([high, more], axis=1),
        np.concatenate([box.free, np.ones((count, plates - 1), bool)], axis=1),
    )
    joint.low[:, E0], joint.high[:, E0] = -20 * wide[:, 0], 20 * wide[:, 0]
    shared = replace(task, index=index, proportional=True)
    return shared, theta, joint, least(shared, theta, joint)


def _unfitted(wells: Wells, choice: Choice, free: int) -> Curve:
    empty = np.zeros(0)
    words = [f"not fitted: {len(wells.dose)} wells at {len(np.unique(wells.dose))} doses for {free} unknowns"]
    words += [f"{wells.dropped} rows hold no number"] if wells.dropped else []
    return Curve(
        wells.key, choice.shape, choice.unit, choice.scale, choice.level, {}, empty, np.zeros((0, 0)), math.nan,
        len(wells.dose) - free, math.nan, math.nan, math.nan, wells.dose, wells.response,
        np.full_like(wells.dose, np.nan), wells.weight, np.zeros(len(wells.dose), bool), False, tuple(words),
    )  # fmt: skip
