"""Floor 4: the stage in the vial: how a loading block splits a dose into loaded, adsorbed and free drug.

A block that only names fractions is plain algebra; one with flows or states is a small initial-value problem of its
own, which is integrated over its duration before every dose. What is done to the product afterwards (washing,
purification, storage) is algebra in the outputs again, written in steps that read one another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.equations import Equations
from exodelivery.compile.fraction import per_source
from exodelivery.compile.symbols import Symbols
from exodelivery.compile.system import Loading
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.block import PRODUCT_OUTPUTS, STAGE_OUTPUTS
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Instance
from exodelivery.declare.pool import is_pool
from exodelivery.declare.table import Table
from exodelivery.declare.tables import FORMS, PASSENGERS
from exodelivery.errors import DeclarationError, Place, nearest
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.tree import Call, Expr, Name


@dataclass(frozen=True, slots=True)
class Stage:
    """A loading in the symbols of flattening; becomes a :class:`Loading` once those are numbered.

    Attributes
    ----------
    states, rates, start : tuple of sympy.Expr, (states,)
        Pools of the vial first, then the block's own states.
    duration : sympy.Expr or None
    outputs : dict of sympy.Expr
        What the stage says of the dose and of the product; the steps on the way are put in.
    ledgers : tuple of str, (states,)
        Drug, carrier or label for a pool; empty for a state, which may take any value.
    """

    states: tuple[Any, ...]
    rates: tuple[Any, ...]
    start: tuple[Any, ...]
    duration: Any
    outputs: dict[str, Any]
    ledgers: tuple[str, ...] = ()

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
    """The names that a loading block can see: its parameters and states, and pools at its own sites."""

    def __init__(self, anatomy: Anatomy, symbols: Symbols, instance: Instance) -> None:
        import sympy

        self.scope = Scope(anatomy, instance)
        self.symbols = symbols
        self.block = instance.block
        names = [*self._pools(), *self.block.states]
        self.states = {path: sympy.Symbol(f"x{n}", real=True) for n, path in enumerate(names)}
        self.pools = {path: symbol for path, symbol in self.states.items() if path not in self.block.states}
        for path in self.pools:
            if path.partition(".")[0] not in self.block.sites:
                raise DeclarationError(
                    f"a loading moves carriers, drug and label between its own sites, not {path!r}",
                    where=self.block.origin.place("flows"),
                    remedy=nearest(path.partition(".")[0], self.block.sites),
                )

    def _pools(self) -> dict[str, None]:
        """Return every pool that starts with something, or that a flow or a rider of it reaches."""
        flows = self.block.flows.values()
        ends = [end for flow in flows for end in (flow.source, flow.target, *flow.passengers.values())]
        found = dict.fromkeys([*self.block.start, *(end for end in ends if end not in ("in", "out"))])
        size = -1
        while size != len(found):
            size = len(found)
            for flow in flows:
                for one, other in ((flow.source, flow.target), (flow.target, flow.source)):
                    if flow.back is not None or one == flow.source:
                        riders = _riders(one, found)
                        found |= dict.fromkeys(end for form in riders if (end := _rider_end(flow, other, form)))
        return found

    def stage(self) -> Stage:
        origin = self.block.origin
        rates: dict[str, Any] = dict.fromkeys(self.states, 0)
        for name, flow in self.block.flows.items():
            place = origin.place("flows", name)
            self._move(rates, flow, flow.source, flow.target, flow.rate, place)
            if flow.back is not None:
                self._move(rates, flow, flow.target, flow.source, flow.back, place)
        for name, state in self.block.states.items():
            rates[name] = self._expression(state.rate, origin.place("states", name, "rate"))
        if self.states and self.block.duration is None:
            raise DeclarationError(
                "a loading with flows or states needs a duration",
                where=origin.place(),
                remedy='write duration = { value = "1 h" }',
            )
        duration = None if self.block.duration is None else self.symbols.parameters["loading.duration"]
        said = (*STAGE_OUTPUTS, *PRODUCT_OUTPUTS)
        return Stage(
            tuple(self.states.values()),
            tuple(rates.values()),
            tuple(self._start(path) for path in self.states),
            duration,
            {
                name: self._expression(value, origin.place("outputs", name))
                for name, value in self.block.outputs.items()
                if name in said
            },
            tuple(
                FORMS[self.scope.anatomy.forms[path.rpartition(".")[2]]].ledger if path in self.pools else ""
                for path in self.states
            ),
        )

    def _start(self, path: str) -> Any:
        origin = self.block.origin
        if path in self.block.states:
            return self._expression(self.block.states[path].start, origin.place("states", path, "start"))
        if path in self.block.start:
            return self._expression(self.block.start[path], origin.place("start", path))
        return 0

    def _move(self, rates: dict[str, Any], flow: Flow, source: str, target: str, rate: Expr, place: Place) -> None:
        moved = self._expression(rate, place)
        self._add(rates, source, target, moved)
        riders = _riders(source, self.pools)
        if not riders:
            return
        fraction = per_source(moved, self.pools[source])
        if fraction is None:
            raise DeclarationError(
                f"the rate of {flow.text!r} does not vanish with its source",
                where=place,
                remedy="write it as its source times something finite: things that ride move at that fraction",
            )
        for form in riders:
            end = _rider_end(flow, target, form)
            if end is None:
                raise DeclarationError(
                    f"carriers end in {flow.text!r}, and the flow does not say where its passenger {form!r} goes",
                    where=place,
                    remedy=f'write passengers = {{ {form} = "vial.free" }}, or "out"',
                )
            rider = f"{source.rpartition('.')[0]}.{form}"
            self._add(rates, rider, end or "out", fraction * self.pools[rider])

    @staticmethod
    def _add(rates: dict[str, Any], source: str, target: str, moved: Any) -> None:
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
        if node.path in self.states:
            return self.states[node.path]
        if is_pool(node.path, self.scope.anatomy.forms) and node.path.partition(".")[0] in self.block.sites:
            return 0
        if node.path in self.block.outputs:
            return self._expression(self.block.outputs[node.path], place)
        found = self.scope.name(node.path, place)
        if found.kind != "parameter":
            raise DeclarationError(f"a loading cannot read {node.path} here", where=place)
        return self.symbols.parameters[found.name]


def _riders(source: str, pools: Collection[str]) -> list[str]:
    """Return the passenger forms that ride on carriers which leave a place."""
    site, _, form = source.rpartition(".")
    return [rider for rider in PASSENGERS if form == "carrier" and f"{site}.{rider}" in pools]


def _rider_end(flow: Flow, target: str, form: str) -> str | None:
    """Return where a passenger goes with a flow: a pool, nothing for out, or None where the flow does not say."""
    if form in flow.passengers:
        return "" if flow.passengers[form] == "out" else flow.passengers[form]
    return None if target == "out" else f"{target.rpartition('.')[0]}.{form}"
