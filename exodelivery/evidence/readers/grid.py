"""Floor 3: a file as a grid of text cells with the rows' numbers: CSV of any common dialect, or a sheet of a workbook.

Nothing is computed or guessed here: a formula is the value that was saved with it, a date stays a date and is judged by
whoever needs a number there.
"""

from __future__ import annotations

import csv
import datetime
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from exodelivery.errors import EvidenceError, Place, nearest
from exodelivery.evidence.read_csv import LARGEST, read_text
from exodelivery.extras import require

MOST_CELLS = 500_000
LARGEST_UNPACKED = 100_000_000
"""Bytes that a workbook may unpack to."""
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of a file.

    Attributes
    ----------
    file : str
        With the sheet, where there are sheets.
    rows : tuple of tuple of str
        Cells without outer blanks; empty rows are kept, so that row n of the file is ``rows[n - 1]``.
    decimal : str
        ``,`` where the file writes its numbers so.
    """

    file: str
    rows: tuple[tuple[str, ...], ...]
    decimal: str = "."

    def place(self, row: int, key: str = "") -> Place:
        """Return the place of a row, counted from 1."""
        return Place(self.file, row, key)

    def cell(self, row: int, column: int) -> str:
        """Return a cell, rows and columns counted from 0; outside it is empty."""
        return self.rows[row][column] if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]) else ""


def read_grid(path: str | Path, *, sheet: str | None = None) -> Grid:
    """Read a CSV, TSV or workbook as a grid.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` needs the extra ``data``; all else is read as delimited text.
    sheet : str, optional
        Needed where a workbook has several sheets with something in them.

    Raises
    ------
    EvidenceError
        If the file cannot be read, is too large, or has another sheet.
    """
    path = Path(path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _workbook(path, sheet)
    if path.suffix.lower() == ".xls":
        raise EvidenceError(
            "An old .xls workbook is not read", where=Place(str(path)), remedy="save it as .xlsx or CSV"
        )
    if sheet is not None:
        raise EvidenceError("A text file has no sheets", where=Place(str(path)))
    text = read_text(path, Place(str(path)))
    delimiter = _delimiter(text)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise EvidenceError(f"The file is no delimited text: {error}", where=Place(str(path))) from None
    return _grid(str(path), rows, "," if delimiter == ";" else ".")


def _delimiter(text: str) -> str:
    """Return the delimiter that the first filled lines have most of, a comma among equals."""
    lines = [line for line in text.splitlines() if line.strip()][:20]
    return max(DELIMITERS, key=lambda mark: (sum(line.count(mark) for line in lines), -DELIMITERS.index(mark)))


def _grid(file: str, rows: Sequence[Sequence[str]], decimal: str = ".") -> Grid:
    if sum(map(len, rows)) > MOST_CELLS:
        raise EvidenceError(f"The table has more than {MOST_CELLS} cells", where=Place(file))
    kept = [tuple(cell.strip() for cell in row) for row in rows]
    if not any(any(row) for row in kept):
        raise EvidenceError("The table is empty", where=Place(file))
    # A file that is delimited by semicolons may still write points.
    points = sum("." in cell for row in kept for cell in row if _looks_numeric(cell))
    commas = sum("," in cell for row in kept for cell in row if _looks_numeric(cell))
    return Grid(file, tuple(kept), decimal if commas > points else ".")


def _looks_numeric(cell: str) -> bool:
    return bool(cell) and all(character in "0123456789.,+-eE<> " for character in cell)


def _workbook(path: Path, sheet: str | None) -> Grid:
    where = Place(str(path))
    openpyxl = require("openpyxl", "data")
    try:
        if path.stat().st_size > LARGEST:
            raise EvidenceError(f"The file holds more than {LARGEST} bytes", where=where)
        with zipfile.ZipFile(path) as packed:
            if sum(member.file_size for member in packed.infolist()) > LARGEST_UNPACKED:
                raise EvidenceError(f"The workbook unpacks to more than {LARGEST_UNPACKED} bytes", where=where)
        book = openpyxl.load_workbook(path, data_only=True, keep_links=False)
    except OSError as error:
        raise EvidenceError(f"The file cannot be read: {error.strerror}", where=where) from error
    except EvidenceError:
        raise
    except Exception as error:  # a damaged workbook raises whatever its parser does
        raise EvidenceError(f"The file is no workbook: {type(error).__name__}", where=where) from None
    filled = [
        page.title for page in book.worksheets if page.max_row * page.max_column > 1 or page["A1"].value is not None
    ]
    if sheet is None:
        if len(filled) != 1:
            known = ", ".join(filled) or "none"
            raise EvidenceError("The workbook has several sheets", where=where, remedy=f"pass sheet=, one of: {known}")
        sheet = filled[0]
    if sheet not in book.sheetnames:
        raise EvidenceError(f"The workbook has no sheet {sheet!r}", where=where, remedy=nearest(sheet, book.sheetnames))
    page = book[sheet]
    if page.max_row * page.max_column > MOST_CELLS:
        raise EvidenceError(f"The sheet spans more than {MOST_CELLS} cells", where=where)
    rows = [[_as_text(cell.value) for cell in row] for row in page.iter_rows()]
    return _grid(f"{path}[{sheet}]", rows)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
