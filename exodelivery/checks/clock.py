"""Floor 5, rule ``clock``: nothing but doses and declared inputs tells the time.

A state that depends on itself and parameters alone ages with the run: what reads it treats the second dose differently
from the first for no reason in the body. What ages is a chain of passenger pools, or a cohort of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.compile.expand import references
from exodelivery.declare.anatomy import Scope
from exodelivery.errors import ExodeliveryError, Place
from exodelivery.expr.tree import Expr

RULE = "clock"


def check_clock(case: Case) -> Iterator[Issue]:
    """Yield states that no pool, population or other block ever moves; a vial may tell its own time."""
    for instance in (one for one in case.anatomy.instances if one.slot != "loading"):
        block, scope = instance.block, Scope(case.anatomy, instance)
        needs: dict[str, set[str]] = {}
        for name, state in block.states.items():
            place = block.origin.place("states", name)
            try:
                needs[name] = _needs(scope, state.rate, place, block.outputs)
            except ExodeliveryError:
                return  # the rule of names has said so
        driven = {name for name, known in needs.items() if "" in known}
        while True:
            more = {name for name, known in needs.items() if known & driven} - driven
            if not more:
                break
            driven |= more
        for name in needs.keys() - driven:
            yield Issue(
                "error",
                RULE,
                f"{instance.prefix}.{name} depends on nothing but itself: it tells the time since the run began",
                block.origin.place("states", name),
                "a second dose must see the same kinetics: write a chain of passengers, or a declared input",
            )


def _needs(scope: Scope, expr: Expr, place: Place, outputs: Mapping[str, Expr]) -> set[str]:
    """Return the block's own states that a rate reads, and an empty name where it reads a pool or a population."""
    found: set[str] = set()
    for _, reference in references(scope, expr, place):
        if reference.kind == "state":
            found.add(reference.name.rpartition(".")[2])
        elif reference.kind == "output":
            inner = outputs[reference.name.rpartition(".")[2]]
            found |= _needs(scope, inner, place, outputs)
        elif reference.kind != "parameter":
            found.add("")
    return found
