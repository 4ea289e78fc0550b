"""A quantity: its number in the base system, and what its range and spread say."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exodelivery.declare.quantity import Quantity, as_quantity, from_scale, to_scale
from exodelivery.errors import DeclarationError


def test_a_value_is_in_the_base_system() -> None:
    assert Quantity("0.015 L/h").base == pytest.approx(15)
    assert Quantity("2e9 particle/ug").base == pytest.approx(2e6)  # 1e9 particles a gram
    assert Quantity("30 min").base == pytest.approx(0.5)


@given(st.floats(1e-6, 1e6), st.floats(1.01, 1e4))
def test_the_ends_of_a_positive_range_are_quantiles_of_a_log_normal(low: float, factor: float) -> None:
    wide = Quantity(f"{low!r} mL", range=(f"{low!r} mL", f"{low * factor!r} mL"))
    assert wide.scale == "log"
    centre, deviation = wide.prior() or (math.nan, math.nan)
    belief = stats.lognorm(deviation, scale=math.exp(centre))
    assert belief.ppf(0.025) == pytest.approx(low, rel=1e-9)
    assert belief.ppf(0.975) == pytest.approx(low * factor, rel=1e-9)


@given(st.floats(0.01, 0.5), st.floats(0.51, 0.99))
def test_the_ends_of_a_fraction_are_quantiles_on_the_logit(low: float, high: float) -> None:
    share = Quantity(f"{low!r} fraction", range=(f"{low!r} fraction", f"{high!r} fraction"))
    assert share.scale == "logit"
    centre, deviation = share.prior() or (math.nan, math.nan)
    ends = stats.norm(centre, deviation).ppf([0.025, 0.975])
    assert [from_scale(end, "logit") for end in ends] == pytest.approx([low, high], rel=1e-9)


def test_a_range_that_reaches_nought_is_normal() -> None:
    found = Quantity("1 mL", range=("-1 mL", "3 mL"))
    assert found.scale == "linear"
    assert stats.norm(*(found.prior() or ())).ppf([0.025, 0.975]) == pytest.approx([-1, 3])


@pytest.mark.parametrize("scale", ["log", "logit", "linear"])
def test_scales_are_inverses(scale: str) -> None:
    assert from_scale(to_scale(0.3, scale), scale) == pytest.approx(0.3)


def test_a_spread_is_absolute_or_relative() -> None:
    relative, absolute = Quantity("4 mL", spread="25 %"), Quantity("4 mL", spread="1 mL")
    assert relative.prior() == pytest.approx(absolute.prior())
    assert relative.prior() == pytest.approx((math.log(4), math.sqrt(math.log1p(1 / 16))))
    assert Quantity("0 mL", spread="1 mL").prior() == pytest.approx((0, 1))
    assert Quantity("4 mL").prior() is None
    assert Quantity("4 mL").prior(default_cv=0.25) == pytest.approx(relative.prior())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": "nan mL"}, "quantity"),
        (float("nan"), "quantity"),
        (float("inf"), "quantity"),
        ({"value": "inf mL"}, "quantity"),
        ({"value": "1 mL", "range": ["2 mL", "3 mL"]}, "outside its range"),
        ({"value": "1 mL", "range": ["3 mL", "0.5 mL"]}, "outside its range"),
        ({"value": "1 mL", "range": ["1 mL", "1 mL"]}, "ends of a range differ"),
        ({"value": "1 mL", "range": ["0.5 mL"]}, "two ends"),
        ({"value": "1 mL", "range": ["0.5 h", "2 h"]}, "differ in dimension"),
        ({"value": "1 mL", "spread": "1 h"}, "differ in dimension"),
        ({"value": "1 mL", "status": "asumed"}, "nearest: assumed"),
        ({"value": "1 mL", "owner": "body x plane"}, "owner"),
        ({"value": "1 mL", "vale": "2 mL"}, "nearest: value"),
        ({"value": "1.5 fraction"}, "fraction"),
        ({"value": "0.5 fraction", "range": ["0 fraction", "0.9 fraction"]}, "fraction"),
        ({"value": "0.5 fraction", "range": ["0.1 fraction", "1 fraction"]}, "fraction"),
        ({"about": "no value"}, "needs a value"),
        (True, "cannot be bool"),
        ("one mL", "quantity"),
    ],
)
def test_a_quantity_that_says_nothing_sensible_is_refused(given: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        as_quantity(given)
