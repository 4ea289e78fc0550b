"""What authors report: the numbers of the analysis without a model, exact slopes, simulated covariance."""

from __future__ import annotations

import numpy as np
import pytest

from exodelivery.errors import FitError
from exodelivery.fitting.coverage.world import TRUTH, arms, own, print_studies, stack
from exodelivery.fitting.reported import reported, reported_by
from exodelivery.fitting.sampling import RIDGE, Sampling, covariance_of, simulate_studies
from exodelivery.solve.noncompartmental.analysis import nca

TIMES = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 6.0])
LEVELS = np.array([9.1, 7.2, 6.9, 4.1, 1.4, 0.9])
KINDS = (("level", 1.0), ("auc", 0.0), ("auc_last", 0.0), ("mrt", 0.0), ("half_life", 0.0), ("cmax", 0.0))
TRUE = np.array(list(TRUTH.values()))


def test_reported_numbers_are_those_of_the_analysis_without_a_model() -> None:
    """Of one animal after a bolus: linear-up/log-down, the last three samples, the level at zero extrapolated."""
    found = dict(zip([kind for kind, _ in KINDS], reported(KINDS, TIMES, LEVELS), strict=True))
    import pandas as pd

    frame = pd.DataFrame({"time": TIMES, "level": LEVELS})
    theirs = nca(frame, dose=10.0, route="iv bolus", time="time", level="level", terminal=3)
    named = theirs.table().iloc[0]
    assert found["auc"] == pytest.approx(named["AUC_inf_obs"], rel=1e-10)
    assert found["auc_last"] == pytest.approx(named["AUC_last"], rel=1e-10)
    assert found["half_life"] == pytest.approx(named["half_life"], rel=1e-10)
    assert found["mrt"] == pytest.approx(named["MRT_inf_obs"], rel=1e-10)


def test_many_curves_at_once_are_each_of_them_alone() -> None:
    many = LEVELS * np.exp(0.05 * np.random.default_rng(0).standard_normal((4, 3, 6)))
    found = reported(KINDS, TIMES, many)
    assert found[2, 1] == pytest.approx(reported(KINDS, TIMES, many[2, 1]), rel=1e-13)


def test_the_complex_step_gives_the_slopes() -> None:
    found, by = reported_by(KINDS, TIMES, LEVELS)
    assert found == pytest.approx(reported(KINDS, TIMES, LEVELS), rel=1e-14)
    for n in range(6):
        move = 1e-5 * np.eye(6)[n]
        difference = (reported(KINDS, TIMES, LEVELS + move) - reported(KINDS, TIMES, LEVELS - move)) / 2e-5
        assert by[:, n] == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_a_rising_tail_has_no_area_to_infinity_and_a_missing_sample_is_said() -> None:
    assert np.isnan(reported([("auc", 0.0)], TIMES, LEVELS[::-1])[0])
    with pytest.raises(FitError, match="no sample was taken at 3 h"):
        reported([("level", 3.0)], TIMES, LEVELS)
    with pytest.raises(FitError, match="nearest: auc"):
        reported([("auk", 0.0)], TIMES, LEVELS)


def test_an_authors_area_is_not_the_exact_one_and_the_curve_knows() -> None:
    """Three samples of a peak: the trapezoid is off by percents, and so is the prediction."""
    summaries, _ = arms()["carrier"]
    values = own("carrier", TRUE)
    exact = 10 / values[1]
    area = float(summaries.predict(values)[0])
    assert area == pytest.approx(exact, rel=1e-5)  # mono-exponential: the logarithmic rule is exact
    _, by = summaries.slopes(values)
    for n in range(2):
        move = 1e-4 * values[n] * np.eye(2)[n]
        difference = (summaries.predict(values + move) - summaries.predict(values - move)) / (2e-4 * values[n])
        assert by[:, n] == pytest.approx(difference, rel=1e-3, abs=1e-6)


def test_many_parameter_sets_at_once_are_each_of_them_alone() -> None:
    course = arms()["free"][0].course
    sets = np.array([[1.0, 0.8], [0.7, 1.1]])
    assert course.predict_many(sets) == pytest.approx(np.array([course.predict(one) for one in sets]), rel=1e-5)


def test_records_of_one_arm_depend_on_one_another() -> None:
    """Area, MRT and half-life of one mean curve correlate; an area scatters as animals and assay do."""
    summaries, sampling = arms()["free"]
    noise = covariance_of(summaries, own("free", TRUE), sampling, studies=600)
    sds = np.sqrt(np.diag(noise.covariance))
    correlation = noise.covariance / np.outer(sds, sds)
    assert correlation[3, 4] > 0.5  # MRT and half-life
    assert np.allclose(noise.covariance, covariance_of(summaries, own("free", TRUE), sampling, studies=600).covariance)
    serial, bled = arms()["carrier"]
    area = covariance_of(serial, own("carrier", TRUE), bled, studies=600).covariance[0, 0]
    # log AUC = log D - log CL, the mean of six animals: variance about 0.25^2 / 6, and what assay and tail add.
    animals = np.log1p(0.25**2) / 6
    assert (1 + RIDGE) * animals < area < 1.5 * (1 + RIDGE) * animals


def test_without_variation_there_is_no_shift() -> None:
    summaries, _ = arms()["free"]
    calm = Sampling(5, False, {"body.V": 1e-6}, 1e-6)
    made = simulate_studies(summaries, own("free", TRUE), calm, 3, np.random.default_rng(0))
    assert made.records == pytest.approx(np.tile(summaries.predict(own("free", TRUE)), (3, 1)), rel=1e-4)


def test_studies_print_bounds_where_the_mean_lies_below_quantification() -> None:
    printed = print_studies(40, np.random.default_rng(1))
    bounds = [study["carrier, late"].bound for study in printed]
    assert 0.1 < np.mean(bounds) < 0.7
    assert stack().rows == sum(len(printed[0][name].values) for name in printed[0])
