"""Floor 7: counts over weeks after one pulse: cells grow, some are doomed and die late, survivors wait and regrow.

While drug is there cells are doomed at a rate that follows its level. Doomed cells still divide for a while, stop, and
are lost. What the exposure left behind in survivors fades, and is thinned by division; as long as it is there they grow
slowly. One set of parameters holds for all doses of a line::

    dS/dt = g S - hit S               g = k_g room / (1 + (s / arrest)^h_arrest),  room = 1 - N / N_max
    dA/dt = hit S + (divides k_g room - 1 / tau) A          hit = k_hit C^h / (C^h + EC^h) while drug is there
    dD/dt = A / tau - k_d D                                 N = S + A + D
    ds/dt = C / pulse - (k_fade + g) s

Own form, after the late kill and regrowth that Howard and co-workers describe.

References
----------
Howard GR, Jost TA, Yankeelov TE, Brock A. PLoS Comput Biol 2022;18:e1009104, doi 10.1371/journal.pcbi.1009104.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from exodelivery.errors import FitError
from exodelivery.solve.timeline import Array

PARAMETERS = ("k_g", "N_max", "k_hit", "EC", "h", "divides", "tau", "k_d", "arrest", "h_arrest", "k_fade")
STEP = 3.0
"""Of the integration [h]; the pulse is a whole number of steps."""
WIDE = 5.0
"""Standard deviations of its prior beyond which no parameter is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Doses:
    """What was seen of one line: rows are doses.

    Attributes
    ----------
    dose, start : array, (doses,)
        [nM], logarithm of the count when the drug was given.
    times, log_counts : tuple of array
        [h since the drug], and mean logarithms of counts, of every dose.
    left_out : int
        Means of too few wells.
    """

    dose: Array
    start: Array
    times: tuple[Array, ...]
    log_counts: tuple[Array, ...]
    left_out: int


def course(p: Mapping[str, float], dose: Array, start: Array, pulse: float, until: float) -> tuple[Array, Array]:
    """Return times [h], (times,), and logarithms of counts, (times, doses).

    Examples
    --------
    >>> p = dict(k_g=0.02, N_max=1e9, k_hit=0.1, EC=50, h=1, divides=1, tau=40, k_d=0.01, arrest=30, h_arrest=1,
    ...          k_fade=0.01)
    >>> times, logs = course(p, np.zeros(1), np.log([1000.0]), 24.0, 48.0)
    >>> float(np.round((logs[-1, 0] - logs[0, 0]) / 48, 3))
    0.02
    """
    times = np.arange(0.0, until + STEP, STEP)
    with np.errstate(divide="ignore"):
        hits = p["k_hit"] / (1.0 + np.exp(p["h"] * (np.log(p["EC"]) - np.log(dose))))

    found = np.empty((len(times), len(dose)))
    rest = ("k_g", "N_max", "divides", "tau", "k_d", "arrest", "h_arrest", "k_fade")
    _compiled()(len(times), dose, np.asarray(start, dtype=float), hits, pulse, np.array([p[k] for k in rest]), found)
    return times, found


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(_steps)
    return compiled


def _steps(
    count: int, dose: Any, start: Any, hits: Any, pulse: float, p: Any, found: Any
) -> None:  # pragma: no cover - compiled
    k_g, most, divides, tau, k_d, arrest, h_arrest, k_fade = p
    at, slope = np.zeros(4), np.zeros((4, 4))
    for well in range(dose.size):
        state = np.zeros(4)
        state[0] = np.exp(start[well])
        found[0, well] = start[well]
        for n in range(1, count):
            on = STEP * (n - 1) < pulse - 1e-9
            for stage in range(4):
                for k in range(4):
                    at[k] = state[k]
                    if stage > 0:
                        at[k] += STEP * (1.0 if stage == 3 else 0.5) * slope[stage - 1, k]
                room = max(1.0 - (at[0] + at[1] + at[2]) / most, 0.0)
                grows = k_g * room / (1.0 + (max(at[3], 0.0) / arrest) ** h_arrest)
                hit = hits[well] if on else 0.0
                stops = at[1] / tau
                slope[stage, 0] = (grows - hit) * at[0]
                slope[stage, 1] = hit * at[0] + divides * k_g * room * at[1] - stops
                slope[stage, 2] = stops - k_d * at[2]
                slope[stage, 3] = (dose[well] / pulse if on else 0.0) - (k_fade + grows) * at[3]
            for k in range(4):
                step = slope[0, k] + 2.0 * slope[1, k] + 2.0 * slope[2, k] + slope[3, k]
                state[k] = max(state[k] + STEP / 6.0 * step, 0.0)
            found[n, well] = np.log(max(state[0] + state[1] + state[2], 1e-3))


def doses_of(recipe: Mapping[str, Any], line: str) -> Doses:
    """Return the mean logarithms of a line's counts, bin by bin, where all wells of the dose are there.

    Raises
    ------
    FitError
        If ``EXODELIVERY_DATA`` names no folder with the raw table.
    """
    import pandas as pd

    folder, name = os.environ.get("EXODELIVERY_DATA", ""), str(recipe["table"])
    if not folder or not (Path(folder) / name).is_file():
        raise FitError(f"there is no raw table {name!r}", remedy="set EXODELIVERY_DATA to the folder that holds it")
    frame = pd.read_csv(Path(folder) / name)
    frame = frame[(frame["cell_line"] == line) & (frame["cell_count"] > 0)]
    frame = frame.assign(time=frame["t_since_treatment_h"], log=np.log(frame["cell_count"]))
    dose, start, times, logs, left_out = [], [], [], [], 0
    for level, wells in frame.groupby("dox_nM"):
        near = wells[(wells["time"] <= 0.5) & (wells["time"] >= -float(recipe["before"]))]
        after = wells[wells["time"] > 0.5]
        bins = after.groupby(np.floor(after["time"] / recipe["bin"]))
        complete = bins["replicate"].nunique() == wells["replicate"].nunique()
        left_out += int((~complete).sum())
        by_well = after.groupby([np.floor(after["time"] / recipe["bin"]).rename("bin"), "replicate"])[["time", "log"]]
        means = by_well.mean().groupby("bin").mean()[complete]
        dose.append(float(np.asarray(level, dtype=float)))
        start.append(float(near["log"].mean()))
        times.append(means["time"].to_numpy(dtype=float))
        logs.append(means["log"].to_numpy(dtype=float))
    return Doses(np.array(dose), np.array(start), tuple(times), tuple(logs), left_out)


def misses(recipe: Mapping[str, Any], seen: Doses, logs: Array) -> list[Array]:
    """Return prediction less observation of log counts of every dose."""
    until = max(float(times[-1]) for times in seen.times)
    named = dict(zip(PARAMETERS, np.exp(logs).tolist(), strict=True))
    times, found = course(named, seen.dose, seen.start, float(recipe["pulse"]), until)
    return [
        np.interp(at, times, found[:, n]) - counts
        for n, (at, counts) in enumerate(zip(seen.times, seen.log_counts, strict=True))
    ]


def residuals(logs: Array, recipe: Mapping[str, Any], seen: Doses) -> Array:
    """Return what least squares makes small: counts, and each logarithm about its median."""
    priors = [recipe["priors"][name] for name in PARAMETERS]
    middle, sd = np.log([one["value"] for one in priors]), np.array([one["sd"] for one in priors])
    return np.concatenate([*(one / recipe["noise"] for one in misses(recipe, seen, logs)), (logs - middle) / sd])


def fit_line(recipe: Mapping[str, Any], line: str) -> tuple[Array, Array]:
    """Return the best logarithms of a line's parameters, and their covariance."""
    seen, random = doses_of(recipe, line), np.random.default_rng(recipe["seed"])
    priors = [recipe["priors"][name] for name in PARAMETERS]
    middle, sd = np.log([one["value"] for one in priors]), np.array([one["sd"] for one in priors])
    starts = [middle] + [middle + 0.5 * sd * random.standard_normal(len(sd)) for _ in range(int(recipe["starts"]) - 1)]
    bounds = middle - WIDE * sd, middle + WIDE * sd
    ended = [
        least_squares(residuals, start, args=(recipe, seen), x_scale=0.1, max_nfev=60, bounds=bounds)
        for start in starts
    ]
    best = min(ended, key=lambda one: float(one.cost))
    return best.x, np.linalg.inv(best.jac.T @ best.jac)
