"""Functionals against closed forms of one compartment, within 1e-6, and against their refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.model import Model
from exodelivery.errors import SimulationError
from exodelivery.solve.functionals import dose_of, evaluate
from exodelivery.solve.trajectory import Trajectory

K, V, DOSE = 0.3, 2.0, 10.0


def one_compartment(flow: str = "plasma.free -> out : k * plasma.free", **more: str) -> Model:
    value = {"status": "assumed"}
    parameters = {"k": {"value": f"{K} 1/h", "range": ["0.1 1/h", "1 1/h"], **value}}
    parameters |= {name: {"value": text, "range": ["1e-4 1/h", "10 1/h"], **value} for name, text in more.items()}
    flows = {"leave": flow} | (
        {"go": "plasma.free <-> far.free : k_go * plasma.free | k_back * far.free"} if more else {}
    )
    body = exo.Body(
        name="toy",
        species="toy",
        parameters={"V": {"value": f"{V} mL", "range": ["1 mL", "4 mL"], **value}},
        sites={"plasma": {"role": "blood", "volume": "V"}, "far": {"role": "peripheral", "volume": "V"}},
        routes={"iv": "plasma"},
    )
    block = exo.Block(kind="disposition", name="toy", parameters=parameters, flows=flows)
    drug = exo.Drug(
        name="toy",
        molar_mass={"value": "500 g/mol", **value, "range": ["499 g/mol", "501 g/mol"]},
        use={"disposition": block},
    )
    observables = {"level": {"formula": "conc(plasma.free)", "unit": "nmol/mL"}}
    return exo.Model(name="toy", body=body, drug=drug, carrier=exo.Carrier(name="none"), observables=observables)


def run_of(until: float, **more: str) -> Trajectory:
    return exo.simulate(one_compartment(**more), exo.bolus(f"{DOSE} nmol"), until=until)


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return run_of(24.0)


def infused(run_time: float = 24.0, over: float = 3.0) -> Trajectory:
    return exo.simulate(one_compartment(), exo.infusion(f"{DOSE} nmol", over=over), until=run_time)


@pytest.mark.parametrize(
    ("functional", "expected", "unit"),
    [
        ("auc", DOSE / V / K, "nmol/mL*h"),
        ("mrt", 1 / K, "h"),
        ("cl", V * K, "mL/h"),
        ("vss", V, "mL"),
        ("cmax", DOSE / V, "nmol/mL"),
        ("tmax", 0.0, "h"),
    ],
)
def test_a_bolus_has_its_closed_forms(run: Trajectory, functional: str, expected: float, unit: str) -> None:
    found = evaluate(run, "level", functional)
    assert found and found.unit == unit
    assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_share_beyond_the_run_is_stated(run: Trajectory) -> None:
    assert evaluate(run_of(4.0), "level", "auc").extrapolated == pytest.approx(math.exp(-4 * K), rel=1e-6)
    assert evaluate(run, "level", "auc", end=24.0).extrapolated == 0.0


def test_windows_have_their_closed_forms(run: Trajectory) -> None:
    begin, end = 1.0, 5.0
    area = DOSE / V / K * (math.exp(-K * begin) - math.exp(-K * end))
    assert evaluate(run, "level", "auc", start=begin, end=end).value == pytest.approx(area, rel=1e-6)
    moment = DOSE / V / K**2 * (1 - math.exp(-K * end) * (1 + K * end))
    area0 = DOSE / V / K * (1 - math.exp(-K * end))
    assert evaluate(run, "level", "mrt", end=end).value == pytest.approx(moment / area0, rel=1e-6)


def test_level_and_half_life(run: Trajectory) -> None:
    assert evaluate(run, "level", at=2.0).value == pytest.approx(DOSE / V * math.exp(-2 * K), rel=1e-6)
    assert evaluate(run, "level", "half_life", start=2.0, end=9.0).value == pytest.approx(math.log(2) / K, rel=1e-6)


def test_an_infusion_peaks_when_it_ends() -> None:
    run, over = infused(), 3.0
    assert evaluate(run, "level", "tmax").value == pytest.approx(over, rel=1e-6)
    top = DOSE / over / V / K * (1 - math.exp(-K * over))
    assert evaluate(run, "level", "cmax").value == pytest.approx(top, rel=1e-6)
    assert evaluate(run, "level", "mrt").value == pytest.approx(1 / K + over / 2, rel=1e-6)


def test_a_smooth_peak_is_found_between_the_grid_points() -> None:
    model = one_compartment(k_go="0.5 1/h", k_back="0.05 1/h")
    run = exo.simulate(model, exo.bolus(f"{DOSE} nmol"), until=48, keep=("far.free",))
    total = K + 0.5 + 0.05
    root = math.sqrt(total**2 - 4 * K * 0.05)
    fast, slow = (total + root) / 2, (total - root) / 2
    assert evaluate(run, "far.free", "tmax").value == pytest.approx(math.log(fast / slow) / (fast - slow), rel=1e-3)
    assert evaluate(run, "level", "half_life", start=0.0, end=1.5, beneath=(30.0, 48.0)).value == pytest.approx(
        math.log(2) / fast, rel=1e-4
    )


def test_a_sampling_grid_censors_the_peak() -> None:
    found = evaluate(infused(), "level", "tmax", times=np.array([1.0, 2.0, 4.0, 8.0]))
    assert found.value in (2.0, 4.0)


def test_a_dose_is_counted_as_the_observable_counts(run: Trajectory) -> None:
    assert dose_of(run, "level") == pytest.approx(DOSE)
    twice = exo.simulate(one_compartment(), exo.bolus(f"{DOSE} nmol", every="6 h", times=2), until=24)
    assert dose_of(twice, "level") == pytest.approx(2 * DOSE)


def test_a_curve_without_the_functional_gives_a_failed_value() -> None:
    flat = exo.simulate(one_compartment(), exo.infusion(f"{DOSE} nmol", over="24 h"), until=24)
    area = evaluate(flat, "level", "auc")
    assert not area and math.isnan(area.value) and "does not decay" in area.why
    half = evaluate(flat, "level", "half_life", start=1.0, end=20.0)
    assert not half and "does not fall" in half.why


def test_misuse_is_refused(run: Trajectory) -> None:
    with pytest.raises(SimulationError, match="nearest: auc"):
        evaluate(run, "level", "aucc")
    with pytest.raises(SimulationError, match="window"):
        evaluate(run, "level", "half_life")
    with pytest.raises(SimulationError, match="needs a time"):
        evaluate(run, "level")
    with pytest.raises(SimulationError, match="ends at 24 h"):
        evaluate(run, "level", "auc", end=48.0)
