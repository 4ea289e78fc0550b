"""Floor 6: scipy's integrators on plain Python kernels: always there, and the second opinion.

LSODA (multistep, switches by stiffness) and Radau IIA (implicit Runge-Kutta) share nothing with each other or
with the fast back end but the equations. Sensitivities are the variational equations, integrated with the
states under one error control.

References
----------
The methods and their papers are named by ``scipy.integrate.LSODA`` and ``scipy.integrate.Radau``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from exodelivery.compile.emitters.numpy import NumpyKernels
from exodelivery.compile.equations import Equations
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.solvers.protocol import FLOOR, Solution, Tolerance
from exodelivery.solve.solvers.segments import Segment, cross, fitting, peaks, segments
from exodelivery.solve.timeline import Array, Timeline

SMALLEST = 1e-100
WILD = "look at the flows of this state: a rate that grows without bound, or does not vanish with its source"
SPENT = "loosen the tolerance, give this state an absolute tolerance, or raise Tolerance.most_steps"


@dataclass(frozen=True, slots=True)
class System:
    """One parameter set's states and sensitivities as one vector: states, then a column a parameter."""

    kernels: NumpyKernels
    parameters: Array
    inputs: Array
    inputs_by: Array | None

    @property
    def sizes(self) -> tuple[int, int]:
        return len(self.kernels.equations.states), 0 if self.inputs_by is None else self.inputs_by.shape[1]

    def rates(self, t: float, z: Array) -> Array:
        n, k = self.sizes
        x = z[:n]
        found = self.kernels.rates(t, x, self.parameters) + self.inputs
        if self.inputs_by is None:
            return found
        columns = z[n:].reshape(k, n).T
        moved = self.kernels.jacobian(t, x, self.parameters) @ columns
        moved += self.kernels.by_parameters(t, x, self.parameters) + self.inputs_by
        return np.concatenate([found, moved.T.ravel()])

    def blocks(self, t: float, z: Array) -> Array:
        """The states' Jacobian; the same block serves each sensitivity (their coupling to x is left out)."""
        return self.kernels.jacobian(t, z[: self.sizes[0]], self.parameters)


class ScipySolver:
    """Steps one of scipy's integrators from breakpoint to breakpoint."""

    name = ""
    emitter = "numpy"

    def accepts(self, equations: Equations) -> bool:
        """Take any equations."""
        return True

    def begin(self, system: System, t: float, z: Array, finish: float, relative: float, absolute: Array) -> Any:
        """Return scipy's integrator at the start of a segment."""
        raise NotImplementedError

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
        """Integrate one parameter set.

        Parameters
        ----------
        kernels : NumpyKernels
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
        >>> from exodelivery.compile.emitters.numpy import NumpyEmitter
        >>> from exodelivery.compile.equations import equations
        >>> kernels = NumpyEmitter().emit(equations({"a": "-k * a"}))
        >>> bolus = Timeline(np.array([0.0]), np.array([[10.0]]), np.zeros((1, 1)), end=2.0)
        >>> run = LsodaSolver().solve(kernels, np.array([0.5]), bolus, np.array([2.0]), Tolerance())
        >>> bool(abs(run.states[0, 0] - 10 * np.exp(-1)) < 1e-6)
        True
        """
        parameters = fitting(kernels.equations, parameters, timeline)
        absolute = np.broadcast_to(np.asarray(tolerance.absolute, dtype=float), (len(kernels.equations.states),))
        if not np.all(absolute > 0):
            absolute = np.where(absolute > 0, absolute, _chosen(kernels, parameters, timeline, tolerance))
        run = _Run(self, kernels, parameters, timeline, tolerance.relative)
        outcome = run.over(times, np.asarray(absolute, dtype=float), tolerance.most_steps, keep=dense)
        n = len(kernels.equations.states)
        rows = run.rows
        by = rows[:, n:].reshape(len(times), -1, n).transpose(0, 2, 1) if kernels.sensitive else None
        if not (dense and outcome):
            return Solution(times, rows[:, :n], outcome, by)
        return Solution(times, rows[:, :n], outcome, by, run.curve, np.array(run.starts))


class LsodaSolver(ScipySolver):
    """LSODA with an analytic banded Jacobian."""

    name = "lsoda"

    def begin(self, system: System, t: float, z: Array, finish: float, relative: float, absolute: Array) -> Any:
        from scipy.integrate import LSODA

        n, k = system.sizes
        band = n - 1
        row, column = np.nonzero(np.ones((n, n)))

        def packed(t: float, z: Array) -> Array:
            block = np.zeros((2 * band + 1, n))
            block[row - column + band, column] = system.blocks(t, z)[row, column]
            return np.tile(block, 1 + k)

        bands = {"lband": band, "uband": band} if k else {}
        jacobian = packed if k else system.blocks
        return LSODA(system.rates, t, z, finish, rtol=relative, atol=absolute, jac=jacobian, **bands)


class RadauSolver(ScipySolver):
    """Radau IIA of order 5 with an analytic Jacobian: the independent second method."""

    name = "radau"

    def begin(self, system: System, t: float, z: Array, finish: float, relative: float, absolute: Array) -> Any:
        from scipy.integrate import Radau
        from scipy.sparse import block_diag, csc_matrix

        _, k = system.sizes

        def sparse(t: float, z: Array) -> Any:
            return csc_matrix(block_diag([system.blocks(t, z)] * (1 + k)))

        jacobian = sparse if k else system.blocks
        return Radau(system.rates, t, z, finish, rtol=relative, atol=absolute, jac=jacobian)


class _Run:
    """One pass over a timeline; it gathers the rows asked for and, if they are kept, the interpolants."""

    def __init__(
        self,
        method: ScipySolver,
        kernels: NumpyKernels,
        parameters: Array,
        timeline: Timeline,
        relative: float,
    ) -> None:
        self.method, self.kernels, self.parameters = method, kernels, parameters
        self.timeline, self.relative = timeline, relative
        self.size = len(kernels.equations.states)
        self.steps = 0
        self.rows: Array = np.empty((0, 0))
        self.starts: list[float] = []
        self.curves: list[Callable[[Any], Any]] = []

    def over(self, times: Array, absolute: Array, most_steps: int, *, keep: bool) -> Outcome:
        """Integrate from the first breakpoint to the end."""
        n, k = self.size, len(self.kernels.sensitive)
        x = self.kernels.start(self.parameters)
        by = self.kernels.start_by_parameters(self.parameters) if k else None
        self.rows = np.full((len(times), n * (1 + k)), np.nan)
        scales = [abs(float(self.parameters[index])) or 1.0 for index in self.kernels.sensitive]
        weights = np.concatenate([absolute, *(absolute / scale for scale in scales)])

        def rates(t: float, x: Array) -> Array:
            return self.kernels.rates(t, x, self.parameters)

        for segment in segments(self.timeline, times):
            x, by = cross(self.timeline, segment.index, rates, x, by)
            z = x if by is None else np.concatenate([x, by.T.ravel()])
            z, stopped = self._segment(segment, times, z, weights, most_steps, keep)
            if stopped is not None:
                return stopped
            x, by = z[:n], (z[n:].reshape(k, n).T if k else None)
        return Outcome(True, steps=self.steps)

    def curve(self, times: Array) -> Array:
        """Return the states at any times of the run, (times, states), from each step's own interpolant."""
        asked = np.asarray(times, dtype=float)
        steps = np.searchsorted(np.array(self.starts), asked, side="right") - 1
        return np.array([self.curves[max(step, 0)](t)[: self.size] for step, t in zip(steps, asked, strict=True)])

    def _segment(
        self, segment: Segment, times: Array, z: Array, weights: Array, most_steps: int, keep: bool
    ) -> tuple[Array, Outcome | None]:
        system = self._system(segment.index)
        rows = times[segment.rows]
        done = self._fill(segment, rows, 0, segment.begin, partial(_constant, z[:, None]))
        if not np.all(np.isfinite(system.rates(segment.begin, z))):
            return z, failure("the rates are not finite", segment.begin, z, system, self.relative, weights, self.steps)
        if segment.finish == segment.begin:
            self._keep(segment.begin, partial(_constant, z))
            return z, None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy's complaints become the outcome
            stepper = self.method.begin(system, segment.begin, z, segment.finish, self.relative, weights)
            while stepper.status == "running":
                if self.steps >= most_steps:
                    what = f"the budget of {most_steps} steps is spent"
                    return z, failure(what, stepper.t, z, system, self.relative, weights, self.steps)
                before = stepper.t
                message = stepper.step()
                self.steps += 1
                if stepper.status == "failed" or stepper.t == before or not np.all(np.isfinite(stepper.y)):
                    what = "the step became too small" + (f" ({message.rstrip('.')})" if message else "")
                    return z, failure(what, before, z, system, self.relative, weights, self.steps)
                z = np.array(stepper.y)
                if keep or (done < len(rows) and rows[done] <= stepper.t):
                    curve = stepper.dense_output()
                    done = self._fill(segment, rows, done, stepper.t, curve)
                    if keep:
                        self._keep(before, curve)
        return z, None

    def _fill(self, segment: Segment, rows: Array, done: int, until: float, curve: Callable[[Any], Any]) -> int:
        reached = int(np.searchsorted(rows, until, side="right"))
        if reached > done:
            first = segment.rows.start
            self.rows[first + done : first + reached] = curve(rows[done:reached]).T
        return max(done, reached)

    def _keep(self, begin: float, curve: Callable[[Any], Any]) -> None:
        self.starts.append(begin)
        self.curves.append(curve)

    def _system(self, index: int) -> System:
        by = None
        if self.kernels.sensitive:
            given = self.timeline.inputs_by
            by = given[index] if given is not None else np.zeros((self.size, len(self.kernels.sensitive)))
        return System(self.kernels, self.parameters, self.timeline.inputs[index], by)


def _constant(value: Array, t: Any) -> Array:
    return np.broadcast_to(value, (len(value), *np.shape(t)))


def failure(what: str, time: float, z: Array, system: System, relative: float, weights: Array, steps: int) -> Outcome:
    """Return the outcome of a run that stopped, naming the state that moves fastest against its tolerance."""
    n = system.sizes[0]
    with np.errstate(all="ignore"):
        speed = np.abs(system.rates(time, z)[:n]) / (weights[:n] + relative * np.abs(z[:n]))
    worst = int(np.argmax(np.where(np.isfinite(speed), speed, np.inf)))
    return Outcome(False, what, float(time), worst, SPENT if "budget" in what else WILD, steps)


def _chosen(kernels: NumpyKernels, parameters: Array, timeline: Timeline, tolerance: Tolerance) -> Array:
    start = kernels.start(parameters)
    highest = peaks(
        lambda t, x: kernels.rates(t, x, parameters),
        lambda t, x: kernels.jacobian(t, x, parameters),
        start,
        timeline,
    )
    # A tumour that grows from one cell to a billion must not have its first cell rounded away.
    begun = np.where(start > 0, tolerance.relative * start, np.inf)
    return np.maximum(np.minimum(FLOOR * tolerance.relative * highest, begun), SMALLEST)
