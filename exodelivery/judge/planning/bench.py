"""Floor 8: what every assay of every arm would read, and how that and the contrast move with all that is uncertain.

One compiled run with its sensitivities to an arm gives the levels at all candidate times and the metric's area. An
assay's error is relative above a floor and constant beneath it; far below it, an assay says nothing.

References
----------
Rocke DM, Lorenzato S. Technometrics 1995;37:176. doi 10.1080/00401706.1995.10484302 (the two-component error)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.machine import Machine
from exodelivery.declare.quantity import from_scale
from exodelivery.fitting.courses.course import Course
from exodelivery.judge.joint import Joint
from exodelivery.judge.metrics import Metric
from exodelivery.judge.planning.arms import Arm, Arms
from exodelivery.judge.runs import quadrature
from exodelivery.solve.timeline import Array
from exodelivery.units import base_unit

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spot:
    """One assay that may be done: which arm, when [h], and which observable."""

    arm: int
    time: float
    observable: str


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What assays read at some values of the parameters.

    Attributes
    ----------
    levels : array, (spots,)
        In the observables' own units.
    slopes : array, (spots, rows)
        By the joint's rows on their own scales.
    contrasts : array, (carriers,)
        Log ratio of the metric to the baseline.
    gradients : array, (carriers, rows)
    """

    levels: Array
    slopes: Array
    contrasts: Array
    gradients: Array

    @property
    def fine(self) -> bool:
        """Whether all runs succeeded."""
        return bool(
            np.all(np.isfinite(self.levels))
            and np.all(np.isfinite(self.slopes))
            and np.all(np.isfinite(self.contrasts))
            and np.all(np.isfinite(self.gradients))
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Strand:
    """One model under one inhibition: its runs at all doses."""

    carrier: str
    machine: Machine
    course: Course
    free: tuple[int, ...]
    rows: Places
    factors: Array
    spots: Places
    area: bool


class Bench:
    """The arms of an experiment, ready to be read at any values of the parameters.

    Parameters
    ----------
    about : Arms
    joint : Joint
    metric : Metric or None
        None where no contrast is asked for.
    horizon : float
        Of the metric [h].
    spots : sequence of Spot
    """

    def __init__(self, about: Arms, joint: Joint, metric: Metric | None, horizon: float, spots: Sequence[Spot]) -> None:
        self.about, self.joint, self.metric, self.spots = about, joint, metric, tuple(spots)
        self._times, self._weights = quadrature(about.regimen, horizon)
        read = metric.observables if metric else ()
        self._observables = read
        asked = (about.baseline, *about.carriers) if metric else ()
        groups: dict[tuple[str, tuple[tuple[str, float], ...]], list[int]] = {(name, ()): [] for name in asked}
        for n, spot in enumerate(self.spots):
            arm = about.arms[spot.arm]
            groups.setdefault((arm.carrier, arm.factors), []).append(n)
        self._strands = [
            self._strand(carrier, factors, chosen, carrier in asked and not factors)
            for (carrier, factors), chosen in groups.items()
        ]

    def _strand(
        self, carrier: str, factors: tuple[tuple[str, float], ...], chosen: Sequence[int], area: bool
    ) -> _Strand:
        about, compiled = self.about, self.about.machines[carrier]
        doses = list(dict.fromkeys([1.0, *(about.arms[self.spots[n].arm].dose for n in chosen)]))
        subjects = [doses.index(about.arms[self.spots[n].arm].dose) for n in chosen]
        times = [self.spots[n].time for n in chosen]
        names = [self.spots[n].observable for n in chosen]
        for name in self._observables if area else ():
            subjects += [0] * len(self._times)
            times += list(self._times)
            names += [name] * len(self._times)
        used = sorted(set(subjects))
        where = self.joint.rows[carrier]
        parameters = compiled.system.parameters
        free = tuple(n for n, parameter in enumerate(parameters) if parameter.name in where)
        said = dict(factors)
        course = Course(
            about.models[carrier],
            tuple(about.regimen_of(carrier, doses[n]) for n in used),
            np.array([used.index(n) for n in subjects]),
            np.array(times),
            tuple(names),
            {parameters[n].name: base_unit(parameters[n].quantity.dimension) for n in free},
            titles=tuple(f"{carrier} at dose {doses[n]:g}" for n in used),
        )
        return _Strand(
            carrier,
            compiled,
            course,
            free,
            np.array([where[parameters[n].name] for n in free], dtype=np.int64),
            np.array([said.get(parameters[n].name, 1.0) for n in free]),
            np.array(chosen, dtype=np.int64),
            area,
        )

    def arm(self, spot: int) -> Arm:
        """Return the arm of a spot."""
        return self.about.arms[self.spots[spot].arm]

    def read(self, point: Array) -> Read:
        """Return what is read at a point on the own scales, (rows,), with derivatives; NaN where a run failed."""
        return self._read(point, True)

    def level(self, point: Array) -> Read:
        """Return the same without derivatives, which are NaN."""
        return self._read(point, False)

    def _read(self, point: Array, moved: bool) -> Read:
        size = len(point)
        levels, slopes = np.full(len(self.spots), np.nan), np.full((len(self.spots), size), np.nan)
        logs: dict[str, tuple[float, Array]] = {}
        for strand in self._strands:
            values, by = self._values(strand, point)
            predicted, slope = strand.course.slopes(values) if moved else (strand.course.predict(values), None)
            here = np.zeros((len(predicted), size))
            if slope is not None:
                for column, row in enumerate(strand.rows.tolist()):
                    here[:, row] += slope[:, column] * by[column]
            else:
                here[:] = np.nan
            count = len(strand.spots)
            levels[strand.spots], slopes[strand.spots] = predicted[:count], here[:count]
            if strand.area:
                logs[strand.carrier] = self._log(predicted[count:], here[count:])
        if not logs:
            return Read(levels, slopes, np.zeros(0), np.zeros((0, size)))
        bottom, bottom_by = logs[self.about.baseline]
        pairs = [logs[name] for name in self.about.carriers]
        return Read(
            levels,
            slopes,
            np.array([top - bottom for top, _ in pairs]),
            np.array([by - bottom_by for _, by in pairs]),
        )

    def _values(self, strand: _Strand, point: Array) -> tuple[Array, Array]:
        """Return the free values of a strand, and their derivatives by the rows' own scales."""
        scales = [self.joint.scales[row] for row in strand.rows]
        plain = np.array([from_scale(float(point[row]), scale) for row, scale in zip(strand.rows, scales, strict=True)])
        by = np.array(
            [
                value if scale == "log" else value * (1 - value) if scale == "logit" else 1.0
                for value, scale in zip(plain, scales, strict=True)
            ]
        )
        return plain * strand.factors, by * strand.factors

    def _log(self, predicted: Array, slopes: Array) -> tuple[float, Array]:
        """Return the log of the metric and its derivatives, from its observables on the quadrature's times."""
        count, total, by = len(self._times), 0.0, np.zeros(slopes.shape[1])
        for n, sign in zip(range(len(self._observables)), (1.0, -1.0), strict=False):
            part = slice(n * count, (n + 1) * count)
            area = float(self._weights @ predicted[part])
            if not area > 0:
                return float("nan"), np.full(slopes.shape[1], np.nan)
            total += sign * float(np.log(area))
            by += sign * (self._weights @ slopes[part]) / area
        return total, by


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """What an assay may be off by.

    Attributes
    ----------
    between : array, (spots,)
        Coefficient of variation between animals; samples of one animal share their deviation.
    within : array, (spots,)
        Of the assay itself.
    floor : array, (spots,)
        Standard deviation at low levels [unit of the observable].
    """

    between: Array
    within: Array
    floor: Array

    @property
    def relative(self) -> Array:
        """Coefficient of variation of one assay in one animal, (spots,)."""
        found: Array = np.hypot(self.between, self.within)
        return found

    def sd(self, levels: Array) -> Array:
        """Return the standard deviation of one assay in one animal at levels, (..., spots)."""
        found: Array = np.hypot(self.relative * levels, self.floor)
        return found

    def shared(self, levels: Array) -> Array:
        """Return the part of that standard deviation which samples of one animal share, (..., spots)."""
        found: Array = self.between * np.abs(levels) / self.sd(levels)
        return found

    def take(self, spots: Places) -> Errors:
        """Return the errors of some spots."""
        return Errors(self.between[spots], self.within[spots], self.floor[spots])


def errors_of(
    spots: Sequence[Spot],
    levels: Array,
    *,
    between: float,
    within: float,
    named: Mapping[str, float],
    depth: float,
    limits: Mapping[str, float],
) -> Errors:
    """Return the errors of assays: those said, and a floor at a share of the largest level of each observable.

    Parameters
    ----------
    spots : sequence of Spot
    levels : array, (spots,)
        At the estimate.
    between, within : float
        Coefficients of variation.
    named : mapping
        Of assays, by observable, in the place of ``within``.
    depth : float
        The floor where no limit is said, as a share of the largest level.
    limits : mapping
        Floors by observable, in its unit.
    """
    names = [spot.observable for spot in spots]
    tops = {name: float(np.max(levels[[n for n, one in enumerate(names) if one == name]])) for name in set(names)}
    return Errors(
        np.full(len(spots), between),
        np.array([named.get(name, within) for name in names]),
        np.array([limits.get(name, depth * tops[name]) for name in names]),
    )
