"""Floor 3: the observations of a NONMEM data set; its doses are read by :mod:`exodelivery.evidence.read_nonmem`.

EVID 0 is an observation (without EVID: MDV 0, or no amount); MDV 1 is none; a C or IGNORE column marks a comment; CENS
or BLQ 1 is below the limit, which stands in DV (Monolix) or LLOQ. DVID, else CMT, tells what was measured.

References
----------
Bauer RJ. NONMEM tutorial part I. CPT Pharmacometrics Syst Pharmacol 2019;8:525. doi:10.1002/psp4.12404
"""

from __future__ import annotations

from exodelivery.errors import EvidenceError
from exodelivery.evidence.readers.asked import Asked, Work
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.headings import split_heading
from exodelivery.evidence.readers.long import header_row
from exodelivery.evidence.readers.reading import Entry, Reading, Role

NEEDED = ("ID", "TIME", "DV")
USED = ("ID", "TIME", "DV", "EVID", "MDV", "AMT", "DVID", "CMT", "CENS", "BLQ", "LLOQ", "C", "IGNORE")
ABOUT = {
    "ID": "subject", "TIME": "time", "DV": "value", "EVID": "which rows are observations",
    "MDV": "which rows are observations", "AMT": "a dose, not a number measured", "DVID": "what", "CMT": "what",
    "CENS": "below the limit", "BLQ": "below the limit", "LLOQ": "limit", "C": "comment rows", "IGNORE": "comment rows",
}  # fmt: skip


def _headings(grid: Grid) -> dict[str, int]:
    return {split_heading(heading)[0].upper(): n for n, heading in enumerate(grid.rows[header_row(grid)]) if heading}


def fits(grid: Grid) -> bool:
    """Say whether a table has ID, TIME and DV, and what sets doses apart."""
    found = _headings(grid)
    return set(NEEDED) <= set(found) and bool({"EVID", "MDV", "AMT"} & set(found))


def read_observations(grid: Grid, asked: Asked) -> Reading:
    """Read what was measured; see :func:`~exodelivery.evidence.readers.read.read`."""
    work = Work(grid, asked, "observations of a NONMEM data set")
    top = header_row(grid)
    columns = _headings(grid)
    for name in NEEDED:
        if name not in columns:
            raise EvidenceError(f"this NONMEM data set has no column {name}", where=grid.place(top + 1))
    headings = grid.rows[top]
    for name, n in columns.items():
        role = ABOUT.get(name) if name in USED else "ignored"
        if name == "CMT" and "DVID" in columns:
            role = "ignored"
        work.roles.append(Role(role or "ignored", headings[n], split_heading(headings[n])[1], "by NONMEM's name"))
    unit = asked.units.get("value") or split_heading(headings[columns["DV"]])[1]
    time_unit = asked.units.get("time") or split_heading(headings[columns["TIME"]])[1]
    if not unit:
        work.fault(top + 1, "DV", "DV has no unit", 'write "DV [ng/mL]" in the heading, or units={"value": "ng/mL"}')
    if not time_unit:
        time_unit = "h"
        work.notes.append("TIME has no unit, and hours are taken, as dosing records take them")
    what = "DVID" if "DVID" in columns else "CMT" if "CMT" in columns else ""
    for n in range(top + 1, len(grid.rows)):
        if any(grid.rows[n]) and not work.left_out(n + 1):
            texts = {name: grid.cell(n, column) for name, column in columns.items()}
            _entry(work, n + 1, texts, what, (unit, time_unit))
    return work.done()


def _entry(work: Work, row: int, texts: dict[str, str], what: str, units: tuple[str, str]) -> None:
    asked, before = work.asked, len(work.problems.found)
    first = texts.get("C") or texts.get("IGNORE") or ""
    if first.upper() in ("C", "1", "#", "@") or any(cell.startswith("#") for cell in list(texts.values())[:1]):
        work.exclude(row, "", "a comment row")
        return
    flags = {name: _flag(work, row, name, texts.get(name, "")) for name in ("EVID", "MDV", "AMT", "CENS", "BLQ")}
    event = flags["EVID"] if "EVID" in texts else float(flags["AMT"] != 0)
    if event:
        work.exclude(row, "EVID" if "EVID" in texts else "AMT", "a dose or event, not an observation")
        return
    if flags["MDV"]:
        work.exclude(row, "MDV", "MDV 1: the value is missing")
        return
    lloq = work.number(row, "LLOQ", texts["LLOQ"]) if texts.get("LLOQ") not in (None, "", ".") else None
    cell = work.cell(row, "DV", texts["DV"], lloq)
    at = work.number(row, "TIME", texts["TIME"])
    if cell is None or at is None:
        return
    if cell.missing:
        work.exclude(row, "DV", "no value")
        return
    value, limit = cell.value, cell.limit
    if flags["CENS"] or flags["BLQ"]:
        value, limit = (lloq if lloq is not None else value), "<" if flags["CENS"] >= 0 else ">"
        if limit == "<" and value <= 0:
            work.fault(row, "DV", "a level below the limit, and no limit is stated", "pass a column LLOQ, or lloq=")
    time = work.in_hours(row, at, units[1])
    if len(work.problems.found) > before or time is None:
        return
    subject = texts["ID"]
    work.entries.append(
        Entry(
            row=row, value=value, unit=units[0], arm=asked.constants.get("arm", ""),
            subject=subject.removesuffix(".0"), what=asked.named(texts.get(what, "").removesuffix(".0") if what else "")
            or asked.constants.get("what", ""), time=time, limit=limit,
        )
    )  # fmt: skip


def _flag(work: Work, row: int, name: str, text: str) -> float:
    """Return a flag or an amount; nothing and a point are zero."""
    if text in ("", "."):
        return 0.0
    found = work.number(row, name, text)
    return 0.0 if found is None else found
