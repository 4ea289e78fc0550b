"""Floor 7: linear algebra modulo a prime: exact ranks and null spaces, without the growth of fractions.

A rank modulo a prime of 31 bits is never larger than the true one, and at a random point it is smaller with a chance of
about the degree of the determinant over the prime; two points make that negligible.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
PRIME = 2**31 - 1
"""Products of two residues stay below 2**62, so that numpy's integers hold them."""


def residue(number: Fraction | int) -> int:
    """Return a fraction modulo the prime.

    Examples
    --------
    >>> residue(Fraction(1, 2)) * 2 % PRIME
    1
    """
    fraction = Fraction(number)
    return fraction.numerator * pow(fraction.denominator, -1, PRIME) % PRIME


def rational(value: int, largest: int = 30000) -> Fraction | None:
    """Return the small fraction that a residue stands for, or None (Wang's reconstruction).

    Examples
    --------
    >>> rational(residue(Fraction(-3, 7))), rational(123456789)
    (Fraction(-3, 7), None)
    """
    r0, r1, t0, t1 = PRIME, value % PRIME, 0, 1
    while r1 > largest:
        q = r0 // r1
        r0, r1, t0, t1 = r1, r0 - q * r1, t1, t0 - q * t1
    if t1 == 0 or abs(t1) > largest:
        return None
    return Fraction(r1, t1)


class Rows:
    """A row space that grows: reduced echelon rows, modulo the prime.

    Examples
    --------
    >>> rows = Rows(2)
    >>> rows.add([1, 2]), rows.add([2, 4]), rows.rank
    (True, False, 1)
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows: Integers = np.zeros((0, width), dtype=np.int64)
        self.pivots: list[int] = []

    @property
    def rank(self) -> int:
        """Number of independent rows."""
        return len(self.pivots)

    def reduced(self, row: Any) -> Integers:
        """Return what is left of a row when the space is taken off."""
        left = np.array(row, dtype=np.int64) % PRIME
        if self.pivots and self.rank < self.width:
            shares = left[self.pivots]
            for share, known in zip(shares, self.rows, strict=True):
                if share:
                    left = (left - share * known) % PRIME
            return left
        return left * 0 if self.rank == self.width else left

    def add(self, row: Any) -> bool:
        """Add a row; say whether the space grew."""
        left = self.reduced(row)
        where = np.flatnonzero(left)
        if not where.size:
            return False
        pivot = int(where[0])
        left = left * pow(int(left[pivot]), -1, PRIME) % PRIME
        for n in range(len(self.rows)):
            share = self.rows[n, pivot]
            if share:
                self.rows[n] = (self.rows[n] - share * left) % PRIME
        self.rows = np.vstack([self.rows, left])
        self.pivots.append(pivot)
        return True

    def holds(self, row: Any) -> bool:
        """Say whether a row lies in the space."""
        return not self.reduced(row).any()

    def copy(self) -> Rows:
        """Return a space that grows on its own."""
        other = Rows(self.width)
        other.rows, other.pivots = self.rows.copy(), list(self.pivots)
        return other

    def null(self) -> Integers:
        """Return a basis of the null space, (width - rank, width)."""
        free = [column for column in range(self.width) if column not in set(self.pivots)]
        found = np.zeros((len(free), self.width), dtype=np.int64)
        for n, column in enumerate(free):
            found[n, column] = 1
            for pivot, row in zip(self.pivots, self.rows, strict=True):
                found[n, pivot] = -row[column] % PRIME
        return found


def null_space(matrix: Any, width: int) -> Integers:
    """Return a basis of the null space of a matrix, (nullity, width)."""
    rows = Rows(width)
    for row in matrix:
        rows.add(row)
    return rows.null()
