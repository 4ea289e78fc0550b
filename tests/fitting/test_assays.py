"""Assays: extraction, blood in the tissue, blanks and decay, against closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import CSV, STUDY, shelf

from exodelivery.checks.studies import check_study
from exodelivery.errors import EvidenceError, FitError
from exodelivery.evidence.read_study import read_study
from exodelivery.fitting.fit import fit_recipe
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.recipe import read_recipe

ASSAY = """
[assay.twin]
about = "homogenates were not corrected for extraction, vessels not flushed, blanks not taken off"
recovery = { value = "0.8", status = "literature", source = "a test", spread = "0.02" }
residual_blood = { value = "0.25", status = "assumed", range = ["0.2", "0.3"] }
blood = "level"
background = { value = "0.3 nmol/mL", status = "assumed", range = ["0.1 nmol/mL", "0.5 nmol/mL"] }
half_life = "6 h"
"""
ROWS = CSV.splitlines()
LEVELS = "\n".join([*ROWS[:-1], "one,twin,,2,,,,3,nmol/mL,5,cv,,,,", "one,twin,,12,,,,0.2,nmol/mL,5,cv,,,,", ""])


def toy(folder: Path, assay: str = ASSAY, csv: str = LEVELS) -> Path:
    found = shelf(folder, csv=csv)
    (folder / "fits/studies/toy_study/study.toml").write_text(STUDY + assay, encoding="utf-8")
    return found


def test_what_is_predicted_has_gone_through_the_assay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problem = problem_of(read_recipe(toy(tmp_path)))
    (values,) = Evaluator(problem).predictions(problem.start)
    at = {
        row.title.removeprefix("toy_study/one "): value.value
        for row, value in zip(problem.arms[0].rows, values, strict=True)
    }
    for hour in (2, 12):
        level = 10 / 2 * np.exp(-0.2 * hour)
        expected = (0.8 * (2 * level + 0.25 * level) + 0.3) * 2 ** (-hour / 6)
        assert at[f"twin at {hour} h"] == pytest.approx(expected, rel=1e-5)
    assert at["level at 1 h"] == pytest.approx(5 * np.exp(-0.2), rel=1e-5)  # what has no assay is seen as it is


def test_the_factors_of_an_assay_are_unknowns_of_its_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problem = problem_of(read_recipe(toy(tmp_path)))
    names = {unknown.name for unknown in problem.unknowns}
    assert {f"assay.twin.{name}" for name in ("recovery", "residual_blood", "background")} <= names
    assert any("toy_study" in unknown.identity for unknown in problem.unknowns if unknown.name.startswith("assay"))
    evaluator, white, step = Evaluator(problem), problem.start + 0.1, 1e-4
    found = evaluator.jacobian(white)
    for n, direction in enumerate(np.eye(len(white))):
        ends = [evaluator.residuals(white + sign * step * direction) for sign in (1, -1)]
        assert found[:, n] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-3, abs=2e-3)


def test_a_fit_through_the_assay_finds_the_truth_that_one_without_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin is printed as the assay saw it, of V = 2.5 mL and k = 0.4 1/h; nothing else tells of them."""
    seen = {hour: (0.8 * 2.25 * 4 * np.exp(-0.4 * hour) + 0.3) * 2 ** (-hour / 6) for hour in (0.5, 1, 2, 4, 6)}
    rows = [f"one,twin,,{hour},,,,{value},nmol/mL,3,cv,,,," for hour, value in seen.items()]
    csv = "\n".join([ROWS[0], *rows, ""])
    recipe = '[readings]\n"toy_study/one half_life(level) 1" = { window = ["1 h", "6 h"], why = "the only phase" }\n'

    def estimates(assay: str) -> dict[str, float]:
        folder = toy(tmp_path, assay, csv)
        text = (folder / "fit.toml").read_text(encoding="utf-8").replace(recipe, "")
        text = text.replace('[spreads]\ntoy_study = { cv = "5 %", why = "a test" }\n', "")
        (folder / "fit.toml").write_text(text, encoding="utf-8")
        return {row.name: row.magnitude for row in fit_recipe(read_recipe(folder)).parameters}

    monkeypatch.chdir(tmp_path)
    assert estimates(ASSAY)["disposition.k"] == pytest.approx(0.4, rel=0.05)
    assert estimates("")["disposition.k"] > 0.43  # decay taken for elimination


def test_an_assay_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = toy(tmp_path, ASSAY).parent / "studies/toy_study"
    assert not check_study(read_study(study)).errors
    told = "assay of twin: recovery 0.8, residual_blood 0.25, background 0.3 nmol/mL, not corrected for decay"
    assert told in str(read_study(study)) and told in read_study(study)._repr_html_()
    bad = {
        '[assay.twin]\nabout = "nothing"\n': "says nothing",
        '[assay.twin]\nabout = "x"\nblood = "level"\nhalf_life = "6 h"\n': "an amount and an observable",
        '[assay.twin]\nabout = "x"\nrecover = "1"\nhalf_life = "6 h"\n': "no key 'recover'",
        '[assay.twin]\nabout = "x"\nhalf_life = "0 h"\n': "is positive",
        '[assay.twin]\nhalf_life = "6 h"\n': "'about' is missing",
    }
    for text, words in bad.items():
        toy(tmp_path, text)
        with pytest.raises(EvidenceError, match=words):
            read_study(study)
    wrong = {
        ASSAY.replace('blood = "level"', 'blood = "lievel"'): "no observable 'lievel'",
        ASSAY.replace("nmol/mL", "nmol"): "background of twin is",
    }
    for text, words in wrong.items():
        with pytest.raises(FitError, match=words):
            problem_of(read_recipe(toy(tmp_path, text)))
    with pytest.raises(FitError, match="not corrected for decay"):
        problem_of(read_recipe(toy(tmp_path, ASSAY, CSV)))
