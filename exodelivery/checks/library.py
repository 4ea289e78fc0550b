"""Floor 5: check whole shelves: every file loads, every model is sound with every carrier that its body takes.

A file that cannot be read is an issue like any other, with its line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from exodelivery.checks.case import Case
from exodelivery.checks.check import check
from exodelivery.checks.findings import Findings, Issue, findings, issue_of
from exodelivery.checks.names import RULE as NAMES
from exodelivery.checks.origins import origins_of
from exodelivery.checks.studies import check_study
from exodelivery.checks.unused import RULE as UNUSED
from exodelivery.compile.expand import idle
from exodelivery.declare.model import Model, instances
from exodelivery.declare.shelf import Shelf, find, shelves
from exodelivery.declare.tables import EVIDENCE, KINDS, SLOTS
from exodelivery.errors import ExodeliveryError, Place, ShelfError, nearest
from exodelivery.evidence.read_study import read_study

LOAD = "load"
NOUNS: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in EVIDENCE)


def check_all(*prefixes: str) -> Findings:
    """Check every part, block, model and study of shelves.

    Parameters
    ----------
    *prefixes : str
        Prefixes of shelves, e.g. ``"library"``; all shelves in use unless given.

    Returns
    -------
    Findings

    Raises
    ------
    ShelfError
        If a prefix names no shelf.

    Examples
    --------
    >>> check_all("library").errors          # doctest: +SKIP
    ()
    """
    known = {shelf.prefix: shelf for shelf in shelves()}
    for prefix in prefixes:
        if prefix not in known:
            raise ShelfError(f"no shelf has the prefix {prefix!r}", remedy=nearest(prefix, known))
    asked = [known[prefix] for prefix in prefixes or known]
    issues = [issue for shelf in asked for issue in _shelf(shelf)]
    return findings(f"shelf {', '.join(shelf.prefix for shelf in asked)}", issues)


def _shelf(shelf: Shelf) -> Iterator[Issue]:
    nouns: dict[str, dict[str, Any]] = {}
    for kind in NOUNS:
        nouns[kind] = {}
        for name in shelf.names(kind):
            try:
                nouns[kind][name] = find(f"{shelf.prefix}:{name}", kind)
            except ExodeliveryError as error:
                yield issue_of(error, LOAD, place=Place(str(shelf.path(kind, name).relative_to(shelf.folder))))
                continue
            if kind != "model":
                yield from origins_of(nouns[kind][name])
    yield from _strays(shelf)
    runs: list[tuple[Model, Findings]] = []
    # A published model stands as it was printed: other carriers are not for it, and its own is for no other body.
    printed = {model.carrier.name for model in nouns["model"].values() if model.is_published} - {"none"}
    for model in nouns["model"].values():
        runs.append((model, check(model)))
        seen = set(_blocks(model))
        for name, carrier in nouns["carrier"].items():
            if name != model.carrier.name and not model.is_published and name not in printed:
                yield from _swapped(model, carrier, runs, seen)
    yield from _gathered(runs)
    for name in shelf.names("study"):
        path = shelf.path("study", name)
        try:
            found: Iterable[Issue] = check_study(read_study(path.parent))
        except ExodeliveryError as error:
            found = (issue_of(error, LOAD, place=Place(str(path))),)
        for issue in found:
            file = issue.place.file.removeprefix(f"{shelf.folder}{os.sep}")
            yield replace(issue, place=replace(issue.place, file=file))


def _strays(shelf: Shelf) -> Iterator[Issue]:
    """Yield files that stand where no kind is looked up."""
    read = {shelf.path(kind, name) for kind in NOUNS for name in shelf.names(kind)}
    for path in sorted((shelf.folder / "models").rglob("*.toml")):
        if path not in read:
            place = Place(str(path.relative_to(shelf.folder)))
            folders = "bodies, drugs, carriers, " + ", ".join(f"blocks/{slot}" for slot in SLOTS)
            yield Issue("warning", LOAD, "no name is looked up in this folder", place, f"folders: {folders}")


def _blocks(model: Model) -> frozenset[tuple[str, str]]:
    """Return slot and name of each block of a model's carrier."""
    return frozenset((i.prefix, i.block.name) for i in instances(model) if SLOTS[i.slot].holder == "carrier")


def _swapped(
    model: Model, carrier: Any, runs: list[tuple[Model, Findings]], seen: set[tuple[str, str]]
) -> Iterator[Issue]:
    """Check a model with another carrier, into ``runs``; yield why, where the two do not go together.

    Values break no rule of a model, and blocks never know one another: a carrier whose blocks have all been seen in
    this model, in whatever company, is not laid flat again.
    """
    try:
        swapped = model.swap(carrier=carrier)
    except ExodeliveryError as error:
        yield issue_of(error, LOAD, place=carrier.origin.place())
        return
    blocks = _blocks(swapped)
    if blocks and blocks <= seen:
        return
    seen |= blocks
    reason = _refusal(Case(swapped))
    if reason:
        message = f"the body {model.body.name!r} does not take the carrier {carrier.name!r}: {reason}"
        yield Issue("note", LOAD, message, model.origin.place("carrier"))
        return
    found = check(swapped)
    # What a model observes of the block that was swapped away is no fault of either.
    shown = tuple(i for i in found.issues if not (i.severity == "warning" and i.rule == NAMES))
    runs.append((swapped, replace(found, issues=shown)))


def _gathered(runs: list[tuple[Model, Findings]]) -> Iterator[Issue]:
    """Yield what all checks found; that nothing reads a thing, only where no model that has its file reads it."""
    files = [{noun.origin.file for noun in _nouns_of(model)} for model, _ in runs]

    def is_read(issue: Issue) -> bool:
        having = [found for (_, found), known in zip(runs, files, strict=True) if issue.place.file in known]
        return any(issue not in found.issues for found in having)

    for _, found in runs:
        for issue in found:
            if issue.rule != UNUSED or issue.severity == "error":
                yield issue
            elif not is_read(issue):
                yield replace(issue, severity="warning")


def _nouns_of(model: Model) -> list[Any]:
    return [model, model.body, model.drug, model.carrier, *(instance.block for instance in instances(model))]


def _refusal(case: Case) -> str:
    """Return why a body has no place for a carrier: all flows of one of its blocks are left out."""
    left_out = {left.flow.partition("@")[0] for left in case.expansion.left_out}
    for instance in case.anatomy.instances:
        flows = {f"{instance.prefix}.{name}" for name in instance.block.flows}
        if (
            SLOTS[instance.slot].holder == "carrier"
            and flows
            and flows <= left_out
            and not idle(case.anatomy, instance)
        ):
            return f"all flows of {instance.prefix} are left out"
    return ""
