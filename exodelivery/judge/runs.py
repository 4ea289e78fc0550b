"""Floor 8: many runs of one carrier under one dose, read for all metrics at once, in chunks that any executor may take.

Points are drawn before anything is handed out and a chunk holds nothing but data, so results do not depend on who runs
them. A run that fails leaves NaN and its sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from exodelivery.compile.machine import Machine, machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, SimulationError
from exodelivery.judge.matching import matched
from exodelivery.judge.metrics import Reading
from exodelivery.solve.events import follow
from exodelivery.solve.records import Leg, legs, lines, read_by_doses
from exodelivery.solve.solvers.protocol import SolverOfMany, of_amounts, solver
from exodelivery.solve.timeline import Array

TOLERANCE = 1e-6
CHUNK = 25
PANELS, NODES = 24, 6
_NODES, _HEIGHTS = np.polynomial.legendre.leggauss(NODES)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Runs of one model at some points.

    Attributes
    ----------
    model, baseline : Model
        The dose is matched to what the regimen gives the baseline.
    matching : str
    regimen : Regimen
    horizon : float
        [h].
    observables : tuple of str
    values : array, (points, parameters)
        The model's [base units].
    baseline_values : array, (points, parameters)
        The baseline's.
    solver : str
    """

    model: Model
    baseline: Model
    matching: str
    regimen: Regimen
    horizon: float
    observables: tuple[str, ...]
    values: Array
    baseline_values: Array
    solver: str

    def chunk(self, points: slice) -> Task:
        """Return the same task at some of its points."""
        return replace(self, values=self.values[points], baseline_values=self.baseline_values[points])


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What came of a task: area and end of each observable, (points, observables), and a sentence for each failure."""

    area: Array
    end: Array
    failures: tuple[tuple[int, str], ...]

    def reading(self, observables: Sequence[str]) -> Reading:
        """Return the columns by name."""
        return Reading(
            {name: self.area[:, n] for n, name in enumerate(observables)},
            {name: self.end[:, n] for n, name in enumerate(observables)},
        )


def perform(task: Task) -> Done:
    """Run a task; a top-level function of plain data, so that processes can take it.

    Compiled solvers take all points over lanes; what they cannot (resets, steady states) goes one by one.
    """
    compiled, method = machine(task.model), solver(task.solver)
    if not method.accepts(compiled.system.equations):
        raise SimulationError(f"the solver {task.solver!r} cannot take this model", remedy='use solver="lsoda"')
    area, end = np.full((2, len(task.values), len(task.observables)), np.nan)
    times, weights = quadrature(task.regimen, task.horizon)
    columns, factors = _columns(compiled, task.observables)
    courses, failures = _courses(task, compiled)
    together: list[int] = []
    if isinstance(method, SolverOfMany):
        together = [n for n, course in enumerate(courses) if len(course) == 1]
    if together and isinstance(method, SolverOfMany):
        curves, failed = _together(method, compiled, task, [courses[n][0] for n in together], together, times)
        curves = curves[:, :, columns] / factors
        area[together], end[together] = np.einsum("t,ntc->nc", weights, curves), curves[:, -1]
        failures |= {together[place]: what for place, what in failed.items()}
    for n in sorted(set(range(len(task.values))) - set(together) - set(failures)):
        _, found = follow(compiled, method, task.values[n], courses[n], times, of_amounts(TOLERANCE))
        if not found.outcome:
            failures[n] = found.outcome.named([one.name for one in compiled.system.variables]).what
            continue
        alone = compiled.kernels("numpy").outputs(times, found.states, task.values[n])[:, columns] / factors
        area[n], end[n] = weights @ alone, alone[-1]
    return Done(area, end, tuple(sorted(failures.items())))


def _courses(task: Task, compiled: Machine) -> tuple[list[tuple[Leg, ...]], dict[int, str]]:
    """Return what is given at each point, no legs where it cannot be, and why; points that get the same share it."""
    baseline, read = machine(task.baseline).system, read_by_doses(compiled.system)
    matter = [n for n, parameter in enumerate(compiled.system.parameters) if parameter.name in read]
    known: dict[tuple[object, ...], tuple[Leg, ...]] = {}
    found: list[tuple[Leg, ...]] = []
    failures: dict[int, str] = {}
    for n, (values, baseline_values) in enumerate(zip(task.values, task.baseline_values, strict=True)):
        try:
            regimen = matched(task.matching, task.regimen, baseline, baseline_values)
            key = (*(dose.amount for dose in regimen.doses), *values[matter].tolist())
            if key not in known:
                given = lines(compiled.system, values, regimen)
                known[key] = legs(compiled.system, values, given, regimen, task.horizon)
            found.append(known[key])
        except DoseError as error:
            failures[n] = error.message
            found.append(())
    return found, failures


def _together(
    method: SolverOfMany, compiled: Machine, task: Task, courses: list[Leg], chosen: list[int], times: Array
) -> tuple[Array, dict[int, str]]:
    """Return all outputs of the chosen points, (chosen, times, outputs), and how those ended that failed."""
    timelines = list({id(course): course.timeline for course in courses}.values())
    places = {mark: n for n, mark in enumerate({id(course): None for course in courses})}
    found = method.solve_many(
        compiled.kernels("llvm"),
        task.values[chosen],
        timelines,
        [times] * len(timelines),
        of_amounts(TOLERANCE),
        subjects=np.array([places[id(course)] for course in courses], dtype=np.int64),
        outputs=True,
        threads=1,
    )
    names = [one.name for one in compiled.system.variables]
    curves = found.rows.reshape(len(chosen), len(times), -1).copy()
    failed = {int(n): found.outcome(int(n)).named(names).what for n in found.failed}
    curves[list(failed)] = np.nan
    return curves, failed


def _columns(compiled: Machine, observables: tuple[str, ...]) -> tuple[list[int], Array]:
    known = {column.name: n for n, column in enumerate(compiled.system.columns)}
    places = [known[name] for name in observables]
    return places, np.array([compiled.system.columns[place].factor for place in places])


def quadrature(regimen: Regimen, horizon: float) -> tuple[Array, Array]:
    """Gauss points of panels that grow after each breakpoint, and the horizon itself with no weight."""
    edges = {
        0.0,
        horizon,
        *(d.at for d in regimen.single_doses),
        *(d.at + d.over for d in regimen.single_doses),
    }
    breaks = sorted(edge for edge in edges if edge <= horizon)
    growth = np.expm1(np.linspace(0, 12, PANELS + 1)) / np.expm1(12)
    cuts = np.concatenate([a + (b - a) * growth[:-1] for a, b in pairwise(breaks)])
    widths = np.diff([*cuts, horizon])
    times = (cuts + widths / 2)[:, None] + widths[:, None] / 2 * _NODES
    weights = widths[:, None] / 2 * _HEIGHTS
    return np.append(times.ravel(), horizon), np.append(weights.ravel(), 0.0)


def perform_all(tasks: Sequence[Task], executor: Executor | int | None = None, progress: bool = False) -> list[Done]:
    """Run tasks in chunks, serially or on an executor, and gather them in order.

    Parameters
    ----------
    tasks : sequence of Task
    executor : Executor, int or None
        An executor of the standard library's kind, a number of threads, or None for one after the other.
    progress : bool
        Show a bar.
    """
    from tqdm import tqdm

    slices = [[slice(start, start + CHUNK) for start in range(0, max(len(task.values), 1), CHUNK)] for task in tasks]
    chunks = [task.chunk(part) for task, parts in zip(tasks, slices, strict=True) for part in parts]
    with tqdm(total=sum(len(task.values) for task in tasks), unit="run", disable=not progress) as bar:
        pieces = []
        for piece in _performed(chunks, executor):
            pieces.append(piece)
            bar.update(len(piece.area))
    found, at = [], 0
    for parts in slices:
        found.append(_joined(pieces[at : at + len(parts)], [part.start for part in parts]))
        at += len(parts)
    return found


def _performed(chunks: Sequence[Task], executor: Executor | int | None) -> Iterator[Done]:
    if executor is None:
        yield from map(perform, chunks)
        return
    with _opened(executor) as pool:
        waiting: list[Future[Done]] = [pool.submit(perform, chunk) for chunk in chunks]
        try:
            for future in waiting:
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _opened(executor: Executor | int) -> Iterator[Executor]:
    if isinstance(executor, int):
        with ThreadPoolExecutor(executor) as pool:
            yield pool
    else:
        yield executor


def _joined(pieces: Sequence[Done], starts: Sequence[int]) -> Done:
    return Done(
        np.concatenate([piece.area for piece in pieces]),
        np.concatenate([piece.end for piece in pieces]),
        tuple((start + n, what) for start, piece in zip(starts, pieces, strict=True) for n, what in piece.failures),
    )
