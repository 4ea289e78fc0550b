"""Floor 8, kind ``steady``: a model that nobody dosed stays where it began."""

from __future__ import annotations

import math

import numpy as np

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured

KEYS = ("run",)


def measure(target: Target, bench: Bench) -> Measured:
    """Return the largest drift of any pool, population or state, relative to its start."""
    run = bench.run(str(target.options["run"]))
    if not run:
        return Measured(math.nan, why=f"the run failed: {run.outcome.what}", is_deviation=True)
    worst, what = 0.0, ""
    for n, variable in enumerate(run.system.variables):
        if variable.kind == "account":
            continue
        curve = run.solution.states[:, n]
        size = abs(curve[0]) or float(np.max(np.abs(run.solution.states[0]))) or 1.0
        drift = float(np.max(np.abs(curve - curve[0]))) / size
        if drift >= worst:
            worst, what = drift, variable.name
    if not what:
        return Measured(math.nan, why="nothing is there before a dose", is_deviation=True)
    return Measured(worst, is_deviation=True, note=f"most in {what}")
