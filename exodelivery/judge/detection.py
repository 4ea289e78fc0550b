"""Floor 8: from when on a sample tells a tumour by what it sheds: counts of particles over a background.

Why: a marker-positive exosome is counted, so that a sample of few is Poisson distributed, and a small tumour is hidden
less by the assay than by the exosomes of healthy tissue. The threshold follows from the background and the share of
healthy people that may be called ill; the lead is the time between the sample that would tell and the day that
something else does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import SimulationError
from exodelivery.solve.trajectory import Trajectory
from exodelivery.units import convert, hours, to_base

POINTS = 4001


@dataclass(frozen=True, slots=True)
class Detection:
    """What a sample of blood or saliva tells of a tumour.

    Attributes
    ----------
    observable : str
    threshold : int
        Particles in a sample from which on it is called positive.
    false_positive : float
        Share of samples without a tumour that reach the threshold.
    sensitivity : float
        Share of samples that must reach it for a tumour to count as told.
    time : float
        When that is so [h]; nan where it never is within the run.
    """

    observable: str
    threshold: int
    false_positive: float
    sensitivity: float
    time: float

    def lead(self, until: str | float) -> float:
        """Return how long before another time it tells [h]; negative where it tells later."""
        return hours(until) - self.time

    def __str__(self) -> str:
        when = "never within the run" if math.isnan(self.time) else f"from {self.time / 24:.4g} d on"
        return (
            f"{self.observable}: {self.threshold} particles or more in a sample"
            f" (false positive {self.false_positive:.2g}), {when} in {self.sensitivity:.0%} of samples"
        )


def threshold_of(background: float, false_positive: float) -> tuple[int, float]:
    """Return the count from which on a sample is positive, and the share of healthy samples that reach it.

    Parameters
    ----------
    background : float
        Mean count of a sample without a tumour.
    false_positive : float
        Share of healthy samples that may be called positive.

    Raises
    ------
    SimulationError
        If the share is not between 0 and 1, or the background is negative.

    Examples
    --------
    >>> threshold_of(0.0, 0.05)
    (1, 0.0)
    >>> count, share = threshold_of(10.0, 0.05)
    >>> count, share < 0.05
    (16, True)
    """
    from scipy.stats import poisson

    if not 0 < false_positive < 1 or not background >= 0:
        raise SimulationError(
            f"no threshold keeps {false_positive!r} of samples with a background of {background!r}",
            remedy="give a share between 0 and 1, and a count of nought or more",
        )
    count = max(int(poisson.isf(false_positive, background)) + 1, 1)
    return count, float(poisson.sf(count - 1, background))


def detect(
    run: Trajectory,
    observable: str,
    *,
    volume: str,
    background: str | None = None,
    recovered: float = 1.0,
    false_positive: float = 0.05,
    sensitivity: float = 0.95,
) -> Detection:
    """Return from when on a sample tells the tumour.

    Parameters
    ----------
    run : Trajectory
        A tumour that grows and sheds.
    observable : str
        Level of marker-positive particles, background included [particles per volume].
    volume : str
        Of the sample, e.g. ``"1 mL"``.
    background : str, optional
        Level without a tumour, e.g. ``"1e6 particle/mL"``; the observable at the start of the run unless given.
    recovered : float
        Share of the particles in a sample that the assay counts.
    false_positive, sensitivity : float
        Shares of healthy samples called positive at most, and of samples with the tumour that must be.

    Raises
    ------
    SimulationError
        For a share that is none, or a run that failed.

    Notes
    -----
    Counts are Poisson distributed: variation between people and between assays is left out, so that this is the best
    that any assay can do. It is to be used on a background that is known.

    References
    ----------
    Hori SS, Gambhir SS. Sci Transl Med 2011;3:109ra116, doi 10.1126/scitranslmed.3003110 (time from a level).
    Avanzini S, et al. Sci Adv 2020;6:eabc4308, doi 10.1126/sciadv.abc4308 (counts in a sample).

    Examples
    --------
    >>> import exodelivery as exo
    >>> run = exo.simulate(exo.load("tumour_exosomes_human"), exo.Regimen(), until="4000 d")  # doctest: +SKIP
    >>> detect(run, "plasma_marker", volume="1 mL").time                                      # doctest: +SKIP
    """
    from scipy.stats import poisson

    if not run:
        raise SimulationError(f"the run failed: {run.outcome.what}", remedy=run.outcome.remedy)
    if not 0 < sensitivity < 1 or not 0 < recovered <= 1:
        raise SimulationError("sensitivity and recovered are shares", remedy="give numbers between 0 and 1")
    series = run[observable]
    unit = next(column.unit for column in run.system.columns if column.name == observable)
    size = to_base(volume) * recovered
    level = to_base(background) if background else convert(float(series(np.array([0.0]))[0]), unit, "1e9 particle/mL")
    per_sample = 1e9 * size
    count, share = threshold_of(level * per_sample, false_positive)
    times = np.linspace(0.0, run.end, POINTS)
    means = convert(series(times), unit, "1e9 particle/mL") * per_sample
    told = np.nonzero(poisson.sf(count - 1, means) >= sensitivity)[0]
    if not told.size:
        return Detection(observable, count, share, sensitivity, math.nan)
    last = int(told[0])
    if last == 0:
        return Detection(observable, count, share, sensitivity, 0.0)
    low, high = float(times[last - 1]), float(times[last])
    for _ in range(40):
        middle = (low + high) / 2
        mean = convert(float(series(np.array([middle]))[0]), unit, "1e9 particle/mL") * per_sample
        low, high = (low, middle) if poisson.sf(count - 1, mean) >= sensitivity else (middle, high)
    return Detection(observable, count, share, sensitivity, high)
