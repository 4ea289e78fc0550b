"""Floor 3: a wide table: a column of times, and one of numbers for each arm, animal or quantity, its SD beside it."""

from __future__ import annotations

import re

from exodelivery.errors import EvidenceError, nearest
from exodelivery.evidence.readers.asked import Asked, Work
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.headings import is_undeclared_spread, role_of, split_heading, spread_kind
from exodelivery.evidence.readers.long import header_row
from exodelivery.evidence.readers.reading import Entry, Reading, Role, read_cell

HEADS = ("arm", "subject", "what")


def fits(grid: Grid) -> bool:
    """Say whether a table has a column of times and numbers in the others."""
    top = header_row(grid)
    headings = grid.rows[top]
    at = [n for n, heading in enumerate(headings) if role_of(heading) == "time"]
    if len(at) != 1 or len(headings) < 2:
        return False
    cells = [grid.cell(n, c) for n in range(top + 1, len(grid.rows)) for c in range(len(headings)) if c != at[0]]
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(not isinstance(read_cell(cell, grid.decimal, 0.0), str) for cell in filled) * 2 > len(
        filled
    )


def read_wide(grid: Grid, asked: Asked, heads: str = "arm") -> Reading:
    """Read a column a series; see :func:`~exodelivery.evidence.readers.read.read`."""
    if heads not in HEADS:
        raise EvidenceError(f"headings cannot name the {heads!r}", remedy=nearest(heads, HEADS))
    work = Work(grid, asked, f"a column for each {heads}")
    top = header_row(grid)
    headings = list(grid.rows[top])
    if (told := asked.roles.get("time")) is not None and told not in headings:
        raise EvidenceError(
            f"the table has no column {told!r}", where=grid.place(top + 1), remedy=nearest(told, headings)
        )
    timed = [headings.index(told)] if told else [n for n, h in enumerate(headings) if role_of(h) == "time"]
    if len(timed) != 1:
        what = "several columns are" if timed else "no column is"
        raise EvidenceError(f"{what} known as the time", where=grid.place(top + 1), remedy='pass roles={"time": "…"}')
    (at,) = timed
    time_unit = asked.units.get("time") or split_heading(headings[at])[1]
    if not time_unit:
        work.fault(top + 1, "time", "the times have no unit", 'write "time (h)" in the heading, or units={"time": "h"}')
    work.roles.append(Role("time", headings[at], time_unit, "as told" if told else "by its heading"))
    series = _series(work, headings, at, top, heads)
    work.roles += [Role(role, "given", "", f"{value!r} throughout") for role, value in asked.constants.items()]
    for n in range(top + 1, len(grid.rows)):
        row = n + 1
        if not any(grid.rows[n]) or work.left_out(row):
            continue
        number = work.number(row, "time", grid.cell(n, at))
        time = None if number is None else work.in_hours(row, number, time_unit or "h")
        for column, (name, unit, beside, kind) in series.items():
            if time is not None:
                _entry(work, n, column, (name, unit, beside, kind, heads), time)
    return work.done()


Series = dict[int, tuple[str, str, int | None, str]]


def _series(work: Work, headings: list[str], at: int, top: int, heads: str) -> Series:
    """Return for each column of numbers its name, unit, the column of its spread, and which spread that is."""
    asked = work.asked
    found: Series = {}
    latest: int | None = None
    for n, heading in enumerate(headings):
        if n == at or not heading:
            continue
        kind = spread_kind(heading)
        if (kind or is_undeclared_spread(heading)) and latest is not None:
            kind = kind or asked.spread
            name, unit, _, _ = found[latest]
            if not kind:
                work.fault(top + 1, heading, "a spread is not declared: SD or SEM?", 'pass spread="sd" or "sem"')
            found[latest] = (name, unit, n, kind)
            work.roles.append(Role("spread", heading, "", f"{kind or 'undeclared'} of {headings[latest]!r}"))
            continue
        words, own = split_heading(heading)
        unit = asked.units.get("value") or own
        if not unit:
            work.fault(
                top + 1, heading, "the values have no unit", 'write it in the heading, or units={"value": "ug/mL"}'
            )
        found[n] = (asked.named(words), unit, None, asked.spread)
        latest = n
        work.roles.append(Role(f"value of {heads} {asked.named(words)!r}", heading, unit, "a column of numbers"))
    return found


def _entry(work: Work, n: int, column: int, series: tuple[str, str, int | None, str, str], time: float) -> None:
    name, unit, beside, kind, heads = series
    row, before = n + 1, len(work.problems.found)
    cell = work.cell(row, name, work.grid.cell(n, column))
    if cell is None:
        return
    if cell.missing:
        work.exclude(row, name, "no value")
        return
    spread = cell.spread
    if spread is not None and not kind:
        work.fault(row, name, "a ± is not declared: SD or SEM?", 'pass spread="sd" or "sem"')
    if beside is not None:
        found = work.cell(row, f"spread of {name}", work.grid.cell(n, beside))
        spread = None if found is None or found.missing else found.value
    if spread is not None and spread <= 0:
        work.fault(row, f"spread of {name}", f"the spread {spread:g} is not positive")
    if len(work.problems.found) > before:
        return
    constants = work.asked.constants
    given = {role: constants.get(role, "") for role in HEADS} | {heads: name}
    count = constants.get("n", "")
    work.entries.append(
        Entry(
            row=row, value=cell.value, unit=unit, arm=given["arm"], subject=given["subject"], what=given["what"],
            time=time,
            spread=spread, spread_kind=kind if spread is not None else "none", limit=cell.limit,
            n=int(count) if re.fullmatch(r"[1-9]\d{0,6}", count) else None, note=constants.get("note", ""),
        )
    )  # fmt: skip
