"""Floor 8: growth rates: GR values, at one time or between readings, and the drug-induced proliferation rate (DIP).

A viability depends on how often the untreated cells divided; a growth rate under drug relative to that without does
not.

References
----------
Hafner M, Niepel M, Chung M, Sorger PK. Nat Methods 2016;13:521, doi 10.1038/nmeth.3853.
Harris LA, Frick PL, Garbett SP, et al. Nat Methods 2016;13:497, doi 10.1038/nmeth.3852.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.solve.timeline import Array

FEWEST = 4
"""Readings in a DIP rate: a straight line and its bend leave one over."""


def growth_rate(count: Array, control: Array, time0: Array) -> Array:
    """Return GR values: 1 as without drug, 0 no growth, below 0 fewer cells than at the start.

    ``GR = 2^(log2(x/x0) / log2(x_control/x0)) - 1`` (Hafner 2016).

    Parameters
    ----------
    count, control, time0 : array, (wells,)
        Cells with drug and without at the end, and when the drug was given; blank already taken off. A well without
        cells is at -1.

    Raises
    ------
    DoseResponseError
        If the untreated cells did not grow: then no rate is relative to theirs.

    Examples
    --------
    >>> growth_rate(np.array([800.0, 200.0, 100.0]), np.array([800.0] * 3), np.array([200.0] * 3)).round(3).tolist()
    [1.0, 0.0, -0.293]
    """
    count, control, time0 = (np.asarray(one, dtype=float) for one in (count, control, time0))
    if np.any(control <= time0) or np.any(time0 <= 0):
        raise DoseResponseError(
            "the untreated cells did not grow, so there is no growth rate to compare with",
            remedy="leave time0= out, or look at the controls",
        )
    with np.errstate(divide="ignore"):
        found: Array = np.exp2(np.log2(np.maximum(count, 0.0) / time0) / np.log2(control / time0)) - 1.0
    return found


def growth_rate_over_time(times: Array, counts: Array, controls: Array) -> tuple[Array, Array]:
    """Return time-dependent GR values between successive readings (Hafner 2016).

    Parameters
    ----------
    times : array, (times,)
        Rising [h].
    counts : array, (..., times)
        Cells with drug.
    controls : array, (times,)
        Cells without, on the same plate.

    Returns
    -------
    middles : array, (times - 1,)
        [h].
    growth : array, (..., times - 1)
        ``2^(k(drug) / k(control)) - 1``; NaN where the control did not grow between two readings.

    Examples
    --------
    >>> middles, growth = growth_rate_over_time(np.array([0.0, 24, 48]), np.array([[1.0, 2, 2]]), np.array([1.0, 2, 4]))
    >>> growth.tolist()
    [[1.0, 0.0]]
    """
    times, counts, controls = (np.asarray(one, dtype=float) for one in (times, counts, controls))
    if times.ndim != 1 or np.any(np.diff(times) <= 0) or counts.shape[-1:] != times.shape != controls.shape[-1:]:
        raise DoseResponseError("times rise, and there is a count of cells at each")
    with np.errstate(divide="ignore", invalid="ignore"):
        own, bare = np.diff(np.log(counts), axis=-1), np.diff(np.log(controls), axis=-1)
        found = np.where(bare > 0, np.exp2(own / np.where(bare > 0, bare, np.nan)) - 1.0, np.nan)
    return 0.5 * (times[1:] + times[:-1]), found


@dataclass(frozen=True, slots=True)
class DipRate:
    """A proliferation rate once it is steady.

    Attributes
    ----------
    rate, se : float
        Of the logarithm to base 2 [1/h]: doublings an hour.
    since : float
        From when on the rate is steady [h].
    readings : int
    """

    rate: float
    se: float
    since: float
    readings: int

    def __str__(self) -> str:
        return f"{self.rate:.3g} ± {self.se:.2g} doublings/h from {self.since:g} h on ({self.readings} readings)"


def dip_rate(times: Array, counts: Array, *, since: float | None = None, doubt: float = 0.05) -> DipRate:
    """Return the drug-induced proliferation rate: the slope of log2 counts once it no longer changes.

    Parameters
    ----------
    times, counts : array, (readings,)
        Since the drug was given [h], and cells.
    since : float, optional
        From when on [h]; by default from the first reading after which a straight line is not refused for a bend.
    doubt : float
        P-value of the quadratic term below which a bend is believed.

    Raises
    ------
    DoseResponseError
        With fewer than four readings of living cells.

    Notes
    -----
    Harris 2016 leaves the choice of the delay to a heuristic; the test for a bend is ours and is what ``since``
    reports.

    Examples
    --------
    >>> times = np.arange(0.0, 97, 12)
    >>> print(dip_rate(times, 100 * np.exp2(0.02 * times)))
    0.02 ± ... doublings/h from 0 h on (9 readings)
    """
    times, counts = np.asarray(times, dtype=float), np.asarray(counts, dtype=float)
    alive = np.isfinite(times) & (counts > 0)
    order = np.argsort(times[alive], kind="stable")
    t, y = times[alive][order], np.log2(counts[alive][order])
    if since is not None:
        t, y = t[t >= since], y[t >= since]
    if len(t) < FEWEST or t[0] == t[-1]:
        raise DoseResponseError(f"a proliferation rate needs {FEWEST} readings of living cells")
    first = 0
    while since is None and len(np.unique(t[first:])) > FEWEST and _bends(t[first:], y[first:], doubt):
        first += 1
    t, y = t[first:], y[first:]
    line = stats.linregress(t, y)
    return DipRate(float(line.slope), float(line.stderr), float(t[0]), len(t))


def _bends(t: Array, y: Array, doubt: float) -> bool:
    middle = (t - t.mean()) / max(float(np.ptp(t)), 1e-300)
    design = np.stack([np.ones_like(middle), middle, middle**2], axis=1)
    solved, *_ = np.linalg.lstsq(design, y, rcond=None)
    left, freedom = y - design @ solved, len(t) - 3
    noise = float(left @ left) / freedom
    if noise <= 1e-24 * max(float(y @ y), 1.0):
        return bool(abs(solved[2]) > 1e-9)
    spread = noise * np.linalg.inv(design.T @ design)[2, 2]
    return bool(2 * stats.t.sf(abs(solved[2]) / np.sqrt(spread), freedom) < doubt)
