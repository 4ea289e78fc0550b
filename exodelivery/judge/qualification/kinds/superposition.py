"""Floor 8, kind ``superposition``: a curve against the sum of others, each times a factor and later by a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from exodelivery.declare.coerce import only
from exodelivery.errors import DeclarationError
from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.units import hours

KEYS = ("run", "what", "parts")
POINTS = 201


def measure(target: Target, bench: Bench) -> Measured:
    """Return the largest distance of a curve from the sum of its parts, relative to its largest level."""
    of, parts = str(target.options.get("what", "")), target.options.get("parts", ())
    if not parts:
        raise DeclarationError("a superposition has parts", where=target.place, remedy="parts = [{ run = … }]")
    whole = bench.run(str(target.options["run"]))
    runs = [(bench.run(str(part.get("run", ""))), *_moved(part, bench)) for part in parts]
    for run in (whole, *(run for run, _, _ in runs)):
        if not run:
            return Measured(math.nan, why=f"a run failed: {run.outcome.what}", is_deviation=True)
    times = np.linspace(0.0, min([whole.end, *(run.end + late for run, _, late in runs)]), POINTS)
    total = np.zeros_like(times)
    for run, factor, late in runs:
        begun = times >= late
        total[begun] += factor * run.curve(of, np.clip(times[begun] - late, 0.0, run.end))
    curve = whole.curve(of, times)
    off = np.abs(curve - total) / float(np.max(np.abs(curve)))
    at = int(np.argmax(off))
    return Measured(float(off[at]), is_deviation=True, note=f"worst at {times[at]:.3g} h")


def _moved(part: dict[str, Any], bench: Bench) -> tuple[float, float]:
    only(part, ("run", "times", "late"), "a part", "targets", origin=bench.case.origin)
    return float(part.get("times", 1)), hours(part.get("late", 0.0))
