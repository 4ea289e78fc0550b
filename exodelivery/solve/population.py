"""Floor 6: many parameter sets and subjects of one model at once: what was asked for, at the times asked for, no more.

Compiled solvers take all sets over lanes and cores; a regimen with resets, steady states or conditions, and solvers
that know one run only, go set by set. A set's numbers are the same bits whatever runs beside it, and a set that fails
costs only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine, emit
from exodelivery.compile.system import System
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, SimulationError
from exodelivery.solve.ensemble import Ensemble, Whole
from exodelivery.solve.events import follow
from exodelivery.solve.inputs import in_base
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.records import Leg, legs, lines, read_by_doses
from exodelivery.solve.simulate import Values, machine_for
from exodelivery.solve.solvers.protocol import SolverOfMany, Tolerance, of_amounts
from exodelivery.solve.solvers.protocol import solver as named_solver
from exodelivery.solve.timeline import Array
from exodelivery.solve.triggers import resolve
from exodelivery.units import hours, unit


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a run of sets is asked for, as :func:`~exodelivery.simulate` takes it."""

    sets: Any
    times: Any
    subjects: Any = None
    threads: int | None = None
    progress: bool = False


def simulate_sets(
    model: Model,
    regimens: Regimen | Sequence[Regimen],
    asked: Asked,
    *,
    values: Mapping[str, str | float] | None = None,
    using: Values | None = None,
    solver: str | None = None,
    tolerance: float = 1e-8,
    keep: tuple[str, ...] = (),
) -> Ensemble:
    """Run a model for many parameter sets; :func:`~exodelivery.simulate` is its public door and says what it takes.

    Returns
    -------
    Ensemble

    Raises
    ------
    SimulationError
        For an unknown parameter or solver, or arrays that do not fit one another.
    """
    from tqdm import tqdm

    given = (regimens,) if isinstance(regimens, Regimen) else tuple(regimens)
    if not given:
        raise SimulationError("there is no regimen", remedy="give one, or one to each subject")
    compiled = machine_for(model, sum(given, Regimen()), keep)
    base = compiled.values_with({**(using.values_for(model) if using else {}), **in_base(model, values or {})})
    numbers = _numbers(compiled.system, base, asked.sets, len(given))
    grids = _grids(asked.times, len(given))
    subjects = _subjects(asked.subjects, len(numbers), len(given))
    columns, outputs = _columns(compiled.system, keep)
    method = _method(compiled, solver)
    times = grids * (1 if len(grids) == len(given) else len(given))
    courses, whose, failures = _courses(compiled.system, numbers, given, subjects, times)
    failures |= _unfit(compiled.system, numbers)
    plan = _Plan(compiled, outputs, numbers, given, courses, whose, subjects, times, of_amounts(tolerance))
    crowd = isinstance(method, SolverOfMany)
    together = np.array([crowd and n not in failures and len(courses[whose[n]]) == 1 for n in range(len(numbers))])
    with tqdm(total=len(numbers), unit="run", disable=not asked.progress) as bar:
        found = plan.together(method, np.flatnonzero(together), failures, asked.threads, bar.update)
        for n in np.flatnonzero(~together).tolist():
            if n not in failures:
                plan.alone(method, n, found[plan.rows(n)], failures)
            bar.update()
    found /= [unit(written).factor for _, written in columns]
    states = [variable.name for variable in compiled.system.variables]
    failures = {n: outcome.named(states) for n, outcome in failures.items()}
    return Ensemble(model, columns, grids, subjects, found, failures, method.name)


def _numbers(system: System, base: Array, sets: Any, regimens: int) -> Array:
    """Return all parameters of all sets, (sets, parameters) [base units]."""
    places = {parameter.name: n for n, parameter in enumerate(system.parameters)}
    columns: dict[str, Array] = {}
    heads = {head: str(head).removesuffix("]").partition(" [") for head in sets}
    in_base(system.model, {name: f"1 {written}" if written else 1.0 for name, _, written in heads.values()})
    for head, given in sets.items():
        name, _, written = heads[head]
        columns[name] = np.asarray(given, dtype=float) * (unit(written).factor if written else 1.0)
    sizes = {column.shape for column in columns.values()} or {(regimens,)}
    if len(sizes) > 1 or len(next(iter(sizes))) != 1:
        raise SimulationError(f"sets have the shapes {sorted(sizes)}", remedy="give one value a set to each name")
    found = np.tile(base, (next(iter(sizes))[0], 1))
    for name, column in columns.items():
        if name in places:
            found[:, places[name]] = column
    return found


def _grids(times: Any, regimens: int) -> tuple[Array, ...]:
    """Return the times of all subjects, or one array for all [h]."""
    if times is None or not len(times):
        raise SimulationError("sets are read at times", remedy='give times=["1 h", "4 h", "1 d"]')
    shared = isinstance(times[0], str) or np.ndim(times[0]) == 0
    grids = tuple(np.array([hours(time) for time in grid]) for grid in ([times] if shared else times))
    if not shared and len(grids) != regimens:
        raise SimulationError(f"there are {regimens} regimens, but times of {len(grids)}", remedy="give times to each")
    for grid in grids:
        if not len(grid) or not np.all(np.isfinite(grid)) or grid[0] < 0 or np.any(np.diff(grid) < 0):
            raise SimulationError("times are finite, not negative, and rise", remedy="sort them")
    return grids


def _subjects(subjects: Any, sets: int, regimens: int) -> Whole:
    if subjects is None:
        if regimens not in (1, sets):
            raise SimulationError(f"{regimens} regimens for {sets} sets", remedy="say with subjects= which is whose")
        return np.zeros(sets, dtype=np.int64) if regimens == 1 else np.arange(sets, dtype=np.int64)
    found = np.asarray(subjects)
    if (
        found.shape != (sets,)
        or found.dtype.kind not in "iu"
        or (sets and not 0 <= found.min() <= found.max() < regimens)
    ):
        raise SimulationError(f"subjects name one of {regimens} regimens for each of {sets} sets, counted from 0")
    return found.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    compiled: Machine
    outputs: tuple[Any, ...]
    numbers: Array
    regimens: tuple[Regimen, ...]
    courses: list[tuple[Leg, ...]]
    whose: Whole
    subjects: Whole
    times: tuple[Array, ...]
    tolerance: Tolerance
    bounds: Whole = field(init=False)

    def __post_init__(self) -> None:
        counts = [len(self.times[subject]) for subject in self.subjects]
        object.__setattr__(self, "bounds", np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]))

    def rows(self, n: int) -> slice:
        """Return the rows of one set."""
        return slice(int(self.bounds[n]), int(self.bounds[n + 1]))

    def together(
        self,
        method: SolverOfMany,
        chosen: Whole,
        failures: dict[int, Outcome],
        threads: int | None,
        progress: Callable[[int], object],
    ) -> Array:
        """Return room for the answers of all sets, filled for those chosen."""
        bounds = self.bounds
        values = np.full((int(bounds[-1]) if len(chosen) < len(self.numbers) else 0, len(self.outputs)), np.nan)
        if not len(chosen):
            return values
        everyone = len(chosen) == len(self.numbers)
        used, course = np.unique(self.whose[chosen], return_inverse=True)
        owners = dict(zip(self.whose.tolist(), self.subjects.tolist(), strict=True))
        done = [0]

        def tell(count: int) -> None:
            progress(count - done[0])
            done[0] = count

        found = method.solve_many(
            emit("llvm", replace(self.compiled.system.equations, outputs=self.outputs)),
            self.numbers if everyone else self.numbers[chosen],
            [self.courses[place][0].timeline for place in used],
            [self.times[owners[place]] for place in used.tolist()],
            self.tolerance,
            subjects=course.ravel().astype(np.int64),
            outputs=True,
            threads=threads,
            progress=tell,
        )
        failures |= {int(chosen[n]): found.outcome(int(n)) for n in found.failed}
        if everyone:
            return found.rows
        counts = bounds[chosen + 1] - bounds[chosen]
        values[np.repeat(bounds[chosen] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())] = found.rows
        return values

    def alone(self, method: Any, n: int, values: Array, failures: dict[int, Outcome]) -> None:
        """Fill the answers of one set."""
        numbers, times = self.numbers[n], self.times[self.subjects[n]]
        regimen, course, resolved = self.regimens[self.subjects[n]], self.courses[self.whose[n]], None
        if regimen.triggers:
            end = float(times[-1])
            try:
                resolved = resolve(self.compiled, method, numbers, regimen, end, self.tolerance)
                given = lines(self.compiled.system, numbers, resolved.regimen)
                course = legs(self.compiled.system, numbers, given, resolved.regimen, end)
            except DoseError as error:
                failures[n] = Outcome(False, error.message, 0.0, remedy=error.remedy)
                return
        _, found = follow(self.compiled, method, numbers, course, times, self.tolerance)
        if not found.outcome or (resolved is not None and not resolved.outcome):
            failures[n] = found.outcome if resolved is None or not found.outcome else resolved.outcome
        equations = replace(self.compiled.system.equations, outputs=self.outputs)
        values[:] = emit("numpy", equations).outputs(times, found.states, numbers)


def _columns(system: System, keep: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], tuple[Any, ...]]:
    """Return names and units of what is read, and its expressions."""
    pools = {variable.name: variable.unit for variable in system.variables if variable.kind != "account"}
    kept = list(pools) if "all" in keep else [name for name in keep if name in pools]
    columns = [(column.name, column.unit) for column in system.columns] + [(name, pools[name]) for name in kept]
    states = (system.equations.states[system.index(name)] for name in kept)
    return tuple(columns), (*system.equations.outputs, *states)


def _method(compiled: Machine, name: str | None) -> Any:
    equations = compiled.system.equations
    if name is None:
        name = "exact" if named_solver("exact").accepts(equations) else "rodas5p"
    method = named_solver(name)
    if not method.accepts(equations):
        raise SimulationError(
            f"the solver {name!r} cannot take this model", remedy="leave the choice of the solver out"
        )
    return method


def _courses(
    system: System, numbers: Array, regimens: Sequence[Regimen], subjects: Whole, times: Sequence[Array]
) -> tuple[list[tuple[Leg, ...]], Whole, dict[int, Outcome]]:
    """Return dosing courses, which of them each set has, and how sets ended that cannot take their dose.

    Sets of one subject share a course unless a parameter differs that doses depend on.
    """
    read = read_by_doses(system) | {one.name for regimen in regimens for one in regimen.inputs}
    matter = [
        n
        for n, parameter in enumerate(system.parameters)
        if parameter.name in read and np.any(numbers[:, n] != numbers[0, n])
    ]
    keys = np.column_stack([subjects, numbers[:, matter]])
    _, firsts, whose = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    whose = whose.ravel().astype(np.int64)
    found: list[tuple[Leg, ...]] = []
    failures: dict[int, Outcome] = {}
    for place, first in enumerate(firsts):
        regimen, end = regimens[subjects[first]], float(times[subjects[first]][-1])
        if regimen.triggers:  # each set has moments of its own
            found.append(())
            continue
        try:
            found.append(legs(system, numbers[first], lines(system, numbers[first], regimen), regimen, end))
        except DoseError as error:
            found.append(())
            outcome = Outcome(False, error.message, 0.0, remedy=error.remedy)
            failures |= dict.fromkeys(np.flatnonzero(whose == place).tolist(), outcome)
    return found, whose, failures


def _unfit(system: System, numbers: Array) -> dict[int, Outcome]:
    """Return how sets ended that hold no possible value."""
    found = {}
    for n, parameter in enumerate(system.parameters):
        column = numbers[:, n]
        bad = ~np.isfinite(column)
        if parameter.quantity.scale != "linear":
            bad |= column < 0
        for place in np.flatnonzero(bad).tolist():
            text = f"{parameter.name} is set to {column[place]:g}"
            found[place] = Outcome(False, text, 0.0, remedy="values are finite, and not negative where declared so")
    return found
