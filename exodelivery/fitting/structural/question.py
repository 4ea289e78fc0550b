"""Floor 7: what an identifiability test is asked: equations, what is seen, what is unknown, where each arm starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exodelivery.declare.table import Table


@dataclass(frozen=True, slots=True)
class Arm:
    """One experiment.

    Attributes
    ----------
    name : str
    start : tuple of sympy.Expr or None, (states,)
        In parameters and known numbers; None where the start is unknown.
    feeds : tuple of sympy.Expr, (states,)
        Constant input rates, such as an infusion's; empty means none.
    """

    name: str
    start: tuple[Any, ...]
    feeds: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A model as an identifiability test takes it.

    Attributes
    ----------
    states : tuple of sympy.Symbol
    rates : tuple of sympy.Expr
    outputs : Table of sympy.Expr
        What may be seen, by name.
    unknowns : tuple of sympy.Symbol
        Parameters that are asked about.
    names : mapping of sympy.Symbol to str
        What people call unknowns and states.
    inputs : tuple of sympy.Symbol
        Known functions of time.
    arms : tuple of Arm
        All other symbols are known numbers.
    time : sympy.Symbol or None
    """

    states: tuple[Any, ...]
    rates: tuple[Any, ...]
    outputs: Table[Any]
    unknowns: tuple[Any, ...]
    names: Mapping[Any, str]
    inputs: tuple[Any, ...] = ()
    arms: tuple[Arm, ...] = ()
    time: Any = None
    notes: tuple[str, ...] = field(default=())

    def free_starts(self) -> tuple[tuple[int, int], ...]:
        """Return which states of which arms start at unknown values."""
        return tuple((n, i) for n, arm in enumerate(self.arms) for i, start in enumerate(arm.start) if start is None)


def question(
    states: Mapping[str, str],
    outputs: Mapping[str, str],
    *,
    known: Sequence[str] = (),
    inputs: Sequence[str] = (),
    start: Mapping[str, str] | None = None,
) -> Question:
    """Return a question from texts in our grammar; every name that is no state, input or known is asked about.

    Parameters
    ----------
    states : mapping
        Right-hand sides by state.
    outputs : mapping
        What is seen.
    known, inputs : sequence of str
        Numbers that are known, and known functions of time.
    start : mapping, optional
        Starting values; states that it leaves out start at unknown values.

    Examples
    --------
    >>> asked = question({"a": "-k * a"}, {"level": "a / V"}, start={"a": "D"}, known=["D"])
    >>> sorted(asked.names[symbol] for symbol in asked.unknowns)
    ['V', 'k']
    """
    import sympy

    from exodelivery.expr.as_sympy import as_sympy
    from exodelivery.expr.read import read
    from exodelivery.expr.tree import names as names_in

    begins = {name: read(text) for name, text in (start or {}).items()}
    rates = {name: read(text) for name, text in states.items()}
    seen = {name: read(text) for name, text in outputs.items()}
    used = set().union(*(names_in(tree) for tree in (*begins.values(), *rates.values(), *seen.values())))
    # Positive symbols keep a power from being clipped; names of our own never reach generated code.
    symbols = {
        name: sympy.Symbol(f"s{n}", positive=True) for n, name in enumerate([*states, *sorted(used - set(states))])
    }

    def resolve(node: Any) -> Any:
        return symbols[node.path]

    asked = [name for name in sorted(used) if name not in states and name not in known and name not in inputs]
    return Question(
        states=tuple(symbols[name] for name in states),
        rates=tuple(as_sympy(tree, resolve) for tree in rates.values()),
        outputs=Table({name: as_sympy(tree, resolve) for name, tree in seen.items()}),
        unknowns=tuple(symbols[name] for name in asked),
        names={symbol: name for name, symbol in symbols.items()},
        inputs=tuple(symbols[name] for name in inputs if name in symbols),
        arms=(Arm("", tuple(as_sympy(begins[name], resolve) if name in begins else None for name in states)),),
    )
