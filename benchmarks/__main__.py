"""``python -m benchmarks [M1 M2 …]``: ratios to the peers that are installed, as a table and as out/bench.json."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sympy.core.cache import clear_cache

from benchmarks.measure import Point, at_target, curve
from benchmarks.models import ALL, Problem, deviation
from benchmarks.tools import REQUIRED, TOOLS, Run, Tool, own_one, own_population, own_sensitivities
from exodelivery.solve.timeline import Array

SETS, FEW = 512, 8


def main(names: list[str]) -> None:
    rows: list[dict[str, Any]] = []
    for name in names or list(ALL):
        problem = ALL[name]()
        rows += _tasks(problem)
    rows += [_row("one run", "", Missing(tool), "not written or not installed") for tool in REQUIRED]
    folder = Path("out")
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(rows, indent=1, allow_nan=False))
    print(f"\n{len(rows)} rows in {folder / 'bench.json'}")


def _tasks(problem: Problem) -> list[dict[str, Any]]:
    reference = own_one(problem)(1e-12)
    other = TOOLS[1].one(problem)(1e-12)
    print(f"\n{problem.name}: references of two methods agree to {deviation(reference, other):.0e}")
    sets = problem.population(SETS)
    many = own_population(problem, sets[:FEW])(1e-12)
    by = own_sensitivities(problem)(1e-12)
    weights = np.abs(reference).max(axis=0)[:, None] / problem.parameters[None, :]
    scaled = by / weights

    def scaled_run(run: Run) -> Run:
        return lambda relative: (run(relative) / weights).reshape(len(by), -1)

    rows = _task("one run", problem, reference, lambda tool: (tool.one(problem), 1))
    rows += _task(
        "population",
        problem,
        many,
        lambda tool: (
            (tool.population(problem, sets), SETS)
            if tool.name == "exodelivery"
            else (tool.population(problem, sets[:FEW]), FEW)
        ),
    )
    rows += _task(
        "sensitivities",
        problem,
        scaled.reshape(len(by), -1),
        lambda tool: (scaled_run(tool.sensitivities(problem)), 1) if tool.sensitivities else None,
    )
    return rows + _builds(problem)


def _task(
    task: str, problem: Problem, reference: Array, make: Callable[[Tool], tuple[Run, int] | None]
) -> list[dict[str, Any]]:
    rows = []
    for tool in TOOLS:
        if not tool.version:
            rows.append(_row(task, problem.name, tool, "missing"))
            continue
        made = make(tool)
        if made is None:
            continue
        points = curve(made[0], reference, made[1], repeats=5 if tool.name == "exodelivery" else 2)
        rows.append(_row(task, problem.name, tool, "", at_target(points), points))
    ours = next(row["value"] for row in rows if row["tool"] == "exodelivery")
    for row in rows:
        row["ratio"] = row["value"] / ours if row["value"] and ours else None
        shown = (
            row["note"] if row["value"] is None else f"{row['value']:12.1f} {row['unit']}  {row['ratio'] or 0:8.1f} ×"
        )
        print(f"  {task:14} {row['tool']:14} {shown}", flush=True)
    return rows


def _builds(problem: Problem) -> list[dict[str, Any]]:
    """Time from equations to a first solution, with no parameter sensitive and with every one."""
    rows = []
    for task, make in (("build", own_one), ("build with sensitivities", own_sensitivities)):
        clear_cache()
        begin = time.thread_time()
        make(problem)(1e-6)
        row = _row(task, problem.name, TOOLS[0], "", time.thread_time() - begin)
        rows.append(row)
        print(f"  {task:30} {row['value'] / 1e3:8.0f} ms (machine code from the cache)")
    return rows


class Missing:
    """A peer that has no row."""

    version = ""

    def __init__(self, name: str) -> None:
        self.name = name


def _row(
    task: str, model: str, tool: Tool | Missing, note: str, seconds: float = math.nan, points: list[Point] | None = None
) -> dict[str, Any]:
    known = math.isfinite(seconds)
    return {
        "task": task,
        "model": model,
        "tool": tool.name,
        "value": 1e6 * seconds if known else None,
        "unit": "us",
        "error": 1e-6 if points else None,
        "ratio": None,
        "versions": {tool.name: tool.version},
        "note": note or ("" if known else "did not reach the error"),
        "points": [[point.relative, point.error, 1e6 * point.seconds] for point in points or []],
    }


if __name__ == "__main__":
    main(sys.argv[1:])
