"""Floor 7: a curve, what was observed, its noise and what was known before, as one number with exact derivatives.

Minus the log-posterior of the free numbers, each on its own scale: parameters of the curve first, then the estimated
numbers of the noises on log scales. One object serves least squares, maximum likelihood and MAP, profiles and
bootstraps; arrays only, as it is asked thousands of times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.courses.protocol import Curve
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.noises.protocol import NoiseModel
from exodelivery.fitting.ties import Ties, ties_of
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Under:
    """Rows that share one noise."""

    noise: NoiseModel
    rows: Any
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What was observed of a curve.

    Attributes
    ----------
    values : array, (rows,)
    limits : array of int, (rows,)
        -1 where the truth lies below the value, 1 above, 0 where it was measured.
    noises : tuple of Under
        Every row under exactly one.
    """

    values: Array
    limits: Array
    noises: tuple[Under, ...]

    def __post_init__(self) -> None:
        counted = np.zeros(len(self.values), dtype=int)
        for under in self.noises:
            counted[under.rows] += 1
        if np.any(counted != 1):
            row = int(np.flatnonzero(counted != 1)[0])
            raise FitError(f"row {row + 1} stands under {counted[row]} noises", remedy="give each row exactly one")
        if not np.all(np.isfinite(self.values)):
            row = int(np.flatnonzero(~np.isfinite(self.values))[0])
            raise FitError(f"row {row + 1} is not a finite number", remedy="leave it out, or give it a limit")
        for under in self.noises:
            if getattr(under.noise, "kind", "") == "log-normal" and np.any(self.values[under.rows] <= 0):
                raise FitError(
                    "a value that is not positive has no logarithm",
                    remedy="give it a limit (below quantification), or choose another noise",
                )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Minus the log-posterior at one point, its gradient and its (mostly expected) information."""

    value: float
    gradient: Array
    information: Array


@dataclass(eq=False)
class Objective:
    """Minus the log-posterior of the free numbers.

    Attributes
    ----------
    curve : Curve
    guesses : tuple of Guess
    observed : Observed
    failures : dict of str to int
        Rows whose prediction failed on the way, and how often.
    evaluations : int
        How often the curve was asked.
    """

    curve: Curve
    guesses: tuple[Guess, ...]
    observed: Observed
    failures: dict[str, int] = field(default_factory=dict)
    evaluations: int = 0

    def __post_init__(self) -> None:
        if self.curve.rows != len(self.observed.values):
            raise FitError(f"the curve has {self.curve.rows} rows, the data {len(self.observed.values)}")
        self.ties: Ties = ties_of(self.guesses, len(self.curve.names))
        free = [self.guesses[place] for place in self.ties.free]
        noise: list[Guess] = []
        self._slots: list[tuple[int, int, int]] = []
        for which, under in enumerate(self.observed.noises):
            for n, name in enumerate(under.noise.numbers):
                if under.noise.estimated[n]:
                    self._slots.append((which, n, len(free) + len(noise)))
                    label = f"{name} of {under.label}" if under.label else name
                    noise.append(Guess(label, under.noise.values[n], scale="log"))
        self.free: tuple[Guess, ...] = (*free, *noise)
        self.parameters = len(free)
        if not self.free:
            raise FitError("nothing is free", remedy="free a parameter, or simulate instead")
        bounds = np.array([guess.bounds for guess in self.free]).reshape(-1, 2)
        self.low, self.high = bounds[:, 0], bounds[:, 1]
        self._last: tuple[bytes, Any] = (b"", None)

    @property
    def names(self) -> tuple[str, ...]:
        """The free numbers, in order."""
        return tuple(guess.name for guess in self.free)

    @property
    def start(self) -> Array:
        """Where they start, on their scales, (free,)."""
        return np.array([guess.start for guess in self.free])

    @property
    def rows(self) -> int:
        """How many rows were observed."""
        return len(self.observed.values)

    def natural(self, at: Array) -> Array:
        """Return the free numbers in their own units, (free,)."""
        return np.array([guess.natural(value) for guess, value in zip(self.free, at, strict=True)])

    def predict(self, at: Array) -> Array:
        """Return the predictions at a point, (rows,)."""
        self.evaluations += 1
        return self.curve.predict(self.ties.values(at[: self.parameters])[0])

    def slopes(self, at: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives by the curve's free parameters, (rows,) and (rows, free)."""
        key = at[: self.parameters].tobytes()
        if self._last[0] != key:
            values, by = self.ties.values(at[: self.parameters])
            self.evaluations += 1
            predicted, slopes = self.curve.slopes(values)
            self._last = key, (predicted, np.where(np.isfinite(slopes), slopes, 0.0) @ by)
        found: tuple[Array, Array] = self._last[1]
        return found

    def numbers(self, at: Array, which: int) -> Array:
        """Return the numbers of one noise at a point."""
        found = np.array(self.observed.noises[which].noise.values, dtype=float)
        for noise, n, place in self._slots:
            if noise == which:
                found[n] = math.exp(min(at[place], 700.0))
        return found

    def value(self, at: Array) -> float:
        """Return minus the log-posterior at a point."""
        predicted = self.predict(at)
        total = self._prior(at)[0]
        for which, under in enumerate(self.observed.noises):
            rows = under.rows
            total += under.noise.contribution(
                self.observed.values[rows], self.observed.limits[rows], predicted[rows], self.numbers(at, which)
            ).value
        self._count(predicted)
        return total

    def evaluate(self, at: Array) -> Evaluation:
        """Return minus the log-posterior at a point with its gradient and information."""
        with np.errstate(all="ignore"):
            return self._evaluate(at)

    def _evaluate(self, at: Array) -> Evaluation:
        predicted, slopes = self.slopes(at)
        count = len(self.free)
        total, gradient, curvature = self._prior(at)
        information = np.diag(curvature)
        p = self.parameters
        for which, under in enumerate(self.observed.noises):
            rows = under.rows
            part = under.noise.contribution(
                self.observed.values[rows], self.observed.limits[rows], predicted[rows], self.numbers(at, which)
            )
            total += part.value
            by = slopes[rows]
            gradient[:p] += part.by_prediction @ by
            weighted = part.information[:, None] * by if part.information.ndim == 1 else part.information @ by
            information[:p, :p] += by.T @ weighted
            own = [(n, place) for noise, n, place in self._slots if noise == which]
            for n, place in own:
                gradient[place] += part.by_numbers[:, n].sum()
                mixed = part.mixed[:, n] @ by
                information[:p, place] += mixed
                information[place, :p] += mixed
                for m, other in own:
                    information[place, other] += part.of_numbers[n, m]
        self._count(predicted)
        assert gradient.shape == (count,)
        return Evaluation(total, gradient, information)

    def each(self, at: Array) -> Array:
        """Return minus the log-likelihood of each row, (rows,)."""
        predicted, found = self.predict(at), np.empty(self.rows)
        for which, under in enumerate(self.observed.noises):
            rows = under.rows
            found[rows] = under.noise.contribution(
                self.observed.values[rows], self.observed.limits[rows], predicted[rows], self.numbers(at, which)
            ).each
        return found

    def standardised(self, at: Array) -> Array:
        """Return how many standard deviations each row lies off, (rows,)."""
        predicted, found = self.predict(at), np.empty(self.rows)
        for which, under in enumerate(self.observed.noises):
            rows = under.rows
            found[rows] = under.noise.standardised(
                self.observed.values[rows], self.observed.limits[rows], predicted[rows], self.numbers(at, which)
            )
        return found

    def with_observed(self, values: Array, limits: Array | None = None) -> Objective:
        """Return the same objective with other numbers observed, as a parametric bootstrap draws them."""
        observed = Observed(values, self.observed.limits if limits is None else limits, self.observed.noises)
        return Objective(self.curve, self.guesses, observed)

    def _prior(self, at: Array) -> tuple[float, Array, Array]:
        total, gradient, curvature = 0.0, np.zeros(len(at)), np.zeros(len(at))
        for n, guess in enumerate(self.free):
            if guess.prior is not None:
                centre, sd = guess.prior
                off = (at[n] - centre) / sd
                total += 0.5 * off**2 + math.log(sd) + 0.5 * math.log(2 * math.pi)
                gradient[n], curvature[n] = off / sd, sd**-2
        return total, gradient, curvature

    def _count(self, predicted: Array) -> None:
        for row in np.flatnonzero(~np.isfinite(predicted)):
            title = self.curve.title(int(row))
            self.failures[title] = self.failures.get(title, 0) + 1


def under_one(noise: NoiseModel, rows: int, label: str = "") -> tuple[Under, ...]:
    """Return all rows under one noise."""
    return (Under(noise, np.arange(rows), label),)


def observed_of(
    values: Sequence[float] | Array, noise: NoiseModel, limits: Sequence[int] | Array | None = None
) -> Observed:
    """Return numbers that share one noise, some of them limits.

    Examples
    --------
    >>> from exodelivery.fitting.noises.spread import Spread
    >>> observed_of([1.0, 2.0], Spread("additive", (0.1,), (True,))).limits.tolist()
    [0, 0]
    """
    array = np.asarray(values, dtype=float)
    marks = np.zeros(len(array), dtype=int) if limits is None else np.asarray(limits, dtype=int)
    return Observed(array, marks, under_one(noise, len(array)))
