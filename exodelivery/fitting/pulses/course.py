"""Floor 7: the plate model of ``arrest_and_kill`` without its ledgers, for many wells at once.

The level in the medium is a pulse, so drug in the cell follows in closed form; the bound drug, the delayed signal and
the count go on in small steps. Levels of drug are in nM of medium times hours: the rate into the cell only scales them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from exodelivery.solve.timeline import Array

PARAMETERS = ("k_fade", "arrest", "h_arrest", "k_kill", "lethal", "h_kill", "tau", "k_out", "k_bind")
FINE, COARSE, FINE_UNTIL = 1.0, 3.0, 30.0
"""Steps [h], and until when the fine ones are taken."""


def grid(until: float) -> Array:
    """Return the times of the steps [h]."""
    return np.concatenate([np.arange(0.0, FINE_UNTIL, FINE), np.arange(FINE_UNTIL, until + 2 * COARSE, COARSE)])


def counts(times: Array, dose: Array, pulse: Array, start: Array, growth: Array, plateau: float, p: Array) -> Array:
    """Return the logarithm of counts.

    Parameters
    ----------
    times : array, (times,)
        Rising from zero [h]; ends of pulses are among them.
    dose, pulse, start, growth : array, (wells,)
        Level [nM], its duration [h], logarithm of the count at zero, growth without drug [1/h].
    plateau : float
        Cells.
    p : array, (9,)
        In the order of ``PARAMETERS``, levels in nM x h.

    Returns
    -------
    array, (times, wells)
    """
    found = np.empty((len(times), len(dose)))
    _compiled()(times, dose, pulse, start, growth, float(plateau), np.asarray(p, dtype=float), found)
    return found


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(_steps)
    return compiled


def _steps(
    times: Any, dose: Any, pulse: Any, start: Any, growth: Any, plateau: float, p: Any, found: Any
) -> None:  # pragma: no cover - compiled
    fade, arrest, h_arrest, kill, lethal, h_kill, tau, k_out, k_bind = p
    leave = k_out + k_bind
    for well in range(dose.size):
        free, bound, signal, log_count = 0.0, 0.0, 0.0, start[well]
        stopped, killed, divides = 0.0, 0.0, 0.0
        found[0, well] = log_count
        for n in range(1, times.size):
            step = times[n] - times[n - 1]
            level = dose[well] if times[n - 1] < pulse[well] - 1e-9 else 0.0
            steady, decay = level / leave, np.exp(-leave * step)
            held = steady * step + (free - steady) * (1.0 - decay) / leave
            free = steady + (free - steady) * decay
            # Division dilutes what is bound; what leaves with dead cells does not.
            thins = fade + max(divides, 0.0)
            before = bound
            bound = bound * np.exp(-thins * step) + k_bind * held * np.exp(-thins * step / 2)
            follows = np.exp(-step / tau)
            signal = signal * follows + (1.0 - follows) * 0.5 * (bound + before)
            stops = 1.0 / (1.0 + (arrest / max(signal, 1e-12)) ** h_arrest)
            kills = 1.0 / (1.0 + (lethal / max(signal, 1e-12)) ** h_kill)
            stop, dies = 0.5 * (stopped + stops), kill * 0.5 * (killed + kills)
            rate = growth[well] * (1.0 - stop)
            middle = log_count + 0.5 * step * (rate * (1.0 - np.exp(log_count) / plateau) - dies)
            divides = rate * (1.0 - np.exp(middle) / plateau)
            log_count += step * (divides - dies)
            stopped, killed = stops, kills
            found[n, well] = log_count
