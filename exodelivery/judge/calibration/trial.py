"""Floor 8: the trial: P(better) of a thousand worlds held against what is true in each.

Each world is drawn from the stated priors; a study is simulated in it, with the stated errors; the study is fitted
again by the product's own least squares with the same priors, and ``compare`` judges from the result of that fit.
Where it says 80 % the carrier must be better in 80 % of the worlds: if priors, noise and models are those of the world,
a posterior probability is calibrated by construction, so whatever is missing is what the approximations cost
(the normal distribution about the optimum, a single start, a few hundred draws).

References
----------
Cook SR, Gelman A, Rubin DB. Validation of software for Bayesian models using posterior quantiles. J Comput Graph Stat
2006;15:675. doi 10.1198/106186006X136976
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit_with
from exodelivery.fitting.problem import Evaluator, Problem, workers
from exodelivery.fitting.result import Fit
from exodelivery.judge.calibration.world import World, small_world
from exodelivery.judge.compare import compare, log_ratios, setting_of
from exodelivery.judge.setting import Setting
from exodelivery.solve.timeline import Array

CHUNK = 25
"""Worlds to a task; each has seeds of its own, whatever runs beside it."""
DRAWS = 200
"""Of each comparison, as compare takes unless told otherwise."""
BAND = (0.75, 0.85)
FEWEST = 400
"""Worlds that must fall into the band before the trial says whether P(better) is calibrated."""


@dataclass(frozen=True, slots=True)
class Decile:
    """Worlds in which the verdict said about the same.

    Attributes
    ----------
    low, high : float
        What P(better) was between; the upper end belongs to the last decile only.
    worlds, better : int
        How many, and in how many of them the carrier is better in truth.
    said : float
        Mean of what was said.
    """

    low: float
    high: float
    worlds: int
    better: int
    said: float

    @property
    def share(self) -> float:
        """In what part of them the carrier is better."""
        return self.better / self.worlds if self.worlds else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's 95 % interval of the share (Biometrika 1934;26:404, doi 10.1093/biomet/26.4.404)."""
        from scipy.stats import beta

        k, n = self.better, self.worlds
        low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
        return low, float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0

    @property
    def holds(self) -> bool:
        """Whether what was said lies within the interval of what is true."""
        low, high = self.interval
        return not self.worlds or low <= self.said <= high


@dataclass(frozen=True, slots=True)
class Calibration:
    """What P(better) said, and what was true.

    Attributes
    ----------
    said : tuple of float, (worlds,)
        P(better) of each world that could be fitted.
    better : tuple of bool, (worlds,)
        Whether the carrier is better in truth.
    failed : int
        Worlds that could not be fitted or judged.
    metric, matching : str
    draws : int
    seed : int
    seconds : float
    """

    said: tuple[float, ...]
    better: tuple[bool, ...]
    failed: int
    metric: str
    matching: str
    draws: int
    seed: int
    seconds: float

    def between(self, low: float, high: float, *, closed: bool = True) -> Decile:
        """Return the worlds in which P(better) was said to lie between two ends."""
        said, better = np.array(self.said), np.array(self.better)
        inside = (said >= low) & ((said <= high) if closed else (said < high))
        mean = float(said[inside].mean()) if inside.any() else math.nan
        return Decile(low, high, int(inside.sum()), int(better[inside].sum()), mean)

    @property
    def band(self) -> Decile:
        """Where 75 to 85 % was said."""
        return self.between(*BAND)

    @property
    def deciles(self) -> tuple[Decile, ...]:
        """All worlds by tenths of what was said."""
        return tuple(self.between(n / 10, (n + 1) / 10, closed=n == 9) for n in range(10))

    @property
    def calibrated(self) -> bool | None:
        """Whether in the band the carrier is better in 75 to 85 % of the worlds; None of fewer than 400."""
        band = self.band
        return None if band.worlds < FEWEST else BAND[0] <= band.share <= BAND[1]

    @property
    def score(self) -> float:
        """Brier's score, the mean square of what was said less what is true; a coin says 0.25."""
        return float(np.mean((np.array(self.said) - np.array(self.better)) ** 2))

    @property
    def excess(self) -> float:
        """By how many standard deviations the carrier is better more often than said, over all worlds."""
        said = np.array(self.said)
        return float((sum(self.better) - said.sum()) / math.sqrt(max(float((said * (1 - said)).sum()), 1e-9)))

    @property
    def headline(self) -> str:
        """One sentence."""
        band = self.band
        low, high = band.interval
        found = (
            f"where P(better) said {BAND[0]:.0%} to {BAND[1]:.0%}, in {band.worlds} of {len(self.said)} worlds, the "
            f"carrier is better in {band.share:.1%} ({low:.1%} to {high:.1%})"
        )
        if self.calibrated is None:
            return f"Too few worlds to say (it takes {FEWEST}): {found}."
        return f"P(better) is {'' if self.calibrated else 'NOT '}calibrated: {found}."

    def __str__(self) -> str:
        lines = [
            self.headline,
            f"  {self.metric}, same {self.matching}; {self.draws} draws; seed {self.seed}; {self.failed} worlds "
            f"failed; {self.seconds:.0f} s",
            f"  Brier's score {self.score:.3f} (a coin: 0.250); over all worlds better {self.excess:+.1f} SD more "
            "often than said",
            f"  {'P(better) said':16} {'worlds':>7} {'mean said':>10} {'truly better':>13}   95 %",
        ]
        for one in self.deciles:
            low, high = one.interval
            shown = f"{one.share:>12.1%}   {low:.1%} to {high:.1%}" if one.worlds else ""
            told = f"{one.said:>10.1%}" if one.worlds else ""
            off = "" if one.holds else "  <- off"
            lines.append(f"  {one.low:>4.0%} to {one.high:<8.0%} {one.worlds:>7} {told} {shown}{off}".rstrip())
        return "\n".join(lines)

    __repr__ = __str__


def calibrate(
    worlds: int = 6000,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    executor: Executor | int | None = None,
    progress: bool = False,
) -> Calibration:
    """Draw worlds from the priors, study, fit and judge each, and count how often P(better) was right.

    Parameters
    ----------
    worlds : int
        About one in twelve falls where 75 to 85 % is said, and four hundred must.
    draws : int
        Of each comparison.
    seed : int
    executor : Executor or int, optional
        An executor, or a number of processes. The result does not depend on it.
    progress : bool
        Show a bar.

    Raises
    ------
    FitError
        If no world is asked for, or none could be fitted.

    Examples
    --------
    >>> found = calibrate(2, draws=20)
    >>> len(found.said) + found.failed, found.calibrated
    (2, None)
    """
    from tqdm.auto import tqdm

    if worlds < 1:
        raise FitError(f"{worlds} worlds say nothing", remedy="write worlds=6000")
    begin = time.monotonic()
    tasks = [(first, min(first + CHUNK, worlds), draws, seed) for first in range(0, worlds, CHUNK)]
    rows: list[tuple[float, bool] | None] = []
    with workers(executor) as pool, tqdm(total=worlds, unit="world", disable=not progress) as bar:
        done: Iterator[list[tuple[float, bool] | None]]
        done = map(_chunk, tasks) if pool is None else pool.map(_chunk, tasks)
        for found in done:
            rows += found
            bar.update(len(found))
    known = [row for row in rows if row is not None]
    if not known:
        raise FitError("no world could be fitted and judged", remedy="run one world with draws=20 in Python and look")
    world = small_world()
    said, better = zip(*known, strict=True)
    return Calibration(
        said, better, len(rows) - len(known), world.metric, world.matching, draws, seed, time.monotonic() - begin
    )


def _chunk(task: tuple[int, int, int, int]) -> list[tuple[float, bool] | None]:
    first, stop, draws, seed = task
    world = small_world()
    generator = np.random.default_rng([seed, first])
    identities, points, truths = drawn(world, stop - first, [seed, first])
    found: list[tuple[float, bool] | None] = []
    for n, (point, truth) in enumerate(zip(points, truths, strict=True)):
        problem = studied(world.problem, dict(zip(identities, point.tolist(), strict=True)), generator)
        said = None if problem is None else p_better(world, fit_with(Evaluator(problem), {}), draws, seed + first + n)
        found.append(None if said is None or not math.isfinite(truth) else (said, bool(truth > 0)))
    return found


def drawn(world: World, worlds: int, seed: Sequence[int]) -> tuple[tuple[str, ...], Array, Array]:
    """Return the identities of all that is uncertain, worlds drawn from the priors, (worlds, identities), and truths.

    Parameters
    ----------
    world : World
    worlds : int
    seed : sequence of int

    Returns
    -------
    tuple of str, array, array
        The last is the log ratio of the metric in each world, (worlds,), from compare's own runs.
    """
    setting = _setting(world)
    joint = setting.joint
    points = joint.draws(worlds, int(np.random.default_rng(seed).integers(2**31)))
    # What compare holds at an estimate is the first point; worlds follow.
    ratios = log_ratios(setting, np.vstack([joint.estimate, points]))[world.metric]
    return joint.identities, points, ratios[1:]


@lru_cache(maxsize=4)
def _setting(world: World) -> Setting:
    return setting_of(
        world.model, [world.carrier], world.dose, baseline=world.baseline, horizon=world.horizon,
        matchings=[world.matching], metrics=[world.metric],
    )  # fmt: skip


def studied(problem: Problem, truth: dict[str, float], generator: np.random.Generator) -> Problem | None:
    """Return a problem whose records are what its study found in one world; None where the world cannot be run.

    Parameters
    ----------
    problem : Problem
    truth : dict of float
        By identity, on the parameters' own scales.
    generator : numpy.random.Generator
        Of the errors: log-normal, or normal where the observable says so, with the stated spread.
    """
    white = np.array([(truth[unknown.identity] - unknown.centre) / unknown.sd for unknown in problem.unknowns])
    arms = []
    for arm, values in zip(problem.arms, Evaluator(problem).predictions(white), strict=True):
        rows = []
        for row, value in zip(arm.rows, values, strict=True):
            error = row.noise.sd * float(generator.standard_normal())
            if not value or (row.noise.logarithmic and not value.value > 0):
                return None
            observed = value.value * math.exp(error) if row.noise.logarithmic else value.value + error
            rows.append(replace(row, noise=replace(row.noise, observed=observed)))
        arms.append(replace(arm, rows=tuple(rows)))
    return replace(problem, arms=tuple(arms))


def p_better(world: World, fit: Fit, draws: int, seed: int) -> float | None:
    """Return what compare says of a fitted world; None where it has no verdict."""
    found = compare(
        world.model, [world.carrier], world.dose, baseline=world.baseline, using=fit, horizon=world.horizon,
        matchings=[world.matching], metrics=[world.metric], draws=draws, seed=seed,
    )  # fmt: skip
    said = found.row(world.carrier.name, world.metric, world.matching).p_better
    return None if said is None or not math.isfinite(said) else said
