"""Floor 8, kind ``expression``: an identity, or a ratio, of readings, printed numbers and parameters."""

from __future__ import annotations

import math

from exodelivery.errors import SimulationError
from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured

KEYS = ("what",)


def measure(target: Target, bench: Bench) -> Measured:
    """Return what the expression comes to."""
    try:
        value, unit = bench.value(str(target.options.get("what", "")))
    except SimulationError as error:
        return Measured(math.nan, why=str(error))
    return Measured(float(value), unit)
