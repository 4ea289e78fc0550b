"""Floor 8: the one table of kinds of target, each with the keys that it reads besides those of every target."""

from __future__ import annotations

from exodelivery.judge.qualification.kinds import (
    balance,
    caught,
    closed_form,
    crossing,
    curve,
    expression,
    growth_rate,
    optimum,
    reading,
    steady,
    superposition,
)
from exodelivery.judge.qualification.kinds.protocol import Measure

KINDS: dict[str, Measure] = {
    "reading": reading.measure,
    "expression": expression.measure,
    "balance": balance.measure,
    "steady": steady.measure,
    "superposition": superposition.measure,
    "curve": curve.measure,
    "closed_form": closed_form.measure,
    "optimum": optimum.measure,
    "caught": caught.measure,
    "crossing": crossing.measure,
    "growth_rate": growth_rate.measure,
}
"""What each kind of target does."""

KEYS: dict[str, tuple[str, ...]] = {
    "reading": reading.KEYS,
    "expression": expression.KEYS,
    "balance": balance.KEYS,
    "steady": steady.KEYS,
    "superposition": superposition.KEYS,
    "curve": curve.KEYS,
    "closed_form": closed_form.KEYS,
    "optimum": optimum.KEYS,
    "caught": caught.KEYS,
    "crossing": crossing.KEYS,
    "growth_rate": growth_rate.KEYS,
}
"""What each kind reads besides."""

DEFAULT_GATES: dict[str, tuple[str, str]] = {
    "balance": ("0", "1e-8"),
    "steady": ("0", "1e-6"),
    "superposition": ("0", "1e-6"),
    "closed_form": ("0", "1e-6"),
}
"""Published value and gate of kinds that measure a distance, unless a case says otherwise."""
