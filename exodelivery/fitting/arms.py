"""Floor 7: the arms of a fit: a compiled model under a study's regimen, and what each record asks of its run.

An arm's model keeps only the observables that its records name, so that everything else is pruned and runs are short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine, machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus
from exodelivery.declare.table import Table
from exodelivery.errors import FitError, UnitError, nearest
from exodelivery.evidence.identities import independent
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import Arm, Study
from exodelivery.fitting.assays import assayed
from exodelivery.fitting.noise import Noise, noise_of, titles
from exodelivery.fitting.recipe import Pairing, Reading, Recipe
from exodelivery.solve.functionals import Value, evaluate
from exodelivery.solve.gradients import gradient, sensitivities
from exodelivery.solve.simulate import run
from exodelivery.solve.solvers.protocol import of_amounts
from exodelivery.solve.tangents import Tangents, tangents
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory
from exodelivery.units import convert

ACCURACY = 1e-8
"""Relative tolerance of the runs of a fit."""
MOLAR_MASS = "drug.molar_mass"


@dataclass(frozen=True, slots=True)
class Row:
    """A record that a fit uses, and how its number is read off a run; ``left``: what has not decayed of its label."""

    record: Record
    noise: Noise
    functional: str
    at: float | None
    start: float
    end: float
    beneath: tuple[float, float] | None
    left: float = 1.0

    @property
    def title(self) -> str:
        """Study, arm and what."""
        return titles(self.record)[0]

    @property
    def where(self) -> dict[str, Any]:
        """What locates the functional in time, as :func:`~exodelivery.solve.functionals.evaluate` takes it."""
        return {"at": self.at, "start": self.start, "end": self.end, "beneath": self.beneath}

    @property
    def question(self) -> tuple[Any, ...]:
        """What is read off a run, and in which unit: records of several animals ask the same."""
        where = (self.at, self.start, self.end, self.beneath, self.left)
        record = self.record
        return (record.what.observable, self.functional, record.unit, bool(record.against), *where)


@dataclass(frozen=True, slots=True)
class ArmOfFit:
    """One arm with its model.

    Attributes
    ----------
    pairing : Pairing
    model : Model
        With the observables of the arm's records only.
    machine : Machine
    regimen : Regimen
    rows : tuple of Row
        Of its own records.
    others : tuple of Row
        What ratios of other arms are held against: numbers of this arm that are no records of it.
    """

    pairing: Pairing
    model: Model
    machine: Machine
    regimen: Regimen
    rows: tuple[Row, ...]
    others: tuple[Row, ...] = ()

    @property
    def asked(self) -> tuple[Row, ...]:
        """Whatever is read off its run: its records, then what ratios of other arms want."""
        return self.rows + self.others

    def predict(self, numbers: Array, solver: str, accuracy: float = ACCURACY) -> list[Value]:
        """Return whatever is asked at these parameters [base units]; see :meth:`slopes` for its units."""
        found = self._run(numbers, solver, accuracy)
        return [_in_unit_of(row, self._value(row, found), self.molar_mass(numbers)) for row in self.asked]

    def slopes(
        self, numbers: Array, solver: str, places: tuple[int, ...], compiled: bool = False
    ) -> tuple[list[Value], Array]:
        """Return whatever is asked, and its derivatives by the parameters at ``places``, (asked, places).

        Both in the records' units, the parts of a ratio in those of the model; the derivatives per base unit, zero for
        a prediction that failed. ``compiled`` takes the solver's own sensitivities where it has them: seconds to
        translate, then several times as quick.
        """
        found = self._run(numbers, solver, ACCURACY)
        mass = self.molar_mass(numbers)
        slopes = np.zeros((len(self.asked), len(places)))
        if not found:
            return [_in_unit_of(row, self._value(row, found), mass) for row in self.asked], slopes
        firsts: dict[Any, int] = {}
        same = [firsts.setdefault(row.question, n) for n, row in enumerate(self.asked)]  # animals of one arm and time
        values = {n: self._value(self.asked[n], found) for n in firsts.values()}
        told = {n: _in_unit_of(self.asked[n], value, mass) for n, value in values.items()}
        for n, by in self._gradients(found, places, values, compiled):
            value, unit = values[n], told[n].unit
            slopes[n] = by * convert(1.0, value.unit, unit, molar_mass=mass)
            slopes[n] += [self._by_mass(place, value, unit, mass) for place in places]
            slopes[n] *= self.asked[n].left
        return [told[n] for n in same], slopes[same]

    def _gradients(
        self, found: Trajectory, places: tuple[int, ...], values: Mapping[int, Value], compiled: bool
    ) -> list[tuple[int, Array]]:
        """Return the derivatives of what did not fail, each with its place."""

        def ask(moved: Tangents) -> list[tuple[int, Array]]:
            pairs = [(n, self.asked[n], value) for n, value in values.items() if value]
            return [
                (n, gradient(moved, row.record.what.observable, row.functional, value, **row.where))
                for n, row, value in pairs
            ]

        own = tangents(self.machine, found, places, ask, of_amounts(ACCURACY)) if compiled else None
        return ask(sensitivities(self.machine, found, places) if own is None else own)

    def _by_mass(self, place: int, value: Value, unit: str, mass: float | None) -> float:
        """Return what the molar mass does by conversion alone, from an amount to a mass of drug."""
        if mass is None or self.machine.system.parameters[place].name != MOLAR_MASS:
            return 0.0
        ends = [convert(value.value, value.unit, unit, molar_mass=mass * (1 + sign * 1e-4)) for sign in (1, -1)]
        return float(ends[0] - ends[1]) / (2e-4 * mass)

    def _run(self, numbers: Array, solver: str, accuracy: float) -> Trajectory:
        end, tolerance = self.pairing.horizon, of_amounts(accuracy)
        return run(self.machine, numbers, self.regimen, end, solver_name=solver, tolerance=tolerance)

    def molar_mass(self, numbers: Array) -> float | None:
        """Return the drug's molar mass among these parameters [g/nmol], if they have one."""
        named = zip(self.machine.system.parameters, numbers, strict=True)
        return next((float(value) for parameter, value in named if parameter.name == MOLAR_MASS), None)

    def unit_of(self, row: Row) -> str:
        """Return the model's own unit of what a row asks."""
        found = self._run(self.machine.values, "lsoda", 1e-3)
        return self._value(row, found).unit

    @staticmethod
    def _value(row: Row, found: Trajectory) -> Value:
        return evaluate(found, row.record.what.observable, row.functional, **row.where)


def _in_unit_of(row: Row, value: Value, mass: float | None) -> Value:
    unit = value.unit if row.record.against else row.record.unit
    number = row.left * float(convert(value.value, value.unit, unit, molar_mass=mass)) if value else value.value
    return replace(value, value=number, unit=unit)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that a fit does not use, and why."""

    record: Record
    reason: str


def regimen_of(arm: Arm) -> Regimen:
    """Return the doses of an arm; a route and a metric are those of the study."""
    amount = f"{arm.dose} protein" if arm.metric == "protein" else arm.dose
    return bolus(amount, route=arm.route or "iv", every=arm.every or 0.0, times=arm.times)


def sort_records(recipe: Recipe, studies: Iterable[Study]) -> tuple[dict[tuple[str, str], list[Record]], list[LeftOut]]:
    """Part the usable records of the studies: by arm, and left out with a reason.

    Raises
    ------
    FitError
        If a usable record is in no arm of the recipe and is not left out by name, or a name means nothing.
    """
    paired = {(pairing.study, pairing.arm) for pairing in recipe.pairings}
    used: dict[tuple[str, str], list[Record]] = {}
    left: list[LeftOut] = []
    spoken: set[str] = set()
    for study in studies:
        kept, dropped = independent(study.records)
        peaks = {_peak(record): _reading(record, recipe) for record in kept if record.what.functional == "cmax"}
        left += [LeftOut(item.record, item.reason) for item in dropped]
        left += [
            LeftOut(record, record.note or "the study marks it unfit") for record in study.records if not record.use
        ]
        for record in kept:
            title = next((title for title in titles(record) if title in recipe.leave_out), "")
            if title:
                spoken.add(title)
                left.append(LeftOut(record, recipe.leave_out[title]))
            elif record.what.functional == "tmax" and (reading := peaks.get(_peak(record))) and reading.at_tmax:
                left.append(LeftOut(record, f"where its Cmax is read: {reading.why}"))
            elif (study.name, record.arm) in paired:
                if record.against and (study.name, record.against) not in paired:
                    raise FitError(
                        f"{titles(record)[0]} is a ratio, and the recipe does not run the arm {record.against!r}",
                        where=record.place,
                        remedy=f'pair "{study.name}/{record.against}" under [arms], or leave the ratio out by name',
                    )
                used.setdefault((study.name, record.arm), []).append(record)
            else:
                raise FitError(
                    f"{titles(record)[0]} is usable, but the recipe neither uses nor leaves it out",
                    where=record.place,
                    remedy="pair its arm under [arms], or name it under [leave_out] with a reason",
                )
    for title in set(recipe.leave_out) - spoken:
        known = {name for study in studies for record in study.usable for name in titles(record)}
        raise FitError(f"[leave_out] names nothing usable: {title!r}", remedy=nearest(title, known))
    return used, left


def arm_of_fit(
    pairing: Pairing,
    recipe: Recipe,
    model: Model,
    study: Study,
    records: Sequence[Record],
    against: Sequence[Record] = (),
) -> ArmOfFit:
    """Compile one arm.

    Parameters
    ----------
    pairing, recipe, model, study
    records : sequence of Record
        Of the arm.
    against : sequence of Record
        Ratios of other arms, held against this one.

    Raises
    ------
    FitError
        If a record names an observable that the model cannot give, has a unit of another dimension, or lacks a window.
    """
    arm = study.arms[pairing.arm]
    for word, given, own in (("carrier", arm.carrier, model.carrier.name), ("body", arm.body, model.body.name)):
        if given != own:
            raise FitError(
                f"{pairing.study}/{pairing.arm} has the {word} {given!r}, the model of the recipe {own!r}",
                where=pairing.place,
                remedy="choose a model whose parts are those of the arm",
            )
    model = assayed(model, study)
    names = list(dict.fromkeys(record.what.observable for record in (*records, *against)))
    for name in names:
        if name not in model.observables:
            raise FitError(
                f"the model {model.name!r} has no observable {name!r}, which {pairing.study}/{pairing.arm} reports",
                where=pairing.place,
                remedy=nearest(name, model.observables),
            )
    lean = replace(model, observables=Table({name: model.observables[name] for name in names}))
    compiled = machine(lean)
    for name, reason in compiled.system.unavailable.items():
        raise FitError(f"{name} is unavailable in {model.name!r}: {reason}", where=pairing.place)
    peaks = {_peak(record): record.value for record in study.records if record.what.functional == "tmax"}
    rows = [_row(record, recipe, pairing, lean, peaks) for record in records]
    others = [_row(record, recipe, pairing, lean, peaks, beneath=True) for record in against]
    rows, others = ([_decayed(row, study) for row in part] for part in (rows, others))
    found = ArmOfFit(pairing, lean, compiled, regimen_of(arm), tuple(rows), tuple(others))
    _try_units(found)
    return found


def _peak(record: Record) -> tuple[str, str, tuple[float, float]]:
    """Return what a Cmax and its Tmax have in common."""
    return record.arm, record.what.observable, record.window


def _reading(record: Record, recipe: Recipe) -> Reading | None:
    return next((recipe.readings[title] for title in titles(record) if title in recipe.readings), None)


def _row(
    record: Record,
    recipe: Recipe,
    pairing: Pairing,
    model: Model,
    peaks: Mapping[tuple[str, str, tuple[float, float]], float | None],
    beneath: bool = False,
) -> Row:
    """Return how a record is read; of a ratio the number above the line, or the one beneath it in the other arm."""
    noise = noise_of(record, recipe, model.observables[record.what.observable].error)
    part = replace(record, arm=record.against if beneath else record.arm, against="")
    return replace(_read(part, recipe, pairing, peaks, noise), record=record)


def _read(
    record: Record,
    recipe: Recipe,
    pairing: Pairing,
    peaks: Mapping[tuple[str, str, tuple[float, float]], float | None],
    noise: Noise,
) -> Row:
    reading = _reading(record, recipe)
    functional, at = record.what.functional or "level", record.time
    (start, end), beneath = record.window, None
    if reading is not None and reading.at_tmax:
        functional, at = "level", peaks.get(_peak(record))
        if record.what.functional != "cmax" or at is None:
            raise FitError(f"{titles(record)[0]} has no Tmax beside it to be read at", where=record.place)
    elif reading is not None and reading.window is not None:
        (start, end), beneath = reading.window, reading.beneath
    elif functional == "half_life" and not math.isfinite(end):
        raise FitError(
            f"{titles(record)[0]} has no window",
            where=record.place,
            remedy='name one under [readings]: { window = ["0 min", "15 min"], why = "…" }',
        )
    reach = max((t for t in (at, end, *(beneath or ())) if t is not None and math.isfinite(t)), default=0.0)
    if reach > pairing.horizon:
        raise FitError(
            f"{titles(record)[0]} reaches to {reach:g} h, its arm runs to {pairing.horizon:g} h",
            where=pairing.place,
            remedy="give the arm a later horizon",
        )
    return Row(record, noise, functional, at, start, end, beneath)


def _decayed(row: Row, study: Study) -> Row:
    """Return a row with what is left of a label at its time, where the study did not correct for decay."""
    assay = study.assays.get(row.record.what.observable)
    if assay is None or assay.half_life is None:
        return row
    if row.functional != "level" or row.at is None:
        raise FitError(
            f"{row.title} was not corrected for decay, which only a level at a time can be",
            where=row.record.place,
            remedy="give the levels, or the corrected number",
        )
    return replace(row, left=assay.left(row.at))


def _try_units(arm: ArmOfFit) -> None:
    try:
        arm.predict(arm.machine.values, "lsoda", 1e-3)
    except UnitError as error:
        raise FitError(
            f"a unit of {arm.pairing.study}/{arm.pairing.arm} does not fit its observable: {error.message}",
            where=arm.pairing.place,
            remedy=error.remedy,
        ) from None


def positions(arm: ArmOfFit, index: dict[str, int], names: dict[str, str]) -> tuple[Array, Array]:
    """Return which of the arm's parameters are unknowns, and which unknown each is, (free,) and (free,)."""
    pairs = [
        (place, index[names[parameter.name]])
        for place, parameter in enumerate(arm.machine.system.parameters)
        if names[parameter.name] in index
    ]
    return np.array([pair[0] for pair in pairs], dtype=int), np.array([pair[1] for pair in pairs], dtype=int)
