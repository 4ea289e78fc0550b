"""Floor 7: an arm's levels and areas read off one compiled course with its sensitivities, for fits by the thousand.

The numbers are those of the arm's own runs, to the solver's tolerance; what asks for more than levels and areas to a
finite time keeps its own runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.arms import MOLAR_MASS, ArmOfFit, Row
from exodelivery.fitting.courses.course import Course
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array
from exodelivery.units import convert, unit

PANELS, NODES = 12, 6
_NODES, _HEIGHTS = np.polynomial.legendre.leggauss(NODES)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Compiled curves of an arm.

    Attributes
    ----------
    course : Course
    weights : array, (rows, looks)
        Of each record on the course's looks.
    units : tuple of str, (rows,)
    moving : array of int, (free,)
        Places of the arm's parameters that the course moves.
    """

    course: Course
    weights: Array
    units: tuple[str, ...]
    moving: Array

    def predict(self, numbers: Array) -> list[Value]:
        """Return whatever is asked, in the records' units."""
        return self._values(self.course.predict(self._free(numbers)))

    def slopes(self, numbers: Array, places: tuple[int, ...]) -> tuple[list[Value], Array]:
        """Return whatever is asked, and its derivatives by parameters [base units], (rows, places)."""
        curves, by = self.course.slopes(self._free(numbers))
        found = np.zeros((len(self.weights), len(places)))
        columns = {place: n for n, place in enumerate(self.moving.tolist())}
        own = self.weights @ by / self.course.factors
        for n, place in enumerate(places):
            if place in columns:
                found[:, n] = own[:, columns[place]]
        return self._values(curves), np.where(np.isfinite(found), found, 0.0)

    def _free(self, numbers: Array) -> Array:
        found: Array = numbers[self.moving] / self.course.factors
        return found

    def _values(self, curves: Array) -> list[Value]:
        found = self.weights @ curves
        return [
            Value(float(value), written) if math.isfinite(value) else Value(math.nan, written, why="the run failed")
            for value, written in zip(found, self.units, strict=True)
        ]


def quickened(arm: ArmOfFit) -> ArmOfFit:
    """Return an arm that reads its records off compiled curves.

    Parameters
    ----------
    arm : ArmOfFit
        Of levels, and areas from a time to a finite one, under one regimen without resets.

    Raises
    ------
    FitError
        If a record is another functional, is held against another arm, or needs the molar mass to be converted.
    """
    looks: list[tuple[float, str]] = []
    weights: list[tuple[int, Array]] = []
    for row in arm.asked:
        times, heights = _looks(row, arm)
        weights.append((len(looks), heights * _factor(row, arm)))
        looks += [(time, row.record.what.observable) for time in times.tolist()]
    laid = np.zeros((len(weights), len(looks)))
    for n, (first, heights) in enumerate(weights):
        laid[n, first : first + len(heights)] = heights
    parameters = arm.machine.system.parameters
    free = {one.name: one.quantity.unit.text for one in parameters if _moves(one.quantity.status, one.name)}
    course = Course(
        arm.model,
        (arm.regimen,),
        np.zeros(len(looks), dtype=int),
        np.array([time for time, _ in looks]),
        tuple(name for _, name in looks),
        free,
    )
    units = tuple(row.record.unit for row in arm.asked)
    return replace(arm, quick=Prepared(course, laid, units, np.array(course.places, dtype=int)))


def _moves(status: str, name: str) -> bool:
    return status != "derived" and name != MOLAR_MASS


def _looks(row: Row, arm: ArmOfFit) -> tuple[Array, Array]:
    """Return when a curve is looked at for a record, and with what weights."""
    if row.record.against:
        raise FitError(f"{row.title} is a ratio, which its arm alone does not give", where=row.record.place)
    if row.functional == "level" and row.at is not None:
        return np.array([row.at]), np.ones(1)
    if row.functional == "auc" and math.isfinite(row.end):
        breaks = {row.start, row.end, *(dose.at for dose in arm.regimen.single_doses if row.start < dose.at < row.end)}
        growth = np.expm1(np.linspace(0, 6, PANELS + 1)) / np.expm1(6)
        edges = sorted(breaks)
        cuts = np.concatenate([a + (b - a) * growth[:-1] for a, b in pairwise(edges)])
        widths = np.diff([*cuts, row.end])
        times = (cuts + widths / 2)[:, None] + widths[:, None] / 2 * _NODES
        return times.ravel(), (widths[:, None] / 2 * _HEIGHTS).ravel()
    raise FitError(f"{row.title} is no level and no area to a finite time", where=row.record.place)


def _factor(row: Row, arm: ArmOfFit) -> float:
    """Return what turns the model's unit into the record's."""
    observable = next(one for one in arm.machine.system.columns if one.name == row.record.what.observable)
    own = observable.unit if row.functional == "level" else f"{observable.unit}*h"
    if unit(own).dimension != unit(row.record.unit).dimension:
        raise FitError(f"{row.title} is converted by the molar mass, which may move", where=row.record.place)
    return row.left * float(convert(1.0, own, row.record.unit))
