"""Floor 4: which cautions of a model's blocks are broken at given values.

A caution is made of parameters alone, so it can be judged before anything is integrated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.symbols import Symbols
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.model import Instance, Model
from exodelivery.errors import DeclarationError, Place
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.tree import Call, Expr, Name
from exodelivery.units import unit


@dataclass(frozen=True, slots=True)
class Broken:
    """A caution that is broken, with its numbers.

    Attributes
    ----------
    name : str
        Block and caution, e.g. ``loading.no_pores``.
    text : str
        What its author says, then the value and its bound in the unit of the caution.
    place : Place
    """

    name: str
    text: str
    place: Place


def broken_cautions(model: Model, values: Mapping[str, float] | None = None) -> Iterator[Broken]:
    """Yield the cautions of a model's blocks that its values break.

    Parameters
    ----------
    model : Model
    values : mapping of float, optional
        In base units by full name; those in force unless given.

    Raises
    ------
    DeclarationError
        If a caution reads anything but parameters.
    """
    anatomy = Anatomy(model)
    if not any(instance.block.cautions for instance in anatomy.instances):
        return
    given = {name: one.quantity.base for name, one in anatomy.parameters.items()} | dict(values or {})
    symbols = Symbols(anatomy, ())
    numbers = {symbol: given[name] for name, symbol in symbols.parameters.items()}
    for instance in anatomy.instances:
        for name, caution in instance.block.cautions.items():
            place = instance.block.origin.place("cautions", name)
            value, bound = (
                _number(symbols, instance, expr, numbers, place) for expr in (caution.measure, caution.bound)
            )
            low = caution.below is not None
            if value < bound if low else value > bound:
                factor = unit(caution.unit).factor
                told = "" if caution.unit == "1" else f" {caution.unit}"
                how = f"{value / factor:.3g}{told}, {'below' if low else 'above'} {bound / factor:.3g}{told}"
                yield Broken(f"{instance.prefix}.{name}", f"{caution.text} ({how})", place)


def _number(symbols: Symbols, instance: Instance, expr: Expr, numbers: Mapping[Any, float], place: Place) -> float:
    scope = Scope(symbols.anatomy, instance)

    def node(one: Name | Call) -> Any:
        if isinstance(one, Name):
            if one.path in instance.block.outputs:
                return as_sympy(instance.block.outputs[one.path], node)
            found = scope.name(one.path, place)
            if found.kind == "parameter":
                return symbols.parameters[found.name]
        raise DeclarationError("a caution is made of parameters alone", where=place)

    found = as_sympy(expr, node)
    return float(found.subs(numbers)) if hasattr(found, "subs") else float(found)
