"""Floor 2: the three parts of a model: body, drug and carrier.

A body owns the places, a drug its molar mass and disposition, a carrier its blocks, their values and what a dose of it
contains. Exosome and liposome share body and drug, so their comparison is fair by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exodelivery.declare.block import Block
from exodelivery.declare.coerce import as_name, as_word, as_words, freeze, members
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.place import Population, Site, as_population, as_site
from exodelivery.declare.quantity import Quantity, as_quantity
from exodelivery.declare.route import Route, as_route
from exodelivery.declare.table import Table
from exodelivery.declare.tables import RESERVED, SITES, SLOTS
from exodelivery.errors import DeclarationError, nearest
from exodelivery.expr.functions import FUNCTIONS

DOSE_METRICS: tuple[str, ...] = ("particles_per_protein", "most_particles")
"""What a carrier's ``[dose]`` may say: particles in a microgram of protein; the most that a purification yields."""


def as_block(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Block:
    """Return the block itself, or the one of this name on the shelf of its slot (the last key but a label)."""
    slot = next((key for key in reversed(keys) if key in SLOTS), "")
    if isinstance(given, Block):
        if given.kind != slot:
            raise DeclarationError(f"a block of kind {given.kind} cannot fill {slot}", where=origin.place(*keys))
        return given
    # The shelf reads files by these very constructors, so it can only be met here, when a name is looked up.
    from exodelivery.declare.shelf import find

    found: Block = find(as_word(given, *keys, origin=origin), slot, where=origin.place(*keys))
    return found


def as_use(given: Any, holder: str, origin: Origin) -> Table[Any]:
    """Read which block fills each of a holder's slots; a slot that holds several has a table of labels."""
    slots = [slot.name for slot in SLOTS.values() if slot.holder == holder]
    if not isinstance(given, Mapping):
        raise DeclarationError("use is a table of slots", where=origin.place("use"))
    found: dict[str, Any] = {}
    for slot, value in given.items():
        if slot not in slots:
            raise DeclarationError(
                f"a {holder} has no slot {slot!r}",
                where=origin.place("use", slot),
                remedy=nearest(slot, slots),
            )
        several = isinstance(value, Mapping)
        if several and not SLOTS[slot].several:
            raise DeclarationError(f"the slot {slot} holds one block", where=origin.place("use", slot))
        found[slot] = (
            members(value, as_block, "use", slot, origin=origin, reserved={*RESERVED, *FUNCTIONS})
            if several
            else as_block(value, "use", slot, origin=origin)
        )
    return Table(found)


def as_settings(given: Any, origin: Origin) -> Table[Quantity]:
    """Read ``[set]``: quoted dotted keys or nested tables, each down to a quantity."""
    found: dict[str, Quantity] = {}

    def descend(table: Any, keys: tuple[str, ...]) -> None:
        if isinstance(table, Mapping) and not isinstance(table, Quantity) and "value" not in table:
            for key, value in table.items():
                descend(value, (*keys, str(key)))
            return
        where = origin.place("set", *keys)
        name = as_name(".".join(keys), where, dotted=True)
        if name in found:
            raise DeclarationError(f"{name!r} is set twice", where=where)
        found[name] = as_quantity(table, "set", *keys, origin=origin)

    descend(given, ())
    return Table(found)


def _words(part: Any, *keys: str) -> dict[str, str]:
    return {key: as_word(getattr(part, key), key, origin=part.origin) for key in keys}


@dataclass(frozen=True, slots=True)
class Body:
    """An animal, a patient or a plate: sites, populations, circulation.

    Attributes
    ----------
    name, about : str
    species : str
        Who the physiology belongs to; bodies of one species share their parameters in a joint fit.
    weight : Quantity
        Makes mg/kg an amount.
    surface : Quantity or None
        Body surface; makes mg/m2 an amount.
    routes : Table of Route
        The site that each route of dosing enters, e.g. ``iv = "plasma"``, with what of a dose arrives there and when.
    parameters, sites, populations, regions : Table
    use : Table of Block
        The circulation, where there is one.
    """

    name: str = ""
    about: str = ""
    species: str = ""
    weight: Quantity | None = None
    surface: Quantity | None = None
    routes: Table[Route] = field(default_factory=Table)
    parameters: Table[Quantity] = field(default_factory=Table)
    sites: Table[Site] = field(default_factory=Table)
    populations: Table[Population] = field(default_factory=Table)
    regions: Table[tuple[str, ...]] = field(default_factory=Table)
    use: Table[Any] = field(default_factory=Table)
    set: Table[Quantity] = field(default_factory=Table)
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    def __post_init__(self) -> None:
        origin = self.origin
        names = {*RESERVED, *FUNCTIONS}
        weight = None if self.weight is None else as_quantity(self.weight, "weight", origin=origin)
        surface = None if self.surface is None else as_quantity(self.surface, "surface", origin=origin)
        freeze(
            self,
            **_words(self, "name", "about", "species"),
            weight=weight,
            surface=surface,
            routes=members(self.routes, as_route, "routes", origin=origin),
            parameters=members(self.parameters, as_quantity, "parameters", origin=origin, reserved=names),
            sites=members(self.sites, as_site, "sites", origin=origin, reserved=names),
            populations=members(self.populations, as_population, "populations", origin=origin, reserved=names),
            regions=members(self.regions, as_words, "regions", origin=origin, reserved=names),
            use=as_use(self.use, "body", origin),
            set=as_settings(self.set, origin),
        )
        self._verify()

    def _verify(self) -> None:
        stands_in: dict[str, str] = {}
        for region, sites in self.regions.items():
            if region in self.sites:
                raise DeclarationError(
                    f"{region!r} is declared twice, as a site and as a region",
                    where=self.origin.place("regions", region),
                    remedy="one name, one thing",
                )
            for site in sites:
                if site not in self.sites:
                    raise DeclarationError(
                        f"the region {region} names no site of this body: {site!r}",
                        where=self.origin.place("regions", region),
                        remedy=nearest(site, self.sites),
                    )
        for name, route in self.routes.items():
            if route.site not in self.sites:
                raise DeclarationError(
                    f"the route {name} enters no site of this body: {route.site!r}",
                    where=self.origin.place("routes", name),
                    remedy=nearest(route.site, self.sites),
                )
        for name, declared in self.sites.items():
            for key, other in (("within", declared.within), ("also", declared.also)):
                known = {*self.sites, *self.populations} if key == "within" else {*self.sites, *SITES}
                if other and other not in known:
                    raise DeclarationError(
                        f"{key} of {name} names nothing known: {other!r}",
                        where=self.origin.place("sites", name, key),
                        remedy=nearest(other, known),
                    )
            if declared.also and (declared.also in self.sites or declared.also in stands_in):
                other = stands_in.get(declared.also, declared.also)
                raise DeclarationError(
                    f"{name} cannot stand in for {declared.also}: {other} is there already",
                    where=self.origin.place("sites", name, "also"),
                    remedy="a site stands in for one that the body lacks, and nothing else does",
                )
            stands_in[declared.also] = name

    def _repr_html_(self) -> str:
        from exodelivery.declare.show_parts import part_html

        return part_html(self)


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug: its molar mass, salt or base as stated, and its disposition."""

    name: str = ""
    about: str = ""
    molar_mass: Quantity | None = None
    moiety: str = ""
    parameters: Table[Quantity] = field(default_factory=Table)
    use: Table[Any] = field(default_factory=Table)
    set: Table[Quantity] = field(default_factory=Table)
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    def __post_init__(self) -> None:
        origin = self.origin
        if self.molar_mass is None:
            raise DeclarationError(
                "a drug needs its molar_mass",
                where=origin.place(),
                remedy='molar_mass = { value = "543.5 g/mol", … }',
            )
        freeze(
            self,
            **_words(self, "name", "about", "moiety"),
            molar_mass=as_quantity(self.molar_mass, "molar_mass", origin=origin),
            parameters=members(
                self.parameters, as_quantity, "parameters", origin=origin, reserved={*RESERVED, *FUNCTIONS}
            ),
            use=as_use(self.use, "drug", origin),
            set=as_settings(self.set, origin),
        )

    def _repr_html_(self) -> str:
        from exodelivery.declare.show_parts import part_html

        return part_html(self)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier: the blocks that make it, their values, and what a microgram or a vial of it contains."""

    name: str = ""
    about: str = ""
    parameters: Table[Quantity] = field(default_factory=Table)
    use: Table[Any] = field(default_factory=Table)
    dose: Table[Quantity] = field(default_factory=Table)
    set: Table[Quantity] = field(default_factory=Table)
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    def __post_init__(self) -> None:
        origin = self.origin
        freeze(
            self,
            **_words(self, "name", "about"),
            parameters=members(
                self.parameters, as_quantity, "parameters", origin=origin, reserved={*RESERVED, *FUNCTIONS}
            ),
            use=as_use(self.use, "carrier", origin),
            dose=members(self.dose, as_quantity, "dose", origin=origin),
            set=as_settings(self.set, origin),
        )
        for name in self.dose:
            if name not in DOSE_METRICS:
                raise DeclarationError(
                    f"a carrier's dose has no {name!r}",
                    where=origin.place("dose", name),
                    remedy=nearest(name, DOSE_METRICS),
                )

    def _repr_html_(self) -> str:
        from exodelivery.declare.show_parts import part_html

        return part_html(self)
