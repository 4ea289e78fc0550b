"""Curves: recovery, intervals, invariances, and what is said where no number can be given."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exodelivery.judge.dose_response.curves import curves
from exodelivery.judge.dose_response.joint import potency_ratio, together
from exodelivery.judge.dose_response.shapes.protocol import SHAPES, DoseResponseError, shape
from exodelivery.judge.dose_response.task import HALF_EFFECT, HALF_RESPONSE, POSITION, Mark, Task

DOSES = np.geomspace(1e-3, 10, 9)


def hill(dose: np.ndarray, e0: float, einf: float, ec50: float, slope: float) -> np.ndarray:
    return einf + (e0 - einf) / (1 + (dose / ec50) ** slope)


def plate(
    curve: np.ndarray, wells: int = 1, noise: float = 0.0, seed: int = 1, dose: np.ndarray = DOSES
) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    doses, response = np.tile(dose, wells), np.tile(curve, wells)
    return pd.DataFrame({"dose": doses, "response": response + noise * random.standard_normal(len(doses))})


@given(
    ec50=st.floats(0.01, 1.0), slope=st.floats(0.5, 4.0), einf=st.floats(-0.3, 0.4), e0=st.floats(0.9, 1.2)
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_a_curve_without_noise_is_recovered(ec50: float, slope: float, einf: float, e0: float) -> None:
    found = curves(plate(hill(DOSES, e0, einf, ec50, slope)), intervals=())[0]
    assert found.ec50.value == pytest.approx(ec50, rel=1e-5)
    assert found["hill"].value == pytest.approx(slope, rel=1e-5)
    crossing = ec50 * ((e0 - 0.5 * e0) / (0.5 * e0 - einf)) ** (1 / slope)
    if crossing < DOSES[-1]:
        assert found.ic50.value == pytest.approx(crossing, rel=1e-5)


@given(scale=st.floats(1e-3, 1e3), response=st.floats(0.01, 1e4))
@settings(max_examples=10, deadline=None)
def test_units_of_dose_and_response_do_not_matter(scale: float, response: float) -> None:
    wells = plate(hill(DOSES, 1.0, 0.1, 0.2, 1.2), wells=2, noise=0.04)
    here = curves(wells)[0]
    there = curves(wells.assign(dose=wells["dose"] * scale, response=wells["response"] * response))[0]
    for name in ("ic50", "ec50"):
        for end in ("value", "low", "high"):
            assert getattr(there[name], end) == pytest.approx(scale * getattr(here[name], end), rel=2e-3)
    assert there["hill"].value == pytest.approx(here["hill"].value, rel=1e-5)


@pytest.mark.parametrize("name", sorted(SHAPES))
@pytest.mark.parametrize("mark", [POSITION, HALF_EFFECT, HALF_RESPONSE, Mark("value", 0.6)], ids=lambda mark: mark.of)
def test_derivatives_are_those_of_differences(name: str, mark: Mark) -> None:
    built = shape(name)
    forms = [0.3, 0.1, 1.5, 0.4][: len(built.forms)]
    theta = np.array([[1.1, 0.15, -1.2, *forms]])
    with np.errstate(divide="ignore"):
        x = np.log(np.array([[0.0, 1e-3, 0.1, 0.3, 1.0, 10.0]]))
    task = Task(built, mark, x, x, np.ones_like(x))
    _, by = task.response(theta)
    for place in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[0, place] = 1e-6
        numerical = (task.response(theta + step)[0] - task.response(theta - step)[0]) / 2e-6
        np.testing.assert_allclose(by[:, :, place], numerical, atol=2e-8)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_inverse_of_a_shape_inverts_it(name: str) -> None:
    built = shape(name)
    form = np.array([[0.3, 0.1, 1.5, 0.4][: len(built.forms)]])
    for level in (0.05, 0.5, 0.9):
        at = built.inverse(np.array([level]), form)
        assert built.value(at[:, None], form[:, None, :])[0][0, 0] == pytest.approx(level, rel=1e-9)


def test_profile_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(7)
    rows = []
    for n in range(400):
        truth = hill(DOSES, 1.0, 0.1, 0.3, 1.3) + 0.05 * random.standard_normal(len(DOSES))
        rows.append(pd.DataFrame({"curve": n, "dose": DOSES, "response": truth}))
    table = curves(pd.concat(rows), by="curve", intervals=("ec50", "einf")).table()
    for name, truth in (("ec50", 0.3), ("einf", 0.1)):
        held = np.mean((table[f"{name}_low"] <= truth) & (truth <= table[f"{name}_high"]))
        assert 0.91 < held < 0.98


def test_the_end_of_an_interval_costs_what_the_confidence_allows() -> None:
    from scipy import optimize, stats

    wells = plate(hill(DOSES, 1.0, 0.1, 0.3, 1.3), noise=0.05)
    found = curves(wells)[0]
    x, y = wells["dose"].to_numpy(), wells["response"].to_numpy()

    def least(ec50: float) -> float:
        def left(free: np.ndarray) -> np.ndarray:
            return hill(x, free[0], free[1], ec50, math.exp(free[2])) - y

        return float(2 * optimize.least_squares(left, [1.0, 0.1, 0.2]).cost)

    allowed = found.cost + found.variance * stats.t.isf(0.025, found.freedom) ** 2
    assert least(found.ec50.low) == pytest.approx(allowed, rel=1e-2)
    assert least(found.ec50.high) == pytest.approx(allowed, rel=1e-2)


def test_a_level_that_is_not_reached_is_said_as_a_bound() -> None:
    ends_above = curves(plate(hill(DOSES, 1.0, 0.7, 0.3, 1.5), wells=3, noise=0.02), unit="uM")[0]
    assert str(ends_above.ic50) == "> 10 uM"
    assert any("IC50 not reached, > 10 uM: the fitted curve ends above 50 %" in text for text in ends_above.words)
    beyond = curves(plate(hill(DOSES, 1.0, 0.0, 30.0, 1.0), wells=3, noise=0.01), unit="uM", shape="hill3")[0]
    assert str(beyond.ic50) == "> 10 uM"
    assert any("extrapolated" in text for text in beyond.words)
    below = curves(plate(hill(DOSES, 1.0, 0.0, 1e-4, 1.0), wells=3, noise=0.001), unit="uM", fixed={"e0": 1.0})[0]
    assert str(below.ic50) == "< 0.001 uM"


def test_no_effect_is_said() -> None:
    found = curves(plate(np.ones(9), wells=3, noise=0.05))[0]
    assert found.p_flat > 0.05
    assert any("no effect of the dose is seen" in text for text in found.words)


def test_a_rebound_is_said_and_a_plain_curve_has_none() -> None:
    curve = hill(DOSES, 1.0, 0.0, 0.1, 1.5)
    plain = curves(plate(curve, wells=3, noise=0.03))[0]
    assert not any("monotone" in text for text in plain.words)
    curve[7] = 0.6
    found = curves(plate(curve, wells=3, noise=0.03), unit="uM")[0]
    assert any(text.startswith("not monotone: the response rises again") for text in found.words)


def test_a_well_far_off_is_flagged_and_kept() -> None:
    wells = plate(hill(DOSES, 1.0, 0.0, 0.1, 1.5), wells=3, noise=0.02)
    wells.loc[4, "response"] += 0.6
    found = curves(wells)[0]
    assert found.outlier.tolist().index(True) == 4
    assert found.outlier.sum() == 1
    assert len(found.dose) == len(wells)
    assert any("1 of 27 wells flagged" in text for text in found.words)


def test_control_wells_narrow_what_is_known_of_the_level_without_drug() -> None:
    curve = hill(DOSES, 1.0, 0.1, 0.003, 1.5)
    wells = plate(curve, wells=2, noise=0.05)
    controls = pd.DataFrame({"dose": np.zeros(12), "response": 1 + 0.05 * np.random.default_rng(3).standard_normal(12)})
    bare, controlled = curves(wells)[0], curves(pd.concat([wells, controls]))[0]
    assert controlled["e0"].high - controlled["e0"].low < 0.5 * (bare["e0"].high - bare["e0"].low)


def test_plates_differ_in_their_level_and_share_the_curve() -> None:
    random = np.random.default_rng(5)
    dose = np.concatenate([[0, 0, 0], DOSES])
    rows = []
    for name, level in (("one", 800.0), ("two", 1500.0), ("three", 400.0)):
        response = level * (hill(dose, 1.0, 0.15, 0.2, 1.4) + 0.02 * random.standard_normal(len(dose)))
        rows.append(pd.DataFrame({"plate": name, "dose": dose, "response": response}))
    found = curves(pd.concat(rows), plate="plate", unit="uM")[0]
    assert found.ic50.low < 0.2 * (0.5 / 0.35) ** (1 / 1.4) < found.ic50.high
    assert found["einf"].value == pytest.approx(0.15, abs=0.04)
    assert found.at(0.0)[0] == pytest.approx(1.0)
    assert found.r_squared > 0.98


def test_curves_do_not_depend_on_their_company_or_the_threads() -> None:
    rows = [
        plate(hill(DOSES, 1.0, 0.1, ec50, 1.2), noise=0.05, seed=n).assign(curve=n)
        for n, ec50 in enumerate((0.01, 0.1, 0.5, 1.0))
    ]
    together_, alone = (
        curves(pd.concat(rows), by="curve", threads=2),
        [curves(one, by="curve", threads=1)[0] for one in rows],
    )
    for one, other in zip(together_, alone, strict=True):
        assert one.ic50.value == other.ic50.value
        assert (one.ic50.low, one.ic50.high) == (other.ic50.low, other.ic50.high)


def test_the_same_curve_is_not_refused_and_another_is() -> None:
    one, two = (plate(hill(DOSES, 1, 0.1, 0.2, 1.2), 3, 0.03, seed).assign(drug=f"{seed}") for seed in (1, 2))
    other = plate(hill(DOSES, 1, 0.1, 0.8, 1.2), 3, 0.03, 3).assign(drug="3")
    every = ("e0", "einf", "position", "hill")
    found = curves(pd.concat([one, two, other]), by="drug")
    assert together([found["1"], found["2"]], every).p_f > 0.05
    test = together([found["1"], found["3"]], every)
    assert test.p_f < 1e-6
    assert test.p_ratio < 1e-6
    ratio = potency_ratio(found["3"], found["1"])
    assert ratio.low < 4.0 < ratio.high
    assert potency_ratio(found["1"], found["3"]).low == pytest.approx(1 / ratio.high, rel=1e-9)


def test_two_phases_are_found() -> None:
    dose = np.geomspace(1e-3, 1e3, 19)
    curve = 0.5 / (1 + (dose / 0.02) ** 1.5) + 0.5 / (1 + (dose / 20) ** 1.5)
    found = curves(plate(curve, wells=2, noise=0.01, dose=dose), shape="biphasic", fixed={"einf": 0.0}, intervals=())[0]
    assert found["share"].value == pytest.approx(0.5, abs=0.03)
    assert found["gap"].value == pytest.approx(1000, rel=0.25)


def test_a_curve_without_enough_wells_is_false_and_says_why() -> None:
    few = pd.DataFrame({"dose": [0.1, 1.0, None], "response": [1.0, 0.5, 0.2]})
    found = curves(few)[0]
    assert not found
    assert "not fitted: 2 wells" in found.words[0]
    assert "1 rows hold no number" in found.words[1]
    assert len(curves(few).table()) == 1
    str(curves(few)), curves(few)._repr_html_()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dose": "doze"}, "no column 'doze'"),
        ({"shape": "hil4"}, "no shape of curve"),
        ({"fixed": {"hil": 1.0}}, "no parameter 'hil'"),
        ({"intervals": ("ic5",)}, "no interval"),
        ({"level": 1.5}, "between 0 and 1"),
        ({"time0": 1.0}, "control="),
        ({"control": 0.0}, "not above zero"),
        ({"response": "word"}, "no number"),
        ({"bounds": {"einf": (1.0, 0.0)}}, "lower bound"),
    ],
)
def test_bad_input_is_one_clear_error(change: dict[str, object], message: str) -> None:
    wells = plate(hill(DOSES, 1.0, 0.1, 0.2, 1.2)).assign(word="x")
    with pytest.raises(DoseResponseError, match=message):
        curves(wells, **change)  # type: ignore[arg-type]


def test_a_table_and_a_figure_tell_everything() -> None:
    found = curves(plate(hill(DOSES, 1.0, 0.1, 0.2, 1.2), wells=2, noise=0.03), unit="uM")
    table = found.table()
    assert {"ic50", "ic50_low", "ic50_high", "ic50_limit", "hill", "auc", "words"} <= set(table.columns)
    assert found.figure().layout.xaxis.type == "log"
    assert "IC50" in str(found)
