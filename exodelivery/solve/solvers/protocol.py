"""Floor 6: the Solver seam. A solver carries states from breakpoint to breakpoint of a timeline.

The contract (tests/contracts/test_solvers.py runs it for every row of the table): closed forms to tolerance,
jumps and inputs at breakpoints, outputs at any time asked for, failure as an Outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError, nearest
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.timeline import Array, Timeline

if TYPE_CHECKING:
    from exodelivery.solve.solvers.batch import Batch

SOLVERS: dict[str, str] = {
    "lsoda": "exodelivery.solve.solvers.scipy:LsodaSolver",
    "radau": "exodelivery.solve.solvers.scipy:RadauSolver",
    "rodas5p": "exodelivery.solve.solvers.rodas5p:Rodas5pSolver",
    "exact": "exodelivery.solve.solvers.exact:ExactSolver",
}


FLOOR = 1e-4
UNSEEN = 1e-12
"""What no assay sees of any ledger [nmol, 1e9 particles, cell, ID]: a zeptomole, a thousandth of a particle."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Accuracy asked for.

    Attributes
    ----------
    relative : float
    absolute : float or array, (states,)
        Per state [base units]; states have different units (cells next to nmol), so 0 means ``FLOOR`` times
        the relative tolerance times the largest value that the state itself reaches.
    unseen : float
        Amount below which a state's relative error does not count, whatever it has reached so far [base units]. A state
        that starts from nothing like a high power of time would else be followed down to 1e-300.
    most_steps : int
        Budget of steps for one run; spent, the run fails with an outcome.
    sensitivities : bool
        Hold sensitivities to the tolerance too, where a solver could leave them to the states' steps.
    """

    relative: float = 1e-8
    absolute: float | Array = 0.0
    unseen: float = 0.0
    most_steps: int = 100_000
    sensitivities: bool = False


def of_amounts(relative: float = 1e-8) -> Tolerance:
    """Return the tolerance of a model, whose states are amounts; bare equations may have states of any size."""
    return Tolerance(relative, unseen=UNSEEN)


@dataclass(frozen=True, slots=True)
class Solution:
    """Numbers of one integration.

    Attributes
    ----------
    times : array, (times,)
        As asked for [h].
    states : array, (times, states)
        In base units; rows that a failed run did not reach are NaN, and ``outcome`` says so.
    sensitivities : array, (times, states, sensitive), or None
        d state / d parameter.
    dense : callable or None
        ``dense(times) -> (times, states)`` between start and end, of the solver's own order.
    knots : array or None
        Where the pieces of ``dense`` begin, if it has any [h].
    outcome : Outcome
    """

    times: Array
    states: Array
    outcome: Outcome
    sensitivities: Array | None = None
    dense: Callable[[Array], Array] | None = None
    knots: Array | None = None


class Solver(Protocol):
    """Integrates equations over a timeline."""

    name: str
    emitter: str

    def accepts(self, equations: Equations) -> bool:
        """Say whether this solver can take these equations (the exact one takes linear ones only)."""

    def solve(
        self,
        kernels: Any,
        parameters: Array,
        timeline: Timeline,
        times: Array,
        tolerance: Tolerance,
        *,
        dense: bool = False,
    ) -> Solution:
        """Integrate one parameter set and return the states at ``times``."""


@runtime_checkable
class SolverOfMany(Solver, Protocol):
    """A solver that takes many parameter sets at once, on the kernels of the emitter ``llvm``."""

    def solve_many(
        self,
        kernels: Any,
        parameters: Array,
        timelines: Timeline | Sequence[Timeline],
        times: Array | Sequence[Array],
        tolerance: Tolerance,
        *,
        subjects: NDArray[np.int64] | None = None,
        outputs: bool = False,
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Batch:
        """Return states or outputs of every set at its subject's times; a set that fails costs only itself."""


def solver(name: str) -> Solver:
    """Return the solver of this name, importing it now."""
    if name not in SOLVERS:
        raise SimulationError(f"no solver is called {name!r}", remedy=nearest(name, SOLVERS))
    module, _, attribute = SOLVERS[name].partition(":")
    built: Solver = getattr(import_module(module), attribute)()
    return built
