"""Steady states that settle or say why not, routes with terms, and derivatives through every record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exodelivery.compile.machine import machine
from exodelivery.declare.files import build, document_of
from exodelivery.declare.model import Model
from exodelivery.declare.origin import NO_ORIGIN
from exodelivery.declare.parts import Body
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import DeclarationError, DoseError, ExodeliveryError
from exodelivery.solve.functionals import evaluate
from exodelivery.solve.gradients import sensitivities
from exodelivery.solve.records import legs, lines, lines_by, timeline
from exodelivery.solve.simulate import machine_for, run, simulate
from exodelivery.solve.solvers.protocol import Tolerance, solver
from exodelivery.solve.timeline import Array

Assemble = Callable[..., Model]
SATURABLE = {
    "parameters": {"vmax": "30 nmol/h", "km": "40 nmol/mL", "ka": "1.1 1/h"},
    "flows": {
        "absorb": "gut.free -> plasma.free : ka * gut.free",
        "leave": "plasma.free -> out : vmax * conc(plasma.free) / (km + conc(plasma.free))",
    },
}
BODY: dict[str, Any] = {
    "parameters": {"V": "2 mL", "tlag": "1.5 h", "F": "0.7", "D": "3 h", "R": "20 nmol/h"},
    "sites": {"plasma": {"role": "blood", "volume": "V"}, "gut": {"role": "tissue", "volume": "V"}},
    "routes": {
        "iv": "plasma",
        "po": {"site": "gut", "lag": "tlag", "bioavailability": "F"},
        "late": {"site": "plasma", "lag": "tlag"},
        "patch": {"site": "plasma", "lag": "tlag", "duration": "D", "bioavailability": "F"},
        "pump": {"site": "plasma", "rate": "R", "bioavailability": "F"},
    },
}
TIMES = np.array([0.7, 2.3, 4.1, 8.7, 13.0, 21.0, 29.0])


@pytest.fixture(scope="module")
def saturable(assemble: Assemble) -> Model:
    return assemble(
        body=BODY, drug=SATURABLE, observables={"level": {"formula": "conc(plasma.free)", "unit": "nmol/mL"}}
    )


def at(model: Model, regimen: Regimen, values: Array | None = None, name: str = "lsoda", end: float = 30.0) -> Any:
    compiled = machine_for(model, regimen)
    numbers = compiled.values if values is None else values
    return run(compiled, numbers, regimen, end, solver_name=name, tolerance=Tolerance(1e-11))


STEADY: dict[str, Any] = {"every": 8.0, "steady_state": "alone"}
REGIMENS: dict[str, Regimen] = {
    "lagged oral": bolus("100 nmol", route="po", every=9, times=3),
    "lagged boluses": bolus("100 nmol", route="late", every=9, times=3),
    "a lagged bolus as another begins": bolus("90 nmol", route="late") + bolus("50 nmol", route="gut.free", at=1.5),
    "a lagged bolus as an infusion ends": bolus("90 nmol", route="late") + infusion("80 nmol", 1.5),
    "duration": bolus("100 nmol", route="patch", every=5, times=3),
    "duration beside a lag": bolus("100 nmol", route="patch") + bolus("50 nmol", route="late"),
    "rate": bolus("100 nmol", route="pump", every=6, times=2),
    "rate of its own": infusion("100 nmol", rate="20 nmol/h", route="po"),
    "steady oral": bolus("100 nmol", route="po", times=2, **STEADY),
    "steady lagged": bolus("100 nmol", route="late", times=2, **STEADY),
    "steady infusions": bolus("100 nmol", route="patch", at=2, times=2, **STEADY),
    "constant": infusion(rate="12 nmol/h", route="iv", at=1, steady_state="alone"),
    "steady added": bolus("60 nmol") + bolus("100 nmol", route="po", at=3, every=9, steady_state="added"),
    "reset": bolus("100 nmol", route="po", every=3, times=4).reset(4) + bolus("100 nmol", route="po", at=5),
}


@pytest.mark.parametrize("record", REGIMENS)
def test_derivatives_hold_through_every_record(saturable: Model, record: str) -> None:
    regimen = REGIMENS[record]
    compiled = machine_for(saturable, regimen)
    found = at(saturable, regimen)
    sensitive = tuple(range(len(compiled.values)))
    moved = sensitivities(compiled, found, sensitive).curve("level", TIMES)
    for n, parameter in enumerate(compiled.system.parameters):
        step = 1e-4 * compiled.values[n]
        ends = []
        for sign in (1, -1):
            values = compiled.values.copy()
            values[n] += sign * step
            ends.append(at(saturable, regimen, values)["level"](TIMES))
        expected = (ends[0] - ends[1]) / (2 * step)
        scale = np.max(found["level"].values) / compiled.values[n]
        np.testing.assert_allclose(moved[:, n], expected, rtol=2e-4, atol=1e-5 * scale, err_msg=parameter.name)


@pytest.mark.parametrize("record", ["lagged boluses", "duration", "a lagged bolus as an infusion ends", "rate"])
def test_a_solvers_own_sensitivities_pass_the_same_breakpoints(saturable: Model, record: str) -> None:
    regimen = REGIMENS[record]
    compiled = machine_for(saturable, regimen)
    sensitive = tuple(range(len(compiled.values)))
    given = lines_by(compiled.system, compiled.values, regimen, sensitive)
    (leg,) = legs(compiled.system, compiled.values, given, regimen, 30.0)
    kernels = compiled.kernels("numpy", sensitive)
    own = solver("lsoda").solve(kernels, compiled.values, leg.timeline, TIMES, Tolerance(1e-10)).sensitivities
    along = sensitivities(compiled, at(saturable, regimen), sensitive).states(TIMES)
    assert own is not None
    np.testing.assert_allclose(along, own, rtol=1e-4, atol=1e-5 * np.max(np.abs(own)))


def test_a_saturable_steady_state_is_what_many_doses_come_to(saturable: Model) -> None:
    long = at(saturable, bolus("100 nmol", route="po", every=8, times=200), end=1600.0)
    steady = at(saturable, bolus("100 nmol", route="po", **STEADY), end=8.0)
    within = np.linspace(0, 7.9, 20)
    np.testing.assert_allclose(steady["level"](within), long["level"](1592 + within), rtol=1e-6)


def test_a_half_life_of_a_thousand_intervals_settles_too(assemble: Assemble) -> None:
    slow = assemble(drug={"parameters": {"k": "1e-4 1/h"}, "flows": {"leave": "plasma.free -> out : k * plasma.free"}})
    found = simulate(slow, bolus("2 nmol", **STEADY), until=1)
    assert found["level"](0) == pytest.approx(1 / -np.expm1(-8e-4), rel=1e-5)


def test_a_series_that_never_settles_is_an_outcome_that_says_so(assemble: Assemble) -> None:
    kept = assemble(
        drug={
            "parameters": {"k": "0.2 1/h", "W": "1 mL"},
            "sites": {"deep": {"role": "peripheral", "volume": "W"}},
            "flows": {"stay": "plasma.free -> deep.free : k * plasma.free"},
        },
        observables={"deep": {"formula": "disposition.deep.free", "unit": "nmol"}},
    )
    found = simulate(kept, bolus("2 nmol", at=3, **STEADY), until=9)
    assert not found
    assert "no steady state" in found.outcome.what
    assert found.outcome.time == 3
    assert found.system.variables[found.outcome.state].name == "disposition.deep.free"
    with pytest.raises(ExodeliveryError, match="times= instead"):
        found["deep"](4)


def test_more_than_saturation_can_clear_has_no_steady_state(saturable: Model) -> None:
    found = simulate(saturable, infusion(rate="31 nmol/h", route="iv", steady_state="alone"), until=1)
    assert not found
    assert "steady state" in found.outcome.what


@pytest.mark.parametrize("name", ["radau", "rodas5p"])
def test_solvers_agree_on_a_run_of_several_legs(saturable: Model, name: str) -> None:
    regimen = (REGIMENS["steady infusions"] + bolus("50 nmol", at=9)).reset(20) + bolus("10 nmol", at=22)
    first, second = at(saturable, regimen), at(saturable, regimen, name=name)
    np.testing.assert_allclose(second["level"](TIMES), first["level"](TIMES), rtol=1e-7, atol=1e-9)


def test_populations_go_back_to_their_start_at_a_reset(assemble: Assemble) -> None:
    body = {
        "sites": {"plasma": {"role": "blood", "volume": "V"}, "cell": {"role": "cell", "volume": "V"}},
        "populations": {"cell": {"unit": "cell", "start": "1e6 * weight / weight"}},
        "weight": "20 g",
    }
    growing = assemble(
        body=body,
        use={"growth": {"parameters": {"g": "0.1 1/h"}, "flows": {"grow": "in -> cell : g * count(cell)"}}},
        observables={"cells": {"formula": "count(cell)", "unit": "cell"}},
    )
    found = simulate(growing, bolus("1 nmol").reset(10), until=15)
    assert found["cells"](10) == pytest.approx(1e6)
    assert found["cells"](15) == pytest.approx(1e6 * np.exp(0.5))
    assert max(found.residuals.values()) < 1e-8


def test_a_pool_that_nothing_else_fills_can_be_dosed(saturable: Model) -> None:
    found = simulate(saturable, bolus("5 nmol", route="gut.free") + bolus("3 nmol"), until=1, keep=("gut.free",))
    assert found["gut.free"](0) == 5
    with pytest.raises(DeclarationError, match="gutt"):
        simulate(saturable, bolus("5 nmol", route="gutt.free"), until=1)


def test_a_pool_takes_what_its_form_counts_alone(saturable: Model) -> None:
    for amount in ("1e9 particle", "1 ID"):
        with pytest.raises(DoseError, match=r"plasma\.free takes drug alone"):
            simulate(saturable, bolus(amount, route="plasma.free"), until=1)
    with pytest.raises(DoseError, match="label"):
        simulate(saturable, bolus("1 nmol", label="1 ID", route="plasma.free"), until=1)


@pytest.mark.parametrize(
    ("change", "said"), [({"tlag": -1.0}, "lag"), ({"F": -0.1}, "availability"), ({"D": 0.0}, "duration")]
)
def test_a_term_that_makes_no_sense_is_refused_by_name(saturable: Model, change: dict[str, float], said: str) -> None:
    compiled = machine(saturable)
    numbers = compiled.values_with({f"body.{name}": value for name, value in change.items()})
    with pytest.raises(DoseError, match=f"{said} of the route 'patch'"):
        lines(compiled.system, numbers, bolus("1 nmol", route="patch"))


def test_a_route_with_terms_survives_a_file_and_a_plain_one_stays_a_word() -> None:
    whole = Body("b", **BODY)
    document = document_of(whole)
    assert document["routes"]["iv"] == "plasma"
    assert document["routes"]["po"] == {"site": "gut", "lag": "tlag", "bioavailability": "F"}
    assert build(document, "b", NO_ORIGIN) == whole


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ({"lag": "tlag"}, "names its site"),
        ({"site": "gut", "delay": "tlag"}, "no key 'delay'"),
        ({"site": "gut", "duration": "D", "rate": "R"}, "not both"),
        ({"site": "gutt"}, "enters no site"),
    ],
)
def test_a_route_says_what_it_may(route: dict[str, str], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        Body("b", **{**BODY, "routes": {"po": route}})


def test_a_lag_that_reads_a_pool_is_refused(assemble: Assemble) -> None:
    routes = {"iv": {"site": "plasma", "lag": "tlag * plasma.free"}}
    with pytest.raises(DeclarationError, match="parameters alone"):
        simulate(assemble(body={**BODY, "routes": routes}), bolus("1 nmol"), until=1)


def test_one_timeline_cannot_hold_a_reset(saturable: Model) -> None:
    compiled = machine(saturable)
    with pytest.raises(DoseError, match="no one timeline"):
        timeline(compiled.system, compiled.values, bolus("1 nmol").reset(3), 5.0)


def test_clearance_counts_a_dose_into_a_pool(assemble: Assemble) -> None:
    found = simulate(assemble(), bolus("5 nmol", route="plasma.free"), until=100)
    assert evaluate(found, "level", "cl").value == pytest.approx(0.4, rel=1e-6)  # 0.2 1/h of 2 mL
