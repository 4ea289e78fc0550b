"""Floor 7: the trial: each study fitted as a user would, and its intervals held against the truth.

A fit in steps: the records as if independent give a first estimate; the study's own sampling, simulated there, gives
the records' covariance and how far their means lie off; then the fit proper. The size of the scatter between animals is
not known to the fitter: it is scaled by the standard deviations that the author prints, and intervals are
Student's on the degrees of freedom that they are worth. With ``covariance=False`` all that is
printed counts as independent, a clearance beside its area too: what most joint fits do, and the harm it does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from exodelivery.fitting.coverage.world import ARMS, TRUTH, Printed, arms, own, print_studies, stack
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.noises.correlated import Correlated
from exodelivery.fitting.noises.protocol import NoiseModel
from exodelivery.fitting.noises.spread import Spread
from exodelivery.fitting.objective import Objective, Observed, Under
from exodelivery.fitting.problem import workers
from exodelivery.fitting.profiles import profile
from exodelivery.fitting.regress import information
from exodelivery.fitting.regression import Regression
from exodelivery.fitting.sampling import RIDGE, Simulated, simulate_studies
from exodelivery.fitting.scoring import score
from exodelivery.solve.timeline import Array

CHUNK = 25
"""Studies to a task; each has seeds of its own, whatever runs beside it."""
STUDIES = 200
"""Studies simulated to a covariance."""
STEPS = 2
"""Estimates in a row: records as if independent, then with the covariance simulated at that estimate."""
Held = dict[tuple[str, str], tuple[bool, float]]
"""Of one study: by way and parameter, whether the interval held the truth, and its width."""
WAYS = ("covariance", "profile", "walked", "bootstrap")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often intervals held the truth.

    Attributes
    ----------
    studies, failed : int
    correlated : bool
        Whether the records' covariance was used.
    held : dict of (way, parameter) to (int, int)
        How many intervals held the truth, and of how many.
    widths : dict of (way, parameter) to float
        Mean width on the logarithm.
    bounds : float
        Share of studies that printed a bound.
    seconds : float
    """

    studies: int
    failed: int
    correlated: bool
    held: dict[tuple[str, str], tuple[int, int]]
    widths: dict[tuple[str, str], float]
    bounds: float
    seconds: float

    def share(self, way: str, name: str) -> float:
        """Return the coverage of one way and parameter."""
        held, total = self.held[way, name]
        return held / total if total else math.nan

    def __str__(self) -> str:
        kept = "with the records' covariance" if self.correlated else "with records taken as INDEPENDENT"
        lines = [
            f"{self.studies} studies of known truth, {kept}; {self.failed} could not be fitted; "
            f"{self.bounds:.0%} printed a bound; {self.seconds:.0f} s",
            f"  {'95 % intervals by':18}" + "".join(f"{name:>14}" for name in TRUTH),
        ]
        for way in WAYS:
            totals = [self.held[way, name][1] for name in TRUTH if (way, name) in self.held]
            if totals and totals[0]:
                shares = "".join(f"{self.share(way, name):>13.1%} " for name in TRUTH)
                error = 196 * math.sqrt(0.95 * 0.05 / totals[0])
                lines.append(f"  {way:18}{shares}  of {totals[0]}, ± {error:.1f} % by chance")
        return "\n".join(lines)


def trial(
    studies: int = 2000,
    *,
    seed: int = 1,
    covariance: bool = True,
    bootstrap: int = 0,
    draws: int = 200,
    executor: Executor | int | None = None,
    progress: bool = False,
) -> Coverage:
    """Simulate studies of known truth, fit each, and count how often 95 % intervals hold the truth.

    Parameters
    ----------
    studies : int
    seed : int
    covariance : bool
        Use the records' covariance; without it records are taken as independent.
    bootstrap : int
        So many of the studies get parametric bootstrap intervals as well.
    draws : int
        Of each bootstrap.
    executor : Executor or int, optional
        An executor, or a number of processes. The result does not depend on it.
    progress : bool
        Show a bar.

    Returns
    -------
    Coverage
    """
    from tqdm.auto import tqdm

    begin = time.monotonic()
    tasks = [
        (first, min(first + CHUNK, studies), seed, covariance, max(0, min(bootstrap - first, CHUNK)), draws)
        for first in range(0, studies, CHUNK)
    ]
    rows: list[Held | None] = []
    bounds = 0
    with workers(executor) as pool, tqdm(total=studies, unit="study", disable=not progress) as bar:
        done: Iterator[tuple[list[Held | None], int]]
        done = map(_chunk, tasks) if pool is None else pool.map(_chunk, tasks)
        for found, bounded in done:
            rows += found
            bounds += bounded
            bar.update(len(found))
    fitted = [row for row in rows if row is not None]
    keys = [(way, name) for way in WAYS for name in TRUTH]
    cells = {key: [row[key] for row in fitted if key in row] for key in keys}
    return Coverage(
        studies,
        len(rows) - len(fitted),
        covariance,
        {key: (sum(inside for inside, _ in cell), len(cell)) for key, cell in cells.items()},
        {key: float(np.mean([width for _, width in cell])) if cell else math.nan for key, cell in cells.items()},
        bounds / studies,
        time.monotonic() - begin,
    )


def _chunk(task: tuple[int, int, int, bool, int, int]) -> tuple[list[Held | None], int]:
    first, stop, seed, covariance, bootstrap, draws = task
    printed = print_studies(stop - first, np.random.default_rng([seed, first]))
    found = []
    for n, study in enumerate(printed):
        made = fitted(study, covariance=covariance, seed=first + n)
        found.append(None if made is None else _held(made, draws if n < bootstrap else 0, first + n))
    return found, sum(study["carrier, late"].bound for study in printed)


def _held(made: Regression, draws: int, seed: int) -> Held:
    found = {}
    for n, (name, truth) in enumerate(TRUTH.items()):
        ends = {"covariance": made.interval(name)}
        if draws:
            walked = profile(made, name)
            ends["walked"] = (walked.low, walked.high)
            ends["bootstrap"] = _resampled(made, draws, seed)[n]
        found["profile", name] = (_within(made, n, math.log(truth)), math.nan)
        for way, (low, high) in ends.items():
            width = math.log(high / low) if low > 0 and math.isfinite(high) else math.inf
            found[way, name] = (bool(low <= truth <= high), width)
    return found


def _within(made: Regression, place: int, truth: float) -> bool:
    """Say whether the profile interval holds the truth: whether the deviance there is below its quantile.

    One constrained optimum in place of a walk to both ends; the studies that are bootstrapped are walked as well.
    """
    guess = made.at + made.covariance[:, place] / made.covariance[place, place] * (truth - made.at[place])
    guess[place] = truth
    there = score(made.objective, guess, tolerance=1e-6, held=(place,)).evaluation.value
    return bool(2 * (there - made.objective.evaluate(made.at).value) <= made.quantile(0.95) ** 2)


def _resampled(made: Regression, draws: int, seed: int) -> list[tuple[float, float]]:
    """Return parametric bootstrap intervals; the scale of the errors is drawn as well, as it was estimated."""
    from exodelivery.fitting.bootstrap import resample

    spread = resample(made, draws=draws, seed=seed)
    return [spread.interval(name) for name in TRUTH]


def fitted(study: dict[str, Printed], *, covariance: bool = True, seed: int = 1) -> Regression | None:
    """Fit one study; None where it cannot be fitted.

    Parameters
    ----------
    study : dict of Printed
    covariance : bool
    seed : int
        Of the studies simulated for the covariance.
    """
    if not all(np.all(np.isfinite(printed.values)) for printed in study.values()):
        return None
    guesses = tuple(Guess(name, 0.5, scale="log") for name in TRUTH)
    curve, at = stack(), np.log(np.full(len(TRUTH), 0.5))
    objective, degrees = None, math.inf
    for step in range(STEPS):
        noises: list[Under] = []
        values, limits, first = [], [], 0
        simulated = {} if step == 0 else _simulated(np.exp(at), seed)
        scale, degrees = (1.0, math.inf) if step == 0 else _scale(study, simulated)
        for name, printed in study.items():
            rows = np.arange(first, first + len(printed.values))
            noise: NoiseModel = _rough()
            shift = np.zeros(len(rows))
            if step:
                noise, shift = _noise(name, simulated[name], np.exp(at), scale, covariance)
            noises.append(Under(noise, rows, name))
            # Where the noise has no shift of its own, the record is moved instead.
            values.append(printed.values * np.exp(-shift))
            limits.append(np.full(len(rows), -1 if printed.bound else 0))
            first += len(rows)
        observed = Observed(np.concatenate(values), np.concatenate(limits), tuple(noises))
        objective = Objective(curve, guesses, observed)
        reached = score(objective, at, tolerance=1e-10 if step == STEPS - 1 else 1e-4)
        if not reached.converged:
            return None
        at = reached.at
    assert objective is not None
    inverse: Array = np.asarray(np.linalg.inv(information(objective, at)), dtype=np.float64)
    if not np.all(np.diag(inverse) > 0):
        return None
    return Regression(
        objective, at, inverse, degrees, -objective.evaluate(at).value, len(at), None, "maximum likelihood",
        "inverse of the observed information, the scatter between animals scaled by the printed SDs; Student's t",
        True, "",
    )  # fmt: skip


def _rough() -> Spread:
    return Spread("log-normal", (0.2,), (False,))


def _simulated(values: Array, seed: int) -> dict[str, Simulated]:
    return {
        name: simulate_studies(summaries, own(name, values), sampling, STUDIES, np.random.default_rng([seed, place]))
        for place, (name, (summaries, sampling)) in enumerate(arms().items())
    }


def _noise(name: str, simulated: Simulated, values: Array, scale: float, covariance: bool) -> tuple[NoiseModel, Array]:
    summaries, _ = arms()[name]
    logs = np.log(simulated.records)
    logs = logs[np.all(np.isfinite(logs), axis=1)]
    shift = logs.mean(axis=0) - np.log(summaries.predict(own(name, values)))
    spread = np.atleast_2d(np.cov(logs.T)) * scale**2
    spread = spread + RIDGE * np.diag(np.diag(spread))
    if len(ARMS[name][2]) == 1:
        return Spread("log-normal", (float(np.sqrt(spread[0, 0])),), (False,)), shift
    if not covariance:
        # The clearance that authors print beside an area is dose over area: as a record of its own it halves the
        # variance of the area.
        twice = np.array([2.0 if kind == "auc" else 1.0 for kind, _ in ARMS[name][2]])
        spread = np.diag(np.diag(spread) / twice)
    return Correlated(spread, np.ones(len(spread), dtype=bool), shift), np.zeros(len(spread))


def _scale(study: dict[str, Printed], simulated: dict[str, Simulated]) -> tuple[float, float]:
    """Return by how much animals scatter more than named, and the degrees of freedom that say so.

    From coefficients of variation, held against those of the simulated studies: one to each printed standard deviation,
    those of one arm's own animals once. Levels of few animals are no normal numbers, so the degrees of freedom are
    Satterthwaite's, from how much the same ratio scatters over the simulated studies.
    """
    ratio, drawn, total = 0.0, np.zeros(STUDIES), 0
    for name, printed in study.items():
        used = np.flatnonzero(np.isfinite(printed.spreads)).tolist()
        for row in used[:1] if ARMS[name][4] else used:
            squares = (simulated[name].spreads[:, row] / simulated[name].records[:, row]) ** 2
            expected, weight = float(np.nanmean(squares)), printed.animals - 1
            ratio += weight * float((printed.spreads[row] / printed.values[row]) ** 2) / expected
            drawn += weight * np.nan_to_num(squares / expected, nan=1.0)
            total += weight
    if not total:
        return 1.0, math.inf
    return math.sqrt(ratio / total), float(2 / np.var(drawn / total))
