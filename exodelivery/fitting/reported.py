"""Floor 7: what an author reports of sampled levels, for thousands of curves at once, and with exact derivatives.

The same rules as :mod:`exodelivery.solve.noncompartmental` (linear-up/log-down trapezoids, the terminal slope through
the last three samples, the level at time zero extrapolated through the first two after a bolus), written over arrays
of any shape and in plain arithmetic, so that a complex step gives their derivatives to the last digit.

References
----------
Squire W, Trapp G. Using complex variables to estimate derivatives of real functions. SIAM Rev 1998;40:110,
doi 10.1137/S003614459631241X.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.solve.timeline import Array

LAST = 3
"""Samples that the terminal slope is taken through."""
KINDS = ("level", "auc", "auc_last", "mrt", "half_life", "cmax")
"""What is reported: a level at one time; areas to infinity and to the last sample; MRT; terminal half-life; Cmax."""
STEP = 1e-30


def reported(kinds: Sequence[tuple[str, float]], times: Array, levels: Any) -> Any:
    """Return what an author reports of sampled curves.

    Parameters
    ----------
    kinds : sequence of (str, float)
        One of :data:`KINDS` each; a level with its time [h], which must be a sampling time.
    times : array, (samples,)
        Rising [h].
    levels : array, (..., samples)

    Returns
    -------
    array, (..., kinds)
        NaN where a curve has none, such as a terminal slope that rises.

    Examples
    --------
    >>> times = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    >>> found = reported([("auc", 0.0), ("half_life", 0.0)], times, 8 * np.exp(-0.4 * times))
    >>> bool(np.allclose(found, [20.0, np.log(2) / 0.4]))
    True
    """
    unknown = next((kind for kind, _ in kinds if kind not in KINDS), None)
    if unknown is not None:
        raise FitError(f"nothing reported is called {unknown!r}", remedy=nearest(unknown, KINDS))
    with np.errstate(all="ignore"):
        logs = np.log(levels)
        late = times[-LAST:] - times[-LAST:].mean()
        rate = -(logs[..., -LAST:] @ late) / (late @ late)
        rate = np.where(np.real(rate) > 0, rate, np.nan)
        area, moment = _areas(times, levels, logs)
        last, end = levels[..., -1], times[-1]
        whole, moments = area + last / rate, moment + last * end / rate + last / rate**2
        made = {
            "auc_last": area,
            "auc": whole,
            "mrt": moments / whole,
            "half_life": np.log(2) / rate,
            "cmax": np.take_along_axis(levels, np.real(levels).argmax(axis=-1)[..., None], axis=-1)[..., 0],
        }
        found = [levels[..., _sample(times, at)] if kind == "level" else made[kind] for kind, at in kinds]
    return np.stack(found, axis=-1)


def _sample(times: Array, at: float) -> int:
    place = int(np.argmin(np.abs(times - at)))
    if abs(times[place] - at) > 1e-9 * max(1.0, at):
        raise FitError(f"no sample was taken at {at:g} h", remedy=f"samples: {', '.join(f'{t:g}' for t in times)} h")
    return place


def _areas(times: Array, levels: Any, logs: Any) -> tuple[Any, Any]:
    """Return area and first moment from zero to the last sample; the level at zero by the first two samples."""
    if times[0] > 0:
        slope = (logs[..., 1] - logs[..., 0]) / (times[1] - times[0])
        back = np.exp(logs[..., 0] - slope * times[0])
        first = np.where(np.real(slope) < 0, back, levels[..., 0])
        times = np.concatenate([[0.0], times])
        levels = np.concatenate([first[..., None], levels], axis=-1)
        logs = np.log(levels)
    c1, c2, t1, t2 = levels[..., :-1], levels[..., 1:], times[:-1], times[1:]
    rate = (logs[..., :-1] - logs[..., 1:]) / (t2 - t1)
    falls = (np.real(c2) < np.real(c1)) & (np.real(c2) > 0)
    safe = np.where(falls, rate, 1.0)
    areas = np.where(falls, (c1 - c2) / safe, (c1 + c2) / 2 * (t2 - t1))
    moments = np.where(
        falls, (t1 * c1 - t2 * c2) / safe + (c1 - c2) / safe**2, (t1 * c1 + t2 * c2) / 2 * (t2 - t1)
    )  # fmt: skip
    return areas.sum(axis=-1), moments.sum(axis=-1)


def reported_by(kinds: Sequence[tuple[str, float]], times: Array, levels: Array) -> tuple[Array, Array]:
    """Return what is reported of one curve, (kinds,), and its derivatives by the levels, (kinds, samples)."""
    moved = levels + 1j * STEP * np.eye(len(levels))
    found = reported(kinds, times, moved)
    return np.real(found[0]), np.imag(found).T / STEP
