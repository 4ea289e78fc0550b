"""Floor 7: the Noise seam: from predictions to the log-likelihood of what was observed, with its derivatives.

A noise has numbers of its own (``sd``, ``cv``, ``dof``, ``size``), each given or estimated, and is shared by the rows
that it is told. Everything an estimator wants is in one :class:`Contribution`: minus the log-likelihood, its gradient,
and the information (expected where a row was measured, observed where only a limit is known).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from exodelivery.solve.timeline import Array

FAILED = 450.0
"""Minus the log-likelihood of a row whose prediction failed (30 standard deviations); it is counted and named."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What rows under one noise say.

    Attributes
    ----------
    each : array, (rows,)
        Minus the log-likelihood of each row, constants included, so that noises can be compared by AIC.
    by_prediction : array, (rows,)
    by_numbers : array, (rows, numbers)
        By the logarithms of the noise's numbers.
    information : array, (rows,) or (rows, rows)
        By the predictions.
    mixed : array, (rows, numbers)
    of_numbers : array, (numbers, numbers)
    """

    each: Array
    by_prediction: Array
    by_numbers: Array
    information: Array
    mixed: Array
    of_numbers: Array

    @property
    def value(self) -> float:
        """Minus the log-likelihood of all rows."""
        return float(np.sum(self.each))


class NoiseModel(Protocol):
    """How observed numbers scatter about predictions.

    Attributes
    ----------
    numbers : tuple of str
        Names of its own numbers, all positive.
    """

    @property
    def kind(self) -> str:
        """Its word."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of its own numbers."""

    @property
    def values(self) -> tuple[float, ...]:
        """The numbers, or where they start."""

    @property
    def estimated(self) -> tuple[bool, ...]:
        """Which of them are estimated."""

    def contribution(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Contribution:
        """Return what the rows say; ``limits`` is -1 where the truth lies below ``observed``, 1 above, 0 at it."""

    def standardised(self, observed: Array, limits: Array, predicted: Array, numbers: Array) -> Array:
        """Return how many standard deviations each row lies off, zero on the allowed side of a limit."""

    def draw(self, predicted: Array, numbers: Array, generator: np.random.Generator) -> Array:
        """Return what might have been observed."""
