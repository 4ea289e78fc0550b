"""Floor 7: models and studies as one least-squares problem: residuals of records, then of priors, and their Jacobian.

Unknowns are whitened, ``(on its scale - centre) / sd``, so that a prior is a unit normal and its residual is the number
itself. The Jacobian re-runs only arms whose model uses the unknown, and skips what never moved an arm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from exodelivery.declare.model import Parameter
from exodelivery.declare.shelf import find, locate
from exodelivery.errors import FitError
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.study import Study
from exodelivery.fitting.arms import ArmOfFit, LeftOut, arm_of_fit, positions, sort_records
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.fitting.unknowns import Unknown, identities_of, unknowns_of
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array

STEP = 2e-3
"""Of a central difference on an unknown's own scale, kept below a tenth of its standard deviation."""
CHUNK = 12
"""Runs to a task of an executor."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A recipe made ready.

    Attributes
    ----------
    recipe : Recipe
    studies : tuple of Study
    arms : tuple of ArmOfFit
    unknowns : tuple of Unknown, (unknowns,)
    uses : tuple of (array, array)
        For each arm, the places of its free parameters and the unknowns that they are.
    left_out : tuple of LeftOut
    solver : str
    """

    recipe: Recipe
    studies: tuple[Study, ...]
    arms: tuple[ArmOfFit, ...]
    unknowns: tuple[Unknown, ...]
    uses: tuple[tuple[Array, Array], ...]
    left_out: tuple[LeftOut, ...]
    solver: str

    @property
    def records(self) -> int:
        """How many records are used."""
        return sum(len(arm.rows) for arm in self.arms)

    @property
    def start(self) -> Array:
        """The library's values, whitened, (unknowns,)."""
        return np.array([(u.start - u.centre) / u.sd for u in self.unknowns])

    def on_scale(self, white: Array) -> Array:
        """Return whitened unknowns on their own scales, (…, unknowns)."""
        found: Array = self._centres() + white * self._sds()
        return found

    def _centres(self) -> Array:
        return np.array([unknown.centre for unknown in self.unknowns])

    def _sds(self) -> Array:
        return np.array([unknown.sd for unknown in self.unknowns])

    def numbers(self, arm: int, white: Array) -> Array:
        """Return an arm's parameters at whitened unknowns, (parameters,) [base units]."""
        values: Array = self.arms[arm].machine.values
        for place, n in zip(*self.uses[arm], strict=True):
            unknown = self.unknowns[n]
            values[place] = unknown.base(unknown.centre + unknown.sd * white[n])
        return values

    def predict(self, arm: int, whites: Array) -> list[list[Value]]:
        """Return the predictions of an arm at many points, one list a point.

        Parameters
        ----------
        arm : int
        whites : array, (points, unknowns)
        """
        return [self.arms[arm].predict(self.numbers(arm, white), self.solver) for white in whites]


def problem_of(recipe: Recipe, solver: str | None = None) -> Problem:
    """Make a recipe ready: read its studies, compile its arms, gather its unknowns.

    Raises
    ------
    FitError
        For whatever a recipe, a study and a model disagree on.
    """
    names = dict.fromkeys(pairing.study for pairing in recipe.pairings)
    studies = tuple(read_study(locate(name, "study")[0].parent) for name in names)
    used, left = sort_records(recipe, studies)
    known = {study.name: study for study in studies}
    arms = []
    for pairing in recipe.pairings:
        variant = recipe.variants[pairing.variant]
        model = find(variant.model, "model", pairing.place).swap(**variant.swaps)
        if pairing.arm not in known[pairing.study].arms:
            raise FitError(f"{pairing.study} has no arm {pairing.arm!r}", where=pairing.place)
        records = used.get((pairing.study, pairing.arm), [])
        if not records:
            raise FitError(f"no record of {pairing.study}/{pairing.arm} is used", where=pairing.place)
        arms.append(arm_of_fit(pairing, recipe, model, known[pairing.study].arms[pairing.arm], records))
    unknowns = unknowns_of(_parameters(recipe, arms), recipe.literature)
    index = {unknown.identity: n for n, unknown in enumerate(unknowns)}
    uses = tuple(positions(arm, index, identities_of(arm.model, recipe.shares)) for arm in arms)
    return Problem(recipe, studies, tuple(arms), unknowns, uses, tuple(left), solver or recipe.method.solver)


def _parameters(recipe: Recipe, arms: Iterable[ArmOfFit]) -> Iterator[Parameter]:
    for arm in arms:
        names = identities_of(arm.model, recipe.shares)
        for parameter in arm.machine.system.parameters:
            yield Parameter(parameter.name, parameter.quantity, names[parameter.name], parameter.place)


@dataclass(frozen=True, slots=True)
class Failure:
    """A prediction that failed."""

    title: str
    why: str

    def __str__(self) -> str:
        return f"{self.title}: {self.why}"


@dataclass
class Evaluator:
    """Evaluates a problem, here or by an executor, and remembers what failed and what never moves."""

    problem: Problem
    executor: Executor | None = None
    still: list[set[int]] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    runs: int = 0

    def residuals(self, white: Array) -> Array:
        """Return residuals of records, then of priors, (records + unknowns,)."""
        every = self._predict([(arm, white[None, :]) for arm in range(len(self.problem.arms))])
        found = [self._distances(arm, values[0]) for arm, values in enumerate(every)]
        return np.concatenate([*found, white])

    def predictions(self, white: Array) -> list[list[Value]]:
        """Return each arm's predictions."""
        return [values[0] for values in self._predict([(n, white[None, :]) for n in range(len(self.problem.arms))])]

    def jacobian(self, white: Array) -> Array:
        """Return the derivatives of the residuals by the whitened unknowns, (records + unknowns, unknowns)."""
        problem = self.problem
        size = len(problem.unknowns)
        steps = np.array([min(STEP / unknown.sd, 0.1) for unknown in problem.unknowns])
        self.still = self.still or [set() for _ in problem.arms]
        tasks, columns = [], []
        for arm, (_, used) in enumerate(problem.uses):
            moving = [n for n in dict.fromkeys(used.tolist()) if n not in self.still[arm]]
            for begin in range(0, len(moving), CHUNK // 2):
                chosen = moving[begin : begin + CHUNK // 2]
                moves = np.eye(size)[chosen] * steps[chosen, None]
                tasks.append((arm, np.concatenate([white + moves, white - moves])))
                columns.append(chosen)
        found = np.zeros((problem.records, size))
        first = np.cumsum([0, *(len(arm.rows) for arm in problem.arms)])
        for (arm, _), chosen, values in zip(tasks, columns, self._predict(tasks), strict=True):
            far = np.array([self._distances(arm, point) for point in values])
            slopes = (far[: len(chosen)] - far[len(chosen) :]) / (2 * steps[chosen, None])
            found[first[arm] : first[arm + 1], chosen] = slopes.T
            self.still[arm] |= {
                n for n, row in zip(chosen, far[: len(chosen)] - far[len(chosen) :], strict=True) if not row.any()
            }
        return np.concatenate([found, np.eye(size)])

    def _distances(self, arm: int, values: Sequence[Value]) -> Array:
        rows = self.problem.arms[arm].rows
        for row, value in zip(rows, values, strict=True):
            if not value:
                text = str(Failure(row.title, value.why))
                self.failures[text] = self.failures.get(text, 0) + 1
        return np.array([row.noise.residual(value) for row, value in zip(rows, values, strict=True)])

    def _predict(self, tasks: Sequence[tuple[int, Array]]) -> list[list[list[Value]]]:
        self.runs += sum(len(points) for _, points in tasks)
        if self.executor is None:
            return [self.problem.predict(arm, points) for arm, points in tasks]
        folder, solver = str(self.problem.recipe.folder), self.problem.solver
        waiting = [self.executor.submit(remote, folder, solver, arm, points) for arm, points in tasks]
        return [future.result() for future in waiting]


def remote(folder: str, solver: str, arm: int, points: Array) -> list[list[Value]]:
    """Predict an arm in a worker, which makes the recipe ready once."""
    return _ready(folder, solver).predict(arm, points)


@lru_cache(maxsize=2)
def _ready(folder: str, solver: str) -> Problem:
    return problem_of(read_recipe(Path(folder)), solver)


@contextmanager
def workers(executor: Executor | int | None) -> Iterator[Executor | None]:
    """Give an executor: the caller's own, one of so many spawned processes, or none for a serial run."""
    if not isinstance(executor, int):
        yield executor
        return
    with ProcessPoolExecutor(executor, mp_context=get_context("spawn")) as pool:
        yield pool
