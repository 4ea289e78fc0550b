"""Closed forms through the whole path: declaration, flat system, doses, solver, series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exodelivery.declare.files import read_file
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array

Assemble = Callable[..., Model]
TIMES = np.linspace(0, 48, 200)
V, K = 2.0, 0.2

FILES = {
    "bodies/b.toml": """
        kind = "body"
        routes = { iv = "plasma" }
        [parameters]
        V = "2 mL"
        [sites]
        plasma = { role = "blood", volume = "V" }
        slow = { role = "peripheral", volume = "3 * V" }""",
    "blocks/disposition/two.toml": """
        kind = "disposition"
        [parameters]
        CL = "0.4 mL/h"
        Q = "0.9 mL/h"
        [flows]
        leave = "plasma.free -> out : CL * conc(plasma.free)"
        share = "plasma.free <-> slow.free : Q * conc(plasma.free) | Q * conc(slow.free)\"""",
    "drugs/d.toml": """
        kind = "drug"
        molar_mass = "500 g/mol"
        use = { disposition = "two" }""",
    "carriers/c.toml": """
        kind = "carrier\"""",
    "m.toml": """
        kind = "model"
        body = "b"
        drug = "d"
        carrier = "c"
        observables = { level = { formula = "conc(plasma.free)", unit = "nmol/L" } }""",
}


@pytest.fixture
def two_compartments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    for name, text in FILES.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("format = 1\n" + "\n".join(line.strip() for line in text.splitlines()))
    monkeypatch.setenv("EXODELIVERY_SHELVES", f"t={tmp_path}")
    model = read_file(tmp_path / "models/m.toml")
    assert isinstance(model, Model)
    return model


def bolus_of_two(t: Array, dose: float) -> Array:
    """Return the level of two compartments after a bolus [nmol/mL]: two exponentials of the rate constants."""
    k10, k12, k21 = 0.4 / 2, 0.9 / 2, 0.9 / 6
    total = k10 + k12 + k21
    root = np.sqrt(total**2 - 4 * k10 * k21)
    a, b = (total + root) / 2, (total - root) / 2
    found: Array = dose / 2 * ((a - k21) * np.exp(-a * t) + (k21 - b) * np.exp(-b * t)) / (a - b)
    return found


@pytest.mark.parametrize("solver", ["lsoda", "radau"])
def test_two_compartments_from_files(two_compartments: Model, solver: str) -> None:
    run = simulate(two_compartments, bolus("5 nmol"), until="2 d", solver=solver, tolerance=1e-9)
    np.testing.assert_allclose(run["level"](TIMES), 1e3 * bolus_of_two(TIMES, 5.0), rtol=1e-6)


def one(t: Array, dose: float, over: float = 0.0) -> Array:
    """Return the level of one compartment after a bolus or an infusion from nought [nmol/mL]."""
    after = np.maximum(t, 0.0)
    if not over:
        return np.where(t >= 0, dose / V * np.exp(-K * after), 0.0)
    during = np.minimum(after, over)
    return dose / over / (K * V) * (1 - np.exp(-K * during)) * np.exp(-K * (after - during))


@pytest.mark.parametrize(
    ("regimen", "expected"),
    [
        (bolus("3 nmol"), lambda t: one(t, 3)),
        (bolus("1.5 ug"), lambda t: one(t, 3)),
        (infusion("3 nmol", "5 h"), lambda t: one(t, 3, 5)),
        (infusion("3 nmol", "90 h"), lambda t: one(t, 3, 90)),
        (bolus("3 nmol", every="8 h", times=4), lambda t: sum(one(t - 8 * n, 3) for n in range(4))),
        (infusion("3 nmol", "6 h", every="4 h", times=3), lambda t: sum(one(t - 4 * n, 3, 6) for n in range(3))),
        (infusion("1 nmol", "0.1 h", every="0.1 h", times=7), lambda t: one(t, 7, 0.7)),
        (bolus("1 nmol", at="3 h") + bolus("2 nmol", at="3 h"), lambda t: one(t - 3, 3)),
        (bolus("2 nmol") + infusion("3 nmol", "2 h", at="1 h"), lambda t: one(t, 2) + one(t - 1, 3, 2)),
        (bolus("1 nmol", at="100 h"), lambda t: 0 * t),
    ],
    ids=lambda given: str(given) if isinstance(given, Regimen) else "",
)
def test_one_compartment_under_any_regimen(
    assemble: Assemble, regimen: Regimen, expected: Callable[[Array], Array]
) -> None:
    run = simulate(assemble(), regimen, until=48, tolerance=1e-9)
    np.testing.assert_allclose(run["level"](TIMES), expected(TIMES), rtol=1e-6, atol=1e-12)
    assert max(run.residuals.values()) < 1e-10


def test_areas_are_exact(assemble: Assemble) -> None:
    regimen = bolus("3 nmol") + infusion("2 nmol", "5 h", at="7 h")
    run = simulate(assemble(), regimen, until="400 h", tolerance=1e-11)
    assert run["level"].integral() == pytest.approx(5 / (K * V), rel=1e-8)
    short = simulate(assemble(), bolus("3 nmol"), until="20 h", tolerance=1e-11)["level"]
    assert short.integral("2 h", "9 h") == pytest.approx(1.5 / K * (np.exp(-0.4) - np.exp(-1.8)), rel=1e-8)
    moment = 1.5 / K**2 * (1 - np.exp(-4) * (1 + 4))
    assert short.integral(power=1) == pytest.approx(moment, rel=1e-8)


def test_a_carrier_releases_what_it_holds_as_bateman_says(assemble: Assemble) -> None:
    given = {"outputs": {"loaded": "0.8", "free": "0.2", "drug_per_particle": "1", "label": "1"}}
    leak = {"parameters": {"k": "0.5 1/h"}, "flows": {"leak": "plasma.loaded -> plasma.free : k * plasma.loaded"}}
    run = simulate(assemble(carrier={"loading": given, "release": leak}), bolus("10 nmol"), until=48, tolerance=1e-9)
    released = 8 * 0.5 / (0.5 - K) * (np.exp(-K * TIMES) - np.exp(-0.5 * TIMES))
    np.testing.assert_allclose(run["level"](TIMES), (released + 2 * np.exp(-K * TIMES)) / V, rtol=1e-6)


def test_dividing_cells_dilute_what_is_in_them(assemble: Assemble) -> None:
    body = {
        "parameters": {"v": "1e-6 mL/cell", "V": "2 mL"},
        "sites": {"plasma": {"role": "blood", "volume": "V"}, "cell": {"role": "cell", "volume": "v * count(cell)"}},
        "populations": {"cell": {"unit": "cell", "start": "1e6"}},
    }
    keep = {
        "start": {"cell.free": "6"},
        "parameters": {"k": "0 1/h"},
        "flows": {"x": "cell.free -> out : k * cell.free"},
    }
    grow = {"parameters": {"g": "0.1 1/h"}, "flows": {"grow": "in -> cell : g * count(cell)"}}
    shown = {
        "inside": {"formula": "conc(cell.free)", "unit": "nmol/mL"},
        "amount": {"formula": "cell.free", "unit": "nmol"},
    }
    model = assemble(body=body, drug=keep, use={"growth": grow}, observables=shown)
    run = simulate(model, Regimen(), until=48)
    np.testing.assert_allclose(run["inside"](TIMES), 6 * np.exp(-0.1 * TIMES), rtol=1e-6)
    np.testing.assert_allclose(run["amount"](TIMES), 6)
    assert run.residuals["cell"] < 1e-8


def test_dead_cells_give_back_all_that_they_held(assemble: Assemble) -> None:
    sites = {
        "plasma": {"role": "blood", "volume": "V"},
        "isf": {"role": "interstitium", "volume": "V"},
        "cell": {"role": "cell", "volume": "1e-6 * count(cell)"},
    }
    body = {"parameters": {"V": "2 mL"}, "sites": sites, "populations": {"cell": {"unit": "cell", "start": "1e6"}}}
    keep = {"start": {"cell.free": "6"}, "flows": {"x": "isf.free -> out : 0 * isf.free"}}
    kill = {
        "parameters": {"k": "0.1 1/h"},
        "flows": {"kill": {"flow": "cell -> out : k * count(cell)", "contents": "isf"}},
    }
    shown = {"out": {"formula": "isf.free", "unit": "nmol"}, "cells": {"formula": "count(cell)", "unit": "cell"}}
    run = simulate(assemble(body=body, drug=keep, use={"effect": kill}, observables=shown), Regimen(), until=48)
    np.testing.assert_allclose(run["out"](TIMES), 6 * (1 - np.exp(-0.1 * TIMES)), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(run["cells"](TIMES), 1e6 * np.exp(-0.1 * TIMES), rtol=1e-6)
