"""Floor 7: what is identified where single unknowns are not: combinations in symbols, from the null space.

A function f of the unknowns is identified where its gradient meets no null vector: ∇f · ν = 0 for every ν at almost
every point. For a span of candidates this is linear in their coefficients, so a few random points give every identified
function of the span, exactly: first products of powers (sums of logarithms), then sums, then small polynomials.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import lcm
from typing import Any

import numpy as np

from exodelivery.fitting.structural.prime import PRIME, Integers, Rows, null_space, rational
from exodelivery.fitting.structural.question import Question
from exodelivery.fitting.structural.rank import Point, Ranker, gradient

MOST_TERMS = 180
"""Largest span of candidates that is tried."""
WORK = 8000
"""Steps of a model times points that a span may ask for; ten points are always granted."""
MOST_EXPONENT = 4
MOST_COEFFICIENT = 12


@dataclass(frozen=True, slots=True)
class Block:
    """Unknowns that are tied to one another: none is identified alone, and some combinations are.

    Attributes
    ----------
    unknowns : tuple of sympy.Symbol
    freedom : int
        How many of them must be known for the rest to be identified.
    combinations : tuple of sympy.Expr
        Identified functions of them, independent of one another; fewer than ``len(unknowns) - freedom`` where the span
        that was tried does not hold them all.
    """

    unknowns: tuple[Any, ...]
    freedom: int
    combinations: tuple[Any, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every identified function is one of these combinations."""
        return len(self.combinations) == len(self.unknowns) - self.freedom


def tied(nulls: Integers) -> list[tuple[tuple[int, ...], int]]:
    """Return groups of columns that null vectors tie, each with the number of null vectors, unseen ones left out.

    Examples
    --------
    >>> import numpy as np
    >>> tied(np.array([[1, 5, 0, 0], [0, 0, 0, 1]]))
    [((0, 1), 1), ((3,), 1)]
    """
    groups: list[tuple[set[int], int]] = []
    for row in nulls:
        mine, count = set(map(int, np.flatnonzero(row))), 1
        for group in [g for g in groups if g[0] & mine]:
            groups.remove(group)
            mine |= group[0]
            count += group[1]
        groups.append((mine, count))
    return sorted((tuple(sorted(columns)), count) for columns, count in groups)


class Points:
    """Random points with their null vectors, for all tied unknowns of a question at once; made when they are wanted.

    Parameters
    ----------
    asked : Question
    outputs : sequence of str
    columns : sequence of int
        Positions of the tied unknowns; the others are identified, and no null vector meets them.
    """

    def __init__(self, asked: Question, outputs: Sequence[str], columns: Sequence[int]) -> None:
        self.asked, self.outputs, self.columns = asked, tuple(outputs), tuple(columns)
        self.ranker = Ranker(asked, self.outputs, only=self.columns) if self.columns else None
        steps = len(self.ranker.program.steps) if self.ranker else 1
        self.affordable = max(10, WORK // steps)
        self.made: list[tuple[Point, Integers]] = []

    def at(self, count: int, columns: Sequence[int]) -> list[tuple[Point, Integers]]:
        """Return points with the null vectors of some columns that nothing ties to the rest."""
        assert self.ranker is not None
        while len(self.made) < count:
            point = self.ranker.point(100 + len(self.made))
            self.made.append((point, point.space(self.outputs).null()))
        mine = [self.columns.index(column) for column in columns]
        found = []
        for point, nulls in self.made[:count]:
            own = nulls[:, mine]
            found.append((point, own[np.any(own != 0, axis=1)]))
        return found


def combinations(points: Points, columns: tuple[int, ...], freedom: int) -> Block:
    """Return what is identified of some tied unknowns.

    Parameters
    ----------
    points : Points
    columns : tuple of int
        Positions of the unknowns, all parameters.
    freedom : int
        Dimension of their null space.
    """
    unknowns = tuple(points.asked.unknowns[n] for n in columns)
    wanted = len(unknowns) - freedom
    if wanted == 0:
        return Block(unknowns, freedom)
    chosen: list[Any] = []
    rows = Rows(len(unknowns))
    for span in _spans(unknowns):
        count = len(span) // freedom + 3
        if count > points.affordable:
            break
        there = points.at(count, columns)
        for expression in _identified(span, there, unknowns):
            if rows.rank < wanted and rows.add(gradient(expression, there[0][0], unknowns)):
                chosen.append(expression)
        if rows.rank == wanted:
            break
    return Block(unknowns, freedom, tuple(chosen))


def _spans(unknowns: Sequence[Any]) -> Iterable[list[Any]]:
    """Return spans of candidates: logarithms (read as products), unknowns, monomials of degree 2, 3, with inverses."""
    import sympy

    yield [sympy.log(symbol) for symbol in unknowns]
    yield list(unknowns)
    for least, most, degree in ((0, 2, 2), (0, 3, 3), (-1, 2, 3), (-1, 3, 4)):
        exponents = (
            [
                powers
                for powers in product(range(least, most + 1), repeat=len(unknowns))
                if 0 < sum(map(abs, powers)) <= degree
            ]
            if (most - least + 1) ** len(unknowns) <= 200_000
            else []
        )
        if exponents and len(exponents) <= MOST_TERMS:
            exponents.sort(key=lambda powers: (sum(map(abs, powers)), -min(powers)))
            yield [sympy.Mul(*(s**p for s, p in zip(unknowns, powers, strict=True))) for powers in exponents]


def _identified(span: list[Any], points: list[tuple[Point, Integers]], unknowns: Sequence[Any]) -> list[Any]:
    """Return the identified functions of a span, the shortest first."""
    import sympy

    equations = []
    for point, nulls in points:
        slopes = np.array([_slope(term, point, unknowns) for term in span])
        for null in nulls:
            equations.append((slopes * null % PRIME).sum(axis=1) % PRIME)
    logarithms = isinstance(span[0], sympy.log)
    # Echelon from the most complicated term on, so that each function found is led by a simple one and stays short.
    found = []
    for vector in null_space(np.array(equations)[:, ::-1], len(span))[:, ::-1]:
        small = [fraction for v in vector if (fraction := rational(int(v))) is not None]
        if len(small) < len(span):
            continue
        scale = lcm(*(v.denominator for v in small))
        whole = [v.numerator * (scale // v.denominator) for v in small]
        limit = MOST_EXPONENT if logarithms else MOST_COEFFICIENT
        if max(map(abs, whole)) > limit:
            continue
        found.append(_written(whole, span, logarithms))
    return sorted(found, key=lambda e: (sympy.count_ops(e), str(e)))


def _written(whole: list[int], span: list[Any], logarithms: bool) -> Any:
    import sympy

    if logarithms:
        sign = 1 if sum(whole) >= 0 else -1
        return sympy.Mul(*(term.args[0] ** (sign * power) for term, power in zip(span, whole, strict=True)))
    first = next(value for value in whole if value)
    return sympy.Add(*(value * (1 if first > 0 else -1) * term for term, value in zip(span, whole, strict=True)))


def _slope(term: Any, point: Point, unknowns: Sequence[Any]) -> Integers:
    import sympy

    found = np.zeros(len(unknowns), dtype=np.int64)
    powers: dict[Any, Any] = {term.args[0]: None} if isinstance(term, sympy.log) else dict(term.as_powers_dict())
    for n, symbol in enumerate(unknowns):
        if symbol not in powers:
            continue
        inverse = pow(point.values[symbol], -1, PRIME)
        if powers[symbol] is None:
            found[n] = inverse
            continue
        value = int(powers[symbol]) * inverse % PRIME
        for other, power in powers.items():
            value = value * pow(point.values[other], int(power), PRIME) % PRIME
        found[n] = value
    return found
