"""Floor 4: the calculus that emitters share: powers finite at an empty pool, exact derivatives.

Amounts reach zero and, within an integrator's error, a little below. ``Max(x, 0)**h`` is then fine, sympy's
derivative of it is not (``0**(h - 1) * Heaviside(x)``). So clipped powers become functions of ours whose
derivatives are finite everywhere; the deltas of second derivatives, which no integrator sees, are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

Entries = tuple[tuple[int, int, Any], ...]


@lru_cache(maxsize=1)
def clipped_functions() -> tuple[Any, Any]:
    """Return the sympy functions ``clipped_power(base, exponent, order)`` and ``clipped_log(base)``.

    ``order`` counts derivatives by the base: the value (0) reads ``max(base, 0)**exponent``; a derivative
    (1, 2, …) is zero below zero and, where it would be infinite, zero at zero.
    """
    import sympy

    class clipped_log(sympy.Function):  # type: ignore[misc]
        nargs = 1

        def fdiff(self, argindex: int = 1) -> Any:
            return clipped_power(self.args[0], sympy.Integer(-1), sympy.Integer(1))

    class clipped_power(sympy.Function):  # type: ignore[misc]
        nargs = 3

        def fdiff(self, argindex: int = 1) -> Any:
            base, exponent, order = self.args
            if argindex == 1:
                return exponent * clipped_power(base, exponent - 1, order + 1)
            return self * clipped_log(base)

    return clipped_power, clipped_log


def smooth(expression: Any) -> Any:
    """Return the expression with clipped powers ``Max(x, 0)**h`` as functions whose derivatives are finite.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x0", real=True)
    >>> smooth(sympy.Max(x, 0) ** sympy.Rational(1, 2)).diff(x)
    clipped_power(x0, -1/2, 1)/2
    """
    import sympy

    clipped_power, _ = clipped_functions()

    def clips(power: Any) -> bool:
        base = power.base
        return isinstance(base, sympy.Max) and sympy.Integer(0) in base.args and len(base.args) == 2

    def clip(power: Any) -> Any:
        inner = next(argument for argument in power.base.args if argument != 0)
        return clipped_power(inner, power.exp, sympy.Integer(0))

    return sympy.sympify(expression).replace(lambda node: node.is_Pow and clips(node), clip)


def derivative(expression: Any, symbol: Any) -> Any:
    """Return the derivative of a smooth expression, without the deltas at its kinks.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x0", real=True)
    >>> derivative(derivative(sympy.Max(x, 1), x), x)
    0
    """
    import sympy

    found = _differentiated(expression, symbol)
    if found.has(sympy.DiracDelta):
        found = found.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    return found


def _differentiated(expression: Any, symbol: Any) -> Any:
    """Differentiate sums, products and plain powers ourselves: sympy's own way asks each part for its assumptions."""
    import sympy

    if symbol not in _free(expression):
        return sympy.Integer(0)
    if expression == symbol:
        return sympy.Integer(1)
    if expression.is_Add:
        return sympy.Add(*(_differentiated(term, symbol) for term in expression.args if symbol in _free(term)))
    if expression.is_Mul:
        parts = expression.args
        return sympy.Add(*(
            sympy.Mul(*parts[:place], _differentiated(part, symbol), *parts[place + 1 :])
            for place, part in enumerate(parts)
            if symbol in _free(part)
        ))  # fmt: skip
    if expression.is_Pow and symbol not in _free(expression.exp):
        base, exponent = expression.args
        return sympy.Mul(exponent, sympy.Pow(base, exponent - 1), _differentiated(base, symbol))
    return expression.diff(symbol)


@lru_cache(maxsize=50_000)
def _free(expression: Any) -> frozenset[Any]:
    if not expression.args:
        return frozenset(expression.free_symbols)
    return frozenset().union(*map(_free, expression.args))


def entries(expressions: Sequence[Any], symbols: Iterable[Any]) -> Entries:
    """Return the structurally non-zero derivatives as ``(row, column, expression)``.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x0 x1", real=True)
    >>> entries([-2 * x, x * y], [x, y])
    ((0, 0, -2), (1, 0, x1), (1, 1, x0))
    """
    columns = tuple(symbols)
    found = []
    for row, expression in enumerate(expressions):
        free = _free(expression)
        for column, symbol in enumerate(columns):
            if symbol in free and (value := derivative(expression, symbol)) != 0:
                found.append((row, column, value))
    return tuple(found)
