"""Floor 7: Taylor coefficients of the outputs, with their derivatives by the unknowns, exact modulo a prime.

Expressions become a list of steps that give coefficient after coefficient: sums, products, reciprocals, and exp, log
and powers by the linear recurrences that their differential equations give. The start of an exp, log or power is no
residue of its argument, so it gets a random one, with the derivative that the chain rule gives; a rank then is that of
values without algebraic relations.

References
----------
Sedoglavic A. A probabilistic algorithm to test local algebraic observability in polynomial time. J Symb Comput
2002;33:735. doi:10.1006/jsco.2002.0532
Griewank A, Walther A. Evaluating Derivatives, 2nd ed. 2008, chapter 13: recurrences of Taylor coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.structural.prime import PRIME, Integers, residue


class NotRationalError(FitError):
    """An expression holds something that has no exact Taylor coefficients here."""


class SingularStartError(FitError):
    """A denominator or a base of a power vanishes where the expansion starts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its kind, the steps that it takes, and a number of its own."""

    kind: str
    takes: tuple[int, ...] = ()
    number: int = 0


class Program:
    """Expressions of one model as steps, each once.

    Parameters
    ----------
    leaves : sequence of sympy.Symbol
        Symbols that are given from outside: unknowns, known numbers, states, inputs.
    """

    def __init__(self, leaves: Sequence[Any]) -> None:
        self.steps: list[Step] = []
        self.known: dict[Any, int] = {}
        self.places: dict[Step, int] = {}
        self.leaves = {symbol: self._step(Step("leaf", (), n)) for n, symbol in enumerate(leaves)}

    def _step(self, step: Step) -> int:
        if step not in self.places:
            self.places[step] = len(self.steps)
            self.steps.append(step)
        return self.places[step]

    def add(self, expression: Any) -> int:
        """Return the place of an expression, adding the steps that it needs.

        Raises
        ------
        NotRationalError
            For a minimum, a condition, a modulus, or another function without exact coefficients.
        """
        import sympy

        found = self.known.get(expression)
        if found is not None:
            return found
        e = expression
        if e in self.leaves:
            place = self.leaves[e]
        elif e.is_Rational or e.is_Float:
            place = self._number(Fraction(str(e)) if e.is_Float else Fraction(int(e.p), int(e.q)))
        elif e.is_Add:
            place = self._step(Step("sum", tuple(self.add(part) for part in e.args)))
        elif e.is_Mul:
            place = self.add(e.args[0])
            for part in e.args[1:]:
                place = self._step(Step("product", (place, self.add(part))))
        elif e.is_Pow:
            place = self._power(e.base, e.exp)
        elif isinstance(e, sympy.exp):
            place = self._step(Step("exp", (self.add(e.args[0]),)))
        elif isinstance(e, sympy.log):
            place = self._step(Step("log", (self.add(e.args[0]),)))
        elif isinstance(e, sympy.tanh):
            twice = sympy.exp(2 * e.args[0])
            place = self.add((twice - 1) / (twice + 1))
        elif isinstance(e, sympy.Max) and len(e.args) == 2 and sympy.Integer(0) in e.args:
            # A pool clipped at nought is itself wherever it is not empty.
            place = self.add(next(part for part in e.args if part != 0))
        else:
            raise NotRationalError(
                f"{type(e).__name__} has no exact Taylor coefficients",
                remedy="judge the model without what uses it, or by profiles after the fit",
            )
        self.known[expression] = place
        return place

    def _number(self, value: Fraction) -> int:
        return self._step(Step("number", (), residue(value)))

    def _power(self, base: Any, exponent: Any) -> int:
        import sympy

        exponent = sympy.Integer(int(exponent)) if exponent.is_Float and exponent == int(exponent) else exponent
        if base == sympy.E:
            return self._step(Step("exp", (self.add(exponent),)))
        if exponent.is_Integer:
            return self._whole(self.add(base), int(exponent))
        if exponent.is_Add:
            place = self.add(base ** exponent.args[0])
            return self._step(Step("product", (place, self.add(base ** sympy.Add(*exponent.args[1:])))))
        if exponent.could_extract_minus_sign():
            return self._step(Step("reciprocal", (self._power(base, -exponent),)))
        return self._step(Step("power", (self.add(base), self.add(exponent))))

    def _whole(self, base: int, exponent: int) -> int:
        if exponent < 0:
            return self._step(Step("reciprocal", (self._whole(base, -exponent),)))
        place = self._number(Fraction(1))
        for digit in bin(exponent)[2:]:
            if place != self._number(Fraction(1)):
                place = self._step(Step("product", (place, place)))
            if digit == "1":
                one = place == self._number(Fraction(1))
                place = base if one else self._step(Step("product", (place, base)))
        return place


class Jets:
    """Coefficients of every step at one random point, with derivatives by the unknowns.

    Parameters
    ----------
    program : Program
    leaves : mapping of sympy.Symbol to (values, slopes)
        Coefficients known from the start: of an unknown its value with a unit slope; of a state its start. Shorter
        ones go on with zeros.
    rates : mapping of sympy.Symbol to int
        The place of each state's rate.
    unknowns, orders : int
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        program: Program,
        leaves: Mapping[Any, tuple[Any, Any]],
        rates: Mapping[Any, int],
        unknowns: int,
        orders: int,
        rng: np.random.Generator,
    ) -> None:
        self.program, self.rng = program, rng
        count = len(program.steps)
        self.values: Integers = np.zeros((count, orders), dtype=np.int64)
        self.slopes: Integers = np.zeros((count, orders, unknowns), dtype=np.int64)
        self.rates = {program.leaves[symbol]: place for symbol, place in rates.items()}
        for symbol, (values, slopes) in leaves.items():
            place = program.leaves[symbol]
            size = min(len(values), orders)
            self.values[place, :size] = np.asarray(values, dtype=np.int64)[:size]
            self.slopes[place, :size] = np.asarray(slopes, dtype=np.int64)[:size]
        self.order = 0

    def advance(self) -> None:
        """Compute the next coefficient of every step."""
        k = self.order
        for place, step in enumerate(self.program.steps):
            if step.kind != "leaf":
                getattr(self, f"_{step.kind}")(place, step, k)
        if k + 1 < self.values.shape[1]:
            share = pow(k + 1, -1, PRIME)
            for state, rate in self.rates.items():
                self.values[state, k + 1] = self.values[rate, k] * share % PRIME
                self.slopes[state, k + 1] = self.slopes[rate, k] * share % PRIME
        self.order += 1

    def _number(self, place: int, step: Step, k: int) -> None:
        if k == 0:
            self.values[place, 0] = step.number

    def _sum(self, place: int, step: Step, k: int) -> None:
        takes = list(step.takes)
        self.values[place, k] = self.values[takes, k].sum() % PRIME
        self.slopes[place, k] = self.slopes[takes, k].sum(axis=0) % PRIME

    def _product(self, place: int, step: Step, k: int) -> None:
        a, b = step.takes
        self.values[place, k], self.slopes[place, k] = self._convolved(a, b, 0, k)

    def _convolved(self, a: int, b: int, first: int, k: int) -> tuple[int, Integers]:
        """Return coefficient k of a product, from ``a``'s coefficient ``first`` on."""
        if first > k:
            return 0, np.zeros(self.slopes.shape[2], dtype=np.int64)
        va, vb = self.values[a, first : k + 1], self.values[b, : k + 1 - first][::-1]
        ta, tb = self.slopes[a, first : k + 1], self.slopes[b, : k + 1 - first][::-1]
        value = int((va * vb % PRIME).sum() % PRIME)
        slope = ((va[:, None] * tb % PRIME).sum(axis=0) + (ta * vb[:, None] % PRIME).sum(axis=0)) % PRIME
        return value, slope

    def _reciprocal(self, place: int, step: Step, k: int) -> None:
        (b,) = step.takes
        base = int(self.values[b, 0])
        if base == 0:
            raise SingularStartError("a denominator is zero at the start")
        inverse = pow(base, -1, PRIME)
        if k == 0:
            self.values[place, 0] = inverse
            self.slopes[place, 0] = -(inverse * inverse % PRIME) * self.slopes[b, 0] % PRIME
            return
        value, slope = self._convolved(b, place, 1, k)
        self._quotient(place, k, (-value, -slope), b, inverse)

    def _quotient(self, place: int, k: int, above: tuple[int, Integers], b: int, inverse: int) -> None:
        """Set coefficient k to ``above`` over the first coefficient of ``b``."""
        self.values[place, k] = above[0] * inverse % PRIME
        slope = (above[1] - self.values[place, k] * self.slopes[b, 0]) % PRIME
        self.slopes[place, k] = slope * inverse % PRIME

    def _exp(self, place: int, step: Step, k: int) -> None:
        (g,) = step.takes
        if k == 0:
            nought = not self.values[g, 0] and not self.slopes[g, 0].any()
            self.values[place, 0] = 1 if nought else int(self.rng.integers(1, PRIME))
            self.slopes[place, 0] = self.values[place, 0] * self.slopes[g, 0] % PRIME
            return
        i = np.arange(1, k + 1)
        va, ta = i * self.values[g, 1 : k + 1] % PRIME, i[:, None] * self.slopes[g, 1 : k + 1] % PRIME
        vb, tb = self.values[place, :k][::-1], self.slopes[place, :k][::-1]
        share = pow(k, -1, PRIME)
        self.values[place, k] = int((va * vb % PRIME).sum() % PRIME) * share % PRIME
        slope = ((va[:, None] * tb % PRIME).sum(axis=0) + (ta * vb[:, None] % PRIME).sum(axis=0)) % PRIME
        self.slopes[place, k] = slope * share % PRIME

    def _log(self, place: int, step: Step, k: int) -> None:
        (g,) = step.takes
        base = int(self.values[g, 0])
        if base == 0:
            raise SingularStartError("a logarithm's argument is zero at the start")
        inverse = pow(base, -1, PRIME)
        if k == 0:
            one = base == 1 and not self.slopes[g, 0].any()
            self.values[place, 0] = 0 if one else int(self.rng.integers(1, PRIME))
            self.slopes[place, 0] = inverse * self.slopes[g, 0] % PRIME
            return
        i = np.arange(1, k)
        va, ta = i * self.values[place, 1:k] % PRIME, i[:, None] * self.slopes[place, 1:k] % PRIME
        vb, tb = self.values[g, 1:k][::-1], self.slopes[g, 1:k][::-1]
        share = pow(k, -1, PRIME)
        value = (int(self.values[g, k]) - int((va * vb % PRIME).sum() % PRIME) * share) % PRIME
        inner = ((va[:, None] * tb % PRIME).sum(axis=0) + (ta * vb[:, None] % PRIME).sum(axis=0)) % PRIME
        self._quotient(place, k, (value, (self.slopes[g, k] - inner * share) % PRIME), g, inverse)

    def _power(self, place: int, step: Step, k: int) -> None:
        """``z = x**h`` with a constant h: ``k x0 z_k = Σ (h i − (k − i)) x_i z_(k−i)``."""
        x, h = step.takes
        base, exponent = int(self.values[x, 0]), int(self.values[h, 0])
        if k == 0:
            if base == 0:
                raise SingularStartError("the base of a power is zero at the start")
            value = int(self.rng.integers(1, PRIME))
            logarithm = int(self.rng.integers(1, PRIME))
            self.values[place, 0] = value
            inner = exponent * pow(base, -1, PRIME) % PRIME * self.slopes[x, 0] + logarithm * self.slopes[h, 0]
            self.slopes[place, 0] = value * (inner % PRIME) % PRIME
            return
        if self.values[h, 1 : k + 1].any():
            raise NotRationalError("an exponent changes in time")
        i = np.arange(1, k + 1)
        factors = (exponent * i - (k - i)) % PRIME
        va = factors * self.values[x, 1 : k + 1] % PRIME
        ta = (factors[:, None] * self.slopes[x, 1 : k + 1] % PRIME) + (
            (i * self.values[x, 1 : k + 1] % PRIME)[:, None] * self.slopes[h, 0] % PRIME
        )
        ta %= PRIME
        vb, tb = self.values[place, :k][::-1], self.slopes[place, :k][::-1]
        above = int((va * vb % PRIME).sum() % PRIME)
        slope = ((va[:, None] * tb % PRIME).sum(axis=0) + (ta * vb[:, None] % PRIME).sum(axis=0)) % PRIME
        share = pow(k, -1, PRIME)
        self._quotient(place, k, (above * share % PRIME, slope * share % PRIME), x, pow(base, -1, PRIME))
