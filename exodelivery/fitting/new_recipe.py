"""Floor 7: from a study to a recipe: each arm meets one model with its own carrier, and every choice has its reason.

The file is a person's from then on. Numbers without a printed spread take the scatter of their own replicates, pooled
over arms and times; without replicates the spread must be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exodelivery.declare.files import FORMAT
from exodelivery.declare.model import Model
from exodelivery.errors import FitError, Place
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import Arm, Study
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.units import to_base

LITERATURE = "printed without a spread; taken to vary between animals of one strain by as much"


def new_recipe(
    folder: Path,
    study: Study,
    model: Model,
    *,
    about: str = "",
    without: Mapping[str, str] | None = None,
    spread: str = "",
    literature: str = "15 %",
    starts: int = 4,
    seed: int = 1,
) -> Recipe:
    """Write ``fit.toml`` that fits a model to all arms of a study, and return the recipe.

    Parameters
    ----------
    folder : Path
        Does not exist yet, or holds no recipe; its name is the recipe's.
    study : Study
    model : Model
        Of the library; each arm swaps in its own carrier (and body and drug, where they differ).
    about : str
        One line; made of the study's unless given.
    without : mapping of str to str
        Slots that are left empty, each with its reason: ``{"effect": "no tumour size was measured"}``.
    spread : str
        Coefficient of variation of numbers without a printed spread, ``"30 %"``; that of replicates unless given.
    literature : str
        The same for values of the library that were printed without a spread.
    starts, seed : int
        Of the least squares.

    Raises
    ------
    FitError
        If a recipe stands there, an arm has no records or no dose, or no spread can be told.
    """
    path = folder / "fit.toml"
    if path.exists():
        raise FitError("the recipe stands already", where=Place(str(path)), remedy="choose another name, or edit it")
    used = [record for record in study.usable if record.what.observable in model.observables]
    gone = dict.fromkeys(
        (f"{study.name} {record.what}" for record in study.usable if record not in used),
        f"the model {model.name} has no such observable",
    )
    told = {arm: [record for record in used if record.arm == arm.name] for arm in study.arms.values()}
    pairs = {arm.name: _variant(arm, model, without or {}) for arm, records in told.items() if records}
    if not pairs:
        raise FitError(
            f"{model.name!r} has no observable that an arm of {study.name!r} reports", remedy="choose another model"
        )
    models: dict[str, Any] = {}
    arms: dict[str, Any] = {}
    for name, variant in pairs.items():
        called = "_".join(variant[key] for key in ("carrier", "body", "drug") if key in variant)
        models[called] = variant
        arms[f"{study.name}/{name}"] = {"model": called, "horizon": f"{_horizon(name, told[study.arms[name]]):.10g} h"}
    document: dict[str, Any] = {
        "format": FORMAT, "kind": "fit",
        "about": about or f"{model.name} to {study.name}: {study.about}",
        "models": models, "arms": arms, "spreads": _spreads(study.name, used, spread),
        "leave_out": gone,
        "literature": {"cv": literature, "why": LITERATURE},
        "method": {"starts": starts, "seed": seed},
    }  # fmt: skip
    import tomli_w

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(tomli_w.dumps({key: value for key, value in document.items() if value}))
    except OSError as error:
        raise FitError(f"the recipe cannot be written: {error.strerror}", where=Place(str(path))) from None
    return read_recipe(folder)


def _variant(arm: Arm, model: Model, without: Mapping[str, str]) -> dict[str, Any]:
    if not arm.dose:
        raise FitError(
            f"the arm {arm.name!r} has no dose, and cannot be run",
            remedy="leave it out of the study, or say its dose",
        )
    found: dict[str, Any] = {"model": model.name, "carrier": arm.carrier}
    for slot, own in (("body", model.body.name), ("drug", model.drug.name if model.drug else "")):
        given = getattr(arm, slot)
        if given and given != own:
            found[slot] = given
    if without:
        found |= {"without": list(without), "why": "; ".join(without.values())}
    return found


def _horizon(arm: str, records: list[Record]) -> float:
    """Return the last time that a record of an arm asks for [h]."""
    ends = [t for record in records for t in (record.time, record.start, record.end) if t is not None]
    latest = max(ends, default=0.0)
    if not latest > 0:
        raise FitError(f"no record of the arm {arm!r} has a time after the dose")
    return latest


def _spreads(study: str, records: list[Record], told: str) -> dict[str, dict[str, str]]:
    """Return the spread of every quantity that was printed without one."""
    bare = [record for record in records if record.spread is None and not record.is_range]
    found = {}
    for what in dict.fromkeys(str(record.what) for record in bare):
        title = f"{study} {what}"
        if told:
            to_base(told)
            found[title] = {
                "cv": told,
                "why": "told when the recipe was written; no spread was printed",
            }
            continue
        variance, freedom = _of_replicates([record for record in bare if str(record.what) == what])
        if not freedom:
            raise FitError(
                f"{title} was printed without a spread, and has no replicates", remedy='tell one: spread="30 %"'
            )
        found[title] = {
            "cv": f"{100 * math.sqrt(math.expm1(variance)):.3g} %",
            "why": f"scatter of replicates about their geometric means, pooled ({freedom} degrees of freedom)",
        }
    return found


def _of_replicates(records: list[Record]) -> tuple[float, int]:
    """Return the pooled variance of logarithms within groups of one arm and time, and its degrees of freedom."""
    groups: dict[tuple[Any, ...], list[float]] = {}
    for record in records:
        if not record.limit and record.centre > 0:
            groups.setdefault((record.arm, record.time, record.start, record.end), []).append(math.log(record.centre))
    squares, freedom = 0.0, 0
    for logs in groups.values():
        mean = math.fsum(logs) / len(logs)
        squares += math.fsum((one - mean) ** 2 for one in logs)
        freedom += len(logs) - 1
    return (squares / freedom if freedom else 0.0), (freedom if squares > 0 else 0)
