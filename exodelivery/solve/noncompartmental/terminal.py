"""Floor 6: the terminal phase: which points, and the log-linear regression through them.

Best fit: from the last three positive points on, ever more; the largest adjusted R² wins, and within 1e-4 of it the
most points. Points before Cmax, before the end of an infusion, and Cmax itself but for a bolus, are not used.

References
----------
Certara, Phoenix WinNonlin 8.2, *NCA computation rules* (onlinehelp.certara.com/phoenix/8.2/topics/ncacomprules.htm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exodelivery.solve.timeline import Array

FEWEST = 3
NEAR_BEST = 1e-4
"""An adjusted R² this close to the best is as good, and more points are preferred."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal regression.

    Attributes
    ----------
    rate : float
        lambda_z [1/time].
    intercept : float
        Log level at time zero.
    r2, r2_adjusted, correlation : float
    times : tuple of float
        The points used.
    """

    rate: float
    intercept: float
    r2: float
    r2_adjusted: float
    correlation: float
    times: tuple[float, ...]

    def level(self, time: float) -> float:
        """Return the regression's level at a time."""
        return math.exp(self.intercept - self.rate * time)


def regression(times: Array, levels: Array) -> Terminal | None:
    """Return the regression of log level on time, or None where levels do not fall or do not vary."""
    logs = np.log(levels)
    dt, dy = times - times.mean(), logs - logs.mean()
    along, across = float(dt @ dt), float(dt @ dy)
    spread = float(dy @ dy)
    if along <= 0 or spread <= 0 or across >= 0:
        return None
    r2 = across**2 / (along * spread)
    count = len(times)
    adjusted = 1 - (1 - r2) * (count - 1) / (count - 2) if count > 2 else math.nan
    slope = across / along
    return Terminal(
        -slope, float(logs.mean() - slope * times.mean()), r2, adjusted, -math.sqrt(r2), tuple(map(float, times))
    )


def best_fit(times: Array, levels: Array, *, bolus: bool, infused: float = 0.0) -> Terminal | str:
    """Return the best terminal regression, or why there is none.

    Parameters
    ----------
    times, levels : array, (samples,)
    bolus : bool
        Whether Cmax itself may be used.
    infused : float
        End of an infusion [time]; points before it are not used.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    >>> round(best_fit(t, 5 * np.exp(-0.3 * t), bolus=True).rate, 9)
    0.3
    """
    top = int(np.argmax(levels)) if len(levels) else 0
    usable = levels > 0
    usable[:top] = False
    usable &= times >= infused
    if not bolus and len(levels):
        usable[top] = False
    t, c = times[usable], levels[usable]
    if len(t) < FEWEST:
        return f"fewer than {FEWEST} positive levels after {'the peak' if bolus else 'Cmax'}, so there is no lambda_z"
    found = [fit for n in range(FEWEST, len(t) + 1) if (fit := regression(t[-n:], c[-n:])) is not None]
    if not found:
        return "the level does not fall at the end, so there is no lambda_z"
    best = max(fit.r2_adjusted for fit in found)
    return max((fit for fit in found if fit.r2_adjusted >= best - NEAR_BEST), key=lambda fit: len(fit.times))


def chosen(times: Array, levels: Array, given: int | tuple[float, float]) -> Terminal | str:
    """Return the regression through the last so many positive points, or those of a window."""
    positive = levels > 0
    if isinstance(given, tuple):
        positive &= (times >= given[0]) & (times <= given[1])
        t, c = times[positive], levels[positive]
        said = f"between {given[0]:g} and {given[1]:g}"
    else:
        t, c = times[positive][-given:], levels[positive][-given:]
        said = f"among the last {given}"
    if len(t) < 2:
        return f"fewer than two positive levels lie {said}, so there is no lambda_z"
    return regression(t, c) or f"the level does not fall {said}, so there is no lambda_z"
