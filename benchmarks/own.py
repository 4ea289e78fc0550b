"""Ours, asked with the same absolute tolerances as every other tool."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run, every
from exodelivery.compile.emitters.llvm import LlvmEmitter
from exodelivery.solve.solvers.exact import ExactSolver
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.solvers.rodas5p import Rodas5pSolver
from exodelivery.solve.timeline import Array


def own(problem: Problem, sensitive: tuple[int, ...] = ()) -> tuple[Any, Any]:
    return Rodas5pSolver(), LlvmEmitter().emit(problem.equations, sensitive)


def own_one(problem: Problem) -> Run:
    solver, kernels = own(problem)
    prepared: dict[float, Any] = {}

    def run(relative: float) -> Array:
        if relative not in prepared:
            prepared[relative] = solver.prepare(
                kernels, problem.timeline, problem.times, Tolerance(relative, absolute(problem, relative))
            )
        states: Array = prepared[relative].solve(problem.parameters).states
        return states

    return run


def own_population(problem: Problem, sets: Array) -> Run:
    solver, kernels = own(problem)
    exact = ExactSolver()
    if exact.accepts(problem.equations):
        return lambda relative: _values(exact, kernels, problem, sets, relative)
    return lambda relative: _values(solver, kernels, problem, sets, relative)


def _values(solver: Any, kernels: Any, problem: Problem, sets: Array, relative: float) -> Array:
    tolerance = Tolerance(relative, absolute(problem, relative))
    found = solver.solve_many(kernels, sets, problem.timeline, problem.times, tolerance, threads=1)
    values: Array = found.values
    return values


def own_sensitivities(problem: Problem) -> Run:
    """Sensitivities are held to the tolerance too, as the peers hold theirs."""
    solver, kernels = own(problem, every(problem))
    prepared: dict[float, Any] = {}

    def run(relative: float) -> Array:
        if relative not in prepared:
            tolerance = Tolerance(relative, absolute(problem, relative), sensitivities=True)
            prepared[relative] = solver.prepare(kernels, problem.timeline, problem.times, tolerance)
        found: Array = prepared[relative].solve(problem.parameters).sensitivities
        return found

    return run
