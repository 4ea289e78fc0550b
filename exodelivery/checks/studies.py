"""Floor 5, rule ``studies``: a study speaks of things that the library has, in units that convert.

The reader of a study refuses a bad table by itself; here its words are held against the shelves. A study may tell more
than the library models, so what no model answers to is a warning; what does not fit is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exodelivery.checks.findings import Findings, Issue, findings, issue_of
from exodelivery.declare.files import read_document
from exodelivery.declare.model import Model
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.regimen import bolus
from exodelivery.declare.shelf import find, on_shelves
from exodelivery.errors import ExodeliveryError, nearest
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import Arm, Study
from exodelivery.units import DIMENSIONLESS, Dimension, unit

RULE = "studies"
DOSES: tuple[Dimension, ...] = tuple(unit(text).dimension for text in ("nmol", "g", "ID", "particle"))
PER_AMOUNT = unit("g/nmol").dimension


@dataclass(frozen=True, slots=True)
class Known:
    """What models offer to a study: the dimensions of each observable by name; and models that do not load."""

    observables: dict[str, frozenset[Dimension]]
    unread: tuple[str, ...]


def check_study(study: Study) -> Findings:
    """Check a study against the shelves.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Findings

    Examples
    --------
    >>> from exodelivery.declare.shelf import locate
    >>> from exodelivery.evidence.read_study import read_study
    >>> path, _ = locate("kim_2019_exosome_pk_summary", "study")
    >>> check_study(read_study(path.parent)).errors
    ()
    """
    origin = NO_ORIGIN
    if study.path is not None:
        _, origin = read_document(study.path / "study.toml")
    return findings(f"study {study.name}", _issues(study, origin, known_observables()))


def known_observables() -> Known:
    """Return the observables of every model on the shelves; a model that does not load offers none."""
    found: dict[str, set[Dimension]] = {}
    unread: list[str] = []
    for name, shelf in on_shelves("model"):
        try:
            model: Model = find(f"{shelf.prefix}:{name}", "model")
        except ExodeliveryError:
            unread.append(name)
            continue
        for observable, declared in model.observables.items():
            found.setdefault(observable, set()).add(unit(declared.unit).dimension)
    return Known({name: frozenset(dimensions) for name, dimensions in found.items()}, tuple(unread))


def _issues(study: Study, origin: Origin, known: Known) -> Iterator[Issue]:
    if not study.verified:
        yield Issue("note", RULE, "no second reader has compared this study with its paper", origin.place("verified"))
    for name in known.unread:
        yield Issue("note", RULE, f"the model {name!r} does not load, so its observables are not known", origin.place())
    for arm in study.arms.values():
        yield from _arm(arm, origin)
    for record in study.records:
        yield from _record(record, known)


def _arm(arm: Arm, origin: Origin) -> Iterator[Issue]:
    for kind in ("carrier", "body", "drug"):
        name = getattr(arm, kind)
        if name:
            try:
                noun = find(name, kind)
            except ExodeliveryError as error:
                yield issue_of(error, RULE, severity="warning", place=origin.place("arms", arm.name, kind))
                continue
            if kind == "body" and arm.route and arm.route not in noun.routes:
                place = origin.place("arms", arm.name, "route")
                message = f"the body {name!r} has no route {arm.route!r}"
                yield Issue("error", RULE, message, place, nearest(arm.route, noun.routes))
    if arm.dose:
        amount = f"{arm.dose} protein" if arm.metric == "protein" else arm.dose
        try:
            bolus(amount, route=arm.route, times=arm.times, every=arm.every or 0.0)
        except ExodeliveryError as error:
            yield issue_of(error, RULE, place=origin.place("arms", arm.name, "dose"))


def _record(record: Record, known: Known) -> Iterator[Issue]:
    """Yield what a fit could not do with a record; one marked ``use = false`` says why by itself."""
    if not record.use:
        return
    name = record.what.observable
    if name not in known.observables:
        message = f"no model on the shelves has an observable {name!r}"
        yield Issue("warning", RULE, message, record.place, nearest(name, known.observables))
        return
    try:
        found = unit(record.unit).dimension
    except ExodeliveryError as error:
        yield issue_of(error, RULE, place=record.place)
        return
    wanted = _wanted(record, known.observables[name])
    if found not in wanted:
        shown = min(map(str, wanted), key=len)
        message = f"{record.what} in {record.unit!r} is {found}; the models give {shown}"
        yield Issue("error", RULE, message, record.place, "declare how the unit is read under [units] of study.toml")


def _wanted(record: Record, observables: frozenset[Dimension]) -> set[Dimension]:
    """Return the dimensions that a record's unit may have; drug may be printed as mass where we count amount."""
    if record.against:
        return {DIMENSIONLESS}
    printed = {observable * PER_AMOUNT**power for observable in observables for power in (0, 1)}
    return {record.what.kind.dimension(dimension, dose) for dimension in printed for dose in DOSES}
