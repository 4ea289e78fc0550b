"""Floor 8: the verb that fits dose-response curves, one or ten thousand, with profile intervals.

Curves with as many wells and plates are fitted in one go (:mod:`~exodelivery.judge.dose_response.task`), in blocks that
fit the processor's cache, on threads; the results do not depend on either.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from exodelivery.errors import nearest
from exodelivery.judge.dose_response.curve import Curve, bounded
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.least_squares import Box, Ends, covariance
from exodelivery.judge.dose_response.least_squares import fit as least
from exodelivery.judge.dose_response.profile import at_mark, ends
from exodelivery.judge.dose_response.results import Curves
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError, Shape, shape
from exodelivery.judge.dose_response.starts import best_of, off_scale, on_scale, span_of
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, FORM, HALF_EFFECT, POSITION, Mark, Task
from exodelivery.judge.dose_response.wells import Columns, Wells, padded, wells_of
from exodelivery.judge.dose_response.words import DOUBT, misfit, outliers, potency, rebound
from exodelivery.solve.timeline import Array

BLOCK = 1000
INTERVALS = ("ec50", "ic50", "e0", "einf", "form")
BEYOND = math.log(1e3)
"""How far beyond the doses tested a position may lie."""
GR_BEYOND, GR_SLOPES = math.log(1e2), (0.1, 5.0)
"""On the GR scale, as in the authors' implementations, so that numbers can be compared with theirs."""
SILENT = 0.05
"""Of the highest plate's level: a plate below it has no cells, or its blanks are wrong."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of every curve."""

    shape: Shape
    scale: str
    unit: str
    level: float
    confidence: float
    fixed: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    intervals: tuple[str, ...]
    plated: bool


def curves(
    data: Any,
    *,
    dose: str = "dose",
    response: str = "response",
    by: str | Sequence[str] = (),
    unit: str = "",
    shape: str = "hill4",
    control: str | float | None = None,
    time0: str | float | None = None,
    blank: str | float | None = None,
    plate: str = "",
    weight: str = "",
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    level: float = 0.5,
    confidence: float = 0.95,
    intervals: Sequence[str] = INTERVALS,
    threads: int | None = None,
) -> Curves:
    """Fit a dose-response curve to each group of wells, with profile intervals.

    Parameters
    ----------
    data : pandas.DataFrame, path of a CSV, or mapping of columns
        One row to a well. Wells without drug have the dose 0, and are points of the curve.
    dose, response : str
        Columns.
    by : str or sequence of str
        Columns that tell curves apart, such as cell line and drug.
    unit : str
        Of the dose, for words and tables.
    shape : str
        ``hill3`` (ends at nothing), ``hill4``, ``hill5``, ``weibull1``, ``weibull2`` or ``biphasic``.
    control : str or float, optional
        Response without drug, a column or a number: responses are then viabilities relative to it. Leave it out where
        wells of dose 0 are in the table: ``e0`` is then fitted to them, and their scatter is part of every interval.
    time0 : str or float, optional
        Count when the drug was given: responses are then GR values (Hafner 2016), ``e0`` is held at 1, and ``ic50`` and
        ``ec50`` are GR50 and GEC50; ``gr_max`` and ``gr_aoc`` come along.
    blank : str or float, optional
        Taken off response, control and time0.
    plate : str, optional
        Column: plates of one curve differ in ``e0`` and share everything else; ``einf`` is then a share of ``e0``.
    weight : str, optional
        Column with the weight of each well, such as one over its variance.
    fixed : mapping, optional
        Parameters that are held, ``{"e0": 1.0, "hill": 1.0}``.
    bounds : mapping, optional
        Bounds of parameters, ``{"einf": (0.0, 1.0)}``.
    level : float
        Share of ``e0`` at which the IC50 is read.
    confidence : float
    intervals : sequence of str
        Which numbers get profile intervals, of ``ec50``, ``ic50``, ``e0``, ``einf`` and ``form``.
    threads : int, optional
        All cores by default; the numbers are the same whatever it is.

    Returns
    -------
    Curves
        A group that cannot be fitted is in it too, is false, and says why.

    Raises
    ------
    DoseResponseError
        For a column that is missing or holds no numbers, or an unknown shape, parameter or interval.

    Notes
    -----
    Least squares with equal variances of the wells times one over their weight. Standard errors are those of the
    observed information, as drc gives them; intervals are profiles with Student's t.

    References
    ----------
    Ritz C, Baty F, Streibig JC, Gerhard D. PLoS ONE 2015;10:e0146021, doi 10.1371/journal.pone.0146021.
    Hafner M, Niepel M, Chung M, Sorger PK. Nat Methods 2016;13:521, doi 10.1038/nmeth.3853.

    Examples
    --------
    >>> wells = {"dose": [0, 0, 0.01, 0.03, 0.1, 0.3, 1, 3], "response": [98, 103, 99, 95, 78, 42, 15, 6]}
    >>> found = curves(wells, unit="uM")
    >>> 0.15 < found["all"].ic50.value < 0.35
    True
    """
    choice = _choice(shape, unit, level, confidence, fixed, bounds, intervals, control, time0, plate)
    names = (by,) if isinstance(by, str) else tuple(by)
    wells = wells_of(data, Columns(dose, response, names, plate, weight, blank, control, time0))
    blocks: dict[tuple[int, int], list[int]] = {}
    for n, one in enumerate(wells):
        blocks.setdefault((len(one.dose), len(one.plates)), []).append(n)
    parts = [group[at : at + BLOCK] for group in blocks.values() for at in range(0, len(group), BLOCK)]
    found: list[Curve | None] = [None] * len(wells)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for part, fitted in zip(
            parts, pool.map(lambda part: _block([wells[n] for n in part], choice), parts), strict=True
        ):
            for n, curve in zip(part, fitted, strict=True):
                found[n] = curve
    fitted_curves = tuple(curve for curve in found if curve is not None)
    return Curves(fitted_curves, choice.unit, "viability" if plate and choice.scale == "response" else choice.scale)


def _choice(
    name: str,
    unit: str,
    level: float,
    confidence: float,
    fixed: Mapping[str, float] | None,
    bounds: Mapping[str, tuple[float, float]] | None,
    intervals: Sequence[str],
    control: object,
    time0: object,
    plate: str,
) -> Choice:
    built = shape(name)
    scale = "gr" if time0 is not None else "viability" if control is not None else "response"
    held = dict(fixed or {})
    if name == "hill3":
        held.setdefault("einf", 0.0)
    if scale == "gr":
        held.setdefault("e0", 1.0)
    known = ("e0", "einf", *(form.name for form in built.forms))
    for given in (*held, *(bounds or {})):
        if given not in known:
            raise DoseResponseError(f"the shape {name!r} has no parameter {given!r}", remedy=nearest(given, known))
    for given in intervals:
        if given not in INTERVALS:
            raise DoseResponseError(f"no interval is called {given!r}", remedy=nearest(given, INTERVALS))
    if not 0 < level < 1 or not 0 < confidence < 1:
        raise DoseResponseError("a level and a confidence lie between 0 and 1")
    limits = {key: (float(low), float(high)) for key, (low, high) in (bounds or {}).items()}
    if any(not low < high for low, high in limits.values()):
        raise DoseResponseError("a lower bound lies below its upper one")
    if scale == "gr":
        limits = {"einf": (-1.0, 1.0), "hill": GR_SLOPES, **limits}
    return Choice(built, scale, unit, level, confidence, held, limits, tuple(intervals), bool(plate))


def _block(wells: Sequence[Wells], choice: Choice) -> list[Curve]:
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
    fitted = _Fitted(some, choice, part, box, ended, free)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A block after its fit: intervals, words, nouns."""

    wells: Sequence[Wells]
    choice: Choice
    task: Task
    box: Box
    ended: Ends
    free: int

    def curves(self) -> list[Curve]:
        task, theta, cost = self.task, self.ended.theta, self.ended.cost
        freedom = (task.weight > 0).sum(axis=1) - (self.box.free.sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.where(freedom > 0, cost / np.maximum(freedom, 1), np.nan)
            quantile = stats.t.isf(0.5 * (1 - self.choice.confidence), np.maximum(freedom, 1))
        spread = covariance(task, theta, self.box.free, observed=True)
        fitted, by = task.response(theta)
        leverage = np.einsum("cpu,cuv,cpv->cp", by, np.where(np.isfinite(spread), spread, 0.0), by) * task.weight
        marks = self._doses(variance, quantile)
        rest = {
            place: self._ends(task, theta, place, variance, quantile)
            for place, word in self._places()
            if word in self.choice.intervals
        }
        found = []
        for n, given in enumerate(self.wells):
            covered = spread[n] * variance[n]
            numbers = self._numbers(n, theta[n], covered, {k: v[n] for k, v in rest.items()}, [m[n] for m in marks])
            count = len(given.dose)
            one, at = self._relative(given, fitted[n, :count], theta[n])
            far = outliers(one.response, one.response - at, leverage[n, :count], one.weight, int(freedom[n]))
            flat, explained = self._flat(one, float(cost[n]), int(freedom[n]), int(self.box.free[n].sum()))
            words = self._words(n, one, numbers, at, far, flat, float(variance[n]), int(freedom[n]), marks)
            scale = "viability" if task.proportional else self.choice.scale
            found.append(
                Curve(
                    one.key,
                    self.choice.shape,
                    self.choice.unit,
                    scale,
                    self.choice.level,
                    numbers,
                    theta[n],
                    covered,
                    float(variance[n]),
                    int(freedom[n]),
                    float(cost[n]),
                    flat,
                    explained,
                    one.dose,
                    one.response,
                    at,
                    one.weight,
                    far,
                    task.proportional,
                    words,
                )
            )
        return found

    def _relative(self, one: Wells, fitted: Array, theta: Array) -> tuple[Wells, Array]:
        """Return the wells and their fit relative to each plate's own level, where plates differ."""
        if not self.task.proportional:
            return one, fitted
        tops = np.concatenate([theta[:1], theta[FORM + len(self.choice.shape.forms) :]])[one.plate]
        return replace(one, response=one.response / tops, weight=one.weight * tops**2), fitted / tops

    def _silent(self, n: int, one: Wells) -> str:
        """Return the plates whose untreated wells give no signal beside the others, in words."""
        if not self.task.proportional:
            return ""
        size = FORM + len(self.choice.shape.forms)
        tops = np.concatenate([self.ended.theta[n, :1], self.ended.theta[n, size:]])
        low = [name for name, top in zip(one.plates, tops, strict=True) if top < SILENT * tops.max()]
        return f"plates whose untreated wells give no signal; leave them out: {', '.join(low)}" if low else ""

    def _places(self) -> list[tuple[int, str]]:
        return [(E0, "e0"), (EINF, "einf"), *((FORM + k, "form") for k in range(len(self.choice.shape.forms)))]

    def _ends(self, task: Task, theta: Array, place: int, variance: Array, quantile: Array) -> Array:
        """Return both ends of one unknown, (curves, 2); NaN where the unknown does not exist."""
        found = np.full((len(theta), 2), np.nan)
        rows = np.flatnonzero(np.isfinite(theta).all(axis=1) & np.isfinite(self.ended.cost))
        if not len(rows):
            return found
        part, here, box = task.rows(rows), theta[rows], self.box.rows(rows)
        spread = covariance(part, here, box.free)
        found[rows, 0], found[rows, 1] = ends(
            part, here, self.ended.cost[rows], box, place, spread, variance[rows], quantile[rows]
        )
        return found

    def _doses(self, variance: Array, quantile: Array) -> tuple[Array, Array]:
        """Return EC50 and IC50: natural logarithm, its standard error, both its ends, (curves, 4) each."""
        found = []
        for word, mark in (("ec50", HALF_EFFECT), ("ic50", Mark("e0", self.choice.level))):
            with np.errstate(invalid="ignore", divide="ignore"):
                task, theta = at_mark(self.task, self.ended.theta, mark)
                falls = self._falls()
            if mark.of == "e0":
                theta[~falls, DOSE] = np.nan
            here = np.isfinite(theta[:, DOSE])
            error = np.full(len(theta), np.nan)
            if here.any():
                rows = np.flatnonzero(here)
                own = covariance(task.rows(rows), theta[rows], self.box.free[rows], observed=True)[:, DOSE, DOSE]
                error[rows] = np.sqrt(np.maximum(own, 0.0) * variance[rows])
            interval = np.full((len(theta), 2), np.nan)
            if word in self.choice.intervals:
                interval = self._ends(task, theta, DOSE, variance, quantile)
            # A level that a falling curve does not reach lies beyond every dose.
            beyond = np.inf if mark.of == "e0" else np.nan
            estimate = np.where(here, theta[:, DOSE], np.where(falls, beyond, np.nan))
            found.append(np.column_stack([estimate, error, interval]))
        return found[0], found[1]

    def _falls(self) -> Any:
        theta = self.ended.theta
        e0 = theta[:, E0]
        einf = theta[:, EINF] * e0 if self.task.proportional else theta[:, EINF]
        return (e0 > 0) & (einf < e0)

    def _numbers(
        self, n: int, theta: Array, covered: Array, rest: Mapping[int, Array], marks: Sequence[Array]
    ) -> dict[str, Estimate]:
        choice, one = self.choice, self.wells[n]
        error = np.sqrt(np.maximum(np.diag(covered), 0.0))
        dosed = one.dose[one.dose > 0]
        tested = (float(dosed.min()), float(dosed.max()))
        none = np.full(2, np.nan)
        found: dict[str, Estimate] = {}
        for name, (estimate, spread, low, high) in zip(("ec50", "ic50"), marks, strict=True):
            with np.errstate(over="ignore"):
                value, interval = float(np.exp(estimate)), (float(np.exp(low)), float(np.exp(high)))
                found[name] = bounded(value, interval, tested, choice.unit, float(value * spread))
        for place, name in ((E0, "e0"), (EINF, "einf")):
            low, high = map(float, rest.get(place, none))
            found[name] = Estimate(float(theta[place]), low, high, "", "", float(error[place]))
        for k, form in enumerate(choice.shape.forms):
            place = FORM + k
            value = float(off_scale(theta[place], form.scale))
            low, high = (float(off_scale(end, form.scale)) for end in rest.get(place, none))
            slope = value * (1 - value) if form.scale == "logit" else value
            found[form.name] = Estimate(value, low, high, "", "", float(slope * error[place]))
        whole = float(theta[E0]) if self.task.proportional else 1.0
        found["at_highest"] = Estimate(float(self._response(theta, np.array([math.log(tested[1])]))[0]) / whole)
        found["auc"] = self._area(theta, covered, tested)
        if choice.scale == "gr":
            doses = np.unique(dosed)
            means = np.array([one.response[one.dose == dose].mean() for dose in doses])
            x = np.log10(doses)
            found["gr_max"] = Estimate(float(means[-2:].min()))
            found["gr_aoc"] = Estimate(float(np.trapezoid(1.0 - means, x) / (x[-1] - x[0])))
        return found

    def _response(self, theta: Array, x: Array) -> Array:
        unknowns = theta[None, : FORM + len(self.choice.shape.forms)]
        found: Array = self.task.response(unknowns, x[None, :])[0][0]
        return found

    def _area(self, theta: Array, covered: Array, tested: tuple[float, float]) -> Estimate:
        """Return the mean response over the logarithm of the dose, relative to ``e0``, with its delta interval."""
        size = FORM + len(self.choice.shape.forms)
        low, high = map(math.log, tested)
        if high <= low or theta[E0] == 0:
            return Estimate(math.nan)
        x = low + 0.5 * (high - low) * (_NODES + 1.0)
        response, by = self.task.response(theta[None, :size], x[None, :])
        mean = float(0.5 * _WEIGHTS @ response[0])
        slope = 0.5 * _WEIGHTS @ by[0] / theta[E0]
        slope[E0] -= mean / theta[E0] ** 2
        error = math.sqrt(max(float(slope @ covered[:size, :size] @ slope), 0.0))
        value, z = mean / float(theta[E0]), float(stats.norm.isf(0.5 * (1 - self.choice.confidence)))
        return Estimate(value, value - z * error, value + z * error, "", "", error)

    def _flat(self, one: Wells, cost: float, freedom: int, free: int) -> tuple[float, float]:
        """Return the P-value of a response without the dose, and the share of its scatter that the curve explains."""
        if one.weight.sum() <= 0:
            return math.nan, math.nan
        level = np.average(one.response, weights=one.weight)
        whole = float((one.weight * (one.response - level) ** 2).sum())
        explained = 1.0 - cost / whole if whole > 0 else math.nan
        if freedom < 1 or free < 2:
            return math.nan, explained
        if cost <= 1e-20 * whole:
            return 0.0, explained
        ratio = max(whole - cost, 0.0) / (free - 1) / (cost / freedom)
        return float(stats.f.sf(ratio, free - 1, freedom)), explained

    def _words(
        self,
        n: int,
        one: Wells,
        numbers: Mapping[str, Estimate],
        fitted: Array,
        far: NDArray[np.bool_],
        flat: float,
        variance: float,
        freedom: int,
        marks: Sequence[Array],
    ) -> tuple[str, ...]:
        choice = self.choice
        falls = bool(self._falls()[n]) or numbers["einf"].value < numbers["e0"].value
        level = f"{100 * choice.level:.3g} % of the response without drug"
        with np.errstate(over="ignore"):
            doses = [float(np.exp(mark[n][0])) for mark in marks]
        names = ("GEC50", "GR50") if choice.scale == "gr" else ("EC50", f"IC{100 * (1 - choice.level):.3g}")
        said = [
            f"no effect of the dose is seen (p = {flat:.2g})" if flat >= DOUBT else "",
            potency(names[1], numbers["ic50"], doses[1], f"GR {choice.level:g}" if choice.scale == "gr" else level),
            potency(names[0], numbers["ec50"], doses[0], "half of its fall"),
            "the response rises with the dose: no IC50" if not falls else "",
            rebound(one.dose, one.response, (variance, freedom), falls, choice.unit),
            misfit(one.dose, one.response, fitted, self.free),
            self._silent(n, one),
            _flagged(one, far, choice.unit),
            _bound(self.choice, self.ended.theta[n], self.box, n),
            "" if self.ended.converged[n] else "the fit did not settle: another shape, or more doses",
            f"{one.dropped} rows hold no number" if one.dropped else "",
        ]
        return tuple(text for text in said if text)


def _flagged(one: Wells, far: NDArray[np.bool_], unit: str) -> str:
    if not far.any():
        return ""
    where = ", ".join(f"{dose:.3g}" for dose in np.unique(one.dose[far]))
    return f"{int(far.sum())} of {len(far)} wells flagged as far off, kept: at {where} {unit}".rstrip()


def _bound(choice: Choice, theta: Array, box: Box, n: int) -> str:
    names = ["e0", "einf", "position", *(form.name for form in choice.shape.forms)]
    at = [
        name
        for place, name in enumerate(names)
        if box.free[n, place] and min(theta[place] - box.low[n, place], box.high[n, place] - theta[place]) <= 1e-9
    ]
    return f"at its bound, so not identified by these doses: {', '.join(at)}" if at else ""
