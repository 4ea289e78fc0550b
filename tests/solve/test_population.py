"""Many sets and subjects at once: as one by one, in their own doses and times, failures that cost only themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import SimulationError
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]
TIMES = [0.0, 0.5, 3.0, 12.0, 40.0]
SATURABLE = {
    "parameters": {"v": "3 nmol/h", "K": "0.4 nmol/mL"},
    "flows": {"leave": "plasma.free -> out : v * conc(plasma.free) / (K + conc(plasma.free))"},
}


@pytest.fixture(scope="module")
def linear(assemble: Assemble) -> Model:
    return assemble()


@pytest.fixture(scope="module")
def saturable(assemble: Assemble) -> Model:
    return assemble(drug=SATURABLE)


def drawn(count: int, *names: str) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {name: np.exp(rng.normal(0.0, 0.5, count)) for name in names}


def test_sets_of_a_linear_model_are_solved_exactly_by_themselves(linear: Model) -> None:
    sets = drawn(20, "disposition.k", "body.V")
    found = simulate(linear, bolus("2 nmol"), sets=sets, times=TIMES)
    exact = 2 / sets["body.V"][:, None] * np.exp(-sets["disposition.k"][:, None] * np.array(TIMES))
    assert found.solver == "exact"
    np.testing.assert_allclose(found["level"], exact, rtol=1e-11)


@pytest.mark.parametrize("solver", [None, "lsoda"])
def test_sets_of_a_nonlinear_model_are_as_one_by_one(saturable: Model, solver: str | None) -> None:
    sets = drawn(9, "disposition.v", "disposition.K")
    dose = bolus("2 nmol", at="1 h", every="10 h", times=2)
    found = simulate(saturable, dose, sets=pd.DataFrame(sets), times=TIMES, keep=("plasma.free",), solver=solver)
    assert found.names == ("level", "plasma.free")
    for n in range(9):
        one = simulate(saturable, dose, values={name: column[n] for name, column in sets.items()})
        np.testing.assert_allclose(found["level"][n], one["level"](TIMES), rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(found["plasma.free"][n], 2 * found["level"][n], rtol=1e-12)


def test_threads_and_neighbours_change_no_bit(saturable: Model) -> None:
    sets = drawn(150, "disposition.v", "body.V")
    one = simulate(saturable, bolus("2 nmol"), sets=sets, times=TIMES, threads=1)
    two = simulate(saturable, bolus("2 nmol"), sets=sets, times=TIMES, threads=2)
    np.testing.assert_array_equal(one.values, two.values)
    part = {name: column[31:40] for name, column in sets.items()}
    few = simulate(saturable, bolus("2 nmol"), sets=part, times=TIMES)
    np.testing.assert_array_equal(few["level"], one["level"][31:40])


def test_subjects_have_doses_and_times_of_their_own(linear: Model) -> None:
    regimens = [bolus("2 nmol"), infusion("3 nmol", "2 h") + bolus("1 nmol", at="5 h")]
    times = [["1 h", "4 h"], [2.0, 5.0, 6.0]]
    k = np.array([0.1, 0.3, 0.5])
    found = simulate(
        linear, regimens, sets={"disposition.k [1/h]": k}, times=times, subjects=[1, 0, 1], keep=("plasma.free",)
    )
    shown = found["plasma.free"]
    np.testing.assert_allclose(shown[1], 2 * np.exp(-0.3 * np.array([1.0, 4.0])), rtol=1e-12)
    for n in (0, 2):
        full = 1.5 / k[n] * (1 - np.exp(-2 * k[n]))
        late = full * np.exp(-3 * k[n]) + 1
        np.testing.assert_allclose(shown[n], [full, late, late * np.exp(-k[n])], rtol=1e-12)
    assert found.table()["time [h]"].tolist() == [2, 5, 6, 1, 4, 2, 5, 6]
    assert found.table()["subject"].tolist() == [1, 1, 1, 0, 0, 1, 1, 1]


def test_a_parameter_that_doses_depend_on_gives_each_set_its_own_dose(assemble: Assemble) -> None:
    model = assemble(body={"weight": "20 g"})
    found = simulate(model, bolus("1 mg/kg"), sets={"body.weight [g]": [20, 30]}, times=[0.0])
    np.testing.assert_allclose(found["level"][:, 0], [20e-6 / 500 * 1e9 / 2, 30e-6 / 500 * 1e9 / 2], rtol=1e-12)


def test_a_regimen_each_without_sets_runs_each_once(linear: Model) -> None:
    doses = [bolus("1 nmol"), bolus("3 nmol")]
    found = simulate(linear, doses, sets={}, times=[0.0, 5.0])
    np.testing.assert_allclose(found["level"], np.outer([0.5, 1.5], [1, np.exp(-1)]), rtol=1e-12)


def test_a_regimen_with_a_reset_goes_set_by_set(linear: Model) -> None:
    dose = bolus("2 nmol") + Regimen(resets=(6.0,)) + bolus("1 nmol", at=8.0)
    found = simulate(linear, dose, sets={"disposition.k": [0.1, 0.4]}, times=[5.0, 7.0, 9.0])
    for n, k in enumerate((0.1, 0.4)):
        np.testing.assert_allclose(found["level"][n], [np.exp(-5 * k), 0, 0.5 * np.exp(-k)], rtol=1e-11, atol=1e-12)


def test_a_set_that_fails_costs_only_itself(saturable: Model) -> None:
    sets = {"disposition.v": np.full(40, 3.0), "disposition.K": np.full(40, 0.4)}
    sets["disposition.v"][4], sets["disposition.K"][9] = np.nan, -1.0
    found = simulate(saturable, bolus("2 nmol"), sets=sets, times=TIMES)
    assert (bool(found), found.failed) == (False, [4, 9])
    assert "disposition.v is set to nan" in found.outcome(4).what
    assert found.outcome(9).remedy and found.outcome(-1)
    assert "2 FAILED, first set 4" in str(found)
    assert np.isnan(found["level"][[4, 9]]).all()
    assert np.isfinite(np.delete(found["level"], [4, 9], axis=0)).all()
    assert found.quantiles("level", [0.5]).shape == (1, 5)
    assert np.isfinite(found.quantiles("level")).all()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"sets": {"disposition.kk": [1.0]}}, r"nearest: disposition\.k"),
        ({"sets": {"disposition.k [mL]": [1.0]}}, "dimension"),
        ({"sets": {"disposition.k": [1.0, 2.0], "body.V": [1.0]}}, "shapes"),
        ({"sets": {"disposition.k": 1.0}}, "shapes"),
        ({"times": None}, "read at times"),
        ({"times": [3.0, 1.0]}, "rise"),
        ({"times": [-1.0]}, "not negative"),
        ({"subjects": [1]}, "name one of 1"),
        ({"until": 3.0}, "leave until"),
        ({"sets": None}, "go with sets"),
        ({"solver": "euler"}, "no solver is called"),
    ],
)
def test_what_makes_no_runs_is_refused(linear: Model, how: dict[str, Any], said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        simulate(linear, bolus("2 nmol"), **{"sets": {"disposition.k": [0.1]}, "times": [1.0], **how})


def test_a_bar_counts_the_sets(linear: Model, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(linear, bolus("2 nmol"), sets={"disposition.k": np.full(100, 0.1)}, times=[1.0], progress=True)
    assert "100/100" in capsys.readouterr().err


def test_a_set_that_blows_up_among_many_costs_only_itself(assemble: Assemble) -> None:
    """x' = k x² from 1 nmol ends at 1 / k: one set of 20,000 does not get to 2 h, and changes no bit of the others."""
    wild = assemble(
        drug={"parameters": {"k": "0.1 1/nmol/h"}, "flows": {"grow": "in -> plasma.free : k * plasma.free ** 2"}}
    )
    k = np.full(20_000, 0.1)
    k[777] = 1.0
    found = simulate(wild, bolus("1 nmol"), sets={"disposition.k": k}, times=[0.5, 2.0])
    assert found.failed == [777]
    ended = found.outcome(777)
    assert ended.time == pytest.approx(1.0, rel=1e-2)
    assert re.search(r"too small, worst in (plasma\.free|in\.drug)", ended.what) and ended.remedy
    assert found["level"][777, 0] == pytest.approx(1.0, rel=1e-6) and np.isnan(found["level"][777, 1])
    few = simulate(wild, bolus("1 nmol"), sets={"disposition.k": k[:3]}, times=[0.5, 2.0])
    np.testing.assert_array_equal(np.delete(found["level"], 777, axis=0), np.broadcast_to(few["level"][0], (19_999, 2)))


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_all_threads_and_comes_through(
    saturable: Model, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    import tqdm

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tqdm.tqdm, "update", stop)
    sets = {"disposition.v": np.full(20_000, 3.0)}
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        simulate(saturable, bolus("2 nmol"), sets=sets, times=TIMES, threads=threads)
    assert threading.active_count() == before
