"""Blocks of tumour, membrane, growth, effect and shedding: sound where their sites are, and right at their limits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from exodelivery.checks.check import check
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body
from exodelivery.declare.regimen import Regimen, bolus
from exodelivery.declare.shelf import find
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory

pytestmark = pytest.mark.filterwarnings("ignore::exodelivery.errors.YieldWarning")

CELLS = 1e7
V_CELL = 1e-9
BODY: dict[str, Any] = {
    "species": "bench",
    "weight": {"value": "20 g", "status": "assumed", "range": ["19 g", "21 g"]},
    "routes": {"iv": "plasma"},
    "parameters": {
        name: {"value": value, "about": "bench", "status": "assumed", "range": [low, high]}
        for name, value, low, high in (
            ("V_plasma", "1 mL", "0.5 mL", "2 mL"),
            ("v_cell", "1e-9 mL/cell", "5e-10 mL/cell", "2e-9 mL/cell"),
            ("N_0", "1e7 cell", "1e6 cell", "1e8 cell"),
        )
    },
    "sites": {
        "plasma": {"role": "blood", "volume": "V_plasma"},
        "fast": {"role": "peripheral", "volume": "2 * V_plasma"},
        "slow": {"role": "peripheral", "volume": "10 * V_plasma"},
        "saliva": {"role": "peripheral", "volume": "0.1 * V_plasma"},
        "isf": {"role": "interstitium", "volume": "0.5 * v_cell * max(count(cell), N_0) + v_cell * count(dead)"},
        "surface": {"role": "surface", "within": "cell"},
        "cell": {"role": "cell", "volume": "v_cell * count(cell)"},
        "endosome": {"role": "endosome", "within": "cell", "volume": "0.03 * v_cell * count(cell)"},
        "nucleus": {"role": "nucleus", "within": "cell", "volume": "0.2 * v_cell * count(cell)"},
        "resistant": {"role": "cell", "volume": "v_cell * count(resistant)"},
        "resistant_nucleus": {"role": "nucleus", "within": "resistant", "volume": "0.2 * v_cell * count(resistant)"},
        "resistant_surface": {"role": "surface", "within": "resistant"},
        "resistant_endosome": {"role": "endosome", "within": "resistant", "volume": "0.1 * v_cell * count(resistant)"},
        "neighbour": {"role": "cell", "volume": "v_cell * count(neighbour)"},
        "macrophage": {"role": "cell", "volume": "v_cell * count(macrophage)"},
    },
    "populations": {
        "cell": {"unit": "cell", "start": "N_0", "line": "bench"},
        "resistant": {"unit": "cell", "start": "0.1 * N_0"},
        "neighbour": {"unit": "cell", "start": "N_0"},
        "macrophage": {"unit": "cell", "start": "0.1 * N_0"},
        "dead": {"unit": "cell", "start": "0 * N_0"},
    },
    "regions": {"tumour": ["isf", "surface", "cell", "endosome", "nucleus"]},
}
SHOWN = {
    "cells": {"formula": "count(cell)", "unit": "cell"},
    "resistant_cells": {"formula": "count(resistant)", "unit": "cell"},
    "dead_cells": {"formula": "count(dead)", "unit": "cell"},
    "inside": {"formula": "conc(cell.free)", "unit": "nmol/mL"},
    "outside": {"formula": "conc(isf.free)", "unit": "nmol/mL"},
    "held": {"formula": "endosome.carrier", "unit": "1e9 particle"},
}
UPTAKE = ("krogh", "pressure", "by_size", "receptor_trafficking", "endosomal_escape", "macrophages")
EFFLUX = ("pgp_hill", "bound_driven", "vesicles_transfer", "decoys", "pump_acquired", "first_order")
EFFLUX += ("diffusion_two_clones",)
GROWTH = ("logistic", "gompertz", "gompertz_reduced", "exponential_linear", "plateau_linear", "birth_death")
GROWTH += ("exosome_promoted", "two_clones")
EFFECT = ("transit_kill", "simeoni", "steps_kill", "growth_rate_inhibition", "immune_exosomes", "two_clones_kill")
SHEDDING = ("marker_level", "ctdna", "tumour_exosomes", "phenotype_transfer")
BLOCKS = {"uptake": UPTAKE, "efflux": EFFLUX, "growth": GROWTH, "effect": EFFECT, "shedding": SHEDDING}
DOSE = bolus("1e11 particle") + bolus("5 nmol", route="plasma.free")


@lru_cache(maxsize=1)
def bench() -> Model:
    """Return the model that a block is put in: every site that a block of these slots may name, few observables."""
    return Model(
        "bench",
        body=Body("bench", **BODY),
        drug=find("doxorubicin", "drug"),
        carrier=find("exosome_natural", "carrier"),
        use={"efflux": {"leak": find("diffusion", "efflux")}},
        observables=SHOWN,
    )


@lru_cache(maxsize=64)
def with_block(slot: str, name: str, carrier: str = "exosome_natural") -> Model:
    """Return the bench with a block in its slot."""
    model = bench() if carrier == "exosome_natural" else bench().swap(carrier=carrier)
    if slot == "efflux":
        block = find(name, slot)
        leak = {} if name in ("diffusion", "first_order", "diffusion_two_clones") else {"leak": find("diffusion", slot)}
        return model.swap(efflux={**leak, "own": block})
    return model.swap(**{slot: name})


def run(model: Model, regimen: Regimen, hours: float, values: dict[str, Any] | None = None, **more: Any) -> Trajectory:
    asked = {"tolerance": 1e-9, "solver": "lsoda", **more}
    found = simulate(model, regimen, until=hours, values=values, **asked)
    assert found, found.outcome.what
    return found


@pytest.mark.parametrize("turn", range(max(map(len, BLOCKS.values()))))
def test_blocks_are_sound_in_each_others_company(turn: int) -> None:
    """Each turn fills all slots; every block has its turn, with another carrier each time."""
    carrier = ("exosome_natural", "liposome_pegylated")[turn % 2]
    model = with_block("uptake", BLOCKS["uptake"][turn % 6], carrier)
    chosen = {slot: names[turn % len(names)] for slot, names in BLOCKS.items()}
    leak = "diffusion" if "diffusion" not in chosen["efflux"] and chosen["efflux"] != "first_order" else ""
    efflux = {"own": find(chosen["efflux"], "efflux")} | ({"leak": find(leak, "efflux")} if leak else {})
    model = model.swap(efflux=efflux, **{slot: chosen[slot] for slot in ("growth", "effect", "shedding")})
    if carrier == "liposome_pegylated":
        model = model.swap(clearance="linear")
    assert not check(model).errors
    if turn % 3:
        # The check has proved every ledger and every empty source; runs of a few companies say the same in numbers.
        return
    found = run(model, DOSE, 2, tolerance=1e-6, keep=("all",))
    assert max(found.residuals.values()) < 1e-9, found.residuals
    states = found.solution.states
    scale = np.abs(states).max(axis=0)
    assert (states.min(axis=0) / np.where(scale > 0, scale, 1.0)).min() > -1e-6


def test_every_block_says_where_its_form_comes_from() -> None:
    blocks = [find(name, slot) for slot, names in BLOCKS.items() for name in names]
    assert {block.status for block in blocks} == {"literature", "assumed"}
    assert not [block.name for block in blocks if block.status == "literature" and not block.source]


# -- the way into the tumour

TRACER = bolus("1e6 particle", label="1 ID")


def label_in_tumour(name: str, values: dict[str, Any], hours: float = 24.0) -> tuple[float, ...]:
    """Return the label between cells and in plasma at the end [ID], cells taking none."""
    still = {"uptake.k_endo": 1e-12, "uptake.CL_fast": 1e-12, **values}
    found = run(with_block("uptake", name), TRACER, hours, still, keep=("all",))
    states = dict(zip((v.name for v in found.system.variables), found.solution.states[-1], strict=True))
    return tuple(states[f"{site}.label"] + states.get(f"{site}.dye", 0.0) for site in ("isf", "plasma"))


def test_exchange_by_vessels_and_surface_ends_at_the_open_share() -> None:
    quick = {"uptake.P": 1e4, "uptake.D": 1e3, "uptake.epsilon": 0.24}
    tumour, plasma = label_in_tumour("krogh", quick, 0.5)
    volume = 1.5 * V_CELL * CELLS
    assert tumour / volume == pytest.approx(0.24 * plasma / 1.0, rel=1e-2)
    assert label_in_tumour("krogh", {"uptake.P": 1e-15, "uptake.D": 1e-15})[0] < 1e-9


def test_pressure_stops_the_fluid_and_leaves_diffusion() -> None:
    """Without filtration Patlak's equation is diffusion; with much of it, convection of what the wall lets through."""
    even = {"uptake.p_vessel": 20 * 1.72785814e10, "uptake.p_isf": 19 * 1.72785814e10, "uptake.pull": 1.72785814e10}
    flow = {**even, "uptake.p_isf": 2 * 1.72785814e10}
    slow = {"uptake.P": 1e-9, "uptake.k_lymph": 1e-12}
    still, driven = label_in_tumour("pressure", even | slow)[0], label_in_tumour("pressure", flow | slow)[0]
    assert driven > 100 * still
    quick = {"uptake.P": 10.0, "uptake.open": 0.3, "uptake.k_lymph": 1e-12}
    tumour, plasma = label_in_tumour("pressure", even | quick, 0.5)
    assert tumour / (0.5 * V_CELL * CELLS) == pytest.approx(0.3 * plasma, rel=1e-2)


def test_a_carrier_as_wide_as_the_pores_does_not_pass() -> None:
    nm = 1e-7
    small, large, stuck = (
        label_in_tumour("by_size", {"uptake.radius": radius * nm, "uptake.exit_reference": 1e-12}, 2.0)[0]
        for radius in (20, 90, 200)
    )
    assert stuck == pytest.approx(0, abs=1e-15)
    assert small / large == pytest.approx(90 / 20 * ((1 - 20 / 200) / (1 - 90 / 200)) ** 2, rel=0.05)


def test_bound_carriers_never_outnumber_the_receptors() -> None:
    model = with_block("uptake", "receptor_trafficking").with_values({"uptake.bonds": 2.0, "uptake.R_0": 1e-7})
    found = run(model, bolus("1e12 particle", route="isf.carrier"), 24, {"uptake.again": 0.99}, keep=("all",))
    names = [v.name for v in found.system.variables]
    states = found.solution.states
    bound, receptors = states[:, names.index("surface.carrier")], states[:, names.index("uptake.receptor")]
    assert bound.max() > 0.2 * receptors[0] / 2
    assert (2 * bound <= receptors * (1 + 1e-6)).all()
    assert receptors == pytest.approx(receptors[0], rel=1e-6)


def test_the_share_that_escapes_is_that_of_its_rate() -> None:
    values = {"uptake.k_escape": 0.3, "uptake.k_lysosome": 1.0, "uptake.kept": 1e-9, "uptake.k_surface": 1e-12}
    model = with_block("uptake", "endosomal_escape").with_values(values | {"uptake.k_uptake": 50.0})
    found = run(model, bolus("1e10 particle", route="isf.carrier"), 300, keep=("all",))
    area = float(found["held"].integral())
    ended = found.solution.states[-1, [v.name for v in found.system.variables].index("out.carrier")]
    assert 0.3 * area / ended == pytest.approx(0.3 / 1.3, rel=1e-4)
    assert found.residuals["carrier"] < 1e-9


def test_full_macrophages_take_no_more() -> None:
    values = {"uptake.k_macrophage": 1e-6, "uptake.capacity": 1e-6, "uptake.k_digest": 1e-9}
    found = run(
        with_block("uptake", "macrophages"), bolus("1e12 particle", route="isf.carrier"), 24, values, keep=("all",)
    )
    held = found.solution.states[:, [v.name for v in found.system.variables].index("macrophage.carrier")]
    full = 1e-6 * 0.1 * CELLS
    assert 0.95 * full < held[-1] <= full * (1 + 1e-6)


# -- through the membrane


def test_an_inhibitor_keeps_drug_in_cells() -> None:
    model = with_block("efflux", "pgp_hill").with_values({"efflux.own.V_max": 1e-5, "efflux.own.K_m": 1.0})
    alone = run(model, bolus("5 nmol", route="plasma.free"), 12)
    both = run(model, bolus("5 nmol", route="plasma.free") + bolus("1000 nmol", route="plasma.tariquidar.free"), 12)
    without = run(model, bolus("5 nmol", route="plasma.free"), 12, {"efflux.own.V_max": 1e-30})
    areas = [float(found["inside"].integral()) for found in (alone, both, without)]
    assert areas[0] < 0.6 * areas[1] < areas[1] <= areas[2] * (1 + 1e-6)


def test_own_exosomes_are_at_rest_before_a_dose_and_held_back_by_an_inhibitor() -> None:
    model = with_block("efflux", "vesicles_transfer")
    rest = run(model, Regimen(), 24, keep=("all",))
    at = [v.name for v in rest.system.variables].index("cell.own.carrier")
    assert rest.solution.states[:, at] == pytest.approx(60e-9 * CELLS / (0.105 + 4), rel=1e-6)
    held = run(model, bolus("100 nmol", route="isf.gw4869.free"), 24, {"efflux.own.k_inhibitor": 1e-9}, keep=("all",))
    outside = [
        found.solution.states[-1, [v.name for v in found.system.variables].index("isf.own.carrier")]
        for found in (rest, held)
    ]
    assert outside[1] < 0.5 * outside[0]


def test_a_pump_that_is_brought_along_is_lost_again() -> None:
    model = with_block("efflux", "pump_acquired")
    quiet = run(model, Regimen(), 240, keep=("all",))
    at = [v.name for v in quiet.system.variables].index("efflux.own.level")
    assert quiet.solution.states[:, at] == pytest.approx(0.05)
    drug = run(model, bolus("50 nmol", route="isf.free"), 24, keep=("all",))
    assert drug.solution.states[-1, [v.name for v in drug.system.variables].index("efflux.own.level")] > 0.1


# -- growth and effect


def counts(growth: str, hours: Array, values: dict[str, Any] | None = None) -> Array:
    found = run(with_block("growth", growth), Regimen(), float(hours[-1]), values)
    series: Array = found["cells"](hours)
    return series


def test_growth_laws_are_their_closed_forms() -> None:
    hours = np.linspace(0, 240, 7)
    a, b, n_1 = 0.558 / 24, 0.0708 / 24, 6.7e5
    start = np.log(CELLS / n_1)
    gompertz = n_1 * np.exp(a / b - (a / b - start) * np.exp(-b * hours))
    np.testing.assert_allclose(counts("gompertz", hours), gompertz, rtol=1e-6)
    reduced = counts("gompertz_reduced", hours, {"growth.k": a / b})
    np.testing.assert_allclose(reduced, gompertz, rtol=1e-6)
    logistic = 2e9 / (1 + (2e9 / CELLS - 1) * np.exp(-0.006 * hours))
    np.testing.assert_allclose(counts("logistic", hours), logistic, rtol=1e-6)
    plain = CELLS * np.exp((0.14 - 0.136) / 24 * hours)
    np.testing.assert_allclose(counts("birth_death", hours), plain, rtol=1e-6)


def test_growth_ends_at_its_plateau() -> None:
    far = np.array([0.0, 24.0 * 365])
    assert counts("logistic", far)[-1] == pytest.approx(2e9, rel=1e-6)
    assert counts("gompertz", far)[-1] == pytest.approx(6.7e5 * np.exp(0.558 / 0.0708), rel=1e-3)
    assert counts("plateau_linear", far * 3)[-1] == pytest.approx(5 * 0.67 / V_CELL, rel=1e-2)


def test_a_large_tumour_grows_by_a_constant_mass() -> None:
    hours = np.array([0.0, 24.0 * 60, 24.0 * 61])
    cells = counts("exponential_linear", hours)
    gained = (cells[2] - cells[1]) * V_CELL / 0.67
    assert gained == pytest.approx(0.814, rel=1e-3)


def test_damaged_cells_weigh_until_they_die() -> None:
    """Simeoni: under a constant level, what is damaged passes three steps; growth and damage are equal at 434 ng/mL."""
    model = with_block("effect", "simeoni")
    steady = {"disposition.k_e": 1e-30, "disposition.k_out": 1e-30, "disposition.PS_isf": 1e-30}
    found = run(model, bolus("50 nmol", route="plasma.free"), 240, steady)
    hours = np.linspace(0, 240, 13)
    level = 50 * 543.52 / (76.4 * 20 / 30)
    rate, k_1 = 6.29e-4 / 24 * level, 0.968 / 24
    np.testing.assert_allclose(found["cells"](hours), CELLS * np.exp(-rate * hours), rtol=1e-5)
    assert (np.diff(found["cells"](hours) + found["dead_cells"](hours)) < 0).all()
    early = np.array([6.0])
    # Three steps lose next to nothing in a quarter of one.
    lost = 1 - (found["cells"](early) + found["dead_cells"](early)) / CELLS
    assert 0 < lost[0] < 0.1 * rate * 6 * (k_1 * 6) ** 2


def test_kill_comes_after_its_steps() -> None:
    model = with_block("effect", "transit_kill")
    still = {"disposition.k_e": 1e-30, "disposition.PS_isf": 1e-30, "efflux.leak.P": 1e-30}
    found = run(model, bolus("1e4 nmol", route="isf.free"), 240, {**still, "effect.tau": 5.0, "effect.k_max": 0.01})
    late = np.array([200.0, 240.0])
    slope = -np.diff(np.log(found["cells"](late)))[0] / 40
    assert slope == pytest.approx(0.01, rel=1e-3)
    early = np.array([1.0])
    assert 1 - found["cells"](early)[0] / CELLS < 1e-5


def test_net_growth_under_drug_is_what_the_gr_curve_says() -> None:
    """GR = 2^(k(c)/k(0)) - 1 of the simulated counts is the Hill curve at that level (Hafner 2016)."""
    from exodelivery.judge.dose_response.growth_rate import growth_rate

    model = with_block("effect", "growth_rate_inhibition").swap(growth="exponential")
    still = {"disposition.k_e": 1e-30, "disposition.PS_isf": 1e-30, "efflux.leak.P": 1e-30}
    # Few living cells and no dead ones kept: the fluid between cells, and so the level, stays as it is.
    values = {**still, "effect.k_clear": 1e6, "effect.last": 1e-9}
    isf = 0.5 * V_CELL * CELLS
    hours, end = np.array([24.0]), 24
    free = CELLS * np.exp(0.005 * end)
    for level in (0.05, 3.0):
        found = run(model, bolus(f"{level * isf} nmol", route="isf.free"), end, {**values, "growth.k_g": 0.005})
        got = growth_rate(found["cells"](hours), np.array([free]), np.array([CELLS]))[0]
        expected = 1 - (1 + 0.0263) / (1 + (0.1 / level) ** 0.978)
        assert got == pytest.approx(expected, abs=0.02)


def test_an_empty_carrier_of_immune_cells_kills_and_a_liposome_does_not() -> None:
    model = bench().swap(carrier="exosome_nk").swap(effect="immune_exosomes")
    dose = bolus("1e11 particle", route="isf.carrier")
    killed = run(model, dose, 72)["cells"](np.array([72.0]))[0]
    spared = run(model, dose, 72, {"effect.k_carrier": 1e-30})["cells"](np.array([72.0]))[0]
    none = run(model, Regimen(), 72)["cells"](np.array([72.0]))[0]
    assert killed < 0.95 * CELLS
    assert spared == pytest.approx(CELLS, rel=1e-9)
    assert none == pytest.approx(CELLS, rel=1e-9)


def test_tumour_exosomes_speed_growth_up_to_their_gain() -> None:
    model = with_block("growth", "exosome_promoted")
    much = {"growth.active": 0.999, "growth.K_own": 1e-12, "uptake.k_exit": 1e-12, "uptake.k_endo": 1e-12}
    given = run(model, bolus("1e10 particle", route="isf.carrier"), 48, much)["cells"](np.array([48.0]))[0]
    none = run(model, Regimen(), 48)["cells"](np.array([48.0]))[0]
    assert none == pytest.approx(CELLS * np.exp(0.005 * 48), rel=1e-6)
    assert given == pytest.approx(CELLS * np.exp(0.005 * 1.3 * 48), rel=1e-5)


def test_clones_that_turn_stay_one_tumour() -> None:
    model = with_block("shedding", "phenotype_transfer")
    found = run(model, Regimen(), 240, {"shedding.needed": 1e-6})
    hours = np.linspace(0, 240, 5)
    total = found["cells"](hours) + found["resistant_cells"](hours)
    assert total == pytest.approx(1.1 * CELLS, rel=1e-8)
    assert found["resistant_cells"](hours)[-1] > 0.11 * CELLS
    assert found.residuals["cell"] < 1e-10


def test_drug_selects_the_clone_that_pumps() -> None:
    model = bench().swap(efflux={"both": find("diffusion_two_clones", "efflux")}, effect="two_clones_kill")
    found = run(model, bolus("2000 nmol", route="plasma.free"), 72)
    end = np.array([72.0])
    sensitive, resistant = found["cells"](end)[0] / CELLS, found["resistant_cells"](end)[0] / (0.1 * CELLS)
    assert sensitive < 0.9 * resistant


def test_a_marker_is_at_rest_where_shedding_is_elimination() -> None:
    """Lutz 2008's form: without growth, what is shed over what is eliminated."""
    model = with_block("shedding", "marker_level")
    found = run(model, Regimen(), 24 * 200, keep=("all",))
    names = [v.name for v in found.system.variables]
    states = found.solution.states
    assert states[0, names.index("shedding.plasma")] == pytest.approx(4560 / 0.11, rel=1e-9)
    of_tumour = 0.1 * 4.5e-5 * CELLS / 0.11
    assert states[-1, names.index("shedding.of_tumour")] == pytest.approx(of_tumour, rel=1e-6)
