from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from toy import CSV, RECIPE, shelf

import exodelivery as exo
from exodelivery.errors import FitError, OutdatedFitWarning
from exodelivery.fitting.fit import fit, fit_recipe, starts_of
from exodelivery.fitting.keep import read_fit, write_fit
from exodelivery.fitting.noise import FAILED, Noise
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.recipe import read_recipe
from exodelivery.fitting.result import Fit
from exodelivery.solve.functionals import Value


@pytest.fixture
def fitted(toy_fit: Path) -> Fit:
    return fit(toy_fit, again=True)


def test_a_fit_finds_the_truth_from_every_start(fitted: Fit) -> None:
    """The data were made with V = 2.5 mL and k = 0.4 1/h; the priors pull by less than one percent."""
    values = {row.name: row.magnitude for row in fitted.parameters}
    assert values["body.V"] == pytest.approx(2.5, rel=0.01)
    assert values["disposition.k"] == pytest.approx(0.4, rel=0.02)
    assert fitted.verdict.converged
    assert (fitted.verdict.starts, fitted.verdict.agreeing) == (3, 3)
    assert not fitted.verdict.far and not fitted.failures
    assert {row.name: row.word for row in fitted.parameters}["body.V"] == "identified"
    assert {row.name: row.word for row in fitted.parameters}["disposition.idle"] == "only its prior"


def test_standard_errors_are_those_of_the_records_and_priors_never_rescaled(fitted: Fit) -> None:
    total = sum(fitted.information.values())
    assert np.linalg.inv(total) == pytest.approx(fitted.covariance, rel=1e-6)
    volume = next(row for row in fitted.parameters if row.name == "body.V")
    # Five records of 5 % bear on V; one alone gives 5 %, all five 2.2 %.
    assert 2.0 < volume.rse < 5.0
    assert volume.low < volume.magnitude < volume.high


def test_every_record_is_listed_with_where_its_spread_comes_from(fitted: Fit) -> None:
    assert [row.used for row in fitted.predictions] == [True] * 5
    notes = {row.title: row.note for row in fitted.predictions}
    assert notes["toy_study/one auc(level)"] == "spread: a test"
    assert notes["toy_study/one level at 1 h"] == "spread: printed"
    assert all(row.low < row.observed < row.high for row in fitted.predictions)


def test_a_kept_fit_is_read_back_whole(fitted: Fit, toy_fit: Path) -> None:
    again = fit(toy_fit)
    assert again.estimate == pytest.approx(fitted.estimate, rel=1e-10)
    assert again.covariance == pytest.approx(fitted.covariance, rel=1e-10)
    assert again.verdict.sentences == fitted.verdict.sentences
    assert str(again) == str(fitted) and "<table" in again._repr_html_()
    assert 'status = "fitted"' in (toy_fit / "fitted.toml").read_text()
    assert not list(toy_fit.glob("*.part"))


def test_values_reach_a_model_by_identity(fitted: Fit, toy_fit: Path) -> None:
    model = exo.load("toy")
    values = fitted.values_for(model)
    assert values["disposition.k"] == pytest.approx(0.4, rel=0.02)
    run = exo.simulate(model, exo.bolus("10 nmol"), until=24, using=fitted)
    assert run["level"](1.0) == pytest.approx(2.68128, rel=0.03)
    shifted = fitted.values_for(model, fitted.estimate + 0.1)
    assert shifted["body.V"] == pytest.approx(values["body.V"] * np.exp(0.1))
    assert fitted.values_for(exo.load("label_mouse")) == {}


def test_draws_have_the_joint_covariance_and_their_own_seed(fitted: Fit) -> None:
    drawn = fitted.draws(20_000, seed=1)
    assert np.array_equal(drawn, fitted.draws(20_000, seed=1))
    assert np.cov(drawn.T) == pytest.approx(fitted.covariance, rel=0.1, abs=0.05 * fitted.covariance.max())


def test_what_has_changed_since_is_named(fitted: Fit, toy_fit: Path) -> None:
    path = toy_fit.parents[1] / "models" / "bodies" / "toy_body.toml"
    text = path.read_text()
    path.write_text(text.replace('about = "toy"', 'about = "in other words"'))
    fit(toy_fit)
    path.write_text(text.replace("8 mL", "9 mL"))
    with pytest.warns(OutdatedFitWarning, match="model toy"):
        fit(toy_fit)
    path.write_text(text)
    levels = toy_fit.parent / "studies" / "toy_study" / "levels.csv"
    levels.write_text(CSV.replace("2.68128", "2.7"))
    with pytest.warns(OutdatedFitWarning, match="study toy_study"):
        fit(toy_fit)


def test_there_is_no_result_until_one_is_made(toy_fit: Path) -> None:
    with pytest.raises(FitError, match="no kept result"):
        fit(toy_fit)


@pytest.mark.parametrize("damage", ["[]", "{", '{"schema": 1}', '{"schema": 9}', "{}", "[" * 100_000])
def test_a_damaged_result_is_refused_and_left_alone(fitted: Fit, toy_fit: Path, damage: str) -> None:
    path = toy_fit / "result.json"
    path.write_text(damage)
    with pytest.raises(FitError):
        fit(toy_fit)
    assert path.read_text() == damage


def test_a_result_of_another_schema_is_refused(fitted: Fit, toy_fit: Path) -> None:
    path = toy_fit / "result.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2', 1))
    with pytest.raises(FitError, match="schema 2"):
        fit(toy_fit)


def test_a_result_with_a_matrix_of_another_size_is_refused(fitted: Fit, toy_fit: Path) -> None:
    path = toy_fit / "result.json"
    given = json.loads(path.read_text())
    given["covariance"] = given["covariance"][:-1]
    path.write_text(json.dumps(given))
    with pytest.raises(FitError, match="finite matrix"):
        fit(toy_fit)


@pytest.mark.slow
def test_the_result_does_not_depend_on_the_executor(fitted: Fit, toy_fit: Path) -> None:
    other = fit_recipe(read_recipe(toy_fit), executor=2)
    assert np.array_equal(other.estimate, fitted.estimate)


def test_starts_depend_on_the_seed_alone(toy_fit: Path) -> None:
    problem = problem_of(read_recipe(toy_fit))
    first, second = starts_of(problem), starts_of(problem)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert len(first) == 3 and not np.array_equal(first[1], first[2])


def test_a_bound_pulls_on_one_side_only() -> None:
    bound = Noise(10.0, 0.5, True, "<", "printed")
    assert bound.residual(Value(5.0, "h")) == 0.0 == bound.slope(Value(5.0, "h"))
    assert bound.residual(Value(20.0, "h")) == pytest.approx(np.log(2) / 0.5)
    assert Noise(10.0, 0.5, True, ">", "printed").residual(Value(5.0, "h")) == pytest.approx(-np.log(2) / 0.5)


def test_a_failed_prediction_is_finite_counted_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rising = RECIPE.replace('["1 h", "6 h"]', '["0 h", "0.5 h"]')
    folder = shelf(tmp_path, rising, CSV)
    block = tmp_path / "models" / "blocks" / "disposition" / "toy_out.toml"
    block.write_text(
        block.read_text()
        .replace("plasma.free -> out : k * idle * plasma.free", "in -> plasma.free : k * idle * V_in")
        .replace("[flows]", 'V_in = { value = "1 nmol", status = "assumed", range = ["0.5 nmol", "2 nmol"] }\n[flows]')
    )
    monkeypatch.chdir(tmp_path)
    evaluator = Evaluator(problem_of(read_recipe(folder)))
    found = evaluator.residuals(evaluator.problem.start)
    assert np.all(np.isfinite(found)) and FAILED in found
    assert any("does not fall" in text for text in evaluator.failures)
    assert np.all(np.isfinite(evaluator.jacobian(evaluator.problem.start)))


def test_writing_is_a_round_trip(fitted: Fit, tmp_path: Path) -> None:
    write_fit(fitted, tmp_path / "elsewhere")
    assert read_fit(tmp_path / "elsewhere").hashes == fitted.hashes


def test_records_that_hold_a_fit_and_arms_that_it_misses_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level ten times too high: without it the volume would move, and its arm scatters more than told."""
    folder = shelf(tmp_path, RECIPE.replace("starts = 3", "starts = 1"), CSV.replace(",0.807586,", ",2.4,"))
    monkeypatch.chdir(tmp_path)
    verdict = fit(folder, again=True).verdict
    assert any("level at 4 h" in title or "half_life" in title for title in verdict.holding)
    assert any("toy_study/one scatters" in title for title in verdict.missed)
    assert "Misfit by arm" in str(verdict) and "Single records hold it" in str(verdict)
    assert fit(folder).verdict.sentences == verdict.sentences
