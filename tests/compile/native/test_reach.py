"""Which states a parameter moves: by paths, against powers of the pattern; and blocks that leave none out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.compile.native.reach import MOST_KINDS, arrangement, reaches

SIZE = 7
entry = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
patterns = st.frozensets(entry, max_size=14)
touches = st.lists(st.frozensets(st.integers(0, SIZE - 1)), max_size=19)


@given(patterns, touches)
def test_a_reach_is_what_powers_of_the_pattern_fill(
    pattern: frozenset[tuple[int, int]], touched: list[frozenset[int]]
) -> None:
    filled = np.eye(SIZE, dtype=int)
    for row, column in pattern:
        filled[row, column] = 1
    filled = np.linalg.matrix_power(filled, SIZE)
    for states, found in zip(touched, reaches(SIZE, pattern, touched), strict=True):
        start = np.isin(np.arange(SIZE), list(states)).astype(int)
        assert set(np.flatnonzero(filled @ start)) == found


@given(patterns, touches, st.sampled_from([1, 2, 4, 8]))
def test_blocks_hold_every_parameter_with_all_that_it_moves(
    pattern: frozenset[tuple[int, int]], touched: list[frozenset[int]], lanes: int
) -> None:
    reached = reaches(SIZE, pattern, touched)
    found = arrangement(reached, lanes)
    assert sorted(found.order) == list(range(len(touched)))
    assert len(found.kinds) <= MOST_KINDS
    assert len(found.blocks) == -(-len(touched) // lanes)
    for block, kind in enumerate(found.blocks):
        for parameter in found.members(block):
            assert reached[parameter] <= set(found.kinds[kind])
