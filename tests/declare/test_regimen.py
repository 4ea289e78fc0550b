"""Doses: what an amount counts, when it is given, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.declare.regimen import Dose, Regimen, bolus, infusion, read_amount
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
