"""Floor 1: the expression as it was written, a small frozen tree.

Why: units are checked, messages point, and formulas are printed on what a person wrote, not on what an
algebra system made of it. Every node knows its columns in the source text; two trees are equal when they
say the same, wherever it stood. A number is never negative: ``-3`` is the negative of three, as it is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as _with
from fractions import Fraction

from exodelivery.errors import ExpressionError
from exodelivery.expr.functions import FUNCTIONS

Span = tuple[int, int]
OPERATORS = ("+", "-", "*", "/", "**")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Number:
    """Hold a number that is finite and not negative, with its text as written."""

    value: float
    text: str = field(default="", compare=False)
    span: Span = field(default=(0, 0), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise ExpressionError(
                f"A number in an expression is finite and not negative, not {self.value}",
                remedy="wrap the absolute value in Negative",
            )


@dataclass(frozen=True, slots=True)
class Name:
    """Hold a name, dotted or not: ``PS``, ``plasma.sn38.free``, ``here.loaded``."""

    path: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """Hold the negative of an expression."""

    operand: Expr
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Hold ``left operator right`` with one of ``+ - * / **``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=(0, 0), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ExpressionError(f"There is no operator {self.operator!r}; there are {' '.join(OPERATORS)}")


@dataclass(frozen=True, slots=True)
class Compare:
    """Hold a comparison; it stands only as the first argument of ``when``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=(0, 0), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.operator not in COMPARISONS:
            raise ExpressionError(f"There is no comparison {self.operator!r}; there are {' '.join(COMPARISONS)}")


@dataclass(frozen=True, slots=True)
class Call:
    """Hold the call of a function of :data:`~exodelivery.expr.functions.FUNCTIONS`."""

    function: str
    arguments: tuple[Expr, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ExpressionError(f"There is no function {self.function!r}; there are {' '.join(FUNCTIONS)}")


Expr = Number | Name | Negative | Binary | Compare | Call


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct sub-expressions, in order."""
    match expr:
        case Negative():
            return (expr.operand,)
        case Binary() | Compare():
            return (expr.left, expr.right)
        case Call():
            return expr.arguments
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the expression and all its sub-expressions, each before its own.

    Examples
    --------
    >>> tree = Binary("*", Name("k"), Call("conc", (Name("plasma.free"),)))
    >>> [type(node).__name__ for node in walk(tree)]
    ['Binary', 'Name', 'Call', 'Name']
    """
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def names(expr: Expr) -> frozenset[str]:
    """Return the paths of all names, those inside ``conc``, ``count``, ``mass`` and ``total`` included.

    Examples
    --------
    >>> sorted(names(Binary("*", Name("k"), Call("conc", (Name("plasma.free"),)))))
    ['k', 'plasma.free']
    """
    return frozenset(node.path for node in walk(expr) if isinstance(node, Name))


def replace(expr: Expr, function: Callable[[Expr], Expr | None]) -> Expr:
    """Return the expression with nodes replaced, from the leaves up.

    Parameters
    ----------
    expr : Expr
        The expression.
    function : callable
        Is given each node, its children already replaced, and returns the new node, or ``None`` to keep it.

    Examples
    --------
    >>> tree = Binary("*", Name("k"), Name("x"))
    >>> replace(tree, lambda node: Number(2.0) if node == Name("k") else None)
    Binary(operator='*', left=Number(value=2.0, text=''), right=Name(path='x'))
    """
    inner: Expr = expr
    match expr:
        case Negative():
            inner = _with(expr, operand=replace(expr.operand, function))
        case Binary() | Compare():
            inner = _with(expr, left=replace(expr.left, function), right=replace(expr.right, function))
        case Call():
            inner = _with(expr, arguments=tuple(replace(argument, function) for argument in expr.arguments))
    changed = function(inner)
    return inner if changed is None else changed


def rename(expr: Expr, mapping: Mapping[str, str] | Callable[[str], str]) -> Expr:
    """Return the expression with names changed; a name outside the mapping stays.

    Examples
    --------
    >>> rename(Call("conc", (Name("here.free"),)), {"here.free": "plasma.free"})
    Call(function='conc', arguments=(Name(path='plasma.free'),))
    """

    def renamed(node: Expr) -> Expr | None:
        if not isinstance(node, Name):
            return None
        path = mapping(node.path) if callable(mapping) else mapping.get(node.path, node.path)
        return _with(node, path=path)

    return replace(expr, renamed)


def constant(expr: Expr) -> Fraction | None:
    """Return the exact value of plain number arithmetic (``2``, ``-1``, ``2/3``), else ``None``.

    Examples
    --------
    >>> constant(Negative(Binary("/", Number(2.0), Number(3.0))))
    Fraction(-2, 3)
    """
    match expr:
        case Number():
            return Fraction(repr(expr.value))
        case Negative():
            value = constant(expr.operand)
            return None if value is None else -value
        case Binary(operator="+" | "-" | "*" | "/"):
            left, right = constant(expr.left), constant(expr.right)
            if left is None or right is None or (expr.operator == "/" and right == 0):
                return None
            if expr.operator == "/":
                return left / right
            return left * right if expr.operator == "*" else left + (right if expr.operator == "+" else -right)
        case _:
            return None
