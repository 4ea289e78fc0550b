"""Bootstraps agree with the covariance where that is right; weights are Akaike's; leverage finds what holds a fit."""

from __future__ import annotations

import numpy as np
import pytest

from exodelivery.errors import FitError
from exodelivery.fitting.averaging import average
from exodelivery.fitting.bootstrap import resample
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.leverage import influence_of
from exodelivery.fitting.regress import noise, regress

X = np.linspace(0.25, 6, 40)
Y = 8 * np.exp(-0.4 * X) + 0.3 * np.random.default_rng(0).standard_normal(len(X))
DATA = {"x": X, "y": Y}


@pytest.mark.parametrize("kind", ["parametric", "cases"])
def test_a_bootstrap_has_the_standard_errors_of_the_covariance(kind: str) -> None:
    fit = regress("a * exp(-k * x)", data=DATA, start={"a": 5, "k": 1})
    drawn = resample(fit, kind=kind, draws=80, seed=2)
    for name in ("a", "k"):
        assert drawn.standard_error(name) == pytest.approx(fit.standard_errors[name], rel=0.35)
        assert drawn.interval(name) == pytest.approx(fit.interval(name), rel=0.1)
    assert np.array_equal(drawn.estimates, resample(fit, kind=kind, draws=80, seed=2).estimates)
    assert drawn.failed == 0 and kind in str(drawn)


def test_limits_stay_limits_in_a_parametric_bootstrap() -> None:
    low = Y < 1.5
    data = {"x": X, "y": np.where(low, 1.5, Y)}
    start = [Guess("a", 5.0, scale="log"), Guess("k", 1.0, scale="log")]
    fit = regress("a * exp(-k * x)", data=data, start=start, limits=np.where(low, -1, 0))
    drawn = resample(fit, draws=60)
    assert drawn.standard_error("k") == pytest.approx(float(np.sqrt(fit.covariance[1, 1])), rel=0.4)


def test_groups_are_drawn_whole() -> None:
    who = np.repeat(["one", "two", "three", "four"], 10)
    fit = regress("a * exp(-k * x)", data=DATA, start={"a": 5, "k": 1})
    assert len(resample(fit, kind="groups", draws=20, groups=list(who)).estimates) == 20
    with pytest.raises(FitError, match="no groups"):
        resample(fit, kind="groups", draws=5, groups=["one"] * 40)
    with pytest.raises(FitError, match="nearest: cases"):
        resample(fit, kind="case", draws=5)


def test_models_are_weighed_by_akaike() -> None:
    one = regress("a * exp(-k * x)", data=DATA, start={"a": 5, "k": 1})
    flat = regress("a / (1 + k * x)", data=DATA, start={"a": 8, "k": 0.5})
    both = average({"exponential": one, "hyperbola": flat}, "aic")
    assert both.weights["exponential"] / both.weights["hyperbola"] == pytest.approx(np.exp((flat.aic - one.aic) / 2))
    mean, error = both.predict()
    assert mean == pytest.approx(one.predict(), abs=0.05)
    assert np.all(error > 0)
    with pytest.raises(FitError, match="different numbers"):
        average({"a": one, "b": regress("a * exp(-k * x)", data={"x": X, "y": Y + 1}, start={"a": 5, "k": 1})})


def test_akaike_compares_additive_and_log_normal_errors_on_one_scale() -> None:
    """The Jacobian of the logarithm is in the likelihood: proportional scatter prefers the log-normal."""
    y = 8 * np.exp(-0.4 * X) * np.exp(0.2 * np.random.default_rng(1).standard_normal(len(X)))
    one = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1}, noise="log-normal")
    other = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1}, noise="additive")
    assert one.aic < other.aic - 3
    ml = regress(
        "a * exp(-k * x)", data={"x": X, "y": y}, start=[Guess("a", 5.0, scale="log"), Guess("k", 1.0, scale="log")],
        noise="log-normal", method="maximum_likelihood",
    )  # fmt: skip
    assert ml.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-8)


def test_leaving_a_row_out_does_what_its_influence_says() -> None:
    y = Y.copy()
    y[35] += 1.2
    fit = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1}, noise=noise("additive", sd=0.3))
    found = influence_of(fit)
    assert found.leverage.sum() == pytest.approx(2.0, rel=1e-6)
    kept = np.arange(len(X)) != 35
    without = regress(
        "a * exp(-k * x)", data={"x": X[kept], "y": y[kept]}, start={"a": 5, "k": 1}, noise=noise("additive", sd=0.3)
    )
    moved = (without.at - fit.at) / np.sqrt(np.diag(fit.covariance))
    assert found.moves[35] == pytest.approx(moved, rel=0.15)
    assert int(np.abs(found.moves).max(axis=1).argmax()) == 35
