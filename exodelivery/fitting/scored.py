"""Floor 7: recipes by their likelihood: Fisher scoring on the records' own densities, noises estimated where asked.

``MAP`` keeps the recipe's priors, ``maximum likelihood`` leaves them out: whatever the records do not feel then keeps
its prior, and is called assumed. Evaluations are asked of the same evaluator as least squares asks, so arms run side by
side and a journal answers what was asked before. Standard errors come from the expected information, that of estimated
noises taken off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from exodelivery.declare.quantity import Z975, to_scale
from exodelivery.fitting.journal import Entry
from exodelivery.fitting.likelihood import objective_of_recipe
from exodelivery.fitting.noises.protocol import NoiseModel
from exodelivery.fitting.objective import Objective
from exodelivery.fitting.problem import Evaluator, Problem
from exodelivery.fitting.protocol import Doubt, Ended
from exodelivery.fitting.result import NoiseRow
from exodelivery.fitting.scoring import score
from exodelivery.fitting.unknowns import FARTHEST
from exodelivery.fitting.verdict import FLAT
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array

UNFELT = 1e-6
"""Information of the records, in units of the prior's, below which a direction keeps its prior."""


@dataclass(eq=False)
class Asked:
    """A problem's records as a curve whose evaluations an evaluator, and its journal, answers."""

    evaluator: Evaluator
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(unknown.identity for unknown in self.evaluator.problem.unknowns)
        self._titles = [row.title for arm in self.evaluator.problem.arms for row in arm.rows]

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self._titles)

    def predict(self, values: Array) -> Array:
        """Return each record's prediction in its own unit, (rows,); NaN where one failed."""
        return self.slopes(values)[0]

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives by the unknowns in base units, (rows, unknowns)."""
        unknowns = self.evaluator.problem.unknowns
        on_scale = np.array([to_scale(value, u.scale) for value, u in zip(values, unknowns, strict=True)])
        white = (on_scale - [u.centre for u in unknowns]) / [u.sd for u in unknowns]
        predicted, by = self.evaluator.recorded("records", white, lambda: self._ask(white)).arrays
        moved = np.array([u.sd * u.slope(float(x)) for u, x in zip(unknowns, on_scale, strict=True)])
        return predicted, by / moved

    def _ask(self, white: Array) -> Entry:
        every, by = self.evaluator.slopes(white)
        predicted = np.array([value.value if value else math.nan for values in every for value in values])
        return Entry((predicted, np.concatenate(by)))

    def title(self, row: int) -> str:
        """Return study, arm and what."""
        return self._titles[row]


@dataclass(frozen=True, slots=True)
class Scored:
    """Fisher scoring on a recipe's likelihood.

    Attributes
    ----------
    name : str
    priors : bool
        Whether the recipe's priors count.
    """

    name: str
    priors: bool

    def estimate(
        self, evaluator: Evaluator, start: Array, tolerance: float, tell: Callable[[float], None] | None = None
    ) -> Ended:
        """Return where the fit from a start ended.

        Parameters
        ----------
        evaluator : Evaluator
        start : array, (unknowns,)
            Whitened.
        tolerance : float
            It stops where the next step promises less of twice minus the log-posterior.
        tell : callable, optional
            Told the best of twice minus the log-posterior so far.
        """
        objective = self._objective(evaluator)
        count = len(start)
        at = objective.start.copy()
        at[:count] = _on_scale(evaluator.problem, np.clip(start, -0.99 * FARTHEST, 0.99 * FARTHEST))
        told = None if tell is None else lambda value: tell(2 * value)
        found = score(objective, at, tolerance=0.5 * tolerance, tell=told)
        _count(objective, evaluator)
        white = _whitened(evaluator.problem, found.at[:count])
        return Ended(white, 2 * float(found.evaluation.value), found.converged, found.message, found.at[count:])

    def doubt(self, evaluator: Evaluator, end: Ended) -> Doubt:
        """Return what the records say where a fit ended."""
        objective, count = self._objective(evaluator), len(end.white)
        at = np.concatenate([_on_scale(evaluator.problem, end.white), end.numbers])
        found = objective.evaluate(at)
        _count(objective, evaluator)
        sds = np.array([*(unknown.sd for unknown in evaluator.problem.unknowns), *np.ones(len(end.numbers))])
        whole, gradient = found.information * np.outer(sds, sds), found.gradient * sds
        known = np.eye(count) * float(self.priors)
        mixed = whole[:count, count:]
        data = whole[:count, :count] - known - mixed @ np.linalg.pinv(whole[count:, count:]) @ mixed.T
        problem = _with_noises(evaluator.problem, objective, at)
        residuals, slopes = _rows(problem, objective, at)
        return Doubt(
            problem,
            residuals,
            slopes,
            data,
            known if self.priors else _unfelt(data),
            _promised(whole, gradient, end.white) < FLAT,
            _noise_rows(objective, at, np.asarray(np.linalg.pinv(whole)), count),
        )

    def _objective(self, evaluator: Evaluator) -> Objective:
        return objective_of_recipe(evaluator.problem, Asked(evaluator), priors=self.priors)


def maximum_a_posteriori() -> Scored:
    """Return the estimator that keeps the recipe's priors."""
    return Scored("MAP", True)


def maximum_likelihood() -> Scored:
    """Return the estimator that leaves priors out; bounds stay six of their standard deviations away."""
    return Scored("maximum likelihood", False)


def _on_scale(problem: Problem, white: Array) -> Array:
    return np.array([u.centre + u.sd * float(x) for u, x in zip(problem.unknowns, white, strict=True)])


def _whitened(problem: Problem, on_scale: Array) -> Array:
    return np.array([(float(x) - u.centre) / u.sd for u, x in zip(problem.unknowns, on_scale, strict=True)])


def _count(objective: Objective, evaluator: Evaluator) -> None:
    """Hand on what failed on the way."""
    for title, times in objective.failures.items():
        evaluator.failures[title] = evaluator.failures.get(title, 0) + times


def _promised(information: Array, gradient: Array, white: Array) -> float:
    """Return how much a full step still promises of twice minus the logarithm; what is at a bound rests."""
    inside = np.ones(len(gradient), dtype=bool)
    inside[: len(white)] = np.abs(white) < 0.98 * FARTHEST
    step = np.linalg.lstsq(information[np.ix_(inside, inside)], gradient[inside], rcond=1e-10)[0]
    return float(gradient[inside] @ step)


def _unfelt(data: Array) -> Array:
    """Return the prior's information in the directions that the records do not feel, (unknowns, unknowns)."""
    values, vectors = np.linalg.eigh(data)
    flat = vectors[:, values < UNFELT]
    found: Array = flat @ flat.T
    return found


def _rows(problem: Problem, objective: Objective, at: Array) -> tuple[Array, Array]:
    """Return independent standardised residuals, (records,), and their derivatives by the whitened unknowns."""
    predicted, by = objective.slopes(at)
    rows = [row for arm in problem.arms for row in arm.rows]
    failed = "no prediction"
    values = [
        Value(float(number), row.record.unit, "" if math.isfinite(number) else failed)
        for number, row in zip(predicted, rows, strict=True)
    ]
    residuals = np.array([row.noise.residual(value) for row, value in zip(rows, values, strict=True)])
    steep = np.array([row.noise.slope(value) for row, value in zip(rows, values, strict=True)])
    moved = by * np.array([unknown.sd for unknown in problem.unknowns])
    return problem.whitened(residuals), problem.whitened(moved * steep[:, None])


def _with_noises(problem: Problem, objective: Objective, at: Array) -> Problem:
    """Return the problem with the errors that were estimated in place of those that were told."""
    predicted = objective.predict(at)
    rows = [row for arm in problem.arms for row in arm.rows]
    for which, under in enumerate(objective.observed.noises):
        spec = problem.recipe.noises.get(under.label)
        if spec is None:
            continue
        numbers = objective.numbers(at, which)
        sds = _sds(under.noise, predicted[under.rows], numbers)
        told = ", ".join(f"{name} {number:.3g}" for name, number in zip(under.noise.numbers, numbers, strict=True))
        for place, sd in zip(under.rows, sds, strict=True):
            given = rows[place].noise
            origin = f"{under.noise.kind}, {told}: {spec.why}"
            changed = replace(given, sd=float(sd), logarithmic=under.noise.kind == "log-normal", origin=origin)
            rows[place] = replace(rows[place], noise=changed)
    firsts = np.cumsum([0, *(len(arm.rows) for arm in problem.arms)])
    arms = tuple(replace(arm, rows=tuple(rows[firsts[n] : firsts[n + 1]])) for n, arm in enumerate(problem.arms))
    return replace(problem, arms=arms)


def _sds(noise: NoiseModel, predicted: Array, numbers: Array) -> Array:
    """Return each row's standard deviation: distances are linear in what was observed, or in its logarithm."""
    none = np.zeros(len(predicted), dtype=int)
    ends = [noise.standardised(seen, none, predicted, numbers) for seen in (predicted, predicted * math.e)]
    size = 1.0 if noise.kind == "log-normal" else predicted * (math.e - 1)
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(np.abs(size / (ends[1] - ends[0])), nan=1.0, posinf=1.0))


def _noise_rows(objective: Objective, at: Array, covariance: Array, count: int) -> tuple[NoiseRow, ...]:
    found = []
    for n, guess in enumerate(objective.free[count:], start=count):
        half = Z975 * math.sqrt(max(float(covariance[n, n]), 0.0))
        middle = float(at[n])
        found.append(NoiseRow(guess.name, math.exp(middle), math.exp(middle - half), math.exp(middle + half)))
    return tuple(found)
