"""Floor 7: kept fits: what there is, and what changed from one to another.

The index is read from the folders each time: it cannot go stale, and there is nothing to rebuild.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from exodelivery.declare.files import read_document
from exodelivery.errors import ExodeliveryError, FitError, OutdatedFitWarning
from exodelivery.fitting.fit import own_folder
from exodelivery.fitting.keep import RESULT, hashes_of, read_fit
from exodelivery.fitting.kinds import KINDS, kind_of
from exodelivery.fitting.recipe import read_recipe
from exodelivery.fitting.result import Fit, ParameterRow
from exodelivery.units import format_number

MOVED = 0.1
"""An estimate is said to have moved if it did by more of its standard error."""


@dataclass(frozen=True, slots=True)
class KeptFit:
    """One recipe on the shelves.

    Attributes
    ----------
    name, about : str
    state : str
        ``current``, ``outdated: …``, ``not fitted``, or why it cannot be read; before it, the kind of any other recipe.
    converged : bool or None
    records, unknowns : int
    chi_square : float
    """

    name: str
    about: str
    state: str
    converged: bool | None = None
    records: int = 0
    unknowns: int = 0
    chi_square: float = float("nan")

    def __str__(self) -> str:
        if self.converged is None:
            return f"{self.name}: {self.state}. {self.about}"
        ended = "converged" if self.converged else "did NOT converge"
        fit = f"chi-square {self.chi_square:.1f} on {self.records} records, {self.unknowns} unknowns"
        return f"{self.name}: {ended}, {fit}; {self.state}. {self.about}"


def kept_fits() -> tuple[KeptFit, ...]:
    """Return every recipe on the shelves with what was kept of it.

    Examples
    --------
    >>> "doxorubicin_carriers" in [kept.name for kept in kept_fits()]
    True
    """
    from exodelivery.declare.shelf import locate, on_shelves

    found = []
    for name, shelf in on_shelves("fit"):
        folder = locate(f"{shelf.prefix}:{name}", "fit")[0].parent
        try:
            found.append(kept_fit(folder))
        except ExodeliveryError as error:
            found.append(KeptFit(name, "", f"cannot be read: {error.message}"))
    return tuple(found)


def kept_fit(folder: Path) -> KeptFit:
    """Return what is kept of the recipe in a folder, and whether it still stands on the same inputs."""
    if (kind := kind_of(folder)) in KINDS:
        return _kept_otherwise(folder, kind)
    recipe = read_recipe(folder)
    own = own_folder(recipe)
    place = own if (own / RESULT).is_file() else folder
    if not (place / RESULT).is_file():
        return KeptFit(recipe.name, recipe.about, "not fitted")
    fit = read_fit(place)
    changed = changes(fit.hashes, hashes_of(recipe))
    state = f"outdated: {', '.join(changed)} changed since" if changed else "current"
    verdict = fit.verdict
    return KeptFit(
        recipe.name, recipe.about, state, verdict.converged, verdict.records, len(fit.parameters), verdict.chi_square
    )


def _kept_otherwise(folder: Path, kind: str) -> KeptFit:
    """Return what is kept of a recipe of another kind; raw tables stay where they are, and are not read for this."""
    about = " ".join(str(read_document(folder / "fit.toml")[0].get("about", "")).split())
    if not (folder / RESULT).is_file():
        return KeptFit(folder.name, about, f"{kind}; not fitted")
    module, _, function = KINDS[kind].partition(":")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", OutdatedFitWarning)
        getattr(import_module(module), function)(folder)
    outdated = any(issubclass(one.category, OutdatedFitWarning) for one in told)
    return KeptFit(folder.name, about, f"{kind}; {'outdated: the recipe changed since' if outdated else 'current'}")


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names whose hashes differ, appeared or went."""
    return tuple(name for name in {**before, **now} if before.get(name) != now.get(name))


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one kept fit to another.

    Attributes
    ----------
    first, second : str
    inputs : tuple of str
        Recipe, models and studies that differ.
    records : tuple of str
        Records that only one of them uses, or whose number differs.
    estimates : tuple of str
        Estimates that moved, most first, in standard errors of the first.
    verdict : tuple of str
        Sentences that only one of them has.
    """

    first: str
    second: str
    inputs: tuple[str, ...]
    records: tuple[str, ...]
    estimates: tuple[str, ...]
    verdict: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.inputs or self.records or self.estimates or self.verdict)

    def __str__(self) -> str:
        if not self:
            return f"{self.first} and {self.second} are the same in data, models, estimates and verdict."
        lines = [f"From {self.first} to {self.second}:"]
        for title, items in self._parts:
            lines += [f"  {title}:", *(f"    {item}" for item in items or ("none",))]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def _parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return (
            ("data and models that changed", self.inputs),
            ("records", self.records),
            ("estimates that moved", self.estimates),
            ("verdict", self.verdict),
        )

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, paragraphs, table

        if not self:
            return card("Difference", "", paragraphs(str(self)))
        rows = [(title, item) for title, items in self._parts for item in items or ("none",)]
        return card("Difference", f"From {self.first} to {self.second}", table(("", "what changed"), rows))


def difference(first: Fit, second: Fit, names: tuple[str, str] = ("", "")) -> Difference:
    """Return what changed from one fit to another.

    Parameters
    ----------
    first, second : Fit
    names : (str, str), optional
        What they are called, where both are fits of one recipe.

    Examples
    --------
    >>> from exodelivery.declare.shelf import library_folder
    >>> kept = read_fit(library_folder() / "fits" / "doxorubicin_carriers")
    >>> bool(difference(kept, kept))
    False
    """
    before = {row.title: row.observed for row in first.predictions if row.used}
    after = {row.title: row.observed for row in second.predictions if row.used}
    records = [f"- {title}" for title in before if title not in after]
    records += [f"+ {title}" for title in after if title not in before]
    records += [
        f"  {title}: {format_number(before[title])} is now {format_number(after[title])}"
        for title in before
        if title in after and before[title] != after[title]
    ]
    kept = {row.identity: row for row in first.parameters}
    here = {row.identity: row for row in second.parameters}
    moved = sorted(
        ((abs(_moved(kept[name], here[name])), name) for name in kept if name in here and kept[name].sd > 0),
        reverse=True,
    )
    estimates = [_told(kept[name], here[name]) for size, name in moved if size > MOVED]
    estimates += [f"- {row.name} = {row.value}" for name, row in kept.items() if name not in here]
    estimates += [f"+ {row.name} = {row.value}" for name, row in here.items() if name not in kept]
    verdict = [f"- {one}" for one in first.verdict.sentences if one not in second.verdict.sentences]
    verdict += [f"+ {one}" for one in second.verdict.sentences if one not in first.verdict.sentences]
    titles = names if any(names) else (first.name, second.name)
    inputs = changes(first.hashes, second.hashes)
    return Difference(*titles, inputs, tuple(records), tuple(estimates), tuple(verdict))


def _moved(before: ParameterRow, after: ParameterRow) -> float:
    return (after.estimate - before.estimate) / before.sd


def _told(before: ParameterRow, after: ParameterRow) -> str:
    word = "" if before.word == after.word else f"; {before.word}, now {after.word}"
    return f"{after.name}: {before.value} to {after.value} ({_moved(before, after):+.2f} se{word})"


def fit_called(text: str) -> Fit:
    """Return a kept fit by its recipe's name, or from a folder that holds ``result.json``.

    Raises
    ------
    FitError
        If there is none.
    """
    from exodelivery.declare.shelf import locate

    path = Path(text)
    if path.name == RESULT and path.is_file():
        return read_fit(path.parent)
    if (path / RESULT).is_file():
        return read_fit(path)
    try:
        recipe = read_recipe(locate(text, "fit")[0].parent)
    except ExodeliveryError as error:
        raise FitError(f"no kept fit is called {text!r}: {error.message}", remedy=error.remedy) from None
    own: Any = own_folder(recipe)
    return read_fit(own if (own / RESULT).is_file() else recipe.folder)
