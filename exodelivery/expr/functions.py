"""Floor 1: the one table of functions that an expression may call.

Why: the reader, the units, the LaTeX and sympy must agree on what may be called and with how many
arguments. A domain function reads pools, sites or populations of the model and is resolved there; all
others are plain mathematics.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """Describe a function: its name, how many arguments it takes (``most`` may be open), and its use."""

    name: str
    fewest: int
    most: int | None
    usage: str
    domain: bool = False


def _table(*functions: Function) -> dict[str, Function]:
    return {function.name: function for function in functions}


FUNCTIONS = _table(
    Function("exp", 1, 1, "exp(x)"),
    Function("log", 1, 1, "log(x)"),
    Function("sqrt", 1, 1, "sqrt(x)"),
    Function("abs", 1, 1, "abs(x)"),
    Function("min", 2, None, "min(a, b, ...)"),
    Function("max", 2, None, "max(a, b, ...)"),
    Function("tanh", 1, 1, "tanh(x)"),
    Function("cos", 1, 1, "cos(x)"),
    Function("sin", 1, 1, "sin(x)"),
    Function("hill", 3, 3, "hill(x, half, exponent)"),
    Function("when", 3, 3, "when(a < b, then, otherwise)"),
    Function("conc", 1, 1, "conc(pool)", domain=True),
    Function("count", 1, 1, "count(population)", domain=True),
    Function("mass", 1, 1, "mass(site or region)", domain=True),
    Function("total", 2, 2, "total(site or region, ledger or form)", domain=True),
)
DOMAIN_FUNCTIONS = frozenset(name for name, function in FUNCTIONS.items() if function.domain)
