"""Floor 3: a table with one number a row: columns for arm, animal, time, quantity, value and spread."""

from __future__ import annotations

from exodelivery.errors import EvidenceError, UnitError, nearest
from exodelivery.evidence.readers.asked import GIVEN, Asked, Work
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.headings import is_undeclared_spread, role_of, split_heading, spread_kind
from exodelivery.evidence.readers.reading import Entry, Reading, Role
from exodelivery.units import unit as read_unit


def header_row(grid: Grid) -> int:
    """Return the first row with two filled cells or more, counted from 0."""
    return next((n for n, row in enumerate(grid.rows) if sum(map(bool, row)) >= 2), 0)


def fits(grid: Grid) -> bool:
    """Say whether a table has a column of times and one of values by their headings."""
    found = {role_of(heading) for heading in grid.rows[header_row(grid)]}
    return {"time", "value"} <= found


def read_long(grid: Grid, asked: Asked) -> Reading:
    """Read one number a row; see :func:`~exodelivery.evidence.readers.read.read`."""
    work = Work(grid, asked, "one number a row")
    top = header_row(grid)
    columns, extra = _columns(work, grid, asked, top)
    unit = asked.units.get("value") or _unit_of(grid, top, columns.get("value"))
    time_unit = asked.units.get("time") or _unit_of(grid, top, columns.get("time"))
    if "value" not in columns:
        raise EvidenceError(
            "no column is known as the value", where=grid.place(top + 1), remedy='pass roles={"value": "its heading"}'
        )
    if "time" in columns and not time_unit:
        work.fault(top + 1, "time", "the times have no unit", 'write "time (h)" in the heading, or units={"time": "h"}')
    if not unit and "unit" not in columns and "unit" not in asked.constants:
        work.fault(top + 1, "value", "the values have no unit", 'write it in the heading, or units={"value": "ug/mL"}')
    kind = asked.spread or (spread_kind(grid.rows[top][columns["spread"]]) if "spread" in columns else "")
    if "spread" in columns and not kind:
        work.fault(top + 1, "spread", "a spread is not declared: SD or SEM?", 'pass spread="sd" or "sem"')
    above: dict[str, str] = {}
    for n in range(top + 1, len(grid.rows)):
        row = n + 1
        if not any(grid.rows[n]):
            continue
        if work.left_out(row):
            continue
        texts = {role: grid.cell(n, column) for role, column in columns.items()}
        for role in asked.fill:
            texts[role] = texts.get(role) or above.get(role, "")
            above[role] = texts[role]
        _entry(work, row, texts, {name: grid.cell(n, c) for name, c in extra.items()}, (unit, time_unit or "h", kind))
    return work.done()


def _columns(work: Work, grid: Grid, asked: Asked, top: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return the column of each role, and further columns by the name they keep."""
    headings = list(grid.rows[top])
    columns: dict[str, int] = {}
    extra: dict[str, int] = {}
    for role, heading in asked.roles.items():
        if heading not in headings:
            raise EvidenceError(
                f"the table has no column {heading!r}", where=grid.place(top + 1), remedy=nearest(heading, headings)
            )
        (columns if role in GIVEN else extra)[role] = headings.index(heading)
    taken = set(columns.values()) | set(extra.values())
    for n, heading in enumerate(headings):
        role = role_of(heading) or ("spread" if is_undeclared_spread(heading) else "")
        told = next((r for r, column in [*columns.items(), *extra.items()] if column == n), "")
        unit = split_heading(heading)[1]
        if told:
            work.roles.append(Role(told, heading, unit, "as told"))
        elif role and role not in columns and role not in asked.constants and n not in taken:
            columns[role] = n
            work.roles.append(Role(role, heading, unit, "by its heading"))
        elif heading:
            why = f"there is a {role} already" if role else "no role is known by these words"
            work.roles.append(Role("ignored", heading, unit, why))
    work.roles += [Role(role, "given", "", f"{value!r} throughout") for role, value in asked.constants.items()]
    return columns, extra


def _unit_of(grid: Grid, top: int, column: int | None) -> str:
    return "" if column is None else split_heading(grid.rows[top][column])[1]


def _entry(work: Work, row: int, texts: dict[str, str], extra: dict[str, str], shared: tuple[str, str, str]) -> None:
    asked, before = work.asked, len(work.problems.found)
    unit, time_unit, kind = shared
    text = {role: texts.get(role) or asked.constants.get(role, "") for role in GIVEN}
    lloq = work.number(row, "limit", text["limit"]) if text["limit"] else None
    cell = work.cell(row, "value", text["value"], lloq)
    time = None
    if "time" in texts or "time" in asked.constants:
        number = work.number(row, "time", text["time"])
        time = None if number is None else work.in_hours(row, number, time_unit)
    if cell is None:
        return
    if cell.missing:
        work.exclude(row, "value", "no value")
        return
    if text["unit"]:
        unit = text["unit"]
        try:
            read_unit(unit)
        except UnitError as error:
            work.fault(row, "unit", error.message, error.remedy)
    spread = cell.spread
    if spread is not None and not kind:
        work.fault(row, "value", "a ± is not declared: SD or SEM?", 'pass spread="sd" or "sem"')
    if text["spread"]:
        found = work.cell(row, "spread", text["spread"])
        spread = None if found is None or found.missing else found.value
    if spread is not None and spread <= 0:
        work.fault(row, "spread", f"the spread {spread:g} is not positive")
    count = work.number(row, "n", text["n"]) if text["n"] else None
    if count is not None and (count < 1 or count != int(count)):
        work.fault(row, "n", f"{text['n']!r} is no number of individuals")
    if len(work.problems.found) > before:
        return
    work.entries.append(
        Entry(
            row=row,
            value=cell.value,
            unit=unit,
            arm=asked.named(text["arm"]),
            subject=text["subject"],
            what=asked.named(text["what"]),
            time=time,
            spread=spread,
            spread_kind=kind if spread is not None else "none",
            n=None if count is None else int(count),
            limit=cell.limit,
            note=text["note"],
            extra=extra,
        )
    )
