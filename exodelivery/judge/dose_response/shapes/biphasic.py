"""Floor 8: two Hill curves one after the other: a sensitive share that goes first, the rest at a higher dose.

``S = share / (1 + (dose/position)^hill) + (1 - share) / (1 + (dose/(gap position))^hill_2)``; the position is that of
the first phase.
"""

from __future__ import annotations

import numpy as np

from exodelivery.judge.dose_response.shapes.hill import SLOPE, tail
from exodelivery.judge.dose_response.shapes.protocol import Form
from exodelivery.solve.timeline import Array

MOST_ROUNDS, SETTLED = 80, 1e-14


class Biphasic:
    """A mixture of two Hill curves."""

    name = "biphasic"
    forms: tuple[Form, ...] = (
        Form("hill", "steepness of the first phase", SLOPE.scale, (1.0, 2.5), SLOPE.low, SLOPE.high),
        Form("hill_2", "steepness of the second phase", SLOPE.scale, (1.0, 2.5), SLOPE.low, SLOPE.high),
        Form("gap", "position of the second phase over that of the first", "log", (10.0, 100.0), 1.5, 1e6),
        Form("share", "share of the fall that is the first phase's", "logit", (0.3, 0.6), 0.02, 0.98),
    )

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return the curve with its derivatives; see :class:`Shape`."""
        slope, second = np.exp(form[..., 0]), np.exp(form[..., 1])
        share = 1.0 - tail(form[..., 3])
        with np.errstate(invalid="ignore", over="ignore"):
            near, far = np.clip(slope * x, -700, 700), np.clip(second * (x - form[..., 2]), -700, 700)
            one, two = tail(near), tail(far)
            steep_one, steep_two = -share * one * (1 - one), -(1 - share) * two * (1 - two)
            some = np.isfinite(x)
            parts = [
                np.where(some, steep_one * near, 0.0),
                np.where(some, steep_two * far, 0.0),
                -steep_two * second,
                share * (1 - share) * (one - two),
            ]
        return (
            share * one + (1 - share) * two,
            steep_one * slope + steep_two * second,
            np.stack(np.broadcast_arrays(*parts), axis=-1),
        )

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where the curve has a level: between where its phases have it, by Newton's method kept inside."""
        form = np.asarray(form, dtype=float)
        level = np.broadcast_to(np.asarray(level, dtype=float), form.shape[:-1])
        slope, second, gap = np.exp(form[..., 0]), np.exp(form[..., 1]), form[..., 2]
        share = 1.0 - tail(form[..., 3])
        with np.errstate(invalid="ignore", divide="ignore"):
            odds = np.log((1.0 - level) / level)
            ends = odds / slope, gap + odds / second
            low, high = np.minimum(*ends), np.maximum(*ends)
            x = share * ends[0] + (1.0 - share) * ends[1]
            for _ in range(MOST_ROUNDS):
                one, two = tail(slope * x), tail(second * (x - gap))
                value = share * one + (1.0 - share) * two
                steep = share * slope * one * (1.0 - one) + (1.0 - share) * second * two * (1.0 - two)
                low, high = np.where(value > level, x, low), np.where(value > level, high, x)
                moved = x + (value - level) / steep
                moved = np.where((moved > low) & (moved < high), moved, 0.5 * (low + high))
                still = ~(np.abs(moved - x) > SETTLED * (1.0 + np.abs(x)))
                x = moved
                if np.all(still):
                    break
        found: Array = np.where((level > 0) & (level < 1), x, np.nan)
        return found
