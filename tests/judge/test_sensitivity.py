"""In a body where the log of the area is a sum, each parameter's share of the variance is known."""

from __future__ import annotations

import math

import pytest
from toys import HORIZON, assumed, carrier, model

import exodelivery as exo
from exodelivery.errors import SimulationError
from exodelivery.judge.sensitivity import Sensitivity, sensitivity

K = assumed("0.05 1/h", "0.025 1/h", "0.1 1/h")
V = assumed("2 mL", "1 mL", "4 mL")
TOY = model(carrier("old", K), V)


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(TOY, exo.bolus("10 nmol"), metric="plasma AUC", horizon=HORIZON, samples=512, screen=3)


def influence(found: Sensitivity, name: str) -> object:
    return next(one for one in found.influences if one.parameter == name)


def test_indices_are_the_shares_of_the_variance(found: Sensitivity) -> None:
    for name in ("body.V", "clearance.k"):  # equally wide, and all that the area hangs on
        one = influence(found, name)
        assert one.first == pytest.approx(0.5, abs=0.06)  # type: ignore[attr-defined]
        assert one.total == pytest.approx(0.5, abs=0.06)  # type: ignore[attr-defined]
    assert found.kept > 0.9
    assert found.settled


def test_a_tornado_goes_to_the_ends_of_the_range(found: Sensitivity) -> None:
    one = influence(found, "body.V")
    assert one.low == pytest.approx(2.0, rel=1e-4)  # type: ignore[attr-defined]
    assert one.high == pytest.approx(0.5, rel=1e-4)  # type: ignore[attr-defined]


def test_what_does_nothing_is_found_to_do_nothing(found: Sensitivity) -> None:
    others = [one for one in found.influences if one.parameter not in ("body.V", "clearance.k")]
    assert others
    assert all(one.screened < 1e-3 * influence(found, "body.V").screened for one in others)  # type: ignore[attr-defined]
    assert all(math.isnan(one.total) or one.total < 1e-4 for one in others)


def test_the_same_seed_gives_the_same_numbers(found: Sensitivity) -> None:
    again = sensitivity(
        TOY, exo.bolus("10 nmol"), metric="plasma AUC", horizon=HORIZON, samples=512, screen=3, threads=1
    )
    assert again == found


def test_the_repr_and_the_figure_tell_the_story(found: Sensitivity) -> None:
    assert "plasma AUC of old hangs most on" in str(found)
    assert found.plot(2).data[0].x == pytest.approx((2.0, 0.5), rel=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"metric": "log-kill"}, "untreated arm"), ({"samples": 100}, "power of two"), ({"metric": "AUC"}, "plasma AUC")],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        sensitivity(TOY, exo.bolus("10 nmol"), **{"metric": "plasma AUC", **options})  # type: ignore[arg-type]
