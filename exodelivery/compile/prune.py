"""Floor 4: keep what the observables need; gather the rest in one account per ledger.

A variable is needed when an observable reads it or a needed variable's rate does. What flows into the others can never
come back to a needed one, so one total per ledger keeps the books.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exodelivery.compile.system import Movement, Variable
from exodelivery.errors import SimulationError, nearest

ALL = "all"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left after pruning.

    Attributes
    ----------
    variables : dict of Variable
    rates : dict of sympy.Expr
    movements : list of Movement
    where : callable
        Where something that enters a variable goes now: itself, or its ledger's pruned account.
    """

    variables: dict[str, Variable]
    rates: dict[str, Any]
    movements: list[Movement]
    where: Callable[[str], str]


def prune(
    variables: dict[str, Variable],
    movements: list[Movement],
    rates: dict[str, Any],
    outputs: list[Any],
    keep: tuple[str, ...],
    names: Mapping[Any, str],
) -> Kept:
    """Return the needed variables with their rates and movements, and the accounts of all ledgers.

    ``names`` gives the variable of each symbol that the rates and outputs are written in.
    """
    needed = _needed(variables, movements, rates, outputs, keep, names)

    def where(name: str) -> str:
        return name if name in needed or name not in variables else f"pruned.{variables[name].ledger}"

    kept: list[Movement] = []
    for move in movements:
        source_out = move.source not in needed and not move.source.startswith("in.")
        target_lost = move.target not in needed and not move.target.startswith("out.")
        if source_out or (move.source.startswith("in.") and target_lost):
            continue
        kept.append(replace(move, target=f"pruned.{move.ledger}") if target_lost else move)
    found = {name: rates[name] for name in variables if name in needed}
    for move in kept:
        for end in (move.source, move.target):
            if end not in needed:
                found[end] = found.get(end, 0) + move.rate
    pruned_pools = [v for v in variables.values() if v.kind == "pool" and v.name not in needed]
    for variable in pruned_pools:
        found.setdefault(f"pruned.{variable.ledger}", 0)
    shown = {
        name: variables.get(name) or Variable(name, "account", _unit(variables, name), name.partition(".")[2])
        for name in found
    }
    return Kept(shown, found, kept, where)


def _unit(variables: dict[str, Variable], account: str) -> str:
    ledger = account.partition(".")[2]
    return next(variable.unit for variable in variables.values() if variable.ledger == ledger)


def _needed(
    variables: dict[str, Variable],
    movements: list[Movement],
    rates: dict[str, Any],
    outputs: list[Any],
    keep: tuple[str, ...],
    names: Mapping[Any, str],
) -> set[str]:
    real = [name for name, variable in variables.items() if variable.kind != "account"]
    if ALL in keep:
        return set(real)
    unknown = [name for name in keep if name not in real]
    if unknown:
        raise SimulationError(f"nothing fills a pool called {unknown[0]!r}", remedy=nearest(unknown[0], real))
    sources: dict[str, list[str]] = {}
    for move in movements:
        sources.setdefault(move.target, []).append(move.source)
    needed: set[str] = set()
    read = {names[symbol] for output in outputs for symbol in _symbols(output) if symbol in names}
    waiting = [*keep, *sorted(read)]
    while waiting:
        name = waiting.pop()
        if name in needed or name not in real:
            continue
        needed.add(name)
        waiting += [names[symbol] for symbol in _symbols(rates[name]) if symbol in names]
        # A rate need not read its source, and the books must close all the same.
        waiting += sources.get(name, [])
    return needed


def _symbols(expression: Any) -> set[Any]:
    found: set[Any] = getattr(expression, "free_symbols", set())
    return found
