"""Floor 4: the equations that an emitter prints, free of every name that a person chose.

Flattening a model ends here: states are ``x0, x1, …``, parameters ``p0, p1, …`` and time is ``t``, whatever the model
calls them, so that no name from a file can ever reach generated code (a state called ``x1`` once gave silently wrong
numbers in a symbolic library). Amounts, volumes and times are in the base system (h, nmol, mL, 1e9 particles, cell,
ID).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Equations:
    """An initial-value problem in reserved sympy symbols.

    Attributes
    ----------
    states : tuple of sympy.Symbol, (states,)
        ``x0, x1, …``
    parameters : tuple of sympy.Symbol, (parameters,)
        ``p0, p1, …``
    time : sympy.Symbol
        ``t`` [h]; it occurs only where the model declares an input of time.
    rates : tuple of sympy.Expr, (states,)
        Right-hand sides dx/dt, without dosing.
    start : tuple of sympy.Expr, (states,)
        Values before the first dose, in parameters only.
    outputs : tuple of sympy.Expr, (outputs,)
        Observables, in states and parameters.
    """

    states: tuple[Any, ...]
    parameters: tuple[Any, ...]
    time: Any
    rates: tuple[Any, ...]
    start: tuple[Any, ...]
    outputs: tuple[Any, ...]

    @property
    def is_linear(self) -> bool:
        """Say whether the rates are linear in the states and free of time."""
        import sympy

        zero = dict.fromkeys(self.states, 0)
        for rate in self.rates:
            if self.time in rate.free_symbols:
                return False
            if sympy.simplify(rate.subs(zero)) != 0:
                return False
            for x in self.states:
                if rate.has(x) and sympy.simplify(rate.diff(x)).free_symbols & set(self.states):
                    return False
        return True


def equations(
    rates: dict[str, str], start: dict[str, str] | None = None, outputs: dict[str, str] | None = None
) -> Equations:
    """Build equations from texts in our own grammar, for tests, benchmarks and reference problems.

    Parameters
    ----------
    rates : dict
        Right-hand side by state name, e.g. ``{"a": "-k * a", "b": "k * a"}``; every other name is a parameter, and
        parameters are numbered by name in alphabetical order; ``t`` is time.
    start : dict, optional
        Starting value by state; zero unless given.
    outputs : dict, optional
        Outputs by name; the states themselves unless given.

    Returns
    -------
    Equations

    Examples
    --------
    >>> e = equations({"a": "-k * a", "b": "k * a"})
    >>> e.rates
    (-p0*x0, p0*x0)
    """
    import sympy

    from exodelivery.expr.as_sympy import as_sympy
    from exodelivery.expr.read import read
    from exodelivery.expr.tree import names

    trees = {name: read(text) for name, text in rates.items()}
    begins = {name: read(text) for name, text in (start or {}).items()}
    shown = {name: read(text) for name, text in (outputs or {}).items()}
    used = set().union(*(names(tree) for tree in (*trees.values(), *begins.values(), *shown.values())))
    wanted = sorted(used - set(rates) - {"t"})
    symbols = {name: sympy.Symbol(f"x{i}", real=True) for i, name in enumerate(rates)}
    parameters = {name: sympy.Symbol(f"p{i}", real=True) for i, name in enumerate(wanted)}
    time = sympy.Symbol("t", real=True)
    table = {**symbols, **parameters, "t": time}

    def resolve(node: Any) -> Any:
        return table[node.path]

    return Equations(
        states=tuple(symbols.values()),
        parameters=tuple(parameters.values()),
        time=time,
        rates=tuple(as_sympy(tree, resolve) for tree in trees.values()),
        start=tuple(as_sympy(begins[name], resolve) if name in begins else sympy.Integer(0) for name in rates),
        outputs=tuple(as_sympy(tree, resolve) for tree in shown.values()) if shown else tuple(symbols.values()),
    )
