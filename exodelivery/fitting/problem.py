"""Floor 7: models and studies as one least-squares problem: residuals of records, then of priors, and their Jacobian.

Unknowns are whitened, ``(on its scale - centre) / sd``, so that a prior is a unit normal and its residual is the number
itself. The Jacobian comes from each arm's variational equations, for the unknowns that its model uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.declare.model import Parameter
from exodelivery.declare.quantity import to_scale
from exodelivery.declare.shelf import find, locate
from exodelivery.errors import FitError, Place, nearest
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.study import Study
from exodelivery.fitting.arms import ArmOfFit, LeftOut, arm_of_fit, positions, sort_records
from exodelivery.fitting.joined import Joined, join
from exodelivery.fitting.journal import Entry, Journal
from exodelivery.fitting.ratios import Ratio, ratios_of
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.fitting.unknowns import Unknown, identities_of, unknowns_of
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array
from exodelivery.units import quantity


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
    ratios : tuple of Ratio
        Records that two arms' runs give together.
    joints : tuple of Joined
        Records with a joint error, once it has been simulated.
    compiled : bool
        Whether derivatives are the solver's own, where it has them: for whoever asks for many.
    """

    recipe: Recipe
    studies: tuple[Study, ...]
    arms: tuple[ArmOfFit, ...]
    unknowns: tuple[Unknown, ...]
    uses: tuple[tuple[Array, Array], ...]
    left_out: tuple[LeftOut, ...]
    solver: str
    ratios: tuple[Ratio, ...] = ()
    joints: tuple[Joined, ...] = ()
    compiled: bool = False

    @property
    def records(self) -> int:
        """How many records are used."""
        return sum(len(arm.rows) for arm in self.arms)

    @property
    def start(self) -> Array:
        """The library's values, and those that the recipe lays over them, whitened, (unknowns,).

        Raises
        ------
        FitError
            If the recipe's [start] names no unknown, or a value of another dimension.
        """
        found = np.array([(u.start - u.centre) / u.sd for u in self.unknowns])
        for name, start in self.recipe.start.items():
            chosen = [n for n, unknown in enumerate(self.unknowns) if unknown.name == name]
            number, written = quantity(start.value)
            if not chosen or any(written.dimension != self.unknowns[n].quantity.dimension for n in chosen):
                raise FitError(
                    f"[start] {name} = {start.value!r} fits no unknown",
                    where=Place(f"{self.recipe.name}/fit.toml", key=f"start.{name}"),
                    remedy=nearest(name, [unknown.name for unknown in self.unknowns]),
                )
            for n in chosen:
                unknown = self.unknowns[n]
                found[n] = (to_scale(number * written.factor, unknown.scale) - unknown.centre) / unknown.sd
        return found

    def whitened(self, found: Array) -> Array:
        """Return residuals or their derivatives, (records, …), those under a joint error made independent."""
        if self.joints:
            found = found.copy()
            firsts = np.cumsum([0, *(len(arm.rows) for arm in self.arms)])
            for joint in self.joints:
                places = firsts[joint.arm] + np.array(joint.rows)
                found[places] = joint.root @ found[places]
        return found

    def numbers(self, arm: int, white: Array) -> Array:
        """Return an arm's parameters at whitened unknowns, (parameters,) [base units]."""
        values: Array = self.arms[arm].machine.values
        for place, n in zip(*self.uses[arm], strict=True):
            unknown = self.unknowns[n]
            values[place] = unknown.base(unknown.centre + unknown.sd * white[n])
        return values

    def predict(self, arm: int, white: Array) -> list[Value]:
        """Return whatever is asked of an arm; ratios want the other arm too: see :meth:`together`."""
        return self.arms[arm].predict(self.numbers(arm, white), self.solver)

    def slopes(self, arm: int, white: Array) -> tuple[list[Value], Array]:
        """Return whatever is asked of an arm, and its derivatives by the whitened unknowns, (asked, unknowns)."""
        places, used = self.uses[arm]
        numbers, sensitive = self.numbers(arm, white), tuple(places.tolist())
        values, by_base = self.arms[arm].slopes(numbers, self.solver, sensitive, self.compiled)
        found = np.zeros((len(values), len(self.unknowns)))
        for column, n in enumerate(used):
            unknown = self.unknowns[n]
            found[:, n] += by_base[:, column] * (unknown.sd * unknown.slope(unknown.centre + unknown.sd * white[n]))
        return values, found

    def together(self, every: Sequence[list[Value]]) -> list[list[Value]]:
        """Return each arm's records from whatever was asked of all arms, in the records' units."""
        found = [values[: len(arm.rows)] for arm, values in zip(self.arms, every, strict=True)]
        for ratio in self.ratios:
            found[ratio.arm][ratio.row] = ratio.value(every)
        return found

    def together_slopes(self, every: Sequence[tuple[list[Value], Array]]) -> tuple[list[list[Value]], list[Array]]:
        """Return each arm's records and their derivatives, (rows, unknowns) each, from whatever was asked of all."""
        values, slopes = [values for values, _ in every], [slopes for _, slopes in every]
        found = [by[: len(arm.rows)].copy() for arm, by in zip(self.arms, slopes, strict=True)]
        for ratio in self.ratios:
            found[ratio.arm][ratio.row] = ratio.slopes(values, slopes)
        return self.together(values), found


def problem_of(recipe: Recipe, solver: str | None = None, *, compiled: bool = False) -> Problem:
    """Make a recipe ready: read its studies, compile its arms, gather its unknowns.

    Parameters
    ----------
    recipe : Recipe
    solver : str, optional
        Instead of the recipe's.
    compiled : bool
        Take derivatives from the compiled solver where it has them.

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
        against = [
            record
            for (study, _), others in used.items()
            for record in others
            if (study, record.against) == (pairing.study, pairing.arm)
        ]
        if not records and not against:
            raise FitError(f"no record of {pairing.study}/{pairing.arm} is used", where=pairing.place)
        arms.append(arm_of_fit(pairing, recipe, model, known[pairing.study], records, against))
    unknowns = unknowns_of(_parameters(recipe, arms), recipe.literature)
    index = {unknown.identity: n for n, unknown in enumerate(unknowns)}
    uses = tuple(positions(arm, index, identities_of(arm.model, recipe.shares)) for arm in arms)
    chosen = solver or recipe.method.solver
    ratios = ratios_of(arms)
    return Problem(recipe, studies, tuple(arms), unknowns, uses, tuple(left), chosen, ratios, compiled=compiled)


def _parameters(recipe: Recipe, arms: Iterable[ArmOfFit]) -> Iterator[Parameter]:
    for arm in arms:
        names = identities_of(arm.model, recipe.shares)
        for parameter in arm.machine.system.parameters:
            yield Parameter(parameter.name, parameter.quantity, names[parameter.name], parameter.place)


@dataclass
class Evaluator:
    """Evaluates a problem, here or by an executor, arm by arm, and remembers what failed; with a journal, for good."""

    problem: Problem
    executor: Executor | None = None
    failures: dict[str, int] = field(default_factory=dict)
    journal: Journal | None = None

    def residuals(self, white: Array) -> Array:
        """Return residuals of records, then of priors, (records + unknowns,)."""
        found = self.recorded(self._kind("residuals"), white, lambda: self._residuals(white))
        for title in found.failed:
            self.failures[title] = self.failures.get(title, 0) + 1
        return found.arrays[0]

    def _residuals(self, white: Array) -> Entry:
        every, failed = self.predictions(white), []
        distances = []
        for arm, values in zip(self.problem.arms, every, strict=True):
            pairs = list(zip(arm.rows, values, strict=True))
            failed += [f"{row.title}: {value.why}" for row, value in pairs if not value]
            distances.append(np.array([row.noise.residual(value) for row, value in pairs]))
        return Entry((np.concatenate([self.problem.whitened(np.concatenate(distances)), white]),), tuple(failed))

    def _kind(self, kind: str) -> str:
        return f"{kind}, joined" if self.problem.joints else kind

    def recorded(self, kind: str, white: Array, compute: Callable[[], Entry]) -> Entry:
        """Return an evaluation, from the journal if there is one and it was asked before."""
        return compute() if self.journal is None else self.journal.ask(kind, white, compute)

    def joined(self, white: Array) -> Evaluator:
        """Return the same with the records of sampled arms taken together, as simulated at a point."""
        return replace(self, problem=join(self.problem, white, self.predictions(white)))

    def predictions(self, white: Array) -> list[list[Value]]:
        """Return each arm's predictions, in the records' units."""
        return self.problem.together(self._each("predict", white))

    def slopes(self, white: Array) -> tuple[list[list[Value]], list[Array]]:
        """Return each arm's predictions and their derivatives by the whitened unknowns, in the records' units."""
        return self.problem.together_slopes(self._each("slopes", white))

    def jacobian(self, white: Array) -> Array:
        """Return the derivatives of the residuals by the whitened unknowns, (records + unknowns, unknowns)."""
        return self.recorded(self._kind("jacobian"), white, lambda: Entry((self._jacobian(white),))).arrays[0]

    def _jacobian(self, white: Array) -> Array:
        every, slopes = self.slopes(white)
        found = []
        for arm, values, by in zip(self.problem.arms, every, slopes, strict=True):
            steep = [row.noise.slope(value) for row, value in zip(arm.rows, values, strict=True)]
            found.append(by * np.array(steep)[:, None] if steep else by)
        return np.concatenate([self.problem.whitened(np.concatenate(found)), np.eye(len(white))])

    def _each(self, verb: str, white: Array) -> list[Any]:
        problem = self.problem
        if self.executor is None:
            return [getattr(problem, verb)(arm, white) for arm in range(len(problem.arms))]
        task = (str(problem.recipe.folder), problem.solver, problem.compiled, verb, white)
        waiting = [self.executor.submit(remote, *task, arm) for arm in range(len(problem.arms))]
        return [future.result() for future in waiting]


def remote(folder: str, solver: str, compiled: bool, verb: str, white: Array, arm: int) -> Any:
    """Predict one arm in a worker, which makes the recipe ready once."""
    return getattr(_ready(folder, solver, compiled), verb)(arm, white)


@lru_cache(maxsize=2)
def _ready(folder: str, solver: str, compiled: bool) -> Problem:
    return problem_of(read_recipe(Path(folder)), solver, compiled=compiled)


@contextmanager
def workers(executor: Executor | int | None) -> Iterator[Executor | None]:
    """Give an executor: the caller's own, one of so many spawned processes, or none for a serial run."""
    if not isinstance(executor, int):
        yield executor
        return
    with ProcessPoolExecutor(executor, mp_context=get_context("spawn")) as pool:
        yield pool
