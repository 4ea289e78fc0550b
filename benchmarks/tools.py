"""The tools that are compared: each turns a problem into functions of a tolerance; a missing one says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array

Run = Callable[[float], Array]


@dataclass(frozen=True, slots=True)
class Tool:
    """What a tool can do with a problem.

    Attributes
    ----------
    name, package : str
    one : callable, ``(problem) -> relative -> (times, states)``
    population : callable, ``(problem, sets) -> relative -> (sets, times, states)``
    sensitivities : callable or None, ``(problem) -> relative -> (times, states, parameters)``
    """

    name: str
    package: str
    one: Callable[[Problem], Run]
    population: Callable[[Problem, Array], Run]
    sensitivities: Callable[[Problem], Run] | None = None

    @property
    def version(self) -> str:
        """The installed version, or an empty text."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""


def _every(problem: Problem) -> tuple[int, ...]:
    return tuple(range(len(problem.parameters)))


# ours
def _own(problem: Problem, sensitive: tuple[int, ...] = ()) -> tuple[Any, Any]:
    from exodelivery.compile.emitters.llvm import LlvmEmitter
    from exodelivery.solve.solvers.rodas5p import Rodas5pSolver

    return Rodas5pSolver(), LlvmEmitter().emit(problem.equations, sensitive)


def own_one(problem: Problem) -> Run:
    solver, kernels = _own(problem)
    prepared: dict[float, Any] = {}

    def run(relative: float) -> Array:
        if relative not in prepared:
            prepared[relative] = solver.prepare(kernels, problem.timeline, problem.times, Tolerance(relative))
        states: Array = prepared[relative].solve(problem.parameters).states
        return states

    return run


def own_population(problem: Problem, sets: Array) -> Run:
    solver, kernels = _own(problem)

    def run(relative: float) -> Array:
        found = solver.solve_many(kernels, sets, problem.timeline, problem.times, Tolerance(relative), threads=1)
        values: Array = found.values
        return values

    return run


def own_sensitivities(problem: Problem) -> Run:
    solver, kernels = _own(problem, _every(problem))

    def run(relative: float) -> Array:
        prepared = solver.prepare(kernels, problem.timeline, problem.times, Tolerance(relative))
        found: Array = prepared.solve(problem.parameters).sensitivities
        return found

    return run


# scipy
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
    run = _scipy(problem, _every(problem))
    return lambda relative: run(problem.parameters, relative).sensitivities


# numbalsoda: LSODA of ODEPACK under numba, a right-hand side that numba compiles
def _numbalsoda(problem: Problem) -> Callable[[Array, float], Array]:
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
    run = _numbalsoda(problem)
    return lambda relative: run(problem.parameters, relative)


def numbalsoda_population(problem: Problem, sets: Array) -> Run:
    run = _numbalsoda(problem)
    return lambda relative: np.array([run(values, relative) for values in sets])


# CasADi: CVODES with symbolic Jacobian and forward sensitivities
def _casadi(problem: Problem, relative: float, varied: bool) -> Any:
    import casadi  # type: ignore[import-not-found]
    import sympy

    equations, n = problem.equations, len(problem.equations.states)
    x, p, u = casadi.SX.sym("x", n), casadi.SX.sym("p", len(equations.parameters)), casadi.SX.sym("u", n)
    given = (*equations.states, *equations.parameters)
    modules = [{"Max": casadi.fmax, "Min": casadi.fmin, "exp": casadi.exp, "log": casadi.log, "sqrt": casadi.sqrt}]
    rates = sympy.lambdify(given, list(equations.rates), modules=modules)(
        *(x[i] for i in range(n)), *(p[i] for i in range(len(equations.parameters)))
    )
    system = {"x": x, "p": casadi.vertcat(p, u), "ode": casadi.vertcat(*rates) + u}
    options = {"reltol": relative, "abstol": float(absolute(problem, relative).min()), "max_num_steps": 100000}
    pieces = []
    for piece in segments(problem.timeline, problem.times):
        grid = np.unique(np.concatenate([problem.times[piece.rows], [piece.finish]]))
        step = casadi.integrator(f"s{piece.index}", "cvodes", system, piece.begin, grid.tolist(), options)
        if varied:
            step = (step, step.forward(len(equations.parameters)))
        pieces.append((piece, np.searchsorted(grid, problem.times[piece.rows]), step))
    start = sympy.lambdify(equations.parameters, list(equations.start))
    start_by = [
        [sympy.lambdify(equations.parameters, v.diff(q)) for q in equations.parameters] for v in equations.start
    ]
    return pieces, start, start_by


def casadi_one(problem: Problem) -> Run:
    return _casadi_runs(problem, problem.parameters[None], single=True)


def casadi_population(problem: Problem, sets: Array) -> Run:
    return _casadi_runs(problem, sets, single=False)


def _casadi_runs(problem: Problem, sets: Array, *, single: bool) -> Run:
    built: dict[float, Any] = {}

    def run(relative: float) -> Array:
        if relative not in built:
            built[relative] = _casadi(problem, relative, False)
        pieces, start, _ = built[relative]
        out = np.empty((len(sets), len(problem.times), len(problem.equations.states)))
        for index, values in enumerate(sets):
            x = np.array(start(*values), dtype=float)
            for piece, rows, step in pieces:
                x = x + problem.timeline.jumps[piece.index]
                inputs = problem.timeline.inputs[piece.index]
                found = np.asarray(step(x0=x, p=np.concatenate([values, inputs]))["xf"]).T
                out[index, piece.rows], x = found[rows], found[-1]
        return out[0] if single else out

    return run


def casadi_sensitivities(problem: Problem) -> Run:
    built: dict[float, Any] = {}
    n, k = len(problem.equations.states), len(problem.parameters)

    def run(relative: float) -> Array:
        if relative not in built:
            built[relative] = _casadi(problem, relative, True)
        pieces, start, start_by = built[relative]
        x = np.array(start(*problem.parameters), dtype=float)
        s = np.array([[float(one(*problem.parameters)) for one in row] for row in start_by])
        out, seeds = np.empty((len(problem.times), n, k)), np.vstack([np.eye(k), np.zeros((n, k))])
        for piece, rows, step in pieces:
            x = x + problem.timeline.jumps[piece.index]
            p = np.concatenate([problem.parameters, problem.timeline.inputs[piece.index]])
            forward, derivative = step
            end = forward(x0=x, p=p)["xf"]
            states = np.asarray(end).T
            done = derivative(x0=x, p=p, out_xf=end, fwd_x0=s, fwd_p=seeds)["fwd_xf"]
            moved = np.asarray(done).reshape(n, k, len(states)).transpose(2, 0, 1)
            out[piece.rows], x, s = moved[rows], states[-1], moved[-1]
        return out

    return run


TOOLS = (
    Tool("exodelivery", "exodelivery", own_one, own_population, own_sensitivities),
    Tool("scipy LSODA", "scipy", scipy_one, scipy_population, scipy_sensitivities),
    Tool("numbalsoda", "numbalsoda", numbalsoda_one, numbalsoda_population),
    Tool("casadi", "casadi", casadi_one, casadi_population, casadi_sensitivities),
)
REQUIRED = ("libroadrunner", "heyoka", "amici")  # peers that the target names and that are not written yet
