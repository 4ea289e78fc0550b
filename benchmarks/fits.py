"""A least-squares fit of eight parameters of M2 by scipy, with each tool's own derivatives where it has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from benchmarks.measure import absolute, least
from benchmarks.models import Problem
from benchmarks.own import own
from benchmarks.peers.amici import amici_fit
from benchmarks.peers.lsoda import scipy_runner
from benchmarks.peers.numbalsoda import numbalsoda_runner
from benchmarks.peers.roadrunner import roadrunner_runner
from benchmarks.rows import Row, row
from benchmarks.tools import TOOLS
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.timeline import Array

FREE = ("Vm", "Km", "ktu", "krt", "kri", "CL", "kin", "kon")
OBSERVED = [0, 5, 8, 9]
RELATIVE, DIFFERENCED = 1e-6, 1e-8
"""Tolerances with a tool's own derivatives, and where they are differences of runs."""
Model = Callable[[Array], tuple[Array, Array | None]]
"""From all parameters to states (times, states) and their derivatives by the free ones (times, states, free)."""


def fits(problem: Problem) -> Iterator[Row]:
    places = [problem.names.index(name) for name in FREE]
    made: dict[str, Callable[[], Model]] = {
        "exodelivery": lambda: _own(problem, places),
        "scipy LSODA": lambda: _plain(scipy_runner(problem)),
        "numbalsoda": lambda: _plain(numbalsoda_runner(problem)),
        "libroadrunner": lambda: _plain(roadrunner_runner(problem)),
        "amici": lambda: _amici(problem, places),
    }
    ours = float("nan")
    for tool in TOOLS:
        if tool.name not in made:
            continue
        if not tool.version:
            yield row("fit", problem.name, tool, note="missing: it could not be installed here")
            continue
        fit = _fit(problem, places, made[tool.name]())
        found = fit()
        seconds = least(fit, repeats=3)
        ours = seconds if tool.name == "exodelivery" else ours
        note = f"cost {found.cost:.6f} in {found.nfev} residuals and {found.njev} Jacobians"
        yield row("fit", problem.name, tool, seconds=seconds, ours=ours, note=note)


def _own(problem: Problem, places: list[int]) -> Model:
    solver, kernels = own(problem, tuple(places))
    tolerance = Tolerance(RELATIVE, absolute(problem, RELATIVE))
    prepared = solver.prepare(kernels, problem.timeline, problem.times, tolerance)

    def run(parameters: Array) -> tuple[Array, Array | None]:
        found = prepared.solve(parameters)
        return found.states, found.sensitivities

    return run


def _plain(run: Callable[[Array, float], Array]) -> Model:
    return lambda parameters: (run(parameters, DIFFERENCED), None)


def _amici(problem: Problem, places: list[int]) -> Model:
    run = amici_fit(problem, places)
    return lambda parameters: run(parameters, RELATIVE)


def _fit(problem: Problem, places: list[int], model: Model) -> Callable[[], Any]:
    """Return a fit of the logarithms of 8 parameters to 4 states with 10 % noise, from a third off."""
    truth, _ = _own(problem, places)(problem.parameters)
    shown = truth[:, OBSERVED]
    noise = np.exp(0.1 * np.random.default_rng(3).standard_normal(shown.shape))
    used = shown > 1e-3 * shown.max(axis=0)
    data = np.log(np.maximum(shown * noise, 1e-300))
    start = np.log(problem.parameters[places] * np.array([1.4, 0.7] * 4))
    kept: dict[bytes, tuple[Array, Array | None]] = {}

    def at(logs: Array) -> tuple[Array, Array | None]:
        if logs.tobytes() not in kept:
            values = problem.parameters.copy()
            values[places] = np.exp(logs)
            kept.clear()
            kept[logs.tobytes()] = model(values)
        return kept[logs.tobytes()]

    def residuals(logs: Array) -> Array:
        states, _ = at(logs)
        found: Array = (np.log(np.maximum(states[:, OBSERVED], 1e-300)) - data)[used]
        return found

    def jacobian(logs: Array) -> Array:
        states, by = at(logs)
        assert by is not None
        relative = by[:, OBSERVED] * np.exp(logs) / np.maximum(states[:, OBSERVED], 1e-300)[:, :, None]
        return np.asarray(relative[used])

    derived = model(problem.parameters)[1] is not None
    options: dict[str, Any] = {"jac": jacobian} if derived else {"jac": "2-point", "diff_step": 1e-4}

    def fit() -> Any:
        kept.clear()
        return least_squares(residuals, start, x_scale=1.0, ftol=1e-9, xtol=1e-9, gtol=1e-9, **options)

    return fit
