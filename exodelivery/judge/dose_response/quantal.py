"""Floor 8: curves of affected among all, such as dead among counted: binomial, not Gaussian.

Maximum likelihood by weighted least squares, the weights renewed until they settle (Fisher scoring).

References
----------
McCullagh P, Nelder JA. Generalized Linear Models, 2nd ed. Chapman and Hall 1989, doi 10.1007/978-1-4899-3242-6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.least_squares import Box, covariance
from exodelivery.judge.dose_response.least_squares import fit as least
from exodelivery.judge.dose_response.shapes.hill import Hill
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.judge.dose_response.starts import best_of
from exodelivery.judge.dose_response.task import DOSE, FORM, POSITION, Task
from exodelivery.solve.timeline import Array

SCORINGS = 200


@dataclass(frozen=True, slots=True)
class Quantal:
    """A curve of shares.

    Attributes
    ----------
    numbers : mapping of Estimate
        ``ed50`` and ``hill``, with Wald intervals on their logarithms.
    log_likelihood : float
        With its constants.
    """

    numbers: Mapping[str, Estimate]
    log_likelihood: float

    def __str__(self) -> str:
        lines = [f"  {name}  {number}" for name, number in self.numbers.items()]
        return "\n".join(["Affected of all, two-parameter log-logistic", *lines])

    __repr__ = __str__


def quantal(dose: Array, affected: Array, total: Array, *, unit: str = "", confidence: float = 0.95) -> Quantal:
    """Fit the share affected by a two-parameter log-logistic curve, from none to all.

    Parameters
    ----------
    dose, affected, total : array, (doses,)
    unit : str
    confidence : float

    Raises
    ------
    DoseResponseError
        If counts are impossible, or so extreme that no slope is finite.

    Examples
    --------
    >>> found = quantal([1, 2, 4, 8], [1, 4, 12, 19], [20, 20, 20, 20])
    >>> 2.5 < found.numbers["ed50"].value < 4
    True
    """
    doses, hit, of = (np.asarray(one, dtype=float) for one in (dose, affected, total))
    if np.any(of <= 0) or np.any(hit < 0) or np.any(hit > of) or np.any(doses < 0):
        raise DoseResponseError("affected lie between none and all of a positive number, at doses of zero or more")
    share = hit / of
    with np.errstate(divide="ignore"):
        x, weight = np.log(doses)[None], of[None]
    box = Box(
        np.array([[0, 0, -np.inf, -10.0]]), np.array([[0, 1, np.inf, 10.0]]), np.array([[False, False, True, True]])
    )
    theta = np.array([[0.0, 1.0, 0.0, 0.0]])
    theta = best_of(Task(Hill(), POSITION, x, share[None], weight), theta, box).theta
    for _ in range(SCORINGS):
        task = Task(Hill(), POSITION, x, share[None], weight)
        at = np.clip(task.response(theta)[0], 1e-12, 1 - 1e-12)
        task = Task(Hill(), POSITION, x, share[None], of[None] / (at * (1 - at)))
        moved = least(task, theta, box, most=1).theta
        done = np.abs(moved - theta).max() < 1e-11
        theta = moved
        if done:
            break
    slope = float(np.exp(theta[0, FORM]))
    if not 1e-3 < slope < 1e3:
        raise DoseResponseError("no slope is finite: each dose affects none or all", remedy="test doses between them")
    error = np.sqrt(np.diag(covariance(task, theta, box.free)[0]))
    z = float(stats.norm.isf(0.5 * (1 - confidence)))
    found = {}
    for name, place, word in (("ed50", DOSE, unit), ("hill", FORM, "")):
        value, spread = float(np.exp(theta[0, place])), float(error[place])
        found[name] = Estimate(
            value, value * math.exp(-z * spread), value * math.exp(z * spread), word, "", value * spread
        )
    at = task.response(theta)[0][0]
    return Quantal(found, float(stats.binom.logpmf(hit, of, at).sum()))
