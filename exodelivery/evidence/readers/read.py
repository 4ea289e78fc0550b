"""Floor 3: the verb that reads a lab's or a paper's own file: it finds the layout, shows the mapping, lists faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exodelivery.errors import EvidenceError, Place, nearest
from exodelivery.evidence.readers import digitised, long, nonmem, plate, wide
from exodelivery.evidence.readers.asked import Asked
from exodelivery.evidence.readers.grid import Grid, read_grid
from exodelivery.evidence.readers.reading import Reading

KINDS = ("long", "wide", "plate", "digitised", "nonmem")


def read(
    path: str | Path,
    *,
    kind: str | None = None,
    roles: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    leave_out: Mapping[int, str] | None = None,
    fill: Sequence[str] = (),
    spread: str = "",
    lloq: float | None = None,
    heads: str = "arm",
    sheet: str | None = None,
    pixels: float = digitised.PIXELS,
) -> Reading:
    """Read a table as it is, and show what was taken for what.

    Parameters
    ----------
    path : str or Path
        CSV or TSV, ``.xlsx`` (extra ``data``), or a project of WebPlotDigitizer (``.json``).
    kind : str, optional
        ``long`` (one number a row), ``wide`` (a column a series), ``plate``, ``digitised`` or ``nonmem``; found by the
        layout unless told.
    roles : mapping, optional
        Headings by role, ``{"value": "DOX (ug/mL)", "arm": "Formulation"}``; another name keeps a column beside.
    constants : mapping, optional
        What holds throughout, ``{"arm": "free", "what": "plasma_total"}``.
    units : mapping, optional
        ``time`` and ``value``, where headings do not say.
    names : mapping, optional
        The file's words in ours, ``{"Plasma": "plasma_total"}``.
    leave_out : mapping of int to str, optional
        Rows not to use, each with its reason, which is kept.
    fill : sequence of str
        Roles whose empty cells repeat the one above (merged cells).
    spread : str
        ``sd``, ``sem`` or ``cv`` where the file does not say which its ± is.
    lloq : float, optional
        Limit of quantification; numbers below it, and ``BLQ``, become bounds.
    heads : str
        What the headings of a wide table name: ``arm``, ``subject`` or ``what``.
    sheet : str, optional
        Of a workbook.
    pixels : float
        Standard error of a digitised point, in pixels.

    Returns
    -------
    Reading
        Faults and exclusions in it; ``reading.table()`` hands the numbers out once there are no faults.

    Raises
    ------
    EvidenceError
        If the file cannot be read at all, or no layout fits.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lab.csv"
    >>> _ = path.write_text("Time (min),free (ug/mL),SD\\n5,4.2,0.5\\n30,1.9,0.3\\n")
    >>> found = read(path, constants={"what": "plasma_total", "n": "4"})
    >>> [(entry.arm, round(entry.time, 3), entry.value, entry.spread_kind) for entry in found.entries]
    [('free', 0.083, 4.2, 'sd'), ('free', 0.5, 1.9, 'sd')]
    """
    asked = Asked(roles or {}, constants or {}, units or {}, names or {}, leave_out or {}, tuple(fill), spread, lloq)
    path = Path(path)
    if kind is not None and kind not in KINDS:
        raise EvidenceError(f"no layout is called {kind!r}", remedy=nearest(kind, KINDS))
    if path.suffix.lower() == ".json":
        return digitised.read_digitised_json(path, asked, pixels)
    grid = read_grid(path, sheet=sheet)
    found = kind or _kind(grid, asked)
    if found == "wide":
        return wide.read_wide(grid, asked, heads)
    readers = {
        "long": long.read_long,
        "plate": plate.read_plate,
        "digitised": digitised.read_digitised_table,
        "nonmem": nonmem.read_observations,
    }
    return readers[found](grid, asked)


def _kind(grid: Grid, asked: Asked) -> str:
    if digitised.fits_grid(grid):
        return "digitised"
    if plate.fits(grid):
        return "plate"
    if nonmem.fits(grid):
        return "nonmem"
    if "value" in asked.roles or long.fits(grid):
        return "long"
    if wide.fits(grid):
        return "wide"
    headings = ", ".join(filter(None, grid.rows[long.header_row(grid)]))[:300]
    raise EvidenceError(
        f"no layout fits; the headings are: {headings}",
        where=Place(grid.file),
        remedy='tell the columns, roles={"value": "…", "time": "…"}, or the layout, kind="wide"',
    )
