"""Floor 3: plates as readers print them: blocks of wells, rows lettered and columns numbered, one block a quantity.

Several blocks in one file (the signal, the dose, the drug) are laid over one another well by well, so that a layout
stands beside its read-out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exodelivery.errors import EvidenceError
from exodelivery.evidence.readers.asked import Asked, Work
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.headings import split_heading
from exodelivery.evidence.readers.reading import Entry, Reading, Role, read_cell

FORMATS = {(2, 3): 6, (3, 4): 12, (4, 6): 24, (6, 8): 48, (8, 12): 96, (16, 24): 384, (32, 48): 1536}
_ROW = re.compile(r"A?[A-Z]")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of wells: its title, where it stands, and its cells by well."""

    title: str
    row: int
    wells: dict[str, tuple[int, str]]
    format: int


def _letter(n: int) -> str:
    return chr(65 + n) if n < 26 else "A" + chr(65 + n - 26)


def blocks(grid: Grid) -> list[Block]:
    """Return the blocks of wells of a grid, from the top."""
    found = []
    for n, row in enumerate(grid.rows):
        for start in range(len(row)):
            columns = 0
            while grid.cell(n, start + 1 + columns) == str(columns + 1):
                columns += 1
            if columns < 3 or grid.cell(n, start) == "1":
                continue
            lines = 0
            while grid.cell(n + 1 + lines, start) == _letter(lines):
                lines += 1
            if (lines, columns) not in FORMATS:
                continue
            wells = {
                f"{_letter(i)}{j + 1}": (n + 2 + i, grid.cell(n + 1 + i, start + 1 + j))
                for i in range(lines)
                for j in range(columns)
            }
            found.append(Block(_title(grid, n, start), n + 1, wells, FORMATS[lines, columns]))
    return found


def _title(grid: Grid, n: int, start: int) -> str:
    """Return what names a block: its corner, else the nearest filled cell above it."""
    if grid.cell(n, start) not in ("", "<>"):
        return grid.cell(n, start)
    for above in range(n - 1, max(n - 4, -1), -1):
        filled = [cell for cell in grid.rows[above] if cell]
        if filled:
            return grid.cell(above, start) or filled[0]
    return ""


def fits(grid: Grid) -> bool:
    """Say whether a grid has a block of wells."""
    return bool(blocks(grid))


def read_plate(grid: Grid, asked: Asked) -> Reading:
    """Read wells; see :func:`~exodelivery.evidence.readers.read.read`.

    The block told as ``value`` (or the first of numbers) is the signal; the others are kept beside it under their
    titles, or fill the role that ``roles`` gives them (``{"arm": "drug"}``).
    """
    work = Work(grid, asked, "wells of a plate")
    found = blocks(grid)
    if not found:
        raise EvidenceError(
            "the file has no block of wells",
            where=grid.place(1),
            remedy="letter the rows and number the columns from 1",
        )
    titles = [block.title for block in found]
    if len({block.format for block in found}) > 1:
        raise EvidenceError("the file has plates of several formats", where=grid.place(found[0].row), remedy="split it")
    if len(found) > 1 and ("" in titles or len(set(titles)) < len(titles)):
        raise EvidenceError(
            "several blocks of wells, and not each has a title of its own", where=grid.place(found[0].row),
            remedy="write what it holds into the corner or the line above each block",
        )  # fmt: skip
    for role, title in asked.roles.items():
        if title not in titles:
            raise EvidenceError(
                f"no block is titled {title!r}, which is told as {role}", remedy=f"titles: {', '.join(titles)}"
            )
    signal = next((b for b in found if b.title == asked.roles.get("value")), None)
    if signal is None:
        others = set(asked.roles.values())
        numeric = [b for b in found if b.title not in others and not is_layout(b)]
        signal = (numeric or found)[0]
    words, own = split_heading(signal.title)
    unit = asked.units.get("value") or own or asked.constants.get("unit", "")
    if not unit:
        work.fault(signal.row, "value", "the signal has no unit", 'pass units={"value": "1"} for a bare reading')
    role_by_title = {title: role for role, title in asked.roles.items()}
    for block in found:
        role = "value" if block is signal else role_by_title.get(block.title, f"kept as {block.title!r}")
        work.roles.append(
            Role(role, block.title or "the block", split_heading(block.title)[1], f"{block.format} wells")
        )
    work.roles += [Role(role, "given", "", f"{value!r} throughout") for role, value in asked.constants.items()]
    for well, (row, text) in signal.wells.items():
        beside = {b.title: b.wells[well][1] for b in found if b is not signal}
        if work.left_out(row):
            continue
        if not text and not any(beside.values()):
            work.exclude(row, well, "an empty well")
            continue
        cell = work.cell(row, well, text)
        if cell is None:
            continue
        if cell.missing:
            work.exclude(row, well, "no value")
            continue
        told = {role: beside[title] for title, role in role_by_title.items() if title in beside}
        constants = asked.constants
        time = told.get("time") or constants.get("time")
        at = work.number(row, "time", time) if time else None
        time_unit = asked.units.get("time") or split_heading(asked.roles.get("time", ""))[1] or "h"
        work.entries.append(
            Entry(
                row=row, value=cell.value, unit=unit, limit=cell.limit, subject=well,
                arm=asked.named(told.get("arm") or constants.get("arm", "")),
                what=asked.named(told.get("what") or constants.get("what", "") or words),
                time=None if at is None else work.in_hours(row, at, time_unit), note=constants.get("note", ""),
                extra={title: text for title, text in beside.items() if title not in role_by_title},
            )
        )  # fmt: skip
    return work.done()


def is_layout(block: Block) -> bool:
    """Say whether a block holds words rather than numbers."""
    filled = [text for _, text in block.wells.values() if text]
    return any(isinstance(read_cell(text, ".", 0.0), str) for text in filled)
