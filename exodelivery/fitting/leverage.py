"""Floor 7: which single rows hold a fit, and which group of rows it misses.

Leverage is the diagonal of the hat matrix of standardised rows; what leaving a row out would do is taken to first order
(one Gauss-Newton step), without fitting again.

References
----------
Cook RD, Weisberg S. Residuals and influence in regression. 1982 (DFBETAS; the hat matrix of nonlinear regression).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    from exodelivery.fitting.regression import Regression

HEAVY = 1.0
"""A row is named if leaving it out moves an estimate by more standard errors than this."""
MISSED = 3.0
"""A group is named if its mean lies farther off, in standard errors of that mean."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What single rows do.

    Attributes
    ----------
    leverage : array, (rows,)
        Share of its own prediction that a row decides, 0 to 1.
    moves : array, (rows, unknowns)
        How many standard errors each estimate moves if the row is left out, to first order.
    """

    leverage: Array
    moves: Array


def influence(slopes: Array, residuals: Array, covariance: Array) -> Influence:
    """Return the influence of rows.

    Parameters
    ----------
    slopes : array, (rows, unknowns)
        Of standardised residuals.
    residuals : array, (rows,)
    covariance : array, (unknowns, unknowns)
        Of the estimates, priors included.

    Examples
    --------
    >>> found = influence(np.array([[1.0], [1.0]]), np.array([0.5, -0.5]), np.array([[0.5]]))
    >>> found.leverage.tolist()
    [0.5, 0.5]
    """
    spread = slopes @ covariance
    leverage = np.clip(np.einsum("rk,rk->r", spread, slopes), 0.0, 1.0)
    without = np.maximum(1 - leverage, 1e-9)
    errors = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return Influence(leverage, spread * (residuals / without)[:, None] / errors)


def heavy(found: Influence, titles: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return sentences on rows that hold an estimate alone, the heaviest first."""
    most = np.abs(found.moves).max(axis=1)
    told = []
    for row in np.argsort(-most)[:5]:
        if most[row] > HEAVY:
            place = int(np.argmax(np.abs(found.moves[row])))
            told.append(f"{titles[row]} (without it {names[place]} moves by {found.moves[row, place]:.1f} se)")
    return tuple(told)


def missed(residuals: Array, groups: Sequence[str], fewest: int = 2) -> tuple[str, ...]:
    """Return sentences on groups of rows whose mean lies off, or that scatter more than their errors say.

    Parameters
    ----------
    residuals : array, (rows,)
        In standard deviations.
    groups : sequence of str, (rows,)
    fewest : int
        Rows that a group must have.

    Examples
    --------
    >>> missed(np.full(4, 2.0), ["arm one"] * 4)
    ('arm one lies 2.0 sd above its records on average',)
    """
    told = []
    for group in dict.fromkeys(groups):
        inside = residuals[[one == group for one in groups]]
        if len(inside) < fewest:
            continue
        mean = float(inside.mean())
        if abs(mean) * math.sqrt(len(inside)) > MISSED:
            told.append(f"{group} lies {abs(mean):.1f} sd {'above' if mean > 0 else 'below'} its records on average")
            continue
        excess = float(inside @ inside) - len(inside)
        if excess > MISSED * math.sqrt(2 * len(inside)):
            told.append(f"{group} scatters {math.sqrt(float(inside @ inside) / len(inside)):.1f} times as much as told")
    return tuple(told)


def influence_of(found: Regression) -> Influence:
    """Return the influence of the rows of a regression."""
    objective, p = found.objective, found.objective.parameters
    _, slopes = objective.slopes(found.at)
    weights, pulls = np.empty(objective.rows), np.empty(objective.rows)
    predicted = objective.predict(found.at)
    for which, under in enumerate(objective.observed.noises):
        rows = under.rows
        part = under.noise.contribution(
            objective.observed.values[rows], objective.observed.limits[rows], predicted[rows],
            objective.numbers(found.at, which),
        )  # fmt: skip
        own = part.information if part.information.ndim == 1 else np.diag(part.information)
        weights[rows] = np.sqrt(np.maximum(own, 0.0))
        # What a row pulls with, not how far it lies off: Student's t lets outlying rows go.
        pulls[rows] = np.divide(part.by_prediction, weights[rows], out=np.zeros(len(rows)), where=weights[rows] > 0)
    return influence(slopes * weights[:, None], pulls, found.covariance[:p, :p])
