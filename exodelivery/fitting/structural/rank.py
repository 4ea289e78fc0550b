"""Floor 7: the exact rank test: which unknowns the Taylor coefficients of the outputs can tell, at a random point.

References
----------
Sedoglavic A. A probabilistic algorithm to test local algebraic observability in polynomial time. J Symb Comput
2002;33:735. doi:10.1006/jsco.2002.0532
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exodelivery.fitting.structural.jets import Jets, Program
from exodelivery.fitting.structural.prime import PRIME, Integers, Rows
from exodelivery.fitting.structural.question import Question


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What one random point says.

    Attributes
    ----------
    values : dict of sympy.Symbol to int
        Where the unknowns and known numbers stand.
    starts : tuple of int
        Where the unknown starts stand, in the order of ``Question.free_starts``.
    rows : dict of str to list of arrays
        For each output, the derivatives of its Taylor coefficients by the unknowns and then the unknown starts.
    width : int
        Columns of the rows.
    series, inputs : dict
        The coefficients of the outputs and of the inputs in the first arm.
    """

    values: dict[Any, int]
    starts: tuple[int, ...]
    rows: dict[str, list[Integers]]
    width: int
    series: dict[str, list[int]]
    inputs: dict[Any, Integers]

    def space(self, outputs: Sequence[str]) -> Rows:
        """Return the row space of some outputs."""
        found = Rows(self.width)
        longest = max((len(self.rows[name]) for name in outputs), default=0)
        for order in range(longest):
            for name in outputs:
                for row in self.rows[name][order : order + 1]:
                    found.add(row)
            if found.rank == self.width:
                break
        return found


class Ranker:
    """The test of one question, at as many points as are wanted.

    Parameters
    ----------
    asked : Question
    outputs : sequence of str
        The outputs whose coefficients are wanted; all unless given.
    only : sequence of int, optional
        Columns to keep: others count as known. An unknown that is identified may be left out, since no null vector
        meets it.
    """

    def __init__(self, asked: Question, outputs: Sequence[str] = (), only: Sequence[int] | None = None) -> None:
        import sympy

        self.asked = asked
        self.outputs = tuple(outputs) or tuple(asked.outputs)
        self.free = asked.free_starts()
        self.width = len(asked.unknowns) + len(self.free)
        self.only = tuple(range(self.width)) if only is None else tuple(only)
        self.feeds = [sympy.Symbol(f"feed{n}") for n in range(len(asked.states))]
        everything = [
            *asked.rates,
            *(asked.outputs[name] for name in self.outputs),
            *(e for arm in asked.arms for e in (*arm.start, *arm.feeds) if e is not None),
        ]
        used = set().union(*(sympy.sympify(e).free_symbols for e in everything)) | set(asked.unknowns)
        special = set(asked.states) | set(asked.inputs) | {asked.time}
        self.numbers = sorted(used - special, key=str)
        leaves = [*self.numbers, *asked.states, *asked.inputs, *self.feeds]
        if asked.time is not None:
            leaves.append(asked.time)
        self.program = Program(leaves)
        fed = any(arm.feeds for arm in asked.arms)
        self.rates = {
            state: self.program.add(rate + feed if fed else rate)
            for state, rate, feed in zip(asked.states, asked.rates, self.feeds, strict=True)
        }
        self.seen = {name: self.program.add(sympy.sympify(asked.outputs[name])) for name in self.outputs}
        self.depth = 2 + 2 * _depth(asked)  # a product of two pools is felt after both have come
        self.starts = Program(self.numbers)
        self.begin = [
            [(None if e is None else self.starts.add(sympy.sympify(e))) for e in arm.start] for arm in asked.arms
        ]
        self.feed = [[self.starts.add(sympy.sympify(e)) for e in arm.feeds] for arm in asked.arms]

    def point(self, seed: int) -> Point:
        """Return what a random point says; the coefficients go on until more of them tell nothing more.

        Raises
        ------
        SingularStartError
            If the expansion cannot start where the arms do.
        """
        rng = np.random.default_rng([seed, 20020735])
        asked = self.asked
        values = {
            symbol: int(v) for symbol, v in zip(self.numbers, rng.integers(2, PRIME, len(self.numbers)), strict=True)
        }
        rows: dict[str, list[Integers]] = {name: [] for name in self.outputs}
        chosen = tuple(int(v) for v in rng.integers(2, PRIME, len(self.free)))
        orders = self.width + len(asked.states) + 3
        inputs = {symbol: rng.integers(1, PRIME, orders) for symbol in asked.inputs}
        series: dict[str, list[int]] = {}
        for n in range(len(asked.arms)):
            jets = self._arm(n, values, chosen, orders, rows, inputs, rng)
            series = series or {name: [int(v) for v in jets.values[place]] for name, place in self.seen.items()}
        return Point(values, chosen, rows, len(self.only), series, inputs)

    def _arm(
        self,
        n: int,
        values: dict[Any, int],
        chosen: tuple[int, ...],
        orders: int,
        rows: dict[str, list[Integers]],
        inputs: dict[Any, Integers],
        rng: np.random.Generator,
    ) -> Jets:
        asked, width, count = self.asked, len(self.only), len(self.asked.unknowns)
        column = {old: new for new, old in enumerate(self.only)}

        def unit(index: int) -> Integers:
            found = np.zeros(width, dtype=np.int64)
            if index in column:
                found[column[index]] = 1
            return found

        nothing = np.zeros(width, dtype=np.int64)
        place = {symbol: i for i, symbol in enumerate(asked.unknowns)}
        leaves: dict[Any, tuple[Any, Any]] = {
            symbol: ([value], [unit(place[symbol]) if symbol in place else nothing]) for symbol, value in values.items()
        }
        first = Jets(self.starts, leaves, {}, width, 1, rng)
        first.advance()
        at = {pair: count + i for i, pair in enumerate(self.free)}
        for i, state in enumerate(asked.states):
            begin = self.begin[n][i]
            if begin is None:
                index = at[(n, i)]
                leaves[state] = ([chosen[index - count]], [unit(index)])
            else:
                leaves[state] = ([first.values[begin, 0]], [first.slopes[begin, 0]])
        for symbol in asked.inputs:
            leaves[symbol] = (inputs[symbol], np.zeros((orders, width), dtype=np.int64))
        for symbol, fed in zip(self.feeds, self.feed[n], strict=False):
            leaves[symbol] = ([first.values[fed, 0]], [first.slopes[fed, 0]])
        if asked.time is not None:
            leaves[asked.time] = ([0, 1], [nothing, nothing])
        jets = Jets(self.program, leaves, self.rates, width, orders, rng)
        spaces = {name: Rows(width) for name in self.outputs}
        whole, quiet = Rows(width), 0
        for order in range(orders):
            jets.advance()
            grew = False
            for name, seen in self.seen.items():
                row = jets.slopes[seen, order].copy()
                rows[name].append(row)
                grew |= spaces[name].add(row)
                whole.add(row)
            quiet = 0 if grew else quiet + 1
            if quiet > self.depth:
                break
        return jets


def _depth(asked: Question) -> int:
    """Return the longest shortest way from state to state through the rates.

    What starts at a special place, such as an empty pool, is first felt after so many derivatives; orders that say
    nothing new for longer than that say nothing new at all.
    """
    feeds = {s: set(rate.free_symbols) & set(asked.states) for s, rate in zip(asked.states, asked.rates, strict=True)}
    longest = 0
    for state in asked.states:
        seen, front, steps = {state}, {state}, 0
        while front:
            front = set().union(*(feeds[s] for s in front)) - seen
            seen |= front
            steps += bool(front)
        longest = max(longest, steps)
    return longest


def gradient(expression: Any, point: Point, symbols: Sequence[Any], states: dict[Any, int] | None = None) -> Integers:
    """Return the derivative of an expression by symbols at a point, modulo the prime, (symbols,)."""
    import sympy

    numbers = {**point.values, **(states or {})}
    leaves = sorted(set(symbols) | sympy.sympify(expression).free_symbols, key=str)
    program = Program(leaves)
    place = program.add(sympy.sympify(expression))
    index = {symbol: n for n, symbol in enumerate(symbols)}
    width = len(symbols)
    given = {}
    for symbol in leaves:
        slope = np.zeros(width, dtype=np.int64)
        if symbol in index:
            slope[index[symbol]] = 1
        given[symbol] = ([numbers[symbol]], [slope])
    jets = Jets(program, given, {}, width, 1, np.random.default_rng(0))
    jets.advance()
    return np.array(jets.slopes[place, 0])
