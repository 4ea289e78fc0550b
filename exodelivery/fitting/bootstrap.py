"""Floor 7: the bootstrap: the fit repeated on data drawn anew: parametric, by cases, or by whole groups (arms).

References
----------
Efron B, Tibshirani RJ. An Introduction to the Bootstrap. 1993 (parametric and case resampling, percentile intervals).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.objective import Objective, Observed, Under
from exodelivery.fitting.ordinary import is_ordinary, minimise
from exodelivery.fitting.regression import Regression
from exodelivery.fitting.scoring import score
from exodelivery.solve.timeline import Array

KINDS = ("parametric", "cases", "groups")


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Estimates of drawn data.

    Attributes
    ----------
    found : Regression
    kind : str
    estimates : array, (draws, free)
        On the scales; draws that did not converge are left out.
    failed : int
    """

    found: Regression
    kind: str
    estimates: Array
    failed: int

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the percentile interval, in the parameter's unit.

        Where the size of errors was estimated on few degrees of freedom, it is widened about the estimate by the
        ratio of Student's quantile to the normal one.
        """
        from scipy.stats import norm

        n = self.found.place(name)
        guess, centre = self.found.objective.free[n], float(self.found.at[n])
        wider = self.found.quantile(level) / float(norm.ppf(0.5 + level / 2))
        ends = np.quantile(self.estimates[:, n], [0.5 - level / 2, 0.5 + level / 2])
        low, high = (guess.natural(centre + wider * (float(end) - centre)) for end in ends)
        return low, high

    def standard_error(self, name: str) -> float:
        """Return the standard deviation of the estimates on the parameter's scale."""
        return float(np.std(self.estimates[:, self.found.place(name)], ddof=1))

    def __str__(self) -> str:
        ends = {name: self.interval(name) for name in self.found.names}
        told = ", ".join(f"{name} {low:.4g} to {high:.4g}" for name, (low, high) in ends.items())
        return f"Bootstrap ({self.kind}), {len(self.estimates)} draws, {self.failed} failed; 95 %: {told}"


def resample(
    found: Regression, *, kind: str = "parametric", draws: int = 500, seed: int = 1, groups: Sequence[str] | None = None
) -> Resampled:
    """Return estimates of data drawn anew.

    Parameters
    ----------
    found : Regression
    kind : str
        ``parametric`` (from the fitted noise; limits stay limits), ``cases`` (rows), or ``groups`` (arms, subjects:
        all rows of a group come together).
    draws : int
    seed : int
        Draw n has a seed of its own.
    groups : sequence of str, (rows,), optional
        For ``groups``; those of the curve unless given.

    Raises
    ------
    FitError
        For an unknown kind, or groups that are none.

    Examples
    --------
    >>> from exodelivery.fitting.regress import regress
    >>> data = {"x": [0, 1, 2, 3, 4, 5], "y": [8.1, 4.9, 3.0, 1.9, 1.1, 0.6]}
    >>> made = resample(regress("a * exp(-k * x)", data=data, start={"a": 5, "k": 1}), draws=20)
    >>> made.interval("k")[0] < 0.5 < made.interval("k")[1]
    True
    """
    if kind not in KINDS:
        raise FitError(f"no bootstrap is called {kind!r}", remedy=nearest(kind, KINDS))
    objective = found.objective
    labels = _labels(found, groups) if kind == "groups" else []
    estimates, failed = [], 0
    predicted = objective.predict(found.at)
    for n in range(draws):
        generator = np.random.default_rng([seed, n])
        drawn = (
            _parametric(found, predicted, generator) if kind == "parametric" else _cases(objective, labels, generator)
        )
        ordinary = is_ordinary(drawn)
        if ordinary:
            minimum = minimise(drawn, found.at)
            at, converged = np.concatenate([minimum.at, found.at[len(minimum.at) :]]), minimum.converged
        else:
            reached = score(drawn, found.at, tolerance=1e-8)
            at, converged = reached.at, reached.converged
        if converged and np.all(np.isfinite(at)):
            estimates.append(at)
        else:
            failed += 1
    if len(estimates) < 2:
        raise FitError(f"{failed} of {draws} draws could not be fitted", remedy="look at the fit's own verdict first")
    return Resampled(found, kind, np.array(estimates), failed)


def _labels(found: Regression, groups: Sequence[str] | None) -> list[str]:
    given = getattr(found.objective.curve, "group", None) if groups is None else None
    labels = list(groups or []) if given is None else [str(given(row)) for row in range(found.rows)]
    if len(labels) != found.rows or len(set(labels)) < 2:
        raise FitError("there are no groups to draw", remedy="pass groups=, one name to each row, at least two in all")
    return labels


def _parametric(found: Regression, predicted: Array, generator: np.random.Generator) -> Objective:
    objective = found.objective
    observed = objective.observed
    values, limits = observed.values.copy(), observed.limits.copy()
    for which, under in enumerate(observed.noises):
        rows = under.rows
        drawn = under.noise.draw(predicted[rows], objective.numbers(found.at, which), generator)
        censored = observed.limits[rows] != 0
        # A limit that the draw lies within stays the limit; one beyond it was measured this time.
        within = np.where(observed.limits[rows] < 0, drawn < values[rows], drawn > values[rows])
        # Whatever falls below the smallest limit of its noise could not have been measured.
        below = (observed.limits[rows] < 0).any() & (drawn < _floor(values[rows], observed.limits[rows]))
        marks = np.where(censored & within, observed.limits[rows], np.where(below & ~censored, -1, 0))
        values[rows] = np.where(
            marks == 0, drawn, np.where(censored, values[rows], _floor(values[rows], observed.limits[rows]))
        )
        limits[rows] = marks
    return objective.with_observed(values, limits)


def _floor(values: Array, limits: Array) -> float:
    return float(np.min(values[limits < 0])) if (limits < 0).any() else -math.inf


def _cases(objective: Objective, labels: Sequence[str], generator: np.random.Generator) -> Objective:
    rows = np.arange(objective.rows)
    if labels:
        names = list(dict.fromkeys(labels))
        members = {name: rows[[label == name for label in labels]] for name in names}
        drawn = np.concatenate([members[names[n]] for n in generator.integers(len(names), size=len(names))])
    else:
        # Within each noise, so that every observable keeps its number of rows.
        drawn = np.concatenate([generator.choice(under.rows, len(under.rows)) for under in objective.observed.noises])
    take = getattr(objective.curve, "take", None)
    if take is None:
        raise FitError("this curve cannot be drawn by rows", remedy='use kind="parametric"')
    noises = tuple(
        Under(under.noise, np.flatnonzero(np.isin(drawn, under.rows)), under.label)
        for under in objective.observed.noises
    )
    observed = Observed(objective.observed.values[drawn], objective.observed.limits[drawn], noises)
    return Objective(take(drawn), objective.guesses, observed)
