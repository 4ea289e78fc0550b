"""The fallback stands alone: no compiler is imported, and absolute tolerances come from each state's own size."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from benchmarks.models import ALL
from exodelivery.compile.emitters.numpy import NumpyEmitter
from exodelivery.solve.solvers.segments import peaks
from exodelivery.solve.timeline import Array

ALONE = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = None
import numpy as np
from exodelivery.compile.emitters.protocol import emitter
from exodelivery.compile.equations import equations
from exodelivery.solve.solvers.protocol import Tolerance, solver
from exodelivery.solve.timeline import Timeline
for name in ("lsoda", "radau", "exact"):
    method = solver(name)
    kernels = emitter(method.emitter).emit(equations({"a": "-k * a"}), (0,))
    bolus = Timeline(np.array([0.0]), np.array([[1.0]]), np.zeros((1, 1)), 2.0)
    run = method.solve(kernels, np.array([0.5]), bolus, np.array([2.0]), Tolerance())
    print(name, round(float(run.states[0, 0]), 6), round(float(run.sensitivities[0, 0, 0]), 6))
"""


def test_the_fallback_works_without_numba_and_llvmlite() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        word for name in ("lsoda", "radau", "exact") for word in (name, "0.367879", "-0.735759")
    ]


@pytest.mark.parametrize("model", list(ALL))
def test_the_scout_finds_the_size_of_every_state(model: str) -> None:
    """Within a factor of three of what an accurate run reaches, states of very different units included."""
    from exodelivery.solve.solvers.protocol import Tolerance
    from exodelivery.solve.solvers.scipy import LsodaSolver

    problem = ALL[model]()
    kernels, p = NumpyEmitter().emit(problem.equations), problem.parameters

    def rates(t: float, x: Array) -> Array:
        return kernels.rates(t, x, p)

    def jacobian(t: float, x: Array) -> Array:
        return kernels.jacobian(t, x, p)

    scouted = peaks(rates, jacobian, kernels.start(p), problem.timeline)
    fine = np.unique(np.concatenate([np.linspace(0, problem.timeline.end, 2000), problem.timeline.times]))
    reached = np.abs(LsodaSolver().solve(kernels, p, problem.timeline, fine, Tolerance(1e-6)).states).max(axis=0)
    assert np.all(scouted > reached / 3)
    assert np.all(scouted < reached * 3)
