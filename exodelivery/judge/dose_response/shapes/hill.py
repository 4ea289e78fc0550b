"""Floor 8: the Hill curve (log-logistic), symmetric or not, in the logarithm of the dose.

``S = 1 / (1 + (dose/position)^hill)^asymmetry``: the four- and five-parameter logistic, LL.4 and LL.5 of drc (Ritz
2015).

References
----------
Ritz C, Baty F, Streibig JC, Gerhard D. PLoS ONE 2015;10:e0146021, doi 10.1371/journal.pone.0146021.
"""

from __future__ import annotations

import numpy as np

from exodelivery.judge.dose_response.shapes.protocol import Form
from exodelivery.solve.timeline import Array

SLOPE = Form("hill", "steepness", "log", (0.7, 1.5, 3.5), 0.1, 20.0)
SKEW = Form("asymmetry", "asymmetry; 1 is the symmetric curve", "log", (0.4, 1.0, 2.5), 0.02, 50.0)


def tail(u: Array) -> Array:
    """Return 1 / (1 + exp(u)) without overflow."""
    half: Array = 0.5 * (1.0 - np.tanh(0.5 * u))
    return half


class Hill:
    """The symmetric Hill curve."""

    name = "hill4"
    forms: tuple[Form, ...] = (SLOPE,)

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return the curve with its derivatives; see :class:`Shape`."""
        slope = np.exp(form[..., 0])
        with np.errstate(invalid="ignore", over="ignore"):
            u = np.clip(slope * x, -700.0, 700.0)
            value = tail(u)
            density = value * (1.0 - value)
            by_slope = np.where(np.isfinite(x), -density * u, 0.0)
        return value, -density * slope, by_slope[..., None]

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where the curve has a level."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Array = np.log((1.0 - level) / level) / np.exp(form[..., 0])
        return found


class AsymmetricHill:
    """The Hill curve to a power, whose two ends bend differently."""

    name = "hill5"
    forms: tuple[Form, ...] = (SLOPE, SKEW)

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return the curve with its derivatives; see :class:`Shape`."""
        slope, skew = np.exp(form[..., 0]), np.exp(form[..., 1])
        with np.errstate(invalid="ignore", over="ignore"):
            u = np.clip(slope * x, -700.0, 700.0)
            log_tail = -np.logaddexp(0.0, u)
            value = np.exp(skew * log_tail)
            by_u = -skew * value * (1.0 - np.exp(log_tail))
            by_slope = np.where(np.isfinite(x), by_u * u, 0.0)
        return value, by_u * slope, np.stack([by_slope, skew * value * log_tail], axis=-1)

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where the curve has a level."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            found: Array = np.log(np.expm1(-np.log(level) / np.exp(form[..., 1]))) / np.exp(form[..., 0])
        return found
