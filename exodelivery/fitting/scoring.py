"""Floor 7: maximum likelihood and MAP by Fisher scoring, damped as Levenberg and Marquardt damp least squares.

The information is the expected one wherever a row was measured, so it is never indefinite; bounds are kept by
projecting, and a number at a bound rests while its gradient pushes outwards. It also walks profiles, with some numbers
held.

References
----------
Osborne MR. Fisher's method of scoring. Int Stat Rev 1992;60:99, doi 10.2307/1403504.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from exodelivery.fitting.objective import Evaluation, Objective
from exodelivery.solve.timeline import Array

MOST_STEPS = 200
FLAT = 1e-8
"""Information below this of a logarithm (a standard error of ten thousand) is none: the number rests."""
LONGEST = 3.0
"""A step on log and logit scales is no longer: a factor of twenty."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where scoring ended.

    Attributes
    ----------
    at : array, (free,)
    evaluation : Evaluation
    converged : bool
    message : str
    steps : int
    """

    at: Array
    evaluation: Evaluation
    converged: bool
    message: str
    steps: int


def score(
    objective: Objective,
    start: Array,
    *,
    tolerance: float = 1e-14,
    held: tuple[int, ...] = (),
    most: int = MOST_STEPS,
    tell: Callable[[float], None] | None = None,
) -> Reached:
    """Return the optimum that is reached from a start.

    Parameters
    ----------
    objective : Objective
    start : array, (free,)
        On the scales.
    tolerance : float
        Stop where the next step promises less than this of minus the log-posterior.
    held : tuple of int
        Numbers that stay at their start.
    most : int
        Steps at most.
    tell : callable, optional
        Told each value that improves.
    """
    at = np.clip(start, objective.low, objective.high)
    here = objective.evaluate(at)
    if not _finite(here):
        return Reached(at, here, False, "the likelihood is not finite where it starts", 0)
    curved = np.array([guess.scale != "linear" for guess in objective.free])
    moving = np.ones(len(at), dtype=bool)
    moving[list(held)] = False
    damping, growth = 1e-4, 2.0
    for step in range(most):
        free = moving & ~((at <= objective.low) & (here.gradient > 0)) & ~((at >= objective.high) & (here.gradient < 0))
        if not free.any():
            return Reached(at, here, True, "every number is held or at a bound", step)
        gradient, information = here.gradient[free], here.information[np.ix_(free, free)]
        scale = np.sqrt(np.maximum(np.diag(information), np.where(curved[free], FLAT, 1e-300)))
        promised = 0.5 * float(gradient @ _solve(information, gradient, scale, 1e-12))
        if promised < tolerance:
            return Reached(at, here, True, "the next step promises nothing", step)
        while True:
            moved = at.copy()
            step_by = _solve(information, gradient, scale, damping)
            longest = float(np.max(np.abs(step_by[curved[free]]), initial=0.0))
            moved[free] -= step_by * min(1.0, LONGEST / longest if longest > 0 else 1.0)
            moved = np.clip(moved, objective.low, objective.high)
            if np.all(np.abs(moved - at) <= 1e-15 * np.maximum(np.abs(at), 1e-300)) or damping > 1e16:
                close = promised < max(tolerance, 1e-6 * max(1.0, abs(here.value)))
                return Reached(at, here, close, "no step goes down any more", step)
            there = objective.evaluate(moved)
            if there.value < here.value and _finite(there):
                break
            damping *= growth
            growth *= 2
        expected = _expected(here, moved - at)
        ratio = (here.value - there.value) / expected if expected > 0 else 0.0
        damping = max(damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 1e-12)
        growth = 2.0
        at, here = moved, there
        if tell is not None:
            tell(here.value)
    return Reached(at, here, False, f"{most} steps did not suffice", most)


def _finite(found: Evaluation) -> bool:
    return bool(
        np.isfinite(found.value) and np.all(np.isfinite(found.gradient)) and np.all(np.isfinite(found.information))
    )


def _solve(information: Array, gradient: Array, scale: Array, damping: float) -> Array:
    """Return the damped step of a problem scaled to a unit diagonal."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    scaled = information / np.outer(scale, scale)
    scaled[np.diag_indices(len(scale))] += damping
    try:
        found: Any = cho_solve(cho_factor(scaled), gradient / scale) / scale
    except LinAlgError:
        found = np.linalg.lstsq(scaled, gradient / scale, rcond=None)[0] / scale
    return np.asarray(found)


def _expected(here: Evaluation, step: Array) -> float:
    return -float(here.gradient @ step + 0.5 * step @ here.information @ step)
