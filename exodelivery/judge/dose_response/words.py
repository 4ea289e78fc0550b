"""Floor 8: what a curve's wells say that no number does: no effect, a rebound, wells far off, ends not reached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.solve.timeline import Array

DOUBT = 0.05
RARE = 0.01
NEAR = 0.05
"""P-values below which a flat curve is refused, and below which a rebound or a misfit is believed; the share of the
range of responses within which no well is far off, however well the others fit."""


def outliers(response: Array, left: Array, leverage: Array, weight: Array, freedom: int) -> NDArray[np.bool_]:
    """Return which wells lie further off than one in twenty curves would have any (externally studentised, Bonferroni).

    Parameters
    ----------
    response, left, leverage, weight : array, (wells,)
        Response, response less fit, leverage on the fit, weight.
    freedom : int
        Degrees of freedom of the fit.

    References
    ----------
    Cook RD, Weisberg S. Residuals and Influence in Regression. Chapman and Hall 1982, section 2.2.
    """
    used = weight > 0
    if freedom < 3:
        return np.zeros(len(left), bool)
    squares = weight * left**2
    whole = float(squares.sum())
    room = np.clip(1.0 - leverage, 1e-6, 1.0)
    others = (whole - squares / room) / (freedom - 1)
    scale = max(1e-24 * float(np.max(squares, initial=0.0)), 1e-300)
    far = np.sqrt(squares / room / np.maximum(others, scale))
    limit = student(0.5 * DOUBT / max(int(used.sum()), 1), freedom - 1)
    found: NDArray[np.bool_] = used & (far > limit) & (np.abs(left) > NEAR * np.ptp(response[used]))
    return found


@lru_cache(maxsize=1024)
def student(chance: float, freedom: int) -> float:
    """Return what Student's t exceeds with a chance; kept, as curves of one table ask for the same few."""
    return float(-special.stdtrit(freedom, chance))


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Responses by dose.

    Attributes
    ----------
    dose, mean : array, (doses,)
    place : array of int, (wells,)
        Which dose each well has.
    count : array of int, (doses,)
    variance : float
        Within doses; NaN where each has one well. ``freedom`` is its degrees of freedom.
    """

    dose: Array
    mean: Array
    place: NDArray[np.intp]
    count: NDArray[np.intp]
    variance: float
    freedom: int


def by_dose(dose: Array, response: Array) -> Means:
    """Return means of the response, and the scatter within doses."""
    doses, place, count = np.unique(dose, return_inverse=True, return_counts=True)
    means = np.bincount(place, response) / count
    freedom = len(dose) - len(doses)
    within = float(((response - means[place]) ** 2).sum() / freedom) if freedom else float("nan")
    return Means(doses, means, place, count, within, freedom)


def rebound(means: Means, fallback: tuple[float, int], falls: bool, unit: str) -> str:
    """Return where the response turns back as the dose goes on, in words; empty where it does not.

    The largest turn between any two doses counts, against the scatter of wells, with a correction for the pairs.
    """
    variance, freedom = (means.variance, means.freedom) if means.freedom >= 3 else fallback
    size = len(means.dose)
    if size < 3 or freedom < 1 or not variance > 0:
        return ""
    turn = (means.mean[None, :] - means.mean[:, None]) * (1.0 if falls else -1.0)
    error = np.sqrt(variance * (1.0 / means.count[:, None] + 1.0 / means.count[None, :]))
    z = np.where(np.arange(size)[:, None] < np.arange(size)[None, :], turn / error, -np.inf)
    first, last = divmod(int(z.argmax()), size)
    if first == 0 or z[first, last] <= student(RARE / (size * (size - 1) / 2), freedom):
        return ""
    verb = "rises" if falls else "falls"
    return (
        f"not monotone: the response {verb} again from {means.mean[first]:.3g} at {means.dose[first]:.3g} {unit} to "
        f"{means.mean[last]:.3g} at {means.dose[last]:.3g} {unit} ({z[first, last]:.1f} standard errors)"
    )


def misfit(means: Means, fitted: Array, unknowns: int) -> str:
    """Return whether the curve misses the means of doses by more than their wells scatter, in words."""
    spare = len(means.dose) - unknowns
    if means.freedom < 3 or spare < 1 or not means.variance > 0:
        return ""
    at = np.bincount(means.place, fitted) / means.count
    ratio = float((means.count * (means.mean - at) ** 2).sum() / spare / means.variance)
    chance = float(special.fdtrc(spare, means.freedom, ratio))
    return f"the curve misses means of doses by more than wells scatter (p = {chance:.1g})" if chance < RARE else ""


def potency(name: str, number: Estimate, estimate: float, level: str) -> str:
    """Return why a potency is no number, in words; empty where it is one."""
    if not number.limit:
        return ""
    if not np.isfinite(estimate):
        return f"{name} not reached, {number}: the fitted curve ends above {level}"
    return f"{name} not reached, {number}: the curve would reach {level} at {estimate:.2g} {number.unit}, extrapolated"
