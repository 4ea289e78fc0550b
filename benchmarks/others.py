"""Problems that the solver was not tuned on: the test set of others, and the library's own models."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import exodelivery as exo
from benchmarks.measure import at_target, curve, least
from benchmarks.models import Problem, dosing
from benchmarks.own import own, own_one
from benchmarks.peers.lsoda import scipy_one
from benchmarks.peers.numbalsoda import numbalsoda_one
from benchmarks.rows import Row, row
from benchmarks.tools import TOOLS
from exodelivery.compile.emitters.numpy import NumpyEmitter
from exodelivery.compile.equations import equations
from exodelivery.errors import ExodeliveryError
from exodelivery.solve.records import timeline
from exodelivery.solve.simulate import machine_for
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.solvers.scipy import LsodaSolver
from exodelivery.solve.timeline import Array

OWN, SCIPY, NUMBALSODA = TOOLS[:3]
SMALLEST = 1e-30
"""Absolute tolerance of the test set: one of its states ends near 1e-22."""


def ivp(tolerances: tuple[float, ...] = (1e-5, 1e-7, 1e-9)) -> Iterator[Row]:
    """Yield digits and times of ours and of scipy's LSODA at the same tolerance."""
    where = os.environ.get("EXODELIVERY_DATA")
    if not where:
        yield row("one run", "ivp", OWN, note="missing: EXODELIVERY_DATA names no folder of data")
        return
    given = json.loads((Path(where) / "ivp" / "problems.json").read_text())["problems"]
    for name, told in given.items():
        problem = ivp_problem(name, told)
        for relative in tolerances:
            runs = {tool.name: partial(run, relative) for tool, run in zip((OWN, SCIPY), _both(problem), strict=True)}
            ours = least(runs[OWN.name], repeats=5)
            for tool in (OWN, SCIPY):
                seconds = ours if tool is OWN else least(runs[tool.name], repeats=2)
                digits = scd(runs[tool.name]()[-1], np.array(told["ref"]))
                note = f"{digits:.1f} digits at a tolerance of {relative:.0e}"
                yield row("one run", name, tool, seconds=seconds, ours=ours, note=note, error=10.0**-digits)


def _both(problem: Problem) -> tuple[Any, Any]:
    solver, kernels = own(problem)
    plain = NumpyEmitter().emit(problem.equations)

    def ours(relative: float) -> Array:
        tolerance = Tolerance(relative, SMALLEST)
        states: Array = solver.solve(kernels, problem.parameters, problem.timeline, problem.times, tolerance).states
        return states

    def scipys(relative: float) -> Array:
        tolerance = Tolerance(relative, SMALLEST)
        return LsodaSolver().solve(plain, problem.parameters, problem.timeline, problem.times, tolerance).states

    return ours, scipys


def ivp_problem(name: str, told: dict[str, Any]) -> Problem:
    """Return a problem of the test set."""
    start = {state: repr(float(value)) for state, value in zip(told["states"], told["y0"], strict=True)}
    built = equations(dict(zip(told["states"], told["rhs"], strict=True)), start)
    line = dosing(len(told["states"]), float(told["t1"]), [])
    return Problem(name, built, np.empty(0), (), line, np.array([float(told["t1"])]))


def scd(found: Array, reference: Array) -> float:
    """Return significant correct digits of the states whose reference is a number above any rounding."""
    known = np.abs(reference) > 1e-100
    return float(-np.log10(max(np.max(np.abs(found - reference)[known] / np.abs(reference)[known]), 1e-16)))


def library() -> Iterator[Row]:
    """Yield one run of each model of the library, at an error of 1e-6."""
    for name in sorted(exo.list("model")["name"]):
        try:
            problem = library_problem(name)
        except ExodeliveryError as error:
            yield row("one run", name, OWN, note=f"left out: {error.message}"[:160])
            continue
        reference = own_one(problem)(1e-11)
        ours = float("nan")
        for tool, make in ((OWN, own_one), (SCIPY, scipy_one), (NUMBALSODA, numbalsoda_one)):
            if not tool.version:
                yield row("one run", name, tool, note="missing: it could not be installed here")
                continue
            try:
                points = curve(make(problem), reference, repeats=3 if tool is OWN else 2)
            except Exception as error:
                if tool is OWN:
                    raise
                yield row("one run", name, tool, note=f"failed: {type(error).__name__}: {error}"[:160])
                continue
            seconds = at_target(points)
            ours = seconds if tool is OWN else ours
            yield row("one run", name, tool, seconds=seconds, ours=ours, points=points)


def library_problem(name: str) -> Problem:
    """Return a model of the library under three weekly doses, read once a day and close after each."""
    model = exo.load(name, kind="model")
    dose = exo.bolus("1 ID" if "label" in name else "5 mg/kg" if "mouse" in name else "50 mg/m2", every="7 d", times=3)
    compiled = machine_for(model, dose)
    line = timeline(compiled.system, compiled.values, dose, 504.0)
    times = np.unique(np.concatenate([at + np.array([0.1, 1.0, 4.0, 24.0, 72.0, 167.0]) for at in (0.0, 168.0, 336.0)]))
    names = tuple(parameter.name for parameter in compiled.system.parameters)
    return Problem(name, compiled.system.equations, compiled.values, names, line, times)
