"""Which points none beats: on problems whose fronts are known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exodelivery.judge.inverse.front import best, search, undominated
from exodelivery.solve.timeline import Array

NUMBERS = arrays(float, st.tuples(st.integers(1, 12), st.just(2)), elements=st.integers(0, 4).map(float))


@given(NUMBERS)
def test_a_point_is_on_the_front_where_no_other_beats_it(points: Array) -> None:
    expected = [not any(np.all(other >= one) and np.any(other > one) for other in points) for one in points]
    assert undominated(points).tolist() == expected


def test_a_design_that_breaks_a_constraint_is_beaten_by_every_one_that_keeps_them() -> None:
    points = np.array([[9.0, 9.0], [1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])
    assert best(points, np.array([0.1, 0.0, 0.0, 0.0])).tolist() == [False, True, True, False]


def test_where_none_keeps_them_those_that_break_them_least_are_shown() -> None:
    points = np.array([[9.0, 9.0], [1.0, 2.0], [np.nan, 1.0]])
    assert best(points, np.array([0.3, 0.1, 0.0])).tolist() == [False, True, False]


def test_the_search_finds_the_front_of_zdt1() -> None:
    """ZDT1 (Zitzler 2000, doi 10.1162/106365600568202) of three knobs: the front is x2 = x3 = 0, f2 = 1 - sqrt(f1)."""
    seen: list[Array] = []

    def zdt1(places: Array) -> tuple[Array, Array]:
        seen.append(places)
        x = np.vstack(seen)
        g = 1 + 9 * x[:, 1:].mean(axis=1)
        return -np.column_stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))]), np.zeros(len(x))

    tried = search(zdt1, 3, start=64, rounds=12, seed=1)
    seen.clear()
    points, broken = zdt1(tried)
    front = -points[best(points, broken)]
    gaps = front[:, 1] - (1 - np.sqrt(front[:, 0]))
    assert np.all(gaps > -1e-12)
    assert np.median(gaps) < 0.08
    assert front[:, 0].min() < 0.1
    assert front[:, 0].max() > 0.8


def test_the_search_is_that_of_its_seed() -> None:
    flat = search(_corner(), 2, start=8, rounds=2, seed=3)
    assert np.array_equal(flat, search(_corner(), 2, start=8, rounds=2, seed=3))
    assert not np.array_equal(flat, search(_corner(), 2, start=8, rounds=2, seed=4))


def _corner():  # type: ignore[no-untyped-def]
    seen: list[Array] = []

    def read(places: Array) -> tuple[Array, Array]:
        seen.append(places)
        every = np.vstack(seen)
        return every, np.zeros(len(every))

    return read
