"""One row of the table, and the table, which is on disk after every row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.measure import TARGET, Point
from benchmarks.protocol import Tool

Row = dict[str, Any]


def row(
    task: str,
    model: str,
    tool: Tool | str,
    *,
    seconds: float = math.nan,
    ours: float = math.nan,
    points: list[Point] | None = None,
    note: str = "",
    error: float | None = None,
) -> Row:
    """Return a row; ``ratio`` is its time over ours."""
    name = tool if isinstance(tool, str) else tool.name
    known = math.isfinite(seconds)
    return {
        "task": task,
        "model": model,
        "tool": name,
        "value": 1e6 * seconds if known else None,
        "unit": "us",
        "error": TARGET if points and known else error,
        "ratio": seconds / ours if known and ours > 0 else None,
        "versions": {} if isinstance(tool, str) else {name: tool.version},
        "note": note or ("" if known else "did not reach the error"),
        "points": [[point.relative, point.error, 1e6 * point.seconds] for point in points or []],
    }


class Table:
    """Rows so far."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.path = Path("out") / "bench.json"
        self.path.parent.mkdir(exist_ok=True)

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows as they come, each at once on the screen and on disk."""
        for one in rows:
            self.rows.append(one)
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(self.rows, indent=1, allow_nan=False))
            part.replace(self.path)
            value = "" if one["value"] is None else f"{one['value']:12.1f} {one['unit']}"
            ratio = "" if one["ratio"] is None else f"{one['ratio']:8.2f} x"
            print(
                f"  {one['task']:14} {one['model']:24.24} {one['tool']:17} {value:>16} {ratio:>11}  {one['note']}",
                flush=True,
            )
