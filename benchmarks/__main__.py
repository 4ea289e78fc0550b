"""``python -m benchmarks [M1 M2 … ivp library theophylline curves]``: ratios to the peers that are installed.

The table goes to the screen and to ``out/bench.json``, which is written anew after every row.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.builds import builds
from benchmarks.curves import dose_response
from benchmarks.fits import fits
from benchmarks.limits import arithmetic_bound, memory
from benchmarks.measure import Point, at_target, curve, floor
from benchmarks.models import ALL, Problem, deviation
from benchmarks.others import ivp, library
from benchmarks.own import own_one, own_population, own_sensitivities
from benchmarks.protocol import Run, Tool
from benchmarks.rows import Row, Table, row
from benchmarks.theophylline import theophylline
from benchmarks.tools import TOOLS
from exodelivery.solve.timeline import Array

SETS, FEW = 512, 8
OTHERS: dict[str, Callable[[], Iterator[Row]]] = {
    "ivp": ivp,
    "library": library,
    "theophylline": theophylline,
    "curves": dose_response,
}
FLOORS = (0.1, 1.0, 10.0, 1000.0)
"""Absolute tolerances that a tool is tried with where small derivatives count, its best time being taken: those that
take one for all states get it from the smallest of them, and may want it from the largest."""
TINY = 1e-4
"""Of state over parameter: sensitivities below it count as against this, as none is known to more."""


def main(names: list[str]) -> None:
    table = Table()
    for name in names or [*ALL, *OTHERS]:
        if name in ALL:
            _model(ALL[name](), table)
        else:
            table.extend(
                {"ivp": ivp, "library": library, "theophylline": theophylline, "curves": dose_response}[name]()
            )
    print(f"\n{len(table.rows)} rows in {table.path}")


def _model(problem: Problem, table: Table) -> None:
    reference = own_one(problem)(1e-12)
    other = TOOLS[1].one(problem)(1e-12) if TOOLS[1].one else reference
    print(f"\n{problem.name}: references of two methods agree to {deviation(reference, other):.0e}")
    sets = problem.population(SETS)

    def one(tool: Tool) -> tuple[Run, int] | None:
        return (tool.one(problem), 1) if tool.one else None

    def population(tool: Tool) -> tuple[Run, int] | None:
        own = tool.name == "exodelivery"
        return (
            (tool.population(problem, sets[: None if own else FEW]), SETS if own else FEW) if tool.population else None
        )

    table.extend(_task("one run", problem, reference, one))
    table.extend(_task("population", problem, own_population(problem, sets[:FEW])(1e-12), population))
    if problem.name != "M1":
        table.extend(arithmetic_bound(problem, sets, _own_value(table)))
    _sensitivities(problem, reference, table)
    table.extend(builds(problem))
    if problem.name == "M2":
        table.extend(fits(problem))
        table.extend(memory(problem))


def _sensitivities(problem: Problem, states: Array, table: Table) -> None:
    """Errors are against |S| + 1e-3 max|S| + 1e-4 max|x| / p: a derivative of nothing has no relative error."""
    weights = np.abs(states).max(axis=0)[:, None] / problem.parameters[None, :]
    by = own_sensitivities(problem)(1e-12) / weights
    scale = np.abs(by) + 1e-3 * np.abs(by).max(axis=0) + TINY

    def made(tool: Tool) -> tuple[Run, int] | None:
        if tool.sensitivities is None:
            return None
        run = tool.sensitivities(problem)
        # handed on as a deviation from 1, so that the common measure of errors gives this one's
        return (
            lambda relative: (
                1.0 + np.abs(run(relative) / weights - by).reshape(len(by), -1) / scale.reshape(len(by), -1)
            )
        ), 1

    table.extend(_task("sensitivities", problem, np.full((len(by), by[0].size), 1.0), made, FLOORS))


def _own_value(table: Table) -> float:
    return float(next(one["value"] for one in reversed(table.rows) if one["tool"] == "exodelivery"))


def _task(
    task: str,
    problem: Problem,
    reference: Array,
    make: Callable[[Tool], tuple[Run, int] | None],
    floors: tuple[float, ...] = (1.0,),
) -> Iterator[Row]:
    ours = float("nan")
    for tool in TOOLS:
        skipped = dict(tool.skip).get(problem.name, "")
        if not tool.version or skipped:
            if task != "sensitivities" or tool.sensitivities:
                yield row(task, problem.name, tool, note=skipped or "missing: it could not be installed here")
            continue
        try:
            if make(tool) is None:
                continue
            points = _best(tool, make, reference, floors)
        except Exception as error:
            if tool.name == "exodelivery":
                raise
            yield row(task, problem.name, tool, note=f"failed: {type(error).__name__}: {error}"[:200])
            continue
        seconds = at_target(points)
        ours = seconds if tool.name == "exodelivery" else ours
        yield row(task, problem.name, tool, seconds=seconds, ours=ours, points=points)


def _best(
    tool: Tool, make: Callable[[Tool], tuple[Run, int] | None], reference: Array, floors: tuple[float, ...]
) -> list[Point]:
    """Return the points of the absolute tolerance with which the tool is quickest to the target."""
    found: list[Point] = []
    for multiple in floors if tool.quick else (1.0,):
        made = make(tool)
        if made is None:
            continue
        with floor(multiple):
            points = curve(made[0], reference, made[1], repeats=5 if tool.name == "exodelivery" else 2)
        if not found or not at_target(points) >= at_target(found):
            found = points if not found or np.isfinite(at_target(points)) else found
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
