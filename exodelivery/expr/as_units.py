"""Floor 1: the dimension of an expression, found by a walk over what was written.

Why: evaluating with quantities passes wrong models and loses the place. Here the first sub-expression that
does not fit is named, with both dimensions. What a name or a domain call measures is asked of the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exodelivery.errors import UnitError
from exodelivery.expr.as_text import as_text
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number, constant
from exodelivery.units import DIMENSIONLESS, Dimension

Lookup = Callable[[Name | Call], Dimension]


class DimensionMismatch(UnitError):
    """Two dimensions of an expression do not fit.

    Attributes
    ----------
    node : Expr
        The offending sub-expression.
    left, right : Dimension
        What it has, and what it would need (or the two sides).
    """

    def __init__(self, message: str, node: Expr, left: Dimension, right: Dimension) -> None:
        self.node = node
        self.left = left
        self.right = right
        super().__init__(message)


def dimension(expr: Expr, lookup: Lookup) -> Dimension:
    """Return the dimension of an expression.

    Parameters
    ----------
    expr : Expr
        The expression.
    lookup : callable
        Returns the dimension of a :class:`Name`, or of a call of ``conc``, ``count``, ``mass`` or ``total``.

    Raises
    ------
    DimensionMismatch
        At the first sub-expression that does not fit.

    Examples
    --------
    >>> from exodelivery.expr.read import read
    >>> from exodelivery.units import unit
    >>> known = {"k": unit("1/h").dimension, "x": unit("nmol").dimension, "n": unit("particle").dimension}
    >>> print(dimension(read("k * x"), lambda node: known[node.path]))
    amount/time
    >>> dimension(read("k * (x + n)"), lambda node: known[node.path])
    Traceback (most recent call last):
    exodelivery.expr.as_units.DimensionMismatch: x + n: the left side is amount, the right side carrier
    """
    match expr:
        case Number():
            return DIMENSIONLESS
        case Name():
            return lookup(expr)
        case Negative():
            return dimension(expr.operand, lookup)
        case Binary(operator="*"):
            return dimension(expr.left, lookup) * dimension(expr.right, lookup)
        case Binary(operator="/"):
            return dimension(expr.left, lookup) / dimension(expr.right, lookup)
        case Binary(operator="**"):
            return _power(expr, lookup)
        case Binary() | Compare():
            return _alike(expr, (expr.left, expr.right), lookup)
        case Call():
            return lookup(expr) if expr.function in DOMAIN_FUNCTIONS else _call(expr, lookup)


def _is_zero(expr: Expr) -> bool:
    return constant(expr) == 0


def _alike(node: Expr, parts: tuple[Expr, ...], lookup: Lookup) -> Dimension:
    """Return the common dimension of the parts; a literal zero fits any."""
    found = [dimension(part, lookup) for part in parts if not _is_zero(part)]
    for other in found[1:]:
        if other != found[0]:
            sides = f"the left side is {found[0]}, the right side {other}"
            between = f"{found[0]} stands beside {other}"
            raise DimensionMismatch(f"{as_text(node)}: {sides if len(parts) == 2 else between}", node, found[0], other)
    return found[0] if found else DIMENSIONLESS


def _pure(node: Expr, part: Expr, role: str, lookup: Lookup) -> None:
    found = dimension(part, lookup)
    if not found.is_one:
        message = f"{as_text(node)}: the {role} {as_text(part)} is {found}, not a pure number (1)"
        raise DimensionMismatch(message, node, found, DIMENSIONLESS)


def _power(expr: Binary, lookup: Lookup) -> Dimension:
    _pure(expr, expr.right, "exponent", lookup)
    base = dimension(expr.left, lookup)
    power = constant(expr.right)
    if power is not None:
        return base**power
    if not base.is_one:
        message = (
            f"{as_text(expr)}: the base {as_text(expr.left)} is {base}; under an exponent that is not a plain"
            " number it must be a pure number (1)"
        )
        raise DimensionMismatch(message, expr, base, DIMENSIONLESS)
    return DIMENSIONLESS


def _call(expr: Call, lookup: Lookup) -> Dimension:
    first, *rest = expr.arguments
    match expr.function:
        case "exp" | "log" | "tanh" | "cos" | "sin":
            _pure(expr, first, "argument", lookup)
            return DIMENSIONLESS
        case "sqrt":
            return dimension(first, lookup) ** Fraction(1, 2)
        case "abs":
            return dimension(first, lookup)
        case "min" | "max":
            return _alike(expr, expr.arguments, lookup)
        case "hill":
            half, exponent = rest
            _alike(expr, (first, half), lookup)
            _pure(expr, exponent, "exponent", lookup)
            return DIMENSIONLESS
        case "when":
            dimension(first, lookup)
            return _alike(expr, tuple(rest), lookup)
        case _:
            raise UnitError(f"{as_text(expr)}: the function {expr.function} has no rule of dimensions")
