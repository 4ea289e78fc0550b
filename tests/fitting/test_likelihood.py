"""A recipe by its likelihood: its least squares where all is given, noise estimated where the recipe says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import RECIPE, shelf

import exodelivery as exo
from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit_recipe
from exodelivery.fitting.likelihood import objective_of_recipe
from exodelivery.fitting.problem import problem_of
from exodelivery.fitting.recipe import read_recipe

NOISE = '[noise]\n"toy_study/one" = { model = "log-normal", why = "a test" }\n[method]'


def test_with_given_errors_it_is_the_least_squares_fit(toy_fit: Path) -> None:
    by_squares = fit_recipe(read_recipe(toy_fit))
    found = exo.fit("toy_fit", likelihood=True)
    assert found.names == by_squares.identities
    for n, row in enumerate(by_squares.parameters):
        assert found.at[n] == pytest.approx(row.estimate, abs=0.02 * row.sd)
        assert np.sqrt(found.covariance[n, n]) == pytest.approx(row.sd, rel=0.05)
    volume = next(name for name in found.names if name.startswith("body.V"))
    profile = found.profile(volume)
    assert profile.word == "identified"
    assert (profile.low, profile.high) == pytest.approx(found.interval(volume), rel=0.02)
    assert "toy_study/one" in found.objective.curve.title(0)


def test_a_noise_of_the_recipe_is_estimated_and_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelf(tmp_path, RECIPE.replace("[method]", NOISE))
    monkeypatch.chdir(tmp_path)
    objective = objective_of_recipe(problem_of(read_recipe(folder)))
    assert objective.names[-1] == "sd of toy_study/one"
    at = objective.start
    found = objective.evaluate(at)
    for n, direction in enumerate(np.eye(len(at))):
        difference = (objective.value(at + 1e-4 * direction) - objective.value(at - 1e-4 * direction)) / 2e-4
        assert found.gradient[n] == pytest.approx(difference, rel=1e-3, abs=1e-3)
    wrong = NOISE.replace("toy_study/one", "toy_study/two")
    with pytest.raises(FitError, match="covers no record"):
        objective_of_recipe(problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[method]", wrong)))))
    with pytest.raises(FitError, match="nearest: log-normal"):
        bad = NOISE.replace("log-normal", "lognormal")
        objective_of_recipe(problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[method]", bad)))))
    with pytest.raises(FitError, match="positive number"):
        read_recipe(shelf(tmp_path, RECIPE.replace("[method]", NOISE.replace("why", "sd = -1, why"))))
