"""Floor 6: sparse designs, where each animal gives one sample or a few: the mean curve's area and its standard error.

The area is a weighted sum of means, AUC = Σ wᵢ x̄ᵢ; its variance is Σ wᵢ² sᵢ²/rᵢ + 2 Σ wᵢ wⱼ rᵢⱼ sᵢⱼ/(rᵢ rⱼ), the second
sum for animals that gave several samples. Under a logarithmic rule the weights are the slopes of the area.

References
----------
Bailer AJ. Testing for the equality of area under the curves when using destructive measurement techniques.
J Pharmacokinet Biopharm 1988;16:303. doi:10.1007/BF01062139
Nedelman JR, Jia X. An extension of Satterthwaite's approximation applied to pharmacokinetics. J Biopharm Stat
1998;8:317. doi:10.1080/10543409808835241 (variance and degrees of freedom)
Holder DJ. Comments on Nedelman and Jia's extension. J Biopharm Stat 2001;11:75. doi:10.1081/BIP-100104199 (covariance)
Yuan J. Estimation of variance for AUC in animal studies. J Pharm Sci 1993;82:761. doi:10.1002/jps.2600820718
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exodelivery.solve.noncompartmental.curve import Curve
from exodelivery.solve.noncompartmental.trapezoids import steps, weights
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """Animals by time.

    Attributes
    ----------
    times : array, (times,)
    animals : tuple of str, (animals,)
    levels : array, (times, animals)
        nan where an animal gave no sample.
    """

    times: Array
    animals: tuple[str, ...]
    levels: Array

    @property
    def counts(self) -> Array:
        """Samples at each time, (times,)."""
        counts: Array = np.sum(~np.isnan(self.levels), axis=1).astype(float)
        return counts

    @property
    def means(self) -> Array:
        """Mean level at each time, (times,)."""
        return np.array(np.nanmean(self.levels, axis=1))

    @property
    def batched(self) -> bool:
        """Whether an animal gave more than one sample."""
        return bool(np.any(np.sum(~np.isnan(self.levels), axis=0) > 1))

    def curve(self) -> Curve:
        """Return the curve of means."""
        return Curve(self.times, self.means)

    def covariance(self, other: Sparse | None = None) -> Array:
        """Return the covariance of the means, (times, times), with those of another matrix of the same animals.

        Raises nothing for times of one sample: their variance is nan, and the standard error with it.
        """
        second = self if other is None else other
        shared = [name for name in self.animals if name in second.animals]
        left = self.levels[:, [self.animals.index(name) for name in shared]]
        right = second.levels[:, [second.animals.index(name) for name in shared]]
        found = np.zeros((len(self.times), len(second.times)))
        for i, x in enumerate(left):
            for j, y in enumerate(right):
                both = ~np.isnan(x) & ~np.isnan(y)
                r, ri, rj = int(both.sum()), self.counts[i], second.counts[j]
                if r:
                    product = float((x[both] - self.means[i]) @ (y[both] - second.means[j]))
                    freedom = (r - 1) + (1 - r / ri) * (1 - r / rj)
                    covariance = product / freedom if freedom > 0 else math.nan
                    found[i, j] = r * _bounded(covariance, self, i, second, j) / (ri * rj)
        return found


def _bounded(covariance: float, left: Sparse, i: int, right: Sparse, j: int) -> float:
    """Return a covariance within what two variances allow (Cauchy and Schwarz)."""
    if left is right and i == j:
        return covariance
    most = math.sqrt(_variance(left.levels[i]) * _variance(right.levels[j]))
    return max(-most, min(most, covariance)) if not math.isnan(most) else covariance


def _variance(levels: Array) -> float:
    seen = levels[~np.isnan(levels)]
    return float(np.var(seen, ddof=1)) if len(seen) > 1 else math.nan


@dataclass(frozen=True, slots=True)
class Error:
    """Standard error of an area, its degrees of freedom (nan where batches of animals overlap in time) and a note."""

    se: float
    freedom: float
    note: str = ""

    def interval(self, area: float) -> tuple[float, float]:
        """Return the 95 % interval: by t where there are degrees of freedom, else by the normal distribution."""
        from scipy.stats import norm, t

        reach = self.se * float(norm.ppf(0.975) if math.isnan(self.freedom) else t.ppf(0.975, self.freedom))
        return area - reach, area + reach


def error_of_area(design: Sparse, rule: str) -> Error:
    """Return the standard error of the area to the last positive mean.

    Examples
    --------
    >>> import numpy as np
    >>> nan = np.nan
    >>> levels = np.array([[1.0, 3.0, nan, nan], [nan, nan, 2.0, 2.0]])
    >>> round(error_of_area(Sparse(np.array([0.0, 1.0]), tuple("abcd"), levels), "linear").se, 9)
    0.5
    """
    if not np.any(design.means > 0):
        return Error(math.nan, math.nan, "no mean is positive")
    _, w = _weighed(design, rule)
    counts, spread = design.counts, np.array([_variance(row) for row in design.levels])
    weighing = w != 0
    if np.isnan(spread[weighing]).any():
        lonely = ", ".join(f"{at:g}" for at in design.times[weighing & np.isnan(spread)])
        return Error(math.nan, math.nan, f"one sample alone at {lonely}: no standard error of the area")
    variance = _quadratic(w, design.covariance(), w)
    if design.batched:
        freedom = _batches(design, w)
        note = "" if freedom else "animals' times overlap in part: the interval is by the normal distribution"
        return Error(math.sqrt(max(variance, 0.0)), freedom or math.nan, note)
    parts = w[weighing] ** 2 * spread[weighing] / counts[weighing]
    below = float(np.sum(parts**2 / (counts[weighing] - 1)))
    return Error(math.sqrt(variance), variance**2 / below if below > 0 else math.nan)


def _batches(design: Sparse, w: Array) -> float:
    """Return Satterthwaite's degrees of freedom where animals fall into batches of own times, else 0.

    An animal of a batch gives a partial area, and the whole is a sum of independent means of those.
    """
    sampled = ~np.isnan(design.levels)
    batches: dict[bytes, list[int]] = {}
    for n in range(sampled.shape[1]):
        batches.setdefault(sampled[:, n].tobytes(), []).append(n)
    kept = [members for members in batches.values() if np.any(w[sampled[:, members[0]]] != 0)]
    shared = np.sum([sampled[:, members[0]] for members in kept], axis=0) > 1
    if any(len(members) < 2 for members in kept) or np.any(shared):
        return 0.0
    parts = []
    for members in kept:
        at = sampled[:, members[0]]
        partial = w[at] @ design.levels[at][:, members]
        parts.append((float(np.var(partial, ddof=1)) / len(members), len(members) - 1))
    below = sum(part**2 / freedom for part, freedom in parts)
    return sum(part for part, _ in parts) ** 2 / below if below > 0 else 0.0


def _weighed(design: Sparse, rule: str) -> tuple[float, Array]:
    """Return the area to the last positive mean, and its derivative by each mean."""
    last = int(np.flatnonzero(design.means > 0)[-1]) + 1
    found = np.zeros(len(design.times))
    found[:last] = weights(rule, design.times[:last], design.means[:last])
    return float(steps(rule, design.times[:last], design.means[:last])[0].sum()), found


def ratio_of_areas(over: Sparse, under: Sparse, rule: str) -> tuple[float, float]:
    """Return the ratio of two areas and its standard error (delta method), animals shared by both taken together.

    Parameters
    ----------
    over, under : Sparse
        E.g. a tissue and the plasma of the same animals.

    Returns
    -------
    ratio, se : float
        nan for the error where a time that counts has one sample alone.
    """
    (above, a), (below, b) = _weighed(over, rule), _weighed(under, rule)
    top, base = _quadratic(a, over.covariance(), a), _quadratic(b, under.covariance(), b)
    both = _quadratic(a, over.covariance(under), b)
    ratio = above / below
    relative = top / above**2 + base / below**2 - 2 * both / (above * below)
    return ratio, ratio * math.sqrt(max(relative, 0.0)) if not math.isnan(relative) else math.nan


def _quadratic(left: Array, covariance: Array, right: Array) -> float:
    """Return left · covariance · right, where what no weight meets may be unknown."""
    return float(np.sum(np.where(np.outer(left, right) != 0, np.outer(left, right) * covariance, 0.0)))


def sparse_of(samples: Mapping[str, Mapping[float, float]]) -> Sparse:
    """Return a design from the levels of each animal by time."""
    times = sorted({time for levels in samples.values() for time in levels})
    animals = tuple(samples)
    grid = np.full((len(times), len(animals)), math.nan)
    for n, name in enumerate(animals):
        for time, level in samples[name].items():
            grid[times.index(time), n] = level
    return Sparse(np.array(times), animals, grid)
