"""Floor 7: the Estimator seam: from one starting point to where it ended there, and what the records say at an optimum.

An estimator gets an :class:`~exodelivery.fitting.problem.Evaluator`, whose evaluations a journal answers after a kill,
and a tolerance. Several starts and the words of the verdict are not its business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.problem import Evaluator, Problem
from exodelivery.fitting.result import NoiseRow
from exodelivery.solve.timeline import Array

ESTIMATORS: dict[str, str] = {
    "least squares": "exodelivery.fitting.least_squares:LeastSquares",
    "MAP": "exodelivery.fitting.scored:maximum_a_posteriori",
    "maximum likelihood": "exodelivery.fitting.scored:maximum_likelihood",
}
"""Names, as a recipe writes them under ``[method]``, and where each is built."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Where one start ended.

    Attributes
    ----------
    white : array, (unknowns,)
        Whitened.
    cost : float
        Sum of squares of all residuals, or twice minus the logarithm of what was maximised.
    converged : bool
    message : str
        The estimator's own words.
    numbers : array, (numbers,)
        Logarithms of estimated numbers of noises.
    """

    white: Array
    cost: float
    converged: bool
    message: str
    numbers: Array = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the records say at an optimum.

    Attributes
    ----------
    problem : Problem
        Each record with the error that it was given in the end.
    residuals : array, (records,)
        Standardised and independent.
    slopes : array, (records, unknowns)
        Their derivatives by the whitened unknowns.
    data : array, (unknowns, unknowns)
        Information of the records on the whitened unknowns, what estimated noises cost taken off.
    prior : array, (unknowns, unknowns)
        Information that priors add.
    converged : bool
        Whether it is flat there.
    noises : tuple of NoiseRow
    """

    problem: Problem
    residuals: Array
    slopes: Array
    data: Array
    prior: Array
    converged: bool
    noises: tuple[NoiseRow, ...] = ()


class Estimator(Protocol):
    """Finds an optimum from a starting point."""

    name: str

    def estimate(
        self, evaluator: Evaluator, start: Array, tolerance: float, tell: Callable[[float], None] | None = None
    ) -> Ended:
        """Return where the fit from ``start`` ended; ``tell`` is called with the best cost so far."""

    def doubt(self, evaluator: Evaluator, end: Ended) -> Doubt:
        """Return what the records say where a fit ended."""


def estimator(name: str) -> Estimator:
    """Return the estimator of this name, importing it now.

    Raises
    ------
    FitError
        If none bears the name.

    Examples
    --------
    >>> estimator("least squares").name
    'least squares'
    """
    if name not in ESTIMATORS:
        raise FitError(f"no estimator is called {name!r}", remedy=nearest(name, ESTIMATORS))
    module, _, attribute = ESTIMATORS[name].partition(":")
    built: Estimator = getattr(import_module(module), attribute)()
    return built
