"""Floor 3: read a study's folder: ``study.toml`` and the tidy CSVs beside it.

Why: the citation, the system and the caveats belong to the numbers, so a folder that lacks one of them is
refused as a whole, with every fault listed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from exodelivery.citation import Citation
from exodelivery.declare.origin import Origin, origin_of
from exodelivery.declare.quantity import Quantity, as_quantity
from exodelivery.declare.table import Table
from exodelivery.errors import EvidenceError, ExodeliveryError, Place, UnitError, nearest
from exodelivery.evidence.assay import FACTORS, Assay
from exodelivery.evidence.problems import Problems
from exodelivery.evidence.read_csv import read_csv, read_text
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import METRICS, Arm, Study
from exodelivery.units import dose_quantity, hours
from exodelivery.units import unit as read_unit

KEYS = (
    "format",
    "kind",
    "about",
    "verified",
    "read",
    "caveats",
    "citation",
    "system",
    "units",
    "what",
    "assay",
    "arms",
)
CITATION_KEYS = ("text", "doi", "pmid", "pmc", "key")
SYSTEM_KEYS = ("species", "strain", "tumour", "line", "body", "about")
ARM_KEYS = tuple(name for name in Arm.__slots__ if name != "name")
FORMAT = 1

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


class _Page:
    """The TOML page under way, with its places and its faults; lives for one file."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.problems = Problems()

    def fault(self, message: str, *keys: str, remedy: str = "") -> None:
        self.problems.add(message, self.origin.place(*keys), remedy)

    def keys(self, table: Mapping[str, Any], allowed: Collection[str], *keys: str) -> None:
        for name in table:
            if name not in allowed:
                self.fault(f"There is no key {name[:40]!r} here", *keys, name, remedy=nearest(name, allowed))

    def text(self, table: Mapping[str, Any], name: str, *keys: str, required: bool = False) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            self.fault(f"{name!r} is no text", *keys, name, remedy="write it between quotes")
            return ""
        if required and not value.strip():
            self.fault(f"{name!r} is missing", *keys, name)
        return value.strip()

    def table(self, page: Mapping[str, Any], name: str, *keys: str) -> Mapping[str, Any]:
        value = page.get(name, {})
        if not isinstance(value, dict):
            self.fault(f"{name!r} is no table", *keys, name)
            return {}
        return value

    def texts(self, table: Mapping[str, Any], *keys: str) -> Table[str]:
        return Table({name: self.text(table, name, *keys) for name in table})


def _citation(page: _Page, document: Mapping[str, Any]) -> Citation:
    table = page.table(document, "citation")
    page.keys(table, CITATION_KEYS, "citation")
    if not table:
        page.fault("The study has no citation", "citation", remedy="data without a citation are refused")
        return Citation(text="")
    parts = {name: page.text(table, name, "citation", required=name == "text") for name in CITATION_KEYS}
    return Citation(**parts)


def _units(page: _Page, document: Mapping[str, Any]) -> Table[str]:
    """Return the paper's odd units in our words."""
    readings: dict[str, str] = {}
    table = page.table(document, "units")
    for name in table:
        entry = page.table(table, name, "units")
        page.keys(entry, ("reads", "about"), "units", name)
        page.text(entry, "about", "units", name, required=True)
        reads = page.text(entry, "reads", "units", name, required=True)
        try:
            if reads:
                read_unit(reads)
        except UnitError as error:
            page.fault(error.message, "units", name, remedy=error.remedy)
        readings[name] = reads
    return Table(readings)


def _dose(page: _Page, arm: Arm) -> None:
    """Note what is wrong with an arm's dose and schedule."""
    if not arm.dose and arm.protocol:
        return
    if arm.metric not in METRICS:
        page.fault(
            f"The metric {arm.metric!r} is unknown",
            "arms",
            arm.name,
            "metric",
            remedy=nearest(arm.metric, METRICS),
        )
        return
    try:
        value, unit = dose_quantity(arm.dose)
        if arm.every:
            hours(arm.every)
    except UnitError as error:
        page.fault(error.message, "arms", arm.name, "dose", remedy=error.remedy)
        return
    counted = [name for name, power in unit.dimension.powers if power > 0]
    if value <= 0 or len(counted) != 1 or counted[0] not in METRICS[arm.metric]:
        page.fault(f"{arm.dose!r} is no dose of {arm.metric}", "arms", arm.name, "dose")


def _arm(page: _Page, name: str, table: Mapping[str, Any], body: str) -> Arm:
    page.keys(table, ARM_KEYS, "arms", name)
    if not _NAME.fullmatch(name):
        page.fault(f"{name[:40]!r} is no name", "arms", name, remedy="letters, digits and _")
    required = ("carrier", "metric", "route") if "protocol" not in table else ("carrier",)
    texts = {
        key: page.text(table, key, "arms", name, required=key in required)
        for key in ARM_KEYS
        if key not in ("times", "body")
    }
    times = table.get("times", 1)
    if not isinstance(times, int) or isinstance(times, bool) or times < 1:
        page.fault("'times' is no whole number from 1 on", "arms", name, "times")
        times = 1
    if times > 1 and not texts["every"]:
        page.fault("Several doses need an interval", "arms", name, "every", remedy='write every = "7 d"')
    own_body = page.text(table, "body", "arms", name) or body
    if not own_body:
        page.fault("The arm has no body", "arms", name, "body", remedy="name it here or under [system]")
    arm = Arm(name=name, body=own_body, times=times, **texts)
    _dose(page, arm)
    return arm


def _assay(page: _Page, name: str, table: Mapping[str, Any]) -> Assay:
    """Read how one observable was measured."""
    page.keys(table, (*FACTORS, "blood", "half_life", "about"), "assay", name)
    about = page.text(table, "about", "assay", name, required=True)
    blood = page.text(table, "blood", "assay", name)
    factors: dict[str, Quantity] = {}
    for key in FACTORS:
        if key in table:
            try:
                factors[key] = as_quantity(table[key], "assay", name, key, origin=page.origin)
            except ExodeliveryError as error:
                page.fault(error.message, "assay", name, key, remedy=error.remedy)
    if ("residual_blood" in factors) != bool(blood):
        page.fault(
            "Blood that stayed in a tissue has an amount and an observable of its own",
            "assay", name, remedy='write residual_blood = { … } and blood = "plasma_total"',
        )  # fmt: skip
    half_life = None
    if "half_life" in table:
        try:
            half_life = hours(page.text(table, "half_life", "assay", name))
        except UnitError as error:
            page.fault(error.message, "assay", name, "half_life", remedy=error.remedy)
    if half_life is not None and not half_life > 0:
        page.fault("A half-life of decay is positive", "assay", name, "half_life")
    if not factors and half_life is None:
        page.fault("The assay says nothing", "assay", name, remedy=f"give one of {', '.join(FACTORS)} or half_life")
    return Assay(name, about, factors, blood, half_life, page.origin.place("assay", name))


def _head(page: _Page, document: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Check the page's own keys; return ``verified`` and the caveats."""
    page.keys(document, KEYS)
    if document.get("format") != FORMAT:
        page.fault(f"The format is not {FORMAT}", "format", remedy=f"write format = {FORMAT}")
    if document.get("kind") != "study":
        page.fault("The kind is not study", "kind", remedy='write kind = "study"')
    verified, caveats = document.get("verified"), document.get("caveats", [])
    if not isinstance(verified, bool):
        page.fault(
            "'verified' is neither true nor false",
            "verified",
            remedy="write verified = false until a second reader agrees",
        )
    if not isinstance(caveats, list) or not all(isinstance(caveat, str) for caveat in caveats):
        page.fault("'caveats' is no list of texts", "caveats")
        caveats = []
    return verified is True, tuple(caveats)


def _records(page: _Page, folder: Path, arms: Collection[str], units: Mapping[str, str]) -> tuple[Record, ...]:
    files = sorted(folder.glob("*.csv"))
    if not files:
        page.problems.add("The study has no table", Place(str(folder)), "put a tidy CSV beside study.toml")
    records: list[Record] = []
    for file in files:
        try:
            records.extend(read_csv(file, study=folder.name, arms=arms, units=units))
        except EvidenceError as error:
            page.problems.found.append(error)
    return tuple(records)


def read_study(folder: Path) -> Study:
    """Read a study from its folder.

    Parameters
    ----------
    folder : Path
        Holds ``study.toml`` and at least one tidy CSV; its name is the study's.

    Raises
    ------
    EvidenceError
        Listing every fault of the page and of its tables, with line and remedy.
    """
    folder = Path(folder)
    file = folder / "study.toml"
    text = read_text(file, Place(str(file)))
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EvidenceError(f"The file is no TOML: {str(error)[:200]}", where=Place(str(file))) from error
    page = _Page(origin_of(str(file), text))
    verified, caveats = _head(page, document)
    system = page.table(document, "system")
    page.keys(system, SYSTEM_KEYS, "system")
    units = _units(page, document)
    declared = page.table(document, "arms")
    assays = page.table(document, "assay")
    body = page.text(system, "body", "system")
    arms = Table({name: _arm(page, name, page.table(declared, name, "arms"), body) for name in declared})
    study = Study(
        name=folder.name,
        about=page.text(document, "about", required=True),
        citation=_citation(page, document),
        arms=arms,
        records=_records(page, folder, arms, units),
        verified=verified,
        caveats=caveats,
        system=page.texts(system, "system"),
        units=units,
        readings=page.texts(page.table(document, "what"), "what"),
        read=page.text(document, "read", required=True),
        assays=Table({name: _assay(page, name, page.table(assays, name, "assay")) for name in assays}),
        path=folder,
    )
    page.problems.raise_any(f"The study {folder.name}", Place(str(folder)))
    return study
