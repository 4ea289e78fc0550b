"""Floor 7: a compiled model run for subjects, read at their sampling times, as a curve: one number a row.

Each subject's run is laid out once and then costs its steps only; derivatives are the solver's own sensitivities. What
a dose brings is laid out anew only where a free parameter moves it (a lag, a bioavailability, a molar mass).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, FitError, nearest
from exodelivery.solve.inputs import in_base
from exodelivery.solve.records import DOSING, legs, lines, lines_by
from exodelivery.solve.simulate import machine_for
from exodelivery.solve.solvers.protocol import of_amounts
from exodelivery.solve.timeline import Array
from exodelivery.units import unit

ACCURACY = 1e-7
"""Relative tolerance of runs; estimates do not feel it beyond 1e-5 of a standard error."""


@dataclass(eq=False)
class Course:
    """Runs of one model for one subject or more.

    Attributes
    ----------
    model : Model
    regimens : tuple of Regimen, (subjects,)
    subjects : array of int, (rows,)
        Whose each row is.
    times : array, (rows,)
        When it was taken [h].
    observables : tuple of str, (rows,)
        What was taken.
    free : mapping of str
        Parameters that may move, by full name, each with the unit of its numbers.
    values : mapping, optional
        Values laid over the model's.
    titles : tuple of str, (subjects,)
        What subjects are called in messages.
    accuracy : float
        Relative tolerance of the runs.
    """

    model: Model
    regimens: tuple[Regimen, ...]
    subjects: Any
    times: Array
    observables: tuple[str, ...]
    free: Mapping[str, str]
    values: Mapping[str, str | float] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    accuracy: float = ACCURACY

    def __post_init__(self) -> None:
        self.subjects = np.asarray(self.subjects, dtype=int)
        self.times = np.asarray(self.times, dtype=float)
        self._check()
        self.machine: Machine = machine_for(self.model, sum(self.regimens, Regimen()))
        system = self.machine.system
        places = {parameter.name: n for n, parameter in enumerate(system.parameters)}
        for name in self.free:
            if name not in places:
                raise FitError(f"the model has no parameter {name!r} that its runs use", remedy=nearest(name, places))
        self.base = self.machine.values_with(in_base(self.model, self.values))
        self.places = tuple(places[name] for name in self.free)
        self.factors = np.array([unit(written).factor for written in self.free.values()])
        columns = {column.name: n for n, column in enumerate(system.columns)}
        for name in dict.fromkeys(self.observables):
            if name not in columns:
                raise FitError(f"the model does not give {name!r}", remedy=nearest(name, columns))
        self._columns = np.array([columns[name] for name in self.observables])
        self._scale = np.array([column.factor for column in system.columns])[self._columns]
        self._grids, self._rows = self._laid_out()
        terms = [term for said in system.terms.values() for term in said.values()]
        used = {symbol.name for term in terms for symbol in getattr(term, "free_symbols", ())}
        self._moving = any(
            system.parameters[place].name.startswith(DOSING) or f"p{place}" in used for place in self.places
        )
        self._prepared: dict[bool, list[Any]] = {}
        self._many: Any = None

    def _check(self) -> None:
        sizes = {len(self.subjects), len(self.times), len(self.observables)}
        if len(sizes) != 1 or not len(self.times):
            raise FitError(f"rows have {len(self.subjects)} subjects, {len(self.times)} times, {len(self.observables)}")
        if not np.all(np.isfinite(self.times)) or np.any(self.times < 0):
            raise FitError("times are finite and not negative", remedy="count hours from the first dose")
        if self.subjects.min() < 0 or self.subjects.max() >= len(self.regimens):
            raise FitError(f"rows name a subject that is none of {len(self.regimens)}")
        if not self.free:
            raise FitError("no parameter may move", remedy='pass free={"disposition.k": "1/h"}')

    def _laid_out(self) -> tuple[list[Array], Any]:
        """Return each subject's times, and where each row stands among all of them."""
        grids, rows, first = [], np.empty(len(self.times), dtype=int), 0
        for n in range(len(self.regimens)):
            mine = np.flatnonzero(self.subjects == n)
            grid, where = np.unique(self.times[mine], return_inverse=True)
            rows[mine] = first + where.ravel()
            grids.append(grid)
            first += len(grid)
        return grids, rows

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters, in order."""
        return tuple(self.free)

    @property
    def rows(self) -> int:
        """How many numbers it predicts."""
        return len(self.times)

    def title(self, row: int) -> str:
        """Return subject, observable and time."""
        return f"{self.group(row)} {self.observables[row]} at {self.times[row]:g} h"

    def group(self, row: int) -> str:
        """Return the subject's name."""
        subject = int(self.subjects[row])
        return self.titles[subject] if self.titles else f"subject {subject + 1}"

    def numbers(self, values: Array) -> Array:
        """Return all parameters at free ones, (parameters,) [base units]."""
        found = self.base.copy()
        found[list(self.places)] = values * self.factors
        return found

    def predict(self, values: Array) -> Array:
        """Return the predictions, (rows,); NaN where a run failed."""
        numbers = self.numbers(values)
        states, _ = self._runs(numbers, varied=False)
        outputs = self.machine.kernels("numpy", self.places).outputs(self._all_times(), states, numbers)
        return np.asarray(outputs[self._rows, self._columns] / self._scale)

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions, (rows,), and their derivatives, (rows, parameters)."""
        numbers = self.numbers(values)
        states, by = self._runs(numbers, varied=True)
        kernels, times = self.machine.kernels("numpy", self.places), self._all_times()
        outputs = kernels.outputs(times, states, numbers)
        by_states = kernels.outputs_by_states(times, states, numbers)[self._rows, self._columns]
        plain = kernels.outputs_by_parameters(times, states, numbers)[self._rows, self._columns]
        found = np.einsum("rn,rnk->rk", by_states, by[self._rows]) + plain
        predicted = outputs[self._rows, self._columns] / self._scale
        return predicted, found * self.factors / self._scale[:, None]

    def predict_many(self, values: Array, threads: int | None = 1) -> Array:
        """Return the predictions of many parameter sets, (sets, rows): all runs at once, over lanes.

        Parameters
        ----------
        values : array, (sets, parameters)
        threads : int, optional
            One unless told otherwise; the bits are the same whatever the number.
        """
        from exodelivery.solve.solvers.exact import ExactSolver
        from exodelivery.solve.solvers.rodas5p import Rodas5pSolver

        system, sets, subjects = self.machine.system, len(values), len(self.regimens)
        numbers = np.tile(self.base, (sets, 1))
        numbers[:, list(self.places)] = values * self.factors
        if self._moving:
            return np.array([self.predict(one) for one in values])
        courses = []
        for regimen, grid in zip(self.regimens, self._grids, strict=True):
            only, *_ = legs(system, numbers[0], lines(system, numbers[0], regimen), regimen, float(grid[-1]))
            courses.append(only.timeline)
        if self._many is None:
            exact = ExactSolver()
            self._many = exact if exact.accepts(system.equations) else Rodas5pSolver()
        found = self._many.solve_many(
            self.machine.kernels("llvm"),
            np.repeat(numbers, subjects, axis=0),
            courses,
            self._grids,
            of_amounts(self.accuracy),
            subjects=np.tile(np.arange(subjects, dtype=np.int64), sets),
            outputs=True,
            threads=threads,
        )
        rows = found.rows.reshape(sets, -1, found.rows.shape[1])
        return np.asarray(rows[:, self._rows, self._columns] / self._scale)

    def _all_times(self) -> Array:
        return np.concatenate(self._grids)

    def _runs(self, numbers: Array, *, varied: bool) -> tuple[Array, Array]:
        """Return states and their derivatives at all times of all subjects; NaN where a run failed."""
        if self._moving or varied not in self._prepared:
            try:
                self._prepared[varied] = self._prepare(numbers, varied)
            except DoseError:
                count = sum(map(len, self._grids))
                size = len(self.base), len(self.machine.system.variables)
                return np.full((count, size[1]), np.nan), np.full((count, size[1], len(self.places)), np.nan)
        states, by = [], []
        for one in self._prepared[varied]:
            found = one.solve(numbers)
            states.append(found.states)
            if varied:
                by.append(found.sensitivities)
        return np.concatenate(states), np.concatenate(by) if varied else np.empty(0)

    def _prepare(self, numbers: Array, varied: bool) -> list[Any]:
        from exodelivery.solve.solvers.rodas5p import Rodas5pSolver

        system = self.machine.system
        kernels = self.machine.kernels("llvm", self.places if varied else ())
        found = []
        for regimen, grid in zip(self.regimens, self._grids, strict=True):
            given = lines_by(system, numbers, regimen, self.places) if varied else lines(system, numbers, regimen)
            only, *more = legs(system, numbers, given, regimen, float(grid[-1]))
            if more:
                raise FitError(
                    "a regimen with resets or steady states is no one course",
                    remedy="write its doses one by one, or use a recipe",
                )
            found.append(Rodas5pSolver().prepare(kernels, only.timeline, grid, of_amounts(self.accuracy)))
        return found

    def take(self, rows: Sequence[int] | Array) -> Course:
        """Return the same course for some of its rows, as a bootstrap draws them."""
        chosen = np.asarray(rows, dtype=int)
        return Course(
            self.model,
            self.regimens,
            self.subjects[chosen],
            self.times[chosen],
            tuple(self.observables[row] for row in chosen),
            self.free,
            self.values,
            self.titles,
            self.accuracy,
        )
