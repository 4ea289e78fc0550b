"""Floor 3: what a reader is told of a file: roles, constants, units, exclusions; and the rows under judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exodelivery.errors import EvidenceError, UnitError, nearest
from exodelivery.evidence.problems import Problems
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.reading import Cell, Entry, Exclusion, Reading, Role, read_cell
from exodelivery.units import hours
from exodelivery.units import unit as read_unit

GIVEN = ("arm", "subject", "what", "time", "value", "unit", "spread", "n", "limit", "note")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader was told.

    Attributes
    ----------
    roles : mapping
        Heading by role, ``{"value": "DOX (ug/mL)"}``; a role of another name keeps that column beside the numbers.
    constants : mapping
        What holds for all: ``{"arm": "free", "what": "plasma_total"}``.
    units : mapping
        ``time`` and ``value``.
    names : mapping
        The file's words in ours: ``{"plasma": "plasma_total"}``, for arms and quantities.
    leave_out : mapping of int to str
        Rows that are not used, each with its reason.
    fill : tuple of str
        Roles whose empty cells repeat the one above, as merged cells leave them.
    spread : str
        Which spread a column or a ± is, where the file does not say: sd, sem or cv.
    lloq : float or None
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    leave_out: Mapping[int, str] = field(default_factory=dict)
    fill: tuple[str, ...] = ()
    spread: str = ""
    lloq: float | None = None

    def __post_init__(self) -> None:
        for role in self.constants:
            if role not in GIVEN:
                raise EvidenceError(f"there is no role {role!r}", remedy=nearest(role, GIVEN))
        for role, text in self.units.items():
            if role not in ("time", "value"):
                raise EvidenceError(f"a unit is given for {role!r}", remedy="units are of time and value")
            try:
                read_unit(text)
            except UnitError as error:
                raise EvidenceError(f"the unit of {role}: {error.message}", remedy=error.remedy) from None
        if self.spread not in ("", "sd", "sem", "cv"):
            raise EvidenceError(f"a spread cannot be {self.spread!r}", remedy="known: sd, sem, cv")
        for row, why in self.leave_out.items():
            if not str(why).strip():
                raise EvidenceError(f"row {row} is left out without a reason", remedy="say why")

    def named(self, text: str) -> str:
        """Return a word of the file in ours."""
        return self.names.get(text, text)


class Work:
    """A reading under way: entries, faults and exclusions of one file."""

    def __init__(self, grid: Grid, asked: Asked, kind: str) -> None:
        self.grid, self.asked, self.kind = grid, asked, kind
        self.entries: list[Entry] = []
        self.excluded: list[Exclusion] = []
        self.problems = Problems()
        self.roles: list[Role] = []
        self.notes: list[str] = []

    def fault(self, row: int, key: str, message: str, remedy: str = "") -> None:
        """Note what is wrong with a cell; rows count from 1."""
        if row not in self.asked.leave_out:
            self.problems.add(message, self.grid.place(row, key), remedy or "mend it, or pass leave_out={row: reason}")

    def exclude(self, row: int, column: str, why: str) -> None:
        """Note that a cell gives no number."""
        self.excluded.append(Exclusion(row, column, why))

    def left_out(self, row: int) -> bool:
        """Say whether a row is left out, and note it."""
        why = self.asked.leave_out.get(row)
        if why is not None:
            self.exclude(row, "", f"left out: {why}")
        return why is not None

    def cell(self, row: int, key: str, text: str, lloq: float | None = None) -> Cell | None:
        """Return a cell, or note why it cannot be read."""
        found = read_cell(text, self.grid.decimal, self.asked.lloq if lloq is None else lloq)
        if isinstance(found, str):
            remedy = "pass lloq=" if "limit" in found else ""
            self.fault(row, key, found, remedy)
            return None
        return found

    def number(self, row: int, key: str, text: str) -> float | None:
        """Return a plain number, or note why there is none."""
        found = self.cell(row, key, text)
        if found is None or found.missing:
            if found is not None:
                self.fault(row, key, f"there is no {key}")
            return None
        if found.limit or found.spread is not None:
            self.fault(row, key, f"{text[:40]!r} is no plain number")
            return None
        return found.value

    def in_hours(self, row: int, value: float, unit: str) -> float | None:
        """Return a time in hours, or note that its unit is none."""
        try:
            return hours(f"{value!r} {unit}")
        except UnitError as error:
            self.fault(row, "time", error.message, error.remedy)
            return None

    def done(self) -> Reading:
        """Return the reading."""
        for row in self.asked.leave_out:
            if not 1 <= row <= len(self.grid.rows):
                self.problems.add(f"row {row} is left out, and the table has {len(self.grid.rows)}", self.grid.place(0))
        return Reading(
            self.grid.file,
            self.kind,
            tuple(self.roles),
            tuple(self.entries),
            tuple(self.problems.found),
            tuple(self.excluded),
            tuple(self.notes),
        )
