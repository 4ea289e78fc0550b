"""Growth rates: closed forms of GR and DIP."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.judge.dose_response.growth_rate import dip_rate, growth_rate, growth_rate_over_time
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError


@given(bare=st.floats(0.005, 0.06), share=st.floats(-1.5, 1.2), hours=st.floats(12, 120), start=st.floats(10, 1e4))
def test_gr_is_two_to_the_ratio_of_rates_less_one_whatever_the_time(
    bare: float, share: float, hours: float, start: float
) -> None:
    counts = start * np.exp(np.array([share * bare, bare]) * hours)
    found = growth_rate(counts[:1], counts[1:], np.array([start]))
    assert found[0] == pytest.approx(2**share - 1, rel=1e-9, abs=1e-9)


def test_no_cells_are_minus_one_and_a_control_that_does_not_grow_is_an_error() -> None:
    assert growth_rate(np.array([0.0]), np.array([8.0]), np.array([2.0]))[0] == -1
    with pytest.raises(DoseResponseError, match="did not grow"):
        growth_rate(np.array([1.0]), np.array([1.0]), np.array([2.0]))


def test_over_time_each_stretch_has_its_own_rate() -> None:
    times = np.array([0.0, 24, 48, 72])
    bare = np.exp(0.03 * times)
    drugged = np.exp(np.concatenate([[0.0], np.cumsum(24 * np.array([0.03, 0.0, -0.03]))]))
    _, found = growth_rate_over_time(times, drugged, bare)
    np.testing.assert_allclose(found, [1.0, 0.0, -0.5], atol=1e-12)


def test_a_dip_rate_leaves_out_the_bend_at_the_start() -> None:
    times = np.arange(0.0, 121, 6)
    delay = np.minimum(times, 30.0)
    counts = 500 * np.exp2(0.04 * delay + -0.01 * (times - delay))
    counts *= np.exp(0.003 * np.random.default_rng(2).standard_normal(len(times)))
    found = dip_rate(times, counts)
    assert found.since >= 24
    assert found.rate == pytest.approx(-0.01, abs=3 * found.se + 2e-4)
    assert dip_rate(times, counts, since=36).rate == pytest.approx(-0.01, abs=5e-4)


def test_too_few_readings_are_an_error() -> None:
    with pytest.raises(DoseResponseError, match="4 readings"):
        dip_rate(np.array([0.0, 1, 2]), np.array([1.0, 2, 4]))
