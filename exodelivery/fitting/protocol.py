"""Floor 7: the Estimator seam: from one starting point to one optimum of a problem.

An estimator sees residuals and their Jacobian in whitened unknowns and returns where it ended; several starts, doubt
and the verdict are not its business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.problem import Evaluator
from exodelivery.solve.timeline import Array

ESTIMATORS: dict[str, str] = {"least_squares": "exodelivery.fitting.least_squares:LeastSquares"}


@dataclass(frozen=True, slots=True)
class Ended:
    """Where one start ended.

    Attributes
    ----------
    white : array, (unknowns,)
        Whitened.
    cost : float
        Sum of squares of all residuals.
    converged : bool
    message : str
        The estimator's own words.
    """

    white: Array
    cost: float
    converged: bool
    message: str


class Estimator(Protocol):
    """Finds an optimum from a starting point."""

    name: str

    def estimate(
        self, evaluator: Evaluator, start: Array, tolerance: float, tell: Callable[[float], None] | None = None
    ) -> Ended:
        """Return where the fit from ``start`` ended; ``tell`` is called with each sum of squares."""


def estimator(name: str) -> Estimator:
    """Return the estimator of this name, importing it now.

    Raises
    ------
    FitError
        If none bears the name.

    Examples
    --------
    >>> estimator("least_squares").name
    'least_squares'
    """
    if name not in ESTIMATORS:
        raise FitError(f"no estimator is called {name!r}", remedy=nearest(name, ESTIMATORS))
    module, _, attribute = ESTIMATORS[name].partition(":")
    built: Estimator = getattr(import_module(module), attribute)()
    return built
