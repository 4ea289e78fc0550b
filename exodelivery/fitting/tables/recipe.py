"""Floor 7: a recipe for a raw table: which columns, which rows not and why, and the rival curves with their starts.

The table stays in the folder named by ``EXODELIVERY_DATA``; the recipe holds its citation, its licence and its caveats.
The kept result holds the hash of the bytes that were fitted, so that another version of the table is noticed.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.declare.files import read_document
from exodelivery.errors import ExodeliveryError, FitError, Place, nearest
from exodelivery.evidence.read_csv import read_text
from exodelivery.fitting.guess import Guess
from exodelivery.solve.timeline import Array

KIND = "table fit"
ENVIRONMENT = "EXODELIVERY_DATA"
KEYS = ("format", "kind", "about", "table", "citation", "columns", "leave_out", "curves", "noise", "method")
PARTS = {
    "table": ("file", "licence", "caveats"),
    "columns": ("group", "predictor", "observed", "unit", "predictor_unit"),
    "method": ("starts", "seed", "spread"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A curve that may describe a group: an expression of ``t``, and where its parameters start."""

    name: str
    expression: str
    about: str
    start: Mapping[str, Guess]


@dataclass(frozen=True, slots=True)
class Omission:
    """Rows that are not fitted, by group or by a condition on a column, and why."""

    group: str
    column: str
    values: tuple[str, ...]
    why: str

    def covers(self, row: Mapping[str, str], group: str) -> bool:
        """Say whether a row is one of them."""
        if self.group and _named(row, group) != self.group:
            return False
        return not self.column or row.get(self.column, "") in self.values


def _named(row: Mapping[str, str], group: str) -> str:
    """Return the group of a row; ``"a + b"`` joins two columns."""
    return "/".join(row.get(column.strip(), "") or "" for column in group.split("+"))


@dataclass(frozen=True, slots=True)
class TableRecipe:
    """A recipe for a raw table.

    Attributes
    ----------
    name, about : str
    folder : Path
    file : str
        In the folder named by ``EXODELIVERY_DATA``.
    citation : Citation
    caveats : tuple of str
    group, predictor, observed : str
        Columns; several that name a group are joined by ``+``.
    unit, predictor_unit : str
    omissions : tuple of Omission
    candidates : tuple of Candidate
    noise : str
    starts, seed, spread : int, int, float
    licence : str
    """

    name: str
    about: str
    folder: Path
    file: str
    citation: Citation
    caveats: tuple[str, ...]
    group: str
    predictor: str
    observed: str
    unit: str
    predictor_unit: str
    omissions: tuple[Omission, ...]
    candidates: tuple[Candidate, ...]
    noise: str = "additive"
    starts: int = 4
    seed: int = 1
    spread: float = 0.5
    licence: str = ""


def is_table_recipe(folder: Path) -> bool:
    """Say whether a folder's ``fit.toml`` is a recipe for a raw table."""
    return read_document(Path(folder) / "fit.toml")[0].get("kind") == KIND


def read_table_recipe(folder: Path) -> TableRecipe:
    """Read a recipe.

    Raises
    ------
    FitError
        For a key that is unknown or lacking, with its place.
    """
    folder = Path(folder)
    document, origin = read_document(folder / "fit.toml")

    def fail(message: str, key: str, remedy: str = "") -> FitError:
        return FitError(message, where=origin.place(*filter(None, key.split("."))), remedy=remedy)

    for key in document:
        if key not in KEYS:
            raise fail(f"a recipe has no {key!r}", key, nearest(key, KEYS))
    for key in ("about", "table", "citation", "columns", "curves"):
        if key not in document:
            raise fail(f"the recipe lacks {key}", key)
    for part, known in PARTS.items():
        for key in document.get(part, {}):
            if key not in known:
                raise fail(f"[{part}] has no {key!r}", f"{part}.{key}", nearest(key, known))
    columns, table, method = document["columns"], document["table"], document.get("method", {})
    for key in ("group", "predictor", "observed", "unit", "predictor_unit"):
        if not isinstance(columns.get(key), str):
            raise fail(f"[columns] names no {key}", f"columns.{key}")
    try:
        citation = Citation(**document["citation"])
        candidates = tuple(_candidate(name, given) for name, given in document["curves"].items())
        omissions = tuple(
            Omission(str(o.get("group", "")), o.get("column", ""), tuple(map(str, o.get("values", ()))), o["why"])
            for o in document.get("leave_out", [])
        )
    except (ExodeliveryError, TypeError, KeyError, AttributeError) as error:
        raise fail(f"the recipe cannot be read: {error}", "") from None
    return TableRecipe(
        folder.name, document["about"], folder, table["file"], citation, tuple(table.get("caveats", ())),
        columns["group"], columns["predictor"], columns["observed"], columns["unit"], columns["predictor_unit"],
        omissions, candidates, document.get("noise", "additive"), licence=table.get("licence", ""), **method,
    )  # fmt: skip


def _candidate(name: str, given: Mapping[str, Any]) -> Candidate:
    start = {
        parameter: Guess(parameter, **(told if isinstance(told, dict) else {"value": float(told)}))
        for parameter, told in given["start"].items()
    }
    return Candidate(name, given["expression"], given.get("about", ""), start)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one group that are fitted: predictor and what was observed."""

    group: str
    predictor: Array
    observed: Array


@dataclass(frozen=True, slots=True)
class RawTable:
    """What was read of a table: rows by group, what was left out and why, and the hash of its bytes."""

    groups: tuple[Rows, ...]
    excluded: tuple[tuple[int, str], ...]
    digest: str


def read_raw(recipe: TableRecipe) -> RawTable:
    """Read the table that a recipe names.

    Raises
    ------
    FitError
        If ``EXODELIVERY_DATA`` names no folder, the table is not there, or its rows cannot be read (all are listed).
    """
    root = os.environ.get(ENVIRONMENT, "")
    if not root:
        raise FitError(f"{recipe.name} rests on {recipe.file}, and {ENVIRONMENT} names no folder of raw tables")
    path = Path(root) / recipe.file
    text = read_text(path, Place(str(path)))
    reader = csv.DictReader(StringIO(text))
    wanted = (
        *map(str.strip, recipe.group.split("+")),
        recipe.predictor,
        recipe.observed,
        *(o.column for o in recipe.omissions if o.column),
    )
    for column in wanted:
        if column not in (reader.fieldnames or ()):
            raise FitError(f"the table has no column {column!r}", where=Place(str(path), 1))
    groups: dict[str, list[tuple[float, float]]] = {}
    excluded, faults = [], []
    for row in reader:
        why = next((o.why for o in recipe.omissions if o.covers(row, recipe.group)), "")
        if why:
            excluded.append((reader.line_num, why))
            continue
        try:
            pair = float(row[recipe.predictor]), float(row[recipe.observed])
        except (TypeError, ValueError):
            pair = (np.nan, np.nan)
        if not np.isfinite(pair).all():
            faults.append(f"line {reader.line_num}: no pair of numbers")
            continue
        groups.setdefault(_named(row, recipe.group), []).append(pair)
    if faults:
        raise FitError(f"{len(faults)} rows cannot be read:\n" + "\n".join(faults[:20]), where=Place(str(path)))
    found = tuple(Rows(name, *np.array(pairs).T) for name, pairs in groups.items())
    return RawTable(found, tuple(excluded), hashlib.sha256(text.encode()).hexdigest()[:16])
