"""Doses: what an amount counts, when it is given, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.declare.regimen import Dose, Regimen, bolus, infusion, read_amount, read_rate
from exodelivery.errors import DoseError, ExodeliveryError


@pytest.mark.parametrize(
    ("text", "metric", "value", "per"),
    [
        ("5 mg/kg", "drug", 5e-3, "weight"),
        ("50 mg/m2", "drug", 50e-3, "surface"),
        ("2 umol/kg", "drug", 2000, "weight"),
        ("0.1 mg", "drug", 1e-4, ""),
        ("3 nmol", "drug", 3, ""),
        ("1e10 particle", "particles", 10, ""),
        ("5 ug protein", "protein", 5e-6, ""),
        ("1 ID", "label", 1, ""),
        ("50 %ID", "label", 0.5, ""),
    ],
)
def test_the_unit_says_what_a_dose_counts(text: str, metric: str, value: float, per: str) -> None:
    amount = read_amount(text)
    assert (amount.metric, amount.per) == (metric, per)
    assert amount.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "nan mg",
        "inf mg",
        "-1 mg",
        "0 mg",
        "mg",
        "5",
        "",
        "5 mL",
        "5 h",
        "5 mg/mL",
        "5 particle protein",
        "1e400 mg",
        "5 mg/kg/d",
    ],
)
def test_no_dose_is_nought_negative_boundless_or_of_another_unit(text: str) -> None:
    with pytest.raises(DoseError):
        bolus(text)


@pytest.mark.parametrize(
    "how",
    [
        {"at": -1},
        {"at": float("nan")},
        {"every": float("inf"), "times": 2},
        {"every": -1, "times": 2},
        {"times": 0},
        {"times": 2},
        {"times": 1.5, "every": 1},
        {"times": True},
        {"times": 10**9, "every": 1},
        {"label": "5 mg"},
        {"label": "-1 ID"},
        {"at": "5 mg"},
    ],
)
def test_times_and_labels_make_sense(how: dict[str, Any]) -> None:
    with pytest.raises(ExodeliveryError):
        bolus("5 mg", **how)


def test_a_dose_made_by_hand_is_held_to_the_same_rules() -> None:
    with pytest.raises(DoseError):
        Dose("nan mg")
    with pytest.raises(DoseError):
        Dose("1 mg", over=-1)
    with pytest.raises(DoseError):
        bolus("1 mg", at="1 h").delayed("-2 h")


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 5))
def test_delaying_moves_every_dose_by_the_same_time(start: float, by: float, times: int) -> None:
    regimen = bolus("1 mg", at=start, every=2, times=times) + infusion("2 mg", 3, at=1)
    before, after = regimen.single_doses, regimen.delayed(by).single_doses
    assert sorted(dose.at for dose in after) == pytest.approx(sorted(dose.at + by for dose in before))
    assert len(after) == times + 1


def test_two_regimens_together_give_every_dose_of_both_in_order() -> None:
    both = bolus("1 mg", at="2 d") + infusion("3 mg", "1 h", every="1 d", times=3)
    assert [(dose.at, dose.amount) for dose in both.single_doses] == [
        (0, "3 mg"),
        (24, "3 mg"),
        (48, "1 mg"),
        (48, "3 mg"),
    ]
    assert str(both) == "1 mg iv bolus from 48 h; 3 mg iv infused over 1 h, 3 times every 24 h"
    assert str(Regimen()) == "no dose"


@pytest.mark.parametrize(
    ("rate", "value", "per"),
    [
        ("10 mg/h", 0.01, ""),
        ("2 mg/kg/min", 0.12, "weight"),
        ("1e9 particle/d", 1 / 24, ""),
        ("6 ug protein/h", 6e-6, ""),
    ],
)
def test_a_rate_is_what_an_hour_brings(rate: str, value: float, per: str) -> None:
    found = read_rate(rate)
    assert found.per == per
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("rate", ["10 mg", "10 mg/mL", "h", "-1 mg/h", "0 mg/h", "nan mg/h", "mg/h", ""])
def test_a_rate_is_a_positive_amount_per_time(rate: str) -> None:
    with pytest.raises(DoseError):
        read_rate(rate)


def test_a_rate_holds_when_the_amount_changes() -> None:
    (dose,) = infusion("100 mg", rate="20 mg/h").doses
    assert dose.over == 5
    assert replace(dose, amount="200 mg").over == 10
    assert str(dose) == "100 mg iv infused at 20 mg/h"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: infusion("5 mg"),
        lambda: infusion("5 mg", "1 h", rate="1 mg/h"),
        lambda: infusion("5 mg", rate="1 nmol/h"),
        lambda: infusion("5 mg", rate="1 mg/kg/h"),
        lambda: infusion(rate="1 mg/h"),
        lambda: infusion(rate="1 mg/h", every="8 h", steady_state="alone"),
        lambda: bolus("", every="8 h", steady_state="alone"),
        lambda: bolus("5 mg", steady_state="alone"),
        lambda: bolus("5 mg", every="8 h", steady_state="always"),
        lambda: bolus("5 mg", lag="-1 h"),
        lambda: Regimen((Dose("5 mg", lag=float("inf")),)),
        lambda: bolus("5 mg", bioavailability=0),
        lambda: bolus("5 mg", bioavailability=float("nan")),
        lambda: bolus("5 mg").reset("-1 h"),
        lambda: Regimen(resets=(float("nan"),)),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(wrong: Callable[[], Regimen]) -> None:
    with pytest.raises(DoseError):
        wrong()


def test_resets_move_with_their_doses_and_add_up() -> None:
    both = bolus("1 mg").reset("5 h") + bolus("1 mg", at=5).reset(9)
    assert both.resets == (5, 9)
    assert both.delayed("1 h").resets == (6, 10)
    assert str(both) == "1 mg iv bolus; 1 mg iv bolus from 5 h; reset at 5 h; reset at 9 h"


def test_a_steady_state_lists_what_is_given_from_its_time_on() -> None:
    steady = bolus("1 mg", every=8, times=2, at=1, steady_state="alone") + infusion(rate="1 mg/h", steady_state="added")
    assert [dose.at for dose in steady.single_doses] == [1, 9]
    assert str(steady.doses[1]) == "iv infused at 1 mg/h, at the steady state (added)"
