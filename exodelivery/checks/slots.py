"""Floor 5, rule ``slots``: a block touches only what its slot may, and every slot that must be filled is.

Blocks never know one another, so the table of slots is all that keeps an uptake from killing cells.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.declare.model import Instance
from exodelivery.declare.pool import is_pool
from exodelivery.declare.tables import SLOTS

RULE = "slots"


def check_slots(case: Case) -> Iterator[Issue]:
    """Yield flows, starts and states that their slot may not have, and slots left empty."""
    for instance in case.anatomy.instances:
        yield from _touches(case, instance)
    yield from _empty(case)


def _touches(case: Case, instance: Instance) -> Iterator[Issue]:
    block, slot, forms = instance.block, SLOTS[instance.slot], case.anatomy.forms
    used = [("flows", name, end) for name, flow in block.flows.items() for end in (flow.source, flow.target)]
    used += [("flows", name, end) for name, flow in block.flows.items() for end in flow.passengers.values()]
    used += [("start", path, path) for path in block.start]
    for key, name, end in used:
        if end in ("in", "out"):
            continue
        what = forms[end.rpartition(".")[2]] if is_pool(end, forms) else _kind(case, instance, end)
        if what not in slot.touches:
            yield Issue(
                "error",
                RULE,
                f"a block of {slot.name} may not touch {end} ({what})",
                block.origin.place(key, name),
                f"{slot.name} is {slot.about}; it touches {', '.join(sorted(slot.touches))}",
            )
    if block.populations and "population" not in slot.touches:
        place = block.origin.place("populations")
        yield Issue("error", RULE, f"a block of {slot.name} may not have populations of its own", place)
    if block.states and "state" not in slot.touches:
        place = block.origin.place("states")
        yield Issue("error", RULE, f"a block of {slot.name} may not have states of its own", place)


def _kind(case: Case, instance: Instance, end: str) -> str:
    named = end in instance.block.populations or end in case.anatomy.populations
    named = named or end in case.anatomy.missing
    return "population" if named and instance.slot != "circulation" else "site"


def _empty(case: Case) -> Iterator[Issue]:
    model = case.model
    parts = {"carrier": model.carrier, "drug": model.drug}
    for slot in SLOTS.values():
        part = parts.get(slot.holder)
        # A carrier without any block is `none`: the free drug.
        if part is None or slot.may_be_empty or slot.name in part.use or (slot.holder == "carrier" and not part.use):
            continue
        yield Issue(
            "error",
            RULE,
            f"the {slot.holder} {part.name!r} fills no {slot.name} ({slot.about})",
            part.origin.place("use"),
            f"name a block under [use] {slot.name}",
        )
