"""Floor 6: what inputs are at each time: values in force, and the jumps and slopes that carry them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.course import Course
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, SimulationError, nearest
from exodelivery.solve.timeline import Array, Timeline
from exodelivery.units import quantity


@dataclass(frozen=True, slots=True)
class Given:
    """An input over time in base units.

    Attributes
    ----------
    name : str
    times, values : tuple of float
        [h] and base units.
    lines : bool
    """

    name: str
    times: tuple[float, ...]
    values: tuple[float, ...]
    lines: bool

    def at(self, time: float, before: float) -> float:
        """Return the value at a time; ``before`` holds until the first."""
        if time < self.times[0]:
            return before
        if self.lines:
            return float(np.interp(time, self.times, self.values))
        return self.values[int(np.searchsorted(self.times, time, side="right")) - 1]

    def slope(self, time: float) -> float:
        """Return how fast it changes from a time on [1/h]."""
        place = int(np.searchsorted(self.times, time, side="right"))
        if not self.lines or not 0 < place < len(self.times):
            return 0.0
        return (self.values[place] - self.values[place - 1]) / (self.times[place] - self.times[place - 1])


def in_base(model: Model, values: Mapping[str, str | float]) -> dict[str, float]:
    """Return values by full name in base units, or raise for an unknown name or an impossible value."""
    known = parameters_of(model)
    found: dict[str, float] = {}
    for name, value in values.items():
        if name not in known:
            raise SimulationError(f"the model has no parameter {name!r}", remedy=nearest(name, known))
        if isinstance(value, str):
            number, written = quantity(value)
            if written.dimension != known[name].quantity.dimension:
                raise SimulationError(
                    f"{name} has the dimension {known[name].quantity.dimension}, not {written.dimension}",
                    remedy=f"write it like {known[name].quantity.value!r}",
                )
            found[name] = number * written.factor
        else:
            found[name] = float(value)
        if not np.isfinite(found[name]):
            raise SimulationError(f"{name} is set to {value!r}", remedy="values are finite numbers")
        if found[name] < 0 and known[name].quantity.scale != "linear":
            raise SimulationError(f"{name} is set to {value!r}", remedy="it is declared as a positive quantity")
    return found


def given_inputs(model: Model, regimen: Regimen) -> tuple[Given, ...]:
    """Return the inputs of a regimen in base units.

    Raises
    ------
    DoseError
        If one is given twice.
    SimulationError
        For an unknown name or a wrong unit.
    """
    return _given(model, regimen.inputs) if regimen.inputs else ()


@lru_cache(maxsize=1024)
def _given(model: Model, courses: tuple[Course, ...]) -> tuple[Given, ...]:
    names = [one.name for one in courses]
    for name in names:
        if names.count(name) > 1:
            raise DoseError(f"{name} is given over time twice", remedy="give all its times at once")
    return tuple(
        Given(
            one.name,
            tuple(round(time, 9) for time, _ in one.points),
            tuple(in_base(model, {one.name: value})[one.name] for _, value in one.points),
            one.lines,
        )
        for one in courses
    )


def values_at(system: System, values: Array, inputs: tuple[Given, ...], time: float) -> Array:
    """Return the parameters with inputs as they are at a time, (parameters,)."""
    if not inputs:
        return values
    found, places = values.copy(), {parameter.name: n for n, parameter in enumerate(system.parameters)}
    for one in inputs:
        if one.name in places:
            found[places[one.name]] = one.at(time, values[places[one.name]])
    return found


def marks(inputs: tuple[Given, ...], begin: float, end: float) -> set[float]:
    """Return when inputs change between two times, both included."""
    return {time for one in inputs for time in one.times if begin <= time <= end}


def carried(line: Timeline, system: System, values: Array, inputs: tuple[Given, ...]) -> Timeline:
    """Return a timeline that carries inputs along; it has a breakpoint at each of their times.

    Parameters
    ----------
    line : Timeline
    system : System
        With its inputs as states.
    values : array, (parameters,)
        Declared ones: what an input state starts with, and holds until its first time.
    inputs : tuple of Given

    Notes
    -----
    A line is a leg, and the input states of a leg start with their declared values.
    """
    jumps, slopes = line.jumps.copy(), line.inputs.copy()
    places = {parameter.name: n for n, parameter in enumerate(system.parameters)}
    states = {variable.name: n for n, variable in enumerate(system.variables) if variable.kind == "input"}
    for one in inputs:
        if one.name not in states:
            continue
        state, declared = states[one.name], float(values[places[one.name]])
        before = declared
        for n, time in enumerate(line.times.tolist()):
            now = one.at(time, declared)
            jumps[n, state] += now - before
            slopes[n, state] += one.slope(time)
            finish = line.times[n + 1] if n + 1 < len(line.times) else line.end
            before = now + one.slope(time) * (float(finish) - time)
    return replace(line, jumps=jumps, inputs=slopes)
