"""Floor 7: rows whose errors depend on one another, with a covariance that is given.

An area, a half-life and a residence time of one curve come from the same animals: what one says, the others have said
in part. Their covariance comes from simulating the study (:mod:`exodelivery.fitting.sampling`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.noises.protocol import FAILED, Contribution
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Correlated:
    """Jointly normal errors.

    Attributes
    ----------
    covariance : array, (rows, rows)
        Of the rows, or of the logarithms of those that ``logarithmic`` marks.
    logarithmic : array of bool, (rows,)
    shift : array, (rows,)
        How far the mean of a record lies off its prediction, as simulating the study tells.

    Raises
    ------
    FitError
        If the covariance is not positive definite.
    """

    covariance: Array
    logarithmic: Array
    shift: Array
    kind: str = "correlated"
    values: tuple[float, ...] = ()
    estimated: tuple[bool, ...] = ()
    numbers: tuple[str, ...] = ()
    _root: Array = field(init=False, repr=False)
    _precision: Array = field(init=False, repr=False)
    _constant: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            root = np.linalg.cholesky(self.covariance)
        except np.linalg.LinAlgError:
            raise FitError(
                "the covariance of records is not positive definite",
                remedy="drop records that restate others, or simulate more studies",
            ) from None
        inverse = np.linalg.inv(root)
        object.__setattr__(self, "_root", inverse)
        object.__setattr__(self, "_precision", inverse.T @ inverse)
        count = len(self.covariance)
        object.__setattr__(
            self, "_constant", float(np.sum(np.log(np.diag(root)))) + 0.5 * count * math.log(2 * math.pi)
        )

    def _errors(self, observed: Array, predicted: Array) -> tuple[Array, Array, bool]:
        logs = self.logarithmic
        good = bool(np.all(np.isfinite(predicted)) and np.all(predicted[logs] > 0))
        f = predicted if good else np.ones(len(predicted))
        with np.errstate(all="ignore"):
            errors = np.where(logs, np.log(observed) - np.log(np.abs(f)), observed - f) - self.shift
            return errors, np.where(logs, 1 / f, 1.0), good

    def contribution(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Contribution:
        """Return what the rows say together; half of each row's share of the square is written to it."""
        if np.any(limits != 0):
            raise FitError("a bound has no place among correlated records", remedy="give it a noise of its own")
        errors, by, good = self._errors(observed, predicted)
        count = len(errors)
        nothing = np.zeros((count, 0))
        if not good:
            return Contribution(
                np.full(count, FAILED), np.zeros(count), nothing, np.zeros((count, count)), nothing, np.zeros((0, 0))
            )
        white = self._root @ errors
        each = 0.5 * white**2 + self._constant / count
        each[self.logarithmic] += np.log(observed[self.logarithmic])
        information = self._precision * np.outer(by, by)
        return Contribution(each, -(self._precision @ errors) * by, nothing, information, nothing, np.zeros((0, 0)))

    def standardised(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Array:
        """Return each row's own distance in its own standard deviations, (rows,)."""
        errors, _, good = self._errors(observed, predicted)
        found: Array = errors / np.sqrt(np.diag(self.covariance)) if good else np.full(len(errors), 30.0)
        return found

    def draw(self, predicted: Array, numbers: Array, generator: np.random.Generator) -> Array:
        """Return what might have been reported, (rows,)."""
        errors = self.shift + np.linalg.cholesky(self.covariance) @ generator.standard_normal(len(predicted))
        return np.where(self.logarithmic, predicted * np.exp(errors), predicted + errors)
