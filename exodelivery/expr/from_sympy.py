"""Floor 1: sympy's expression as our tree, for people who write rates in sympy.

Why: a block built in Python may give its rates as sympy expressions and is then the same block as in a
file: saved, checked and printed alike. A symbol's name is a path (``Symbol("plasma.carrier")``), and an
undefined function of our domain's name is that call (``Function("conc")(Symbol("plasma.free"))``).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING

from exodelivery.errors import ExpressionError
from exodelivery.expr.functions import FUNCTIONS
from exodelivery.expr.read import read
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number

if TYPE_CHECKING:
    import sympy

_SIMPLE = {name: name for name in ("exp", "log", "tanh", "cos", "sin")} | {"Abs": "abs", "Min": "min", "Max": "max"}


def from_sympy(expression: sympy.Expr) -> Expr:
    """Return the tree of a sympy expression.

    Parameters
    ----------
    expression : sympy.Expr
        Of symbols, numbers, ``+ - * / **``, ``exp log sqrt Abs Min Max tanh cos sin Piecewise`` and our functions
        by name.

    Raises
    ------
    ExpressionError
        If a part has no place in the grammar; it is named.

    Examples
    --------
    >>> import sympy
    >>> from exodelivery.expr.as_text import as_text
    >>> k, pool = sympy.Symbol("k"), sympy.Symbol("plasma.free")
    >>> as_text(from_sympy(k * sympy.Function("conc")(pool) / (1 + k)))
    'k * conc(plasma.free) / (k + 1)'
    """
    import sympy

    if expression.is_Number or expression.is_NumberSymbol:
        return _number(expression)
    if expression.is_Symbol:
        return _name(str(expression.name))
    if expression.is_Add:
        return _sum(expression.as_ordered_terms())
    if expression.is_Mul or expression.is_Pow:
        return _product(expression)
    if isinstance(expression, sympy.Piecewise):
        return _piecewise(expression)
    name = type(expression).__name__
    if isinstance(expression, sympy.core.function.AppliedUndef):
        if name not in FUNCTIONS or name == "when":
            raise ExpressionError(f"There is no function {name!r}; there are {' '.join(FUNCTIONS)}")
    elif name not in _SIMPLE:
        raise _refused(expression)
    arguments = expression.args if name not in ("Min", "Max") else sorted(expression.args, key=str)
    return _call(_SIMPLE.get(name, name), [from_sympy(argument) for argument in arguments])


def _refused(expression: object) -> ExpressionError:
    return ExpressionError(
        f"The sympy expression {expression} ({type(expression).__name__}) has no place in a rate",
        remedy="use + - * / **, exp log sqrt Abs Min Max tanh cos sin Piecewise; conc count mass total hill by name",
    )


def _call(name: str, arguments: list[Expr]) -> Call:
    function = FUNCTIONS[name]
    few = len(arguments) < function.fewest
    if few or (function.most is not None and len(arguments) > function.most):
        raise ExpressionError(f"{name} does not take {len(arguments)} arguments", remedy=f"write {function.usage}")
    if function.domain and not all(isinstance(argument, Name) for argument in arguments):
        raise ExpressionError(f"{name} takes names only", remedy=f"write {function.usage}")
    return Call(name, tuple(arguments))


def _name(path: str) -> Name:
    tree = read(path)
    if not isinstance(tree, Name):
        raise ExpressionError(f"The symbol {path!r} does not bear a name")
    return tree


def _signed(value: float) -> Expr:
    return Negative(Number(-value)) if value < 0 else Number(value)


def _number(value: sympy.Expr) -> Expr:
    if not value.is_finite or not value.is_real:
        raise _refused(value)
    if not value.is_Rational or value.is_Integer:
        return _signed(float(value))
    exact = Fraction(int(value.p), int(value.q))
    if Fraction(repr(float(exact))) == exact:
        return _signed(float(exact))
    ratio = Binary("/", Number(float(abs(exact.numerator))), Number(float(exact.denominator)))
    return Negative(ratio) if exact < 0 else ratio


def _sum(terms: Iterable[sympy.Expr]) -> Expr:
    first, *rest = terms
    total = from_sympy(first)
    for term in rest:
        if term.could_extract_minus_sign():
            total = Binary("-", total, from_sympy(-term))
        else:
            total = Binary("+", total, from_sympy(term))
    return total


def _product(expression: sympy.Expr) -> Expr:
    import sympy

    if expression.is_Mul and expression.args[0].is_number and expression.args[0].is_negative:
        return Negative(from_sympy(-expression))
    factors = sympy.Mul.make_args(expression)
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if factor.is_Rational and factor.q != 1 and isinstance(_number(factor), Binary):
            below.append(Number(float(factor.q)))
            above.extend([Number(float(factor.p))] if factor.p != 1 else [])
        elif factor.is_Pow and exponent.is_Rational and exponent.is_negative:
            below.append(_power(base, -exponent))
        else:
            above.append(_power(base, exponent) if factor.is_Pow else from_sympy(factor))
    numerator = _joined(above) if above else Number(1.0)
    return Binary("/", numerator, _joined(below)) if below else numerator


def _joined(factors: list[Expr]) -> Expr:
    return reduce(lambda left, right: Binary("*", left, right), factors)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> Expr:
    if exponent == 1:
        return from_sympy(base)
    if exponent.is_Rational and exponent.p == 1 and exponent.q == 2:
        return _call("sqrt", [from_sympy(base)])
    return Binary("**", from_sympy(base), from_sympy(exponent))


def _piecewise(expression: sympy.Expr) -> Expr:
    *cases, (otherwise, last) = expression.args
    if last != True:  # noqa: E712 - sympy's own true
        raise ExpressionError(f"{expression} has no value otherwise", remedy="end it with (value, True)")
    tree = from_sympy(otherwise)
    for value, condition in reversed(cases):
        if not condition.is_Relational:
            raise _refused(condition)
        sides = from_sympy(condition.lhs), from_sympy(condition.rhs)
        tree = Call("when", (Compare(condition.rel_op, *sides), from_sympy(value), tree))
    return tree
