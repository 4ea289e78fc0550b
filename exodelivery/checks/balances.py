"""Floor 5, rules ``balances`` and ``limits``: what leaves one place enters another, and nothing leaves an empty place.

Every ledger is proved by sympy on the flattened system, not believed of the flows; a flow that would turn one ledger
into another is named. That shows bookkeeping, not accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue, issue_of
from exodelivery.compile.expand import OneWay
from exodelivery.compile.fill import contents_end, passenger_end, riding
from exodelivery.compile.fraction import per_source
from exodelivery.compile.symbols import Symbols
from exodelivery.compile.system import System
from exodelivery.declare.pool import Pool
from exodelivery.errors import ExodeliveryError, Place

BALANCES, LIMITS = "balances", "limits"


def check_balances(case: Case) -> Iterator[Issue]:
    """Yield ends that say nothing of passengers or contents, flows between ledgers, and ledgers that do not close."""
    for flow in case.endless:
        yield from _ends(case, flow)
    if isinstance(case.flat, ExodeliveryError):
        yield issue_of(case.flat, BALANCES)
        return
    places = {flow.name: flow.place for flow in case.expansion.flows}
    yield from prove_ledgers(case.flat, places, case.model.origin.place())


def _ends(case: Case, flow: OneWay) -> Iterator[Issue]:
    """Yield an issue for every passenger, or everything inside cells, that the end of a flow forgets."""
    source = flow.source.pool
    if source is not None:
        for form in riding(case.anatomy):
            if source.of(form) in case.filled:
                try:
                    passenger_end(case.anatomy, flow, form)
                except ExodeliveryError as error:
                    yield issue_of(error, BALANCES, place=flow.place)
        return
    inside = case.anatomy.inside(flow.source.name)
    for pool in case.filled:
        if pool.site in inside:
            try:
                contents_end(case.anatomy, flow, pool)
            except ExodeliveryError as error:
                yield issue_of(error, BALANCES, place=flow.place)


def prove_ledgers(system: System, places: dict[str, Place], whole: Place) -> Iterator[Issue]:
    """Yield an issue for each ledger whose rates, with what came in and went out, do not sum to zero."""
    import sympy

    ledger_of = {variable.name: variable.ledger for variable in system.variables}
    culprits = set()
    for move in system.movements:
        source, target = ledger_of[move.source], ledger_of[move.target]
        if source != target:
            culprits |= {source, target}
            yield Issue(
                "error",
                BALANCES,
                f"{move.flow} turns {source} into {target}: {move.source} -> {move.target}",
                places.get(move.flow, move.place),
                "what is counted in one ledger stays there; drug goes to drug, label to label or dye",
            )
    for ledger in system.ledgers:
        total: Any = sympy.S.Zero
        for variable, rate in zip(system.variables, system.equations.rates, strict=True):
            if variable.ledger == ledger:
                total += -rate if variable.name.startswith("in.") else rate
        if ledger not in culprits and sympy.expand(total) != 0 and sympy.simplify(total) != 0:
            message = f"the ledger {ledger} does not close: its rates sum to {sympy.simplify(total)}"
            yield Issue("error", BALANCES, message, whole)


def check_limits(case: Case) -> Iterator[Issue]:
    """Yield flows whose rate does not vanish with their source, or whose riders would move at an infinite fraction."""
    anatomy = case.anatomy
    named = {end.pool for flow in case.expansion.flows for end in (flow.source, flow.target) if end.pool is not None}
    # Every pool that a flow names counts as filled, so that a block is judged whatever the carrier.
    symbols = Symbols(anatomy, {**case.filled, **dict.fromkeys(sorted(named))})
    for flow in case.expansion.flows:
        if flow.source.kind not in ("pool", "population"):
            continue
        try:
            rate = symbols.expression(flow.rate, flow.scope, flow.place)
            if _rides(flow.source.pool):
                symbols.fraction(rate, flow.source.name, flow.place, flow.name)
            elif not _vanishes(rate, symbols.states[flow.source.name], flow.source.kind == "pool"):
                yield _lasting(flow)
        except ExodeliveryError as error:
            yield issue_of(error, LIMITS, place=flow.place)


def _rides(source: Pool | None) -> bool:
    """Say whether a source takes others along: carriers their passengers, cells their contents."""
    return source is None or source.form == "carrier"


def _vanishes(rate: Any, source: Any, may_be_nought: bool) -> bool:
    import sympy

    if per_source(rate, source, may_be_nought=may_be_nought) is not None:
        return True
    left = sympy.sympify(rate).subs(source, 0)
    return bool(left == 0 or sympy.simplify(left) == 0)


def _lasting(flow: OneWay) -> Issue:
    return Issue(
        "error",
        LIMITS,
        f"the rate of {flow.name} does not vanish with its source {flow.source.name}",
        flow.place,
        "a rate is its source times something finite, so that nothing goes negative",
    )
