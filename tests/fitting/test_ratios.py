"""Ratios between arms: closed form, derivative through both runs, and one of a published study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import CSV, DRUG, MODEL, RECIPE, STUDY, shelf

from exodelivery.declare.shelf import locate
from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit_recipe
from exodelivery.fitting.likelihood import objective_of_recipe
from exodelivery.fitting.problem import Evaluator, Problem, problem_of
from exodelivery.fitting.recipe import read_recipe

TWO = (
    RECIPE.replace("[readings]", '"toy_study/two" = { model = "second", horizon = "24 h" }\n[readings]')
    .replace("[arms]", '[models.second]\nmodel = "toy_second"\n[arms]')
    .replace("starts = 3", "starts = 1")
)
RATIOS = """one,auc(level),two,,,,,0.25,1,10,cv,,,,
one,level,two,2,,,,33.516,%,,none,,,,
"""
NO_AREAS = CSV.replace("one,auc(level),,,,,,10,nmol*h/mL,,none,,,,\n", "")


def two_arms(folder: Path, csv: str = NO_AREAS + RATIOS, recipe: str = TWO) -> Path:
    """The toy, and a second arm: another drug, twice the dose, with a rate of its own."""
    found = shelf(folder, recipe, csv)
    (folder / "models/drugs/toy_second.toml").write_text(DRUG)
    (folder / "models/toy_second.toml").write_text(MODEL.replace("toy_drug", "toy_second"))
    second = STUDY.partition("[arms.one]")[2].replace("10 nmol", "20 nmol").replace("toy_drug", "toy_second")
    (folder / "fits/studies/toy_study/study.toml").write_text(STUDY + "[arms.two]" + second)
    return found


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Problem:
    monkeypatch.chdir(tmp_path)
    return problem_of(read_recipe(two_arms(tmp_path)))


def place(problem: Problem, name: str) -> int:
    return next(n for n, unknown in enumerate(problem.unknowns) if unknown.identity.startswith(name))


def test_a_ratio_and_its_derivatives_are_those_of_the_closed_form(problem: Problem) -> None:
    """Areas are D / (V k): their ratio is D1 k2 / (D2 k1), and the volume cancels; levels go as exp(-k t)."""
    white = problem.start.copy()
    first, second = (
        place(problem, "disposition/toy_out.k @ toy_drug"),
        place(problem, "disposition/toy_out.k @ toy_sec"),
    )
    white[first] += 0.7
    k1, k2 = (
        problem.unknowns[n].base(problem.unknowns[n].centre + problem.unknowns[n].sd * white[n])
        for n in (first, second)
    )
    evaluator = Evaluator(problem)
    (values, none), (slopes, _) = evaluator.slopes(white)
    assert none == []
    area, level = (
        next(n for n, row in enumerate(problem.arms[0].rows) if row.title == f"toy_study/one {what}")
        for what in ("auc(level) / two", "level / two at 2 h")
    )
    assert values[area].value == pytest.approx(0.5 * k2 / k1, rel=1e-6)
    assert values[level].value == pytest.approx(50 * np.exp(-2 * (k1 - k2)), rel=1e-6) and values[level].unit == "%"
    sd = problem.unknowns[first].sd
    expected = np.zeros(len(white))
    expected[first], expected[second] = -sd, sd
    idle = [place(problem, f"disposition/toy_out.idle @ toy_{name}") for name in ("drug", "second")]
    expected[idle] = [-problem.unknowns[idle[0]].sd, problem.unknowns[idle[1]].sd]
    assert slopes[area] / values[area].value == pytest.approx(expected, abs=2e-5)
    assert slopes[level][second] / values[level].value == pytest.approx(2 * k2 * sd, rel=1e-4)


def test_the_jacobian_is_the_difference_of_residuals_through_both_arms(problem: Problem) -> None:
    evaluator, white, step = Evaluator(problem), problem.start + 0.1, 1e-3
    found = evaluator.jacobian(white)
    for n, direction in enumerate(np.eye(len(white))):
        near = (evaluator.residuals(white + step * direction) - evaluator.residuals(white - step * direction)) / (
            2 * step
        )
        assert found[:, n] == pytest.approx(near, rel=2e-3, abs=2e-3)
    objective = objective_of_recipe(problem)
    at = objective.start + 0.05
    gradient = objective.evaluate(at).gradient
    for n, direction in enumerate(np.eye(len(at))):
        near = (objective.value(at + 1e-4 * direction) - objective.value(at - 1e-4 * direction)) / 2e-4
        assert gradient[n] == pytest.approx(near, rel=1e-3, abs=1e-3)


def test_an_arm_that_only_a_ratio_names_is_learnt_from_it(problem: Problem) -> None:
    """k1 = 0.4 1/h from its own records; the ratio of areas 0.25 = 0.5 k2 / k1 says k2 = 0.2 1/h."""
    found = fit_recipe(problem.recipe)
    values = {row.identity.partition(" x ")[0]: row for row in found.parameters}
    assert values["disposition/toy_out.k @ toy_second"].magnitude == pytest.approx(0.2, rel=0.05)
    assert values["disposition/toy_out.k @ toy_second"].word == "identified"
    ratio = next(row for row in found.predictions if row.title == "toy_study/one auc(level) / two")
    assert ratio.used and ratio.note == "spread: printed" and ratio.predicted == pytest.approx(0.25, rel=0.1)


def test_a_ratio_of_two_numbers_that_are_used_says_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    both = CSV + RATIOS + "two,auc(level),,,,,,40,nmol*h/mL,5,cv,,,,\n"
    problem = problem_of(read_recipe(two_arms(tmp_path, both)))
    assert [item.reason for item in problem.left_out] == ["restates auc(level) of one over that of two, both used"]
    assert [len(arm.rows) for arm in problem.arms] == [6, 1]


def test_a_ratio_needs_its_other_arm_and_numbers_of_one_dimension(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="does not run the arm 'two'"):
        problem_of(read_recipe(two_arms(tmp_path, recipe=RECIPE)))
    left = RECIPE + '[leave_out]\n"toy_study ratio" = "a test"\n'
    assert len(problem_of(read_recipe(two_arms(tmp_path, recipe=left))).left_out) == 2
    folder = two_arms(tmp_path)
    second = tmp_path / "models/toy_second.toml"
    second.write_text(
        second.read_text().replace('"conc(plasma.free)", unit = "nmol/mL"', '"plasma.free", unit = "nmol"', 1)
    )
    with pytest.raises(FitError, match="no ratio of"):
        problem_of(read_recipe(folder))


def test_a_published_ratio_is_read_off_both_arms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laginha 2005, abstract: tumour AUC of Doxil 87 times that of free, Table 1: 3988 / 45.8 (0-168 h, 0-24 h)."""
    source = locate("laginha_2005_4t1_tumour", "study")[0].parent
    study, recipe = tmp_path / "fits/studies/laginha_ratio", tmp_path / "fits/laginha_ratio_fit"
    study.mkdir(parents=True)
    recipe.mkdir(parents=True)
    (study / "study.toml").write_text((source / "study.toml").read_text())
    head, doxil, *_ = (source / "abstract.csv").read_text().splitlines()
    (study / "ratio.csv").write_text(f"{head}\n{doxil.replace('false', 'true')}\n")
    (recipe / "fit.toml").write_text(LAGINHA)
    monkeypatch.chdir(tmp_path)
    problem = problem_of(read_recipe(recipe))
    evaluator = Evaluator(problem)
    (values, _), (slopes, _) = evaluator.slopes(problem.start)
    free, doxil_9 = problem.arms[1], problem.arms[0]
    whole = [arm.predict(problem.numbers(n, problem.start), "rodas5p")[0] for n, arm in enumerate((doxil_9, free))]
    assert values[0].value == pytest.approx(whole[0].value / whole[1].value) and values[0].value > 10
    assert problem.arms[0].rows[0].noise.observed == 87 and problem.arms[0].rows[0].noise.logarithmic
    steepest = int(np.argmax(np.abs(slopes[0])))
    step = 1e-3 * np.eye(len(problem.start))[steepest]
    ends = [evaluator.predictions(problem.start + sign * step)[0][0].value for sign in (1, -1)]
    assert slopes[0][steepest] == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=1e-3)


LAGINHA = """
format = 1
kind = "fit"
about = "the ratio that the abstract prints"
[models.free]
model = "doxorubicin_mouse"
carrier = "none"
without = ["effect"]
why = "a test"
[models.pegylated]
model = "doxorubicin_mouse"
carrier = "liposome_pegylated"
without = ["effect"]
why = "a test"
[arms]
"laginha_ratio/doxil_9" = { model = "pegylated", horizon = "168 h" }
"laginha_ratio/free_9" = { model = "free", horizon = "24 h" }
[readings]
"laginha_ratio/doxil_9 auc(tumour_total)" = { window = ["0 h", "168 h"], why = "Table 1" }
"laginha_ratio/free_9 auc(tumour_total)" = { window = ["0 h", "24 h"], why = "Table 1" }
[spreads]
"laginha_ratio ratio" = { cv = "42 %", why = "30 % of each area" }
[literature]
cv = "15 %"
why = "a test"
"""
