"""Floor 6: the solution itself where rates are linear in the states: matrix exponentials between breakpoints.

One set, with exact sensitivities, runs on scipy; many sets run over the lanes of ``lanes/exponential.py``.

With constant inputs u, ``d(x, 1)/dt = [[A, u], [0, 0]] (x, 1)``, and each sensitivity s joins as ``ds/dt = A s +
A_p x + u_p``: the exponential of the doubled matrix holds the exact derivative of the exponential. No eigenvalues,
so equal rates (where closed forms divide by zero) are like any others. Constant rates of the model count as inputs.

References
----------
``scipy.linalg.expm`` names the method of scaling and squaring that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.derive import entries, smooth
from exodelivery.compile.emitters.numpy import NumpyKernels
from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.solvers.protocol import Solution, Tolerance
from exodelivery.solve.solvers.segments import cross, fitting, segments
from exodelivery.solve.timeline import Array, Timeline

if TYPE_CHECKING:
    from exodelivery.compile.emitters.llvm import LlvmKernels
    from exodelivery.solve.solvers.batch import Batch


@dataclass(frozen=True, slots=True)
class Linear:
    """One parameter set's rates ``A x + b``: A (states, states), b (states,), and their derivatives by parameters,
    (sensitive, states, states) and (states, sensitive).
    """

    matrix: Array
    offset: Array
    matrix_by: Array
    offset_by: Array


class ExactSolver:
    """Matrix exponentials; no step, no tolerance."""

    name = "exact"
    emitter = "numpy"

    def accepts(self, equations: Equations) -> bool:
        """Take equations whose Jacobian holds neither states nor time, and whose rates hold no time."""
        changing = {*equations.states, equations.time}
        rates = [smooth(rate) for rate in equations.rates]
        steady = all(equations.time not in rate.free_symbols for rate in rates)
        return steady and not any(value.free_symbols & changing for *_, value in entries(rates, equations.states))

    def solve(
        self,
        kernels: NumpyKernels,
        parameters: Array,
        timeline: Timeline,
        times: Array,
        tolerance: Tolerance,
        *,
        dense: bool = False,
    ) -> Solution:
        """Solve for one parameter set; the tolerance is not needed.

        Parameters
        ----------
        kernels : NumpyKernels
        parameters : array, (parameters,)
            In base units.
        timeline : Timeline
        times : array, (times,)
            Rising, within the run [h].
        tolerance : Tolerance
            Ignored.
        dense : bool, optional
            Give the solution at any other times, too.

        Returns
        -------
        Solution

        Raises
        ------
        SimulationError
            The equations are not linear, or arrays do not fit them.

        Examples
        --------
        >>> import numpy as np
        >>> from exodelivery.compile.emitters.numpy import NumpyEmitter
        >>> from exodelivery.compile.equations import equations
        >>> kernels = NumpyEmitter().emit(equations({"a": "-k * a"}))
        >>> bolus = Timeline(np.array([0.0]), np.array([[10.0]]), np.zeros((1, 1)), end=2.0)
        >>> run = ExactSolver().solve(kernels, np.array([0.5]), bolus, np.array([2.0]), Tolerance())
        >>> bool(abs(run.states[0, 0] - 10 * np.exp(-1)) < 1e-13)
        True
        """
        values = fitting(kernels.equations, parameters, timeline)
        linear = _linear(kernels, values)
        states, by, finite = _walk(kernels, linear, values, timeline, times, bool(kernels.sensitive))
        if not finite:
            bad = np.argwhere(~np.isfinite(states))
            row, state = bad[0] if len(bad) else (0, 0)
            time = float(times[row]) if len(times) else timeline.end
            remedy = "look at the rate constants of this state: one is not finite, or grows without bound"
            return Solution(times, states, Outcome(False, "the solution is not finite", time, int(state), remedy), by)
        curve: Callable[[Array], Array] | None = None
        if dense:

            def curve(asked: Array) -> Array:
                order = np.argsort(asked, kind="stable")
                found = np.empty((len(asked), states.shape[1]))
                found[order] = _walk(kernels, linear, values, timeline, np.asarray(asked)[order], False)[0]
                return found

        return Solution(times, states, Outcome(True, steps=len(timeline.times)), by, curve)

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
        """Solve for many parameter sets; arguments as of :meth:`Rodas5pSolver.solve_many`, the tolerance not needed.

        Raises
        ------
        SimulationError
            The equations are not linear, or arrays do not fit them or one another.
        """
        from exodelivery.compile.native.machine import host_lanes
        from exodelivery.solve.lanes.exponential import LinearKernels, run_linear
        from exodelivery.solve.solvers.batch import in_threads, layout

        if not self.accepts(kernels.equations):
            raise _not_linear()
        values = np.ascontiguousarray(parameters, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(kernels.equations.parameters):
            raise SimulationError(
                f"parameters have shape {values.shape}, not one value a parameter to each set",
                remedy="list values in the order of equations.parameters",
            )
        laid = layout(kernels.plan.size, len(values), timelines, times, subjects)
        out = laid.answers(len(kernels.plan.outputs) if outputs else kernels.plan.size)
        report = np.zeros((len(values), 4))
        chosen = lanes or 2 * host_lanes()  # two vectors hide one another's waiting
        addresses = kernels.linear_machine(chosen).addresses
        named = LinearKernels(**addresses if outputs else addresses | {"observe": 0})

        def chunk(first: int, stop: int) -> int:
            run_linear(
                named, kernels.rows, chosen, values, first, stop, laid.which, laid.course, laid.bases, out, report
            )
            return stop - first

        in_threads(chunk, len(values), threads, progress)
        return laid.batch(out, report, tolerance.most_steps)


def _not_linear() -> SimulationError:
    return SimulationError(
        "these equations are not linear in their states", remedy="take the solver 'rodas5p' or 'lsoda'"
    )


def _linear(kernels: NumpyKernels, parameters: Array) -> Linear:
    n, nowhere = len(kernels.equations.states), np.zeros(len(kernels.equations.states))
    matrix = kernels.jacobian(0.0, nowhere, parameters)
    offset, offset_by = kernels.rates(0.0, nowhere, parameters), kernels.by_parameters(0.0, nowhere, parameters)
    probe = np.ones(n)
    with np.errstate(all="ignore"):
        off = np.abs(kernels.rates(0.0, probe, parameters) - matrix @ probe - offset)
        limit = 1e-9 * (np.abs(matrix) @ probe + np.abs(offset)) + np.finfo(float).tiny
    if np.any(off > limit):
        raise _not_linear()
    columns = [kernels.by_parameters(0.0, unit, parameters) - offset_by for unit in np.eye(n)]
    return Linear(matrix, offset, np.stack(columns, axis=1).transpose(2, 0, 1), offset_by)


def _walk(
    kernels: NumpyKernels, linear: Linear, parameters: Array, timeline: Timeline, times: Array, varied: bool
) -> tuple[Array, Array | None, bool]:
    n, k = len(linear.matrix), len(kernels.sensitive) if varied else 0
    states, by = np.empty((len(times), n)), np.empty((len(times), n, k))
    x = kernels.start(parameters)
    s = kernels.start_by_parameters(parameters) if varied else None
    finite = True

    def rates(t: float, x: Array) -> Array:
        return kernels.rates(t, x, parameters)

    for segment in segments(timeline, times):
        x, s = cross(timeline, segment.index, rates, x, s)
        moments = np.append(times[segment.rows], segment.finish) - segment.begin
        inputs, inputs_by = linear.offset + timeline.inputs[segment.index], linear.offset_by[:, :k]
        if timeline.inputs_by is not None and varied:
            inputs_by = inputs_by + timeline.inputs_by[segment.index]
        found, moved = _propagate(linear, inputs, inputs_by, x, s, moments)
        finite = finite and bool(np.all(np.isfinite(found)))
        states[segment.rows], x = found[:-1], found[-1]
        if s is not None:
            by[segment.rows], s = moved[:-1], moved[-1]
    return states, by if varied else None, finite


def _propagate(
    linear: Linear, inputs: Array, inputs_by: Array, x: Array, s: Array | None, moments: Array
) -> tuple[Array, Array]:
    """Return states (moments, states) and sensitivities (moments, states, sensitive) from the segment's begin."""
    from scipy.linalg import expm

    n, k = len(x), inputs_by.shape[1]
    single = np.zeros((n + 1, n + 1))
    single[:n, :n], single[:n, n] = linear.matrix, inputs
    if not np.all(np.isfinite(single)):
        return np.full((len(moments), n), np.nan), np.full((len(moments), n, k), np.nan)
    found = expm(single * moments[:, None, None])[:, :n] @ np.append(x, 1.0)
    moved = np.empty((len(moments), n, k))
    for index in range(k if s is not None else 0):
        double = np.zeros((2 * n + 1, 2 * n + 1))
        double[: n + 1, : n + 1] = single
        double[n + 1 :, :n], double[n + 1 :, n] = linear.matrix_by[index], inputs_by[:, index]
        double[n + 1 :, n + 1 :] = linear.matrix
        start = np.concatenate([x, [1.0], s[:, index]]) if s is not None else x
        moved[:, :, index] = expm(double * moments[:, None, None])[:, n + 1 :] @ start
    found[moments == 0], moved[moments == 0] = x, moved[moments == 0] if s is None else s
    return found, moved
