"""Floor 4: the stage in the vial: how a loading block splits a dose into loaded, adsorbed and free drug.

A block that only names fractions is plain algebra; one with flows is a small initial-value problem of its own, which is
integrated over its duration before every dose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.equations import Equations
from exodelivery.compile.symbols import Symbols
from exodelivery.compile.system import Loading
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.model import Instance
from exodelivery.declare.pool import is_pool
from exodelivery.declare.table import Table
from exodelivery.errors import DeclarationError, Place, nearest
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.tree import Call, Expr, Name


@dataclass(frozen=True, slots=True)
class Stage:
    """A loading in the symbols of flattening; becomes a :class:`Loading` once those are numbered."""

    states: tuple[Any, ...]
    rates: tuple[Any, ...]
    start: tuple[Any, ...]
    duration: Any
    outputs: dict[str, Any]

    def expressions(self) -> list[Any]:
        """Return every expression, so that the parameters in them are kept."""
        return [
            *self.rates,
            *self.start,
            *self.outputs.values(),
            *([] if self.duration is None else [self.duration]),
        ]

    def renamed(self, put: Callable[[Any], Any], parameters: tuple[Any, ...]) -> Loading:
        """Return the loading in final symbols."""
        import sympy

        outputs = {name: put(value) for name, value in self.outputs.items()}
        equations = None
        if self.states:
            equations = Equations(
                states=self.states,
                parameters=parameters,
                time=sympy.Symbol("t", real=True),
                rates=tuple(map(put, self.rates)),
                start=tuple(map(put, self.start)),
                outputs=tuple(outputs.values()),
            )
        return Loading(equations, None if self.duration is None else put(self.duration), Table(outputs))


def loading_stage(anatomy: Anatomy, symbols: Symbols) -> Stage | None:
    """Return the loading of a model's carrier, or None where nothing is loaded."""
    instance = next((i for i in anatomy.instances if i.slot == "loading"), None)
    if instance is None:
        return None
    return _Vial(anatomy, symbols, instance).stage()


class _Vial:
    """The names that a loading block can see: its parameters, and pools at its own sites."""

    def __init__(self, anatomy: Anatomy, symbols: Symbols, instance: Instance) -> None:
        import sympy

        self.scope = Scope(anatomy, instance)
        self.symbols = symbols
        self.block = instance.block
        ends = [end for flow in self.block.flows.values() for end in (flow.source, flow.target)]
        names = dict.fromkeys([*self.block.start, *(end for end in ends if end not in ("in", "out"))])
        self.pools = {path: sympy.Symbol(f"x{n}", real=True) for n, path in enumerate(names)}
        for path in self.pools:
            if path.partition(".")[0] not in self.block.sites or path.rpartition(".")[2] == "carrier":
                raise DeclarationError(
                    f"a loading moves drug and label between its own sites, not {path!r}",
                    where=self.block.origin.place("flows"),
                    remedy=nearest(path.partition(".")[0], self.block.sites),
                )

    def stage(self) -> Stage:
        origin = self.block.origin
        rates: dict[str, Any] = dict.fromkeys(self.pools, 0)
        for name, flow in self.block.flows.items():
            place = origin.place("flows", name)
            self._move(rates, flow.source, flow.target, flow.rate, place)
            if flow.back is not None:
                self._move(rates, flow.target, flow.source, flow.back, place)
        if self.pools and self.block.duration is None:
            raise DeclarationError(
                "a loading with flows needs a duration",
                where=origin.place(),
                remedy='write duration = { value = "1 h" }',
            )
        duration = None if self.block.duration is None else self.symbols.parameters["loading.duration"]
        return Stage(
            tuple(self.pools.values()),
            tuple(rates.values()),
            tuple(
                self._expression(self.block.start[path], origin.place("start", path)) if path in self.block.start else 0
                for path in self.pools
            ),
            duration,
            {
                name: self._expression(value, origin.place("outputs", name))
                for name, value in self.block.outputs.items()
            },
        )

    def _move(self, rates: dict[str, Any], source: str, target: str, rate: Expr, place: Place) -> None:
        moved = self._expression(rate, place)
        if source in rates:
            rates[source] = rates[source] - moved
        if target in rates:
            rates[target] = rates[target] + moved

    def _expression(self, expr: Expr, place: Place) -> Any:
        return as_sympy(expr, lambda node: self._node(node, place))

    def _node(self, node: Name | Call, place: Place) -> Any:
        if isinstance(node, Call):
            argument = node.arguments[0]
            if node.function != "conc" or not isinstance(argument, Name) or argument.path not in self.pools:
                raise DeclarationError(f"a loading cannot read {node.function}() here", where=place)
            volume = self.block.sites[argument.path.partition(".")[0]].volume
            if volume is None:
                raise DeclarationError(f"{argument.path} has no volume", where=place)
            return self.pools[argument.path] / self._expression(volume, place)
        if node.path in self.pools:
            return self.pools[node.path]
        if is_pool(node.path, self.scope.anatomy.forms) and node.path.partition(".")[0] in self.block.sites:
            return 0
        if node.path in self.block.outputs:
            return self._expression(self.block.outputs[node.path], place)
        found = self.scope.name(node.path, place)
        if found.kind != "parameter":
            raise DeclarationError(f"a loading cannot read {node.path} here", where=place)
        return self.symbols.parameters[found.name]
