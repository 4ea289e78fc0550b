"""What a dose is to a model: every metric, that they agree, and which a model refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Dose, bolus, infusion
from exodelivery.errors import DoseError, TracerWarning, YieldWarning
from exodelivery.solve.dosing import Delivered, deliver
from exodelivery.solve.records import timeline
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]

BODY = {"weight": "20 g", "surface": "0.007 m2"}
GIVEN = {
    "parameters": {"per": "0.02 nmol/(1e9 particle)"},
    "outputs": {
        "loaded": "0.7",
        "adsorbed": "0.2",
        "free": "0.1",
        "drug_per_particle": "per",
        "label": "0.9",
        "dye": "0.1",
    },
}
RELEASE = {
    "parameters": {"k": "0.1 1/h", "v": "2e10 particle/h", "K": "1e10 particle/mL"},
    "flows": {
        "leak": "plasma.loaded -> plasma.free : k * plasma.loaded",
        "end": {
            "flow": "plasma.carrier -> out : v * conc(plasma.carrier) / (K + conc(plasma.carrier))",
            "passengers": {"loaded": "plasma.free", "adsorbed": "plasma.free", "label": "plasma.dye"},
        },
    },
}
METRICS = {"particles_per_protein": "2e9 particle/ug", "most_particles": "1e12 particle"}
SHOWN = {
    "level": {"formula": "conc(plasma.free)", "unit": "nmol/mL"},
    "label": {"formula": "plasma.label", "unit": "%ID"},
    "dye": {"formula": "plasma.dye", "unit": "ID"},
}


@pytest.fixture(scope="module")
def carried(assemble: Assemble) -> Model:
    return assemble(body=BODY, carrier={"loading": GIVEN, "release": RELEASE}, dose=METRICS, observables=SHOWN)


@pytest.fixture(scope="module")
def free(assemble: Assemble) -> Model:
    return assemble(body=BODY)


def given(model: Model, amount: str, label: str = "") -> Delivered:
    built = machine(model)
    return deliver(built.system, built.values, Dose(amount, label=label))


@pytest.mark.parametrize(
    "amount",
    ["5 mg/kg", "0.1 mg", "200 nmol", "10 umol/kg", "14.285714285714286 mg/m2", "1e13 particle", "5 mg protein"],
)
def test_every_metric_of_one_dose_is_the_same_dose(carried: Model, amount: str) -> None:
    # 20 g x 5 mg/kg = 0.1 mg = 200 nmol (500 g/mol) = 1e4 x 1e9 particles (0.02 nmol each) = 5000 ug (2e9 each)
    found = given(carried, amount)
    assert found.drug == pytest.approx(200)
    assert found.particles == pytest.approx(1e4)
    assert found.protein == pytest.approx(5e-3)
    expected = {"carrier": 1e4, "loaded": 140, "adsorbed": 40, "free": 20, "label": 0, "dye": 0}
    assert dict(found.forms) == pytest.approx(expected)
    assert str(found) == "200 nmol of drug, 1e+13 particles, 5e+03 ug of protein"


def test_dosing_the_reported_particles_gives_the_same_run(carried: Model) -> None:
    regimen = infusion("0.4 mg/kg", "2 h", every="9 h", times=2)
    number = given(carried, "0.4 mg/kg").particles * 1e9
    by_drug = simulate(carried, regimen, until=24)
    by_number = simulate(carried, infusion(f"{number!r} particle", "2 h", every="9 h", times=2), until=24)
    np.testing.assert_allclose(by_number["level"](by_drug.times), by_drug["level"].values, rtol=1e-7, atol=1e-12)


def test_a_label_goes_along_in_parts_of_its_dose(carried: Model) -> None:
    run = simulate(carried, bolus("1 nmol", label="2 ID"), until=1)
    assert run["label"](0) == pytest.approx(180)
    assert run["dye"](0) == pytest.approx(0.2)
    assert run["level"](0) == pytest.approx(0.1 / 2)


def test_a_tracer_moves_at_the_rate_of_an_empty_blood(carried: Model) -> None:
    with pytest.warns(TracerWarning, match="saturation by its particles is neglected"):
        run = simulate(carried, bolus("1 ID"), until=5, keep=("all",))
    assert np.all(run["plasma.carrier"].values == 0)
    q = 20 / 2 / 10  # v / V / K at nought: 2e10 particle/h, 2 mL, 1e10 particle/mL
    np.testing.assert_allclose(run["label"].values, 90 * np.exp(-q * run.times), rtol=1e-6)
    few = simulate(carried, bolus("1e6 particle", label="1 ID"), until=5)
    np.testing.assert_allclose(few["label"](run.times), run["label"].values, rtol=1e-4)
    many = simulate(carried, bolus("9e11 particle", label="1 ID"), until=5)
    assert many["label"](5) > 5 * run["label"](5), "many carriers saturate what a tracer does not"


def test_more_particles_than_a_purification_yields_are_warned_of(carried: Model) -> None:
    with pytest.warns(YieldWarning, match=r"2e\+12 particles to a dose"):
        run = simulate(carried, bolus("2e12 particle"), until=1)
    assert any("1e+12 at most" in note for note in run.notes)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("1e9 particle", "'none' has no particles"),
        ("5 ug protein", "'none' has no protein"),
        ("1 ID", "'none' bears no label"),
    ],
)
def test_without_a_carrier_other_metrics_are_refused_by_name(free: Model, amount: str, said: str) -> None:
    with pytest.raises(DoseError, match=said):
        simulate(free, bolus(amount), until=1)
    assert given(free, "5 mg/kg").forms["free"] == pytest.approx(200)


@pytest.mark.parametrize(
    ("change", "amount", "said"),
    [
        ({"body": {}}, "5 mg/kg", "has no weight"),
        ({"body": {}}, "5 mg/m2", "has no surface"),
        ({"dose": {}}, "5 ug protein", "how many particles"),
        ({"carrier": {"release": RELEASE}}, "5 mg", "nothing is loaded"),
        ({"carrier": {"loading": {"outputs": {"loaded": 1, "label": 1}}, "release": RELEASE}}, "5 mg", "how much drug"),
        ({"carrier": {"loading": {"outputs": {"loaded": 1}}, "release": RELEASE}}, "1e9 particle", "how much drug"),
    ],
)
def test_a_dose_that_lacks_a_number_says_which(
    assemble: Assemble, change: dict[str, Any], amount: str, said: str
) -> None:
    whole = {"body": BODY, "carrier": {"loading": GIVEN, "release": RELEASE}, "dose": METRICS, **change}
    with pytest.raises(DoseError, match=said):
        simulate(assemble(**whole), bolus(amount), until=1)


def test_an_unknown_route_names_the_known(free: Model) -> None:
    with pytest.raises(DoseError, match="known: iv"):
        simulate(free, bolus("1 mg", route="ip"), until=1)


def test_a_timeline_restarts_where_something_begins_or_ends(free: Model) -> None:
    built = machine(free)
    regimen = (
        bolus("1 nmol", at=3) + infusion("6 nmol", 2, at=3) + infusion("1 nmol", 100, at=4) + bolus("1 nmol", at=99)
    )
    line = timeline(built.system, built.values, regimen, end=10)
    at = built.system.index("plasma.free")
    assert list(line.times) == [0, 3, 4, 5]
    assert list(line.jumps[:, at]) == [0, 1, 0, 0]
    assert list(line.inputs[:, at]) == pytest.approx([0, 3, 3.01, 0.01])


def test_infusions_that_follow_one_another_leave_no_sliver_between(free: Model) -> None:
    built = machine(free)
    line = timeline(built.system, built.values, infusion("1 nmol", 0.1, every=0.1, times=50), end=10)
    assert len(line.times) == 51
    assert np.diff(line.times).min() > 0.0999
