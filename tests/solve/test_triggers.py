"""Doses that wait for a condition: moments against closed forms, in every solver, with derivatives; what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import DoseError, ExodeliveryError
from exodelivery.solve import triggers
from exodelivery.solve.gradients import sensitivities
from exodelivery.solve.simulate import machine_for, simulate
from exodelivery.solve.trajectory import Trajectory

Assemble = Callable[..., Model]
every_solver = pytest.mark.parametrize("solver", ["rodas5p", "lsoda", "radau", "exact"])
K = 0.2


@pytest.fixture(scope="module")
def growing(assemble: Assemble) -> Model:
    """A bolus of 1 nmol in 2 mL that grows at 0.2 1/h."""
    flows = {"grow": "in -> plasma.free : k * plasma.free"}
    return assemble(drug={"parameters": {"k": "0.2 1/h"}, "flows": flows}, body={"weight": "20 g"})


@pytest.fixture(scope="module")
def falling(assemble: Assemble) -> Model:
    return assemble()


@pytest.fixture(scope="module")
def oral(assemble: Assemble) -> Model:
    return assemble(
        body={
            "parameters": {"V": "2 mL", "late": "1 h"},
            "routes": {"iv": "plasma", "po": "gut", "lagged": {"site": "plasma", "lag": "late"}},
            "sites": {"plasma": {"role": "blood", "volume": "V"}, "gut": {"role": "tissue", "volume": "V"}},
        },
        drug={
            "parameters": {"k": "0.2 1/h", "ka": "1.5 1/h"},
            "flows": {
                "leave": "plasma.free -> out : k * plasma.free",
                "absorb": "gut.free -> plasma.free : ka * gut.free",
            },
        },
    )


def moments(run: Trajectory) -> list[float]:
    assert run
    return [one.time for one in run.fired]


@every_solver
def test_growth_reaches_a_size_after_its_logarithm_over_its_rate(growing: Model, solver: str) -> None:
    regimen = bolus("1 nmol") + bolus("3 nmol").when("level > 5 nmol/mL")
    run = simulate(growing, regimen, until=20, solver=solver)
    (time,) = moments(run)
    assert time == pytest.approx(math.log(10) / K, abs=2e-7)
    assert run["level"](time - 1e-6) == pytest.approx(5.0, rel=1e-6)
    assert run["level"](20.0) == pytest.approx(6.5 * math.exp(K * (20 - math.log(10) / K)), rel=1e-6)
    assert run.regimen.doses[1].at == time and run.regimen.triggers == ()
    assert run.residuals["drug"] < 1e-9
    assert "level > 5 nmol/mL came to hold at 11.5129 h" in str(run)


@pytest.mark.parametrize("solver", ["rodas5p", "lsoda", "exact"])
def test_a_level_is_topped_up_every_time_that_it_has_fallen(falling: Model, solver: str) -> None:
    regimen = bolus("4 nmol") + bolus("3 nmol").when("level < 0.5 nmol/mL", each=True)
    found = moments(simulate(falling, regimen, until=15, solver=solver))
    np.testing.assert_allclose(found, math.log(4) / K * np.arange(1, 3), atol=1e-6)


def test_other_sides_units_and_words_say_the_same(growing: Model) -> None:
    for condition in (
        "5 nmol/mL < level",
        "level >= 5 uM",
        "2 * level > 10 nmol/mL",
        "plasma.free > 10 nmol",
        "conc(plasma.free) > 0.005 nmol/uL",
        "level > 5 nmol/mL and time > 2 h",
    ):
        (time,) = moments(simulate(growing, bolus("1 nmol") + bolus("3 nmol").when(condition), until=20))
        assert time == pytest.approx(math.log(10) / K, abs=2e-7), condition


def test_all_comparisons_have_to_hold(growing: Model) -> None:
    regimen = bolus("1 nmol") + bolus("3 nmol").when("level > 5 nmol/mL and time > 15 h")
    assert moments(simulate(growing, regimen, until=20)) == [pytest.approx(15.0, abs=2e-9)]


def test_what_holds_from_the_start_gives_its_doses_then(growing: Model) -> None:
    regimen = bolus("1 nmol") + bolus("3 nmol").when("level > 0.1 nmol/mL", since="2 h")
    run = simulate(growing, regimen, until=4)
    assert moments(run) == [2.0]
    assert not run.fired[0].crossing
    assert run["level"](2.0) == pytest.approx(0.5 * math.exp(2 * K) + 1.5, rel=1e-7)


def test_a_dose_that_makes_a_condition_hold_is_followed_at_its_own_time(falling: Model) -> None:
    regimen = bolus("1 nmol") + bolus("4 nmol", at=3) + bolus("2 nmol").when("level > 1 nmol/mL")
    run = simulate(falling, regimen, until=6)
    assert moments(run) == [3.0]
    assert run["level"](3.0) == pytest.approx(0.5 * math.exp(-3 * K) + 3, rel=1e-7)
    assert run["level"](2.9999999) == pytest.approx(0.5 * math.exp(-3 * K), rel=1e-6)


def test_one_condition_fires_another_at_once(falling: Model) -> None:
    first = bolus("4 nmol").when("level < 0.5 nmol/mL")
    second = bolus("1 nmol").when("level > 1.5 nmol/mL", since=1)
    run = simulate(falling, bolus("2 nmol") + second + first, until=9)
    when = math.log(2) / K
    np.testing.assert_allclose(moments(run), [when, when], atol=1e-7)
    assert run["level"](9.0) == pytest.approx(3 * math.exp(-K * (9 - when)), rel=1e-6)


def test_two_conditions_of_one_moment_both_have_their_turn(falling: Model) -> None:
    regimen = bolus("2 nmol") + bolus("1 nmol").when("level < 0.5 uM") + bolus("3 nmol").when("2 * level < 1 uM")
    assert moments(simulate(falling, regimen, until=9)) == pytest.approx([math.log(2) / K] * 2, abs=1e-6)


def test_times_of_doses_lags_and_infusions_count_from_the_moment(growing: Model) -> None:
    waiting = bolus("1 nmol", every=2, times=2, lag=0.5) + infusion("2 nmol", "1 h", at=3)
    run = simulate(growing, bolus("1 nmol") + waiting.when("level > 5 nmol/mL"), until=20)
    (time,) = moments(run)
    after = 20 - time
    fed = 1 / K * -math.expm1(-K) * math.exp(K * (after - 3))
    boluses = 0.5 * (math.exp(K * (after - 0.5)) + math.exp(K * (after - 2.5)))
    assert run["level"](20.0) == pytest.approx(5 * math.exp(K * after) + boluses + fed, rel=1e-6)


def test_a_condition_may_reset_everything(growing: Model) -> None:
    regimen = bolus("1 nmol") + (Regimen().reset(0) + bolus("2 nmol")).when("level > 5 nmol/mL", each=True)
    run = simulate(growing, regimen, until=26)
    np.testing.assert_allclose(moments(run), [math.log(10) / K, math.log(50) / K], atol=1e-6)
    assert run["level"](26.0) == pytest.approx(math.exp(K * (26 - math.log(50) / K)), rel=1e-6)


def test_a_top_between_two_looks_is_not_overlooked(oral: Model) -> None:
    ka = 1.5
    when = math.log(ka / K) / (ka - K)
    top = 0.5 * ka / (ka - K) * (math.exp(-K * when) - math.exp(-ka * when))
    for part, fires in ((1 - 1e-5, True), (1 + 1e-5, False)):
        regimen = bolus("1 nmol", route="po") + bolus("1 nmol").when(f"level > {top * part!r} nmol/mL")
        run = simulate(oral, regimen, until=30, solver="rodas5p")
        assert bool(run.fired) is fires
        assert all(0.9 * when < one.time < when for one in run.fired)


def test_what_never_comes_to_hold_is_said(falling: Model) -> None:
    run = simulate(falling, bolus("2 nmol") + bolus("1 nmol").when("level > 50 nmol/mL"), until=9)
    assert run and not run.fired
    assert "level > 50 nmol/mL never came to hold" in str(run)


def test_conditions_that_fire_without_end_are_an_outcome(falling: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "MOST", 30)
    regimen = bolus("1 nmol") + bolus("0.001 nmol").when("level < 0.4 nmol/mL", each=True)
    run = simulate(falling, regimen, until=50)
    assert not run
    assert "30 times" in run.outcome.what and "each=" in run.outcome.remedy
    assert run.outcome.time == pytest.approx((math.log(0.5 / 0.4) + 29 * math.log(0.8 / 0.799)) / K, rel=1e-2)


@pytest.mark.parametrize("given", ["bolus", "infusion", "lag"])
def test_derivatives_pass_the_moment(growing: Model, given: str) -> None:
    waiting = {
        "bolus": bolus("3 nmol"),
        "infusion": infusion("3 nmol", "2 h"),
        "lag": bolus("3 nmol", lag="1 h") + bolus("1 mg/kg", at=2),
    }[given]
    regimen = bolus("1 nmol") + waiting.when("level > 5 nmol/mL")
    compiled = machine_for(growing, regimen)
    names = [parameter.name for parameter in compiled.system.parameters]
    sensitive = tuple(names.index(name) for name in ("disposition.k", "body.V", "body.weight") if name in names)
    times = np.array([5.0, 12.0, 15.0, 20.0])
    run = simulate(growing, regimen, until=20, tolerance=1e-10)
    found = sensitivities(compiled, run, sensitive).curve("level", times)
    for column, place in enumerate(sensitive):
        step = 1e-4 * compiled.values[place]
        ends = [
            simulate(growing, regimen, until=20, tolerance=1e-11, values={names[place]: compiled.values[place] + sign})
            for sign in (step, -step)
        ]
        moved = (ends[0]["level"](times) - ends[1]["level"](times)) / (2 * step)
        np.testing.assert_allclose(found[:, column], moved, rtol=2e-4, atol=1e-5 * np.max(np.abs(moved)))


def test_derivatives_pass_one_moment_after_another(falling: Model) -> None:
    """Each top-up comes at n ln 4 / k, so the level at a time is known, and so is its derivative by k."""
    regimen = bolus("4 nmol") + bolus("3 nmol").when("level < 0.5 nmol/mL", each=True)
    compiled = machine_for(falling, regimen)
    place = [parameter.name for parameter in compiled.system.parameters].index("disposition.k")
    times = np.array([3.0, 10.0, 17.0, 24.0])
    found = sensitivities(compiled, simulate(falling, regimen, until=30), (place,)).curve("level", times)[:, 0]
    # between moments the level is 2 exp(-k t) 4^n: what was topped up keeps the phase
    exact = -times * 2 * np.exp(-K * times) * 4.0 ** np.floor(times * K / math.log(4))
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_derivatives_through_a_moving_reset_are_refused(growing: Model) -> None:
    regimen = bolus("1 nmol") + (Regimen().reset(0) + bolus("2 nmol")).when("level > 5 nmol/mL")
    compiled = machine_for(growing, regimen)
    with pytest.raises(ExodeliveryError, match="do not pass a reset"):
        sensitivities(compiled, simulate(growing, regimen, until=20), (0,))


def test_each_set_of_many_has_moments_of_its_own(growing: Model) -> None:
    k = np.array([0.1, 0.2, 0.4])
    regimen = bolus("1 nmol") + bolus("3 nmol").when("level > 5 nmol/mL")
    found = simulate(growing, [regimen, bolus("1 nmol")], sets={"disposition.k": k}, times=[20.0], subjects=[0, 0, 1])
    assert found
    plain = 0.5 * np.exp(k * 20)
    more = np.where(plain > 5, 1.5 * np.exp(k * (20 - math.log(10) / k)), 0.0) * [1, 1, 0]
    np.testing.assert_allclose(found["level"][:, 0], plain + more, rtol=1e-6)


def test_what_a_run_that_fails_is_given_before_may_save_it(assemble: Assemble) -> None:
    """x' = x² / 8 blows up at 8 h from 1 nmol; a reset on the way starts it anew."""
    wild = assemble(
        drug={"parameters": {"k": "0.125 1/nmol/h"}, "flows": {"grow": "in -> plasma.free : k * plasma.free ** 2"}}
    )
    regimen = bolus("1 nmol") + (Regimen().reset(0) + bolus("1 nmol")).when("level > 2 nmol/mL", each=True)
    assert not simulate(wild, bolus("1 nmol"), until=10)
    np.testing.assert_allclose(moments(simulate(wild, regimen, until=14)), [6.0, 12.0], atol=1e-6)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("level", "no condition"),
        ("level == 5 nmol/mL", "no condition"),
        ("1 h < time < 2 h", "join by and"),
        ("1 < 2", "compares two numbers"),
        ("level > (", "cannot be read"),
        ("__import__('os') > 1", "cannot be read"),
    ],
)
def test_what_is_no_condition_is_refused_when_written(condition: str, said: str) -> None:
    with pytest.raises(DoseError, match=said):
        bolus("1 nmol").when(condition)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("levle > 5 nmol/mL", "level"),
        ("level > 5 nmol", "compares amount/volume with amount"),
        ("level > 5", "give the level its unit"),
        ("level + time > 5 nmol/mL", "cannot be told"),
        ("plasma.loaded > 5 nmol", "can never be told"),
    ],
)
def test_what_a_model_cannot_tell_is_refused_when_run(falling: Model, condition: str, said: str) -> None:
    with pytest.raises(ExodeliveryError, match=said):
        simulate(falling, bolus("1 nmol") + bolus("1 nmol").when(condition), until=9)


def test_doses_wait_for_one_condition_and_have_no_steady_state(falling: Model) -> None:
    with pytest.raises(DoseError, match="one condition"):
        bolus("1 nmol").when("level > 5 nmol/mL").when("time > 3 h")
    with pytest.raises(DoseError, match="steady state"):
        bolus("1 nmol", every=3, steady_state="alone").when("time > 3 h")
    with pytest.raises(DoseError, match="nothing is given"):
        Regimen().when("time > 3 h")
    with pytest.raises(ExodeliveryError, match="until="):
        simulate(falling, bolus("1 nmol").when("time > 3 h"))
