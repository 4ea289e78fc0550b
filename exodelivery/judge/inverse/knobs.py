"""Floor 8: what can be engineered, one table: each knob with the rates that it moves, by which law, and who says so.

A relation multiplies a parameter by a power of the knob; where the power is not known it has a range and is drawn with
the rest of the doubt. Evidence is where a knob was really set to such a value in a carrier like this: beyond it a
design is an extrapolation, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from exodelivery.compile.system import System
from exodelivery.declare.quantity import Z975
from exodelivery.errors import DeclarationError, nearest

LAWS = ("times", "keeps")
KINDS = ("carrier", "dose", "doses")


@dataclass(frozen=True, slots=True)
class Relation:
    """What a knob does to a parameter.

    Attributes
    ----------
    parameter : str
        Full name, or a pattern of names.
    power : float
    law : str
        ``times``: multiplied by (knob / reference)^power; ``keeps``: by (1 - knob)^power.
    range : tuple of float or None
        95 % of what is believed of the power; None where it is a definition.
    status : str
        derived (a definition, or written in the block), literature or assumed.
    source : str
    """

    parameter: str
    power: float = 1.0
    law: str = "times"
    range: tuple[float, float] | None = None
    status: str = "assumed"
    source: str = ""

    def __post_init__(self) -> None:
        where = f"the relation to {self.parameter}"
        if self.law not in LAWS:
            raise DeclarationError(f"{where} has the law {self.law!r}", remedy=nearest(self.law, LAWS))
        if self.status not in ("derived", "literature", "assumed"):
            raise DeclarationError(f"{where} has the status {self.status!r}", remedy="write literature or assumed")
        if self.status == "assumed" and self.range is None:
            raise DeclarationError(f"{where} is assumed without a range", remedy="write range=(0.5, 1.5)")
        if self.status != "assumed" and not self.source:
            raise DeclarationError(f"{where} has no source", remedy="say where it was read, or why it holds")
        if self.range is not None and not self.range[0] <= self.power <= self.range[1]:
            raise DeclarationError(f"{where}: the power {self.power:g} is not within its range")

    @property
    def doubt(self) -> float:
        """Standard deviation of the power."""
        return 0.0 if self.range is None else (self.range[1] - self.range[0]) / (2 * Z975)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Between which values a knob was set in a carrier of this kind.

    Attributes
    ----------
    low, high : float
    source : str
    block : str
        Loading block that it holds for; any unless given.
    """

    low: float
    high: float
    source: str
    block: str = ""


@dataclass(frozen=True, slots=True)
class Knob:
    """Something that can be engineered.

    Attributes
    ----------
    name, about, unit : str
    low, high : float
        Between which it is searched.
    reference : float
        The value at which the carrier is as it is.
    relations : tuple of Relation
    evidence : tuple of Evidence
    kind : str
        ``carrier``; ``dose``: multiplies the dose; ``doses``: divides it among so many, a day apart.
    """

    name: str
    about: str
    low: float
    high: float
    reference: float
    relations: tuple[Relation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    kind: str = "carrier"
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DeclarationError(
                f"the knob {self.name} is of the kind {self.kind!r}", remedy=nearest(self.kind, KINDS)
            )
        if not self.low < self.high or not self.low <= self.reference <= self.high:
            raise DeclarationError(f"the knob {self.name} runs from {self.low:g} to {self.high:g}, not about its start")
        if any(one.law == "keeps" for one in self.relations) and not (self.low >= 0 and self.high < 1):
            raise DeclarationError(f"the knob {self.name} keeps a share, so it lies from 0 to below 1")
        if not self.linear and self.low <= 0:
            raise DeclarationError(f"the knob {self.name} is a factor or a size, and positive")

    @property
    def linear(self) -> bool:
        """Whether it is searched on a linear scale: shares and counts are, factors and sizes are not."""
        return self.kind == "doses" or any(one.law == "keeps" for one in self.relations)

    def at(self, share: float, ends: tuple[float, float] | None = None) -> float:
        """Return the value at a share of the way from the low end to the high, or between other ends."""
        low, high = ends or (self.low, self.high)
        if self.kind == "doses":
            return float(min(int(low + share * (high - low + 1)), int(high)))
        if self.linear:
            return low + share * (high - low)
        return float(min(max(low * (high / low) ** share, low), high))

    def places(self, system: System) -> dict[int, Relation]:
        """Return the relation of each parameter that it moves, by its place in a compiled model."""
        found = {}
        for n, one in enumerate(system.parameters):
            for relation in self.relations:
                if fnmatchcase(one.name, relation.parameter):
                    if one.quantity.scale != "log":
                        raise DeclarationError(
                            f"the knob {self.name} multiplies {one.name}, which is no positive number"
                        )
                    found[n] = relation
                    break
        return found

    def known(self, system: System, value: float) -> bool:
        """Whether a value lies where there is evidence, or is the carrier's own."""
        low, high = self.within(system)
        return low <= value <= high

    def within(self, system: System) -> tuple[float, float]:
        """Return between which values there is evidence; the carrier's own alone where there is none."""
        if self.kind != "carrier":
            return self.low, self.high
        block = getattr(system.model.carrier.use.get("loading"), "name", "")
        ends = [(one.low, one.high) for one in self.evidence if one.block in ("", block)]
        low, high = min((e[0] for e in ends), default=self.reference), max((e[1] for e in ends), default=self.reference)
        return max(min(low, self.reference), self.low), min(max(high, self.reference), self.high)


_DOGRA = "Dogra 2020, Comput Struct Biotechnol J 18, doi 10.1016/j.csbj.2020.02.014, table of estimates"
_KIM = "Kim 2016, paclitaxel, 1.44 : 5.3 : 28.29 by incubation, electroporation, sonication (in PMC10570584, Table 1)"
_SHIELD = "no equation for PEG or CD47 on vesicles was found; a multiplier on macrophage uptake, as block mps_shielded"

KNOBS: tuple[Knob, ...] = (
    Knob(
        "loading",
        "drug in a particle, times the carrier's own",
        0.1,
        10.0,
        1.0,
        (
            Relation("loading.per_particle", status="derived", source="a definition"),
            Relation("loading.offered", status="derived", source="the loading block is linear in the drug offered"),
        ),
        (Evidence(0.27, 5.3, _KIM, "electroporation"), Evidence(1.0, 19.6, _KIM, "incubation")),
    ),
    Knob(
        "release",
        "all release rates, times the carrier's own",
        0.05,
        5.0,
        1.0,
        (
            Relation("release.k_plasma", status="derived", source="a definition"),
            Relation(
                "release.k_tissue", range=(0.5, 1.5), source="a membrane that leaks less in blood does so in tissue"
            ),
            Relation("release.k_cell", power=0.7, range=(0.0, 1.4), source="in cells part of it is digestion; ours"),
            Relation("release.tau", power=-1.0, status="derived", source="a time is an inverse rate"),
        ),
    ),
    Knob(
        "size",
        "diameter",
        40.0,
        200.0,
        100.0,
        (
            Relation(
                "uptake.PS",
                power=-1.08,
                range=(-1.4, -0.8),
                status="literature",
                source=f"{_DOGRA}: 1.1e-7 mm/s at 90 nm, 1.27e-6 at 9.4 nm; -1.17 by 2e-7, 2.82e-6; the range is ours",
            ),
            Relation("uptake.k_exit", power=-1.08, range=(-1.4, -0.5), source="the way back as the way in; ours"),
            Relation("uptake.radius", status="derived", source="a definition; the block has laws of its own"),
            Relation("loading.radius", status="derived", source="a definition; the block has laws of its own"),
            Relation(
                "loading.per_particle", power=3.0, range=(2.0, 3.2), source="lumen by geometry, surface at least; ours"
            ),
            Relation(
                "loading.offered", power=3.0, range=(2.0, 3.2), source="lumen by geometry, surface at least; ours"
            ),
            Relation("clearance.CL_liver", power=0.5, range=(-0.5, 1.5), source="no law was found for vesicles; ours"),
            Relation("clearance.CL_spleen", power=0.5, range=(-0.5, 1.5), source="no law was found for vesicles; ours"),
        ),
        (
            Evidence(
                45.0,
                195.0,
                "86.5 % of small vesicles given to rats (Pharm Res 2021, doi 10.1007/s11095-021-03102-z, abstract)",
            ),
        ),
        unit="nm",
    ),
    Knob(
        "ligands",
        "ligands on a particle, times the carrier's own",
        0.1,
        10.0,
        1.0,
        (
            Relation("uptake.ligands", status="derived", source="a definition; the block's binding is linear in them"),
            Relation("uptake.K_int", power=-0.8, range=(-1.5, -0.1), source="more arms bind at a lower level; ours"),
        ),
    ),
    Knob(
        "stealth",
        "share of macrophage uptake that a shield prevents",
        0.0,
        0.95,
        0.0,
        (
            Relation("clearance.CL_liver", law="keeps", range=(0.8, 1.2), source=_SHIELD),
            Relation("clearance.CL_spleen", law="keeps", range=(0.8, 1.2), source=_SHIELD),
            Relation(
                "uptake.v_int", power=0.5, law="keeps", range=(0.0, 1.0), source="it hinders tumour cells too; ours"
            ),
            Relation(
                "uptake.k_endo", power=0.5, law="keeps", range=(0.0, 1.0), source="it hinders tumour cells too; ours"
            ),
            Relation("uptake.k_uptake", power=0.5, law="keeps", range=(0.0, 1.0), source="it hinders cells too; ours"),
        ),
    ),
    Knob("dose", "times the dose given", 0.2, 5.0, 1.0, kind="dose"),
    Knob("doses", "doses, a day apart, among which it is divided", 1, 4, 1, kind="doses"),
)
"""Knobs in the order of reading; those that move no parameter of a model are left out and named."""


def chosen_knobs(given: Sequence[str | Knob] | None, system: System) -> tuple[tuple[Knob, ...], tuple[str, ...]]:
    """Return the knobs that a model has, and why others are left out.

    Raises
    ------
    DeclarationError
        For an unknown knob, one that is named twice, or where none is left.
    """
    named = {knob.name: knob for knob in KNOBS}
    found: list[Knob] = []
    left_out = []
    for one in KNOBS if given is None else given:
        if isinstance(one, str) and one not in named:
            raise DeclarationError(f"no knob is called {one!r}", remedy=nearest(one, named))
        knob = named[one] if isinstance(one, str) else one
        if knob.name in [other.name for other in found]:
            raise DeclarationError(f"the knob {knob.name!r} is given twice")
        if knob.kind == "carrier" and not knob.places(system):
            left_out.append(f"{knob.name}: no parameter of {system.model.carrier.name} hangs on it")
        else:
            found.append(knob)
    if not found:
        raise DeclarationError("no knob is left to turn", remedy="; ".join(left_out) or "name one")
    return tuple(found), tuple(left_out)
