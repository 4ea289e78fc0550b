"""The verb that runs a model: values laid over, times, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import SimulationError
from exodelivery.solve.simulate import grid, simulate

Assemble = Callable[..., Model]


@pytest.fixture(scope="module")
def model(assemble: Assemble) -> Model:
    return assemble()


def test_a_value_is_a_text_or_a_number_in_base_units(model: Model) -> None:
    texts = simulate(model, bolus("2 nmol"), until=10, values={"disposition.k": "0.005 1/min", "body.V": "0.004 L"})
    numbers = simulate(model, bolus("2 nmol"), until=10, values={"disposition.k": 0.3, "body.V": 4})
    assert (
        texts["level"](5)
        == pytest.approx(numbers["level"](5))
        != simulate(model, bolus("2 nmol"), until=10)["level"](5)
    )
    laid = model.with_values({"disposition.k": 0.3, "body.V": "4 mL"})
    assert simulate(laid, bolus("2 nmol"), until=10)["level"](5) == pytest.approx(numbers["level"](5))


def test_values_of_a_fit_go_under_those_given_by_hand(model: Model) -> None:
    class Fitted:
        def values_for(self, model: Model) -> dict[str, float]:
            return {"disposition.k": 0.3, "body.V": 4.0}

    run = simulate(model, bolus("2 nmol"), until=10, using=Fitted(), values={"body.V": 8.0})
    by_hand = simulate(model, bolus("2 nmol"), until=10, values={"disposition.k": 0.3, "body.V": 8.0})
    assert run["level"](5) == by_hand["level"](5)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"values": {"disposition.kk": 1}}, r"nearest: disposition\.k"),
        ({"values": {"disposition.k": "1 h"}}, "dimension"),
        ({"values": {"disposition.k": float("nan")}}, "finite"),
        ({"values": {"disposition.k": -1.0}}, "positive"),
        ({"until": 0}, "cannot end"),
        ({"until": -3}, "cannot end"),
        ({"solver": "euler"}, "no solver is called"),
        ({"keep": ("plasma.fre",)}, r"nearest: plasma\.free"),
    ],
)
def test_what_makes_no_run_is_refused(model: Model, how: dict[str, Any], said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        simulate(model, bolus("2 nmol"), **{"until": 10, **how})


def test_a_run_goes_on_a_week_after_the_last_dose(model: Model) -> None:
    assert simulate(model, bolus("2 nmol", every="1 d", times=3)).end == 48 + 168


def test_a_dose_after_the_end_is_not_given(model: Model) -> None:
    run = simulate(model, bolus("2 nmol", every="8 h", times=3), until="9 h")
    assert list(run.timeline.times) == [0, 8]


def test_without_a_dose_what_doses_bring_is_unavailable(model: Model) -> None:
    run = simulate(model, Regimen(), until=5)
    assert dict(run.system.unavailable) == {"level": "no drug is given"}


def test_the_grid_is_fine_after_every_breakpoint() -> None:
    times = grid(np.array([0.0, 24.0]), 48.0)
    assert times[0] == 0
    assert times[-1] == 48
    assert {0.0, 24.0} <= set(times)
    after = times[times > 24][0] - 24
    assert after < 0.1


@pytest.mark.parametrize(
    ("regimen", "end"),
    [
        (bolus("2 nmol", lag="30 h"), 198),
        (infusion("2 nmol", "10 h", every=24, times=3, lag=1), 48 + 10 + 1 + 168),
        (infusion(rate="2 nmol/h", steady_state="alone", at=12), 12 + 168),
        (bolus("2 nmol").reset("20 h"), 188),
        (bolus("2 nmol") + bolus("1 nmol", at=7), 175),
    ],
)
def test_a_run_goes_on_for_a_week_after_the_last_dose_has_arrived(
    assemble: Assemble, regimen: Regimen, end: float
) -> None:
    assert simulate(assemble(), regimen).end == pytest.approx(end)


def test_a_lag_and_a_duration_of_the_route_count_too(assemble: Assemble) -> None:
    late = assemble(
        body={
            "parameters": {"V": "2 mL", "late": "30 h", "long": "12 h"},
            "routes": {"iv": {"site": "plasma", "lag": "late", "duration": "long"}},
        }
    )
    assert simulate(late, bolus("2 nmol")).end == pytest.approx(30 + 12 + 168)


def test_a_state_that_starts_from_nothing_like_a_high_power_of_time_is_not_followed_down_to_nothing() -> None:
    # Cells killed by a Hill function of a drug that has to arrive first: their error was held relative from 1e-298 on.
    run = exo.simulate(exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg"), until="24 h")
    assert run.outcome.steps < 1000
    closer = exo.simulate(run.model, exo.bolus("5 mg/kg"), until="24 h", tolerance=1e-11)
    assert run.curve("tumour_cells", np.array([24.0])) == pytest.approx(
        closer.curve("tumour_cells", np.array([24.0])), rel=1e-7
    )
