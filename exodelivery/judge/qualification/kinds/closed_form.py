"""Floor 8, kind ``closed_form``: a run against the solution that the paper, or algebra, gives."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.units import Dimension, convert, hours

KEYS = ("run", "what", "form", "from")
POINTS = 101
TIME = Dimension((("time", Fraction(1)),))


def measure(target: Target, bench: Bench) -> Measured:
    """Return the largest distance of a curve from its closed form, relative to the form at that time."""
    options = target.options
    run = bench.run(str(options["run"]))
    if not run:
        return Measured(math.nan, why=f"the run failed: {run.outcome.what}", is_deviation=True)
    of = str(options.get("what", ""))
    times = np.linspace(hours(options.get("from", 0.0)), run.end, POINTS)
    values, unit = bench.value(str(options.get("form", "")), {"time": (times, TIME)})
    form = convert(np.broadcast_to(np.asarray(values, dtype=float), times.shape), unit, run.unit(of))
    off = np.abs(run.curve(of, times) - form) / np.maximum(np.abs(form), 1e-300)
    at = int(np.argmax(off))
    return Measured(float(off[at]), is_deviation=True, note=f"worst at {times[at]:.3g} h")
