"""Gradients of functionals against differences of whole runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.compile.machine import Machine, machine
from exodelivery.declare.table import Table
from exodelivery.solve.functionals import evaluate
from exodelivery.solve.gradients import gradient, sensitivities
from exodelivery.solve.simulate import run
from exodelivery.solve.solvers.protocol import Tolerance, solver
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory


def arm(name: str, carrier: str, dose: str, end: float, *observables: str) -> tuple[Machine, Trajectory]:
    model = exo.load(name, carrier=carrier)
    lean = replace(model, observables=Table({one: model.observables[one] for one in observables}))
    compiled = machine(lean)
    return compiled, run_at(compiled, compiled.values, dose, end)


def run_at(compiled: Machine, values: Array, dose: str, end: float) -> Trajectory:
    regimen = exo.infusion(dose, over="20 min", at="1 h") if dose.endswith("mg/kg") else exo.bolus(dose)
    return run(compiled, values, regimen, end, tolerance=Tolerance(1e-10))


CASES: list[tuple[str, str, Mapping[str, object]]] = [
    ("tumour_total", "auc", {"end": 24.0}),
    ("tumour_total", "auc", {}),
    ("tumour_total", "mrt", {"end": 24.0}),
    ("plasma_total", "mrt", {}),
    ("plasma_total", "cl", {}),
    ("plasma_total", "vss", {}),
    ("tumour_total", "cmax", {"end": 24.0}),
    ("heart_total", "tmax", {"end": 24.0}),
    ("plasma_total", "half_life", {"start": 2.0, "end": 8.0}),
    ("plasma_total", "half_life", {"start": 1.4, "end": 1.8, "beneath": (6.0, 20.0)}),
    ("tumour_nuclear", "level", {"at": 5.0}),
]
NAMES = (
    "disposition.k_e",
    "disposition.V_c",
    "body.weight",
    "disposition.PS_isf",
    "efflux.leak.P",
    "growth.k_g",
    "body.N_0",
)


@pytest.fixture(scope="module")
def free() -> tuple[Machine, Trajectory]:
    return arm(
        "doxorubicin_mouse", "none", "9 mg/kg", 48.0, "plasma_total", "tumour_total", "tumour_nuclear", "heart_total"
    )


@pytest.mark.parametrize(("observable", "functional", "options"), CASES)
def test_a_gradient_is_the_difference_of_runs(
    free: tuple[Machine, Trajectory], observable: str, functional: str, options: Mapping[str, object]
) -> None:
    compiled, found = free
    places = tuple(n for n, p in enumerate(compiled.system.parameters) if p.name in NAMES)
    value = evaluate(found, observable, functional, **options)  # type: ignore[arg-type]
    slopes = gradient(sensitivities(compiled, found, places), observable, functional, value, **options)  # type: ignore[arg-type]
    for n, place in enumerate(places):
        ends = []
        for sign in (1, -1):
            moved = compiled.values
            moved[place] *= 1 + sign * 1e-3
            ends.append(evaluate(run_at(compiled, moved, "9 mg/kg", 48.0), observable, functional, **options).value)  # type: ignore[arg-type]
        relative = (ends[0] - ends[1]) / 2e-3 / value.value
        near = slopes[n] * compiled.values[place] / value.value
        rough = 2e-2 if functional == "tmax" else 2e-3
        assert near == pytest.approx(relative, rel=rough, abs=rough), compiled.system.parameters[place].name


def test_states_follow_the_solvers_own_forward_sensitivities() -> None:
    compiled, found = arm("label_mouse", "exosome_natural", "1 ID", 24.0, "plasma_label", "liver_share")
    places = tuple(n for n, p in enumerate(compiled.system.parameters) if p.name.startswith(("clearance.", "uptake.")))
    line = found.timeline
    shape = (*line.jumps.shape, len(places))
    still = replace(line, jumps_by=np.zeros(shape), inputs_by=np.zeros(shape))
    times = np.array([0.05, 0.5, 4.0, 23.0])
    kernels = compiled.kernels("numpy", places)
    other = solver("lsoda").solve(kernels, compiled.values, still, times, Tolerance(1e-9)).sensitivities
    assert other is not None
    ours = sensitivities(compiled, found, places).states(times)
    scale = np.abs(other).max(axis=(0, 1)) + 1e-300
    assert np.max(np.abs(ours - other) / scale) < 1e-3


def test_a_peak_on_the_edge_has_no_gradient(free: tuple[Machine, Trajectory]) -> None:
    compiled, found = free
    value = evaluate(found, "plasma_total", "tmax", end=24.0)
    assert not gradient(sensitivities(compiled, found, (0,)), "plasma_total", "tmax", value, end=24.0).any()
    assert not math.isnan(value.value)
