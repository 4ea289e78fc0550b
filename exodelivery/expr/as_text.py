"""Floor 1: an expression as canonical text, with no bracket more than it needs.

Why: messages quote sub-expressions, files are written back, and a model's hash must not hang on spaces.
Reading the text again gives an equal tree.
"""

from __future__ import annotations

from decimal import Decimal

from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number

# How strongly a node holds together, as in Python's grammar.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)
_STRENGTH = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}


def number_text(value: float) -> str:
    """Return the shortest text of a number that reads back as the same float.

    Examples
    --------
    >>> number_text(5e9), number_text(100.0), number_text(0.015), number_text(1e-9)
    ('5e9', '100', '0.015', '1e-9')
    """
    digits = Decimal(repr(value)).normalize()
    if digits == digits.to_integral_value() and abs(digits) < 1_000_000:
        return str(int(digits))
    return str(digits).lower().replace("e+", "e")


def as_text(expr: Expr) -> str:
    """Return the expression as text.

    Examples
    --------
    >>> from exodelivery.expr.read import read
    >>> as_text(read("(k*conc(plasma.free))/(1.0+(x))"))
    'k * conc(plasma.free) / (1 + x)'
    """
    return _text(expr)[0]


def _text(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number():
            return number_text(expr.value), _ATOM
        case Name():
            return expr.path, _ATOM
        case Call():
            return f"{expr.function}({', '.join(as_text(argument) for argument in expr.arguments)})", _ATOM
        case Negative():
            return f"-{_held(expr.operand, _SIGN)}", _SIGN
        case Compare():
            return f"{_held(expr.left, _SUM)} {expr.operator} {_held(expr.right, _SUM)}", 0
        case Binary(operator="**"):
            # To the right of ** a sign needs no bracket and a power binds first.
            return f"{_held(expr.left, _ATOM)}**{_held(expr.right, _SIGN)}", _POWER
        case Binary():
            own = _STRENGTH[expr.operator]
            return f"{_held(expr.left, own)} {expr.operator} {_held(expr.right, own + 1)}", own


def _held(expr: Expr, strength: int) -> str:
    text, own = _text(expr)
    return text if own >= strength else f"({text})"
