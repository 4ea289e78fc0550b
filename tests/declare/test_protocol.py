"""Protocols of a plate: levels become doses, washes an input over time; bad ones are one clear error."""

from __future__ import annotations

import math

import pytest

from exodelivery.declare.protocol import WASH, Protocol, protocols
from exodelivery.errors import DoseError


@pytest.mark.parametrize(
    ("level", "amount"),
    [
        ("1 uM", "0.1 nmol"),
        ("250 nM", "0.025 nmol"),
        ("2 ug/mL", "0.2 ug"),
        ("1e9 particle/mL", "100000000 particle"),
        ("5 ug/mL protein", "0.5 ug protein"),
    ],
)
def test_a_level_times_the_medium_is_the_dose(level: str, amount: str) -> None:
    assert Protocol("100 uL").add(level).doses.doses[0].amount == amount


def test_a_wash_leaves_its_carry_over() -> None:
    (course,) = Protocol().pulse("1 uM", over="6 h", carry_over=0.05).regimen.inputs
    assert course.name == WASH
    wash = Protocol().wash("1 h", carry_over=0.1, times=3).washes[0]
    assert wash.carry_over == pytest.approx(1e-3)
    assert str(wash) == "wash at 1 h, 0.1 % stays"


def test_a_change_of_medium_with_drug_is_a_wash_and_a_dose() -> None:
    found = Protocol().add("1 uM").change("24 h", carry_over=0.5, medium="2 uM").read("48 h", "72 h")
    assert [round(dose.at, 3) for dose in found.doses.doses] == [0, 24.017]
    assert found.end == 72


def test_levels_scale_and_nothing_is_added_at_zero() -> None:
    base = Protocol().add("1 uM").add("3 uM", into="medium.tariquidar.free")
    none, ten = protocols(base, (0.0, 10.0))
    assert not none.doses.doses
    assert [dose.amount for dose in ten.doses.doses] == ["1 nmol", "3 nmol"]


def test_the_body_learns_the_medium_and_the_cells() -> None:
    assert Protocol("50 uL", "500 cell").values == {"body.V_medium": "50 uL", "body.N_0": "500 cell"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Protocol().add("1 mg/kg"), "no level of a medium"),
        (lambda: Protocol().add("much"), "cannot be read"),
        (lambda: Protocol("1 kg"), "another dimension"),
        (lambda: Protocol("0 uL"), "not a positive number"),
        (lambda: Protocol().wash("1 h", carry_over=0.0), "between 0 and 1"),
        (lambda: Protocol().wash("1 h", over="2 h").wash("2 h"), "one after the other"),
        (lambda: Protocol().scaled(math.nan), "zero or more"),
    ],
)
def test_a_bad_protocol_is_one_clear_error(make: object, message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()  # type: ignore[operator]
