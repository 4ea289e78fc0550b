"""Floor 8: read a case from its file; every fault is one error with its line and a remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from exodelivery.citation import Citation
from exodelivery.declare.coerce import members, only
from exodelivery.declare.files import read_document
from exodelivery.declare.origin import Origin
from exodelivery.declare.quantity import as_quantity
from exodelivery.declare.regimen import Dose, Regimen, bolus, infusion
from exodelivery.declare.table import Table
from exodelivery.errors import DeclarationError, ExodeliveryError, nearest
from exodelivery.judge.qualification.case import Case, Published, Reading, Run, Target
from exodelivery.judge.qualification.kinds.table import KEYS
from exodelivery.judge.qualification.reading import READING_KEYS, read_reading, text_of
from exodelivery.units import quantity

KIND = "qualification"
CASE_KEYS = ("format", "kind", *(f.name for f in fields(Case) if f.name not in ("name", "folder", "origin")))
DOSE_KEYS = ("dose", *(name for name in Dose.__dataclass_fields__ if name != "amount"))
RUN_KEYS = ("doses", "until", "model", "swap", "values", "using", "keep", "solver", "tolerance", *DOSE_KEYS)
TARGET_KEYS = ("name", "kind", "published", "gate", "source", "note")

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:to|\.\.)\s*({_NUMBER})(.*)", re.DOTALL)


def read_case(path: Path, shown: str = "") -> Case:
    """Read a case from its file; its name is the file's.

    Raises
    ------
    DeclarationError
        At the first thing that is wrong, with file, line and remedy.
    """
    document, origin = read_document(path, shown)
    return case_of(document, path.stem, origin, str(path.parent))


def case_of(document: Mapping[str, Any], name: str, origin: Origin, folder: str = "") -> Case:
    """Return the case that a document declares; see :func:`read_case`."""
    only(document, CASE_KEYS, "a qualification", origin=origin)
    if document.get("format") != 1 or document.get("kind") != KIND:
        raise DeclarationError(
            "the file is no qualification", where=origin.place("kind"), remedy=f'format = 1 and kind = "{KIND}"'
        )
    runs = members(document.get("runs", {}), _run, "runs", origin=origin)
    readings = members(document.get("readings", {}), _reading, "readings", origin=origin)
    for key, one in readings.items():
        _known(one.run, runs, origin, "readings", key, "run")
    case = Case(
        name=name,
        **{key: text_of(document, key, origin) for key in ("about", "grade", "model", "cannot")},
        verified=document.get("verified") is True,
        citation=_citation(document.get("citation"), origin),
        swap=Table(_table(document, "swap", origin)),
        numbers=members(document.get("numbers", {}), as_quantity, "numbers", origin=origin),
        runs=runs,
        readings=readings,
        targets=tuple(_target(one, n, runs, origin) for n, one in enumerate(document.get("targets", ()))),
        defective=dict(_table(document, "defective", origin)),
        folder=folder,
        origin=origin,
    )
    if bool(case.cannot) == bool(case.targets):
        raise DeclarationError(
            "a case has targets, or says why it can have none",
            where=origin.place(),
            remedy='write [[targets]], or cannot = "the parameters were not seen"',
        )
    return case


def _table(table: Mapping[str, Any], key: str, origin: Origin, *keys: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise DeclarationError(f"{key} is a table", where=origin.place(*keys, key))
    return value


def _known(name: Any, known: Collection[str], origin: Origin, *keys: str) -> None:
    if name not in known:
        raise DeclarationError(
            f"no run is called {name!r}", where=origin.place(*keys), remedy=nearest(str(name), known)
        )


def _citation(given: Any, origin: Origin) -> Citation | None:
    if given is None:
        return None
    only(given, ("text", "doi", "pmid", "pmc", "key"), "a citation", "citation", origin=origin)
    return Citation(**{"text": "", **given})


def _run(given: Any, *keys: str, origin: Origin) -> Run:
    if not isinstance(given, Mapping):
        raise DeclarationError("a run is a table", where=origin.place(*keys), remedy='write { dose = "5 mg/kg" }')
    only(given, RUN_KEYS, "a run", *keys, origin=origin)
    tolerance = given.get("tolerance", 1e-10)
    if not isinstance(tolerance, float) or not 0 < tolerance < 1:
        raise DeclarationError("a tolerance lies between 0 and 1", where=origin.place(*keys, "tolerance"))
    return Run(
        name=keys[-1],
        regimen=_regimen(given, *keys, origin=origin),
        **{key: text_of(given, key, origin, *keys) for key in ("until", "model", "using", "solver")},
        swap=Table(_table(given, "swap", origin, *keys)),
        values=Table(_table(given, "values", origin, *keys)),
        keep=tuple(given.get("keep", ())),
        tolerance=tolerance,
    )


def _regimen(given: Mapping[str, Any], *keys: str, origin: Origin) -> Regimen:
    lines = list(given.get("doses", ()))
    one = {key: given[key] for key in DOSE_KEYS if key in given}
    if one:
        lines.append(one)
    total = Regimen()
    for line in lines:
        only(line, DOSE_KEYS, "a dose", *keys, origin=origin)
        words = dict(line)
        amount = words.pop("dose", "")
        try:
            total += infusion(amount, **words) if "over" in words or "rate" in words else bolus(amount, **words)
        except (ExodeliveryError, TypeError) as error:
            raise DeclarationError(
                f"the dose cannot be read: {error}", where=origin.place(*keys), remedy='write dose = "5 mg/kg"'
            ) from None
    return total


def _reading(given: Any, *keys: str, origin: Origin) -> Reading:
    if not isinstance(given, Mapping):
        raise DeclarationError("a reading is a table", where=origin.place(*keys), remedy="write { run = …, what = … }")
    only(given, READING_KEYS, "a reading", *keys, origin=origin)
    return read_reading(given, *keys, origin=origin)


def _target(given: Any, n: int, runs: Collection[str], origin: Origin) -> Target:
    keys = ("targets", str(n))
    if not isinstance(given, Mapping):
        raise DeclarationError("a target is a table", where=origin.place("targets"), remedy="write [[targets]]")
    kind = given.get("kind", "reading" if "run" in given else "expression")
    if kind not in KEYS:
        raise DeclarationError(
            f"no kind of target is called {kind!r}", where=origin.place("targets"), remedy=nearest(str(kind), KEYS)
        )
    only(given, (*TARGET_KEYS, *KEYS[kind]), f"a target of kind {kind}", *keys, origin=origin)
    if "run" in given:
        _known(given["run"], runs, origin, "targets")
    published = text_of(given, "published", origin, *keys)
    return Target(
        name=text_of(given, "name", origin, *keys) or str(given.get("what", kind)),
        kind=kind,
        published=read_published(published, origin) if published else None,
        **{key: text_of(given, key, origin, *keys) for key in ("gate", "source", "note")},
        options=Table({key: value for key, value in given.items() if key not in TARGET_KEYS}),
        place=origin.place("targets"),
    )


def read_published(text: str, origin: Origin) -> Published:
    """Read a printed number: ``"0.63 mL/h"``, ``"> 1"``, ``"< 10 min"`` or ``"2 to 7 pmol"``.

    Examples
    --------
    >>> from exodelivery.declare.origin import NO_ORIGIN
    >>> read_published("2 to 7 nmol", NO_ORIGIN).high, read_published("< 10 min", NO_ORIGIN).low
    (7.0, -inf)
    """
    words = text.strip()
    try:
        if words[:1] in "<>":
            value, unit = quantity(words[1:].strip())
            low, high = (-math.inf, value) if words[0] == "<" else (value, math.inf)
            return Published(text, low, high, unit.text)
        both = _RANGE.fullmatch(words)
        if both is not None:
            low, unit = quantity(f"{both[1]} {both[3].strip()}".strip())
            return Published(text, low, float(both[2]), unit.text)
        value, unit = quantity(words)
    except ExodeliveryError as error:
        raise DeclarationError(error.message, where=origin.place("targets"), remedy=error.remedy) from None
    return Published(text, value, value, unit.text)
