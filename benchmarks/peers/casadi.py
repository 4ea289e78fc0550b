"""CasADi: CVODES with symbolic Jacobian and forward sensitivities."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array


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
