"""Curves against the estimates of drc (R) and the growth-rate metrics of their authors' three implementations.

The data sets stand in the folder that ``EXODELIVERY_DATA`` names; each file says where it comes from.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exodelivery.judge.dose_response.curves import curves
from exodelivery.judge.dose_response.joint import together
from exodelivery.judge.dose_response.quantal import quantal

DATA = Path(os.environ.get("EXODELIVERY_DATA", "nowhere"))
pytestmark = pytest.mark.skipif(
    not (DATA / "dose_response").is_dir(), reason="EXODELIVERY_DATA does not name the folder with the reference data"
)
KEYS = ["cell_line", "agent", "perturbation", "replicate", "time"]


def drc(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "dose_response" / "drc_fits.json").read_text(encoding="utf-8"))["fits"]
    return found[name]


@pytest.mark.parametrize(
    ("name", "shape"), [("ryegrass_LL4", "hill4"), ("ryegrass_W14", "weibull1"), ("ryegrass_W24", "weibull2")]
)
def test_estimates_and_standard_errors_are_those_of_drc_to_four_digits(name: str, shape: str) -> None:
    theirs, ours = (
        drc(name),
        curves(DATA / "dose_response" / "ryegrass.csv", dose="conc", response="rootl", shape=shape)[0],
    )
    coefficient = {key[0]: abs(value) for key, value in theirs["coef"].items()}
    error = {key[0]: value for key, value in theirs["se"].items()}
    for own, letter in (("e0", "d"), ("einf", "c"), ("hill", "b")):
        assert ours[own].value == pytest.approx(coefficient[letter], rel=1e-4)
        assert ours[own].se == pytest.approx(error[letter], rel=1e-4)
    assert ours.ec50.value == pytest.approx(theirs["ED"]["e:1:50"]["Estimate"], rel=1e-4)
    assert ours.ec50.se == pytest.approx(theirs["ED"]["e:1:50"]["Std. Error"], rel=1e-4)
    assert ours.cost == pytest.approx(theirs["rss"], rel=2e-8)


def test_where_drc_stopped_short_of_its_optimum_ours_is_lower_and_near() -> None:
    """LL.5 of ryegrass: drc's sum of squares is 1.3e-7 above ours; its estimates agree to its own stated tolerance."""
    theirs, ours = (
        drc("ryegrass_LL5"),
        curves(DATA / "dose_response" / "ryegrass.csv", dose="conc", response="rootl", shape="hill5")[0],
    )
    assert ours.cost <= theirs["rss"]
    assert ours.cost == pytest.approx(theirs["rss"], rel=3e-8)
    assert ours.ec50.value == pytest.approx(theirs["ED"]["e:1:50"]["Estimate"], rel=1e-4)
    assert ours.ec50.se == pytest.approx(theirs["ED"]["e:1:50"]["Std. Error"], rel=1e-3)
    for own, letter in (("e0", "d"), ("einf", "c"), ("hill", "b"), ("asymmetry", "f")):
        assert ours[own].value == pytest.approx(theirs["coef"][f"{letter}:(Intercept)"], rel=1e-3)
        assert ours[own].se == pytest.approx(theirs["se"][f"{letter}:(Intercept)"], rel=5e-3)


def test_two_herbicides_with_common_ends_are_those_of_drc() -> None:
    """drc's sum of squares is 4.8e-5 above ours, so that its slopes agree to three digits only."""
    theirs = drc("Salba_LL4")
    found = curves(DATA / "dose_response" / "S.alba.csv", dose="Dose", response="DryMatter", by="Herbicide")
    joint = together(list(found), ("e0", "einf"))
    assert joint.cost <= theirs["rss"]
    assert joint.cost == pytest.approx(theirs["rss"], rel=1e-5)
    assert joint.freedom == theirs["df"]
    for name in ("Bentazone", "Glyphosate"):
        for own, letter, near in (("position", "e", 1e-3), ("hill", "b", 3e-3)):
            ours = joint.numbers[name][own]
            assert ours.value == pytest.approx(theirs["coef"][f"{letter}:Herbicide{name}"], rel=near)
            assert ours.se == pytest.approx(theirs["se"][f"{letter}:Herbicide{name}"], rel=6e-3)
    for own, letter in (("e0", "d"), ("einf", "c")):
        assert joint.numbers["Bentazone"][own].se == pytest.approx(theirs["se"][f"{letter}:(Intercept)"], rel=1e-4)


def test_affected_of_all_is_finneys_probit_example_as_drc_fits_it() -> None:
    theirs, data = drc("finney71_LL2"), pd.read_csv(DATA / "dose_response" / "finney71.csv")
    ours = quantal(data["dose"], data["affected"], data["total"])
    assert ours.numbers["ed50"].value == pytest.approx(theirs["coef"]["e:(Intercept)"], rel=1e-4)
    assert ours.numbers["ed50"].se == pytest.approx(theirs["se"]["e:(Intercept)"], rel=1e-4)
    assert ours.numbers["hill"].value == pytest.approx(-theirs["coef"]["b:(Intercept)"], rel=1e-4)
    assert ours.numbers["hill"].se == pytest.approx(theirs["se"]["b:(Intercept)"], rel=1e-4)
    assert ours.log_likelihood == pytest.approx(theirs["logLik"], abs=1e-6)


@pytest.fixture(scope="module")
def growth_rates() -> pd.DataFrame:
    return curves(
        DATA / "gr_metrics" / "input1.csv", dose="concentration", response="cell_count", by=KEYS,
        control="cell_count__ctrl", time0="cell_count__time0", unit="uM", intervals=(),
    ).table()  # fmt: skip


def test_growth_rate_metrics_are_those_of_the_authors(growth_rates: pd.DataFrame) -> None:
    both = growth_rates.merge(pd.read_csv(DATA / "gr_metrics" / "R_input1_GRmetrics.csv"), on=KEYS)
    assert len(both) == 32
    assert np.abs(both["gr_max"] - both["GRmax"]).max() < 1e-10
    assert np.abs(both["gr_aoc"] - both["GR_AOC"]).max() < 1e-10
    assert np.abs(both["ic50"] / both["GR50"] - 1).max() < 1e-3
    assert np.abs(both["ec50"] / both["GEC50"] - 1).max() < 1e-3
    assert np.abs(both["hill"] / both["Hill"] - 1).max() < 1e-3


@pytest.mark.parametrize(("other", "most"), [("python", 1e-3), ("matlab", 1e-2)])
def test_gr50_agrees_with_the_other_implementations(growth_rates: pd.DataFrame, other: str, most: float) -> None:
    """The MATLAB table stops its fits early: its worst GR50 lies 0.9 % off that of R."""
    both = growth_rates.merge(pd.read_csv(DATA / "gr_metrics" / f"{other}_input1_GRmetrics.csv"), on=KEYS)
    assert np.abs(both["ic50"] / both["GR50"] - 1).median() < 1e-4
    assert np.abs(both["ic50"] / both["GR50"] - 1).max() < most
