"""Floor 8, kind ``optimum``: the value of a parameter at which a reading is best."""

from __future__ import annotations

import math

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.judge.qualification.reading import read_reading
from exodelivery.solve.simulate import simulate
from exodelivery.units import base_unit, to_base

KEYS = ("run", "what", "at", "from", "to", "vary", "between", "least")
WITHIN = 1e-3
"""Relative accuracy at which the search ends."""


def measure(target: Target, bench: Bench) -> Measured:
    """Return the best value of the parameter, by scipy's bounded search on its logarithm."""
    from scipy.optimize import minimize_scalar

    options = target.options
    vary = str(options.get("vary", ""))
    low, high = (math.log(to_base(str(end))) for end in options.get("between", ()))
    keys = {key: options[key] for key in ("run", "what", "at", "from", "to") if key in options}
    reading = read_reading(keys, "targets", origin=bench.case.origin)
    asked, given = bench.case.runs[reading.run], bench.run(reading.run)
    sign = 1.0 if options.get("least") else -1.0

    def loss(logarithm: float) -> float:
        run = simulate(
            given.model,
            asked.regimen,
            asked.until or None,
            values={**asked.values, vary: math.exp(logarithm)},
            solver=asked.solver or None,
            tolerance=asked.tolerance,
            keep=asked.keep,
        )
        value = bench.read(reading, run)
        return sign * value.value if value else math.inf

    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": WITHIN})
    edge = min(found.x - low, high - found.x) < 2 * WITHIN
    from exodelivery.declare.model import parameters_of

    unit = base_unit(parameters_of(given.model)[vary].quantity.dimension)
    return Measured(math.exp(found.x), unit, note="at the edge of what was searched" if edge else "")
