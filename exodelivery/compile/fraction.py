"""Floor 4: a rate as its source times something finite, which is how whatever rides on the source moves.

What stands as a plain factor is divided out as written; a pool may be exactly nought, so the quotient must be finite
there; cells are never exactly none, so for them it is enough that the quotient stays bounded on the way down.
"""

from __future__ import annotations

from typing import Any


def per_source(rate: Any, source: Any, *, may_be_nought: bool = True) -> Any | None:
    """Return rate / source with the source cancelled, or None where that is not finite.

    Parameters
    ----------
    rate, source : sympy.Expr, sympy.Symbol
    may_be_nought : bool
        Whether the source can be exactly nought (a pool), or only comes near (cells).

    Returns
    -------
    sympy.Expr or None

    Examples
    --------
    >>> import sympy
    >>> a, k = sympy.symbols("a k", positive=True)
    >>> per_source(k * a / (1 + a), a), per_source(k * sympy.sqrt(a), a) is None
    (k/(a + 1), True)
    """
    import sympy

    def finite(expression: Any) -> bool:
        return _finite_at_nought(expression, source) or (not may_be_nought and _bounded_near_nought(expression, source))

    found = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.sympify(rate)):
        part = _divided(term, source)
        found += part if finite(part) else sympy.cancel(part)
    if not finite(found):
        found = sympy.cancel(sympy.together(rate) / source)
    return found if finite(found) else None


def _divided(term: Any, source: Any) -> Any:
    """Return term / source, divided inside the branches of a ``when``."""
    import sympy

    factors = list(sympy.Mul.make_args(term))
    for n, factor in enumerate(factors):
        if isinstance(factor, sympy.Piecewise):
            factors[n] = sympy.Piecewise(*((_divided(value, source), condition) for value, condition in factor.args))
            return sympy.Mul(*factors)
    return term / source


def _finite_at_nought(expression: Any, source: Any) -> bool:
    import sympy

    return not expression.subs(source, 0).has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


def _bounded_near_nought(expression: Any, source: Any) -> bool:
    """Say whether an expression stays bounded as its source goes to nought, tried with numbers for the rest."""
    others = sorted(expression.free_symbols - {source}, key=str)
    for shift in (0.37, 1.9):
        values = {symbol: shift + 0.61 * (n % 7) for n, symbol in enumerate(others)}
        try:
            sizes = [abs(complex(expression.subs({**values, source: near}).evalf())) for near in (1e-6, 1e-9, 1e-12)]
        except (TypeError, OverflowError, ZeroDivisionError):
            return False
        if not sizes[2] <= 1.2 * max(sizes[0], sizes[1], 1e-30):
            return False
    return True
