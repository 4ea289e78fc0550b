"""Floor 8: the dose that brings a share of subjects to a target, from the dose that each of them needs.

Each subject's own dose is sought on the log scale: a secant step from what is known, and bisection where that leaves
the bracket. It is taken that more dose is more of the metric, up to the largest dose that is tried.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exodelivery.solve.ensemble import Whole
from exodelivery.solve.timeline import Array

LEAST, MOST = 1e-3, 100.0
"""Ends of what is tried, times the dose given."""
CLOSE = 1e-3
"""Relative error of a subject's dose."""
STEPS = 40


def needed(read: Callable[[Whole, Array], Array], count: int, target: float, most: float = MOST) -> Array:
    """Return the factor on the dose that each subject needs for a metric to reach a target, (subjects,).

    Parameters
    ----------
    read : callable
        From the numbers of subjects and a factor for each to the metric, NaN where a run fails.
    count : int
    target : float
        In the metric's unit.
    most : float
        Largest factor tried; a subject that needs more is infinite, one whose runs fail is NaN.

    Returns
    -------
    array, (subjects,)
        At least ``LEAST``, which stands for all below.

    Examples
    --------
    >>> clear = np.array([1.0, 2.0])
    >>> needed(lambda who, factor: factor / clear[who], 2, 3.0).round(2).tolist()
    [3.0, 6.0]
    """
    goal, everyone = np.log(target), np.arange(count, dtype=np.int64)
    low, high = np.full(count, np.log(LEAST)), np.full(count, np.log(most))
    now = np.zeros(count)
    last_at, last_gap = np.full(count, np.nan), np.full(count, np.nan)
    found = np.full(count, np.nan)
    open_ = np.ones(count, dtype=bool)
    for _ in range(STEPS):
        who = everyone[open_]
        if not len(who):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = np.log(read(who, np.exp(now[who]))) - goal
        failed = ~np.isfinite(gap)
        under, over = gap < 0, gap >= 0
        low[who[under]], high[who[over]] = now[who[under]], now[who[over]]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (gap - last_gap[who]) / (now[who] - last_at[who])
        slope = np.where(np.isfinite(slope) & (slope > 0.02), slope, 1.0)
        step = now[who] - gap / slope
        inside = (step > low[who]) & (step < high[who])
        ended = np.abs(gap) < CLOSE
        beyond = under & (now[who] >= np.log(most) - 1e-9)
        least = over & (now[who] <= np.log(LEAST) + 1e-9)
        narrow = high[who] - low[who] < CLOSE
        last_at[who], last_gap[who] = now[who], gap
        found[who[ended]] = np.exp(now[who[ended]])
        found[who[narrow & ~ended]] = np.exp(high[who[narrow & ~ended]])
        found[who[beyond]] = np.inf
        found[who[least]] = LEAST
        # A step beyond an end that was not tried yet tries that end; any other that leaves the bracket halves it.
        tried_high, tried_low = high[who] < np.log(most), low[who] > np.log(LEAST)
        halved = 0.5 * (low[who] + high[who])
        edge = np.where((step >= high[who]) & ~tried_high, np.log(most), halved)
        edge = np.where((step <= low[who]) & ~tried_low, np.log(LEAST), edge)
        now[who] = np.where(inside, step, edge)
        open_[who[failed | ended | beyond | least | narrow]] = False
    return found


def dose_for(factors: Array, share: float) -> float:
    """Return the factor at which a share of subjects reaches the target; infinite where none does, NaN of no subject.

    Examples
    --------
    >>> dose_for(np.array([1.0, 2.0, 3.0, np.inf]), 0.75), dose_for(np.array([1.0, 2.0, 3.0, np.inf]), 0.9)
    (3.0, inf)
    """
    known = np.sort(factors[~np.isnan(factors)])
    if not len(known):
        return float("nan")
    return float(known[max(int(np.ceil(share * len(known) - 1e-9)) - 1, 0)])
