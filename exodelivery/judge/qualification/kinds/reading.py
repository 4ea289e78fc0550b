"""Floor 8, kind ``reading``: a number read of a run."""

from __future__ import annotations

import math

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.judge.qualification.reading import READING_KEYS, read_reading

KEYS = READING_KEYS


def measure(target: Target, bench: Bench) -> Measured:
    """Return an observable, pool or population at a time, or a functional of one."""
    reading = read_reading(target.options, "targets", origin=bench.case.origin)
    value = bench.read(reading)
    share = f"{100 * value.extrapolated:.2g} % of it lies beyond the run" if value.extrapolated > 0.001 else ""
    drug = bench.run(reading.run).model.drug
    mass = drug.molar_mass.base if drug is not None and drug.molar_mass is not None else None
    return Measured(value.value if value else math.nan, value.unit, value.why, molar_mass=mass, note=share)
