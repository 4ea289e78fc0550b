"""Floor 6: the integral of a curve that a solver can give at any time.

Panels grow geometrically after each breakpoint, where a curve moves fastest, and are halved until two answers agree, so
an area does not depend on the grid of outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from exodelivery.errors import SimulationError
from exodelivery.solve.timeline import Array

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


def integral(
    curve: Callable[[Array], Array], begin: float, end: float, breaks: Array, relative: float = 1e-8, power: int = 0
) -> float:
    """Return the integral of ``t**power * curve(t)`` from ``begin`` to ``end``.

    Parameters
    ----------
    curve : callable
        ``(times,) -> (times,)``.
    begin, end : float
        [h].
    breaks : array
        Times at which the curve jumps or bends [h].
    relative : float
        Agreement asked for between two refinements.
    power : int
        0 for an area, 1 for a first moment.

    Returns
    -------
    float

    Raises
    ------
    SimulationError
        If the window runs backwards, or refinement does not settle within a thousand times ``relative``.

    Examples
    --------
    >>> round(integral(lambda t: np.exp(-t), 0.0, 50.0, np.array([0.0])), 9)
    1.0
    """
    if not begin <= end:
        raise SimulationError(
            f"an integral from {begin:g} to {end:g} h runs backwards", remedy="give the earlier first"
        )
    edges = np.array(sorted({begin, end, *(float(b) for b in breaks if begin < b < end)}))
    last = change = float("nan")
    for panels in (16, 32, 64, 128, 256):
        total = 0.0
        for a, b in pairwise(edges):
            total += _composite(curve, float(a), float(b), panels, power)
        if abs(total - last) <= relative * abs(total):
            return total
        change, last = abs(total - last), total
    if change > 1e3 * relative * abs(last):
        raise SimulationError(
            f"the area under a curve from {begin:g} to {end:g} h does not settle ({last:.6g} ± {change:.1g})",
            remedy="take a shorter window, or a smaller tolerance",
        )
    return last


def _composite(curve: Callable[[Array], Array], a: float, b: float, panels: int, power: int) -> float:
    growth = np.expm1(np.linspace(0, 14, panels + 1)) / np.expm1(14)
    cuts = a + (b - a) * growth
    half = np.diff(cuts) / 2
    times = (cuts[:-1] + half)[:, None] + half[:, None] * _NODES
    # Rounding must not carry the last node over the next breakpoint.
    values = curve(np.clip(times.ravel(), a, np.nextafter(b, a)))
    heights = (values * times.ravel() ** power).reshape(times.shape)
    return float((heights @ _WEIGHTS) @ half)
