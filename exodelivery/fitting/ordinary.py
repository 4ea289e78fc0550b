"""Floor 7: ordinary least squares by scipy's trust region (``trf``), scaled by the Jacobian, with exact derivatives.

For one additive or log-normal noise whose size is common to all rows: estimated from what is left over, or given. The
standard errors' convention is said in the result: ``s**2 (J'J)^-1`` with ``s**2`` the residual sum of squares over
n - p where the size is estimated, ``(J'J)^-1`` of standardised residuals where it is given.

References
----------
Branch MA, Coleman TF, Li Y. SIAM J Sci Comput 1999;21:1, doi 10.1137/S1064827595289108 (the method ``trf``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.noises.spread import Spread
from exodelivery.fitting.objective import Objective
from exodelivery.solve.timeline import Array

MOST_EVALUATIONS = 5000
STOP = 1e-15
"""Relative change at which it stops; for curves from an integrator, its own accuracy."""
AWAY = 1e10
"""Residual of a prediction that failed: a step there is refused."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where least squares ended.

    Attributes
    ----------
    at : array, (free parameters,)
    sum_of_squares : float
    covariance : array, (free parameters, free parameters)
        ``(J'J)^-1`` of unscaled residuals.
    converged : bool
    message : str
    """

    at: Array
    sum_of_squares: float
    covariance: Array
    converged: bool
    message: str


def is_ordinary(objective: Objective) -> bool:
    """Say whether least squares and maximum likelihood are one: one common size of error, no limits, no priors."""
    noises = objective.observed.noises
    if len(noises) != 1 or not isinstance(noises[0].noise, Spread):
        return False
    noise = noises[0].noise
    plain = noise.kind in ("additive", "log-normal") and not noise.student
    return plain and not objective.observed.limits.any() and all(guess.prior is None for guess in objective.free)


def minimise(objective: Objective, start: Array, tell: Callable[[float], None] | None = None) -> Minimum:
    """Return the least sum of squares that is reached from a start.

    Parameters
    ----------
    objective : Objective
    start : array, (free,)
        On the scales; estimated numbers of the noise are passed over.
    tell : callable, optional
        Told each sum of squares.

    Raises
    ------
    FitError
        If the noise is none of one common size, or the curve fails where it starts.
    """
    from scipy.optimize import least_squares

    if not is_ordinary(objective):
        raise FitError("these rows have no common size of error", remedy='use method="maximum_likelihood"')
    p = objective.parameters
    logs = objective.observed.noises[0].noise.kind == "log-normal"
    y = np.log(objective.observed.values) if logs else objective.observed.values
    rest = start[p:]

    def residuals(at: Array) -> Array:
        # With their derivatives, which are kept: a trial that is taken asks for them next.
        predicted, _ = objective.slopes(np.concatenate([at, rest]))
        with np.errstate(all="ignore"):
            found = (np.log(predicted) if logs else predicted) - y
        if not np.all(np.isfinite(found)):
            return np.full(len(y), AWAY)
        if tell is not None:
            tell(float(found @ found))
        return np.asarray(found)

    def jacobian(at: Array) -> Array:
        predicted, slopes = objective.slopes(np.concatenate([at, rest]))
        with np.errstate(all="ignore"):
            found = slopes / predicted[:, None] if logs else slopes
        return np.where(np.isfinite(found), found, 0.0)

    if np.all(residuals(start[:p]) == AWAY):
        raise FitError("the curve has no finite value where it starts", remedy="start elsewhere")
    low, high = objective.low[:p], objective.high[:p]
    stop = max(STOP, getattr(objective.curve, "accuracy", 0.0))
    inside = np.clip(start[:p], low, high)
    with np.errstate(all="ignore"):
        found = least_squares(
            residuals, inside, jac=jacobian, bounds=(low, high), x_scale="jac", method="trf",
            ftol=stop, xtol=stop, gtol=stop, max_nfev=MOST_EVALUATIONS,
        )  # fmt: skip
    at = found.x if stop > STOP else _polish(residuals, jacobian, found.x, low, high)
    left = residuals(at)
    return Minimum(
        at, float(left @ left), inverse_square(jacobian(at)), bool(found.success), str(found.message).rstrip(".")
    )


def _polish(
    residuals: Callable[[Array], Array], jacobian: Callable[[Array], Array], at: Array, low: Array, high: Array
) -> Array:
    """Take full Gauss-Newton steps while they shrink: the last digits, where the sum of squares is flat to rounding."""
    left = residuals(at)
    cost, before = float(left @ left), np.inf
    for _ in range(40):
        slopes = jacobian(at)
        step = np.linalg.lstsq(slopes, left, rcond=1e-14)[0]
        promised = float(np.linalg.norm(slopes @ step))
        moved = at - step
        if promised > 0.9 * before or np.any(moved < low) or np.any(moved > high):
            break
        found = residuals(moved)
        if float(found @ found) > cost * (1 + 1e-9):
            break
        at, left, before = moved, found, promised
    return at


def inverse_square(jacobian: Array) -> Array:
    """Return ``(J'J)^-1`` from a singular value decomposition of J scaled by columns, which keeps its digits.

    Examples
    --------
    >>> inverse_square(np.array([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.25, 0.0], [0.0, 0.0625]]
    """
    scale = np.linalg.norm(jacobian, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    _, singular, rotated = np.linalg.svd(jacobian / scale, full_matrices=False)
    with np.errstate(divide="ignore"):
        root = rotated.T / singular
    found: Array = root @ root.T / np.outer(scale, scale)
    return found
