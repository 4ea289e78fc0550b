"""Coverage in small: enough studies to see intervals hold, and the harm of taking one arm's records as independent."""

from __future__ import annotations

import numpy as np
import pytest

from exodelivery.fitting.coverage.trial import fitted, trial
from exodelivery.fitting.coverage.world import TRUTH, print_studies
from exodelivery.fitting.profiles import profile


@pytest.mark.slow
def test_intervals_hold_the_truth() -> None:
    """Of 36 intervals (three parameters, 12 studies) at least 29 hold: fewer has a chance of 1 in 1000 at 95 %."""
    found = trial(12, seed=11)
    assert found.failed == 0
    for way in ("covariance", "profile"):
        assert sum(found.held[way, name][0] for name in TRUTH) >= 29
    assert "INDEPENDENT" not in str(found) and "of 12" in str(found)


def test_without_the_covariance_intervals_are_too_narrow_by_far() -> None:
    study = print_studies(1, np.random.default_rng([11, 0]))[0]
    right, wrong = fitted(study), fitted(study, covariance=False)
    assert right is not None and wrong is not None
    ratios = np.sqrt(np.diag(wrong.covariance) / np.diag(right.covariance))
    assert ratios[list(TRUTH).index("CL_free")] < 0.95
    # The late bound or level is the carrier's own: its clearance changes less.
    walked = profile(right, "CL_free")
    low, high = right.interval("CL_free")
    assert walked.low == pytest.approx(low, rel=0.2) and walked.high == pytest.approx(high, rel=0.2)


def test_the_trial_depends_on_its_seed_alone() -> None:
    one, other = trial(2, seed=5), trial(2, seed=5)
    assert one.held == other.held and one.widths["covariance", "V"] == other.widths["covariance", "V"]
