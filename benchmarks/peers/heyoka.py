"""heyoka: Taylor's method of the order that a tolerance asks for, explicit; sets in batches of the vector's lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models import Problem
from benchmarks.protocol import Run
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array


def _system(problem: Problem) -> list[Any]:
    import heyoka as hy  # type: ignore[import-not-found]
    import sympy

    equations, n = problem.equations, len(problem.equations.states)
    x = hy.make_vars(*(f"x{i}" for i in range(n)))
    modules = [{"exp": hy.exp, "log": hy.log, "sqrt": hy.sqrt, "Max": lambda zero, value: hy.relu(value)}]
    function = sympy.lambdify((*equations.states, *equations.parameters), list(equations.rates), modules=modules)
    count = len(equations.parameters)
    rates = function(*x, *(hy.par[i] for i in range(count)))
    return [(x[i], rate + hy.par[count + i]) for i, rate in enumerate(rates)]


def _starts(problem: Problem, sets: Array) -> Array:
    import sympy

    start = sympy.lambdify(problem.equations.parameters, list(problem.equations.start))
    return np.array([start(*values) for values in sets], dtype=float)


def heyoka_one(problem: Problem) -> Run:
    return _runs(problem, problem.parameters[None], 1)


def heyoka_population(problem: Problem, sets: Array) -> Run:
    import heyoka as hy

    return _runs(problem, sets, hy.recommended_simd_size())


def _runs(problem: Problem, sets: Array, lanes: int) -> Run:
    import heyoka as hy

    system, starts, n = _system(problem), _starts(problem, sets), len(problem.equations.states)
    count, pieces = len(problem.parameters), list(segments(problem.timeline, problem.times))
    built: dict[float, Any] = {}

    def run(relative: float) -> Array:
        if relative not in built:
            shape = (n, lanes) if lanes > 1 else (n,)
            kind = hy.taylor_adaptive_batch if lanes > 1 else hy.taylor_adaptive
            pars = np.zeros((count + n, lanes) if lanes > 1 else count + n)
            built[relative] = kind(system, np.zeros(shape), tol=relative, pars=pars)
        stepper, out = built[relative], np.empty((len(sets), len(problem.times), n))
        for first in range(0, len(sets), lanes):
            chosen = np.minimum(np.arange(first, first + lanes), len(sets) - 1)
            x = starts[chosen].T if lanes > 1 else starts[first]
            stepper.pars[:count] = sets[chosen].T if lanes > 1 else sets[first]
            for piece in pieces:
                jump, inputs = problem.timeline.jumps[piece.index], problem.timeline.inputs[piece.index]
                grid = np.unique(np.concatenate([[piece.begin], problem.times[piece.rows], [piece.finish]]))
                if lanes > 1:
                    stepper.set_time([piece.begin] * lanes)
                    stepper.state[:], stepper.pars[count:] = x + jump[:, None], inputs[:, None]
                    found = stepper.propagate_grid(np.tile(grid[:, None], lanes))[-1]
                else:
                    stepper.time = piece.begin
                    stepper.state[:], stepper.pars[count:] = x + jump, inputs
                    found = stepper.propagate_grid(grid)[-1]
                rows, x = np.searchsorted(grid, problem.times[piece.rows]), found[-1]
                if lanes > 1:
                    out[chosen, piece.rows] = found[rows].transpose(2, 0, 1)
                else:
                    out[first, piece.rows] = found[rows]
        return out if lanes > 1 or len(sets) > 1 else out[0]

    return run
