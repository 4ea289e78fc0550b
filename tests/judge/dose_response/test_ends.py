"""Ends of profile intervals against profiles made one by one with scipy, and against the search as their fallback."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq, least_squares
from scipy.special import stdtrit

from exodelivery.judge.dose_response.curves import curves
from exodelivery.judge.dose_response.least_squares import Box, covariance, fit
from exodelivery.judge.dose_response.newton_ends import newton_ends, sought_of
from exodelivery.judge.dose_response.search import search
from exodelivery.judge.dose_response.shapes.protocol import shape
from exodelivery.judge.dose_response.task import POSITION, Task

DOSES = np.geomspace(1e-3, 10, 9)
TRUTHS = [(1.0, 0.1, 0.2, 1.2), (1.0, 0.0, 0.05, 0.8), (1.1, 0.3, 0.5, 1.0)]


def responses(noise: float = 0.03) -> np.ndarray:
    random = np.random.default_rng(4)
    made = [c + (d - c) / (1 + (DOSES / e) ** b) for d, c, e, b in TRUTHS]
    return np.array(made) + noise * random.standard_normal((len(TRUTHS), len(DOSES)))


def _residuals(y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def made(p: np.ndarray) -> np.ndarray:
        left: np.ndarray = y - (p[1] + (p[0] - p[1]) / (1 + np.exp(np.exp(p[3]) * (np.log(DOSES) - p[2]))))
        return left

    return made


def profiled(y: np.ndarray, best: np.ndarray, place: int, sign: float) -> float:
    """Return an end by scipy alone: a root of the profile, each of its points a least-squares fit."""
    run = _residuals(y)
    whole = float((run(best) ** 2).sum())
    freedom = len(y) - len(best)
    target = whole * (1 + float(stdtrit(freedom, 0.975)) ** 2 / freedom)
    free = np.delete(np.arange(len(best)), place)
    last = best[free].copy()

    def grown(value: float) -> float:
        nonlocal last
        held = best.copy()
        held[place] = value

        def left(some: np.ndarray) -> np.ndarray:
            every = held.copy()
            every[free] = some
            return run(every)

        found = least_squares(left, last, method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14)
        last = found.x
        return float(2 * found.cost) - target

    step = 0.02
    while grown(best[place] + sign * step) < 0:
        step *= 1.3
    inner = best[place] + sign * step / 1.3 if step > 0.02 else best[place]
    return float(brentq(grown, *sorted((inner, best[place] + sign * step)), xtol=1e-12, rtol=1e-13))


def test_ends_are_those_of_profiles_made_one_by_one_with_scipy() -> None:
    """To 1e-6 relative: Newton's method in arrays and a root search over scipy's fits share nothing but the data."""
    y = responses()
    table = {"dose": np.tile(DOSES, 3), "response": y.ravel(), "curve": np.repeat([0, 1, 2], 9)}
    for n, found in enumerate(curves(table, by="curve")):
        best = np.array([found["e0"].value, found["einf"].value, np.log(found.ec50.value), np.log(found["hill"].value)])
        for place, name in ((0, "e0"), (1, "einf"), (2, "ec50"), (3, "hill")):
            low, high = profiled(y[n], best, place, -1.0), profiled(y[n], best, place, 1.0)
            ours = np.array([found[name].low, found[name].high])
            theirs = np.array([low, high]) if place < 2 else np.exp([low, high])
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-8), (n, name)


def test_the_search_that_is_left_finds_the_same_ends() -> None:
    y = responses()
    task = Task(shape("hill4"), POSITION, np.tile(np.log(DOSES), (3, 1)), y, np.ones_like(y))
    start = np.array([[d, c, np.log(e), np.log(b)] for d, c, e, b in TRUTHS])
    box = Box(np.tile([-2.0, -2.0, -15.0, -2.3], (3, 1)), np.tile([3.0, 3.0, 10.0, 3.0], (3, 1)), np.ones((3, 4), bool))
    best = fit(task, start, box)
    variance, quantile = best.cost / 5, np.full(3, float(stdtrit(5, 0.975)))
    found, _ = newton_ends(task, best.theta, best.cost, box, sought_of(task, (0, 1, 2, 3)), variance, quantile)
    found = found.reshape(3, 4, 2)
    spread = covariance(task, best.theta, box.free)
    for place in range(4):
        for side, sign in ((0, -1.0), (1, 1.0)):
            slow = search(task, best.theta, best.cost, box, place, spread, variance, quantile, sign)
            error = np.sqrt(spread[:, place, place] * variance)
            assert np.abs(found[:, place, side] - slow) / error == pytest.approx(0.0, abs=5e-3)


def test_an_end_in_a_second_valley_is_not_taken() -> None:
    """Curves found in a survey: the equations of an end hold where another form fits far better, so it is none."""
    random = np.random.default_rng(1)
    count, rows = 1000, [3, 68, 466, 532, 585]
    ec50, slope = np.exp(random.uniform(np.log(1e-2), np.log(3), count)), np.exp(random.uniform(-0.4, 0.9, count))
    einf = random.uniform(0, 0.4, count)
    y = einf[:, None] + (1 - einf[:, None]) / (1 + (DOSES[None, :] / ec50[:, None]) ** slope[:, None])
    y = (y + 0.05 * random.standard_normal(y.shape))[rows]
    table = {"dose": np.tile(DOSES, len(rows)), "response": y.ravel(), "curve": np.repeat(rows, len(DOSES))}
    looked = 0
    for found, one in zip(curves(table, by="curve", intervals=("form",)), y, strict=True):
        run = _residuals(one)
        bottom, top = 2 * one.min() - one.max(), 2 * one.max() - one.min()
        for end in (found["hill"].low, found["hill"].high):
            if not 0 < end < np.inf:
                continue
            form, looked = np.log(end), looked + 1
            least = min(
                2.0
                * least_squares(
                    lambda some, run=run, form=form: run(np.append(some, form)),  # type: ignore[misc]
                    [found["e0"].value, found["einf"].value, position],
                    bounds=([bottom, bottom, -14], [top, top, 9.21]),
                ).cost
                for position in np.log(found.ec50.value) + np.array([-0.5, 0.0, 0.5])
            )
            target = found.cost * (1 + float(stdtrit(found.freedom, 0.975)) ** 2 / found.freedom)
            assert least == pytest.approx(target, rel=2e-3)
    assert looked >= 5
