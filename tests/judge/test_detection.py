"""When a sample tells a tumour: thresholds, growth from one cell, background, lead."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import poisson

from exodelivery.declare.regimen import Regimen
from exodelivery.declare.shelf import find
from exodelivery.errors import SimulationError
from exodelivery.judge.detection import detect, threshold_of
from exodelivery.solve.simulate import simulate
from exodelivery.solve.trajectory import Trajectory


@lru_cache(maxsize=1)
def grown() -> Trajectory:
    return simulate(find("tumour_exosomes_human", "model"), Regimen(), until="5000 d")


@pytest.mark.parametrize("background", [0.0, 0.3, 10.0, 1e6])
def test_a_threshold_keeps_the_share_of_false_alarms(background: float) -> None:
    count, share = threshold_of(background, 0.01)
    assert share == pytest.approx(poisson.sf(count - 1, background))
    assert share <= 0.01
    assert count == 1 or poisson.sf(count - 2, background) > 0.01


def test_without_background_the_sample_must_hold_one_particle() -> None:
    """With nothing else there, 95 % of samples hold one of a mean of -ln(0.05) particles."""
    run = grown()
    found = detect(run, "plasma_of_tumour", volume="0.001 mL", background="0 particle/mL")
    assert found.threshold == 1
    level = float(run["plasma_of_tumour"](np.array([found.time]))[0])
    assert level * 0.001 == pytest.approx(-np.log(0.05), rel=1e-6)


def test_a_larger_sample_and_a_lower_background_tell_earlier() -> None:
    run = grown()
    small = detect(run, "plasma_marker", volume="0.01 mL")
    large = detect(run, "plasma_marker", volume="10 mL")
    alone = detect(run, "plasma_of_tumour", volume="0.01 mL", background="0 particle/mL")
    assert alone.time < large.time < small.time
    assert large.lead(small.time) == pytest.approx(small.time - large.time)
    # Before the tumour there is the background alone: no earlier than its noise allows.
    noise = np.sqrt(1e6 * 10)
    excess = float(run["plasma_of_tumour"](np.array([large.time]))[0]) * 10
    assert 2 * noise < excess < 5 * noise


def test_a_tumour_that_never_tells_is_said_so() -> None:
    found = detect(grown(), "saliva_marker", volume="1e-6 mL", background="1e12 particle/mL")
    assert np.isnan(found.time)
    assert "never" in str(found)


def test_shares_are_shares() -> None:
    with pytest.raises(SimulationError):
        threshold_of(1.0, 0.0)
    with pytest.raises(SimulationError):
        detect(grown(), "plasma_marker", volume="1 mL", recovered=2.0)
