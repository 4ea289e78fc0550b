"""Floor 5, rule ``origins``: every number says where it comes from.

Which keys a status asks for is one table; a reader must be able to tell a measurement from a guess, and a guess without
a range cannot carry its doubt into a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.tables import STATUSES
from exodelivery.errors import Place

RULE = "origins"

NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "measured": (("source",), "say where and when it was measured: source = …"),
    "literature": (("source",), "name the paper and the table: source = …"),
    "fitted": (("source", "note"), "name the fit, which holds the covariance: source = …"),
    "derived": (("source", "note"), "say from which values it is computed: note = …"),
    "assumed": (("range",), 'say how little is known: range = ["low", "high"]'),
}
"""For each status the keys of which one must be there, and the remedy."""


def check_origins(case: Case) -> Iterator[Issue]:
    """Yield numbers of a model, its parts and its blocks that do not say where they come from."""
    model = case.model
    for noun in (model.body, model.drug, model.carrier, *(i.block for i in case.anatomy.instances), model):
        yield from origins_of(noun, case.anatomy.parameters)


def origins_of(noun: Any, in_force: Mapping[str, Any] | None = None) -> Iterator[Issue]:
    """Yield the numbers of one noun that do not say where they come from.

    A ``[set]`` may leave the range to the value that it replaces, so it is judged in force where a model is known.
    """
    for place, quantity in _quantities(noun):
        yield from _judge(quantity, place)
    for name, quantity in getattr(noun, "set", {}).items():
        place = noun.origin.place("set", name)
        if in_force is None:
            continue
        found = in_force.get(name)
        if found is not None:
            yield from _judge(found.quantity if found.place == place else quantity, place)
        elif not isinstance(noun, Model):
            yield Issue("error", RULE, f"[set] names nothing of this model: {name!r}", place)


def _quantities(noun: Any) -> Iterator[tuple[Place, Quantity]]:
    for group in ("parameters", "inputs", "dose"):
        for name, quantity in getattr(noun, group, {}).items():
            yield noun.origin.place(group, name), quantity
    for key in ("weight", "surface", "molar_mass", "duration"):
        quantity = getattr(noun, key, None)
        if isinstance(quantity, Quantity):
            yield noun.origin.place(key), quantity
    if isinstance(noun, Body | Block):
        for name, site in noun.sites.items():
            yield noun.origin.place("sites", name, "density"), site.density


def _judge(quantity: Quantity, place: Place) -> Iterator[Issue]:
    if not quantity.status:
        remedy = f"write status = one of {', '.join(STATUSES)}"
        yield Issue("error", RULE, f"{quantity.value!r} has no status", place, remedy)
        return
    keys, remedy = NEEDS[quantity.status]
    if not any(getattr(quantity, key) for key in keys):
        message = f"{quantity.value!r} is {quantity.status}, but has no {' or '.join(keys)}"
        yield Issue("error", RULE, message, place, remedy)
    if quantity.source and quantity.status in ("measured", "literature") and not quantity.unit.text:
        message = f"{quantity.value!r} has a source but no unit"
        yield Issue(
            "warning", RULE, message, place, 'write the unit as printed, or "1" or "fraction" for a pure number'
        )
