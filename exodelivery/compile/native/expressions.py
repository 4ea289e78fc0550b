"""Floor 4: sympy expressions to instructions, with what depends on parameters alone worked out once a run.

A rate such as ``CL / V * x`` costs a division only where it is evaluated anew; here every largest part that holds
no state and no time becomes a constant of the run, and reciprocals are shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from exodelivery.compile.native.mathematics import exponential, logarithm, power
from exodelivery.compile.native.writer import Value, Writer
from exodelivery.errors import SimulationError


@dataclass(slots=True)
class Constants:
    """Parts of expressions that hold parameters only, each under a symbol ``k0, k1, …``."""

    varying: frozenset[Any]
    symbols: dict[Any, Any] = field(default_factory=dict)
    _seen: dict[Any, Any] = field(default_factory=dict)
    _moves: dict[Any, bool] = field(default_factory=dict)

    def hoist(self, expression: Any) -> Any:
        """Return the expression with its largest constant parts as symbols."""
        if expression not in self._seen:
            self._seen[expression] = self._hoisted(expression)
        return self._seen[expression]

    def _hoisted(self, expression: Any) -> Any:
        import sympy

        if expression.is_Atom or not expression.args or isinstance(expression, sympy.logic.boolalg.BooleanAtom):
            return expression
        if not self._moving(expression):
            return self._symbol(expression) if expression.free_symbols else expression
        if expression.is_Add or expression.is_Mul:
            still = [part for part in expression.args if not self._moving(part)]
            moving = [self.hoist(part) for part in expression.args if self._moving(part)]
            if len(still) > 1 or (still and not still[0].is_Atom):
                return expression.func(self._symbol(expression.func(*still)), *moving)
            return _rebuilt(expression, (*still, *moving))
        return _rebuilt(expression, tuple(self.hoist(part) for part in expression.args))

    def _moving(self, expression: Any) -> bool:
        """Say whether a state, the time or a stage occurs."""
        if expression not in self._moves:
            args = expression.args
            found = any(self._moving(part) for part in args) if args else expression in self.varying
            self._moves[expression] = found
        return self._moves[expression]

    def _symbol(self, expression: Any) -> Any:
        import sympy

        if expression.is_number:
            return expression
        return self.symbols.setdefault(expression, sympy.Symbol(f"k{len(self.symbols)}", real=True))


def _rebuilt(expression: Any, arguments: tuple[Any, ...]) -> Any:
    """Return an expression of new arguments; ``Max`` and ``Min`` are not weighed anew, which costs sympy seconds."""
    import sympy

    if arguments == expression.args:
        return expression
    if isinstance(expression, (sympy.Max, sympy.Min)):
        return expression.func(*arguments, evaluate=False)
    return expression.func(*arguments)


def shared(expressions: Sequence[Any]) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """Return common parts under symbols ``c0, c1, …``, and the expressions in them."""
    import sympy

    parts, left = sympy.cse(list(expressions), symbols=sympy.numbered_symbols("c"), order="none")
    return list(parts), list(left)


@dataclass(slots=True)
class Translator:
    """Writes expressions into one function; a part that was written before is not written again."""

    writer: Writer
    values: dict[Any, Value] = field(default_factory=dict)

    def all(self, expressions: Sequence[Any]) -> list[Value]:
        """Write expressions with their common parts first."""
        parts, left = shared(expressions)
        for symbol, part in parts:
            self.values[symbol] = self(part)
        return [self(expression) for expression in left]

    def __call__(self, e: Any) -> Value:
        if e not in self.values:
            self.values[e] = self._write(e)
        return self.values[e]

    def _write(self, e: Any) -> Value:
        w = self.writer
        if e.is_number:
            return w.number(float(e))
        if e.is_Add:
            return self._sum(e.args)
        if e.is_Mul:
            return self._product(e.args)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        name = type(e).__name__
        if name not in WRITERS:
            raise SimulationError(
                f"the compiled back end has no {name}", remedy="use the solver 'lsoda', or the grammar's functions"
            )
        return str(WRITERS[name](self, *e.args))

    def _sum(self, terms: Iterable[Any]) -> Value:
        w = self.writer
        found: Value | None = None
        for term in sorted(terms, key=lambda part: bool(part.is_Mul)):  # plain terms first, products are fused
            sign, factors = _signed(term)
            if found is None:
                found = self._product(factors)
                found = w.negate(found) if sign < 0 else found
            elif len(factors) == 1:
                found = (w.add if sign > 0 else w.subtract)(found, self(factors[0]))
            else:
                left, right = self._product(factors[:-1]), self(factors[-1])
                found = w.fused(left if sign > 0 else w.negate(left), right, found)
        return found if found is not None else w.number(0.0)

    def _product(self, factors: Sequence[Any]) -> Value:
        found: Value | None = None
        negative = False
        for factor in factors:
            if factor == -1:
                negative = not negative
            else:
                found = self(factor) if found is None else self.writer.multiply(found, self(factor))
        found = self.writer.number(1.0) if found is None else found
        return self.writer.negate(found) if negative else found

    def _power(self, base: Any, exponent: Any) -> Value:
        import sympy

        w = self.writer
        if exponent.is_number and exponent.is_negative:
            return w.divide(w.number(1.0), self(sympy.Pow(base, -exponent)))
        if exponent.is_Integer:
            return self._whole_power(self(base), int(exponent))
        if exponent == sympy.Rational(1, 2):
            return w.intrinsic("sqrt", self(base))
        return power(w, self(base), self(exponent))

    def _whole_power(self, square: Value, exponent: int) -> Value:
        found: Value | None = None
        while exponent:
            if exponent & 1:
                found = square if found is None else self.writer.multiply(found, square)
            exponent >>= 1
            if exponent:
                square = self.writer.multiply(square, square)
        return found if found is not None else self.writer.number(1.0)

    def condition(self, e: Any) -> Value:
        """Write a comparison."""
        how = COMPARISONS[type(e).__name__]
        return self.writer.compare(how, self(e.lhs), self(e.rhs))


def _signed(term: Any) -> tuple[int, tuple[Any, ...]]:
    if term.is_Mul and term.args[0] == -1:
        return -1, term.args[1:]
    return 1, term.args if term.is_Mul else (term,)


COMPARISONS = {
    "StrictLessThan": "olt",
    "LessThan": "ole",
    "StrictGreaterThan": "ogt",
    "GreaterThan": "oge",
    "Equality": "oeq",
    "Unequality": "une",
}


def _extreme(how: str) -> Any:
    def write(t: Translator, *arguments: Any) -> Value:
        found = t(arguments[0])
        for argument in arguments[1:]:
            other = t(argument)
            chosen = t.writer.select(t.writer.compare(how, found, other), found, other)
            found = t.writer.select(t.writer.compare("uno", found, found), found, chosen)  # a NaN stays one
        return found

    return write


def _piecewise(t: Translator, *pieces: Any) -> Value:
    import sympy

    found = t.writer.number(float("nan"))
    for expression, condition in reversed(pieces):
        if condition == sympy.true:
            found = t(expression)
        elif condition != sympy.false:
            found = t.writer.select(t.condition(condition), t(expression), found)
    return found


def _step(t: Translator, x: Any, at_zero: Any = None) -> Value:
    w, value, zero = t.writer, t(x), t.writer.number(0.0)
    found = w.select(w.compare("ogt", value, zero), w.number(1.0), zero)
    return w.select(w.compare("oeq", value, zero), w.number(0.5), found)


def _sign(t: Translator, x: Any) -> Value:
    w, value, zero = t.writer, t(x), t.writer.number(0.0)
    found = w.select(w.compare("ogt", value, zero), w.number(1.0), zero)
    return w.select(w.compare("olt", value, zero), w.number(-1.0), found)


def _clipped_power(t: Translator, base: Any, exponent: Any, order: Any) -> Value:
    w, x, zero, one = t.writer, t(base), t.writer.number(0.0), t.writer.number(1.0)
    inside = t(base**exponent) if exponent.is_Integer else power(w, x, t(exponent))
    flat = w.select(w.compare("oeq", t(exponent), zero), one, zero)
    at_zero = w.select(w.compare("oeq", x, zero), flat, zero) if order > 0 else flat
    return w.select(w.compare("ole", x, zero), at_zero, inside)


def _clipped_log(t: Translator, base: Any) -> Value:
    w, x, zero = t.writer, t(base), t.writer.number(0.0)
    return w.select(w.compare("ogt", x, zero), logarithm(w, x), zero)


WRITERS: dict[str, Any] = {
    "exp": lambda t, x: exponential(t.writer, t(x)),
    "log": lambda t, x: logarithm(t.writer, t(x)),
    "tanh": lambda t, x: t.writer.each("tanh", t(x)),
    "cos": lambda t, x: t.writer.each("cos", t(x)),
    "sin": lambda t, x: t.writer.each("sin", t(x)),
    "Abs": lambda t, x: t.writer.intrinsic("fabs", t(x)),
    "Max": _extreme("ogt"),
    "Min": _extreme("olt"),
    "Heaviside": _step,
    "sign": _sign,
    "Piecewise": _piecewise,
    "clipped_power": _clipped_power,
    "clipped_log": _clipped_log,
}
