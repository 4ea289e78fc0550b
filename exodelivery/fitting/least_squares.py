"""Floor 7: least squares by lmfit: Levenberg-Marquardt on our residuals with our Jacobian.

lmfit's parameters are named u0, u1, … and mapped back by name; standard errors are never rescaled by the misfit,
because every residual is already in standard deviations.

References
----------
Newville M et al. LMFIT: Non-Linear Least-Square Minimization and Curve-Fitting for Python. doi 10.5281/zenodo.11813
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.problem import Evaluator
from exodelivery.fitting.protocol import Doubt, Ended
from exodelivery.fitting.unknowns import FARTHEST
from exodelivery.fitting.verdict import FLAT, decrement
from exodelivery.solve.timeline import Array

MOST_EVALUATIONS = 80
"""Evaluations of the residuals in one start, those of the Jacobian apart."""


class LeastSquares:
    """Levenberg-Marquardt through lmfit."""

    name = "least squares"

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
            Relative change of the sum of squares, and of the unknowns, at which it stops.
        tell : callable, optional
            Called with the best sum of squares so far.

        Raises
        ------
        FitError
            If the recipe wants noises estimated, which least squares cannot.
        """
        import lmfit

        recipe = evaluator.problem.recipe
        if recipe.noises:
            raise FitError(
                f"{recipe.name} has noises to estimate, and least squares takes every error as given",
                remedy='write estimator = "MAP" under [method]',
            )

        best: list[Any] = [np.inf, start]
        names = [f"u{n}" for n in range(len(start))]
        parameters = lmfit.Parameters()
        inside = np.clip(start, -0.99 * FARTHEST, 0.99 * FARTHEST)
        for name, value in zip(names, inside, strict=True):
            parameters.add(name, value=float(value), min=-FARTHEST, max=FARTHEST)

        def white(given: Any) -> Array:
            return np.array([given[name].value for name in names])

        def residuals(given: Any) -> Array:
            at = white(given)
            found = evaluator.residuals(at)
            cost = float(found @ found)
            if cost < best[0]:
                best[:] = [cost, at]
            if tell is not None:
                tell(best[0])
            return found

        def slopes(given: Any) -> Array:
            varying = [n for n, name in enumerate(names) if given[name].vary]
            return evaluator.jacobian(white(given))[:, varying].T

        minimizer = lmfit.Minimizer(
            residuals,
            parameters,
            Dfun=slopes,
            col_deriv=1,
            scale_covar=False,
            max_nfev=MOST_EVALUATIONS,
            ftol=tolerance,
            xtol=tolerance,
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="divide by zero|invalid value", category=RuntimeWarning)
            found = minimizer.minimize(method="leastsq")
        return Ended(best[1], best[0], bool(found.success) and not found.aborted, str(found.message))

    def doubt(self, evaluator: Evaluator, end: Ended) -> Doubt:
        """Return what the records say where a fit ended: ``J'J`` of residuals in standard deviations."""
        residuals, jacobian = evaluator.residuals(end.white), evaluator.jacobian(end.white)
        problem = evaluator.problem
        slopes = jacobian[: problem.records]
        flat = decrement(residuals, jacobian) < FLAT
        prior = np.eye(len(end.white))
        return Doubt(problem, residuals[: problem.records], slopes, slopes.T @ slopes, prior, flat)
