"""Floor 1: the number that an expression comes to, given numbers for its names.

Why: a printed identity (``dose / auc``) or a closed form is checked against a run without compiling anything, and
nothing that a file says is ever executed: the tree is walked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exodelivery.errors import ExpressionError
from exodelivery.expr.as_text import as_text
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number

Lookup = Callable[[str], Any]

_PLAIN: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
    "cos": np.cos,
    "sin": np.sin,
    "min": lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
    "max": lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
    "hill": lambda x, half, exponent: x**exponent / (half**exponent + x**exponent),
    "when": np.where,
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def number(expr: Expr, lookup: Lookup) -> Any:
    """Return the value of an expression.

    Parameters
    ----------
    expr : Expr
    lookup : callable
        Returns the number, or the array of numbers, that a name stands for.

    Returns
    -------
    float or array
        A division by nought gives an infinity or a nan, as in numpy, without a warning.

    Raises
    ------
    ExpressionError
        If it reads pools or counts, which only a model can tell.

    Examples
    --------
    >>> from exodelivery.expr.read import read
    >>> float(number(read("k_e / (k_r + k_d)"), {"k_e": 0.154, "k_r": 0.086, "k_d": 0.457}.get).round(3))
    0.284
    """
    with np.errstate(all="ignore"):
        return _number(expr, lookup)


def _number(expr: Expr, lookup: Lookup) -> Any:
    match expr:
        case Number():
            return np.float64(expr.value)
        case Name():
            return lookup(expr.path)
        case Negative():
            return -_number(expr.operand, lookup)
        case Binary() | Compare():
            return _OPERATORS[expr.operator](_number(expr.left, lookup), _number(expr.right, lookup))
        case Call():
            if expr.function in DOMAIN_FUNCTIONS:
                raise ExpressionError(
                    f"{as_text(expr)} reads a model, and stands where only numbers are known",
                    remedy="name an observable of the model instead",
                )
            return _PLAIN[expr.function](*(_number(argument, lookup) for argument in expr.arguments))
