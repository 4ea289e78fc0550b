"""Floor 8: a block of curves after its fit: its numbers with intervals, in arrays; then one noun a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exodelivery.judge.dose_response.choice import Choice
from exodelivery.judge.dose_response.curve import Curve, bounded
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.least_squares import Box, Ends, covariance
from exodelivery.judge.dose_response.profile import at_mark, ends
from exodelivery.judge.dose_response.said import said_of
from exodelivery.judge.dose_response.starts import off_scale
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, FORM, HALF_EFFECT, Mark, Task
from exodelivery.judge.dose_response.wells import Wells
from exodelivery.judge.dose_response.words import outliers
from exodelivery.solve.timeline import Array

SILENT = 0.05
"""Of the highest plate's level: a plate below it has no cells, or its blanks are wrong."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """What is known of all curves of a block.

    ``marks``: logarithms of EC50 and IC50 with standard error and both ends, (curves, 4) each; ``rest``: both ends of
    other unknowns, (curves, 2) each; ``tested``: lowest and highest dose, (curves, 2); ``area``: with its standard
    error, (curves, 2).
    """

    marks: tuple[Array, Array]
    rest: dict[int, Array]
    error: Array
    tested: Array
    highest: Array
    area: Array


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A block after its fit."""

    wells: Sequence[Wells]
    choice: Choice
    task: Task
    box: Box
    ended: Ends
    free: int

    @property
    def size(self) -> int:
        """Unknowns of a curve of one plate."""
        return FORM + len(self.choice.shape.forms)

    def curves(self) -> list[Curve]:
        """Return one noun a curve."""
        task, theta, cost = self.task, self.ended.theta, self.ended.cost
        freedom = (task.weight > 0).sum(axis=1) - (self.box.free.sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.where(freedom > 0, cost / np.maximum(freedom, 1), np.nan)
            quantile = special.stdtrit(np.maximum(freedom, 1), 0.5 * (1 + self.choice.confidence))
        spread = covariance(task, theta, self.box.free, observed=True)
        covered = spread * variance[:, None, None]
        fitted, by = task.response(theta)
        leverage = np.einsum("cpu,cuv,cpv->cp", by, np.where(np.isfinite(spread), spread, 0.0), by) * task.weight
        known = self._known(covered, variance, quantile)
        flat, explained = self._flat(freedom)
        falls = self._falls()
        found = []
        for n, given in enumerate(self.wells):
            count = len(given.dose)
            numbers = self._numbers(n, known)
            one, at = self._relative(given, fitted[n, :count], theta[n])
            far = outliers(one.response, one.response - at, leverage[n, :count], one.weight, int(freedom[n]))
            falling = bool(falls[n]) or numbers["einf"].value < numbers["e0"].value
            scatter = (float(variance[n]), int(freedom[n]))
            doses = (known.marks[0][n, 0], known.marks[1][n, 0])
            words = said_of(self.choice, one, numbers, doses, at, far, float(flat[n]), scatter, self.free, falling)
            words += self._bounds(n, given)
            scale = "viability" if task.proportional else self.choice.scale
            found.append(
                Curve(
                    one.key, self.choice.shape, self.choice.unit, scale, self.choice.level, numbers, theta[n],
                    covered[n], scatter[0], scatter[1], float(cost[n]), float(flat[n]), float(explained[n]), one.dose,
                    one.response, at, one.weight, far, task.proportional, words,
                )
            )  # fmt: skip
        return found

    def _known(self, covered: Array, variance: Array, quantile: Array) -> _Numbers:
        theta, forms = self.ended.theta, len(self.choice.shape.forms)
        asked = [(E0, "e0"), (EINF, "einf"), *((FORM + k, "form") for k in range(forms))]
        places = [place for place, word in asked if word in self.choice.intervals]
        rest = self._ends(self.task, theta, places, variance, quantile)
        error = np.sqrt(np.maximum(np.einsum("cuu->cu", covered), 0.0))
        tested = np.array([(one.dose[one.dose > 0].min(), one.dose.max()) for one in self.wells])
        highest, _ = self.task.response(theta[:, : self.size], np.log(tested[:, 1:]))
        return _Numbers(
            self._doses(variance, quantile),
            {place: rest[:, k] for k, place in enumerate(places)},
            error,
            tested,
            highest[:, 0] / (theta[:, E0] if self.task.proportional else 1.0),
            self._areas(covered, tested),
        )

    def _ends(self, task: Task, theta: Array, places: Sequence[int], variance: Array, quantile: Array) -> Array:
        """Return both ends of some unknowns, (curves, places, 2); NaN where the unknown does not exist."""
        found = np.full((len(theta), len(places), 2), np.nan)
        rows = np.flatnonzero(np.isfinite(theta).all(axis=1) & np.isfinite(self.ended.cost))
        if not len(rows) or not places:
            return found
        part, here, box = task.rows(rows), theta[rows], self.box.rows(rows)
        spread = covariance(part, here, box.free)
        found[rows] = ends(part, here, self.ended.cost[rows], box, places, spread, variance[rows], quantile[rows])
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
                interval = self._ends(task, theta, [DOSE], variance, quantile)[:, 0]
            # A level that a falling curve does not reach lies beyond every dose.
            beyond = np.inf if mark.of == "e0" else np.nan
            estimate = np.where(here, theta[:, DOSE], np.where(falls, beyond, np.nan))
            found.append(np.column_stack([estimate, error, interval]))
        return found[0], found[1]

    def _falls(self) -> NDArray[np.bool_]:
        theta = self.ended.theta
        e0 = theta[:, E0]
        einf = theta[:, EINF] * e0 if self.task.proportional else theta[:, EINF]
        found: NDArray[np.bool_] = (e0 > 0) & (einf < e0)
        return found

    def _areas(self, covered: Array, tested: Array) -> Array:
        """Return mean responses over the logarithm of the dose, relative to ``e0``, with their standard errors."""
        theta, covered = self.ended.theta[:, : self.size], covered[:, : self.size, : self.size]
        low, high = np.log(tested[:, :1]), np.log(tested[:, 1:])
        response, by = self.task.response(theta, low + 0.5 * (high - low) * (_NODES + 1.0))
        e0 = theta[:, E0]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = 0.5 * response @ _WEIGHTS
            slope = 0.5 * np.einsum("p,cpu->cu", _WEIGHTS, by) / e0[:, None]
            slope[:, E0] -= mean / e0**2
            error = np.sqrt(np.maximum(np.einsum("cu,cuv,cv->c", slope, covered, slope), 0.0))
            found = np.column_stack([mean / e0, error])
        found[(high[:, 0] <= low[:, 0]) | (e0 == 0)] = np.nan
        return found

    def _flat(self, freedom: Array) -> tuple[Array, Array]:
        """Return P-values of a response without the dose, and the shares of its scatter that the curves explain."""
        task, cost, free = self.task, self.ended.cost, self.box.free.sum(axis=1)
        y, weight, tops = task.y, task.weight, np.ones_like(task.y)
        if task.proportional:
            for n, one in enumerate(self.wells):
                tops[n, : len(one.dose)] = self._tops(n)[one.plate]
            y, weight = y / tops, weight * tops**2
        with np.errstate(divide="ignore", invalid="ignore"):
            used = weight > 0
            level = (weight * np.where(used, y, 0.0)).sum(axis=1) / weight.sum(axis=1)
            whole = np.where(used, weight * (y - level[:, None]) ** 2, 0.0).sum(axis=1)
            explained = np.where(whole > 0, 1.0 - cost / whole, np.nan)
            ratio = np.maximum(whole - cost, 0.0) / (free - 1) / (cost / freedom)
            chance = special.fdtrc(free - 1, np.maximum(freedom, 1), ratio)
        chance = np.where((freedom < 1) | (free < 2), np.nan, np.where(cost <= 1e-20 * whole, 0.0, chance))
        silent = ~used.any(axis=1)
        return np.where(silent, np.nan, chance), np.where(silent, np.nan, explained)

    def _tops(self, n: int) -> Array:
        """Return ``e0`` of each plate."""
        theta = self.ended.theta[n]
        return np.concatenate([theta[:1], theta[self.size :]])

    def _relative(self, one: Wells, fitted: Array, theta: Array) -> tuple[Wells, Array]:
        """Return the wells and their fit relative to each plate's own level, where plates differ."""
        if not self.task.proportional:
            return one, fitted
        tops = np.concatenate([theta[:1], theta[self.size :]])[one.plate]
        return replace(one, response=one.response / tops, weight=one.weight * tops**2), fitted / tops

    def _numbers(self, n: int, known: _Numbers) -> dict[str, Estimate]:
        choice, one, theta, error = self.choice, self.wells[n], self.ended.theta[n], known.error[n]
        tested = (float(known.tested[n, 0]), float(known.tested[n, 1]))
        none = np.full(2, np.nan)
        found: dict[str, Estimate] = {}
        for name, mark in zip(("ec50", "ic50"), known.marks, strict=True):
            with np.errstate(over="ignore"):
                value, low, high = map(float, np.exp(mark[n, [0, 2, 3]]))
            found[name] = bounded(value, (low, high), tested, choice.unit, float(value * mark[n, 1]))
        for place, name in ((E0, "e0"), (EINF, "einf")):
            low, high = map(float, known.rest[place][n] if place in known.rest else none)
            found[name] = Estimate(float(theta[place]), low, high, "", "", float(error[place]))
        for k, form in enumerate(choice.shape.forms):
            place = FORM + k
            interval = known.rest[place][n] if place in known.rest else none
            value, low, high = map(float, off_scale(np.array([theta[place], *interval]), form.scale))
            slope = value * (1 - value) if form.scale == "logit" else value
            found[form.name] = Estimate(value, low, high, "", "", float(slope * error[place]))
        found["at_highest"] = Estimate(float(known.highest[n]))
        area, spread = map(float, known.area[n])
        z = float(special.ndtri(0.5 * (1 + choice.confidence)))
        found["auc"] = Estimate(area, area - z * spread, area + z * spread, "", "", spread)
        if choice.scale == "gr":
            doses = np.unique(one.dose[one.dose > 0])
            means = np.array([one.response[one.dose == dose].mean() for dose in doses])
            x = np.log10(doses)
            found["gr_max"] = Estimate(float(means[-2:].min()))
            found["gr_aoc"] = Estimate(float(np.trapezoid(1.0 - means, x) / (x[-1] - x[0])))
        return found

    def _bounds(self, n: int, one: Wells) -> tuple[str, ...]:
        """Return what is wrong with the fit or its plates, in words."""
        theta, box = self.ended.theta[n], self.box
        names = ["e0", "einf", "position", *(form.name for form in self.choice.shape.forms)]
        room = np.minimum(theta - box.low[n], box.high[n] - theta)
        at = [name for place, name in enumerate(names) if box.free[n, place] and room[place] <= 1e-9]
        said = [self._silent(n, one)]
        said += [f"at its bound, so not identified by these doses: {', '.join(at)}"] if at else []
        said += [] if self.ended.converged[n] else ["the fit did not settle: another shape, or more doses"]
        said += [f"{one.dropped} rows hold no number"] if one.dropped else []
        return tuple(text for text in said if text)

    def _silent(self, n: int, one: Wells) -> str:
        """Return the plates whose untreated wells give no signal beside the others, in words."""
        if not self.task.proportional:
            return ""
        tops = self._tops(n)
        low = [name for name, top in zip(one.plates, tops, strict=True) if top < SILENT * tops.max()]
        return f"plates whose untreated wells give no signal; leave them out: {', '.join(low)}" if low else ""
