"""Floor 4: every flow of every block as one-way flows between resolved ends.

A two-way flow becomes two, a flow written ``here`` becomes one at each site of the block's roles, names are resolved by
:mod:`exodelivery.declare.anatomy`, and a flow whose site the body lacks is set aside with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exodelivery.declare.anatomy import Anatomy, Reference, Scope
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Instance
from exodelivery.declare.pool import is_pool
from exodelivery.declare.table import Table
from exodelivery.declare.tables import SLOTS
from exodelivery.errors import DeclarationError, ExodeliveryError, Place
from exodelivery.expr.as_text import as_text
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Call, Expr, Name, children, names, rename

Report = Callable[[ExodeliveryError], None]
"""What to do with an error: raise it, or collect it and go on."""

IN, OUT = Reference("in", "in"), Reference("out", "out")


@dataclass(frozen=True, slots=True)
class OneWay:
    """A one-way flow with both ends resolved.

    Attributes
    ----------
    name : str
        ``block.flow``, with ``.back`` for the way back and ``@site`` where it was written ``here``.
    scope : Scope
        Where the names of its rate are looked up.
    source, target : Reference
        Pools, populations, sites (a circulation), or in and out.
    rate : Expr
    passengers : Table of str
        Written ends of passengers.
    contents : str or Table of str
    place : Place
    """

    name: str
    scope: Scope
    source: Reference
    target: Reference
    rate: Expr
    passengers: Table[str]
    contents: str | Table[str]
    place: Place


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A flow that this body has no place for."""

    flow: str
    reason: str
    place: Place


def raise_it(error: ExodeliveryError) -> None:
    """Raise an error at once; what is done unless somebody collects."""
    raise error


@dataclass(frozen=True, slots=True)
class Expansion:
    """All one-way flows of a model, and those left out."""

    flows: tuple[OneWay, ...]
    left_out: tuple[LeftOut, ...]


def expand(anatomy: Anatomy, report: Report = raise_it) -> Expansion:
    """Resolve every flow of every block in use, but for the loading (a stage of its own).

    Parameters
    ----------
    anatomy : Anatomy
    report : callable
        Called with each error; by default it raises.

    Returns
    -------
    Expansion
    """
    flows: list[OneWay] = []
    left_out: list[LeftOut] = []
    for instance in anatomy.instances:
        if instance.slot == "loading":
            continue
        scope = Scope(anatomy, instance)
        kept = 0
        for name, flow in instance.block.flows.items():
            place = instance.block.origin.place("flows", name)
            placed = list(repeated(anatomy, instance, flow))
            if not placed:
                reason = f"the body has no site of role {' or '.join(instance.block.where)}"
                left_out.append(LeftOut(f"{instance.prefix}.{name}", reason, place))
            for site, written in placed:
                full = f"{instance.prefix}.{name}" + (f"@{site}" if site else "")
                try:
                    found, missing = _one_ways(scope, full, written, place)
                except ExodeliveryError as error:
                    report(error)
                    kept += 1
                    continue
                if missing:
                    left_out.append(LeftOut(full, f"the body has no {' and no '.join(missing)}", place))
                else:
                    kept += 1
                    flows.extend(found)
        if instance.block.flows and not kept and not idle(anatomy, instance):
            report(
                DeclarationError(
                    f"the body {anatomy.model.body.name!r} leaves the block {instance.prefix} without flows",
                    where=instance.block.origin.place("flows"),
                    remedy="every flow names a site that this body lacks; choose another block or body",
                )
            )
    return Expansion(tuple(flows), tuple(left_out))


def idle(anatomy: Anatomy, instance: Instance) -> bool:
    """Say whether a block's slot has nothing to do in this body, as clearance from blood on a plate."""
    role = SLOTS[instance.slot].idle_without
    return bool(role) and all(site.role != role for site in anatomy.model.body.sites.values())


def repeated(anatomy: Anatomy, instance: Instance, flow: Flow) -> Iterator[tuple[str, Flow]]:
    """Yield a flow at each site of its block's roles where it is written ``here``, else once, with no site."""
    used = {flow.source, flow.target, *names(flow.rate), *(names(flow.back) if flow.back else ())}
    ends = {*flow.passengers.values(), *(() if isinstance(flow.contents, str) else flow.contents.values())}
    if not any(path.partition(".")[0] == "here" for path in used | ends):
        yield "", flow
        return
    for site, declared in anatomy.model.body.sites.items():
        if declared.role in instance.block.where:
            yield site, _placed(flow, site)


def _placed(flow: Flow, site: str) -> Flow:
    def put(path: str) -> str:
        head, dot, rest = path.partition(".")
        return f"{site}{dot}{rest}" if head == "here" else path

    contents = put(flow.contents) if isinstance(flow.contents, str) else _each(flow.contents, put)
    return Flow(
        put(flow.source),
        put(flow.target),
        rename(flow.rate, put),
        rename(flow.back, put) if flow.back is not None else None,
        _each(flow.passengers, put),
        contents,
        flow.about,
    )


def _each(table: Table[str], function: Callable[[str], str]) -> Table[str]:
    return Table({name: function(value) for name, value in table.items()})


def _one_ways(scope: Scope, name: str, flow: Flow, place: Place) -> tuple[list[OneWay], list[str]]:
    source, target = _end(scope, flow.source, place), _end(scope, flow.target, place)
    if source is OUT or target is IN or (flow.back is not None and (source is IN or target is OUT)):
        raise DeclarationError(
            f"the flow {flow.text!r} runs backwards", where=place, remedy="things come from in and go to out"
        )
    missing = {end.name for end in (source, target) if end.kind == "missing"}
    kinds = {end.kind for end in (source, target)} - {"in", "out", "missing"}
    if len(kinds) > 1 or not (kinds or missing):
        raise DeclarationError(
            f"the flow {flow.text!r} joins things of two kinds",
            where=place,
            remedy="pools flow to pools, cells to cells, and blood between sites",
        )
    if flow.passengers and (source.pool is None or source.pool.form != "carrier"):
        raise DeclarationError(
            f"{name} moves no carrier, and so no passengers",
            where=place,
            remedy="take out passengers, or let the flow begin at a carrier",
        )
    if flow.contents and source.kind not in ("population", "missing"):
        raise DeclarationError(
            f"{name} moves no cells, and so no contents",
            where=place,
            remedy="take out contents, or let the flow begin at a population",
        )
    for rate in (flow.rate, flow.back):
        if rate is not None:
            missing |= _missing(scope, rate, place, bool(missing))
    flows = [OneWay(name, scope, source, target, flow.rate, flow.passengers, flow.contents, place)]
    if flow.back is not None:
        flows.append(OneWay(f"{name}.back", scope, target, source, flow.back, flow.passengers, flow.contents, place))
    return flows, sorted(missing)


def _end(scope: Scope, path: str, place: Place) -> Reference:
    if path == "in":
        return IN
    if path == "out":
        return OUT
    if is_pool(path, scope.anatomy.forms):
        return scope.pool(path, place)
    if scope.instance is not None and scope.instance.slot == "circulation":
        return scope.place(path, place)
    return scope.population(path, place)


def _missing(scope: Scope, expr: Expr, place: Place, elsewhere: bool) -> set[str]:
    """Return the sites that an expression needs and the body lacks; unknown names are errors."""
    if elsewhere and isinstance(expr, Name) and lacks_value(scope, expr):
        return {expr.path}
    if isinstance(expr, Name) or (isinstance(expr, Call) and expr.function in DOMAIN_FUNCTIONS):
        return {found.name for _, found in references(scope, expr, place) if found.kind == "missing"}
    return {name for child in children(expr) for name in _missing(scope, child, place, elsewhere)}


def lacks_value(scope: Scope, name: Name) -> bool:
    """Say whether a name asks the body for a value that it does not have; no harm where the flow has no place in it."""
    return name.path.startswith("body.") and name.path not in scope.anatomy.parameters


def references(scope: Scope, expr: Expr, place: Place) -> Iterator[tuple[Name | Call, Reference]]:
    """Yield every name and every ``conc``, ``count``, ``mass`` and ``total`` with what it refers to.

    Raises
    ------
    DeclarationError
        At the first that refers to nothing.
    """
    if isinstance(expr, Name):
        yield expr, scope.name(expr.path, place)
    elif isinstance(expr, Call) and expr.function in DOMAIN_FUNCTIONS:
        yield expr, refer(scope, expr, place)
    else:
        for child in children(expr):
            yield from references(scope, child, place)


def absent_part(scope: Scope, expr: Expr) -> str:
    """Return what an observable asks of a block that is not in use, as after a swap; empty if nothing."""
    for path in dict.fromkeys(names(expr)):
        prefix, _, short = path.rpartition(".")
        slot = prefix.partition(".")[0]
        if slot not in SLOTS or is_pool(path, scope.anatomy.forms):
            continue
        known = {*scope.anatomy.parameters, *scope.anatomy.populations, *scope.anatomy.sites}
        own = next((i for i in scope.anatomy.instances if i.prefix == prefix), None)
        if own is None:
            return f"no block fills {prefix}, which should have {short!r}"
        if path not in known and short not in own.block.states and short not in own.block.outputs:
            return f"the {prefix} in use ({own.block.name}) has no {short!r}"
    return ""


def refer(scope: Scope, call: Call, place: Place) -> Reference:
    """Return the pool, population, site or region that a domain function reads."""
    argument = call.arguments[0]
    if not isinstance(argument, Name):
        raise DeclarationError(f"{as_text(call)} reads a name, not an expression", where=place)
    if call.function == "conc":
        return scope.pool(argument.path, place)
    if call.function == "count":
        return scope.population(argument.path, place)
    return scope.place(argument.path, place)
