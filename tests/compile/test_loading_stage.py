"""The stage in the vial and what pruning leaves: closed forms, parts that sum to one, observables that do not move."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus
from exodelivery.errors import DeclarationError, DoseError, SimulationError
from exodelivery.solve.dosing import split
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]

LEAK = {"parameters": {"k": "0.1 1/h"}, "flows": {"leak": "plasma.loaded -> plasma.free : k * plasma.loaded"}}
STAGE: dict[str, Any] = {
    "duration": "2 h",
    "parameters": {"k_in": "0.3 1/h", "k_out": "0.1 1/h", "V_vial": "0.5 mL", "offered": "4 nmol", "n": "8e9 particle"},
    "sites": {"vial": {"role": "vial", "volume": "V_vial"}},
    "start": {"vial.free": "offered"},
    "flows": {"enter": "vial.free <-> vial.loaded : k_in * vial.free | k_out * V_vial * conc(vial.loaded)"},
    "outputs": {
        "loaded": "vial.loaded / offered",
        "free": "1 - loaded",
        "drug_per_particle": "offered / n",
        "label": "1",
    },
}


def parts(model: Model) -> dict[str, float]:
    built = machine(model)
    return split(built.system, built.values)


def test_a_first_order_stage_follows_its_closed_form(assemble: Assemble) -> None:
    found = parts(assemble(carrier={"loading": STAGE, "release": LEAK}))
    inside = 0.3 / 0.4 * (1 - math.exp(-0.4 * 2))
    assert found["loaded"] == pytest.approx(inside, rel=1e-7)
    assert found["loaded"] + found["adsorbed"] + found["free"] == pytest.approx(1, abs=1e-12)
    assert found["drug_per_particle"] == pytest.approx(0.5)  # nmol in 1e9 particles


def test_a_longer_stage_loads_more_and_its_duration_is_a_parameter(assemble: Assemble) -> None:
    model = assemble(carrier={"loading": STAGE, "release": LEAK})
    longer = parts(model.with_values({"loading.duration": "20 h"}))
    assert longer["loaded"] == pytest.approx(0.75 * (1 - math.exp(-8)), rel=1e-7)


def test_a_dose_is_split_as_the_stage_says_whatever_it_counts(assemble: Assemble) -> None:
    model = assemble(carrier={"loading": STAGE, "release": LEAK}, dose={"particles_per_protein": "2e9 particle/ug"})
    share = 0.75 * (1 - math.exp(-0.8))
    for dose in ("6 nmol", "3 ug", "1.2e10 particle", "6 ug protein"):
        run = simulate(model, bolus(dose), until=1, keep=("all",))
        assert run["plasma.loaded"](0) == pytest.approx(6 * share, rel=1e-7), dose
        assert run["plasma.free"](0) == pytest.approx(6 * (1 - share), rel=1e-7), dose
        assert run["plasma.carrier"](0) == pytest.approx(12, rel=1e-7), dose


@pytest.mark.parametrize(
    ("outputs", "dose", "said"),
    [
        ({"free": "0.5"}, "1 nmol", "sum to"),
        ({"free": "2 - loaded"}, "1e9 particle", "sum to"),
        ({"label": "0.5"}, "1 ID", "sum to"),
        ({"loaded": "-0.5", "free": "1.5"}, "1 nmol", "loaded = -0.5"),
        ({"drug_per_particle": "0 * offered / n"}, "1e9 particle", "how much drug a particle holds"),
        ({"label": "0"}, "1 ID", "bears no label"),
    ],
)
def test_a_split_that_would_lose_or_make_some_of_the_dose_is_refused(
    assemble: Assemble, outputs: dict[str, str], dose: str, said: str
) -> None:
    stage = {**STAGE, "outputs": {**STAGE["outputs"], **outputs}}
    with pytest.raises(DoseError, match=said):
        simulate(assemble(carrier={"loading": stage, "release": LEAK}), bolus(dose), until=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"duration": None}, "needs a duration"),
        ({"flows": {"x": "vial.free -> plasma.free : k_in * vial.free"}}, "its own sites"),
        ({"flows": {"x": "plasma.carrier -> out : k_in * plasma.carrier"}}, "its own sites"),
        (
            {
                "start": {"vial.free": "offered", "vial.carrier": "n", "vial.loaded": "0 * offered"},
                "flows": {"x": "vial.carrier -> out : k_in * vial.carrier"},
            },
            "where its passenger 'loaded' goes",
        ),
        (
            {
                "start": {"vial.free": "offered", "vial.carrier": "n", "vial.loaded": "0 * offered"},
                "flows": {"x": {"flow": "vial.carrier -> out : k_in * n", "passengers": {"loaded": "vial.free"}}},
            },
            "does not vanish with its source",
        ),
        ({"states": {"y": {"unit": "1", "rate": "-k_in * y"}}, "duration": None, "flows": {}, "start": {}}, "needs a"),
        ({"outputs": {"loaded": "count(cell)"}}, "cannot read count"),
        ({"outputs": {"loaded": "plasma.free"}}, "cannot read plasma.free"),
        ({"outputs": {"loaded": "k_inn"}}, "nearest: k_in"),
    ],
)
def test_a_stage_sees_its_own_vial_only(assemble: Assemble, change: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        machine(assemble(carrier={"loading": {**STAGE, **change}, "release": LEAK}))


def test_a_carrier_that_breaks_in_the_vial_gives_back_its_drug_and_no_other_does(assemble: Assemble) -> None:
    """Half of the drug in a carrier that is lost stays in the vial; what is loaded falls with the carriers."""
    broken = {
        **STAGE,
        "parameters": {**STAGE["parameters"], "k_break": "0.5 1/h", "full": "3 nmol"},
        "start": {"vial.free": "offered - full", "vial.loaded": "full", "vial.carrier": "n"},
        "flows": {
            "shatter": {
                "flow": "vial.carrier -> out : k_break * vial.carrier",
                "passengers": {"loaded": "vial.free", "adsorbed": "vial.free", "label": "out"},
            }
        },
        "outputs": {
            "loaded": "vial.loaded / offered",
            "free": "1 - loaded",
            "drug_per_particle": "offered / vial.carrier",
            "recovery": "vial.carrier / n",
            "label": "1",
        },
    }
    found = parts(assemble(carrier={"loading": broken, "release": LEAK}))
    assert found["recovery"] == pytest.approx(math.exp(-1), rel=1e-7)
    assert found["loaded"] == pytest.approx(0.75 * math.exp(-1), rel=1e-7)


def test_a_stage_has_states_and_steps_of_its_own(assemble: Assemble) -> None:
    """A permeability that dies away, and a storage written in steps: loss of e-folds that follow a closed form."""
    stage = {
        **STAGE,
        "states": {"open": {"unit": "1", "start": "1", "rate": "-k_out * open"}},
        "flows": {"enter": "vial.free -> vial.loaded : k_in * open * vial.free"},
        "outputs": {
            "kept": "vial.loaded * exp(-k_out * loading_time)",
            "loaded": "kept / offered",
            "free": "1 - loaded",
            "drug_per_particle": "offered / n",
        },
    }
    stage["parameters"] = {**STAGE["parameters"], "loading_time": "5 h"}
    found = parts(assemble(carrier={"loading": stage, "release": LEAK}))
    entered = 1 - math.exp(-0.3 / 0.1 * (1 - math.exp(-0.1 * 2)))
    assert found["loaded"] == pytest.approx(entered * math.exp(-0.5), rel=1e-7)
    assert "kept" not in found
    with pytest.raises(DeclarationError, match="nearest: loaded"):
        assemble(carrier={"loading": {**stage, "outputs": {**stage["outputs"], "loadde": "1"}}, "release": LEAK})


TWO = {
    "sites": {"plasma": {"role": "blood", "volume": "V"}, "slow": {"role": "peripheral", "volume": "V"}},
    "parameters": {"V": "2 mL"},
}
SIDE = {
    "parameters": {"k": "0.3 1/h"},
    "flows": {
        "leave": "plasma.free -> out : k * plasma.free",
        "aside": "plasma.free -> slow.free : k * plasma.free",
        "beyond": "slow.free -> slow.bound : k * slow.free",
    },
}


def test_pruning_keeps_the_observables_and_one_account_to_a_ledger(assemble: Assemble) -> None:
    model = assemble(body=TWO, drug=SIDE)
    whole, pruned = (simulate(model, bolus("4 nmol"), until=24, keep=keep, tolerance=1e-11) for keep in (("all",), ()))
    assert [v.name for v in pruned.system.variables] == ["plasma.free", "out.drug", "pruned.drug"]
    assert "slow.bound" in whole.names
    assert "slow.bound" not in pruned.names
    np.testing.assert_allclose(pruned["level"].values, whole["level"](pruned.times), rtol=1e-9, atol=1e-12)
    aside = whole["slow.free"](24) + whole["slow.bound"](24)
    account = pruned.solution.states[-1, pruned.system.index("pruned.drug")]
    assert account == pytest.approx(aside, rel=1e-8)
    assert pruned.residuals["drug"] < 1e-10


def test_a_pool_is_kept_by_name_with_all_that_it_needs(assemble: Assemble) -> None:
    model = assemble(body=TWO, drug=SIDE)
    run = simulate(model, bolus("4 nmol"), until=24, keep=("slow.bound",))
    assert run["slow.bound"](24) > 0
    with pytest.raises(SimulationError, match=r"nearest: slow\.bound"):
        simulate(model, bolus("4 nmol"), until=24, keep=("slow.bond",))


def test_the_books_close_though_a_rate_does_not_read_its_source(assemble: Assemble) -> None:
    odd = {
        "parameters": {"k": "0.1 1/h"},
        "flows": {"odd": "slow.free -> plasma.free : k * plasma.free"},
        "start": {"slow.free": "9"},
    }
    run = simulate(assemble(body=TWO, drug=odd), bolus("1 nmol"), until=5)
    assert run.residuals["drug"] < 1e-10
    assert run["level"](5) == pytest.approx(0.5 * math.exp(0.5), rel=1e-7)
