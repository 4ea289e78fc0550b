"""Floor 2: sites and populations, the anatomy that a body owns and blocks move things between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.declare.coerce import as_expression, as_word, freeze, only
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.quantity import Quantity, as_quantity
from exodelivery.declare.tables import ROLES
from exodelivery.errors import DeclarationError, nearest
from exodelivery.expr.tree import Expr

WATER = Quantity("1 g/mL", status="assumed", range=("0.95 g/mL", "1.1 g/mL"), about="density of water")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a role and, but for a surface, a volume.

    Attributes
    ----------
    role : str
    volume : Expr or None
        In parameters and cell counts [volume].
    within : str
        The site or population that it lies inside: cells that die take it along.
    density : Quantity
        1 g/mL unless given; makes a mass of the volume.
    also : str
        Another site whose flows it takes, e.g. a plate's medium in the place of ``isf``.
    """

    role: str
    volume: Expr | None = None
    within: str = ""
    density: Quantity = WATER
    also: str = ""

    def __post_init__(self) -> None:
        if self.volume is not None:
            freeze(self, volume=as_expression(self.volume, "volume", origin=NO_ORIGIN))


@dataclass(frozen=True, slots=True)
class Population:
    """Cells, receptors or antibody, counted.

    Attributes
    ----------
    unit : str
        E.g. ``"cell"``.
    start : Expr
        Number before the first dose.
    line : str
        The cell line, which owns parameters of ``cell``.
    of : str
        The population whose count includes these, e.g. ``dead`` for cells that a block leads to their death in steps.
    """

    unit: str
    start: Expr
    line: str = ""
    of: str = ""

    def __post_init__(self) -> None:
        freeze(self, start=as_expression(self.start, "start", origin=NO_ORIGIN))


def as_site(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Site:
    """Read a site from a Site or a table."""
    if isinstance(given, Site):
        return given
    where = origin.place(*keys)
    if not isinstance(given, Mapping):
        raise DeclarationError("a site is a table", where=where, remedy='write { role = "blood", volume = "V_plasma" }')
    only(given, ("role", "volume", "within", "density", "also"), "a site", *keys, origin=origin)
    role = as_word(given.get("role", ""), *keys, "role", origin=origin)
    if role not in ROLES:
        raise DeclarationError(f"no role is called {role!r}", where=where, remedy=nearest(role, ROLES))
    if ROLES[role].has_volume != ("volume" in given):
        raise DeclarationError(
            f"a site of role {role} {'needs a' if ROLES[role].has_volume else 'has no'} volume", where=where
        )
    volume = as_expression(given["volume"], *keys, "volume", origin=origin) if "volume" in given else None
    extra = {"density": as_quantity(given["density"], *keys, "density", origin=origin)} if "density" in given else {}
    within = as_word(given.get("within", ""), *keys, "within", origin=origin)
    return Site(role, volume, within, also=as_word(given.get("also", ""), *keys, "also", origin=origin), **extra)


def as_population(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Population:
    """Read a population from a Population or a table."""
    if isinstance(given, Population):
        return given
    if not isinstance(given, Mapping) or not {"unit", "start"} <= set(given):
        raise DeclarationError(
            "a population is a table with unit and start",
            where=origin.place(*keys),
            remedy='write { unit = "cell", line = "4T1", start = "N_0" }',
        )
    only(given, ("unit", "start", "line", "of"), "a population", *keys, origin=origin)
    return Population(
        as_word(given["unit"], *keys, "unit", origin=origin),
        as_expression(given["start"], *keys, "start", origin=origin),
        as_word(given.get("line", ""), *keys, "line", origin=origin),
        as_word(given.get("of", ""), *keys, "of", origin=origin),
    )
