"""Floor 3: points that were read off a figure: WebPlotDigitizer's JSON (4 and 3) and its CSV with two headings.

The error of digitising is constant in pixels, so additive on a linear axis and proportional on a logarithmic one. It
comes as each point's spread where the file holds the axes' calibration.

References
----------
WebPlotDigitizer (automeris.io; github.com/automeris-io/WebPlotDigitizer): ``datasetColl`` and ``axesColl`` with
``calibrationPoints`` of version 4 (the first two calibrate x, the last two y), ``wpd.dataSeries`` of version 3.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exodelivery.errors import EvidenceError, Place
from exodelivery.evidence.read_csv import read_text
from exodelivery.evidence.readers.asked import Asked, Work
from exodelivery.evidence.readers.grid import Grid
from exodelivery.evidence.readers.reading import Entry, Reading, Role

PIXELS = 1.0
"""Standard error of a click, in pixels of the figure, unless told otherwise: a point's centre is found to about one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The vertical axis: how much of it a pixel is.

    Attributes
    ----------
    logarithmic : bool
    per_pixel : float or None
        Of the value, or of its natural logarithm; None where the file does not hold it.
    """

    logarithmic: bool
    per_pixel: float | None

    def sigma(self, value: float, pixels: float) -> float | None:
        """Return the standard error of a value, in its unit."""
        if self.per_pixel is None:
            return None
        return pixels * self.per_pixel * (abs(value) if self.logarithmic else 1.0)


def fits_grid(grid: Grid) -> bool:
    """Say whether a table has WebPlotDigitizer's two headings: names of series above ``X, Y, X, Y``."""
    if len(grid.rows) < 3:
        return False
    second = [cell.upper() for cell in grid.rows[1] if cell]
    return len(second) >= 2 and second == ["X", "Y"] * (len(second) // 2)


def read_digitised_table(grid: Grid, asked: Asked) -> Reading:
    """Read the CSV of all series; see :func:`~exodelivery.evidence.readers.read.read`."""
    if not fits_grid(grid):
        raise EvidenceError("the table has no row of X, Y, X, Y under the names of its series", where=grid.place(2))
    work = Work(grid, asked, "digitised points (WebPlotDigitizer CSV)")
    unit, time_unit = _units(work, 1)
    for column in range(0, len(grid.rows[1]), 2):
        name = grid.cell(0, column) or grid.cell(0, column + 1)
        arm = asked.named(name)
        work.roles.append(
            Role(f"points of {arm!r}", name or f"columns {column + 1} and {column + 2}", unit, "x is time")
        )
        for n in range(2, len(grid.rows)):
            x, y = grid.cell(n, column), grid.cell(n, column + 1)
            if not x and not y:
                continue
            if work.left_out(n + 1):
                continue
            at, value = work.number(n + 1, f"x of {name}", x), work.number(n + 1, f"y of {name}", y)
            time = None if at is None else work.in_hours(n + 1, at, time_unit)
            if time is not None and value is not None:
                work.entries.append(_entry(asked, n + 1, arm, time, value, unit, None))
    work.notes.append(
        "a CSV does not hold the axes: the error of digitising is not known; save the project as JSON for it"
    )
    return work.done()


def read_digitised_json(path: Path, asked: Asked, pixels: float = PIXELS) -> Reading:
    """Read a project of WebPlotDigitizer; see :func:`~exodelivery.evidence.readers.read.read`."""
    where = Place(str(path))
    try:
        project = json.loads(read_text(path, where))
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"The file is no JSON: {str(error)[:120]}", where=where) from None
    work = Work(Grid(str(path), ()), asked, "digitised points (WebPlotDigitizer)")
    unit, time_unit = _units(work, 0)
    count = 0
    for name, axis, points in _series(project, where, work):
        arm = asked.named(name)
        scale = "logarithmic" if axis.logarithmic else "linear"
        known = "" if axis.per_pixel is None else f", {pixels:g} pixel is {_per_pixel(axis, pixels)}"
        work.roles.append(Role(f"points of {arm!r}", name, unit, f"{scale} axis{known}"))
        for n, point in enumerate(points, 1):
            count += 1
            key = f"{name} point {n}"
            if count in asked.leave_out:
                work.exclude(count, key, f"left out: {asked.leave_out[count]}")
                continue
            pair = _pair(point)
            if pair is None:
                work.fault(count, key, "the point has no pair of finite values")
                continue
            time = work.in_hours(count, pair[0], time_unit)
            if time is None:
                continue
            if axis.logarithmic and pair[1] <= 0:
                work.fault(count, key, f"{pair[1]:g} cannot stand on a logarithmic axis")
                continue
            work.entries.append(_entry(asked, count, arm, time, pair[1], unit, axis.sigma(pair[1], pixels)))
    if work.entries and all(entry.spread is None for entry in work.entries):
        work.notes.append("the file does not hold the axes' calibration: the error of digitising is not known")
    elif work.entries:
        work.notes.append("each spread is the error of digitising alone; what the paper prints as ± comes on top")
    work.notes.append("rows count the points, from 1")
    found = work.done()
    return Reading(
        found.source, found.kind, found.roles, found.entries, _real(found, count), found.excluded, found.notes
    )


def _real(found: Reading, count: int) -> tuple[EvidenceError, ...]:
    """Return the faults but those that count rows of a text that has none."""
    return tuple(
        fault for fault in found.faults if not (fault.message.startswith("row ") and "is left out" in fault.message)
    )


def _per_pixel(axis: Axis, pixels: float) -> str:
    assert axis.per_pixel is not None
    size = axis.per_pixel * pixels
    return f"{100 * size:.2g} %" if axis.logarithmic else f"{size:.3g}"


def _units(work: Work, row: int) -> tuple[str, str]:
    units = work.asked.units
    if "value" not in units:
        work.fault(row + 1, "value", "digitised values have no unit", 'pass units={"value": "ug/mL", "time": "h"}')
    if "time" not in units:
        work.fault(row + 1, "time", "digitised times have no unit", 'pass units={"value": "ug/mL", "time": "h"}')
    return units.get("value", ""), units.get("time", "h")


def _entry(asked: Asked, row: int, arm: str, time: float, value: float, unit: str, sigma: float | None) -> Entry:
    constants = asked.constants
    return Entry(
        row=row, value=value, unit=unit, arm=constants.get("arm", arm), what=constants.get("what", ""), time=time,
        spread=sigma, spread_kind="none" if sigma is None else "sem", subject=constants.get("subject", ""),
        note=constants.get("note", "digitised"),
    )  # fmt: skip


def _series(project: Any, where: Place, work: Work) -> list[tuple[str, Axis, list[Any]]]:
    """Return the series of either version: name, vertical axis, points."""
    if isinstance(project, dict) and isinstance(project.get("datasetColl"), list):
        axes = {
            str(axis.get("name", "")): _axis(axis, axis.get("calibrationPoints"))
            for axis in _dicts(project.get("axesColl"))
            if _is_xy(axis, work)
        }
        only = next(iter(axes.values())) if len(axes) == 1 else None
        found = []
        for series in _dicts(project["datasetColl"]):
            axis = axes.get(str(series.get("axesName", "")), only)
            found.append((str(series.get("name", "")), axis or Axis(False, None), _list(series.get("data"))))
        return found
    old = project.get("wpd") if isinstance(project, dict) else None
    if isinstance(old, dict) and isinstance(old.get("dataSeries"), list):
        scales = old.get("axesParameters")
        axis = _axis(scales if isinstance(scales, dict) else {}, old.get("calibration"))
        return [(str(s.get("name", "")), axis, _list(s.get("data"))) for s in _dicts(old["dataSeries"])]
    raise EvidenceError(
        "The file is no project of WebPlotDigitizer",
        where=where,
        remedy="it has datasetColl (version 4) or wpd (version 3)",
    )


def _is_xy(axis: Mapping[str, Any], work: Work) -> bool:
    kind = axis.get("type", "XYAxes")
    if kind != "XYAxes":
        work.notes.append(
            f"the axes {axis.get('name')!r} are {kind}, not x and y: their points have no error of digitising"
        )
    return bool(kind == "XYAxes")


def _axis(scales: Mapping[str, Any], calibration: Any) -> Axis:
    """Return the vertical axis from the last two of four calibration points."""
    logarithmic = scales.get("isLogY") is True
    points = _dicts(calibration)
    if len(points) < 4:
        return Axis(logarithmic, None)
    first, second = (_calibrated(point, logarithmic) for point in points[2:4])
    if first is None or second is None or first[0] == second[0] or first[1] == second[1]:
        return Axis(logarithmic, None)
    return Axis(logarithmic, abs((second[1] - first[1]) / (second[0] - first[0])))


def _calibrated(point: Mapping[str, Any], logarithmic: bool) -> tuple[float, float] | None:
    try:
        pixel, value = float(point["py"]), float(point["dy"])
        return (pixel, math.log(value) if logarithmic else value) if math.isfinite(pixel + value) else None
    except (KeyError, TypeError, ValueError):
        return None


def _pair(point: Any) -> tuple[float, float] | None:
    value = point.get("value") if isinstance(point, dict) else None
    if not isinstance(value, list) or len(value) < 2 or any(isinstance(v, bool) for v in value[:2]):
        return None
    try:
        x, y = float(value[0]), float(value[1])
    except (TypeError, ValueError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [item for item in _list(given) if isinstance(item, dict)]


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []
