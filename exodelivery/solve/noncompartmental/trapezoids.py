"""Floor 6: the rules of trapezoids: areas, first moments, weights and levels between samples.

``linear`` everywhere; ``linear-up/log-down`` takes the logarithmic rule where a level falls; ``linear-log`` takes it
after Tmax. Where a level is not positive or does not change, every rule is linear.

References
----------
Certara, Phoenix WinNonlin 8.2, *NCA computation rules* (onlinehelp.certara.com/phoenix/8.2/topics/ncacomprules.htm).
Purves RD. Optimum numerical integration methods for estimation of AUC and AUMC. J Pharmacokinet Biopharm 1992;20:211.
doi:10.1007/BF01062525
"""

from __future__ import annotations

import math

import numpy as np

from exodelivery.solve.timeline import Array

RULES = ("linear", "linear-up/log-down", "linear-log")
FLAT = 1e-9
"""Levels closer than this share are one level: there the logarithmic rule has lost its digits, the linear one none."""


def logarithmic(rule: str, first: float, second: float, after_top: bool) -> bool:
    """Say whether a rule is logarithmic between two levels."""
    if rule == "linear" or first <= 0 or second <= 0 or abs(first - second) <= FLAT * max(first, second):
        return False
    return second < first if rule == "linear-up/log-down" else after_top


def steps(rule: str, times: Array, levels: Array) -> tuple[Array, Array]:
    """Return area and first moment of each step between samples.

    Parameters
    ----------
    rule : str
        One of :data:`RULES`.
    times, levels : array, (samples,)

    Returns
    -------
    areas, moments : array, (samples - 1,)

    Examples
    --------
    >>> import numpy as np
    >>> t = np.array([0.0, 1.0, 2.0])
    >>> steps("linear-up/log-down", t, np.array([0.0, np.e, 1.0]))[0].round(6)
    array([1.359141, 1.718282])
    """
    areas, moments = np.zeros(len(times) - 1), np.zeros(len(times) - 1)
    top = int(np.argmax(levels)) if len(levels) else 0
    for n in range(len(times) - 1):
        t1, t2, c1, c2 = times[n], times[n + 1], levels[n], levels[n + 1]
        if logarithmic(rule, c1, c2, n >= top):
            rate = math.log(c1 / c2) / (t2 - t1)
            areas[n] = (c1 - c2) / rate
            moments[n] = (t1 * c1 - t2 * c2) / rate + (c1 - c2) / rate**2
        else:
            areas[n] = (t2 - t1) * (c1 + c2) / 2
            moments[n] = (t2 - t1) * (t1 * c1 + t2 * c2) / 2
    return areas, moments


def weights(rule: str, times: Array, levels: Array) -> Array:
    """Return the derivative of the whole area by each level, (samples,): the weights of a linear rule, else a slope.

    Examples
    --------
    >>> import numpy as np
    >>> weights("linear", np.array([0.0, 1.0, 3.0]), np.ones(3))
    array([0.5, 1.5, 1. ])
    """
    found = np.zeros(len(times))
    top = int(np.argmax(levels)) if len(levels) else 0
    for n in range(len(times) - 1):
        width, c1, c2 = times[n + 1] - times[n], levels[n], levels[n + 1]
        if logarithmic(rule, c1, c2, n >= top):
            log = math.log(c1 / c2)
            found[n] += width * (log - (c1 - c2) / c1) / log**2
            found[n + 1] += width * ((c1 - c2) / c2 - log) / log**2
        else:
            found[n] += width / 2
            found[n + 1] += width / 2
    return found


def between(rule: str, times: Array, levels: Array, at: float) -> float:
    """Return the level at a time between samples, by the rule of that step.

    Examples
    --------
    >>> import numpy as np
    >>> round(between("linear-up/log-down", np.array([0.0, 2.0]), np.array([4.0, 1.0]), 1.0), 9)
    2.0
    """
    n = int(np.searchsorted(times, at, side="right")) - 1
    if n >= len(times) - 1:
        return float(levels[-1])
    share = (at - times[n]) / (times[n + 1] - times[n])
    c1, c2 = float(levels[n]), float(levels[n + 1])
    if logarithmic(rule, c1, c2, n >= int(np.argmax(levels))):
        return float(c1 * math.exp(share * math.log(c2 / c1)))
    return float(c1 + share * (c2 - c1))
