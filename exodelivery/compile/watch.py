"""Floor 4: a model laid flat together with what conditions read, so that nothing they need is pruned."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from exodelivery.compile.flatten import flatten
from exodelivery.compile.system import System
from exodelivery.declare.condition import Comparison, Level, Side, read_condition
from exodelivery.declare.model import Model, Observable
from exodelivery.declare.table import Table
from exodelivery.errors import SimulationError
from exodelivery.expr.tree import Expr, Name
from exodelivery.expr.tree import replace as replace_nodes


@lru_cache(maxsize=64)
def watching(model: Model, keep: tuple[str, ...], given: frozenset[str], conditions: tuple[str, ...]) -> System:
    """Lay a model flat with conditions.

    Parameters
    ----------
    model, keep, given
        As for :func:`~exodelivery.compile.flatten.flatten`.
    conditions : tuple of str

    Returns
    -------
    System
        Its ``conditions`` hold pairs of expressions for each text: it holds where every first is above its second.

    Raises
    ------
    SimulationError
        If a condition reads what this model does not have.
    """
    wanted = {text: read_condition(text) for text in conditions}
    sides = [side for comparisons in wanted.values() for one in comparisons for side in (one.larger, one.smaller)]
    formulas = dict.fromkeys(expanded(side, model) for side in sides if not isinstance(side, Level | str))
    stem = "watched"
    while any(name.startswith(stem) for name in model.observables):
        stem += "_"
    hidden = {formula: f"{stem}{n}" for n, formula in enumerate(formulas)}
    more = {name: Observable(formula, "1") for formula, name in hidden.items()}
    whole = flatten(replace(model, observables=Table({**model.observables, **more})), keep, given)
    values = {column.name: value for column, value in zip(whole.columns, whole.equations.outputs, strict=True)}

    def value(side: Side, comparison: Comparison) -> Any:
        import sympy

        if isinstance(side, Level):
            return sympy.Float(side.value)
        if isinstance(side, str):
            return whole.equations.time
        name = hidden[expanded(side, model)]
        if name in whole.unavailable:
            raise SimulationError(
                f"the condition {comparison.text!r} can never be told: {whole.unavailable[name]}",
                remedy="compare something that these doses bring about",
            )
        return values[name]

    own = [n for n, column in enumerate(whole.columns) if column.name not in more]
    return replace(
        whole,
        model=model,
        columns=tuple(whole.columns[n] for n in own),
        unavailable=Table({name: why for name, why in whole.unavailable.items() if name not in more}),
        equations=replace(whole.equations, outputs=tuple(whole.equations.outputs[n] for n in own)),
        conditions=Table(
            {
                text: tuple((value(one.larger, one), value(one.smaller, one)) for one in comparisons)
                for text, comparisons in wanted.items()
            }
        ),
    )


def expanded(expr: Expr, model: Model) -> Expr:
    """Return an expression with observables replaced by their formulas."""

    def formula(node: Expr) -> Expr | None:
        if isinstance(node, Name) and node.path in model.observables:
            return model.observables[node.path].formula
        return None

    return replace_nodes(expr, formula)
