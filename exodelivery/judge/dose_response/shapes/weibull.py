"""Floor 8: the two Weibull curves, which leave one end faster than the other; W1.4 and W2.4 of drc (Ritz 2015).

References
----------
Ritz C, Baty F, Streibig JC, Gerhard D. PLoS ONE 2015;10:e0146021, doi 10.1371/journal.pone.0146021.
"""

from __future__ import annotations

import numpy as np

from exodelivery.judge.dose_response.shapes.hill import SLOPE
from exodelivery.judge.dose_response.shapes.protocol import Form
from exodelivery.solve.timeline import Array


class FirstWeibull:
    """``S = exp(-(dose/position)^hill)``."""

    name = "weibull1"
    forms: tuple[Form, ...] = (SLOPE,)

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return the curve with its derivatives; see :class:`Shape`."""
        slope = np.exp(form[..., 0])
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            u = np.clip(slope * x, -700.0, 700.0)
            power = np.exp(u)
            value = np.exp(-power)
            by_u = np.where(value > 0, -power * value, 0.0)
            by_slope = np.where(np.isfinite(x), by_u * u, 0.0)
        return value, by_u * slope, by_slope[..., None]

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where the curve has a level."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Array = np.log(-np.log(level)) / np.exp(form[..., 0])
        return found


class SecondWeibull:
    """``S = 1 - exp(-(dose/position)^-hill)``."""

    name = "weibull2"
    forms: tuple[Form, ...] = (SLOPE,)

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return the curve with its derivatives; see :class:`Shape`."""
        value, by_x, by_form = FirstWeibull().value(-x, form)
        return 1.0 - value, by_x, -by_form

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where the curve has a level."""
        return -FirstWeibull().inverse(1.0 - level, form)
