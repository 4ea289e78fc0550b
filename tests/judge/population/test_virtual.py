"""Populations whose every percentile is known: the area is dose / (volume x rate), both log-normal."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import exodelivery as exo
from exodelivery.errors import DeclarationError, SimulationError
from exodelivery.judge.population.attainment import dose_for, needed
from exodelivery.judge.population.result import Virtual
from exodelivery.judge.population.variability import VARIABILITY, Variation, row_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from toys import assumed, carrier, model

COUNT = 1200
RATIO = 1.1
KNOWN = {"status": "literature", "source": "a test"}
VOLUME, RATE = Variation("body.V", "30 %", **KNOWN), Variation("clearance.k", "20 %", level="batch", **KNOWN)
LOG = {cv: math.sqrt(math.log1p(cv**2)) for cv in (0.2, 0.3)}


def world(**options: object) -> Virtual:
    slow = carrier("slow", assumed("0.1 1/h", "0.05 1/h", "0.2 1/h"))
    fast = carrier("fast", assumed(f"{0.1 * RATIO} 1/h", "0.05 1/h", "0.25 1/h"))
    asked = {
        "baseline": fast,
        "metrics": ["total drug in tumour"],
        "horizon": 400.0,
        "variability": [VOLUME, RATE],
        "count": COUNT,
        "draws": 0,
        "seed": 3,
        **options,
    }
    return exo.virtual(model(slow), [slow], exo.bolus("10 nmol"), **asked)


@pytest.fixture(scope="module")
def found() -> Virtual:
    return world(targets={"total drug in tumour": "80 nmol*h/mL"}, draws=0)


def test_percentiles_are_those_of_the_log_normal(found: Virtual) -> None:
    """Area = 10 nmol / (2 mL x 0.1 1/h) times exp of a normal of variance s_V^2 + s_k^2."""
    spread = math.hypot(LOG[0.3], LOG[0.2])
    expected = 50 * np.exp(spread * norm.ppf([0.05, 0.25, 0.5, 0.75, 0.95]))
    got = np.array(found.spread("slow", "total drug in tumour").percentiles)
    # Standard error of a percentile of the log: sqrt(p (1 - p) / n) / density; four of them.
    share = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    error = spread * np.sqrt(share * (1 - share) / COUNT) / norm.pdf(norm.ppf(share))
    assert np.all(np.abs(np.log(got / expected)) < 4 * error)


def test_a_subject_is_the_same_with_either_carrier(found: Virtual) -> None:
    """The volume cancels in the pair, so better off is P(log of two batches' rates < log 1.1)."""
    expected = 100 * norm.cdf(math.log(RATIO) / (LOG[0.2] * math.sqrt(2)))
    error = 4 * 100 * math.sqrt(0.25 / COUNT)
    assert found.better[0].percent == pytest.approx(expected, abs=error)
    low, high = (found.better[0].ratio[n] for n in (0, -1))
    spread = math.log(high / low) / (2 * norm.ppf(0.95))
    # Four standard errors; unpaired volumes would make it 0.50 and not 0.28.
    assert spread == pytest.approx(LOG[0.2] * math.sqrt(2), rel=0.15)


def test_what_lies_between_subjects_and_between_batches_is_told_apart(found: Virtual) -> None:
    one = found.spread("slow", "total drug in tumour")
    assert one.between_subjects == pytest.approx(LOG[0.3], rel=0.1)
    # The batches alone are judged by the first hundred subjects: a standard deviation to 4 x 7 %.
    assert one.between_batches == pytest.approx(LOG[0.2], rel=0.28)


def test_the_dose_for_a_target_is_that_of_the_closed_form(found: Virtual) -> None:
    """The model is linear: nine of ten reach 80 where the tenth percentile does, times 80 / (50 exp(-1.28 s))."""
    spread = math.hypot(LOG[0.3], LOG[0.2])
    expected = 80 / (50 * math.exp(spread * norm.ppf(0.1)))
    error = 4 * spread * math.sqrt(0.09 / COUNT) / norm.pdf(norm.ppf(0.1))
    one = next(one for one in found.attainments if one.carrier == "slow")
    assert math.log(one.factor / expected) == pytest.approx(0, abs=error)
    assert one.now == pytest.approx(norm.cdf(math.log(50 / 80) / spread), abs=4 * math.sqrt(0.25 / COUNT))


def test_doubt_is_not_variability() -> None:
    """Without variability all subjects are one, and the median moves with the doubt alone: k and V, each in two."""
    asked = {"variability": [], "count": 2, "per_draw": 2, "draws": 100}
    one = world(**asked).spread("slow", "total drug in tumour")
    doubt = math.log(4) / (2 * norm.ppf(0.975))
    assert one.between_subjects == one.between_batches == 0
    assert one.of_doubt == pytest.approx(doubt * math.sqrt(2), rel=0.28)
    assert one.percentiles[0] == pytest.approx(one.percentiles[-1])


def test_weight_moves_volumes_by_allometry() -> None:
    """A volume that follows weight and a rate that does not: the area goes with the inverse of weight."""
    rows = [Variation("body.weight", "20 %", **KNOWN)]
    who = exo.virtual(
        "doxorubicin_mouse",
        ["none"],
        exo.bolus("100 nmol"),
        baseline="none",
        variability=rows,
        metrics=["plasma AUC"],
        horizon="1 h",
        count=5,
        draws=0,
    )
    values = who.values["none", "plasma AUC"]
    assert np.std(np.log(values)) > 0.02


def test_the_seed_decides_and_another_carrier_changes_nothing() -> None:
    few = {"count": 5, "per_draw": 5}
    first, again, other = world(**few), world(**few), world(**few, seed=4)
    key = ("slow", "total drug in tumour")
    assert np.array_equal(first.values[key], again.values[key])
    assert not np.array_equal(first.values[key], other.values[key])
    assert str(first) == str(again)


def test_a_target_beyond_every_dose_is_said_to_be_out_of_reach() -> None:
    who = world(count=4, per_draw=4, targets={"total drug in tumour": "1e6 nmol*h/mL"})
    assert all(one.factor == math.inf for one in who.attainments)
    assert "out of reach: at 100 times the dose given, 0 % of subjects" in who.attainments[0].words


def test_a_saturated_subject_needs_an_infinite_dose_and_others_theirs() -> None:
    top = np.array([1.0, 4.0])
    got = needed(lambda who, dose: top[who] * dose / (1 + dose), 2, 2.0)
    assert got[0] == math.inf
    assert got[1] == pytest.approx(1.0, rel=2e-3)
    assert dose_for(got, 0.5) == pytest.approx(1.0, rel=2e-3)
    assert dose_for(got, 0.9) == math.inf


def test_a_failed_subject_is_in_no_number() -> None:
    got = needed(lambda who, dose: np.where(who == 0, np.nan, dose), 2, 3.0)
    assert math.isnan(got[0])
    assert got[1] == pytest.approx(3.0, rel=2e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": 1.5}, "share"),
        ({"count": 1}, "population"),
        ({"matching": "weight"}, "not matched"),
        ({"targets": {"total drug in tumour": "5 mL"}}, "is no total drug"),
        ({"targets": {"tumour AUC": "5 mL"}}, "tumour AUC"),
    ],
)
def test_bad_input_is_one_clear_error(options: dict[str, object], words: str) -> None:
    with pytest.raises(SimulationError, match=words):
        world(**options)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"cv": "20 mL"}, "cannot be"),
        ({"cv": "20 %"}, "without a range"),
        ({"cv": "20 %", "status": "literature"}, "no source"),
        ({"cv": "20 %", "range": ("30 %", "40 %")}, "not within"),
        ({"cv": "20 %", "level": "cage"}, "cage"),
    ],
)
def test_a_row_of_variability_is_checked(row: dict[str, str], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        Variation("body.V", **row)


def test_every_row_of_the_table_is_met_by_no_row_before_it() -> None:
    assert [row_of(row.parameter.replace("*", "x"), VARIABILITY) for row in VARIABILITY] == list(VARIABILITY)
