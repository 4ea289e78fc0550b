"""Floor 7: records of one arm and observable taken together: a recipe's ``[sampling]`` simulated to the arithmetic.

An area, a half-life and a level of one curve come from the same animals. Where a recipe says how an arm was sampled,
studies are simulated at an estimate, reported as an author would, and the records' covariance and how far their means
lie off the predictions stand in place of each record's own error (:mod:`exodelivery.fitting.sampling`).

Residuals are whitened: with a Cholesky root L of the covariance, ``L^-1`` times the distances are independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.arms import ArmOfFit, Row
from exodelivery.fitting.courses.course import Course
from exodelivery.fitting.courses.summaries import Summaries
from exodelivery.fitting.noise import named
from exodelivery.fitting.noises.correlated import Correlated
from exodelivery.fitting.recipe import Recipe, Sampled
from exodelivery.fitting.reported import LAST
from exodelivery.fitting.sampling import Sampling, covariance_of
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array
from exodelivery.units import convert

if TYPE_CHECKING:
    from exodelivery.fitting.problem import Problem

STEPS = 2
"""Estimates in a row: records as if independent, then with the covariance simulated at that estimate."""


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Records with one joint error.

    Attributes
    ----------
    arm : int
    rows : tuple of int, (rows,)
        Which of the arm's records.
    noise : Correlated
        Of their logarithms.
    title : str
    """

    arm: int
    rows: tuple[int, ...]
    noise: Correlated
    title: str

    @property
    def sds(self) -> Array:
        """Each record's own standard deviation, (rows,)."""
        found: Array = np.sqrt(np.diag(self.noise.covariance))
        return found

    @property
    def root(self) -> Array:
        """What makes standardised distances independent, (rows, rows): the inverse Cholesky root of the correlation."""
        correlation = self.noise.covariance / np.outer(self.sds, self.sds)
        found: Array = np.linalg.inv(np.linalg.cholesky(correlation))
        return found


def together(problem: Problem) -> list[tuple[int, tuple[int, ...]]]:
    """Return which records a recipe's samplings take together: an arm and some of its rows, two at least.

    Bounds, ratios and records whose error is not relative keep an error of their own.
    """
    found = []
    for n, arm in enumerate(problem.arms):
        if f"{arm.pairing.study}/{arm.pairing.arm}" not in problem.recipe.samplings:
            continue
        by_observable: dict[str, list[int]] = {}
        for place, row in enumerate(arm.rows):
            if not row.record.against and not row.noise.limit and row.noise.logarithmic:
                by_observable.setdefault(row.record.what.observable, []).append(place)
        found += [(n, tuple(places)) for places in by_observable.values() if len(places) > 1]
    return found


def join(problem: Problem, white: Array, predicted: Sequence[Sequence[Value]]) -> Problem:
    """Return a problem whose sampled arms' records have the joint error simulated at a point.

    Parameters
    ----------
    problem : Problem
    white : array, (unknowns,)
        Whitened.
    predicted : sequence of sequence of Value
        Each arm's predictions there.

    Raises
    ------
    FitError
        If a sampling takes nothing together, or a record is none that its samples could give.
    """
    groups = together(problem)
    _say_what_is_idle(problem, groups)
    arms, joints = list(problem.arms), []
    for arm, places in groups:
        one = problem.arms[arm]
        spec = problem.recipe.samplings[f"{one.pairing.study}/{one.pairing.arm}"]
        rows = [one.rows[place] for place in places]
        noise = _simulated(one, rows, spec, problem.numbers(arm, white), [predicted[arm][k] for k in places], problem)
        joint = Joined(arm, places, noise, f"{one.pairing.study}/{one.pairing.arm} {rows[0].record.what.observable}")
        joints.append(joint)
        changed = dict(zip(places, zip(joint.sds.tolist(), noise.shift.tolist(), strict=True), strict=True))
        told = tuple(
            _told(row, changed[place], spec) if place in changed else row for place, row in enumerate(arms[arm].rows)
        )
        arms[arm] = replace(arms[arm], rows=told)
    return replace(problem, arms=tuple(arms), joints=tuple(joints))


def _say_what_is_idle(problem: Problem, groups: Sequence[tuple[int, tuple[int, ...]]]) -> None:
    taken = {problem.arms[arm].pairing for arm, _ in groups}
    used = {f"{pairing.study}/{pairing.arm}" for pairing in taken}
    for title, spec in problem.recipe.samplings.items():
        if title not in used:
            raise FitError(
                f"[sampling] of {title} takes no two records together",
                where=spec.place,
                remedy="take it out: one record of an observable keeps its own error, and so do bounds and ratios",
            )


def _told(row: Row, changed: tuple[float, float], spec: Sampled) -> Row:
    sd, shift = changed
    origin = f"simulated sampling, {math.sqrt(math.expm1(sd**2)):.0%} (alone: {row.noise.origin}): {spec.why}"
    return replace(row, noise=replace(row.noise, sd=sd, shift=shift, origin=origin))


def _simulated(
    arm: ArmOfFit, rows: Sequence[Row], spec: Sampled, numbers: Array, predicted: Sequence[Value], problem: Problem
) -> Correlated:
    summaries, values = _summaries(arm, rows, spec, numbers)
    sampling = Sampling(spec.animals, spec.serial, dict(spec.between), spec.assay)
    found = covariance_of(summaries, values, sampling, seed=problem.recipe.method.seed)
    unit, mass = arm.model.observables[rows[0].record.what.observable].unit, arm.molar_mass(numbers)
    shift = found.shift.copy()
    for n, (row, value, plain) in enumerate(zip(rows, predicted, summaries.predict(values), strict=True)):
        kind = summaries.kinds[n][0]
        own = {"level": str(unit), "cmax": str(unit), "mrt": "h", "half_life": "h"}.get(kind, f"{unit}*h")
        there = row.left * float(convert(float(plain), own, row.record.unit, molar_mass=mass))
        if not value or not value.value > 0 or not there > 0:
            why = value.why or "it is not positive"
            raise FitError(f"{row.title} cannot be simulated: {why}", where=row.record.place, remedy="leave it out")
        # What the author's arithmetic gives lies off what the run says: the records' means do as well.
        shift[n] += math.log(there / value.value)
    variances = [_discrepancy(row, problem.recipe) for row in rows]
    return Correlated(found.covariance + np.diag(variances), np.ones(len(rows), dtype=bool), shift)


def _discrepancy(row: Row, recipe: Recipe) -> float:
    more = named(row.record, recipe.discrepancy)
    return math.log1p(more.cv**2) if more else 0.0


def _summaries(arm: ArmOfFit, rows: Sequence[Row], spec: Sampled, numbers: Array) -> tuple[Summaries, Array]:
    """Return what is reported of the arm as a curve of what varies between animals, and its values at a point."""
    known = {parameter.name: n for n, parameter in enumerate(arm.machine.system.parameters)}
    for name in spec.between:
        if name not in known:
            raise FitError(
                f"[sampling] of {arm.pairing.study}/{arm.pairing.arm} varies {name!r}, which its run does not use",
                where=spec.place,
                remedy=f"its parameters: {', '.join(known)}",
            )
    units = {name: arm.machine.system.parameters[known[name]].quantity.unit for name in spec.between}
    observable, times = rows[0].record.what.observable, np.array(spec.times)
    own = {name: float(numbers[n]) for name, n in known.items()}
    course = Course(
        arm.model,
        (arm.regimen,),
        np.zeros(len(times), dtype=int),
        times,
        (observable,) * len(times),
        {name: written.text for name, written in units.items()},
        own,
    )
    values = np.array([own[name] / units[name].factor for name in spec.between])
    kinds = [_kind(row, times) for row in rows]
    return Summaries(course, kinds, f"{arm.pairing.study}/{arm.pairing.arm}"), values


def _kind(row: Row, times: Array) -> tuple[str, float]:
    """Return what an author does with the samples for a record."""
    word, last = row.record.what.kind.name, float(times[-1])
    whole = row.start == 0.0 and not math.isfinite(row.end)
    if word == "level" and row.at is not None and np.any(np.isclose(times, row.at)):
        return "level", row.at
    if word == "cmax":
        return "cmax", 0.0
    if word == "auc" and (whole or (row.start == 0.0 and math.isclose(row.end, last))):
        return ("auc" if whole else "auc_last"), 0.0
    if word == "mrt" and whole:
        return "mrt", 0.0
    inside = np.flatnonzero((times >= row.start - 1e-9) & (times <= row.end + 1e-9))
    if word == "half_life" and row.beneath is None and inside.tolist() == list(range(len(times) - LAST, len(times))):
        return "half_life", 0.0
    raise FitError(
        f"{row.title} is nothing that samples at {', '.join(f'{t:g}' for t in times)} h give by themselves",
        where=row.record.place,
        remedy="levels are taken at a sample, areas from zero to the last sample or to infinity, MRT to infinity, "
        f"half-lives over the last {LAST} samples; or take the arm's [sampling] out",
    )
