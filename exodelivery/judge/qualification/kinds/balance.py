"""Floor 8, kind ``balance``: what the ledgers of a run lack at worst, relative to what entered them."""

from __future__ import annotations

import math

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured

KEYS = ("run",)


def measure(target: Target, bench: Bench) -> Measured:
    """Return the largest residual of any ledger."""
    run = bench.run(str(target.options["run"]))
    if not run:
        return Measured(math.nan, why=f"the run failed: {run.outcome.what}", is_deviation=True)
    residuals = run.residuals
    worst = max(residuals, key=lambda ledger: residuals[ledger], default="")
    return Measured(residuals.get(worst, math.nan), is_deviation=True, note=f"ledger {worst}")
