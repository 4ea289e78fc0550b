"""Floor 6: the default solver: Rodas5P on compiled kernels, one parameter set or a hundred thousand.

A dosing record restarts a multistep method at order 1 after every dose; a Rosenbrock step starts at full order, needs
one small LU and no iteration. Populations run over lanes and threads, output only what is asked for, and give the same
bits whatever the lanes and threads.

References
----------
Steinebach, BIT Numer. Math. 63:27 (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.emitters.llvm import FUNCTIONS, LlvmKernels
from exodelivery.compile.equations import Equations
from exodelivery.compile.native.machine import host_lanes
from exodelivery.compile.native.tableau import MOVES, STAGES
from exodelivery.errors import SimulationError
from exodelivery.solve.lanes.compiled import announce
from exodelivery.solve.lanes.course import course, weights
from exodelivery.solve.lanes.lane import Course, Kernels, Weights
from exodelivery.solve.lanes.population import run_sets
from exodelivery.solve.lanes.single import Variation, run_one
from exodelivery.solve.solvers.batch import Batch, in_threads, layout, outcome_of
from exodelivery.solve.solvers.protocol import Solution, Tolerance
from exodelivery.solve.timeline import Array, Timeline

NOTHING = np.empty((0, 0, 0))
ROOM = 1000  # steps that are kept at first


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dosing record and output times laid out for the driver."""

    kernels: LlvmKernels
    timeline: Timeline
    times: Array
    tolerance: Tolerance
    addresses: Kernels
    course: Course
    weights: Weights
    variation: Variation

    def solve(self, parameters: Array, *, dense: bool = False) -> Solution:
        """Integrate one parameter set, (parameters,)."""
        values = _parameters(self.kernels, parameters, 1)
        n, k = self.kernels.plan.size, len(self.kernels.sensitive)
        out, by, report = np.empty((len(self.times), n)), np.empty((len(self.times), n, k)), np.zeros(4)
        variation = self.variation
        if k and self.tolerance.sensitivities:
            sizes = np.abs(values[list(self.kernels.sensitive)])
            variation = variation._replace(scales=np.where(sizes > 0, sizes, 1.0))
        kept, total = np.empty((ROOM if dense else 0, 3 + 5 * n)), 0
        announce(run_one)
        while True:
            total = run_one(
                self.addresses, self.kernels.rows, values, self.course, self.weights, variation, kept, out, by, report
            )
            if not dense or total <= len(kept):
                break
            kept = np.empty((total, 3 + 5 * n))  # too long for the room: once more, now that its length is known
        outcome = outcome_of(report, self.tolerance.most_steps)
        curve = knots = None
        if dense and outcome:
            kept = kept[:total]
            knots = kept[:, 0] + kept[:, 1]
            curve = _Steps(kept, self.timeline, n, self.kernels.plain.start(values))
        return Solution(self.times, out, outcome, by if k else None, curve, knots)


class Rodas5pSolver:
    """Rosenbrock method of order 5, L-stable, with dense output of order 4 and exact forward sensitivities."""

    name = "rodas5p"
    emitter = "llvm"

    def accepts(self, equations: Equations) -> bool:
        """Take any equations."""
        return True

    def solve(
        self,
        kernels: LlvmKernels,
        parameters: Array,
        timeline: Timeline,
        times: Array,
        tolerance: Tolerance,
        *,
        dense: bool = False,
    ) -> Solution:
        """Integrate one parameter set.

        Parameters
        ----------
        kernels : LlvmKernels
        parameters : array, (parameters,)
            In base units.
        timeline : Timeline
        times : array, (times,)
            Rising, within the run [h].
        tolerance : Tolerance
        dense : bool, optional
            Keep the interpolants of every step.

        Returns
        -------
        Solution

        Raises
        ------
        SimulationError
            The times leave the run, or arrays do not fit the equations.

        Examples
        --------
        >>> import numpy as np
        >>> from exodelivery.compile.emitters.llvm import LlvmEmitter
        >>> from exodelivery.compile.equations import equations
        >>> kernels = LlvmEmitter().emit(equations({"a": "-k * a"}))
        >>> bolus = Timeline(np.array([0.0]), np.array([[10.0]]), np.zeros((1, 1)), end=2.0)
        >>> run = Rodas5pSolver().solve(kernels, np.array([0.5]), bolus, np.array([2.0]), Tolerance())
        >>> bool(abs(run.states[0, 0] - 10 * np.exp(-1)) < 1e-6)
        True
        """
        return self.prepare(kernels, timeline, times, tolerance).solve(parameters, dense=dense)

    def prepare(self, kernels: LlvmKernels, timeline: Timeline, times: Array, tolerance: Tolerance) -> Prepared:
        """Lay out a run that many parameter sets will repeat, as in a fit: each then costs its steps only.

        Parameters
        ----------
        kernels : LlvmKernels
        timeline : Timeline
        times : array, (times,)
            Rising, within the run [h].
        tolerance : Tolerance

        Returns
        -------
        Prepared

        Raises
        ------
        SimulationError
            The times leave the run, or the timeline does not fit the equations.
        """
        varied = (
            kernels.blocks(_everywhere(kernels, timeline), timeline.inputs_by is not None)
            if kernels.sensitive
            else None
        )
        machine = kernels.machine(1, varied)
        return Prepared(
            kernels,
            timeline,
            times,
            tolerance,
            _kernels(machine, observing=False),
            course(kernels.plan.size, [timeline], [times]),
            weights(tolerance, kernels.plan.size),
            _variation(kernels, machine, varied, timeline),
        )

    def solve_many(
        self,
        kernels: LlvmKernels,
        parameters: Array,
        timelines: Timeline | Sequence[Timeline],
        times: Array | Sequence[Array],
        tolerance: Tolerance,
        *,
        subjects: NDArray[np.int64] | None = None,
        outputs: bool = False,
        threads: int | None = None,
        lanes: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Batch:
        """Integrate many parameter sets; a set that fails costs only itself.

        Parameters
        ----------
        kernels : LlvmKernels
        parameters : array, (sets, parameters)
            In base units.
        timelines : Timeline or sequence of Timeline, (subjects,)
            One for all sets, or one to a subject.
        times : array or sequence of arrays
            Rising output times of all, or of each subject [h].
        tolerance : Tolerance
        subjects : array of int, (sets,), optional
            Subject of each set; by default all have the first, or set i is subject i where there are as many.
        outputs : bool, optional
            Return the model's outputs in place of its states.
        threads, lanes : int, optional
            By default all cores, and what the processor's vectors hold; results do not depend on either.
        progress : callable, optional
            Told the number of finished sets, now and then.

        Returns
        -------
        Batch

        Raises
        ------
        SimulationError
            Arrays do not fit the equations or one another.
        """
        values = _parameters(kernels, parameters, 2)
        laid = layout(kernels.plan.size, len(values), timelines, times, subjects)
        out = laid.answers(len(kernels.plan.outputs) if outputs else kernels.plan.size)
        report = np.zeros((len(values), 4))
        chosen = lanes or host_lanes()
        machine = kernels.machine(chosen)
        addresses, rows = _kernels(machine, observing=outputs), kernels.rows
        held = weights(tolerance, kernels.plan.size)

        announce(run_sets)

        def chunk(first: int, stop: int) -> int:
            run_sets(
                addresses, rows, chosen, values, first, stop, laid.which, laid.course, laid.bases, held, out, report
            )
            return stop - first

        in_threads(chunk, len(values), threads, progress)
        return laid.batch(out, report, tolerance.most_steps)


def warm_up() -> None:
    """Compile the drivers for this machine, once; later processes find them cached.

    It takes some ten seconds, in which numba translates the drivers of one run and of many.
    """
    from exodelivery.compile.emitters.llvm import LlvmEmitter
    from exodelivery.compile.equations import equations
    from exodelivery.solve.solvers.exact import ExactSolver

    kernels = LlvmEmitter().emit(equations({"a": "-k * a"}), (0,))
    bolus = Timeline(np.array([0.0]), np.array([[1.0]]), np.zeros((1, 1)), end=1.0)
    times = np.array([1.0])
    Rodas5pSolver().solve(kernels, np.array([1.0]), bolus, times, Tolerance())
    for method in (Rodas5pSolver(), ExactSolver()):
        method.solve_many(kernels, np.array([[1.0]]), bolus, times, Tolerance(), threads=1)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The interpolant of a whole run, from its kept steps."""

    kept: Array
    timeline: Timeline
    size: int
    start: Array

    def __call__(self, times: Array) -> Array:
        asked, n = np.asarray(times, dtype=float), self.size
        if not len(self.kept):
            return np.tile(self.start + self.timeline.jumps[0], (len(asked), 1))
        begins = self.kept[:, 0] + self.kept[:, 1]
        step = self.kept[np.maximum(np.searchsorted(begins, asked, side="right") - 1, 0)]
        theta = ((asked - step[:, 0] - step[:, 1]) / step[:, 2])[:, None]
        x, moved, first, second, third = (step[:, 3 + i * n : 3 + (i + 1) * n] for i in range(5))
        curve = first + theta * (second + theta * third)
        found = (1 - theta) * x + theta * (moved + (1 - theta) * curve)
        last = self.timeline.times[-1]
        if last == self.timeline.end:  # a dose at the very end has no step after it
            found[asked >= last] += self.timeline.jumps[-1]
        return np.asarray(found)


def _parameters(kernels: LlvmKernels, parameters: Array, dimensions: int) -> Array:
    values = np.ascontiguousarray(parameters, dtype=float)
    count = len(kernels.equations.parameters)
    if values.ndim != dimensions or values.shape[-1] != count:
        raise SimulationError(
            f"parameters have shape {values.shape}, the equations want {count} to a set",
            remedy="give one value a parameter",
        )
    return values


def _kernels(machine: Any, *, observing: bool) -> Kernels:
    addresses = {name: machine.addresses[name] for name in FUNCTIONS}
    return Kernels(**addresses if observing else addresses | {"observe": 0})


def _everywhere(kernels: LlvmKernels, timeline: Timeline) -> frozenset[int]:
    """Return the sensitive parameters whose doses move states that their rates do not."""
    from exodelivery.compile.native.variational import reach

    found: set[int] = set()
    reached = reach(kernels.plan, len(kernels.sensitive))
    for values in (timeline.jumps_by, timeline.inputs_by):
        if values is not None:
            moved = np.any(np.asarray(values) != 0.0, axis=0)  # (states, sensitive)
            found |= {p for p, states in enumerate(reached) if not states.issuperset(np.flatnonzero(moved[:, p]))}
    if timeline.times_by is not None:
        found |= set(np.flatnonzero(np.any(np.asarray(timeline.times_by) != 0.0, axis=0)).tolist())
    return frozenset(p for p in found if len(reached[p]) < kernels.plan.size)


def _variation(kernels: LlvmKernels, machine: Any, layout: Any, timeline: Timeline) -> Variation:
    if layout is None:
        return NO_VARIATION
    from exodelivery.compile.native.variational import entries_of

    k, rows = len(kernels.sensitive), layout.rows

    def given(values: Array | None) -> Array:
        return NOTHING if values is None else np.ascontiguousarray(values, dtype=float)

    return Variation(
        k, layout.lanes, layout.doubles,
        rows["inputs"], rows["now"], rows["next"], rows["moves"], rows["inverse"], rows["error"],
        STAGES * len(entries_of(kernels.plan)),
        machine.addresses["vary"], machine.addresses["start_by"],
        np.array([machine.addresses[layout.names[kind]] for kind in layout.arrangement.blocks]),
        np.array([layout.place(p) for p in range(k)]), DENSE,
        given(timeline.jumps_by), given(timeline.inputs_by),
        np.empty((0, 0)) if timeline.times_by is None else np.ascontiguousarray(timeline.times_by, dtype=float),
        np.empty(0),
    )  # fmt: skip


DENSE = np.array(MOVES.dense)
NONE = np.empty(0, dtype=np.int64)
NO_VARIATION = Variation(
    0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NONE, NONE, DENSE, NOTHING, NOTHING, np.empty((0, 0)), np.empty(0)
)
