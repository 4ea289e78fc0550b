"""AMICI: C++ from a model's equations, CVODES with forward sensitivities. A built model is kept beside our own code."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.protocol import Run
from exodelivery.compile.native.machine import cache_folder
from exodelivery.solve.solvers.segments import segments
from exodelivery.solve.timeline import Array


def _sbml(problem: Problem) -> str:
    import libsbml  # type: ignore[import-not-found]

    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    model.setId("problem")
    n = len(problem.equations.states)
    values = {f"p{i}": value for i, value in enumerate(problem.parameters)}
    for name in (*values, *(f"{kind}{i}" for kind in "ux" for i in range(n))):
        parameter = model.createParameter()
        parameter.setId(name)
        parameter.setValue(float(values.get(name, 0.0)))
        parameter.setConstant(not name.startswith("x"))
    for i, rate in enumerate(problem.equations.rates):
        rule = model.createRateRule()
        rule.setVariable(f"x{i}")
        rule.setMath(libsbml.parseL3Formula(f"{rate} + u{i}".replace("**", "^")))
    return str(libsbml.writeSBMLToString(document))


def _model(problem: Problem) -> Any:
    import amici  # type: ignore[import-not-found]
    from amici.importers.sbml import SbmlImporter  # type: ignore[import-not-found]

    text = _sbml(problem)
    name = f"{problem.name.lower()}_{hashlib.sha256((text + amici.__version__).encode()).hexdigest()[:12]}"
    folder = cache_folder() / "amici" / name
    if not (folder / name / "__init__.py").is_file():
        # its build must find the swig that AMICI itself was built with, which pip put beside this Python
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        inputs = [f"u{i}" for i in range(len(problem.equations.states))]
        options = {"compute_conservation_laws": False, "verbose": False}
        SbmlImporter(text, from_file=False).sbml2amici(name, folder, fixed_parameters=inputs, **options)
    return amici.import_model_module(name, folder).get_model()


def _runner(problem: Problem, varied: bool, free: list[int] | None = None) -> Any:
    import sympy
    from amici.sim import sundials  # type: ignore[import-not-found]

    model, equations = _model(problem), problem.equations
    n, count = len(equations.states), len(problem.parameters)
    names = [f"x{i}" for i in range(n)]
    order = [names.index(name) for name in model.get_state_ids()]
    places = [int(name[1:]) for name in model.get_free_parameter_ids()]
    start = sympy.lambdify(equations.parameters, list(equations.start))
    by = [[value.diff(p) for p in equations.parameters] for value in equations.start]
    start_by = sympy.lambdify(equations.parameters, by)
    listed = list(range(count)) if free is None else [places.index(place) for place in free]
    wanted = [places[index] for index in listed] if varied else []
    model.set_parameter_list(listed)
    solver = model.create_solver()
    solver.set_max_steps(1_000_000)
    if varied:
        solver.set_sensitivity_order(sundials.SensitivityOrder.first)
        solver.set_sensitivity_method(sundials.SensitivityMethod.forward)
    pieces = list(segments(problem.timeline, problem.times))

    def run(parameters: Array, relative: float) -> tuple[Array, Array]:
        solver.set_relative_tolerance(relative)
        solver.set_absolute_tolerance(float(absolute(problem, relative).min()))
        model.set_free_parameters([float(parameters[place]) for place in places])
        x = np.array(start(*parameters), dtype=float)
        s = np.array(start_by(*parameters), dtype=float)
        out, out_by = np.empty((len(problem.times), n)), np.empty((len(problem.times), n, count))
        for piece in pieces:
            x = x + problem.timeline.jumps[piece.index]
            grid = np.unique(np.concatenate([problem.times[piece.rows], [piece.finish]]))
            model.set_fixed_parameters(problem.timeline.inputs[piece.index].tolist())
            model.set_t0(piece.begin)
            model.set_timepoints(grid.tolist())
            model.set_initial_state(x[order].tolist())
            if varied:
                model.set_unscaled_initial_state_sensitivities(s[order][:, wanted].T.ravel().tolist())
            found = sundials.run_simulation(model, solver)
            rows = np.searchsorted(grid, problem.times[piece.rows])
            states = np.empty((len(grid), n))
            states[:, order] = found.x
            out[piece.rows], x = states[rows], states[-1]
            if varied:
                moved = np.zeros((len(grid), n, count))
                moved[np.ix_(range(len(grid)), order, wanted)] = np.asarray(found.sx).transpose(0, 2, 1)
                out_by[piece.rows], s = moved[rows], moved[-1]
        return out, out_by

    return run


def amici_one(problem: Problem) -> Run:
    run = _runner(problem, varied=False)
    return lambda relative: run(problem.parameters, relative)[0]


def amici_population(problem: Problem, sets: Array) -> Run:
    run = _runner(problem, varied=False)
    return lambda relative: np.array([run(values, relative)[0] for values in sets])


def amici_sensitivities(problem: Problem) -> Run:
    run = _runner(problem, varied=True)
    return lambda relative: run(problem.parameters, relative)[1]


def amici_fit(problem: Problem, free: list[int]) -> Any:
    """Return a function from parameters and a tolerance to states and their derivatives by the free parameters."""
    run = _runner(problem, varied=True, free=free)

    def fit(parameters: Array, relative: float) -> tuple[Array, Array]:
        states, by = run(parameters, relative)
        return states, by[:, :, free]

    return fit
