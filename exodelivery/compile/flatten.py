"""Floor 4: a model to a flat system: one variable to each filled pool, one movement to each thing that moves.

The order: expand the flows, see which pools anything can enter, write each rate in reserved symbols, let passengers and
contents ride, keep what the observables need, and gather the rest in one account per ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from exodelivery.compile.equations import Equations
from exodelivery.compile.expand import Expansion, OneWay, absent_part, expand, references
from exodelivery.compile.fill import EVERYTHING, carried_on, dosed_forms, dosed_pools, filled_pools
from exodelivery.compile.loading import loading_stage
from exodelivery.compile.prune import prune
from exodelivery.compile.symbols import Symbols
from exodelivery.compile.system import Column, Movement, System, Variable
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.model import Model, Observable
from exodelivery.declare.pool import Pool
from exodelivery.declare.table import Table
from exodelivery.declare.tables import FORMS
from exodelivery.errors import DeclarationError, Place
from exodelivery.expr.as_text import as_text
from exodelivery.expr.tree import Call
from exodelivery.units import unit


@lru_cache(maxsize=64)
def flatten(model: Model, keep: tuple[str, ...] = (), given: frozenset[str] = EVERYTHING) -> System:
    """Lay a model flat.

    Parameters

    model : Model
    keep : tuple of str
        Pools to keep though no observable needs them; ``("all",)`` keeps every one.
    given : frozenset of str
        What the doses will bring: drug, label, or both, and pools that they enter by name; pools of what is never given
        get no equation.

    Returns
    -------
    System

    Raises
    ------
    DeclarationError
        At the first thing that cannot be resolved; ``exo.check`` lists them all.
    """
    anatomy = Anatomy(model)
    expansion = expand(anatomy)
    filled = filled_pools(anatomy, expansion.flows, model.body.routes, given)
    build = _Build(anatomy, expansion, filled, given, Symbols(anatomy, filled))
    return build.system(keep)


@dataclass
class _Build:
    """What is gathered on the way; lives only inside :func:`flatten`."""

    anatomy: Anatomy
    expansion: Expansion
    filled: dict[Pool, None]
    given: frozenset[str]
    symbols: Symbols
    movements: list[Movement] = field(default_factory=list)
    ledgers: dict[str, str] = field(default_factory=dict)
    counts: dict[str, str] = field(default_factory=dict)

    def system(self, keep: tuple[str, ...]) -> System:
        self.ledgers = _drug_ledgers(self.anatomy, self.expansion.flows, self.filled)
        self.counts = _population_ledgers(self.expansion.flows, self.anatomy.populations)
        for flow in self.expansion.flows:
            self._move(flow)
        rates = self._rates()
        columns, outputs, unavailable = self._observables()
        variables = self._variables(rates)
        start = self._start()
        names = {symbol: name for name, symbol in self.symbols.states.items()}
        kept = prune(variables, self.movements, rates, outputs, keep, names)
        routes = self._routes(kept.where)
        loading = loading_stage(self.anatomy, self.symbols)
        return self._assemble(kept, start, columns, outputs, unavailable, loading, routes)

    # -- movements

    def _move(self, flow: OneWay) -> None:
        if flow.source.pool is not None and flow.source.pool not in self.filled:
            return
        riders = list(carried_on(self.anatomy, flow, self.filled))
        if flow.source.kind == "site":
            volume = self.symbols.expression(flow.rate, flow.scope, flow.place)
            for pool, end in riders:
                rate = volume * self.symbols.concentration(pool)
                self._add(flow, str(pool), self._name(end), rate, self._ledger(pool), True)
            return
        rate = self.symbols.expression(flow.rate, flow.scope, flow.place)
        source, target = flow.source.name, flow.target.name
        ledger = self._ledger(flow.source.pool or flow.target.pool)
        ledger = ledger or self.counts.get(source if source != "in" else target, source)
        if flow.source.kind != "in" and not (flow.source.pool or flow.source.kind == "population"):
            raise DeclarationError(f"{flow.name} moves nothing", where=flow.place)
        source_name = f"in.{ledger}" if flow.source.kind == "in" else source
        target_name = f"out.{ledger}" if flow.target.kind == "out" else target
        self._add(flow, source_name, target_name, rate, ledger, False)
        if riders:
            fraction = self.symbols.fraction(rate, source, flow.place, flow.name)
            for pool, end in riders:
                moved = fraction * self.symbols.amount(pool)
                self._add(flow, str(pool), self._name(end) or "", moved, self._ledger(pool), True)

    def _add(self, flow: OneWay, source: str, target: str, rate: Any, ledger: str, rides: bool) -> None:
        self.movements.append(Movement(flow.name, source, target or f"out.{ledger}", rate, ledger, rides, flow.place))

    @staticmethod
    def _name(end: Pool | None) -> str:
        return str(end) if end is not None else ""

    def _ledger(self, pool: Pool | None) -> str:
        if pool is None:
            return ""
        kind = FORMS[self.anatomy.forms[pool.form]].ledger
        if kind == "drug":
            riding = FORMS[self.anatomy.forms[pool.form]].rides
            return self.ledgers.get("" if riding else pool.substance, "drug")
        return f"{pool.substance}.{kind}" if pool.substance else kind

    # -- equations

    def _rates(self) -> dict[str, Any]:
        rates: dict[str, Any] = dict.fromkeys(self.symbols.states, 0)
        for move in self.movements:
            for end, sign in ((move.source, -1), (move.target, 1)):
                # An account keeps what passed through it: what came in and what went out both count upwards.
                rates[end] = rates.get(end, 0) + (abs(sign) if end.startswith(("in.", "out.")) else sign) * move.rate
        for instance in self.anatomy.instances:
            if instance.slot == "loading":
                continue
            scope = Scope(self.anatomy, instance)
            for name, state in instance.block.states.items():
                place = instance.block.origin.place("states", name)
                rates[f"{instance.prefix}.{name}"] = self.symbols.expression(state.rate, scope, place)
        return rates

    def _variables(self, rates: dict[str, Any]) -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        pools = {str(pool): pool for pool in self.filled}
        for name in rates:
            if name in pools:
                unit_text = FORMS[self.anatomy.forms[pools[name].form]].unit
                found[name] = Variable(name, "pool", unit_text, self._ledger(pools[name]))
            elif name in self.anatomy.populations:
                found[name] = Variable(name, "population", self.anatomy.populations[name].unit, self.counts[name])
            elif name.startswith(("in.", "out.")):
                ledger = name.partition(".")[2]
                found[name] = Variable(name, "account", self._ledger_unit(ledger), ledger)
            else:
                found[name] = Variable(name, "state", self._state_unit(name), "")
        return found

    def _ledger_unit(self, ledger: str) -> str:
        if ledger in self.anatomy.populations:
            return self.anatomy.populations[ledger].unit
        kind = ledger.rpartition(".")[2]
        return next((form.unit for form in FORMS.values() if form.ledger == kind), "nmol")

    def _state_unit(self, name: str) -> str:
        prefix, _, short = name.rpartition(".")
        block = next(i.block for i in self.anatomy.instances if i.prefix == prefix)
        return block.states[short].unit

    def _start(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        body = Scope(self.anatomy, part="body")
        for name, population in self.anatomy.model.body.populations.items():
            place = self.anatomy.model.body.origin.place("populations", name, "start")
            found[name] = self.symbols.expression(population.start, body, place)
        for instance in self.anatomy.instances:
            if instance.slot == "loading":
                continue
            scope, origin = Scope(self.anatomy, instance), instance.block.origin
            for name, population in instance.block.populations.items():
                place = origin.place("populations", name, "start")
                found[f"{instance.prefix}.{name}"] = self.symbols.expression(population.start, scope, place)
            for path, amount in instance.block.start.items():
                place = origin.place("start", path)
                reference = scope.pool(path, place)
                if reference.kind == "pool":
                    found[reference.name] = self.symbols.expression(amount, scope, place)
            for name, state in instance.block.states.items():
                place = origin.place("states", name, "start")
                found[f"{instance.prefix}.{name}"] = self.symbols.expression(state.start, scope, place)
        return self._settled(found)

    def _settled(self, start: dict[str, Any]) -> dict[str, Any]:
        """Return starts in parameters alone: one that counts cells or reads a pool takes what those start with."""
        import sympy

        values = {symbol: sympy.sympify(start.get(name, 0)) for name, symbol in self.symbols.states.items()}
        for _ in values:
            open_ones = {symbol: value for symbol, value in values.items() if value.free_symbols & values.keys()}
            if not open_ones:
                break
            values |= {symbol: value.xreplace(values) for symbol, value in open_ones.items()}
        circle = [name for name in start if values[self.symbols.states[name]].free_symbols & values.keys()]
        if circle:
            raise DeclarationError(
                f"the starts of {', '.join(circle)} are told by one another",
                where=self.anatomy.model.origin.place(),
                remedy="let one of them start with parameters alone",
            )
        return {name: values[self.symbols.states[name]] for name in start if name in self.symbols.states}

    def _observables(self) -> tuple[list[Column], list[Any], dict[str, str]]:
        columns: list[Column] = []
        outputs: list[Any] = []
        unavailable: dict[str, str] = {}
        model = self.anatomy.model
        for name, observable in model.observables.items():
            place = model.origin.place("observables", name)
            value, reason = self._observable(observable, place)
            if reason:
                unavailable[name] = reason
                continue
            columns.append(
                Column(name, observable.unit, unit(observable.unit).factor, observable.error, observable.about)
            )
            outputs.append(value)
        return columns, outputs, unavailable

    def _observable(self, observable: Observable, place: Place) -> tuple[Any, str]:
        scope = Scope(self.anatomy)
        absent = absent_part(scope, observable.formula)
        if absent:
            return None, absent
        lacking = self.symbols.lacking(observable.formula, scope, place)
        if lacking:
            return None, self._never_given(observable, scope, place) or lacking
        return self.symbols.expression(observable.formula, scope, place), ""

    def _never_given(self, observable: Observable, scope: Scope, place: Place) -> str:
        """Return which ledger an observable reads that no dose brings, where it reads that one alone."""
        read = set()
        for node, reference in references(scope, observable.formula, place):
            if reference.pool is not None:
                read.add(FORMS[self.anatomy.forms[reference.pool.form]].ledger)
            elif isinstance(node, Call) and node.function == "total":
                what = as_text(node.arguments[1])
                read.add(FORMS[what].ledger if what in FORMS else what)
        absent = read & (EVERYTHING - self.given)
        return f"no {next(iter(absent))} is given" if len(read) == 1 and absent else ""

    # -- putting together

    def _routes(self, where: Callable[[str], str]) -> Table[Table[str]]:
        forms = dosed_forms(self.anatomy, self.given)
        return Table(
            {
                name: Table({form: where(str(Pool(route.site, form))) for form in forms})
                for name, route in self.anatomy.model.body.routes.items()
            }
            | {
                name: Table({self.anatomy.forms[pool.form]: where(str(pool))})
                for name, pool in dosed_pools(self.anatomy, self.given).items()
            }
        )

    def _terms(self) -> dict[str, dict[str, Any]]:
        """Return what each route says of its doses, in parameters alone."""
        body, found = self.anatomy.model.body, dict[str, dict[str, Any]]()
        for name, route in body.routes.items():
            for key, term in route.terms:
                place = body.origin.place("routes", name, key)
                value = self.symbols.expression(term, Scope(self.anatomy, part="body"), place)
                if getattr(value, "free_symbols", set()) - set(self.symbols.parameters.values()):
                    raise DeclarationError(f"the {key} of a route is made of parameters alone", where=place)
                found.setdefault(name, {})[key] = value
        return found

    def _assemble(
        self,
        kept: Any,
        start: dict[str, Any],
        columns: list[Column],
        outputs: list[Any],
        unavailable: dict[str, str],
        loading: Any,
        routes: Table[Table[str]],
    ) -> System:
        begins = [start.get(name, 0) for name in kept.variables]
        dosing = [] if loading is None else loading.expressions()
        terms = self._terms()
        dosing += [value for said in terms.values() for value in said.values()]
        used = self.symbols.used([*kept.rates.values(), *outputs, *begins, *dosing, *self.symbols.dose_symbols()])
        renumber = self.symbols.renumbering(list(kept.variables), used)
        import sympy

        mapping = dict(renumber.mapping)
        everything = [*kept.rates.values(), *outputs, *begins, *dosing, *(move.rate for move in kept.movements)]
        bounds = {node for expression in everything for node in sympy.sympify(expression).atoms(sympy.Max, sympy.Min)}
        for node in sorted(bounds, key=lambda node: (node.count_ops(), str(node))):
            # Building a maximum anew costs more than all else here, and a volume's stands in many rates.
            mapping[node] = node.xreplace(mapping)

        def put(expression: Any) -> Any:
            return sympy.sympify(expression).xreplace(mapping)

        equations = Equations(
            states=renumber.states,
            parameters=renumber.parameters,
            time=self.symbols.time,
            rates=tuple(put(rate) for rate in kept.rates.values()),
            start=tuple(put(value) for value in begins),
            outputs=tuple(put(value) for value in outputs),
        )
        movements = tuple(
            Movement(m.flow, m.source, m.target, put(m.rate), m.ledger, m.rides, m.place) for m in kept.movements
        )
        return System(
            model=self.anatomy.model,
            variables=tuple(kept.variables.values()),
            parameters=tuple(self.anatomy.parameters[name] for name in used),
            movements=movements,
            columns=tuple(columns),
            unavailable=Table(unavailable),
            left_out=self.expansion.left_out,
            loading=None if loading is None else loading.renamed(put, renumber.parameters),
            routes=routes,
            terms=Table({n: Table({k: put(v) for k, v in said.items()}) for n, said in terms.items()}),
            equations=equations,
        )


def _drug_ledgers(anatomy: Anatomy, flows: Iterable[OneWay], filled: dict[Pool, None]) -> dict[str, str]:
    """Join drug substances that flows turn into one another; the model's own names the ledger that it is in."""
    group: dict[str, str] = {}

    def substance(pool: Pool | None) -> str | None:
        form = FORMS[anatomy.forms[pool.form]] if pool is not None else None
        if pool is None or form is None or form.ledger != "drug":
            return None
        # What rides is the model's own drug, whoever carries it.
        return "" if form.rides else pool.substance

    def root(substance: str) -> str:
        while group.get(substance, substance) != substance:
            substance = group[substance]
        return substance

    for pool in filled:
        found = substance(pool)
        if found is not None:
            group.setdefault(found, found)
    for flow in flows:
        ends = (substance(flow.source.pool), substance(flow.target.pool))
        if None not in ends:
            first, second = sorted(root(end) for end in ends if end is not None)
            group[second] = first
    group.setdefault("", "")
    return {name: f"{root(name)}.drug" if root(name) else "drug" for name in group}


def _population_ledgers(flows: Iterable[OneWay], populations: Iterable[str]) -> dict[str, str]:
    """Join populations that flows lead into one another; the first in the model's order names their ledger."""
    ledger = {name: name for name in populations}
    order = list(ledger)
    for flow in flows:
        if flow.source.kind == flow.target.kind == "population":
            one, other = sorted((ledger[flow.source.name], ledger[flow.target.name]), key=order.index)
            ledger = {name: one if found == other else found for name, found in ledger.items()}
    return ledger
