"""Floor 7: counts: cells in a field, colonies, decays: Poisson, or negative binomial where they scatter more.

References
----------
Lawless JF. Negative binomial and mixed Poisson regression. Can J Stat 1987;15:209, doi 10.2307/3314912: variance
``predicted + predicted**2 / size``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.noises.protocol import FAILED, Contribution
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True)
class Counts:
    """Whole numbers about a predicted mean.

    Attributes
    ----------
    values : tuple of float
        Empty for Poisson; ``(size,)`` for the negative binomial.
    estimated : tuple of bool
    """

    values: tuple[float, ...] = ()
    estimated: tuple[bool, ...] = ()

    @property
    def kind(self) -> str:
        """Its word."""
        return "negative binomial" if self.values else "Poisson"

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of its numbers."""
        return ("size",) if self.values else ()

    def contribution(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Contribution:
        """Return what the rows say.

        Raises
        ------
        FitError
            If a count is none, or is a limit.

        Examples
        --------
        >>> found = Counts().contribution(np.array([3.0]), np.zeros(1), np.array([3.0]), np.empty(0))
        >>> round(float(found.each[0]), 4), float(found.by_prediction[0])
        (1.4959, 0.0)
        """
        from scipy.special import digamma, gammaln, polygamma

        if np.any(observed < 0) or np.any(observed != np.round(observed)):
            raise FitError("a count is a whole number, not negative", remedy="choose another noise for these rows")
        if np.any(limits != 0):
            raise FitError("a count has no limit", remedy="leave the row out, or choose another noise")
        good = np.isfinite(predicted) & (np.nan_to_num(predicted) > 0)
        f, y = np.where(good, predicted, 1.0), observed
        size = float(numbers[0]) if self.values else math.inf
        count = len(self.values)
        by_numbers, mixed, of_numbers = np.zeros((len(f), count)), np.zeros((len(f), count)), np.zeros((count, count))
        if math.isinf(size):
            each = f - y * np.log(f) + gammaln(y + 1)
            by, information = 1 - y / f, 1 / f
        else:
            each = gammaln(size) - gammaln(y + size) + gammaln(y + 1)
            each = each - size * np.log(size / (size + f)) - y * np.log(f / (size + f))
            by, information = (y + size) / (size + f) - y / f, size / (f * (size + f))
            slope = digamma(size) - digamma(y + size) - np.log(size / (size + f)) - 1 + (size + y) / (size + f)
            by_numbers[:, 0] = size * slope
            bend = (
                polygamma(1, size) - polygamma(1, y + size) - 1 / size + 2 / (size + f) - (size + y) / (size + f) ** 2
            )
            by_numbers[~good] = 0.0
            of_numbers[0, 0] = max(size**2 * float(np.sum(bend[good])) + float(np.sum(by_numbers)), 1e-9)
        by, information = np.where(good, by, 0.0), np.where(good, information, 0.0)
        return Contribution(np.where(good, each, FAILED), by, by_numbers, information, mixed, of_numbers)

    def standardised(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Array:
        """Return Pearson residuals, (rows,)."""
        variance = predicted + (predicted**2 / numbers[0] if self.values else 0.0)
        with np.errstate(all="ignore"):
            found = (observed - predicted) / np.sqrt(variance)
        return np.where(np.isfinite(found), found, math.sqrt(2 * FAILED))

    def draw(self, predicted: Array, numbers: Array, generator: np.random.Generator) -> Array:
        """Return counts that might have been seen, (rows,)."""
        if not self.values:
            return np.asarray(generator.poisson(predicted), dtype=float)
        return np.asarray(generator.negative_binomial(numbers[0], numbers[0] / (numbers[0] + predicted)), dtype=float)
