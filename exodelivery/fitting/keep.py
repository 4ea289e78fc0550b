"""Floor 7: fits on disk: ``fitted.toml`` for people, ``result.json`` for machines, both replaced whole or not at all.

Numbers are plain JSON numbers; nothing is pickled and nothing in a file is executed. Hashes of the recipe, the models
and the studies tell when a kept fit has been overtaken.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.declare.files import document_of
from exodelivery.declare.model import Model, instances
from exodelivery.declare.shelf import find, locate
from exodelivery.declare.table import Table
from exodelivery.errors import FitError, Place
from exodelivery.fitting.recipe import Recipe, Share
from exodelivery.fitting.result import Fit, NoiseRow, ParameterRow, PredictionRow
from exodelivery.fitting.verdict import Verdict
from exodelivery.units import format_quantity

SCHEMA = 1
RESULT, VALUES = "result.json", "fitted.toml"
LARGEST = 50_000_000
"""Bytes of a kept result that are read."""
_NEEDED = frozenset(field.name for field in dataclasses.fields(Fit)) - {"noises"}
_DIGITS = 12
_WORDS = frozenset({"about", "source", "note"})


def hashes_of(recipe: Recipe) -> dict[str, str]:
    """Return a hash of everything that a fit rests on: the recipe, each model, each study.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    dict
        ``recipe``, ``model <name>`` and ``study <name>``; words about a number do not count, the number does.
    """
    found = {"recipe": _of_text((recipe.folder / "fit.toml").read_bytes())}
    for name, variant in recipe.variants.items():
        model = find(variant.model, "model").swap(**variant.swaps)
        found[f"model {name}"] = _of_text(json.dumps(_model(model), sort_keys=True).encode())
    for study in dict.fromkeys(pairing.study for pairing in recipe.pairings):
        folder = locate(study, "study")[0].parent
        files = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".toml"))
        found[f"study {study}"] = _of_text(b"\0".join(path.read_bytes() for path in files))
    return found


def _of_text(content: bytes) -> str:
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:16]


def _model(model: Model) -> list[Any]:
    parts: list[Any] = [model.body, model.drug, model.carrier]
    plain = [document_of(dataclasses.replace(part, use=Table())) for part in parts]
    blocks = [[one.prefix, document_of(one.block)] for one in instances(model)]
    own = [
        {name: str(item.formula) for name, item in model.observables.items()},
        {k: str(v) for k, v in model.set.items()},
    ]
    return [_numbers(item) for item in (*plain, *blocks, *own)]


def _numbers(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {key: _numbers(value) for key, value in item.items() if key not in _WORDS}
    return [_numbers(value) for value in item] if isinstance(item, list | tuple) else item


def write_fit(fit: Fit, folder: Path) -> None:
    """Write a fit into a folder: ``fitted.toml`` and ``result.json``.

    Parameters
    ----------
    fit : Fit
    folder : Path
        Made if it is not there; only these two files are replaced.
    """
    import tomli_w

    folder.mkdir(parents=True, exist_ok=True)
    document = {name: _plain(getattr(fit, name)) for name in (field.name for field in dataclasses.fields(fit))}
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in _lines(document)]
    _replace(folder / RESULT, "{\n" + ",\n".join(lines) + "\n}\n")
    values = {
        row.identity: {
            "name": row.name,
            "value": row.value,
            "range": [format_quantity(row.low, row.unit), format_quantity(row.high, row.unit)],
            "status": "fitted",
            "note": f"{row.word}; prior {row.origin}; {row.share:.0%} of its variance removed by the records",
        }
        for row in fit.parameters
    }
    head = f"# Written by the fit {fit.name}; result.json holds the covariance. The ranges are 95 % intervals.\n"
    text = head + tomli_w.dumps({"format": 1, "kind": "fitted", "fit": fit.name, "values": values})
    _replace(folder / VALUES, text)


def _lines(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("schema", SCHEMA), *document.items()]


def _replace(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _plain(item: Any) -> Any:
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: _plain(getattr(item, field.name)) for field in dataclasses.fields(item)}
    if isinstance(item, Mapping):
        return {key: _plain(value) for key, value in item.items()}
    if isinstance(item, np.ndarray):
        return [_plain(row) for row in item.tolist()]
    if isinstance(item, list | tuple):
        return [_plain(one) for one in item]
    if isinstance(item, float):
        return float(f"{item:.{_DIGITS}g}") if np.isfinite(item) else None
    return item


def read_fit(folder: Path) -> Fit:
    """Read the kept result in a folder.

    Raises
    ------
    FitError
        If there is none, or it is not a result of this schema; nothing of it is used then.
    """
    path = folder / RESULT
    place = Place(str(path))
    if not path.is_file():
        raise FitError("there is no kept result", where=place, remedy=f'make one: exo fit "{folder.name}" --again')
    if path.stat().st_size > LARGEST:
        raise FitError(f"the result has {path.stat().st_size} bytes; at most {LARGEST} are read", where=place)
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given["schema"] != SCHEMA:
            raise FitError(f"the result has schema {given['schema']!r}, not {SCHEMA}", where=place, remedy="fit again")
        return _fit(given)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        remedy = "fit again; the recipe is untouched"
        raise FitError(f"this is no kept result: {type(error).__name__}: {error}", where=place, remedy=remedy) from None


def _fit(given: dict[str, Any]) -> Fit:
    members = {field.name: given[field.name] for field in dataclasses.fields(Fit) if field.name in {*_NEEDED, *given}}
    count = len(members["parameters"])
    for name in ("covariance", "data"):
        members[name] = np.array(members[name], dtype=float)
        if members[name].shape != (count, count) or not np.all(np.isfinite(members[name])):
            raise ValueError(f"{name} is not a finite matrix of {count} by {count}")
    verdict: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in members["verdict"].items()
    }
    members |= {
        "verdict": Verdict(**verdict),
        "parameters": tuple(ParameterRow(**row) for row in members["parameters"]),
        "predictions": tuple(PredictionRow(**_nan(row)) for row in members["predictions"]),
        "citations": tuple(Citation(**one) for one in members["citations"]),
        "shares": tuple(Share(**{**one, "parameters": tuple(one["parameters"])}) for one in members["shares"]),
        "noises": tuple(NoiseRow(**row) for row in members.get("noises", ())),
        "method": Table(members["method"]),
        "hashes": Table(members["hashes"]),
    }
    for name in ("untouched", "studies", "costs"):
        members[name] = tuple(members[name])
    return Fit(**members)


def _nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in row.items()}
