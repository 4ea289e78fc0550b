"""Floor 9: carriers side by side with a slider to each parameter, solved in the page itself.

Why: at a lab meeting somebody asks "and if it leaked half as fast?". The page answers without a kernel, a server or a
network, from the equations that the runs were made with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.model import Parameter
from exodelivery.declare.quantity import from_scale, to_scale
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import SimulationError
from exodelivery.solve.records import DOSING
from exodelivery.solve.trajectory import Trajectory

UNKNOWN = 3.0
"""A slider of a value that nothing says the width of goes from a third of it to three times it."""
SMALL = 1e-4
"""Part of a state's largest amount in the run below which its relative error no longer counts."""


@dataclass(frozen=True, slots=True)
class Slider:
    """A parameter that the page lets go.

    Attributes
    ----------
    parameter : Parameter
    value, low, high : float
        Where the runs have it, and the ends [base units].
    where : tuple of (int, int)
        Runs, and its place among the parameters of each.
    group : str
        Under which heading it stands.
    """

    parameter: Parameter
    value: float
    low: float
    high: float
    where: tuple[tuple[int, int], ...]
    group: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Runs that a page may vary, the first being the one that the others are held against.

    Attributes
    ----------
    runs : tuple of Trajectory
    """

    runs: tuple[Trajectory, ...]

    def __post_init__(self) -> None:
        if not self.runs:
            raise SimulationError("a page of sliders needs a run")
        for run in self.runs:
            if not run:
                raise SimulationError(
                    f"the run of {run.model.carrier.name} failed, so a page cannot vary it: {run.outcome.what}",
                    remedy=run.outcome.remedy,
                )
            require_times_of_its_own(run.regimen)
            if run.fired:
                raise _refused()

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, table

        rows = [(title, run.model.name, str(run.regimen)) for title, run in zip(self.titles, self.runs, strict=True)]
        return card("What if", str(self), table(("carrier", "model", "dose"), rows))

    @property
    def titles(self) -> tuple[str, ...]:
        """What each run is called: its carrier, or its model where carriers repeat."""
        carriers = [run.model.carrier.name for run in self.runs]
        if len(set(carriers)) == len(carriers):
            return tuple(carriers)
        return tuple(f"{n}. {run.model.name}, {run.model.carrier.name}" for n, run in enumerate(self.runs, 1))

    @property
    def observables(self) -> dict[str, str]:
        """Observables that a run has, with their units."""
        return {column.name: column.unit for run in self.runs for column in run.system.columns}

    @property
    def times(self) -> Any:
        """Where curves are drawn, (times,) [h]."""
        return np.unique(np.concatenate([run.times for run in self.runs]))

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """Every parameter of the equations, one slider where runs share it; those that make the dose are left out."""
        places: dict[tuple[str, float], list[tuple[int, int]]] = {}
        known: dict[tuple[str, float], Parameter] = {}
        for n, run in enumerate(self.runs):
            used = _used(run.system)
            for index, parameter in enumerate(run.system.parameters):
                if index in used and not parameter.name.startswith(DOSING):
                    key = parameter.identity, float(run.parameters[index])
                    places.setdefault(key, []).append((n, index))
                    known.setdefault(key, parameter)
        every = (
            Slider(known[key], key[1], *_ends(known[key], key[1]), tuple(where), self._group(where))
            for key, where in places.items()
        )
        return tuple(sorted(every, key=lambda slider: -len(slider.where)))

    def _group(self, where: Sequence[tuple[int, int]]) -> str:
        runs = {run for run, _ in where}
        if len(runs) == len(self.runs) > 1:
            return "shared by all"
        return " and ".join(title for n, title in enumerate(self.titles) if n in runs)

    def __str__(self) -> str:
        return f"What if: {', '.join(self.titles)}, {len(self.sliders)} sliders; write it with exo.report"

    __repr__ = __str__


def _used(system: System) -> set[int]:
    equations = system.equations
    symbols: set[Any] = set().union(
        *(getattr(e, "free_symbols", set()) for e in (*equations.rates, *equations.start, *equations.outputs))
    )
    return {index for index, symbol in enumerate(equations.parameters) if symbol in symbols}


def _ends(parameter: Parameter, value: float) -> tuple[float, float]:
    """Return what is believed of a value (95 %), or a guess at a width, with the value inside."""
    scale = parameter.quantity.scale
    ends = parameter.quantity.ends
    if ends is None:
        prior = parameter.quantity.prior()
        if prior is None:
            return (value / UNKNOWN, value * UNKNOWN) if value > 0 and scale != "logit" else _around(value, scale)
        low, high = (from_scale(prior[0] + side * 1.96 * prior[1], scale) for side in (-1, 1))
        ends = low, high
    return min(*ends, value), max(*ends, value)


def _around(value: float, scale: str) -> tuple[float, float]:
    if scale == "logit":
        centre = to_scale(value, scale)
        return from_scale(centre - 1.1, scale), from_scale(centre + 1.1, scale)
    reach = UNKNOWN * abs(value) or 1.0
    return value - reach, value + reach


def require_times_of_its_own(dose: Regimen) -> None:
    """Refuse doses whose moments or levels follow from the parameters: a slider moves them, and the page would not.

    Raises
    ------
    SimulationError
        For a steady state, a reset or a condition.
    """
    if dose.resets or dose.triggers or any(one.steady_state for one in dose.doses):
        raise _refused()


def _refused() -> SimulationError:
    return SimulationError(
        "a page cannot follow doses at a steady state, after a reset or under a condition",
        remedy="give the doses one by one, at times of their own",
    )


def entries(rows: Any) -> Iterator[list[tuple[int, float]]]:
    """Yield each row's entries that are not nought, with their places."""
    for row in rows:
        yield [(int(i), float(row[i])) for i in np.flatnonzero(row)]
