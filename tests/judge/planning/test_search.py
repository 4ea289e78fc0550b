"""The search finds designs that are known: by closed forms, by linear programming, and by what a plain design gives.

The compartmental model is that of Atkinson AC, Chaloner K, Herzberg AM, Juritz J. Biometrics 1993;49:325, doi
10.2307/2532547, with the estimates of a = 4.298, e = 0.05884 and s = 21.80 for theophylline in a horse.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from exodelivery.judge.planning.bench import Spot
from exodelivery.judge.planning.criterion import Contrast, Rivalry
from exodelivery.judge.planning.search import Costs, Design, Search
from exodelivery.solve.timeline import Array

A, E, S = 4.298, 0.05884, 21.80
STRONG = 1e4
"""Rows are made so telling that the prior, a unit normal, counts for nothing."""


def searched(
    times: Array, rows: Array, target: Array, *, budget: float = 1.0, assay: float = 0.0, **more: int
) -> Search:
    spots = [Spot(0, float(time), "plasma") for time in times]
    criterion = Contrast(STRONG * rows[None], target[None, None])
    return Search(spots, criterion, np.full((1, len(times)), 0.6), Costs(budget, 1.0, assay, **more))


def weights(search: Search, design: Design) -> dict[float, float]:
    total = sum(design.values())
    return {search.spots[animal[0]].time: count / total for animal, count in design.items() if count > 1e-4 * total}


def compartment(times: Array) -> Array:
    fast, slow = np.exp(-A * times), np.exp(-E * times)
    return np.stack([S * times * fast, -S * times * slow, slow - fast], axis=1)


def elfving(rows: Array, target: Array) -> tuple[float, Array]:
    """Return the least variance of a linear function and its design, by linear programming (Elfving's theorem)."""
    found = linprog(np.ones(2 * len(rows)), A_eq=np.hstack([rows.T, -rows.T]), b_eq=target, method="highs")
    amounts = found.x[: len(rows)] + found.x[len(rows) :]
    return float(found.fun) ** 2, amounts / amounts.sum()


def test_a_rate_is_best_seen_at_its_mean_time() -> None:
    k = 0.25
    times = np.linspace(0.1, 20.0, 200)
    search = searched(times, (-times * np.exp(-k * times))[:, None], np.ones(1))
    design, bound = search.continuous()
    found = weights(search, design)
    assert sum(share for time, share in found.items() if abs(time - 1 / k) < 0.11) > 0.99
    assert search.value(design) == pytest.approx(bound, rel=0.02)


def test_a_rate_with_an_unknown_level_has_the_two_times_of_the_closed_form() -> None:
    # y = b exp(-k t) from t = 0: Elfving's set touches at 0 and where x = 1 + exp(-x), with weights as |g_i|.
    k = 1.0
    times = np.linspace(0.0, 6.0, 601)
    rows = np.stack([np.exp(-k * times), -times * np.exp(-k * times)], axis=1)
    best, amounts = elfving(rows, np.array([0.0, 1.0]))
    x = 1.278464542761074
    assert x == pytest.approx(1 + np.exp(-x))
    chosen = times[amounts > 1e-6]
    assert chosen[0] == 0.0
    assert np.allclose(chosen[1:], x, atol=0.01)
    search = searched(times, rows, np.array([0.0, 1.0]))
    design, _ = search.continuous()
    found = weights(search, design)
    late = sum(share for time, share in found.items() if time > 0.5)
    assert late == pytest.approx(1 / (1 + np.exp(-x)), abs=0.02)
    assert search.value(design) == pytest.approx(best / STRONG**2, rel=0.02)


@pytest.mark.parametrize("what", ["area", "tmax", "cmax"])
def test_properties_of_a_compartmental_model_are_as_well_seen_as_linear_programming_allows(what: str) -> None:
    top = np.log(A / E) / (A - E)
    times = np.unique(np.append(np.geomspace(0.02, 48.0, 240), top))
    targets = {
        "area": np.array([S / A**2, -S / E**2, 1 / E - 1 / A]),
        "tmax": np.array(
            [((A - E) / A - np.log(A / E)) / (A - E) ** 2, (np.log(A / E) - (A - E) / E) / (A - E) ** 2, 0]
        ),
        "cmax": compartment(np.array([top]))[0],
    }
    rows, target = compartment(times), targets[what] / np.linalg.norm(targets[what])
    best, _ = elfving(rows, target)
    search = searched(times, rows, target)
    design, bound = search.continuous()
    assert search.value(design) == pytest.approx(best / STRONG**2, rel=0.05)
    assert bound <= best / STRONG**2 * (1 + 1e-3)
    if what == "cmax":  # its derivative is the model's at that time: one time settles it
        assert sum(share for time, share in weights(search, design).items() if abs(time - top) < 0.05) > 0.95


@pytest.fixture
def plain() -> Search:
    times = np.geomspace(0.05, 48.0, 30)
    rows = np.random.default_rng(3).normal(1.0, 0.1, (6, 1, 1)) * compartment(times)[None]
    target = np.random.default_rng(4).normal(size=(6, 2, 3))
    spots = [Spot(arm, float(time), name) for arm in (0, 1) for time in times for name in ("plasma", "tumour")]
    many = np.concatenate([rows, 0.5 * rows**2, rows[..., ::-1], rows], axis=1)
    return Search(spots, Contrast(many, target), np.full((6, len(spots)), 0.6), Costs(20.0, 1.0, 0.2, 2))


def test_what_an_assay_gains_is_the_slope_of_the_value(plain: Search) -> None:
    some = {(0, 1): 1.0, (30, 31): 2.0}
    value, seen = plain.criterion.at(plain.whole(some))
    for animal in ((4,), (4, 5), (90, 91)):
        slope = (value - plain.value({**some, animal: 1e-5})) / 1e-5
        assert plain.gain(animal, seen) == pytest.approx(slope, rel=1e-3)


def test_no_evenly_spaced_design_beats_the_plan_and_none_passes_the_bound(plain: Search) -> None:
    loose, bound = plain.continuous()
    for count in (2, 4, 8):
        sites = [(arm, plain.spots[n].time) for n in range(0, 60, 60 // count) for arm in (0, 1)]
        naive = plain.spread(sites)
        found = plain.rounded(loose, [naive])
        assert plain.value(found) <= plain.value(naive)
        assert bound <= plain.value(found)
        assert plain.costs.whole(found) <= plain.costs.budget + 1e-9
        assert all(count == int(count) for count in found.values())


def test_samples_of_one_animal_share_its_deviation() -> None:
    times = np.array([1.0, 2.0])
    search = searched(times, np.ones((2, 1)), np.ones(1), serial={"plasma": 1})  # type: ignore[arg-type]
    together = search.information((1, 0))[0, 0, 0] / STRONG**2
    assert together == pytest.approx(2 / (1 + 0.6**2))  # of two correlated readings of one number
    apart = 2 * search.information((1,))[0, 0, 0] / STRONG**2
    assert together < apart == pytest.approx(2.0)


def test_micro_samples_are_taken_where_they_are_allowed_and_tell_more() -> None:
    times = np.array([1.0, 2.0, 8.0])
    rows = np.stack([np.ones(3), times], axis=1) * 1e-3
    alone = searched(times, rows, np.array([0.0, 1.0]), budget=6.0, assay=0.1)
    serial = searched(times, rows, np.array([0.0, 1.0]), budget=6.0, assay=0.1, serial={"plasma": 1})  # type: ignore[arg-type]
    one, other = alone.rounded(alone.continuous()[0]), serial.rounded(serial.continuous()[0])
    assert any(len(animal) == 2 for animal in other)
    assert serial.value(other) < alone.value(one)


def test_a_rival_that_can_be_refitted_is_not_set_apart() -> None:
    rows = np.random.default_rng(5).normal(size=(3, 8, 4))
    copied = 100 * rows
    copied[..., -1] = copied[..., 0]  # the difference is what the first parameter does
    apart = 100 * rows
    for given, low, high in ((copied, 0.0, 1.0), (apart, 100.0, np.inf)):
        information = np.einsum("dnp,dnq->dpq", given, given)
        distances = Rivalry(given).distances(information)
        assert np.all((distances >= low) & (distances <= high))


def test_the_gain_for_rivals_is_the_slope_of_their_distance() -> None:
    rows = np.random.default_rng(6).normal(size=(3, 8, 4))
    spots = [Spot(0, float(n), "plasma") for n in range(8)]
    search = Search(spots, Rivalry(rows), np.full((3, 8), 0.6), Costs(5.0, 1.0, 0.1))
    some: Design = {(0,): 2.0, (3,): 1.0, (5,): 1.0, (6,): 1.0}
    value, seen = search.criterion.at(search.whole(some))
    slope = (value - search.value({**some, (7,): 1e-6})) / 1e-6
    assert search.gain((7,), seen) == pytest.approx(slope, rel=1e-3)
