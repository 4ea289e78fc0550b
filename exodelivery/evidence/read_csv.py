"""Floor 3: read a study's tidy CSV, strictly.

Why: a typing slip in a table of evidence moves a fit without a sound. So every cell is judged, all faults of
a file are listed with line and remedy, and nothing is guessed: no unknown column, no text in a number, no
number without a unit.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from exodelivery.declare.functionals import TIME
from exodelivery.errors import EvidenceError, Place, UnitError, nearest
from exodelivery.evidence.problems import Problems
from exodelivery.evidence.records import LIMITS, SPREAD_KINDS, Record, What, read_what
from exodelivery.units import unit as read_unit

COLUMNS = (
    "arm", "what", "against", "time_h", "from_h", "to_h", "phase", "value", "unit", "spread", "spread_kind",
    "n", "limit", "use", "note",
)  # fmt: skip
REQUIRED = ("arm", "what", "value", "unit", "spread_kind")
LARGEST = 5_000_000
"""Bytes of the largest table that is read."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WORD = re.compile(r"%?[A-Za-zµμ_][A-Za-z0-9µμ_]*")


def read_text(path: Path, where: Place) -> str:
    """Return a bounded UTF-8 text.

    Raises
    ------
    EvidenceError
        If it is missing, larger than 5 MB or no UTF-8.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise EvidenceError(
                f"The file holds more than {LARGEST} bytes",
                where=where,
                remedy="keep large raw sets outside, in the folder named by EXODELIVERY_DATA",
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise EvidenceError(f"The file cannot be read: {error.strerror}", where=where) from error
    except UnicodeDecodeError as error:
        raise EvidenceError("The file is no UTF-8 text", where=where, remedy="save it as UTF-8") from error


def in_our_words(printed: str, readings: Mapping[str, str]) -> str:
    """Return a printed unit with the study's declared readings put in.

    Examples
    --------
    >>> in_our_words("ueq*h/g", {"ueq": "ug"})
    'ug*h/g'
    >>> in_our_words("ug per 200 uL", {"ug per 200 uL": "ug/(200*uL)"})
    'ug/(200*uL)'
    """
    if printed in readings:
        return readings[printed]

    def put_in(found: re.Match[str]) -> str:
        reading = readings.get(found.group())
        if reading is None:
            return found.group()
        return reading if _WORD.fullmatch(reading) else f"({reading})"

    return _WORD.sub(put_in, printed)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table under way: its cells, its place, and the list that takes its faults."""

    cells: Mapping[str, str]
    place: Place
    problems: Problems

    def fault(self, column: str, message: str, remedy: str = "") -> None:
        """Note a fault of one cell."""
        self.problems.add(message, Place(self.place.file, self.place.line, column), remedy)

    def text(self, column: str) -> str:
        """Return a cell without outer blanks; a column that is left out is empty."""
        return self.cells.get(column, "").strip()

    def parse(self, column: str, text: str) -> float | None:
        """Return a finite decimal number, or note that it is none."""
        if _NUMBER.fullmatch(text) and abs(float(text)) < 1e300:
            return float(text)
        self.fault(column, f"{text[:40]!r} is no number", "write a decimal number; what is missing stays empty")
        return None

    def number(self, column: str) -> float | None:
        """Return a cell's number, ``None`` if it is empty."""
        text = self.text(column)
        return self.parse(column, text) if text else None

    def hours(self, column: str) -> float | None:
        """Return a time [h], never negative."""
        value = self.number(column)
        if value is not None and value < 0:
            self.fault(column, f"The time {value:g} h is negative")
        return value

    def whole(self, column: str, largest: int) -> int | None:
        """Return a whole number from 1 on."""
        text = self.text(column)
        if not text:
            return None
        if re.fullmatch(r"[1-9]\d{0,6}", text, re.ASCII) and int(text) <= largest:
            return int(text)
        self.fault(column, f"{text[:40]!r} is no whole number from 1 to {largest}")
        return None

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """Return a cell that holds a word of a closed list."""
        text = self.text(column)
        if text not in allowed:
            self.fault(
                column,
                f"{text[:40]!r} is not allowed here",
                nearest(text, [word for word in allowed if word]),
            )
        return text


def _what(row: Row) -> What | None:
    try:
        return read_what(row.text("what"))
    except EvidenceError as error:
        row.fault("what", error.message, error.remedy)
        return None


def _unit(row: Row, what: What | None, readings: Mapping[str, str]) -> str:
    printed = row.text("unit")
    if not printed:
        row.fault("unit", "The number has no unit", 'write its unit, "1" for a pure number')
        return ""
    reading = in_our_words(printed, readings)
    try:
        dimension = read_unit(reading).dimension
    except UnitError as error:
        row.fault("unit", error.message, error.remedy or "declare the paper's odd unit under [units]")
        return reading
    if row.text("against") and not dimension.is_one:
        row.fault("unit", f"A ratio between arms has no dimension, but {printed!r} has", 'write "1" or "%"')
    elif what is not None and what.kind.is_time and not row.text("against") and dimension != TIME:
        row.fault("unit", f"{what} is a time, but {printed!r} is {dimension}")
    return reading


def _spread(row: Row, value: float | None) -> float | tuple[float, float] | None:
    kind, text = row.one_of("spread_kind", SPREAD_KINDS), row.text("spread")
    if not text:
        if kind in SPREAD_KINDS and kind != "none":
            row.fault("spread", f"A spread of kind {kind!r} has no number")
        return None
    if kind not in ("range", "ci95"):
        number = row.parse("spread", text)
        if kind == "none":
            row.fault("spread_kind", "There is a spread, but its kind is none", "say sd, sem, cv, range or ci95")
        if number is not None and number <= 0:
            row.fault("spread", f"The spread {number:g} is not positive")
        return number
    ends = [row.parse("spread", part.strip()) for part in text.split(":", 1)]
    if len(ends) != 2:
        row.fault("spread", f"{text[:40]!r} has no two ends", 'write "lower:upper"')
        return None
    lower, upper = ends
    if lower is None or upper is None:
        return None
    if not lower < upper:
        row.fault("spread", f"The lower end {lower:g} is not below the upper end {upper:g}")
    elif value is not None and not lower <= value <= upper:
        row.fault("spread", f"The value {value:g} lies outside its own {kind} {lower:g}:{upper:g}")
    return lower, upper


def _judge(row: Row, record: Record, arms: Collection[str]) -> None:
    """Note what does not fit together in a record."""
    for column, name in (("arm", record.arm), ("against", record.against)):
        if name and name not in arms:
            row.fault(column, f"The study declares no arm {name!r}", nearest(name, arms))
    if record.against and record.against == record.arm:
        row.fault("against", "An arm is compared with itself")
    if record.value is None and (record.interval is None or record.limit):
        row.fault("value", "There is no value", "leave it empty only where a range is all that was printed")
    if record.start is not None and record.end is not None and not record.start < record.end:
        row.fault("to_h", "The window ends before it begins")
    if not record.use:
        if not record.note:
            row.fault("note", "A number that must not be used says why", "write the reason")
        return
    kind = record.what.kind
    if not record.arm:
        row.fault("arm", "A number that may be used belongs to an arm", "or write use = false and the reason")
    if kind.at == (record.time is None):
        row.fault("time_h", f"{record.what} {'needs a' if kind.at else 'takes no'} time of its own")
    if record.phase is not None and not kind.phase:
        row.fault("phase", f"{record.what} has no phase")
    windowed = record.start is not None or record.end is not None
    if windowed and not kind.window:
        row.fault("from_h", f"{record.what} has no window")
    if kind.phase and (record.phase is None) == (record.start is None or record.end is None):
        row.fault("phase", "A half-life needs a phase, or a window from-to, and not both")


def _record(row: Row, study: str, readings: Mapping[str, str]) -> Record:
    what = _what(row)
    value = row.number("value")
    return Record(
        study=study,
        arm=row.text("arm"),
        what=what or What(None, "unread"),
        against=row.text("against"),
        time=row.hours("time_h"),
        start=row.hours("from_h"),
        end=row.hours("to_h"),
        phase=row.whole("phase", 9),
        value=value,
        unit=_unit(row, what, readings),
        printed_unit=row.text("unit"),
        spread=_spread(row, value),
        spread_kind=row.text("spread_kind"),
        n=row.whole("n", 1_000_000),
        limit=row.one_of("limit", LIMITS),
        use=row.one_of("use", ("", "true", "false")) != "false",
        note=row.text("note"),
        place=row.place,
    )


def _rows(text: str, file: str, problems: Problems) -> list[Row]:
    """Return the lines of a table whose header is sound."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        start = Place(file, 1)
        for name in header:
            if name not in COLUMNS:
                problems.add(f"There is no column {name[:40]!r}", start, nearest(name, COLUMNS))
        if len(set(header)) < len(header):
            problems.add("A column stands twice in the header", start)
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            problems.add(f"The header lacks {', '.join(missing)}", start, "first line: " + ",".join(COLUMNS))
        if problems.found:
            return []
        for cells in reader:
            place = Place(file, reader.line_num)
            if not cells:
                continue
            if len(cells) != len(header):
                problems.add(
                    f"The line has {len(cells)} cells, the header {len(header)}",
                    place,
                    "quote a cell with a comma",
                )
                continue
            rows.append(Row(dict(zip(header, cells, strict=True)), place, problems))
    except csv.Error as error:
        problems.add(f"The file is no CSV: {error}", Place(file, reader.line_num))
    return rows


def read_csv(
    path: Path, *, study: str, arms: Collection[str], units: Mapping[str, str] | None = None
) -> tuple[Record, ...]:
    """Read the records of one tidy CSV.

    Parameters
    ----------
    path : Path
        The file; columns as in ``COLUMNS``, those of ``REQUIRED`` present, times [h].
    study : str
        The study's name.
    arms : collection of str
        The arms that it declares.
    units : mapping of str to str, optional
        The paper's odd units in our words.

    Raises
    ------
    EvidenceError
        Listing every fault of the file with its line and remedy.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = path.write_text("arm,what,time_h,value,unit,spread_kind\\na,blood_label,6,41.9,%ID/g,none\\n")
    >>> [str(record) for record in read_csv(path, study="demo", arms=["a"])]
    ['a: blood_label at 6 h 41.9 %ID/g']
    """
    problems = Problems()
    text = read_text(path, Place(str(path)))
    seen: dict[tuple[object, ...], int] = {}
    records = []
    for row in _rows(text, str(path), problems):
        before = len(problems.found)
        record = _record(row, study, units or {})
        # What does not fit together is only judged in a line whose cells are sound: no fault breeds others.
        if len(problems.found) == before:
            _judge(row, record, arms)
        if len(problems.found) > before:
            continue
        # Facts outside the model (use = false) may repeat a quantity under conditions told in their notes, and so may
        # single animals (n = 1), each named in its note.
        key = (
            record.arm, str(record.what), record.against, record.time, record.window, record.phase,
            record.limit, record.note if record.n == 1 or not record.use else "",
        )  # fmt: skip
        if key in seen:
            row.fault(
                "what",
                f"The record repeats line {seen[key]}",
                "keep one of the two, or name each animal (n = 1, and a note)",
            )
        seen.setdefault(key, row.place.line)
        records.append(record)
    problems.raise_any("The table", Place(str(path)))
    return tuple(records)
