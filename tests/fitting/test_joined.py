"""Records of one arm taken together: against a study simulated by hand, and by what independence would claim."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import RECIPE, shelf

import exodelivery as exo
from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit, fit_recipe
from exodelivery.fitting.noises.correlated import Correlated
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.recipe import read_recipe

TIMES = [0.5, 1.0, 2.0, 4.0, 6.0]
SAMPLING = """[sampling."toy_study/one"]
times = ["0.5 h", "1 h", "2 h", "4 h", "6 h"]
animals = 5
between = { "body.V" = "15 %", "disposition.k" = "25 %" }
assay = "10 %"
why = "a test"
[method]"""
READING = 'half_life(level) 1" = { window = ["2 h", "6 h"]'
SUMMARIES = """arm,what,against,time_h,from_h,to_h,phase,value,unit,spread,spread_kind,n,limit,use,note
one,auc(level),,,,,,10,nmol*h/mL,,none,,,,
one,mrt(level),,,,,,2.5,h,,none,,,,
one,half_life(level),,,,,1,1.7329,h,,none,,,,
one,cmax(twin),,,,,,8,nmol/mL,5,cv,,,,
"""


def sampled(text: str = SAMPLING) -> str:
    return (
        RECIPE.replace("starts = 3", "starts = 1")
        .replace("[method]", text)
        .replace('half_life(level) 1" = { window = ["1 h", "6 h"]', READING)
    )


@pytest.fixture
def evaluator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluator:
    monkeypatch.chdir(tmp_path)
    return Evaluator(problem_of(read_recipe(shelf(tmp_path, sampled(), SUMMARIES))))


def place(evaluator: Evaluator, name: str) -> tuple[int, float]:
    """Return which unknown bears a name, and its value where fits start [base unit]."""
    n = [unknown.name for unknown in evaluator.problem.unknowns].index(name)
    unknown = evaluator.problem.unknowns[n]
    return n, unknown.base(unknown.start)


def by_hand(studies: int, V: float, k: float, generator: Any) -> list[list[float]]:
    """Simulate studies of five animals to a time and do the author's arithmetic, one study after another."""
    found = []
    times = np.array(TIMES)
    for _ in range(studies):
        volumes = V * np.exp(np.sqrt(np.log1p(0.15**2)) * generator.standard_normal((5, 5)))
        rates = k * np.exp(np.sqrt(np.log1p(0.25**2)) * generator.standard_normal((5, 5)))
        levels = 10 / volumes * np.exp(-rates * times[:, None])
        means = (levels * np.exp(np.sqrt(np.log1p(0.1**2)) * generator.standard_normal((5, 5)))).mean(axis=1)
        at, levels = [0.0, *TIMES], [means[0] ** 2 / means[1], *means]
        area = moment = 0.0
        for n in range(5):
            (t1, t2), (c1, c2) = at[n : n + 2], levels[n : n + 2]
            if c2 < c1:
                rate = np.log(c1 / c2) / (t2 - t1)
                area += (c1 - c2) / rate
                moment += (t1 * c1 - t2 * c2) / rate + (c1 - c2) / rate**2
            else:
                area += (c1 + c2) / 2 * (t2 - t1)
                moment += (t1 * c1 + t2 * c2) / 2 * (t2 - t1)
        slope = -np.polyfit(times[-3:], np.log(means[-3:]), 1)[0]
        area, moment = area + means[-1] / slope, moment + means[-1] * 6 / slope + means[-1] / slope**2
        found.append([area, moment / area, np.log(2) / slope])
    return found


def test_the_joint_error_is_that_of_studies_simulated_by_hand(evaluator: Evaluator) -> None:
    """600 studies by hand against the 400 of the fit: standard deviations within their 10 % of chance, and shifts."""
    problem = evaluator.problem
    white = problem.start
    V, k = (place(evaluator, name)[1] for name in ("body.V", "disposition.k"))
    joint = evaluator.joined(white).problem.joints[0]
    assert joint.rows == (0, 1, 2)
    logs = np.log(by_hand(600, V, k, np.random.default_rng(3)))
    plain = np.cov(logs.T)
    assert joint.sds == pytest.approx(np.sqrt(1.05 * np.diag(plain)), rel=0.12)
    expected = np.corrcoef(logs.T) / 1.05
    found = joint.noise.covariance / np.outer(joint.sds, joint.sds)
    assert found[np.triu_indices(3, 1)] == pytest.approx(expected[np.triu_indices(3, 1)], abs=0.08)
    assert found[0, 1] > 0.5
    truth = np.log([10 / (V * k), 1 / k, np.log(2) / k])
    assert joint.noise.shift == pytest.approx(logs.mean(axis=0) - truth, abs=0.02)


def test_whitened_residuals_are_the_joint_likelihood(evaluator: Evaluator) -> None:
    joined = evaluator.joined(evaluator.problem.start)
    white, joint = evaluator.problem.start + 0.1, joined.problem.joints[0]
    residuals = joined.residuals(white)
    values = np.array([value.value for value in joined.predictions(white)[0][:3]])
    errors = np.log(values) + joint.noise.shift - np.log([10, 2.5, 1.7329])
    assert residuals[:3] @ residuals[:3] == pytest.approx(errors @ np.linalg.inv(joint.noise.covariance) @ errors)
    found = joined.jacobian(white)
    for n, direction in enumerate(np.eye(len(white))):
        near = (joined.residuals(white + 1e-3 * direction) - joined.residuals(white - 1e-3 * direction)) / 2e-3
        assert found[:, n] == pytest.approx(near, rel=2e-3, abs=2e-3)


def test_summaries_of_one_curve_tell_less_than_as_many_independent_ones(evaluator: Evaluator) -> None:
    """As the coverage study shows: the same standard deviations without their correlation claim too much of k."""
    joined = evaluator.joined(evaluator.problem.start)
    problem = joined.problem
    alone = replace(problem.joints[0], noise=_diagonal(problem.joints[0].noise))
    widths, k = [], place(evaluator, "disposition.k")[0]
    for joints in ((problem.joints[0],), (alone,)):
        slopes = replace(joined, problem=replace(problem, joints=joints)).jacobian(problem.start)
        widths.append(np.sqrt(np.linalg.inv(slopes.T @ slopes)[k, k]))
    assert widths[0] > 1.15 * widths[1]


def _diagonal(noise: Correlated) -> Correlated:
    return replace(noise, covariance=np.diag(np.diag(noise.covariance)))


def test_a_recipe_says_that_it_took_records_together(evaluator: Evaluator) -> None:
    folder = evaluator.problem.recipe.folder
    found = fit(folder, again=True)
    assert any("toy_study/one level (3)" in sentence for sentence in found.verdict.sentences)
    notes = {row.what: row.note for row in found.predictions}
    assert "simulated sampling" in notes["auc(level)"] and "alone: a test" in notes["auc(level)"]
    assert notes["cmax(twin)"] == "spread: printed"
    assert fit(folder).verdict.joined == found.verdict.joined
    assert {row.name: row.magnitude for row in found.parameters}["disposition.k"] == pytest.approx(0.4, rel=0.1)
    plain = fit_recipe(replace(read_recipe(folder), samplings=type(evaluator.problem.recipe.samplings)()))
    assert not plain.verdict.joined and plain.covariance.shape == found.covariance.shape


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("animals = 5", "animals = 1", "two at least"),
        ("animals = 5", 'animals = 5\nserial = "yes"', "serial is true"),
        ('"0.5 h", "1 h"', '"1 h", "0.5 h"', "and rise"),
        ('assay = "10 %"', "", "'assay' is a text"),
        ('assay = "10 %"', 'assay = "10 h"', "between 0 and 1000 %"),
        ('why = "a test"\n[method]', "[method]", "'why' is a text"),
        ("toy_study/one", "toy_study/two", "nearest: toy_study/one"),
        ('"disposition.k" = "25 %"', '"disposition.l" = "25 %"', "varies 'disposition.l'"),
        ('"4 h", "6 h"', '"3 h", "4 h", "6 h"', "by themselves"),
    ],
)
def test_a_wrong_sampling_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert old in SAMPLING
    with pytest.raises(FitError, match=message):
        made = Evaluator(problem_of(read_recipe(shelf(tmp_path, sampled(SAMPLING.replace(old, new, 1)), SUMMARIES))))
        made.joined(made.problem.start)


def test_a_sampling_that_takes_nothing_together_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = "\n".join(line for line in SUMMARIES.splitlines() if "mrt" not in line and "half_life" not in line) + "\n"
    evaluator = Evaluator(problem_of(read_recipe(shelf(tmp_path, sampled(), few))))
    with pytest.raises(FitError, match="no two records"):
        evaluator.joined(evaluator.problem.start)


def test_the_regression_of_a_recipe_takes_them_together_too(evaluator: Evaluator) -> None:
    squares = fit_recipe(evaluator.problem.recipe)
    found = exo.fit("toy_fit", likelihood=True)
    errors = np.sqrt(np.diag(squares.covariance))
    assert np.max(np.abs(found.at - squares.estimate) / errors) < 0.02
    assert [under.noise.kind for under in found.objective.observed.noises].count("correlated") == 1
