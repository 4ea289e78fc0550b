"""Floor 8, kind ``crossing``: when a curve first reaches a level, or what another reads at that moment."""

from __future__ import annotations

import math

import numpy as np

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.units import convert, quantity

KEYS = ("run", "what", "level", "then")
POINTS = 2001


def measure(target: Target, bench: Bench) -> Measured:
    """Return the time at which the curve reaches the level [h], or what ``then`` reads there."""
    from scipy.optimize import brentq

    options = target.options
    run = bench.run(str(options["run"]))
    if not run:
        return Measured(math.nan, why=f"the run failed: {run.outcome.what}")
    of, then = str(options.get("what", "")), str(options.get("then", ""))
    value, unit = quantity(str(options.get("level", "")))
    level = convert(value, unit.text or "1", run.unit(of))
    times = np.linspace(0.0, run.end, POINTS)
    away = run.curve(of, times) - level
    turns = np.nonzero(np.sign(away[:-1]) * np.sign(away[1:]) <= 0)[0]
    if not turns.size:
        return Measured(math.nan, why=f"{of} does not reach {options.get('level')} within the run")
    first = int(turns[0])

    def off(time: float) -> float:
        return float(run.curve(of, np.array([time]))[0] - level)

    found = (
        float(times[first]) if away[first] == 0 else brentq(off, times[first], times[first + 1], xtol=1e-9 * run.end)
    )
    if then:
        return Measured(float(run.curve(then, np.array([found]))[0]), run.unit(then), note=f"at {found:.5g} h")
    return Measured(found, "h")
