"""Make ``solver_references.json``: the benchmark models by two methods that share nothing but the equations.

Run in the environment of the benchmarks' peers, ``python -m tests.reference.make_solver_references``. What is stored is
Taylor's method of variable order (heyoka, tolerance 1e-17); it is stored only where Radau IIA of order 5 (scipy, a
relative tolerance of 3e-14) agrees with it to 1e-11, in the measure of ``benchmarks.models.deviation``. Radau takes
minutes for each, and longer than is sensible for the very stiff M4; there our Rosenbrock method at 1e-13 is the second.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.models import ALL, deviation
from benchmarks.peers.heyoka import heyoka_one
from exodelivery.compile.machine import emit
from exodelivery.solve.solvers.protocol import Tolerance, solver

WHERE = Path(__file__).with_name("solver_references.json")
AGREE = 1e-11


def main() -> None:
    """Compute, compare and store."""
    found = {}
    for name, make in ALL.items():
        problem = make()
        taylor = heyoka_one(problem)(1e-17)
        second = solver("rodas5p" if name == "M4" else "radau")
        closest = Tolerance(1e-13 if name == "M4" else 3e-14, 1e-16, most_steps=10_000_000)
        kernels = emit(second.emitter, problem.equations)
        run = second.solve(kernels, problem.parameters, problem.timeline, problem.times, closest)
        off = deviation(run.states, taylor)
        print(name, second.name, run.outcome, f"{off:.1e}", file=sys.stderr, flush=True)
        if not (run.outcome and off < AGREE):
            raise SystemExit(f"{name}: two methods agree to {off:.1e} only")
        found[name] = {"second": second.name, "agree": off, "times": problem.times.tolist(), "states": taylor.tolist()}
    about = "states at times [h] by heyoka's Taylor method at 1e-17; 'agree' is the deviation of the second method"
    WHERE.write_text(json.dumps({"about": about, "models": found}) + "\n")


if __name__ == "__main__":
    main()
