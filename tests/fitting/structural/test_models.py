"""Identifiability of the library's own models: in names of the model, with doses, in seconds."""

from __future__ import annotations

import warnings

import pytest

import exodelivery as exo
from exodelivery.errors import FitError
from exodelivery.fitting.structural.identify import identifiability


def test_blood_alone_tells_the_sum_of_clearances_and_an_organ_settles_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = identifiability(exo.load("label_mouse"), "blood_label", exo.bolus("1 ID"), seconds=0)
    assert found["uptake.CL_fast"].word == "identified"
    assert found["clearance.CL_liver"].word == "in combination"
    assert "clearance.CL_liver + clearance.CL_lung" in str(found["clearance.CL_liver"])
    assert found["clearance.k_digest"].word == "not at all"
    assert any(m.name == "liver_label" and "clearance.CL_liver" in m.settles for m in found.measurements)
    assert found.measurements[0].kind == "observable"


def test_free_drug_in_plasma_identifies_its_disposition() -> None:
    """Three compartments seen in the centre; the branches of the periphery may change places."""
    found = identifiability(
        exo.load("doxorubicin_human", carrier="none"),
        "plasma_total",
        exo.bolus("30 mg/m2"),
        unknown=["disposition"],
        seconds=0,
    )
    assert all(verdict.word == "identified" for verdict in found.verdicts.values())
    held = identifiability(
        exo.load("doxorubicin_human", carrier="none"), "plasma_total", exo.bolus("30 mg/m2"),
        unknown=["disposition", "body.surface"], known=["disposition.V_3"], seconds=0,
    )  # fmt: skip
    assert held["body.surface"].word == "identified" and "disposition.V_3" not in held.verdicts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observables": "plasma"}, "no observable"),
        ({"observables": "plasma_label"}, "unavailable"),
        ({"regimen": None}, "not told"),
        ({"unknown": ["disposition.CLL"]}, "no parameter"),
        ({"known": ["x"]}, "no parameter"),
    ],
)
def test_misuse_is_refused(change: dict[str, object], said: str) -> None:
    asked = {"observables": "plasma_total", "regimen": exo.bolus("30 mg/m2")} | change
    with pytest.raises(FitError, match=said):
        identifiability(exo.load("doxorubicin_human", carrier="none"), **asked)  # type: ignore[arg-type]
