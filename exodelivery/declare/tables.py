"""Floor 2: the closed tables of the vocabulary: roles, forms, slots, sites, ledgers, statuses, owners.

A new row here is an architectural decision, taken openly; everything else reads these tables and knows no names of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """What kind of place a site is."""

    name: str
    about: str
    has_volume: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """How a thing is there."""

    name: str
    unit: str
    ledger: str
    about: str
    rides: bool = False
    circulates: bool = True


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a model that a block fills."""

    name: str
    holder: str
    owner: str
    touches: frozenset[str]
    about: str
    may_be_empty: bool = False
    several: bool = False
    idle_without: str = ""
    """A role: where a body has no site of it, the slot has nothing to do, and its block may be left without flows."""


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site's usual name; a body that lacks it leaves out the flows that name it."""

    name: str
    role: str
    about: str


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("blood", "plasma, and what is in exchange with it at once"),
        Role("tissue", "an organ, its vessels and its cells together"),
        Role("interstitium", "the space between cells"),
        Role("surface", "the surface of cells: carriers on receptors", has_volume=False),
        Role("cell", "the inside of cells"),
        Role("endosome", "vesicles inside cells"),
        Role("nucleus", "the nuclei of cells"),
        Role("lymph", "lymph and its nodes"),
        Role("peripheral", "tissue of no particular name, in exchange with blood"),
        Role("medium", "culture medium on a plate"),
        Role("vial", "the formulation before it is given"),
    )
}

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("carrier", "1e9 particle", "carrier", "carriers, counted"),
        Form("loaded", "nmol", "drug", "drug inside carriers", rides=True),
        Form("adsorbed", "nmol", "drug", "drug on the outside of carriers", rides=True),
        Form("label", "ID", "label", "label on carriers, in parts of its dose", rides=True),
        Form("dye", "ID", "label", "label that has left its carrier"),
        Form(
            "free",
            "nmol",
            "drug",
            "drug outside carriers, protein-bound included unless a block declares bound",
        ),
        Form("bound", "nmol", "drug", "drug bound in place", circulates=False),
    )
}

PASSENGERS: tuple[str, ...] = tuple(form.name for form in FORMS.values() if form.rides)
"""Forms that ride in or on a carrier."""

_CARRIED = frozenset({"carrier", "loaded", "adsorbed", "label", "dye"})
_DRUG = frozenset({"free", "bound"})
_ALL = frozenset(FORMS)

SLOTS: dict[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot(
            "circulation",
            "body",
            "body",
            frozenset({"site"}),
            "blood and lymph move every form",
            may_be_empty=True,
        ),
        Slot(
            "loading",
            "carrier",
            "carrier x drug",
            _ALL | {"state"},
            "how the carrier was loaded, in the vial",
            may_be_empty=True,
        ),
        Slot("release", "carrier", "carrier x drug", _CARRIED | {"free"}, "how drug leaves the carrier"),
        Slot(
            "clearance",
            "carrier",
            "carrier x body",
            _CARRIED | {"free"},
            "how the body takes carriers out of blood",
            idle_without="blood",
        ),
        Slot(
            "uptake",
            "carrier",
            "carrier x cell",
            _CARRIED | {"free", "population"},
            "how carriers enter tumour and cells",
        ),
        Slot(
            "immunity",
            "carrier",
            "carrier x body",
            _CARRIED | {"free", "population", "state"},
            "what the carrier provokes",
            may_be_empty=True,
            idle_without="blood",
        ),
        Slot("disposition", "drug", "drug x body", _DRUG, "where free drug goes"),
        Slot(
            "efflux",
            "model",
            "drug x cell",
            _DRUG | {"carrier", "loaded", "adsorbed", "population", "state"},
            "how cells put drug out: passive, active, vesicular",
            may_be_empty=True,
            several=True,
        ),
        Slot(
            "shedding",
            "model",
            "cell",
            _CARRIED | {"free", "population", "state"},
            "vesicles and markers that cells shed",
            may_be_empty=True,
        ),
        Slot(
            "growth",
            "model",
            "cell",
            frozenset({"population", "state"}),
            "how cells divide",
            may_be_empty=True,
        ),
        Slot(
            "effect",
            "model",
            "drug x cell",
            frozenset({"population", "state"}),
            "how drug kills",
            may_be_empty=True,
        ),
        Slot(
            "assay",
            "model",
            "study",
            frozenset(),
            "what a study's measurement made of what was there; moves nothing",
            may_be_empty=True,
            several=True,
        ),
    )
}

SITES: dict[str, KnownSite] = {
    site.name: site
    for site in (
        KnownSite("plasma", "blood", "blood plasma"),
        KnownSite("isf", "interstitium", "interstitial fluid of the tumour"),
        KnownSite("surface", "surface", "surface of the tumour's cells"),
        KnownSite("cell", "cell", "inside of the tumour's cells"),
        KnownSite("endosome", "endosome", "endosomes of the tumour's cells"),
        KnownSite("nucleus", "nucleus", "nuclei of the tumour's cells"),
        KnownSite("resistant", "cell", "inside of the tumour's resistant cells"),
        KnownSite("neighbour", "cell", "inside of cells beside those that the drug or the carrier entered first"),
        KnownSite("macrophage", "cell", "inside of the tumour's macrophages"),
        KnownSite("liver", "tissue", "liver"),
        KnownSite("spleen", "tissue", "spleen"),
        KnownSite("kidney", "tissue", "kidneys"),
        KnownSite("heart", "tissue", "heart"),
        KnownSite("lung", "tissue", "lungs"),
        KnownSite("gut", "tissue", "gut"),
        KnownSite("muscle", "tissue", "muscle"),
        KnownSite("bone", "tissue", "bone and marrow"),
        KnownSite("brain", "tissue", "brain"),
        KnownSite("skin", "tissue", "skin"),
        KnownSite("rest", "tissue", "the rest of the body"),
        KnownSite("liver_blood", "blood", "vessels of the liver"),
        KnownSite("spleen_blood", "blood", "vessels of the spleen"),
        KnownSite("kidney_blood", "blood", "vessels of the kidneys"),
        KnownSite("gut_blood", "blood", "vessels of the gut"),
        KnownSite("heart_blood", "blood", "vessels of the heart"),
        KnownSite("lung_blood", "blood", "vessels of the lungs"),
        KnownSite("rest_blood", "blood", "vessels of the rest of the body"),
        KnownSite("fast", "peripheral", "peripheral tissue in fast exchange"),
        KnownSite("slow", "peripheral", "peripheral tissue in slow exchange"),
        KnownSite("node", "lymph", "lymph nodes that drain the tumour"),
        KnownSite("saliva", "peripheral", "saliva in the mouth"),
        KnownSite("medium", "medium", "culture medium"),
        KnownSite("vial", "vial", "the formulation before it is given"),
    )
}

POPULATIONS: dict[str, str] = {
    "dead": "dead cells that keep their place until they are cleared",
    "healthy": "cells of the healthy tissue that sheds what the tumour sheds",
}
"""Populations, besides those named like a site, that a body may lack: flows that name them are then left out."""

LEDGERS: dict[str, str] = {
    "drug": "nmol",
    "carrier": "1e9 particle",
    "label": "ID",
}
"""What is counted, and in what [base units]; populations are ledgers of their own, joined where cells pass over."""

STATUSES: dict[str, str] = {
    "measured": "measured by the user for this very system",
    "literature": "printed in the source named",
    "fitted": "estimated here from studies; brings its covariance",
    "derived": "computed from other values, which carry the doubt",
    "assumed": "nobody measured it; the range says how little is known",
}

GRADES: dict[str, str] = {
    "A": "equations and values seen in the original paper or its supplement",
    "B": "equations and values seen in another's implementation that cites the paper; not compared with the paper",
    "C": "abstract, a table or a legend seen: structure known, most values not",
    "D": "citation only",
    "own": "our own form or transcription of a textbook",
}
"""How well the source of a whole published model was seen."""

OWNERS: tuple[str, ...] = ("body", "drug", "carrier", "cell", "study")

PARTS: tuple[str, ...] = ("body", "drug", "carrier")
"""Parts of a model whose own parameters a block may read, e.g. ``body.V_plasma``."""

EVIDENCE: tuple[str, ...] = ("study", "fit", "qualification")
"""Kinds of file that declare no part of a model: what was printed, and what was made of it."""

KINDS: tuple[str, ...] = (*PARTS, *SLOTS, "model", *EVIDENCE)

ERRORS: tuple[str, ...] = ("log-normal", "normal")
"""Error models of an observable."""

RESERVED: frozenset[str] = frozenset({"in", "out", "here", "pruned", *SLOTS, *FORMS, *LEDGERS, *PARTS})
"""Names that no site, substance or population may bear."""
