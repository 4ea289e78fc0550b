"""Floor 4: the order in which a sparse matrix is eliminated, fixed before any number is known.

Compartmental systems give diagonally dominant matrices, for which elimination on the diagonal is stable without
pivoting; Markowitz's rule then picks the order with the least fill. What is not dominant is caught at run time by
the growth that the kernels watch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Entry = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Elimination:
    """A plan for LU without pivoting on a fixed pattern.

    Attributes
    ----------
    size : int
    order : tuple of int, (size,)
        Pivots, first to last.
    given : frozenset of (row, column)
        Entries before elimination, the diagonal included.
    entries : tuple of (row, column)
        Entries after it, sorted: the fill included.
    """

    size: int
    order: tuple[int, ...]
    given: frozenset[Entry]
    entries: tuple[Entry, ...]

    def below(self, pivot: int) -> list[int]:
        """Rows that the pivot's row is subtracted from."""
        return [row for row in self._later(pivot) if (row, pivot) in self.entries]

    def right(self, pivot: int) -> list[int]:
        """Columns of the pivot's row that are still to be eliminated."""
        return [column for column in self._later(pivot) if (pivot, column) in self.entries]

    def _later(self, pivot: int) -> list[int]:
        return sorted(self.order[self.order.index(pivot) + 1 :])


def elimination(size: int, pattern: Iterable[Entry]) -> Elimination:
    """Plan the elimination of a square pattern by Markowitz's rule on the diagonal.

    Examples
    --------
    >>> plan = elimination(3, [(0, 1), (0, 2), (1, 0), (2, 0)])     # an arrow pointing the wrong way
    >>> plan.order
    (1, 0, 2)
    >>> len(plan.entries)                                            # no fill
    7
    """
    given = frozenset(pattern) | {(index, index) for index in range(size)}
    filled, left, order = set(given), set(range(size)), []

    def cost(pivot: int) -> tuple[int, int]:
        across = sum((pivot, other) in filled for other in left if other != pivot)
        down = sum((other, pivot) in filled for other in left if other != pivot)
        return across * down, pivot

    while left:
        pivot = min(left, key=cost)
        left.discard(pivot)
        order.append(pivot)
        filled |= {(i, j) for i in left if (i, pivot) in filled for j in left if (pivot, j) in filled}
    return Elimination(size, tuple(order), given, tuple(sorted(filled)))
