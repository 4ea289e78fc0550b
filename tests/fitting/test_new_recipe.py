"""A study becomes a recipe that fits: each arm with its own carrier, each choice with its reason."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import exodelivery as exo
from exodelivery.errors import FitError
from exodelivery.evidence.study import Study
from exodelivery.fitting.problem import problem_of

ARM = {"dose": "1 ID", "metric": "label", "route": "iv"}
ARMS = {"EV": ARM | {"carrier": "exosome_natural"}, "LP": ARM | {"carrier": "liposome_pegylated"}}
REPLICATES = "Mouse,Group,Time (h),Blood (%ID/g)\na,EV,1,10\nb,EV,1,14\nc,EV,4,5\nd,EV,4,7\ne,LP,1,50\nf,LP,8,<1\n"


def study(shelf: Path, table: str = REPLICATES) -> Study:
    (shelf / "lab.csv").write_text(table, encoding="utf-8")
    roles = {"arm": "Group", "subject": "Mouse", "value": "Blood (%ID/g)"}
    found = exo.read(shelf / "lab.csv", roles=roles, constants={"what": "blood_label"})
    return found.keep("ours", about="a trial", citation="our lab", body="mouse", arms=ARMS, shelf=shelf)


def test_replicates_give_the_spread_pooled_over_times(tmp_path: Path) -> None:
    found = exo.recipe("trial", study(tmp_path), "label_mouse", shelf=tmp_path)
    half = [math.log(14 / 10) ** 2 / 2, math.log(7 / 5) ** 2 / 2]
    expected = math.sqrt(math.expm1(sum(half) / 2))
    spread = found.spreads["ours blood_label"]
    assert spread.cv == pytest.approx(expected, rel=5e-3)
    assert "2 degrees of freedom" in spread.why


def test_each_arm_meets_its_own_carrier_and_the_problem_can_be_posed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = exo.recipe("trial", study(tmp_path), "label_mouse", shelf=tmp_path)
    assert {p.arm: (found.variants[p.variant].swaps["carrier"], p.horizon) for p in found.pairings} == {
        "EV": ("exosome_natural", 4.0),
        "LP": ("liposome_pegylated", 8.0),
    }
    monkeypatch.chdir(tmp_path)
    problem = problem_of(found)
    assert problem.records == 6
    # Animals of one arm and time ask the same of a run, and are answered alike.
    arm = problem.arms[0]
    assert [row.question == arm.rows[0].question for row in arm.rows] == [True, True, False, False]
    values, slopes = arm.slopes(problem.numbers(0, problem.start), problem.solver, (0, 1))
    assert values[0] == values[1] and (slopes[2] == slopes[3]).all()


def test_without_replicates_the_spread_is_told(tmp_path: Path) -> None:
    single = study(tmp_path, "Mouse,Group,Time (h),Blood (%ID/g)\na,EV,1,10\nb,LP,1,14\n")
    with pytest.raises(FitError, match="no replicates"):
        exo.recipe("trial", single, "label_mouse", shelf=tmp_path)
    assert not (tmp_path / "fits" / "trial" / "fit.toml").exists()
    found = exo.recipe("trial", single, "label_mouse", spread="30 %", shelf=tmp_path)
    assert found.spreads["ours blood_label"].cv == pytest.approx(0.3)
    assert "spread of ours blood_label: cv 30 %" in str(found)
    assert "30 %" in found._repr_html_()


def test_a_recipe_that_stands_is_not_written_over(tmp_path: Path) -> None:
    given = study(tmp_path)
    exo.recipe("trial", given, "label_mouse", shelf=tmp_path)
    with pytest.raises(FitError, match="stands already"):
        exo.recipe("trial", given, "label_mouse", shelf=tmp_path)
    with pytest.raises(FitError, match="no name of a recipe"):
        exo.recipe("../trial", given, "label_mouse", shelf=tmp_path)


def test_what_the_model_does_not_have_is_left_out_with_the_reason(tmp_path: Path) -> None:
    wong = next(iter(exo.studies("wong_2013_liposome_mammary").values()))
    found = exo.recipe("trial", wong, "label_mouse", spread="30 %", shelf=tmp_path)
    assert found.leave_out["wong_2013_liposome_mammary brain_label"] == "the model label_mouse has no such observable"
    assert "wong_2013_liposome_mammary brain_label" not in found.spreads
    assert problem_of(found).records > 0
