"""libRoadRunner: CVODE on a right-hand side that it compiles from rate rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array


def _model(problem: Problem) -> Any:
    import roadrunner  # type: ignore[import-not-found]

    n = len(problem.equations.states)
    model = roadrunner.RoadRunner()
    model.addCompartment("everywhere", 1.0, False)
    names = [f"p{i}" for i in range(len(problem.parameters))] + [f"{kind}{i}" for kind in "ux" for i in range(n)]
    for name in names:
        model.addParameter(name, 0.0, False)
    for i, rate in enumerate(problem.equations.rates):
        model.addRateRule(f"x{i}", f"{rate} + u{i}".replace("**", "^"), i == n - 1)
    model.selections = ["time", *(f"x{i}" for i in range(n))]
    model.integrator.setValue("maximum_num_steps", 1_000_000)
    return model


def roadrunner_runner(problem: Problem) -> Any:
    import sympy

    model, n = _model(problem), len(problem.equations.states)
    start = sympy.lambdify(problem.equations.parameters, list(problem.equations.start))
    pieces = list(segments(problem.timeline, problem.times))
    smallest: dict[float, Array] = {}

    def run(parameters: Array, relative: float) -> Array:
        if relative not in smallest:
            smallest[relative] = absolute(problem, relative)
        model.reset()
        model.integrator.setValue("relative_tolerance", relative)
        model.integrator.setValue("absolute_tolerance", float(smallest[relative].min()))
        for i, value in enumerate(parameters):
            model.setValue(f"p{i}", value)
        x, out = np.array(start(*parameters), dtype=float), np.empty((len(problem.times), n))
        for piece in pieces:
            for i in range(n):
                model.setValue(f"u{i}", problem.timeline.inputs[piece.index, i])
                model.setValue(f"x{i}", x[i] + problem.timeline.jumps[piece.index, i])
            grid = np.concatenate([[piece.begin], problem.times[piece.rows], [piece.finish]])
            keep = np.concatenate([[True], np.diff(grid) > 0])
            found = np.asarray(model.simulate(times=grid[keep].tolist()))[:, 1:]
            out[piece.rows] = found[np.cumsum(keep) - 1][1:-1]
            x = found[-1]
        return out

    return run


def roadrunner_one(problem: Problem) -> Run:
    run = roadrunner_runner(problem)
    return lambda relative: run(problem.parameters, relative)


def roadrunner_population(problem: Problem, sets: Array) -> Run:
    run = roadrunner_runner(problem)
    return lambda relative: np.array([run(values, relative) for values in sets])
