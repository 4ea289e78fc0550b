"""Profile likelihood: closed forms, lmfit's own intervals, open ends in words, and the flip-flop of oral kinetics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from exodelivery.fitting.guess import Guess
from exodelivery.fitting.regress import noise, regress

X = np.linspace(0.25, 8, 16)
Y = 8 * np.exp(-0.4 * X) + 0.1 * np.random.default_rng(0).standard_normal(len(X))


def test_a_linear_model_has_the_profile_of_its_covariance() -> None:
    """For a line the deviance is a parabola: the profile interval is Student's."""
    fit = regress("a + b * x", data={"x": X, "y": 1 + 2 * X + 0.1 * np.sin(9 * X)}, start={"a": 0, "b": 1})
    for name in ("a", "b"):
        assert (fit.profile(name).low, fit.profile(name).high) == pytest.approx(fit.interval(name), rel=1e-4)


def test_the_mean_of_a_poisson_has_its_closed_form() -> None:
    """Deviance 2 (n (m - mean) - n mean log(m / mean)) at the ends is the quantile of chi-square."""
    y = np.array([3.0, 5.0, 2.0, 6.0])
    fit = regress("m * one", data={"one": np.ones(4), "y": y}, start=[Guess("m", 1.0, scale="log")], noise="poisson")
    assert fit.values["m"] == pytest.approx(4.0)
    for end in (fit.profile("m").low, fit.profile("m").high):
        assert 2 * (4 * (end - 4) - 16 * np.log(end / 4)) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-3)


def test_profiles_are_those_of_lmfit() -> None:
    """lmfit 1.3 `conf_interval` at 95 %, the same F rule, to 0.1 %."""
    import lmfit

    fit = regress("a * exp(-k * x)", data={"x": X, "y": Y}, start={"a": 5, "k": 1})

    def residuals(given: lmfit.Parameters) -> np.ndarray:
        found: np.ndarray = given["a"].value * np.exp(-given["k"].value * X) - Y
        return found

    parameters = lmfit.create_params(a=5, k=1)
    minimizer = lmfit.Minimizer(residuals, parameters)
    theirs = lmfit.conf_interval(minimizer, minimizer.minimize(), sigmas=[0.95])
    for name in ("a", "k"):
        (_, low), _, (_, high) = theirs[name]
        assert (fit.profile(name).low, fit.profile(name).high) == pytest.approx((low, high), rel=1e-3)


def test_few_evaluations_make_an_end() -> None:
    fit = regress("a * exp(-k * x)", data={"x": X, "y": Y}, start={"a": 5, "k": 1})
    before = fit.objective.evaluations
    fit.profiles()
    assert fit.objective.evaluations - before < 60


def test_what_only_has_one_end_is_called_one_sided() -> None:
    """Early points only: the uptake is as quick as one likes, and no slower than something."""
    y = 3 * (1 - np.exp(-40 * X)) + 0.05 * np.random.default_rng(1).standard_normal(len(X))
    start = [Guess("top", 2.0, scale="log"), Guess("k", 5.0, scale="log")]
    fit = regress("top * (1 - exp(-k * x))", data={"x": X, "y": y}, start=start, noise=noise("additive", sd=0.05))
    assert fit.profile("top").word == "identified"
    found = fit.profile("k")
    assert found.word == "one-sided" and found.open_above and np.isinf(found.high)
    assert 2 < found.low < 40 and "above" in str(found)


def test_what_is_known_only_as_a_product_is_not_at_all() -> None:
    start = [Guess(name, 2.0, scale="log") for name in ("a", "b", "k")]
    fit = regress("a * b * exp(-k * x)", data={"x": X, "y": Y}, start=start)
    assert [fit.profile(name).word for name in ("a", "b", "k")] == ["not at all", "not at all", "identified"]
    assert any("combination" in sentence for sentence in fit.verdict)


def test_the_flip_flop_of_oral_kinetics_is_said() -> None:
    """ka and k = CL/V exchange, V takes it up: two optima as good (Gibaldi & Perrier's flip-flop)."""
    t = np.array([0.25, 0.5, 1, 2, 4, 6, 8, 12, 24])
    oral = "dose * ka / (V * ka - CL) * (exp(-CL / V * t) - exp(-ka * t))"
    truth = {"ka": 1.5, "V": 30.0, "CL": 3.0}
    y = 320 * 1.5 / (30 * 1.5 - 3) * (np.exp(-0.1 * t) - np.exp(-1.5 * t))
    y = y * np.exp(0.05 * np.random.default_rng(4).standard_normal(len(t)))
    start = [Guess(name, value, scale="log") for name, value in truth.items()]
    data = {"t": t, "dose": np.full(len(t), 320.0), "y": y}
    fit = regress(oral, data=data, start=start, noise="log-normal", starts=20, spread=1.0, seed=2)
    assert len(fit.rivals) == 1 and "ka" in fit.rivals[0] and "V" in fit.rivals[0]
    assert any("flip-flop" in sentence and "A second optimum" in sentence for sentence in fit.verdict)
    again = regress(oral, data=data, start=start, noise="log-normal", starts=20, spread=1.0, seed=2)
    assert again.ends == fit.ends


def test_a_prior_makes_a_map_and_bounds_are_said() -> None:
    start = [Guess("a", 8.0, prior=(8.0, 0.001)), Guess("k", 0.3, high=0.35)]
    fit = regress("a * exp(-k * x)", data={"x": X, "y": Y}, start=start)
    assert fit.method == "maximum a posteriori"
    assert fit.values["a"] == pytest.approx(8.0, abs=0.005)
    assert fit.values["k"] == pytest.approx(0.35)
    assert any("bound" in sentence for sentence in fit.verdict)


def test_lmfit_parameters_go_in_and_come_out() -> None:
    import lmfit

    given = lmfit.Parameters()
    given.add("a", value=5, min=0)
    given.add("half", value=1.0, min=0.01)
    given.add("k", expr="0.6931471805599453 / half")
    fit = regress("a * exp(-k * x)", data={"x": X, "y": Y}, start=given)
    plain = regress("a * exp(-k * x)", data={"x": X, "y": Y}, start={"a": 5, "k": 1})
    back = fit.as_lmfit()
    assert back["k"].value == pytest.approx(plain.values["k"], rel=1e-8)
    assert back["half"].value == pytest.approx(np.log(2) / plain.values["k"], rel=1e-8)
    assert back["a"].stderr == pytest.approx(plain.standard_errors["a"], rel=1e-6)


@settings(max_examples=8, deadline=None)
@given(st.floats(0.2, 1.5), st.floats(2.0, 20.0), st.integers(0, 1000))
def test_a_profile_does_not_depend_on_the_scale_that_a_parameter_moves_on(k: float, a: float, seed: int) -> None:
    """Likelihood intervals go over into one another under any change of parameters; those of the covariance do not."""
    y = a * np.exp(-k * X) + 0.02 * a * np.random.default_rng(seed).standard_normal(len(X))
    data = {"x": X, "y": y}
    linear = regress("a * exp(-k * x)", data=data, start={"a": a, "k": k})
    logarithmic = regress(
        "a * exp(-k * x)", data=data, start=[Guess("a", a, scale="log"), Guess("k", k, scale="log")]
    )  # fmt: skip
    for name in ("a", "k"):
        one, other = linear.profile(name), logarithmic.profile(name)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-3)
        assert linear.values[name] == pytest.approx(logarithmic.values[name], rel=1e-7)
