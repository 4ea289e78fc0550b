"""Floor 7: noise by a location and a spread: additive, proportional, combined, log-normal; normal or Student's t.

``(h(observed) - h(predicted)) / sigma(predicted)`` follows the normal or Student's t, with h the identity or the
logarithm. Below or above a limit the likelihood is the probability of that side (Beal's M3), not half the limit.

References
----------
Beal SL. Ways to fit a PK model with some data below the quantification limit. J Pharmacokinet Pharmacodyn 2001;28:481,
doi 10.1023/A:1012299115260. Lange KL, Little RJA, Taylor JMG. Robust statistical modeling using the t distribution.
J Am Stat Assoc 1989;84:881, doi 10.1080/01621459.1989.10478852 (its information matrix).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.noises.protocol import FAILED, Contribution
from exodelivery.solve.timeline import Array

KINDS: dict[str, tuple[str, ...]] = {
    "additive": ("sd",),
    "proportional": ("cv",),
    "combined": ("sd", "cv"),
    "log-normal": ("sd",),
}
"""Kinds, and their numbers; ``combined`` adds variances: ``sd**2 + (cv * predicted)**2``."""
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True, slots=True)
class Spread:
    """Noise by a location and a spread.

    Attributes
    ----------
    kind : str
        A key of :data:`KINDS`.
    values : tuple of float
        Its numbers, or where they start; with Student's t the degrees of freedom come last.
    estimated : tuple of bool
    student : bool
        Student's t in place of the normal: outlying rows then pull less.
    """

    kind: str
    values: tuple[float, ...]
    estimated: tuple[bool, ...]
    student: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FitError(f"no noise is called {self.kind!r}", remedy=nearest(self.kind, KINDS))
        if len(self.values) != len(self.numbers) or len(self.estimated) != len(self.numbers):
            raise FitError(f"a {self.kind} noise has the numbers {', '.join(self.numbers)}")
        if not all(math.isfinite(value) and value > 0 for value in self.values):
            raise FitError(f"the numbers of a noise are positive, not {self.values}")

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of its numbers."""
        return (*KINDS[self.kind], "dof") if self.student else KINDS[self.kind]

    def contribution(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Contribution:
        """Return what the rows say; see :class:`~exodelivery.fitting.noises.protocol.NoiseModel`.

        Examples
        --------
        >>> one = Spread("additive", (1.0,), (False,))
        >>> exact, censored = one.contribution(np.zeros(2), np.array([0, -1]), np.zeros(2), np.ones(1)).each
        >>> bool(np.isclose(exact, 0.5 * np.log(2 * np.pi))), bool(np.isclose(censored, np.log(2)))
        (True, True)
        """
        good, f = self._usable(predicted)
        count = len(self.numbers)
        location, by_f = (np.log(f), 1 / f) if self.kind == "log-normal" else (f, np.ones(len(f)))
        spread, spread_by, spread_by_numbers = self._spread(f, numbers)
        with np.errstate(all="ignore"):
            target = np.log(observed) if self.kind == "log-normal" else observed
        r = (target - location) / spread
        dof = float(numbers[-1]) if self.student else math.inf
        each, score, curvature = _density(r, dof)
        each = each + np.log(spread) + (target if self.kind == "log-normal" else 0.0)
        # Of minus the log-likelihood: by the location, and by the logarithm of the spread.
        by_location, by_spread = -score / spread, 1 - r * score
        of_location, of_spread = curvature[0] / spread**2, np.full(len(f), curvature[1])
        crossed = np.zeros(len(f))
        side = limits != 0
        if side.any():
            u = -limits[side] * r[side]
            tail, hazard, bend = _tail(u, dof)
            away = limits[side] / spread[side]
            each[side], by_location[side], by_spread[side] = tail, -hazard * away, hazard * u
            of_location[side], of_spread[side] = bend * away**2, bend * u**2
            crossed[side] = -bend * away * u
        by_prediction = by_location * by_f + by_spread * spread_by
        information = of_location * by_f**2 + 2 * crossed * by_f * spread_by + of_spread * spread_by**2
        mixed = np.zeros((len(f), count))
        by_numbers = np.zeros((len(f), count))
        own = len(KINDS[self.kind])
        by_numbers[:, :own] = by_spread[:, None] * spread_by_numbers
        mixed[:, :own] = (of_spread * spread_by + crossed * by_f)[:, None] * spread_by_numbers
        of_numbers = np.zeros((count, count))
        of_numbers[:own, :own] = (of_spread[:, None] * spread_by_numbers).T @ spread_by_numbers * 1.0
        if self.student:
            self._by_dof(r, side, limits, dof, by_numbers, mixed, of_numbers, spread_by, spread_by_numbers, good)
        for array in (by_prediction, information, by_numbers, mixed):
            array[~good] = 0.0
        each[~good] = FAILED
        if not good.all():
            kept = spread_by_numbers[good]
            of_numbers[:own, :own] = (of_spread[good][:, None] * kept).T @ kept
        return Contribution(each, by_prediction, by_numbers, information, mixed, of_numbers)

    def _by_dof(
        self,
        r: Array,
        side: Any,
        limits: Array,
        dof: float,
        by_numbers: Array,
        mixed: Array,
        of_numbers: Array,
        spread_by: Array,
        spread_by_numbers: Array,
        good: Any,
    ) -> None:
        """Fill in the derivatives by the logarithm of the degrees of freedom."""
        from scipy.special import digamma, polygamma

        step = 1e-5
        where = (~side) & good
        x = 1 + r**2 / dof
        slope = 0.5 * (
            digamma(dof / 2) - digamma((dof + 1) / 2) + 1 / dof + np.log(x) - (dof + 1) * (x - 1) / (dof * x)
        )
        by_numbers[:, -1] = dof * slope
        if side.any():
            u = -limits[side] * r[side]
            ends = [_tail(u, dof * math.exp(sign * step))[0] for sign in (1, -1)]
            by_numbers[side, -1] = (ends[0] - ends[1]) / (2 * step)
        exact = int(where.sum())
        trigamma = float(polygamma(1, dof / 2) - polygamma(1, (dof + 1) / 2))
        own = 0.25 * trigamma - (dof + 5) / (2 * dof * (dof + 1) * (dof + 3))
        crossed = -2 * dof / ((dof + 1) * (dof + 3))
        of_numbers[-1, -1] = exact * dof**2 * max(own, 1e-12) + float(np.sum(by_numbers[side & good, -1] ** 2))
        both = crossed * spread_by_numbers[where].sum(axis=0)
        of_numbers[-1, :-1] = of_numbers[:-1, -1] = both
        mixed[where, -1] = crossed * spread_by[where]

    def _usable(self, predicted: Array) -> tuple[Any, Array]:
        """Return which predictions can have this noise, and all of them with a stand-in for the others."""
        good = np.isfinite(predicted)
        if self.kind == "log-normal":
            good &= np.nan_to_num(predicted) > 0
        elif self.kind == "proportional":
            good &= np.nan_to_num(predicted) != 0
        return good, np.where(good, predicted, 1.0)

    def _spread(self, f: Array, numbers: Array) -> tuple[Array, Array, Array]:
        """Return the spread, and d log spread by the prediction, (rows,), and by log numbers, (rows, numbers)."""
        if self.kind == "proportional":
            return numbers[0] * np.abs(f), 1 / f, np.ones((len(f), 1))
        if self.kind == "combined":
            sd, cv = numbers[0], numbers[1]
            variance = sd**2 + (cv * f) ** 2
            shares = np.column_stack([np.full(len(f), sd**2) / variance, (cv * f) ** 2 / variance])
            return np.sqrt(variance), cv**2 * f / variance, shares
        return np.full(len(f), numbers[0]), np.zeros(len(f)), np.ones((len(f), 1))

    def standardised(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Array:
        """Return how many standard deviations each row lies off, (rows,)."""
        good, f = self._usable(predicted)
        spread, *_ = self._spread(f, numbers)
        logs = self.kind == "log-normal"
        r = ((np.log(observed) - np.log(f)) if logs else (observed - f)) / spread
        allowed = ((limits < 0) & (r > 0)) | ((limits > 0) & (r < 0))
        return np.where(good, np.where(allowed, 0.0, r), math.sqrt(2 * FAILED))

    def draw(self, predicted: Array, numbers: Array, generator: np.random.Generator) -> Array:
        """Return what might have been observed, (rows,)."""
        size = len(predicted)
        e = generator.standard_t(float(numbers[-1]), size) if self.student else generator.standard_normal(size)
        spread, *_ = self._spread(np.where(predicted == 0, 1.0, predicted), numbers)
        found: Array = predicted * np.exp(spread * e) if self.kind == "log-normal" else predicted + spread * e
        return found


def _density(r: Array, dof: float) -> tuple[Array, Array, tuple[float, float]]:
    """Return minus the log density, its derivative by r, and the information of location and of log spread."""
    if math.isinf(dof):
        return 0.5 * r**2 + _HALF_LOG_2PI, r, (1.0, 2.0)
    constant = math.lgamma(dof / 2) - math.lgamma((dof + 1) / 2) + 0.5 * math.log(dof * math.pi)
    each = constant + (dof + 1) / 2 * np.log1p(r**2 / dof)
    return each, (dof + 1) * r / (dof + r**2), ((dof + 1) / (dof + 3), 2 * dof / (dof + 3))


def _tail(u: Array, dof: float) -> tuple[Array, Array, Array]:
    """Return -log P(z < u), the hazard pdf / cdf, and the curvature, which is never negative."""
    from scipy.special import log_ndtr
    from scipy.stats import t

    log_cdf = log_ndtr(u) if math.isinf(dof) else t.logcdf(u, dof)
    each, score, _ = _density(u, dof)
    hazard = np.exp(-each - log_cdf)
    return -log_cdf, hazard, np.maximum(hazard**2 + hazard * score, 0.0)
