"""Floor 7: several models of the same data, weighed by Akaike's criterion, and what they predict together.

References
----------
Burnham KP, Anderson DR. Model Selection and Multimodel Inference. 2nd ed. 2002 (weights; the unconditional variance of
an average, which holds how far the models differ).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.regression import Regression
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Averaged:
    """Models with their weights.

    Attributes
    ----------
    models : mapping of Regression
        By name.
    criterion : str
        ``aic``, ``aicc`` or ``bic``.
    weights : dict of str to float
        They add to one.
    """

    models: Mapping[str, Regression]
    criterion: str
    weights: dict[str, float]

    def predict(self, curves: Mapping[str, object] | None = None) -> tuple[Array, Array]:
        """Return the average prediction and its standard error, (rows,) each.

        Parameters
        ----------
        curves : mapping, optional
            Curves of each model's own parameters to predict instead of what was fitted, by the models' names.
        """
        means, variances, weights = [], [], []
        for name, found in self.models.items():
            curve = (curves or {}).get(name, found.objective.curve)
            p = found.objective.parameters
            values, by = found.objective.ties.values(found.at[:p])
            predicted, slopes = curve.slopes(values)  # type: ignore[attr-defined]
            slopes = slopes @ by
            means.append(predicted)
            variances.append(np.einsum("rk,kl,rl->r", slopes, found.covariance[:p, :p], slopes))
            weights.append(self.weights[name])
        mean = np.average(means, axis=0, weights=weights)
        spread = [np.sqrt(variance + (own - mean) ** 2) for own, variance in zip(means, variances, strict=True)]
        return mean, np.average(spread, axis=0, weights=weights)

    def __str__(self) -> str:
        best = max(self.weights, key=lambda name: self.weights[name])
        lines = [f"{name}: {self.criterion.upper()} weight {weight:.3f}" for name, weight in self.weights.items()]
        sure = "" if self.weights[best] > 0.9 else "; no model alone is well ahead, so predict with all of them"
        return "\n".join([*lines, f"Best: {best}{sure}."])


def average(models: Mapping[str, Regression], criterion: str = "aicc") -> Averaged:
    """Weigh models by how well they would predict.

    Parameters
    ----------
    models : mapping of Regression
        By name; all of the same observed numbers.
    criterion : str

    Raises
    ------
    FitError
        If models were fitted to different numbers, or the criterion is unknown or does not exist.

    Examples
    --------
    >>> from exodelivery.fitting.regress import regress
    >>> data = {"x": [0, 1, 2, 3, 4, 5], "y": [8.1, 4.9, 3.0, 1.9, 1.1, 0.6]}
    >>> one = regress("a * exp(-k * x)", data=data, start={"a": 5, "k": 1})
    >>> line = regress("a - k * x", data=data, start={"a": 5, "k": 1})
    >>> average({"exponential": one, "line": line}).weights["exponential"] > 0.99
    True
    """
    if criterion not in ("aic", "aicc", "bic"):
        raise FitError(f"no criterion is called {criterion!r}", remedy="known: aic, aicc, bic")
    if not models:
        raise FitError("there is no model to weigh")
    first, *rest = models.values()
    for other in rest:
        if not np.array_equal(other.objective.observed.values, first.objective.observed.values):
            raise FitError(
                "the models were fitted to different numbers, so their criteria cannot be compared",
                remedy="fit all of them to the same rows, none on another scale",
            )
    values = {name: float(getattr(found, criterion)) for name, found in models.items()}
    least = min(values.values())
    if not math.isfinite(least):
        raise FitError("there are too few rows for AICc", remedy='use criterion="aic"')
    raw = {name: math.exp(-0.5 * (value - least)) for name, value in values.items()}
    total = sum(raw.values())
    return Averaged(models, criterion, {name: weight / total for name, weight in raw.items()})
