"""Floor 4: which differences of states the rates leave as they are, so that rounding does not either.

A step keeps every linear invariant but for rounding. Where all its weights have one sign this is a total, against which
rounding stays rounding. A *difference* that stays (two species that are made and consumed in pairs) is another matter:
once both have fallen by twelve decades, what rounding left of their difference when they were large is all there is.
So such invariants are found here, and the step is held to them. States that no rate reads, as accounts are, lead nobody
astray, and an invariant that holds one is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Weights = tuple[tuple[int, float], ...]
"""States with their weights in a sum that stays."""


def differences(rates: Sequence[Any], states: Sequence[Any]) -> tuple[Weights, ...]:
    """Return the linear invariants of rates whose weights have both signs.

    Parameters
    ----------
    rates : sequence of sympy.Expr, (states,)
    states : sequence of sympy.Symbol, (states,)

    Returns
    -------
    tuple of Weights
        Exact on the rates as written, sum by sum: an invariant that only expanding products would show is not seen.

    Examples
    --------
    >>> from exodelivery.compile.equations import equations
    >>> pairs = equations({"a": "p - k * a * b", "b": "p - k * a * b"})
    >>> differences(pairs.rates, pairs.states)
    (((0, 1.0), (1, -1.0)),)
    >>> total = equations({"a": "-k * a + l * b", "b": "k * a - l * b"})
    >>> differences(total.rates, total.states)
    ()
    """
    columns: dict[Any, dict[int, Fraction]] = {}
    for row, rate in enumerate(rates):
        for coefficient, term in _terms(rate):
            column = columns.setdefault(term, {})
            column[row] = column.get(row, Fraction(0)) + coefficient
    read = set().union(*(getattr(rate, "free_symbols", set()) for rate in rates)) if rates else set()
    heeded = {place for place, state in enumerate(states) if state in read}
    return tuple(
        weights
        for weights in _left_null_space(list(columns.values()), len(rates))
        if min(weight for _, weight in weights) < 0 < max(weight for _, weight in weights)
        if heeded.issuperset(place for place, _ in weights)
    )


def _terms(rate: Any) -> list[tuple[Fraction, Any]]:
    import sympy

    found = []
    for part in sympy.Add.make_args(sympy.sympify(rate)):
        coefficient, term = part.as_coeff_Mul()
        if not coefficient.is_Rational and not coefficient.is_Float:
            coefficient, term = sympy.Integer(1), part
        # A number of a file is what its digits say: 1.1e7 in two flows is one number.
        found.append((Fraction(str(coefficient)), term))
    return [(coefficient, term) for coefficient, term in found if coefficient]


def _left_null_space(columns: list[dict[int, Fraction]], size: int) -> list[Weights]:
    """Return a basis of the vectors that every column is orthogonal to, by exact elimination of columns."""
    basis: dict[int, dict[int, Fraction]] = {}  # by pivot row; each reduced against all others
    for column in columns:
        left = dict(column)
        for pivot, known in basis.items():
            if pivot in left:
                _take(left, known, left[pivot])
        if not left:
            continue
        pivot = max(left)
        scale = left[pivot]
        left = {row: value / scale for row, value in left.items()}
        for known in basis.values():
            if pivot in known:
                _take(known, left, known[pivot])
        basis[pivot] = left
    free = [row for row in range(size) if row not in basis]
    # sums over states that nothing moves are no differences, and are left to the caller
    found = []
    for row in free:
        weights = {row: Fraction(1)} | {pivot: -known[row] for pivot, known in basis.items() if row in known}
        found.append(tuple((place, float(weights[place])) for place in sorted(weights)))
    return found


def _take(vector: dict[int, Fraction], other: dict[int, Fraction], times: Fraction) -> None:
    """Subtract a multiple in place, keeping no zeros."""
    for row, value in other.items():
        left = vector.get(row, Fraction(0)) - times * value
        if left:
            vector[row] = left
        else:
            vector.pop(row, None)
