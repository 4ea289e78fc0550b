"""Noises: exact gradients, expected information by quadrature, limits as probabilities, counts, correlated records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from exodelivery.errors import FitError
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.noises.correlated import Correlated
from exodelivery.fitting.noises.counts import Counts
from exodelivery.fitting.noises.protocol import NoiseModel
from exodelivery.fitting.noises.spread import Spread
from exodelivery.fitting.objective import Objective, Observed, Under
from exodelivery.fitting.regress import noise, objective_of, regress
from exodelivery.solve.timeline import Array

X = np.linspace(0.2, 8, 40)
TRUTH = 8 * np.exp(-0.4 * X)


def measured(seed: int = 0, cv: float = 0.1, sd: float = 0.05) -> Array:
    generator = np.random.default_rng(seed)
    found: Array = TRUTH * (1 + cv * generator.standard_normal(len(X))) + sd * generator.standard_normal(len(X))
    return found


ALL: dict[str, NoiseModel] = {
    "additive": noise("additive", sd=0.4, estimate=True),
    "proportional": noise("proportional", cv=0.2, estimate=True),
    "combined": noise("combined", sd=0.3, cv=0.15, estimate=True),
    "log-normal": noise("log-normal", sd=0.3, estimate=True),
    "Student": Spread("additive", (0.4, 5.0), (True, True), student=True),
    "Student, combined": Spread("combined", (0.3, 0.2, 5.0), (True, True, True), student=True),
    "Poisson": Counts(),
    "negative binomial": Counts((6.0,), (True,)),
}


@pytest.mark.parametrize("censored", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_the_gradient_is_that_of_the_likelihood(name: str, censored: bool) -> None:
    """Against central differences; below and above a limit as well."""
    y, limits = np.maximum(measured(), 0.3), np.zeros(len(X), dtype=int)
    if isinstance(ALL[name], Counts):
        if censored:
            return
        y = np.round(y)
    elif censored:
        limits[y < 0.5], limits[:2] = -1, 1
    start = [Guess("a", 6.0, scale="log"), Guess("k", 0.5, scale="log")]
    objective = objective_of("a * exp(-k * x)", data={"x": X, "y": y}, start=start, noise=ALL[name], limits=limits)
    at = objective.start + 0.05
    found = objective.evaluate(at)
    assert found.value == pytest.approx(objective.value(at), rel=1e-13)
    for n, direction in enumerate(np.eye(len(at))):
        difference = (objective.value(at + 1e-5 * direction) - objective.value(at - 1e-5 * direction)) / 2e-5
        assert found.gradient[n] == pytest.approx(difference, rel=2e-6, abs=2e-6)
    assert np.linalg.eigvalsh(found.information)[0] > 0


@pytest.mark.parametrize("name", ["additive", "combined", "log-normal", "Student", "Student, combined"])
def test_the_information_is_the_mean_square_of_the_gradient(name: str) -> None:
    """By quadrature over what might be observed of one row; its own numbers and the prediction together."""
    given: Any = ALL[name]
    f, numbers = np.array([2.0]), np.array(given.values)
    u = (np.arange(40_000) + 0.5) / 40_000
    z = stats.t.ppf(u, numbers[-1]) if given.student else stats.norm.ppf(u)
    spread, *_ = given._spread(f, numbers)
    y = f * np.exp(spread * z) if given.kind == "log-normal" else f + spread * z
    part = given.contribution(y, np.zeros(len(y)), np.full(len(y), f[0]), numbers)
    scores = np.column_stack([part.by_prediction, part.by_numbers])
    one = given.contribution(y[:1], np.zeros(1), f, numbers)
    expected = np.block([[one.information[:, None], one.mixed], [one.mixed.T, one.of_numbers]])
    assert scores.T @ scores / len(y) == pytest.approx(expected, rel=5e-3, abs=2e-3)


def test_a_likelihood_is_that_of_scipy() -> None:
    y, f, none = np.array([1.3, 0.4]), np.array([1.0, 0.5]), np.zeros(2)
    each = Spread("combined", (0.2, 0.1), (False, False)).contribution(y, none, f, np.array([0.2, 0.1])).each
    assert each == pytest.approx(-stats.norm.logpdf(y, f, np.hypot(0.2, 0.1 * f)))
    each = Spread("log-normal", (0.3,), (False,)).contribution(y, none, f, np.array([0.3])).each
    assert each == pytest.approx(-stats.lognorm.logpdf(y, 0.3, scale=f))
    each = (
        Spread("additive", (0.3, 4.0), (False, False), student=True).contribution(y, none, f, np.array([0.3, 4.0])).each
    )
    assert each == pytest.approx(-stats.t.logpdf(y, 4, f, 0.3))
    counts = np.array([3.0, 0.0])
    assert Counts().contribution(counts, none, f, np.empty(0)).each == pytest.approx(-stats.poisson.logpmf(counts, f))
    each = Counts((5.0,), (True,)).contribution(counts, none, f, np.array([5.0])).each
    assert each == pytest.approx(-stats.nbinom.logpmf(counts, 5, 5 / (5 + f)))


def test_a_limit_is_the_probability_of_its_side() -> None:
    """Beal's M3; and dropping or halving what lies below the limit is what it is not."""
    below = Spread("additive", (0.2,), (False,)).contribution(
        np.ones(2), np.array([-1, 1]), np.full(2, 0.9), np.array([0.2])
    )
    assert below.each == pytest.approx([-stats.norm.logcdf(0.5), -stats.norm.logsf(0.5)])
    rates: dict[str, list[float]] = {"M3": [], "dropped": [], "halved": []}
    for seed in range(25):
        y = TRUTH + 0.5 * np.random.default_rng(seed).standard_normal(len(X))
        low = y < 1.0
        start = [Guess("a", 6.0, scale="log"), Guess("k", 0.5, scale="log")]
        for way, found in rates.items():
            kept = ~low if way == "dropped" else np.ones(len(X), dtype=bool)
            seen = np.where(low, 0.5 if way == "halved" else 1.0, y)[kept]
            marks = np.where(low, -1, 0)[kept] if way == "M3" else None
            data = {"x": X[kept], "y": seen}
            fit = regress("a * exp(-k * x)", data=data, start=start, noise="additive", limits=marks)
            found.append(fit.values["k"])
    bias = {way: abs(np.mean(each) - 0.4) for way, each in rates.items()}
    error = float(np.std(rates["M3"]) / np.sqrt(25))
    assert bias["M3"] < 3 * error
    assert bias["dropped"] > 3 * bias["M3"] and bias["halved"] > 3 * bias["M3"]


def test_sizes_of_errors_are_found_and_may_be_shared_or_apart() -> None:
    """Two observables of one curve, 5 % and 20 %: apart each is found, shared it lies between."""
    generator = np.random.default_rng(3)
    x = np.tile(np.linspace(0.1, 6, 150), 2)
    kind = np.repeat(["blood", "tumour"], 150)
    f = 8 * np.exp(-0.4 * x)
    y = f * (1 + np.where(kind == "blood", 0.05, 0.2) * generator.standard_normal(300))
    apart = {"blood": noise("proportional"), "tumour": noise("proportional")}
    start = [Guess("a", 6.0, scale="log"), Guess("k", 0.5, scale="log")]
    data = {"x": x, "y": y, "kind": kind}
    two = regress("a * exp(-k * x)", data=data, start=start, noise=apart, by="kind")
    one = regress("a * exp(-k * x)", data=data, start=start, noise="proportional")
    assert two.values["cv of blood"] == pytest.approx(0.05, rel=0.2)
    assert two.values["cv of tumour"] == pytest.approx(0.2, rel=0.2)
    assert 0.05 < one.values["cv"] < 0.2
    assert two.aic < one.aic - 50
    assert two.standard_errors["k"] < one.standard_errors["k"]


def test_students_t_lets_an_outlier_go() -> None:
    y = 8 * np.exp(-0.4 * X) + 0.05 * np.random.default_rng(1).standard_normal(len(X))
    y[30] += 4  # a tube mixed up
    plain = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1})
    robust = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1}, noise=noise("additive", dof=4))
    assert abs(robust.values["k"] - 0.4) < 0.2 * abs(plain.values["k"] - 0.4)
    assert np.argmax(np.abs(plain.standardised())) == 30


def test_a_given_size_is_never_rescaled() -> None:
    y = measured(cv=0.0)
    given = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1}, noise=noise("additive", sd=0.5))
    found = regress("a * exp(-k * x)", data={"x": X, "y": y}, start={"a": 5, "k": 1})
    assert found.sigma is not None
    assert given.standard_errors["k"] / found.standard_errors["k"] == pytest.approx(0.5 / found.sigma)
    assert "never rescaled" in given.convention


def test_counts_of_cells_are_poisson() -> None:
    """The score of a Poisson log-linear mean: predicted and observed totals agree at the optimum."""
    x = np.arange(12.0)
    y = np.random.default_rng(2).poisson(30 * np.exp(-0.2 * x)).astype(float)
    fit = regress("a * exp(-k * x)", data={"x": x, "y": y}, start={"a": 20, "k": 0.1}, noise="poisson")
    assert fit.predict().sum() == pytest.approx(y.sum(), rel=1e-6)
    with pytest.raises(FitError, match="whole number"):
        regress("a * exp(-k * x)", data={"x": x, "y": y + 0.5}, start={"a": 20, "k": 0.1}, noise="poisson")


def test_correlated_rows_count_less_than_independent_ones() -> None:
    """Two copies of one measurement say what one says."""
    covariance = 0.01 * (np.full((2, 2), 1.0) + 1e-6 * np.eye(2))
    both = Correlated(covariance, np.zeros(2, dtype=bool), np.zeros(2))
    curve = objective_of("a * x", data={"x": np.ones(2), "y": np.ones(2)}, start={"a": 1}).curve
    tied = Objective(curve, (Guess("a", 1.0),), Observed(np.full(2, 1.2), np.zeros(2), (Under(both, np.arange(2)),)))
    assert tied.evaluate(np.array([1.0])).information[0, 0] == pytest.approx(100, rel=1e-5)
    with pytest.raises(FitError, match="not positive definite"):
        Correlated(np.ones((2, 2)) - 2 * np.eye(2), np.zeros(2, dtype=bool), np.zeros(2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"noise": "aditive"}, "nearest: additive"),
        ({"start": {"a": 1}}, "nothing says where k starts"),
        ({"start": {"a": 1, "k": 1, "z": 2}}, "z is no parameter"),
        ({"observed": "z"}, "no column 'z'"),
        ({"data": {"x": X, "k": X[1:], "y": X}, "start": {"a": 1}}, "different numbers of rows: x 40, k 39"),
        ({"data": {"x": X, "y": X[1:]}}, "the curve has 40 rows, the data 39"),
        ({"data": {"x": X, "y": X * np.nan}}, "row 1 is not a finite number"),
        ({"noise": "log-normal", "data": {"x": X, "y": -X}}, "has no logarithm"),
        ({"limits": np.full(len(X), -1), "noise": noise("poisson")}, "no limit"),
        ({"method": "least_squares", "noise": "proportional"}, "no common size"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, Any], message: str) -> None:
    asked = {"data": {"x": X, "y": np.round(TRUTH + 1)}, "start": {"a": 5, "k": 1}, **given}
    with pytest.raises(FitError, match=message):
        regress("a * exp(-k * x)", **asked)
