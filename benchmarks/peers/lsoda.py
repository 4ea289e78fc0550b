"""LSODA through scipy, on our own numpy functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run, every
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.timeline import Array


def _scipy(problem: Problem, sensitive: tuple[int, ...] = ()) -> Callable[[Array, float], Any]:
    from exodelivery.compile.emitters.numpy import NumpyEmitter
    from exodelivery.solve.solvers.scipy import LsodaSolver

    kernels = NumpyEmitter().emit(problem.equations, sensitive)

    def run(parameters: Array, relative: float) -> Any:
        tolerance = Tolerance(relative, absolute(problem, relative))
        return LsodaSolver().solve(kernels, parameters, problem.timeline, problem.times, tolerance)

    return run


def scipy_one(problem: Problem) -> Run:
    run = _scipy(problem)
    return lambda relative: run(problem.parameters, relative).states


def scipy_population(problem: Problem, sets: Array) -> Run:
    run = _scipy(problem)
    return lambda relative: np.array([run(values, relative).states for values in sets])


def scipy_sensitivities(problem: Problem) -> Run:
    run = _scipy(problem, every(problem))
    return lambda relative: run(problem.parameters, relative).sensitivities


def scipy_runner(problem: Problem) -> Callable[[Array, float], Array]:
    """Return a function from parameters and a tolerance to states."""
    run = _scipy(problem)

    def states(parameters: Array, relative: float) -> Array:
        found: Array = run(parameters, relative).states
        return found

    return states
