"""Inputs over time against closed forms: steps and lines, in one run and in many, with their doses and derivatives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import DoseError, ExodeliveryError
from exodelivery.solve.gradients import sensitivities
from exodelivery.solve.simulate import machine_for, simulate

Assemble = Callable[..., Model]
TIMES = np.array([0.0, 1.0, 3.0, 4.0, 5.5, 8.0, 10.0, 14.0])
EVERY_SOLVER = ["rodas5p", "lsoda", "radau"]
SWITCHED = [("0 h", "0.1 1/h"), ("3 h", "0.5 1/h"), ("8 h", "0.02 1/h")]


@pytest.fixture(scope="module")
def model(assemble: Assemble) -> Model:
    return assemble(
        body={"weight": "20 g"},
        drug={
            "parameters": {"f": "0.8"},
            "inputs": {"k": "0.2 1/h"},
            "flows": {"leave": "plasma.free -> out : f * k * plasma.free"},
        },
    )


def integrated(points: list[tuple[float, float]], *, lines: bool, declared: float = 0.2) -> Any:
    """The integral of the input from nought to each time, by quadrature of its own definition."""
    times, values = zip(*points, strict=True)

    def value(t: float) -> float:
        if t < times[0]:
            return declared
        if lines:
            return float(np.interp(t, times, values))
        return values[int(np.searchsorted(times, t, side="right")) - 1]

    def area(end: float) -> float:
        edges = [0.0, *(t for t in times if 0 < t < end), end]
        return sum(
            quad(lambda t, a=a, b=b: value(min(max(t, a), np.nextafter(b, a))), a, b)[0] for a, b in pairwise(edges)
        )

    return np.vectorize(area)(TIMES)


@pytest.mark.parametrize("solver", EVERY_SOLVER)
@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("first", [0.0, 1.0])
def test_a_rate_constant_that_changes_leaves_the_exponential_of_its_integral(
    model: Model, solver: str, lines: bool, first: float
) -> None:
    points = [(first, 0.1), (3.0, 0.5), (8.0, 0.02)]
    regimen = bolus("4 nmol").varying("disposition.k", [(t, f"{k} 1/h") for t, k in points], lines=lines)
    run = simulate(model, regimen, until=14, solver=solver)
    expected = 2 * np.exp(-0.8 * integrated(points, lines=lines))
    np.testing.assert_allclose(run["level"](TIMES), expected, rtol=2e-7)
    shown = run["disposition.k"]
    assert shown.unit == "1/h"
    assert shown(3.0) == pytest.approx(0.5)
    assert shown(2.0) == pytest.approx(0.1 + (0.4 * (2 - first) / (3 - first) if lines else 0))
    assert shown(0.5) == pytest.approx(0.2 if first else 0.1 + (0.4 * 0.5 / 3 if lines else 0))
    assert run.residuals["drug"] < 1e-9


def test_a_dose_per_weight_takes_the_weight_of_its_own_time(model: Model) -> None:
    weighed = bolus("1 mg/kg", every=4, times=3).varying("body.weight", [(0, "20 g"), ("5 h", "30 g")], lines=False)
    run = simulate(model, weighed, until=14, solver="lsoda")
    each = np.array([20e-6, 20e-6, 30e-6]) / 500 * 1e9 / 2
    k = 0.8 * 0.2
    for n, at in enumerate((0.0, 4.0, 8.0)):
        left = np.exp(-k * (at - 4 * np.arange(n + 1)))
        assert run["level"](at) == pytest.approx(each[: n + 1] @ left, rel=1e-7)


def test_an_infusion_and_a_reset_stay_what_they_are_under_an_input(model: Model) -> None:
    regimen = infusion("6 nmol", "6 h").reset(4) + bolus("2 nmol", at=5)
    run = simulate(model, regimen.varying("disposition.k", SWITCHED), until=14)
    first, second = 0.8 * 0.1, 0.8 * 0.5
    at_three = 0.5 / first * -np.expm1(-3 * first)
    left, new = at_three * np.exp(-0.5 * second), 0.5 / second * -np.expm1(-0.5 * second)
    assert run["level"](3.5) == pytest.approx(left + new)
    assert run["level"](4.5) == pytest.approx(0, abs=1e-12)
    assert run["level"](8.0) == pytest.approx(np.exp(-3 * second), rel=1e-7)


def test_a_series_that_is_weighed_anew_is_cancelled_by_a_reset_as_any(model: Model) -> None:
    regimen = bolus("1 mg/kg", every=4, times=3).varying("body.weight", [(0, "20 g"), (1, "40 g")])
    run = simulate(model, regimen.reset(6), until=10)
    assert run["level"](9.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("how", ["alone", "added"])
def test_a_steady_state_is_that_of_the_input_at_its_time(model: Model, how: str) -> None:
    regimen = bolus("2 nmol", at=6, every=4, steady_state=how, times=2)
    run = simulate(model, (bolus("1 nmol") + regimen).varying("disposition.k", SWITCHED), until=14)
    k = 0.8 * 0.5
    before = 0.5 * np.exp(-0.8 * 0.1 * 3 - k * 3) if how == "added" else 0.0
    assert run["level"](6.0) == pytest.approx(before + 1 / -np.expm1(-4 * k), rel=1e-6)
    assert run["level"](7.0) == pytest.approx((before + 1 / -np.expm1(-4 * k)) * np.exp(-k), rel=1e-6)


def test_subjects_have_covariates_of_their_own(model: Model) -> None:
    points = [[(0.0, 0.1), (5.0, 0.4)], [(2.0, 0.3)], None]
    regimens = [
        bolus("4 nmol") if one is None else bolus("4 nmol").varying("disposition.k", [(t, f"{k} 1/h") for t, k in one])
        for one in points
    ]
    times = [float(t) for t in TIMES]
    found = simulate(model, regimens, sets={"disposition.f": [0.8, 0.5, 1.0]}, times=times)
    assert found
    for n, (one, f) in enumerate(zip(points, (0.8, 0.5, 1.0), strict=True)):
        area = 0.2 * TIMES if one is None else integrated(one, lines=False)
        np.testing.assert_allclose(found["level"][n], 2 * np.exp(-f * area), rtol=1e-6)
    both = simulate(model, regimens, sets={"disposition.f": [0.8, 0.5, 1.0]}, times=times, solver="lsoda")
    np.testing.assert_allclose(found["level"], both["level"], rtol=1e-6)


def test_a_set_that_moves_the_declared_value_is_heeded_until_the_first_time(model: Model) -> None:
    regimen = bolus("4 nmol").varying("disposition.k", [(2.0, "0.3 1/h")])
    k = np.array([0.1, 0.5])
    found = simulate(model, regimen, sets={"disposition.k": k}, times=[1.0, 4.0])
    exact = 2 * np.exp(-0.8 * np.array([k, 2 * k + 2 * 0.3])).T
    np.testing.assert_allclose(found["level"], exact, rtol=1e-6)


@pytest.mark.parametrize("lines", [False, True])
def test_derivatives_under_an_input_match_the_closed_form(model: Model, lines: bool) -> None:
    points = [(0.0, 0.1), (3.0, 0.5), (8.0, 0.02)]
    regimen = bolus("4 nmol").varying("disposition.k", [(t, f"{k} 1/h") for t, k in points], lines=lines)
    compiled = machine_for(model, regimen)
    run = simulate(model, regimen, until=14)
    place = next(n for n, p in enumerate(compiled.system.parameters) if p.name == "disposition.f")
    found = sensitivities(compiled, run, (place,)).curve("level", TIMES)[:, 0]
    area = integrated(points, lines=lines)
    np.testing.assert_allclose(found, -area * 2 * np.exp(-0.8 * area), rtol=2e-5, atol=1e-7)


def test_derivatives_by_a_value_that_time_overrules_are_refused(model: Model) -> None:
    regimen = bolus("4 nmol").varying("disposition.k", SWITCHED)
    compiled = machine_for(model, regimen)
    place = next(n for n, p in enumerate(compiled.system.parameters) if p.name == "disposition.k")
    with pytest.raises(DoseError, match="given over time"):
        sensitivities(compiled, simulate(model, regimen, until=14), (place,))


@pytest.mark.parametrize(
    ("name", "points", "said"),
    [
        ("disposition.kk", [(0, "1 1/h")], r"nearest: disposition\.k"),
        ("disposition.f", [(0, "0.5")], "declare it among the"),
        ("body.V", [(0, "2 mL")], "constant"),
        ("disposition.k", [(0, "1 mL")], "dimension"),
        ("disposition.k", [(0, "-1 1/h")], "positive"),
    ],
)
def test_an_input_that_is_none_is_refused(model: Model, name: str, points: Any, said: str) -> None:
    with pytest.raises(ExodeliveryError, match=said):
        simulate(model, bolus("4 nmol").varying(name, points), until=14)


@pytest.mark.parametrize(
    ("points", "said"),
    [([], "without a time"), ([(3, "1 1/h"), (3, "2 1/h")], "do not rise"), ([(-1, "1 1/h")], "not negative")],
)
def test_times_of_an_input_rise(points: Any, said: str) -> None:
    with pytest.raises(DoseError, match=said):
        bolus("4 nmol").varying("disposition.k", points)


def test_an_input_is_given_once(model: Model) -> None:
    twice = bolus("4 nmol").varying("disposition.k", SWITCHED).varying("disposition.k", SWITCHED)
    with pytest.raises(DoseError, match="twice"):
        simulate(model, twice, until=3)
    assert Regimen().inputs == ()


def test_an_input_that_only_adds_keeps_a_model_linear(assemble: Assemble) -> None:
    fed = assemble(
        drug={
            "parameters": {"k": "0.2 1/h"},
            "inputs": {"feed": "1 nmol/h"},
            "flows": {"make": "in -> plasma.free : feed", "leave": "plasma.free -> out : k * plasma.free"},
        }
    )
    regimen = bolus("2 nmol").varying("disposition.feed", [(0, "0 nmol/h"), (10, "4 nmol/h")], lines=True)
    found = simulate(fed, regimen, sets={"disposition.k": [0.2]}, times=[6.0])
    assert found.solver == "exact"
    ramp = 0.4 * (6 / 0.2 - -np.expm1(-1.2) / 0.04)
    assert found["level"][0, 0] == pytest.approx((2 * np.exp(-1.2) + ramp) / 2, rel=1e-11)
