"""Noncompartmental analysis: closed forms first, then treatments, exclusions, units, runs and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus, infusion
from exodelivery.errors import DoseError, EvidenceError, ExodeliveryError, SimulationError
from exodelivery.solve.noncompartmental.analysis import nca
from exodelivery.solve.noncompartmental.below_limit import BelowLimit
from exodelivery.solve.noncompartmental.trapezoids import RULES, between, steps, weights
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]
TIMES = np.array([0.0, 0.5, 1, 2, 4, 6, 8, 12, 18, 24])


def frame(levels: Any, times: Any = TIMES, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"time": times, "conc": levels, **more})


def one(found: Any, name: str) -> float:
    return float(found[name].iloc[0])


# -- closed forms


def test_one_compartment_after_a_bolus_gives_its_own_clearance_and_volume() -> None:
    """C = D/V exp(-k t): log trapezoids are exact. V 2, k 0.3, so CL 0.6, MRT 1/k, Vss = Vz = V."""
    found = nca(frame(50.0 * np.exp(-0.3 * TIMES)), route="iv bolus", dose=100.0)
    for name, value in {
        "CL_obs": 0.6, "Vz_obs": 2.0, "Vss_obs": 2.0, "MRT_inf_obs": 1 / 0.3, "half_life": math.log(2) / 0.3,
        "C0": 50.0, "AUC_inf_obs": 50 / 0.3, "AUMC_inf_obs": 50 / 0.09, "CL_pred": 0.6,
    }.items():  # fmt: skip
        assert one(found, name) == pytest.approx(value, rel=1e-12), name


def test_a_bolus_is_extrapolated_back_to_its_dose() -> None:
    found = nca(frame((50.0 * np.exp(-0.3 * TIMES))[1:], TIMES[1:]), route="iv bolus", dose=100.0)
    assert one(found, "C0") == pytest.approx(50.0)
    assert one(found, "AUC_back_obs") == pytest.approx(100 * (1 - math.exp(-0.15)))


def test_half_an_infusion_leaves_the_residence_time() -> None:
    """Rate R over T: AUC = D/(kV) and MRT 1/k whatever T; sampled densely, by linear-up/log-down."""
    k, volume, over = 0.4, 3.0, 2.0
    t = np.concatenate([np.linspace(0, over, 2001), np.linspace(over, 30, 40)[1:]])
    rise = (1 - np.exp(-k * np.minimum(t, over))) * np.exp(-k * np.maximum(t - over, 0))
    found = nca(frame(60 / over / (k * volume) * rise, t), route="iv infusion", infusion=over, dose=60.0)
    assert one(found, "CL_obs") == pytest.approx(k * volume, rel=1e-6)
    assert one(found, "MRT_inf_obs") == pytest.approx(1 / k, rel=1e-6)
    assert one(found, "Vss_obs") == pytest.approx(volume, rel=1e-6)
    assert one(found, "lambda_z_lower") > over


def test_steady_state_gives_the_clearance_of_the_single_dose() -> None:
    k, tau = 0.2, 12.0
    t = np.linspace(0, tau, 25)
    found = nca(frame(10 * np.exp(-k * t) / -np.expm1(-k * tau), t), route="iv bolus", dose=20.0, tau=tau)
    assert one(found, "CL_ss") == pytest.approx(0.4)
    assert one(found, "Vss") == pytest.approx(2.0)
    assert one(found, "accumulation") == pytest.approx(1 / -math.expm1(-k * tau))
    top, least, mean = one(found, "Cmax"), one(found, "Cmin"), one(found, "Cavg")
    assert one(found, "fluctuation") == pytest.approx(100 * (top - least) / mean)
    assert one(found, "Ctau") == pytest.approx(top * math.exp(-k * tau))
    assert "CL_obs" not in found.names  # dose over the area to infinity is no clearance here


def test_areas_of_windows_add_up_and_reach_beyond_the_last_level() -> None:
    found = nca(frame(50.0 * np.exp(-0.3 * TIMES)), route="iv bolus", windows=[(0, 3), (3, 24), (0, 24), (24, 48)])
    table = found.table()
    assert table["AUC_0_3"][0] + table["AUC_3_24"][0] == pytest.approx(table["AUC_0_24"][0], rel=1e-12)
    assert table["AUC_24_48"][0] == pytest.approx(50 / 0.3 * (math.exp(-7.2) - math.exp(-14.4)))


# -- rules

levels_ = st.lists(st.floats(0.001, 1e3), min_size=4, max_size=8)


@given(levels=levels_, rule=st.sampled_from(RULES))
@settings(max_examples=60, deadline=None)
def test_weights_are_the_derivative_of_the_area(levels: list[float], rule: str) -> None:
    t, c = np.arange(len(levels), dtype=float), np.array(levels)
    if len(set(levels)) < len(levels) or np.min(np.abs(np.subtract.outer(c, c))[~np.eye(len(c), dtype=bool)]) < 1e-2:
        return
    w = weights(rule, t, c)
    for n in range(len(c)):
        up, down = c.copy(), c.copy()
        step = 1e-6 * c[n]
        up[n] += step
        down[n] -= step
        slope = (steps(rule, t, up)[0].sum() - steps(rule, t, down)[0].sum()) / (2 * step)
        assert w[n] == pytest.approx(slope, rel=1e-3, abs=1e-5)


@given(levels=levels_, rule=st.sampled_from(RULES), at=st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_a_level_put_between_changes_no_area(levels: list[float], rule: str, at: float) -> None:
    t, c = np.arange(len(levels), dtype=float), np.array(levels)
    more = np.unique(np.append(t, at))
    read = np.array([between(rule, t, c, x) for x in more])
    assert steps(rule, more, read)[0].sum() == pytest.approx(steps(rule, t, c)[0].sum(), rel=1e-6)


@given(scale=st.floats(1e-3, 1e3), stretch=st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_units_of_level_and_time_only_scale_the_numbers(scale: float, stretch: float) -> None:
    c = 8 * (np.exp(-0.1 * TIMES) - np.exp(-1.1 * TIMES))
    plain = nca(frame(c), route="extravascular", dose=10.0)
    other = nca(frame(scale * c, stretch * TIMES), route="extravascular", dose=10.0)
    assert one(other, "AUC_inf_obs") == pytest.approx(scale * stretch * one(plain, "AUC_inf_obs"))
    assert one(other, "CL_F_obs") == pytest.approx(one(plain, "CL_F_obs") / (scale * stretch))
    assert one(other, "points") == one(plain, "points")


def test_the_terminal_phase_can_be_chosen() -> None:
    c = 50 * np.exp(-1.0 * TIMES) + 5 * np.exp(-0.05 * TIMES)
    late = nca(frame(c), route="iv bolus", terminal=(12, 24))
    assert one(late, "lambda_z_lower") == 12 and one(late, "points") == 3
    assert one(nca(frame(c), route="iv bolus", terminal=4), "points") == 4


# -- below the limit, missing, exclusions


def test_levels_below_the_limit_count_as_the_rule_says() -> None:
    levels = ["<0.1", "BLQ", 2.0, 4.0, "BLQ", 3.0, 2.0, 1.0, "<0.1", "<0.1"]
    found = nca(frame(levels), route="extravascular", limit=0.1)
    gone = found.excluded()
    assert list(gone["why"]) == ["below the limit"] and list(gone["row"]) == [5]
    assert one(found, "Tlast") == 12 and one(found, "Tlag") == 0.5
    assert one(found, "AUC_all") == pytest.approx(one(found, "AUC_last") + 6 * 1.0 / 2)
    assert "drop between" in str(found)
    half = nca(frame(levels), route="extravascular", limit=0.1, below=BelowLimit("zero", "half", "zero"))
    assert not len(half.excluded())


def test_missing_and_early_samples_keep_their_reason() -> None:
    found = nca(frame([1.0, 5, np.nan, 3, 2, 1], [-1, 0, 1, 2, 4, 8]), route="iv bolus")
    assert list(found.excluded()["why"]) == ["before the dose", "missing"]


def test_a_curve_without_levels_says_so_and_the_others_stand() -> None:
    both = pd.concat([frame(50 * np.exp(-0.3 * TIMES), subject="a"), frame(0.0 * TIMES, subject="b")])
    found = nca(both, route="iv bolus", dose=100.0)
    assert "b: no level is measurable" in str(found) and np.isnan(found["CL_obs"].iloc[1])


def test_a_rising_end_has_no_terminal_phase() -> None:
    found = nca(frame(np.arange(10) + 1.0), route="extravascular")
    assert "lambda_z" not in found.names and "no lambda_z" in found.notes[0]


# -- units and names


@pytest.mark.parametrize(
    ("dose", "level", "clearance", "shown"),
    [("100 mg", "mg/L", 0.6, "L/h"), ("5 mg/kg", "ug/mL", 30.0, "mL/kg/h"), ("100 ng", "mg/L", 6e-7, "L/h")],
)
def test_clearance_comes_in_the_volume_of_the_levels(dose: str, level: str, clearance: float, shown: str) -> None:
    data = pd.DataFrame({"time [h]": TIMES, f"conc [{level}]": 50.0 * np.exp(-0.3 * TIMES)})
    found = nca(data, route="iv bolus", dose=dose)
    assert found.unit("CL_obs") == shown
    assert one(found, "CL_obs") == pytest.approx(clearance)
    assert found.unit("AUC_last") == f"{level}*h" and found.table().attrs["units"]["Vz_obs"] == shown.rpartition("/")[0]


def test_tables_speak_the_words_of_others() -> None:
    found = nca(frame(50.0 * np.exp(-0.3 * TIMES)), route="extravascular", dose=1.0)
    assert {"LAMZHL", "MRTEVIFO", "CLFO"} <= set(found.table("cdisc").columns)
    assert {"HL_Lambda_z", "Cl_F_obs"} <= set(found.table("winnonlin").columns)


def test_tissue_is_divided_by_plasma_and_shared_animals_narrow_the_doubt() -> None:
    rng = np.random.default_rng(7)
    rows = []
    for at in (1.0, 4.0, 8.0):
        for animal in range(5):
            own = float(np.exp(0.3 * rng.normal()))
            level = 10 * math.exp(-0.2 * at) * own
            rows += [(f"{at}:{animal}", at, level, "plasma"), (f"{at}:{animal}", at, 3 * level, "tumour")]
    data = pd.DataFrame(rows, columns=["animal", "time", "conc", "tissue"])
    found = nca(data, route="iv bolus", sparse=True, by="tissue")
    ratios = found.ratios("tissue", under="plasma")
    assert ratios["AUC_last ratio"].iloc[0] == pytest.approx(3.0)
    assert ratios["AUC_last ratio se"].iloc[0] == pytest.approx(0.0, abs=1e-6)  # the same animals: their spread cancels
    apart = nca(data.assign(animal=range(len(data))), route="iv bolus", sparse=True, by="tissue")
    assert apart.ratios("tissue", under="plasma")["AUC_last ratio se"].iloc[0] > 0.1


def test_a_sparse_standard_error_is_what_repetition_shows() -> None:
    """300 studies of 4 animals a time: the spread of the areas is the mean standard error within 12 % (3 sigma)."""
    rng = np.random.default_rng(3)
    at = np.repeat([0.5, 1, 2, 4, 8], 4)
    areas, errors = [], []
    for _ in range(300):
        levels = 10 * np.exp(-0.3 * at) * np.exp(0.25 * rng.normal(size=at.size))
        found = nca(frame(levels, at), route="extravascular", sparse=True, rule="linear").curves[0].analysis.values
        areas.append(found["AUC_last"])
        errors.append(found["AUC_last_se"] ** 2)
    assert math.sqrt(np.mean(errors)) == pytest.approx(np.std(areas, ddof=1), rel=0.12)


# -- runs


def test_a_run_is_analysed_as_its_route_says(assemble: Assemble) -> None:
    """2 mL and 0.2 1/h: CL 0.4 mL/h; 100 nmol."""
    run = simulate(assemble(), bolus("100 nmol"), until=40)
    found = nca(run)
    assert found.manner.route == "iv bolus" and found.unit("CL_obs") == "mL/h"
    assert one(found, "CL_obs") == pytest.approx(0.4, rel=1e-5)
    assert one(found, "Vss_obs") == pytest.approx(2.0, rel=1e-4)
    slow = nca(simulate(assemble(), infusion("100 nmol", over="2 h"), until=40), times=[0, 1, 2, 4, 8, 16, 32])
    assert slow.manner.infused == 2.0 and one(slow, "CL_obs") == pytest.approx(0.4, rel=0.05)


def test_a_run_of_several_doses_needs_the_interval(assemble: Assemble) -> None:
    run = simulate(assemble(), bolus("100 nmol", every=12, times=10), until=120)
    with pytest.raises(SimulationError, match="10 doses"):
        nca(run)
    assert one(nca(run, tau=12), "CL_ss") == pytest.approx(0.4, rel=1e-4)


# -- misuse


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"route": "oral"}, "no route"),
        ({"route": None}, "route is not told"),
        ({"rule": "simpson"}, "no rule of trapezoids"),
        ({"below": "ignore"}, "no rule for levels"),
        ({"route": "iv infusion"}, "has a duration"),
        ({"dose": -1.0}, "positive number"),
        ({"level": "dv"}, "no column 'dv'"),
        ({"by": "tissue"}, "no column 'tissue'"),
        ({"observable": "x"}, "go with a run"),
        ({"windows": [(3, 1)]}, "window"),
        ({"tau": -3}, "dosing interval"),
        ({"dose": {"b": 1.0}}, "no dose is given"),
        ({"units": {"mass": "g"}}, "units are given"),
    ],
)
def test_misuse_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    asked = {"route": "iv bolus", "dose": 1.0} | change
    with pytest.raises(ExodeliveryError, match=said):
        nca(frame(np.exp(-TIMES), subject="a"), **asked)


def test_all_rows_that_cannot_be_read_are_named_at_once() -> None:
    with pytest.raises(EvidenceError) as error:
        nca(frame(["1", "much", -2, "=cmd()", 1], ["0", 1, 2, 3, "late"]), route="iv bolus")
    assert all(f"row {n}" in str(error.value) for n in (2, 3, 4, 5)) and "4 rows" in str(error.value)


def test_two_levels_at_one_time_ask_for_the_subjects() -> None:
    with pytest.raises(EvidenceError, match="two levels"):
        nca(frame([1.0, 2.0], [1, 1]), route="iv bolus")


def test_a_column_of_doses_has_one_dose_a_curve() -> None:
    with pytest.raises(DoseError, match="2 different doses"):
        nca(frame(np.exp(-TIMES), dose=[1, 2] * 5), route="iv bolus", dose="dose")
    assert one(
        nca(frame(np.exp(-TIMES), dose=[5] + [0] * 9), route="iv bolus", dose="dose"), "CL_obs"
    ) == pytest.approx(5)


@given(text=st.text(max_size=12))
@settings(max_examples=80, deadline=None)
def test_hostile_cells_are_read_or_refused_and_never_run(text: str) -> None:
    try:
        found = nca(frame([5.0, 4, text, 2, 1], [0, 1, 2, 3, 4]), route="iv bolus")
    except ExodeliveryError:
        return
    assert len(found) == 1
