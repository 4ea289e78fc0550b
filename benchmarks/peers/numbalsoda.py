"""LSODA of ODEPACK under numba, on a right-hand side that numba compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array


def numbalsoda_runner(problem: Problem) -> Callable[[Array, float], Array]:
    import numba
    import sympy
    from numbalsoda import lsoda, lsoda_sig  # type: ignore[import-not-found]
    from sympy.printing.pycode import pycode

    equations, n = problem.equations, len(problem.equations.states)
    parts, rates = sympy.cse(list(equations.rates), symbols=sympy.numbered_symbols("c"), order="none")
    lines = ["def rates(t, u, du, p):"]
    lines += [f"    {symbol} = u[{i}]" for i, symbol in enumerate(equations.states)]
    lines += [f"    {symbol} = p[{i}]" for i, symbol in enumerate(equations.parameters)]
    lines += [f"    {symbol} = {pycode(part, fully_qualified_modules=False)}" for symbol, part in parts]
    offset = len(equations.parameters)
    lines += [
        f"    du[{i}] = {pycode(rate, fully_qualified_modules=False)} + p[{offset + i}]" for i, rate in enumerate(rates)
    ]
    names: dict[str, Any] = {}
    exec("import math\nfrom math import *\n" + "\n".join(lines), names)  # what we printed from reserved symbols
    compiled = numba.cfunc(lsoda_sig)(names["rates"])
    pieces = list(segments(problem.timeline, problem.times))
    start = [sympy.lambdify(equations.parameters, value) for value in equations.start]

    def run(parameters: Array, relative: float) -> Array:
        # this binding takes one absolute tolerance: that of the state which asks for most
        smallest = float(absolute(problem, relative).min())
        x = np.array([float(value(*parameters)) for value in start])
        out = np.empty((len(problem.times), n))
        for piece in pieces:
            x = x + problem.timeline.jumps[piece.index]
            grid = np.concatenate([[piece.begin], problem.times[piece.rows], [piece.finish]])
            keep = np.concatenate([[True], np.diff(grid) > 0])
            data = np.concatenate([parameters, problem.timeline.inputs[piece.index]])
            found, _ = lsoda(compiled.address, x, grid[keep], data=data, rtol=relative, atol=smallest)
            out[piece.rows] = found[np.cumsum(keep) - 1][1:-1]
            x = found[-1]
        return out

    return run


def numbalsoda_one(problem: Problem) -> Run:
    run = numbalsoda_runner(problem)
    return lambda relative: run(problem.parameters, relative)


def numbalsoda_population(problem: Problem, sets: Array) -> Run:
    run = numbalsoda_runner(problem)
    return lambda relative: np.array([run(values, relative) for values in sets])
