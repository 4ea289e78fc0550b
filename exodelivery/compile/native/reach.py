"""Floor 4: which states a parameter can move at all, and parameters in blocks that share what they cannot.

The sensitivities of a state that no path leads to from a parameter are zero for ever. A drug's clearance does not move
its carrier: where half of the parameters move half of the states, a quarter of the arithmetic is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Entry = tuple[int, int]

MOST_KINDS = 3
"""Sets of states that kernels are printed for: each costs its own code."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Parameters in blocks of a processor's lanes.

    Attributes
    ----------
    lanes : int
    order : tuple of int, (parameters,)
        Positions of the parameters, block after block; only the last block may have idle lanes.
    kinds : tuple of tuple of int
        Sets of states, each closed: what flows into one of its states from outside is not moved.
    blocks : tuple of int, (blocks,)
        The kind of each block.
    """

    lanes: int
    order: tuple[int, ...]
    kinds: tuple[tuple[int, ...], ...]
    blocks: tuple[int, ...]

    def members(self, block: int) -> tuple[int, ...]:
        """Return the parameters of a block."""
        return self.order[block * self.lanes : (block + 1) * self.lanes]


def reaches(size: int, pattern: Iterable[Entry], touched: Sequence[Iterable[int]]) -> list[frozenset[int]]:
    """Return the states that each parameter moves.

    Parameters
    ----------
    size : int
        Number of states.
    pattern : iterable of (row, column)
        Non-zero entries of the Jacobian.
    touched : sequence of iterables of int, (parameters,)
        States whose rates, start or doses hold the parameter.

    Examples
    --------
    >>> chain = [(0, 0), (1, 0), (2, 1)]
    >>> [sorted(one) for one in reaches(3, chain, [[0], [1], [2], []])]
    [[0, 1, 2], [1, 2], [2], []]
    """
    fed: dict[int, set[int]] = {state: set() for state in range(size)}
    for row, column in pattern:
        fed[column].add(row)
    found = []
    for states in touched:
        seen, left = set(states), list(states)
        while left:
            new = fed[left.pop()] - seen
            seen |= new
            left += new
        found.append(frozenset(seen))
    return found


def arrangement(reached: Sequence[frozenset[int]], lanes: int) -> Arrangement:
    """Put parameters that move the same states together, with at most ``MOST_KINDS`` sets of states.

    Examples
    --------
    >>> few, all_of_them = frozenset({2}), frozenset({0, 1, 2})
    >>> found = arrangement([few, all_of_them, few, few], lanes=2)
    >>> found.order, found.kinds, found.blocks
    ((1, 0, 2, 3), ((0, 1, 2), (2,)), (0, 1))
    """
    order = sorted(range(len(reached)), key=lambda p: (-len(reached[p]), sorted(reached[p]), p))
    sets = [
        frozenset().union(*(reached[p] for p in order[first : first + lanes])) for first in range(0, len(order), lanes)
    ]
    while len(set(sets)) > MOST_KINDS:
        sets = _merged(sets)
    kinds = sorted(set(sets), key=lambda states: (-len(states), sorted(states)))
    return Arrangement(
        lanes, tuple(order), tuple(tuple(sorted(kind)) for kind in kinds), tuple(kinds.index(one) for one in sets)
    )


def _merged(sets: list[frozenset[int]]) -> list[frozenset[int]]:
    """Unite the two sets whose union adds the least to what all blocks have to do."""
    known = sorted(set(sets), key=sorted)

    def added(pair: tuple[frozenset[int], frozenset[int]]) -> int:
        both = pair[0] | pair[1]
        return sum(len(both) - len(one) for one in sets if one in pair)

    pair = min(((one, other) for place, one in enumerate(known) for other in known[:place]), key=added)
    return [pair[0] | pair[1] if one in pair else one for one in sets]
