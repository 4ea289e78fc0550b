"""Blocks are credited with what they do: factors are known in a body where every ratio is a product."""

from __future__ import annotations

import math

import numpy as np
import pytest
from toys import HORIZON, assumed, carrier, model

import exodelivery as exo
from exodelivery.errors import SimulationError
from exodelivery.judge.attribution import attribute, hybrid, shapley

SLOW, FAST = assumed("0.05 1/h", "0.04 1/h", "0.0625 1/h"), assumed("0.2 1/h", "0.1 1/h", "0.4 1/h")
OLD = carrier("old", SLOW)
NEW = carrier("new", FAST, loaded="0.5", free="0.5")
DOSE = exo.bolus("10 nmol")


@pytest.fixture(scope="module")
def found() -> object:
    return attribute(model(OLD), NEW, DOSE, baseline=OLD, metric="plasma AUC", horizon=HORIZON, draws=60)


def test_each_block_has_the_factor_that_is_known_beforehand(found: object) -> None:
    factors = {share.swap: share.factor for share in found.shares}  # type: ignore[attr-defined]
    assert factors == pytest.approx({"clearance": 0.05 / 0.2, "loading": 0.5}, rel=1e-5)
    for share in found.shares:  # type: ignore[attr-defined]
        assert share.alone == pytest.approx(share.factor, rel=1e-5)
        assert share.last == pytest.approx(share.factor, rel=1e-5)


def test_the_factors_multiply_to_the_ratio(found: object) -> None:
    product = math.prod(share.factor for share in found.shares)  # type: ignore[attr-defined]
    assert product == pytest.approx(found.ratio, rel=1e-9)  # type: ignore[attr-defined]


def test_the_doubt_of_a_factor_is_that_of_its_block(found: object) -> None:
    clearance = next(share for share in found.shares if share.swap == "clearance")  # type: ignore[attr-defined]
    loading = next(share for share in found.shares if share.swap == "loading")  # type: ignore[attr-defined]
    wide = math.hypot(math.log(0.4 / 0.1), math.log(0.0625 / 0.04))
    assert math.log(clearance.high / clearance.low) == pytest.approx(wide, rel=0.35)
    assert loading.low == pytest.approx(loading.high, rel=1e-5)
    assert clearance.p_above < 0.05


def test_what_does_not_differ_is_not_swapped(found: object) -> None:
    assert {share.swap for share in found.shares} == {"clearance", "loading"}  # type: ignore[attr-defined]


def test_a_hybrid_takes_blocks_and_values_together() -> None:
    mixed = hybrid(exo.load("liposome_pegylated"), exo.load("exosome_targeted"), frozenset({"release"}))
    parents = exo.load("liposome_pegylated"), exo.load("exosome_targeted")
    assert mixed.use["release"] == parents[1].use["release"]
    assert mixed.use["uptake"] == parents[0].use["uptake"]
    values = {name: quantity for name, quantity in parents[1].set.items() if name.startswith("release.")}
    assert values
    assert {name: quantity for name, quantity in mixed.set.items() if name.startswith("release.")} == values


def test_shares_of_a_game_sum_to_its_worth() -> None:
    rng = np.random.default_rng(2)
    swaps = ["a", "b", "c", "d"]
    worth = {frozenset(s for n, s in enumerate(swaps) if code >> n & 1): rng.normal() for code in range(16)}
    total = sum(shapley(swap, swaps, worth) for swap in swaps)
    assert total == pytest.approx(worth[frozenset(swaps)] - worth[frozenset()])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "log-kill"}, "untreated arm"),
        ({"metric": "plasma AUK"}, "plasma AUC"),
        ({"carrier": OLD}, "two different carriers"),
        ({"dose": exo.bolus("1 ID")}, "the same drug"),
    ],
)
def test_what_cannot_be_attributed_is_refused(options: dict[str, object], said: str) -> None:
    given: dict[str, object] = {"carrier": NEW, "dose": DOSE, "metric": "plasma AUC", **options}
    with pytest.raises(SimulationError, match=said):
        attribute(model(OLD), given["carrier"], given["dose"], baseline=OLD, metric=given["metric"])  # type: ignore[arg-type]
