"""Floor 3: numbers that are the same number twice.

Why: a clearance is dose over area, and a steady-state volume is clearance times mean residence time; a fit
that took all of them would count one measurement two or three times. The identities hold only between records
of one arm, one observable and one window.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exodelivery.evidence.records import Record

_ORDER = ("auc", "mrt", "cl", "vss")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that says nothing new, and why."""

    record: Record
    reason: str


def independent(records: Iterable[Record]) -> tuple[tuple[Record, ...], tuple[Dropped, ...]]:
    """Part the usable records into independent ones and restatements.

    ``CL = D / AUC`` and ``Vss = CL * MRT`` (hence ``Vss = D * MRT / AUC``) count once for each arm,
    observable and window. Of the members of an identity the one without a printed spread goes; among equals
    the derived one, CL before AUC and Vss before CL. A ratio between arms goes where both its numbers are
    there in the same window; bounds are left alone; records marked ``use = false`` are in neither part.

    Returns
    -------
    kept, dropped : tuple of Record, tuple of Dropped
        In the order given.

    Examples
    --------
    >>> independent(())
    ((), ())
    """
    usable = [record for record in records if record.use]
    groups: dict[tuple[object, ...], dict[str, Record]] = {}
    for record in usable:
        if record.what.functional in _ORDER and not record.against and not record.limit:
            key = (record.study, record.arm, record.what.observable, record.window)
            groups.setdefault(key, {}).setdefault(record.what.functional or "", record)
    reasons: dict[Record, str] = {}
    for group in groups.values():
        for identity, names in (("CL = D / AUC", ("auc", "cl")), ("Vss = CL * MRT", ("cl", "mrt", "vss"))):
            _drop(group, names, identity, reasons)
        _drop(group, ("auc", "mrt", "vss"), "Vss = D * MRT / AUC", reasons)
    told = {_of_arm(record, record.arm) for record in usable if not record.against and not record.limit}
    for record in usable:
        if record.against and not record.limit and {_of_arm(record, a) for a in (record.arm, record.against)} <= told:
            reasons[record] = f"restates {record.what} of {record.arm} over that of {record.against}, both used"
    kept = tuple(record for record in usable if record not in reasons)
    return kept, tuple(Dropped(record, reasons[record]) for record in usable if record in reasons)


def _of_arm(record: Record, arm: str) -> tuple[object, ...]:
    return record.study, arm, record.what, record.time, record.window, record.phase


def _drop(group: dict[str, Record], names: tuple[str, ...], identity: str, reasons: dict[Record, str]) -> None:
    """Drop one member of an identity from a group that holds all of them."""
    if not all(name in group for name in names):
        return
    loser = max(names, key=lambda name: (group[name].spread is None, _ORDER.index(name)))
    others = ", ".join(str(group[name].what) for name in names if name != loser)
    reasons[group.pop(loser)] = f"{identity}: restates {others} of the same arm, matrix and window"
