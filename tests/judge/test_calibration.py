"""P(better) in small: truths are those of their worlds, the count is right, and a few worlds do not contradict it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exodelivery.declare.table import Table
from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit_with
from exodelivery.fitting.problem import Evaluator
from exodelivery.judge.calibration.trial import Calibration, calibrate, drawn, studied
from exodelivery.judge.calibration.world import small_world
from exodelivery.judge.compare import log_ratios, setting_of
from exodelivery.solve.dosing import split


def test_the_truth_of_a_world_is_that_of_its_parameters() -> None:
    """A carrier that seeps no better but is cleared more slowly brings more, all else being equal."""
    world = small_world()
    setting = setting_of(
        world.model, [world.carrier], world.dose, baseline=world.baseline, horizon=world.horizon,
        matchings=["drug"], metrics=[world.metric],
    )  # fmt: skip
    identities, points, truths = drawn(world, 3, [7])
    assert len(identities) == points.shape[1] == len(world.problem.unknowns)
    assert len(points) == len(truths) == 3 and np.all(np.isfinite(truths))
    same, slower = setting.joint.estimate.copy(), setting.joint.estimate.copy()
    slower[identities.index("clearance/first_order.k @ second x mouse")] -= 1.0
    ratios = log_ratios(setting, np.stack([same, slower]))[world.metric]
    assert ratios[0] == pytest.approx(0.0, abs=1e-9) and ratios[1] > 0.3


def test_a_study_of_many_more_animals_finds_the_truth() -> None:
    """With errors of a thousandth the fit returns the levels of its world, and the prior no longer matters to them."""
    world = small_world()
    identities, points, _ = drawn(world, 1, [8])
    sharp = replace(
        world.problem,
        arms=tuple(
            replace(arm, rows=tuple(replace(row, noise=replace(row.noise, sd=1e-3)) for row in arm.rows))
            for arm in world.problem.arms
        ),
    )
    truth = dict(zip(identities, points[0].tolist(), strict=True))
    problem = studied(sharp, truth, np.random.default_rng(1))
    assert problem is not None
    fit = fit_with(Evaluator(problem), {})
    assert fit.verdict.converged
    for row in fit.parameters:
        if row.share > 0.99:
            assert abs(row.estimate - truth[row.identity]) < 4 * row.sd


def test_deciles_count_worlds_and_the_band_is_judged_by_its_share() -> None:
    said = tuple([0.8] * 500 + [0.2] * 100 + [1.0] * 3)
    better = tuple([True] * 400 + [False] * 100 + [True] * 20 + [False] * 80 + [True] * 3)
    found = Calibration(said, better, 0, "m", "drug", 200, 1, 1.0)
    assert found.band.worlds == 500 and found.band.share == 0.8 and found.calibrated is True
    assert [one.worlds for one in found.deciles] == [0, 0, 100, 0, 0, 0, 0, 0, 500, 3]
    assert all(one.holds for one in found.deciles)
    low, high = found.band.interval  # Clopper and Pearson of 400 in 500
    assert low == pytest.approx(0.76217, abs=1e-4) and high == pytest.approx(0.83414, abs=1e-4)
    wrong = Calibration(said, tuple(not one for one in better), 0, "m", "drug", 200, 1, 1.0)
    assert wrong.calibrated is False and "NOT calibrated" in wrong.headline and abs(wrong.excess) > 10
    assert Calibration(said[:399], better[:399], 0, "m", "drug", 200, 1, 1.0).calibrated is None


def test_a_few_worlds_do_not_contradict_what_is_said() -> None:
    """Over 24 worlds the carrier is better as often as said, within 3.3 SD (1 in 1000); a coin would score 0.25."""
    found = calibrate(24, draws=50, seed=3)
    assert found.failed == 0
    assert abs(found.excess) < 3.3
    assert found.score < 0.25
    with pytest.raises(FitError, match="0 worlds"):
        calibrate(0)


def test_two_carriers_that_write_their_outputs_in_another_order_are_split_alike() -> None:
    """Loadings equal but for the order of their outputs share a cache; each must still get its own fractions."""
    first = small_world().problem.arms[0].machine.system
    assert first.loading is not None
    outputs = Table(dict(reversed(list(first.loading.outputs.items()))))
    second = replace(first, loading=replace(first.loading, outputs=outputs))
    assert first.loading == second.loading
    values = small_world().problem.arms[0].machine.values
    assert split(first, values) == split(second, values)
    assert split(second, values)["loaded"] == 1.0 and split(second, values)["free"] == 0.0
