"""Floor 6: derivatives of a run by the compiled solver, at the times that functionals want.

The variational equations of :mod:`exodelivery.solve.variation` follow any run; where a run is one leg of the default
solver, the solver's own forward sensitivities give the same numbers in a fraction of the time. Functionals are asked
twice: first for the times at which they look at a derivative, then for the derivative itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from exodelivery.compile.machine import Machine
from exodelivery.errors import DoseError
from exodelivery.solve.records import legs, lines_by
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory

SOLVER = "rodas5p"


class Tangents(Protocol):
    """Derivatives of a run's observables by some of its parameters."""

    @property
    def run(self) -> Trajectory:
        """The run."""

    @property
    def sensitive(self) -> tuple[int, ...]:
        """Which parameters."""

    def curve(self, name: str, times: Array) -> Array:
        """Return d observable / d parameter at times [h], in its unit per base unit, (times, sensitive)."""


@dataclass(eq=False)
class Wanted:
    """Notes the times at which derivatives are asked for, and answers with zeros."""

    run: Trajectory
    sensitive: tuple[int, ...]
    times: list[Array] = field(default_factory=list)

    def curve(self, name: str, times: Array) -> Array:
        """Return zeros, (times, sensitive)."""
        self.times.append(np.asarray(times, dtype=float))
        return np.zeros((len(times), len(self.sensitive)))


@dataclass(frozen=True, slots=True, eq=False)
class Tabulated:
    """Derivatives at times that were asked for beforehand.

    Attributes
    ----------
    run : Trajectory
    sensitive : tuple of int, (sensitive,)
    kernels : object
        The numpy emitter's, differentiated by them.
    times : array, (times,)
        Rising [h].
    states : array, (times, states)
    by : array, (times, states, sensitive)
    """

    run: Trajectory
    sensitive: tuple[int, ...]
    kernels: Any
    times: Array
    states: Array
    by: Array

    def curve(self, name: str, times: Array) -> Array:
        """Return d observable / d parameter at times [h], in its unit per base unit, (times, sensitive)."""
        run = self.run
        column = next(n for n, known in enumerate(run.system.columns) if known.name == name)
        places = np.searchsorted(self.times, times)
        states = self.states[places]
        by_states = self.kernels.outputs_by_states(times, states, run.parameters)[:, column]
        plain = self.kernels.outputs_by_parameters(times, states, run.parameters)[:, column]
        found: Array = np.einsum("tn,tnk->tk", by_states, self.by[places]) + plain
        return found / run.system.columns[column].factor


def tangents(
    compiled: Machine,
    run: Trajectory,
    sensitive: tuple[int, ...],
    ask: Callable[[Tangents], object],
    tolerance: Tolerance,
) -> Tabulated | None:
    """Return the derivatives that a question wants of a run, or nothing where the compiled solver has none.

    Parameters
    ----------
    compiled : Machine
    run : Trajectory
        Of that machine; it must not have failed.
    sensitive : tuple of int
        Positions among the machine's parameters.
    ask : callable
        Reads functionals off what it is given; the times that it looks at must not depend on derivatives.
    tolerance : Tolerance
        Of the run.

    Returns
    -------
    Tabulated or None
        None for another solver, a regimen with resets or steady states, or doses that conditions gave: see
        :func:`exodelivery.solve.gradients.sensitivities`.
    """
    if run.solver != SOLVER or run.fired or not sensitive:
        return None
    try:
        only, *more = legs(
            run.system,
            run.parameters,
            lines_by(run.system, run.parameters, run.regimen, sensitive),
            run.regimen,
            run.end,
        )
    except DoseError:
        return None
    if more or only.entry != "start":
        return None
    from exodelivery.solve.solvers.rodas5p import Rodas5pSolver

    wanted = Wanted(run, sensitive)
    with np.errstate(all="ignore"):
        ask(wanted)
    times = np.unique(np.concatenate(wanted.times)) if wanted.times else np.array([run.end])
    kernels = compiled.kernels("llvm", sensitive)
    found = Rodas5pSolver().prepare(kernels, only.timeline, times, tolerance).solve(run.parameters)
    if not found.outcome or found.sensitivities is None or not math.isfinite(float(np.sum(found.sensitivities))):
        return None
    return Tabulated(run, sensitive, compiled.kernels("numpy", sensitive), times, found.states, found.sensitivities)
