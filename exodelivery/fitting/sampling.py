"""Floor 7: the records' covariance: a study's animals, samples, assay and arithmetic, simulated at a parameter set.

Records of one arm are not independent: an area, a half-life and a level come from the same animals. Simulated
many times over, the study itself says how its records scatter together, and how far their means lie off what the same
arithmetic gives for a typical animal.

References
----------
Wood SN. Statistical inference for noisy nonlinear ecological dynamic systems. Nature 2010;466:1102,
doi 10.1038/nature09319 (a likelihood from the simulated mean and covariance of summaries).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.courses.summaries import Summaries
from exodelivery.fitting.noises.correlated import Correlated
from exodelivery.fitting.reported import reported
from exodelivery.solve.timeline import Array

RIDGE = 0.05
"""Share of its variance that each record has of its own beside what was simulated: records of few animals are not quite
normal, and a combination of them that hardly scatters at all would be believed too well."""
STUDIES = 400
"""Simulated studies to a covariance: each standard deviation is then known to 3.5 %."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an arm was sampled and measured.

    Attributes
    ----------
    animals : int
        To each time where each animal is sampled once, else in all.
    serial : bool
        Whether the same animals were sampled at every time: the author then takes the mean of each animal's own areas
        and half-lives, else those of the mean curve.
    between : mapping of float
        Coefficient of variation between animals of each parameter that varies (log-normal), by name in the curve.
    assay : float
        Coefficient of variation of the assay (log-normal).
    """

    animals: int
    serial: bool
    between: Mapping[str, float]
    assay: float

    def __post_init__(self) -> None:
        if self.animals < 1 or not self.assay >= 0 or any(not cv >= 0 for cv in self.between.values()):
            raise FitError("a sampling has animals, and variations that are not negative")


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Studies simulated.

    Attributes
    ----------
    records : array, (studies, rows)
    spreads : array, (studies, rows)
        The standard deviation between animals that the author prints beside each; NaN where there is none.
    """

    records: Array
    spreads: Array


def simulate_studies(
    summaries: Summaries, values: Array, sampling: Sampling, studies: int, generator: np.random.Generator
) -> Simulated:
    """Simulate studies of one arm.

    Parameters
    ----------
    summaries : Summaries
    values : array, (parameters,)
        Of a typical animal.
    sampling : Sampling
    studies : int
    generator : numpy.random.Generator

    Returns
    -------
    Simulated
    """
    times = summaries.course.times
    count = len(times)
    groups = 1 if sampling.serial else count
    animals = studies * groups * sampling.animals
    varied = np.tile(values, (animals, 1))
    for name, cv in sampling.between.items():
        place = summaries.names.index(name)
        varied[:, place] *= np.exp(math.sqrt(math.log1p(cv**2)) * generator.standard_normal(animals))
    levels = summaries.course.predict_many(varied)
    if not sampling.serial:
        # Each animal gives one sample: the diagonal of groups and times.
        shaped = levels.reshape(studies, count, sampling.animals, count)
        levels = np.moveaxis(np.diagonal(shaped, axis1=1, axis2=3), -1, 2)
    else:
        levels = levels.reshape(studies, sampling.animals, count)
    levels = levels * np.exp(math.sqrt(math.log1p(sampling.assay**2)) * generator.standard_normal(levels.shape))
    if sampling.serial:
        own = reported(summaries.kinds, times, levels)
        # An animal whose level rises at the end has no terminal slope, and the author leaves it out.
        with np.errstate(all="ignore"):
            return Simulated(np.nanmean(own, axis=1), np.nanstd(own, axis=1, ddof=1))
    means = levels.mean(axis=1)
    spreads = np.full((studies, summaries.rows), np.nan)
    for row, (kind, at) in enumerate(summaries.kinds):
        if kind == "level":
            spreads[:, row] = levels[:, :, int(np.argmin(np.abs(times - at)))].std(axis=1, ddof=1)
    return Simulated(np.asarray(reported(summaries.kinds, times, means)), spreads)


def covariance_of(
    summaries: Summaries, values: Array, sampling: Sampling, *, studies: int = STUDIES, seed: int = 1
) -> Correlated:
    """Return the noise of an arm's records, on logarithms: covariance and shift from simulated studies.

    Parameters
    ----------
    summaries, values, sampling
        As :func:`simulate_studies` takes them.
    studies : int
    seed : int
        The same seed gives the same draws at every parameter set, so that a fit does not jitter.
    """
    found = simulate_studies(summaries, values, sampling, studies, np.random.default_rng(seed))
    with np.errstate(all="ignore"):
        logs = np.log(found.records)
    logs = logs[np.all(np.isfinite(logs), axis=1)]
    if len(logs) < max(10, studies // 2):
        raise FitError(
            f"{studies - len(logs)} of {studies} simulated studies of {summaries.arm} have no such records",
            remedy="sample later, or leave the half-life and areas to infinity out",
        )
    shift = logs.mean(axis=0) - np.log(summaries.predict(values))
    covariance = np.atleast_2d(np.cov(logs.T))
    covariance = covariance + RIDGE * np.diag(np.diag(covariance))
    return Correlated(covariance, np.ones(summaries.rows, dtype=bool), shift)
