"""Draws of posteriors that are known; nutpie is an extra of 300 MB, so these tests skip, and say so, without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_estimators import LEVELS, NOISE, recipe
from toy import RECIPE, shelf

import exodelivery as exo
from exodelivery.errors import FitError, MissingExtraError
from exodelivery.fitting.fit import fit
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.posterior import Posterior
from exodelivery.fitting.regress import noise, regress

X = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
Y = np.array([1.1, 2.9, 5.2, 6.8, 11.3])


def drawn(points: np.ndarray, diverging: int = 0, r_hat: float = 1.0, effective: float = 900.0) -> Posterior:
    return Posterior(
        (Guess("a", 1.0), Guess("k", 2.0, scale="log")), points, diverging, np.full(2, r_hat), np.full(2, effective)
    )


def test_what_may_be_believed_is_said_in_words() -> None:
    points = np.random.default_rng(1).standard_normal((4, 500, 2))
    good = drawn(points)
    assert "No draw diverged." in good.verdict and "R-hat 1.000" in str(good)
    assert good.interval("a") == pytest.approx((-1.96, 1.96), abs=0.15)
    assert good.interval("k") == pytest.approx((np.exp(-1.96), np.exp(1.96)), rel=0.15)
    bad = drawn(points, 7, 1.2, 30.0)
    assert "7 draws DIVERGED" in str(bad) and "NOT mixed: a (R-hat 1.2)" in str(bad) and "rough" in str(bad)
    with pytest.raises(FitError, match="nothing called 'b'"):
        good.interval("b")


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nutpie", None)
    found = regress("a + b * x", data={"x": X, "y": Y}, start={"a": 0, "b": 1}, noise=noise("additive", sd=0.2))
    with pytest.raises(MissingExtraError, match="nutpie"):
        found.posterior()


def test_a_size_of_errors_from_what_is_left_over_has_no_posterior() -> None:
    found = regress("a + b * x", data={"x": X, "y": Y}, start={"a": 0, "b": 1})
    with pytest.raises(FitError, match="maximum_likelihood"):
        found.posterior()


def test_a_line_with_a_prior_has_the_conjugate_posterior() -> None:
    """Normal errors of 0.2 and a prior on the slope: the posterior is normal, in closed form."""
    pytest.importorskip("nutpie", reason="the extra `sample` (nutpie, 300 MB with what it brings) is not installed")
    start = (Guess("a", 0.0), Guess("b", 1.0, prior=(1.5, 0.1)))
    found = regress("a + b * x", data={"x": X, "y": Y}, start=start, noise=noise("additive", sd=0.2))
    made = found.posterior(draws=500, tune=300, chains=4, seed=5)
    design = np.column_stack([np.ones(5), X]) / 0.2
    precision = design.T @ design + np.diag([0.0, 100.0])
    mean = np.linalg.solve(precision, design.T @ (Y / 0.2) + np.array([0.0, 150.0]))
    sd = np.sqrt(np.diag(np.linalg.inv(precision)))
    assert made.mean == pytest.approx(mean, abs=4 * sd.max() / np.sqrt(made.effective.min()))
    assert np.sqrt(np.diag(made.covariance)) == pytest.approx(sd, rel=0.1)
    assert made.diverging == 0 and np.all(made.r_hat < 1.02)
    one, other = (found.posterior(draws=20, tune=20, chains=1, seed=5) for _ in range(2))
    assert np.array_equal(one.points, other.points)


def test_a_recipe_has_a_posterior_that_a_comparison_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nutpie", reason="the extra `sample` (nutpie, 300 MB with what it brings) is not installed")
    folder = shelf(tmp_path, recipe("MAP", RECIPE.replace("[method]", NOISE)), LEVELS)
    monkeypatch.chdir(tmp_path)
    kept = fit(folder, again=True)
    found = kept.posterior(draws=40, tune=40, chains=1, seed=2)
    assert found.drawn.names[-1] == "sd of toy_study level" and found.name == "toy_fit"
    assert np.linalg.inv(sum(found.information.values())) == pytest.approx(found.fit.covariance, rel=1e-6, abs=1e-9)
    off = (found.estimate - kept.estimate) / np.sqrt(np.diag(kept.covariance))
    assert np.max(np.abs(off)) < 1.0
    assert found.draws(5, seed=1).shape == (5, len(kept.parameters))
    assert set(found.places(exo.load("toy"))) == set(kept.places(exo.load("toy")))
