"""Floor 7: is a value unique, or one of finitely many? Elimination at a random point, modulo a prime, in limited time.

The outputs' Taylor coefficients at a random point are set equal to their values there: polynomial equations in the
unknowns, the unknown starts and the coefficients of the states. Unknowns that occur linearly with a constant factor are
put in, and a Gröbner basis of what is left says whether an unknown has one value: then it is identified globally, at
almost every point and over the complex numbers. When time is over, nothing is claimed.

References
----------
Hong H, Ovchinnikov A, Pogudin G, Yap C. Global identifiability of differential models. Commun Pure Appl Math
2020;73:1831. doi:10.1002/cpa.21921
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exodelivery.fitting.structural.jets import NotRationalError, Program, SingularStartError
from exodelivery.fitting.structural.prime import PRIME, residue
from exodelivery.fitting.structural.question import Question
from exodelivery.fitting.structural.rank import Ranker

MOST_TERMS = 20000
"""No equation is written out that has more terms."""
EXTRA = 1
"""Coefficients of each output beyond those that the rank needs."""


class _OutOfTimeError(Exception):
    """The deadline has passed; caught where the work began."""


def unique(
    asked: Question, outputs: Sequence[str], wanted: Sequence[Any], seconds: float, seed: int = 1
) -> dict[Any, bool | None]:
    """Say of expressions in unknowns and states whether their value is unique.

    Parameters
    ----------
    asked : Question
        With one arm.
    outputs : sequence of str
    wanted : sequence of sympy.Expr
        In unknowns and unknown starts; each is known to be locally identified.
    seconds : float
        After these nothing more is claimed.

    Returns
    -------
    dict
        True: unique. False: the same outputs come from several values. None: not decided.
    """
    clock = _Clock(time.monotonic() + seconds)
    try:
        return _System(asked, tuple(outputs), seed, clock).judge(wanted)
    except (_OutOfTimeError, NotRationalError, SingularStartError):
        return dict.fromkeys(wanted)


class _Clock:
    """The graded reverse lexicographic order of monomials that also watches the time: a basis asks for it all along."""

    def __init__(self, deadline: float) -> None:
        from sympy.polys.orderings import grevlex

        self.deadline, self.order, self.asked = deadline, grevlex, 0

    def __call__(self, monomial: Any) -> Any:
        self.asked += 1
        if self.asked % 2048 == 0:
            self.check()
        return self.order(monomial)

    def check(self) -> None:
        """Raise when time is over."""
        if time.monotonic() > self.deadline:
            raise _OutOfTimeError


class _System:
    """The polynomial equations of one arm at one random point."""

    def __init__(self, asked: Question, outputs: tuple[str, ...], seed: int, clock: _Clock) -> None:
        import sympy
        from sympy.polys.domains import GF
        from sympy.polys.rings import PolyRing

        self.asked, self.clock, self.sympy = asked, clock, sympy
        self.point = Ranker(asked, outputs).point(seed)
        self.inverses: dict[Any, Any] = {}
        rates = [self._plain(rate) for rate in asked.rates]
        seen = {name: self._plain(asked.outputs[name]) for name in outputs}
        begin = [None if e is None else self._plain(e) for e in asked.arms[0].start]
        feeds = [self._plain(e) for e in asked.arms[0].feeds] or [sympy.Integer(0)] * len(rates)
        dens = [self._plain(factor) for factor in self.inverses]
        free = [state for state, e in zip(asked.states, asked.arms[0].start, strict=True) if e is None]
        self.values = {**self.point.values, **dict(zip(free, self.point.starts, strict=True))}
        self.variables = [*asked.unknowns, *free, *self.inverses.values()]
        self.ring = PolyRing([str(v) for v in self.variables], GF(PRIME, symmetric=False), clock)
        self.generators = dict(zip(self.variables, self.ring.gens, strict=True))
        leaves = [*self.point.values, *asked.states, *asked.inputs, *self.inverses.values()]
        if asked.time is not None:
            leaves.append(asked.time)
        self.program = Program(leaves)
        self.rates = [self.program.add(rate + feed) for rate, feed in zip(rates, feeds, strict=True)]
        self.seen = {name: self.program.add(e) for name, e in seen.items()}
        self.dens = [self.program.add(e) for e in dens]
        self.begin = [None if e is None else self.program.add(e) for e in begin]
        if odd := {step.kind for step in self.program.steps} - {"leaf", "number", "sum", "product"}:
            raise NotRationalError(f"the equations hold {', '.join(sorted(odd))}")
        self.direct = {
            n: (name, slope)
            for name, e in seen.items()
            for n, state in enumerate(asked.states)
            if (slope := self.sympy.diff(e, state)).is_number and slope != 0 and e == slope * state
        }

    def _plain(self, expression: Any) -> Any:
        """Return an expression as a polynomial, with a symbol for the inverse of each factor of its denominator."""
        sympy = self.sympy
        top, bottom = sympy.fraction(sympy.together(sympy.sympify(expression)))
        scale, factors = sympy.factor_list(bottom)
        found = top / scale
        for factor, power in factors:
            found *= self.inverses.setdefault(factor, sympy.Symbol(f"w{len(self.inverses)}")) ** power
        found = found.replace(
            lambda e: isinstance(e, sympy.Max) and sympy.Integer(0) in e.args,
            lambda e: next(part for part in e.args if part != 0),
        )
        if not found.is_polynomial(*found.free_symbols):
            raise NotRationalError("the equations are not rational")
        return found

    # -- coefficients as polynomials

    def equations(self, orders: int) -> list[list[Any]]:
        """Return the equations that each order of the coefficients adds."""
        asked, one, zero = self.asked, self.ring.one, self.ring.zero
        leaves, steps = self.program.leaves, self.program.steps
        series: list[list[Any]] = [[zero] * orders for _ in steps]
        for symbol, value in self.point.values.items():
            series[leaves[symbol]][0] = self.generators.get(symbol, one * value)
        for symbol in asked.inputs:
            series[leaves[symbol]] = [one * int(v) for v in self.point.inputs[symbol][:orders]]
        if asked.time is not None and orders > 1:
            series[leaves[asked.time]][1] = one
        inverses = list(zip((leaves[w] for w in self.inverses.values()), self.dens, strict=True))
        for symbol in self.inverses.values():
            series[leaves[symbol]][0] = self.generators[symbol]
        early = self._ancestors(self.dens)
        late = [n for n, step in enumerate(steps) if step.kind != "leaf"]
        found: list[list[Any]] = []
        for k in range(orders):
            added: list[Any] = []
            if k == 0:
                for n in sorted(self._ancestors([place for place in self.begin if place is not None])):
                    series[n][0] = self._coefficient(series, n, 0)
            for n, state in enumerate(asked.states):
                if k:
                    own = series[self.rates[n]][k - 1] * pow(k, -1, PRIME)
                else:
                    place = self.begin[n]
                    own = self.generators[state] if place is None else series[place][0]
                if n in self.direct:
                    name, slope = self.direct[n]
                    seen = self.point.series[name][k] * pow(residue(_fraction(slope)), -1, PRIME) % PRIME
                    added.append(own - one * int(seen))
                    own = one * int(seen)
                series[leaves[state]][k] = own
            for n in late:
                if n in early:
                    series[n][k] = self._coefficient(series, n, k)
            for place, den in inverses:
                if k == 0:
                    added.append(series[place][0] * series[den][0] - one)
                else:
                    rest = sum((series[den][i] * series[place][k - i] for i in range(1, k + 1)), zero)
                    series[place][k] = -series[place][0] * rest
            for n in late:
                if n not in early:
                    series[n][k] = self._coefficient(series, n, k)
            for name, place in self.seen.items():
                if name not in {direct for direct, _ in self.direct.values()}:
                    added.append(series[place][k] - one * int(self.point.series[name][k]))
            found.append([e for e in added if e])
        return found

    def _ancestors(self, places: Sequence[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(places)
        while waiting:
            n = waiting.pop()
            if n not in found and self.program.steps[n].kind != "leaf":
                found.add(n)
                waiting += self.program.steps[n].takes
        return found

    def _coefficient(self, series: list[list[Any]], n: int, k: int) -> Any:
        self.clock.check()
        step = self.program.steps[n]
        if step.kind == "number":
            return self.ring.one * step.number if k == 0 else self.ring.zero
        if step.kind == "sum":
            return sum((series[place][k] for place in step.takes), self.ring.zero)
        assert step.kind == "product"
        a, b = step.takes
        found = self.ring.zero
        for i in range(k + 1):
            if series[a][i] and series[b][k - i]:
                if len(series[a][i]) * len(series[b][k - i]) > MOST_TERMS**2 / 100:
                    raise _OutOfTimeError
                found += series[a][i] * series[b][k - i]
                self.clock.check()
        if len(found) > MOST_TERMS:
            raise _OutOfTimeError
        return found

    # -- the basis

    def judge(self, wanted: Sequence[Any]) -> dict[Any, bool | None]:
        """Return the verdicts; see :func:`unique`."""
        orders = self._orders()
        system = [e for added in self.equations(orders) for e in added]
        ring, system, put = self._eliminated(system)
        from sympy.polys.groebnertools import groebner

        basis = groebner(sorted(system, key=len), ring, method="buchberger")
        found: dict[Any, bool | None] = {}
        for expression in wanted:
            top, bottom = self.sympy.fraction(self.sympy.together(expression))
            above, below = self._polynomial(top), self._polynomial(bottom)
            value = self._value(above) * pow(self._value(below), -1, PRIME) % PRIME
            left = self._substituted((above - below * value), put)
            found[expression] = left.rem(basis) == 0
        return found

    def _value(self, polynomial: Any) -> int:
        """Return what a polynomial in unknowns and starts is at the point."""
        total = 0
        for monomial, coefficient in polynomial.items():
            part = int(coefficient)
            for variable, power in zip(self.variables, monomial, strict=True):
                if power:
                    part = part * pow(self.values[variable], power, PRIME) % PRIME
            total += part
        return total % PRIME

    def _polynomial(self, expression: Any) -> Any:
        from sympy import Poly

        poly = Poly(expression, *self.variables, modulus=PRIME)
        return self.ring.from_dict({m: self.ring.domain(int(c)) for m, c in poly.as_dict().items()})

    def _orders(self) -> int:
        """Return how many coefficients the rank needs, and one more."""
        rows, needed = self.point.rows, 0
        from exodelivery.fitting.structural.prime import Rows

        space = Rows(self.point.width)
        for order in range(max(map(len, rows.values()))):
            for name in rows:
                if order < len(rows[name]) and space.add(rows[name][order]):
                    needed = order
        return needed + 1 + EXTRA

    def _eliminated(self, system: list[Any]) -> tuple[Any, list[Any], list[tuple[Any, Any]]]:
        """Put variables in that occur linearly with a constant factor; return what is left and what was put in."""
        put: list[tuple[Any, Any]] = []
        system = [e for e in system if e]
        while True:
            best = None
            for e in system:
                for n, generator in enumerate(self.ring.gens):
                    mine = [m for m in e if m[n]]
                    if len(mine) == 1 and sum(mine[0]) == 1 and (best is None or len(e) < best[0]):
                        best = (len(e), n, generator, e, mine[0])
            if best is None:
                return self.ring, system, put
            _, n, generator, e, monomial = best
            value = generator - e * pow(int(e[monomial]), -1, PRIME)
            put.append((n, value))
            system = [s for s in (self._put_in(other, n, value) for other in system if other is not e) if s]

    def _put_in(self, polynomial: Any, n: int, value: Any) -> Any:
        self.clock.check()
        parts: dict[int, Any] = {}
        for m, c in polynomial.items():
            rest = (*m[:n], 0, *m[n + 1 :])
            parts.setdefault(m[n], {})[rest] = c
        if not parts or list(parts) == [0]:
            return polynomial
        found, power = self.ring.zero, self.ring.one
        for exponent in range(max(parts) + 1):
            if exponent in parts:
                found += self.ring.from_dict(parts[exponent]) * power
            power = power * value
            if len(found) > MOST_TERMS:
                raise _OutOfTimeError
        return found

    def _substituted(self, polynomial: Any, put: list[tuple[int, Any]]) -> Any:
        for n, value in put:
            polynomial = self._put_in(polynomial, n, value)
        return polynomial


def _fraction(number: Any) -> Fraction:
    return Fraction(str(number)) if number.is_Float else Fraction(int(number.p), int(number.q))
