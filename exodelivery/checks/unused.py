"""Floor 5, rule ``unused``: what nothing reads is a name misspelt elsewhere, or a value that tells nothing.

A body or a drug may hold more than one model uses, so there it is a note; of a whole shelf it is a warning where no
model reads the value.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.checks.written import resolved
from exodelivery.declare.anatomy import Reference
from exodelivery.declare.model import Parameter
from exodelivery.declare.parts import DOSE_METRICS
from exodelivery.declare.tables import PARTS
from exodelivery.expr.tree import names

RULE = "unused"

FOR_DOSES: frozenset[str] = frozenset(
    {
        "body.weight",
        "body.surface",
        "drug.molar_mass",
        "loading.duration",
        *(f"carrier.{name}" for name in DOSE_METRICS),
    }
)
"""Parameters that turn a dose into amounts; no expression need name them."""


def check_unused(case: Case) -> Iterator[Issue]:
    """Yield parameters, states and outputs that nothing reads, and one identity with two values."""
    used = _used(case)
    for parameter in case.anatomy.parameters.values():
        if parameter.name not in used | FOR_DOSES:
            part = parameter.name.partition(".")[0] in PARTS
            message = f"nothing reads the parameter {parameter.name}"
            severity = "note" if part else "error"
            yield Issue(severity, RULE, message, parameter.place, "use it in a rate, or take it out")
    for instance in case.anatomy.instances:
        outputs = () if instance.slot == "loading" else tuple(instance.block.outputs)
        for key, group in (("states", tuple(instance.block.states)), ("outputs", outputs)):
            for name in group:
                if f"{instance.prefix}.{name}" not in used:
                    place = instance.block.origin.place(key, name)
                    yield Issue("warning", RULE, f"nothing reads {instance.prefix}.{name}", place)
    yield from _identities(case)


def _used(case: Case) -> set[str]:
    """Return full names of the parameters, states and outputs that expressions read, a state's own rate apart."""
    found: set[str] = set()
    for item in case.written:
        for _, reference in resolved(item):
            if isinstance(reference, Reference) and not (item.role == "state" and reference.name == item.name):
                found.add(reference.name)
    for instance in case.anatomy.instances:
        # A flow that this body leaves out still uses its parameters.
        for flow in instance.block.flows.values():
            for path in (*names(flow.rate), *(names(flow.back) if flow.back is not None else ())):
                found.add(f"{instance.prefix}.{path}")
                found.add(path)
    return found


def _identities(case: Case) -> Iterator[Issue]:
    first: dict[str, Parameter] = {}
    for parameter in case.anatomy.parameters.values():
        other = first.setdefault(parameter.identity, parameter)
        if other.quantity.base != parameter.quantity.base:
            yield Issue(
                "error",
                RULE,
                f"{parameter.name} = {parameter.quantity.value} and {other.name} = {other.quantity.value} are one"
                f" parameter by block and owners ({parameter.identity})",
                parameter.place,
                "give them one value, or another owner",
            )
