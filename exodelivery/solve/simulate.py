"""Floor 6: the verb that runs a model: compile once, dose, integrate, hand back a trajectory."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

from exodelivery.compile.cautions import broken_cautions
from exodelivery.compile.inputs import require_inputs, with_inputs
from exodelivery.compile.machine import Machine, machine
from exodelivery.compile.system import System
from exodelivery.compile.watch import watching
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import SimulationError, TracerWarning, YieldWarning
from exodelivery.solve.dosing import deliver, is_pool, split
from exodelivery.solve.events import follow
from exodelivery.solve.inputs import given_inputs, in_base, values_at
from exodelivery.solve.records import legs, lines
from exodelivery.solve.solvers.protocol import Tolerance, of_amounts, solver
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory
from exodelivery.solve.triggers import Resolved, require_measures, resolve, told
from exodelivery.units import hours

if TYPE_CHECKING:
    import pandas as pd

    from exodelivery.solve.ensemble import Ensemble

DEFAULT_SOLVER = "rodas5p" if find_spec("numba") and find_spec("llvmlite") else "lsoda"
"""The compiled back end where it can be had; scipy's LSODA is always there."""
DEFAULT_TOLERANCE = of_amounts()
AFTER_LAST_DOSE = 168.0
"""Hours that a run goes on after the last dose unless told otherwise."""


class Values(Protocol):
    """Anything that brings values for a model, such as a fit."""

    def values_for(self, model: Model) -> dict[str, float]:
        """Return values by full parameter name [base units]."""


@overload
def simulate(
    model: Model,
    regimen: Regimen,
    until: str | float | None = None,
    *,
    values: Mapping[str, str | float] | None = None,
    using: Values | None = None,
    solver: str | None = None,
    tolerance: float = 1e-8,
    keep: tuple[str, ...] = (),
) -> Trajectory: ...


@overload
def simulate(
    model: Model,
    regimen: Regimen | Sequence[Regimen],
    until: None = None,
    *,
    values: Mapping[str, str | float] | None = None,
    using: Values | None = None,
    solver: str | None = None,
    tolerance: float = 1e-8,
    keep: tuple[str, ...] = (),
    sets: Mapping[str, Any] | pd.DataFrame,
    times: Any,
    subjects: Any = None,
    threads: int | None = None,
    progress: bool = False,
) -> Ensemble: ...


def simulate(
    model: Model,
    regimen: Regimen | Sequence[Regimen],
    until: str | float | None = None,
    *,
    values: Mapping[str, str | float] | None = None,
    using: Values | None = None,
    solver: str | None = None,
    tolerance: float = 1e-8,
    keep: tuple[str, ...] = (),
    sets: Mapping[str, Any] | pd.DataFrame | None = None,
    times: Any = None,
    subjects: Any = None,
    threads: int | None = None,
    progress: bool = False,
) -> Trajectory | Ensemble:
    """Run a model under a regimen; with ``sets``, once for each parameter set, on all cores.

    Parameters
    ----------
    model : Model
    regimen : Regimen, or with sets a sequence of them, (subjects,)
        From :func:`~exodelivery.bolus` or :func:`~exodelivery.infusion`.
    until : str or float, optional
        End of the run, ``"28 d"`` or hours; unless given, a week after the last dose has arrived (its lag and its
        infusion included), or after the last reset or time of an input.
    values : mapping, optional
        Values laid over the model's, by full name: ``{"uptake.PS": "0.02 mL/h"}``, or numbers in base units.
    using : optional
        A fit whose estimates are laid over the model's values.
    solver : str, optional
        ``rodas5p`` (of one run, by default), ``lsoda``, ``radau`` or ``exact``. Sets take ``exact`` where the model
        is linear in its states, else ``rodas5p``.
    tolerance : float
        Relative tolerance.
    keep : tuple of str
        Pools to keep though no observable needs them; ``("all",)`` keeps every one.
    sets : mapping or DataFrame, optional
        Arrays of values by full name, (sets,) each: numbers in base units, or in the unit that a name bears,
        ``"uptake.PS [mL/h]"``. An empty mapping runs each regimen once.
    times : sequence, or one to each subject
        Where sets are read, ``"3 h"`` or hours; a run ends with the last.
    subjects : array of int, (sets,), optional
        Whose regimen and times each set has, where there are several; set i is subject i unless given.
    threads : int, optional
        All cores by default. Results are the same bits whatever the number.
    progress : bool
        Show a bar while sets run.

    Returns
    -------
    Trajectory, or with sets an Ensemble
        A run that failed is returned too: it is false, and says where it stopped and what to do.

    Raises
    ------
    DoseError
        If the model cannot take the dose.
    SimulationError
        For an unknown parameter, solver or time.

    Examples
    --------
    >>> import exodelivery as exo
    >>> run = exo.simulate(exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg"), until="24 h")
    >>> bool(run), run["plasma_total"].unit
    (True, 'nmol/mL')
    """
    if sets is not None:
        from exodelivery.solve.population import Asked, simulate_sets

        if until is not None:
            raise SimulationError("runs of sets end with the last of their times", remedy="leave until= out")
        asked = Asked(sets, times, subjects, threads, progress)
        return simulate_sets(
            model, regimen, asked, values=values, using=using, solver=solver, tolerance=tolerance, keep=tuple(keep)
        )
    if not isinstance(regimen, Regimen) or (times, subjects, threads, progress) != (None, None, None, False):
        raise SimulationError("several regimens, times, subjects, threads and progress go with sets=")
    compiled = machine_for(model, regimen, tuple(keep))
    laid = {**(using.values_for(model) if using else {}), **in_base(model, values or {})}
    numbers = compiled.values_with(laid)
    end = _end(compiled.system, numbers, regimen) if until is None else hours(until)
    if not np.isfinite(end) or end <= 0:
        raise SimulationError(f"a run cannot end at {until!r}", remedy='write until="28 d"')
    parts = split(compiled.system, numbers)
    notes = _notes(compiled.system, numbers, regimen, parts)
    named = laid | {one.name: float(v) for one, v in zip(compiled.system.parameters, numbers, strict=True)}
    notes += tuple(f"caution: {broken.text}" for broken in broken_cautions(model, named))
    return run(
        compiled,
        numbers,
        regimen,
        end,
        solver_name=solver or DEFAULT_SOLVER,
        tolerance=of_amounts(tolerance),
        parts=parts,
        notes=notes,
    )


def _end(system: System, numbers: Array, regimen: Regimen) -> float:
    """Return when a run ends by itself: a week after the last dose has arrived, the last reset and the last input."""
    if regimen.triggers:
        raise SimulationError("doses that wait for a condition have no last time", remedy='write until="28 d"')
    arrived = [
        line.dose.at + ((line.dose.times - 1) * line.dose.every + line.lag + line.over if line.dose.amount else 0.0)
        for line in lines(system, numbers, regimen)
    ]
    changed = [one.points[-1][0] for one in regimen.inputs]
    return max([*arrived, *regimen.resets, *changed], default=0.0) + AFTER_LAST_DOSE


def machine_for(model: Model, regimen: Regimen, keep: tuple[str, ...] = ()) -> Machine:
    """Return the model compiled for what a regimen gives: drug, label, or both, and the pools that it names."""
    doses = regimen.every_dose
    given = {"label" if dose.metric == "label" else "drug" for dose in doses}
    given |= {"label" for dose in doses if dose.label}
    given |= {dose.route for dose in doses if is_pool(dose.route)}
    names = tuple(sorted({one.name for one in regimen.inputs}))
    conditions = tuple(dict.fromkeys(trigger.condition for trigger in regimen.triggers))
    return _prepared(model, keep, frozenset(given), names, conditions)


@lru_cache(maxsize=64)
def _prepared(
    model: Model, keep: tuple[str, ...], given: frozenset[str], names: tuple[str, ...], conditions: tuple[str, ...]
) -> Machine:
    if not (names or conditions):
        return machine(model, keep, given)
    require_inputs(model, names)
    for condition in conditions:
        require_measures(model, condition)
    system = watching(model, keep, given, conditions) if conditions else machine(model, keep, given).system
    return Machine(with_inputs(system, names) if names else system)


def run(
    compiled: Machine,
    numbers: Array,
    regimen: Regimen,
    end: float,
    *,
    solver_name: str = DEFAULT_SOLVER,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    times: Array | None = None,
    parts: dict[str, float] | None = None,
    notes: tuple[str, ...] = (),
) -> Trajectory:
    """Run a compiled model at given numbers; no warnings, for fits and comparisons.

    Parameters
    ----------
    compiled : Machine
    numbers : array, (parameters,)
        In base units.
    regimen : Regimen
    end : float
        [h].
    times : array, optional
        The run's own grid [h]; chosen from the doses unless given.
    parts : dict, optional
        The loading's split at these numbers, where it is known already.
    """
    system = compiled.system
    method = solver(solver_name)
    if not method.accepts(system.equations):
        raise SimulationError(f"the solver {solver_name!r} cannot take this model", remedy='use solver="lsoda"')
    resolved = Resolved(regimen)
    if regimen.triggers:
        resolved = resolve(compiled, method, numbers, regimen, end, tolerance, parts)
        notes = (*notes, *told(regimen, resolved.fired))
        regimen = resolved.regimen
    parted = legs(system, numbers, lines(system, numbers, regimen, parts), regimen, end)
    at = grid(np.concatenate([leg.timeline.times for leg in parted]), end) if times is None else times
    line, found = follow(compiled, method, numbers, parted, at, tolerance)
    if found.outcome and not resolved.outcome:
        found = replace(found, outcome=resolved.outcome)
    found = replace(found, outcome=found.outcome.named([variable.name for variable in system.variables]))
    outputs = compiled.kernels("numpy").outputs
    return Trajectory(system.model, regimen, system, numbers, line, found, outputs, solver_name, notes, resolved.fired)


def grid(breaks: Array, end: float, count: int = 60) -> Array:
    """Return times that show a curve well: close after each breakpoint, wider later [h]."""
    edges = [*(float(b) for b in breaks if b < end), end]
    growth = np.expm1(np.linspace(0, 7, count)) / np.expm1(7)
    pieces = [a + (b - a) * growth for a, b in pairwise(edges)]
    # The last look before a dose, so that its jump is drawn upright.
    eves = [b - 1e-9 * (b - a) for a, b in pairwise(edges[:-1])]
    return np.unique(np.concatenate([*pieces, np.array(eves)]))


def _notes(system: System, numbers: Array, regimen: Regimen, parts: dict[str, float]) -> tuple[str, ...]:
    notes = []
    inputs = given_inputs(system.model, regimen)
    for dose in regimen.every_dose:
        now = values_at(system, numbers, inputs, dose.at)
        given = deliver(system, now, dose, None if inputs else parts)
        notes.append(f"each dose: {given}")
        if dose.metric == "label" and system.model.carrier.use:
            text = "a dose of label alone is a tracer: saturation by its particles is neglected"
            notes.append(text)
            warnings.warn(text, TracerWarning, stacklevel=3)
        most = next(
            (v for p, v in zip(system.parameters, numbers, strict=True) if p.name == "carrier.most_particles"), None
        )
        if most is not None and given.particles > most:
            given_, most_ = f"{given.particles * 1e9:.2g}", f"{most * 1e9:.2g}"
            text = f"{given_} particles to a dose; a purification is taken to yield {most_} at most"
            notes.append(text)
            warnings.warn(text, YieldWarning, stacklevel=3)
    return tuple(dict.fromkeys(notes))
