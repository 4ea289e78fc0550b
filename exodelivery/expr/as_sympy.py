"""Floor 1: an expression as sympy's, for derivatives, simplification and compilation.

Why: sympy is built up from our tree node by node, so that no text ever reaches its parser. Numbers become
exact fractions of the decimals as written: balances then cancel to zero, not to 1e-17. A power that is not
a whole number clips its base at zero, because a pool that an integrator left at -1e-15 must not turn a rate
into a complex number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exodelivery.errors import ExpressionError
from exodelivery.expr.as_text import as_text
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number

if TYPE_CHECKING:
    import sympy

Resolve = Callable[[Name | Call], "sympy.Expr"]


def as_sympy(expr: Expr, resolve: Resolve) -> sympy.Expr:
    """Return the expression in sympy.

    Parameters
    ----------
    expr : Expr
        The expression.
    resolve : callable
        Returns the sympy expression of a :class:`Name`, or of a call of ``conc``, ``count``, ``mass`` or
        ``total``.

    Raises
    ------
    ExpressionError
        If a part made of numbers alone has no real value, such as ``1 / 0``.

    Examples
    --------
    >>> import sympy
    >>> from exodelivery.expr.read import read
    >>> as_sympy(read("0.5 * k * x**n"), lambda node: sympy.Symbol(node.path))
    k*Max(0, x)**n/2
    """
    import sympy

    match expr:
        case Number():
            return _number(expr.value)
        case Name():
            return resolve(expr)
        case Negative():
            return -as_sympy(expr.operand, resolve)
        case Binary() | Compare():
            left, right = as_sympy(expr.left, resolve), as_sympy(expr.right, resolve)
            if isinstance(expr, Compare):
                return _compare(expr.operator, left, right)
            return _binary(expr, left, right)
        case Call():
            if expr.function in DOMAIN_FUNCTIONS:
                return resolve(expr)
            arguments = [as_sympy(argument, resolve) for argument in expr.arguments]
            if expr.function == "log" and arguments[0].is_number and not arguments[0].is_positive:
                raise ExpressionError(f"{as_text(expr)} has no real value")
            if expr.function == "when":
                condition, then, otherwise = arguments
                return sympy.Piecewise((then, condition), (otherwise, True))
            return _FUNCTIONS[expr.function](*arguments)


def _number(value: float) -> sympy.Expr:
    import sympy

    # An exact 1e300 would make numbers of hundreds of digits.
    return sympy.Rational(repr(value)) if value == 0 or 1e-30 < value < 1e30 else sympy.Float(value)


def _binary(expr: Binary, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    match expr.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right.is_zero:
                raise ExpressionError(f"{as_text(expr)} divides by zero")
            return left / right
        case _:
            return _numeric_power(expr, left, right) if left.is_number and right.is_number else _power(left, right)


def _numeric_power(expr: Binary, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    import sympy

    try:
        value = float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        value = complex("nan")
    if isinstance(value, complex):
        raise ExpressionError(f"{as_text(expr)} has no finite real value")
    # Whole results stay exact; the rest in floats, so that powers of powers cannot fill the memory.
    return sympy.Integer(int(value)) if value.is_integer() and abs(value) < 1e15 else sympy.Float(value)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    import sympy

    if exponent.is_Integer or base.is_number or base.is_positive:
        return base**exponent
    return sympy.Max(base, 0) ** exponent


def _hill(x: sympy.Expr, half: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    raised = _power(x, exponent)
    return raised / (_power(half, exponent) + raised)


def _sqrt(x: sympy.Expr) -> sympy.Expr:
    import sympy

    return _power(x, sympy.Rational(1, 2))


def _named(name: str) -> Callable[..., sympy.Expr]:
    def call(*arguments: sympy.Expr) -> sympy.Expr:
        import sympy

        return getattr(sympy, name)(*arguments)

    return call


_FUNCTIONS: dict[str, Callable[..., sympy.Expr]] = {
    "exp": _named("exp"),
    "log": _named("log"),
    "sqrt": _sqrt,
    "abs": _named("Abs"),
    "min": _named("Min"),
    "max": _named("Max"),
    "tanh": _named("tanh"),
    "cos": _named("cos"),
    "sin": _named("sin"),
    "hill": _hill,
}


def _compare(operator: str, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    import sympy

    relations = {"<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge", "==": "Eq", "!=": "Ne"}
    return getattr(sympy, relations[operator])(left, right)
