"""NONMEM's dosing records: each event, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import EvidenceError
from exodelivery.evidence.read_nonmem import read_nonmem

ROUTES = {1: "po", 2: "iv"}


def read(tmp_path: Path, *lines: str, head: str = "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,CMT") -> dict[str, Regimen]:
    path = tmp_path / "data.csv"
    path.write_text("\n".join([head, *lines]))
    return dict(read_nonmem(path, ROUTES, modelled={2: "timed"}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1,2,100,0,0,0,0,1,1", bolus("100.0 mg", route="po", at=2)),
        ("1,0,100,.,24,3,0,1,1", bolus("100.0 mg", route="po", every=24, times=4)),
        ("1,0,100,10,,,,1,2", infusion("100.0 mg", rate="10.0 mg/h")),
        ("1,0,100,-2,0,0,0,1,2", bolus("100.0 mg", route="timed")),
        ("1,0,100,-1,0,0,0,1,2", bolus("100.0 mg", route="timed")),
        ("1,0,100,0,12,0,1,1,2", bolus("100.0 mg", every=12, steady_state="alone")),
        ("1,0,100,0,12,0,2,1,2", bolus("100.0 mg", every=12, steady_state="added")),
        ("1,0,0,10,0,0,1,1,2", infusion(rate="10.0 mg/h", steady_state="alone")),
        ("1,50,0,0,0,0,0,3,2", Regimen(resets=(50.0,))),
        ("1,50,100,0,0,0,0,4,2", Regimen().reset(50) + bolus("100.0 mg", at=50)),
        ("1,50,0,0,0,0,0,0,2", Regimen()),
        ("1,50,0,0,0,0,0,2,2", Regimen()),
    ],
)
def test_each_event_is_a_regimen(tmp_path: Path, line: str, expected: Regimen) -> None:
    assert read(tmp_path, line) == {"1": expected}


def test_columns_stand_in_any_order_and_case_and_some_may_lack(tmp_path: Path) -> None:
    found = read(tmp_path, "7,0.5,3", "2.1,0,4", "0,5,3", head="dv,Time,amt")
    assert found == {
        "1": bolus("3.0 mg", route="po", at=0.5) + bolus("4.0 mg", route="po") + bolus("3.0 mg", route="po", at=5)
    }


def test_each_subject_has_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, "1,0,100,0,0,0,0,1,2", "2,0,50,0,0,0,0,1,2")
    assert [str(regimen) for regimen in found.values()] == ["100.0 mg iv bolus", "50.0 mg iv bolus"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,0,100,0,0,0,0,1,3", "CMT 3"),
        ("1,0,100,-3,0,0,0,1,2", "RATE -3"),
        ("1,0,100,-2,0,0,0,1,1", "no route"),
        ("1,0,100,0,12,0,5,1,2", "SS 5"),
        ("1,0,100,0,0,0,0,9,2", "EVID is 9"),
        ("1,0,much,0,0,0,0,1,2", "AMT is 'much'"),
        ("1,nan,100,0,0,0,0,1,2", "TIME is 'nan'"),
    ],
)
def test_what_no_regimen_can_say_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(EvidenceError, match=said) as error:
        read(tmp_path, "1,0,100,0,0,0,0,1,2", line)
    assert error.value.where.line == 3


def test_a_set_without_amounts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="column AMT"):
        read(tmp_path, "0,1", head="TIME,DV")


WEIGHED = ["1,0,100,70", "1,24,0,70", "1,48,0,75", "1,48,100,76", "1,72,0,.", "1,96,0,80"]


@pytest.mark.parametrize(
    ("carried", "points"),
    [
        ("forward", ((0.0, "70.0 kg"), (48.0, "76.0 kg"), (96.0, "80.0 kg"))),
        ("backward", ((0.0, "70.0 kg"), (24.0, "75.0 kg"), (48.0, "80.0 kg"))),
    ],
)
def test_a_covariate_holds_until_or_since_its_record(
    tmp_path: Path, carried: str, points: tuple[tuple[float, str], ...]
) -> None:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["ID,TIME,AMT,WT", *WEIGHED]))
    found = read_nonmem(path, ROUTES, covariates={"wt": "body.weight [kg]"}, carried=carried)
    (course,) = found["1"].inputs
    assert (course.name, course.points) == ("body.weight", points)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"covariates": {"AGE": "body.age [h]"}}, "no column AGE"),
        ({"covariates": {"WT": "body.weight [kg]"}, "carried": "sideways"}, "known: forward, backward"),
        ({"covariates": {"SEX": "body.sex"}}, "has no SEX"),
    ],
)
def test_a_covariate_that_cannot_be_followed_is_refused(tmp_path: Path, how: dict[str, Any], said: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("ID,TIME,AMT,WT,SEX\n1,0,100,70,.")
    with pytest.raises(EvidenceError, match=said):
        read_nonmem(path, ROUTES, **how)
