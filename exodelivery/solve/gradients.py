"""Floor 6: how a run's curves and their functionals change with its parameters: the gradient that a fit needs.

Resets and steady states begin a leg with derivatives of their own. Functionals follow by the chain rule on the curve's
derivative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine
from exodelivery.errors import SimulationError
from exodelivery.solve.events import lasting, steady
from exodelivery.solve.functionals import NEGLIGIBLE, POINTS, Value, dose_of, evaluate
from exodelivery.solve.records import DOSING, Leg, Line, legs, lines_by
from exodelivery.solve.solvers.protocol import of_amounts, solver
from exodelivery.solve.tangents import Tangents
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory
from exodelivery.solve.triggers import Firing, Watch
from exodelivery.solve.variation import Piece, hermite, period_by, vary
from exodelivery.units import unit

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Derivatives of a run's states by some of its parameters.

    Attributes
    ----------
    run : Trajectory
    sensitive : tuple of int, (sensitive,)
        Which parameters.
    kernels : object
        The numpy emitter's, differentiated by them.
    pieces : tuple
        For each stretch between breakpoints: its mesh (times,) [h], and the derivatives and their slopes
        (times, states, sensitive).
    """

    run: Trajectory
    sensitive: tuple[int, ...]
    kernels: Any
    pieces: tuple[Piece, ...]

    def states(self, times: Array) -> Array:
        """Return d state / d parameter at times [h], (times, states, sensitive); after the jump at a breakpoint."""
        starts = np.array([piece[0][0] for piece in self.pieces])
        where = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, None)
        found = np.empty((len(times), *self.pieces[0][1].shape[1:]))
        for n, (mesh, values, slopes) in enumerate(self.pieces):
            chosen = where == n
            if chosen.any():
                found[chosen] = hermite(mesh, values, slopes, times[chosen])
        return found

    def curve(self, name: str, times: Array) -> Array:
        """Return d observable / d parameter at times [h], in its unit per base unit, (times, sensitive)."""
        run = self.run
        column = next(n for n, known in enumerate(run.system.columns) if known.name == name)
        assert run.solution.dense is not None
        states = run.solution.dense(times)
        by_states = self.kernels.outputs_by_states(times, states, run.parameters)[:, column]
        by_parameters = self.kernels.outputs_by_parameters(times, states, run.parameters)[:, column]
        found: Array = np.einsum("tn,tnk->tk", by_states, self.states(times)) + by_parameters
        return found / run.system.columns[column].factor


def sensitivities(compiled: Machine, run: Trajectory, sensitive: tuple[int, ...]) -> Sensitivities:
    """Integrate the variational equations along a run that stands.

    Parameters
    ----------
    compiled : Machine
    run : Trajectory
        Of that machine; it must not have failed.
    sensitive : tuple of int
        Positions among the machine's parameters.

    Returns
    -------
    Sensitivities

    Raises
    ------
    DoseError
        By the declared value of an input that the regimen gives over time.
    SimulationError
        Through a reset that a condition gave.
    """
    kernels = compiled.kernels("numpy", sensitive)
    given = lines_by(run.system, run.parameters, run.regimen, sensitive)
    for firing in run.fired:
        given = _moved(compiled, kernels, run, given, firing, sensitive)
    pieces, _ = _along(compiled, kernels, run, given, run.end)
    return Sensitivities(run, sensitive, kernels, tuple(pieces))


def _along(
    compiled: Machine, kernels: Any, run: Trajectory, given: tuple[Line, ...], end: float
) -> tuple[list[Piece], Array]:
    """Carry derivatives to a time, and return their pieces and their end."""
    assert run.solution.dense is not None
    start = now = kernels.start_by_parameters(run.parameters)
    pieces: list[Piece] = []
    for leg in legs(run.system, run.parameters, given, run.regimen, end):
        if leg.entry == "start":
            now = start
        elif leg.line is not None:
            settled = _steady_by(compiled, kernels, run, leg)
            now = settled if leg.entry == "alone" else now + settled - start
        found, now = vary(kernels, run.parameters, run.solution.dense, leg.timeline, now)
        pieces += found
    return pieces, now


def _moved(
    compiled: Machine,
    kernels: Any,
    run: Trajectory,
    given: tuple[Line, ...],
    firing: Firing,
    sensitive: tuple[int, ...],
) -> tuple[Line, ...]:
    """Return the lines, those that a condition gave with the derivative of its moment."""
    if not firing.crossing:
        if any(line.moves for line in given):
            raise SimulationError(
                f"a dose whose lag moves made {firing.condition!r} hold at once: no derivative is known",
                remedy="leave the lag out of what is estimated",
            )
        return given
    if firing.resets:
        raise SimulationError(
            f"derivatives do not pass a reset whose time moves ({firing.condition!r})",
            remedy="give doses alone when a condition holds, or a reset at a time of its own",
        )
    assert run.solution.dense is not None
    before = np.nextafter(firing.time, 0.0)
    lately = tuple(line for line in given if not firing.first <= line.place < firing.stop)
    _, by = _along(compiled, kernels, run, lately, float(before))
    states = run.solution.dense(np.array([before]))[0]
    row = int(np.searchsorted(run.timeline.times, before, side="right")) - 1
    rates = kernels.rates(before, states, run.parameters) + run.timeline.inputs[row]
    moment = Watch.of(compiled, firing.trigger, sensitive).moved(before, states, rates, by, run.parameters)
    return tuple(
        replace(line, lag_by=line.lag_by + moment, moves=f"{line.moves} {firing.condition} {firing.time}")
        if firing.first <= line.place < firing.stop and line.lag_by is not None
        else line
        for line in given
    )


def _steady_by(compiled: Machine, kernels: Any, run: Trajectory, leg: Leg) -> Array:
    """Return the derivatives of a steady state, (states, sensitive)."""
    assert leg.line is not None and leg.values is not None
    period, states, _ = steady(compiled, solver(run.solver), leg.values, leg.line, of_amounts())
    cycle = period.run(states, dense=True)
    return period_by(kernels, leg.values, cycle, period.cycle, lasting(compiled))


def gradient(
    found: Tangents,
    observable: str,
    functional: str,
    value: Value,
    *,
    at: float | None = None,
    start: float = 0.0,
    end: float = math.inf,
    beneath: tuple[float, float] | None = None,
) -> Array:
    """Return the derivative of a functional by each sensitive parameter, (sensitive,) [unit of the value / base unit].

    Parameters
    ----------
    found : Tangents
        Of a run: :class:`Sensitivities`, or those of the compiled solver.
    observable, functional : str
    value : Value
        What :func:`~exodelivery.solve.functionals.evaluate` gave for the same arguments; it must not have failed.
    at, start, end, beneath
        As there.

    Returns
    -------
    array, (sensitive,)
        Zero for the time of a largest level that lies on the edge of its window.
    """
    run = found.run
    if functional == "level":
        assert at is not None
        return np.asarray(found.curve(observable, np.array([at]))[0])
    if functional in ("cmax", "tmax"):
        return _top_by(found, observable, functional, start, min(end, run.end))
    if functional == "half_life":
        slope = -math.log(2) / value.value
        return _slope_by(found, observable, (start, end), beneath) * math.log(2) / slope**2
    return _moments_by(found, observable, functional, value, start, end)


def _top_by(found: Tangents, observable: str, functional: str, start: float, end: float) -> Array:
    run = found.run
    when = evaluate(run, observable, "tmax", start=start, end=end).value
    if functional == "cmax":
        return np.asarray(found.curve(observable, np.array([when]))[0])
    edge = 1e-4 * (end - start)
    if min(when - start, end - when, *np.abs(run.timeline.times - when)) <= edge:
        return np.zeros(len(found.sensitive))
    # dt/dp = - (dC/dt by p) / (d2C/dt2), both by central differences over a short time.
    h = min(0.02 * (when - start), end - when)
    times = when + h * np.array([-1.0, 0.0, 1.0])
    levels, slopes = run[observable](times), found.curve(observable, times)
    bend = (levels[0] - 2 * levels[1] + levels[2]) / h**2
    moved: Array = -(slopes[2] - slopes[0]) / (2 * h) / bend
    return moved


def _slope_by(
    found: Tangents, observable: str, window: tuple[float, float], beneath: tuple[float, float] | None
) -> Array:
    """Return the derivative of a log-slope, by the weights of its least-squares line."""
    at = np.linspace(*window, POINTS)
    levels, moved = found.run[observable](at), found.curve(observable, at)
    if beneath is not None:
        later = np.linspace(*beneath, POINTS)
        heights = found.run[observable](later)
        relative = found.curve(observable, later) / heights[:, None]
        slope, height = np.polyfit(later, np.log(heights), 1)
        slope_by, height_by = np.polyfit(later, relative, 1)
        slow = np.exp(height + slope * at)
        levels = levels - slow
        moved = moved - slow[:, None] * (height_by + at[:, None] * slope_by)
    found_by: Array = np.polyfit(at, moved / levels[:, None], 1)[0]
    return found_by


def _moments_by(found: Tangents, observable: str, functional: str, value: Value, start: float, end: float) -> Array:
    run = found.run
    last = min(end, run.end)
    times, weights = _quadrature(run, start, last)
    levels, moved = run[observable](times), found.curve(observable, times)
    area, moment = float(weights @ levels), float((weights * times) @ levels)
    area_by, moment_by = weights @ moved, (weights * times) @ moved
    if not math.isfinite(end):
        tail, tail_by = _tail_by(found, observable)
        area, moment = area + tail[0], moment + tail[1]
        area_by, moment_by = area_by + tail_by[0], moment_by + tail_by[1]
    mrt, mrt_by = moment / area - start, moment_by / area - moment / area**2 * area_by
    if functional == "auc":
        return np.asarray(area_by)
    if functional == "mrt":
        return np.asarray(mrt_by)
    given, factor = dose_of(run, observable), unit(run.unit(observable)).factor
    clearance = given / (area * factor)
    clearance_by = _dose_by(found, observable) / (area * factor) - clearance / area * area_by
    return np.asarray(clearance_by if functional == "cl" else clearance_by * mrt + clearance * mrt_by)


def _quadrature(run: Trajectory, start: float, end: float) -> tuple[Array, Array]:
    edges = sorted({start, end, *(float(b) for b in run.timeline.times if start < b < end)})
    times, weights = [], []
    for a, b in pairwise(edges):
        cuts = a + (b - a) * np.expm1(np.linspace(0, 12, 33)) / np.expm1(12)
        half = np.diff(cuts) / 2
        times.append(((cuts[:-1] + half)[:, None] + half[:, None] * _NODES).ravel())
        weights.append((half[:, None] * _WEIGHTS).ravel())
    return np.concatenate(times), np.concatenate(weights)


def _tail_by(found: Tangents, observable: str) -> tuple[tuple[float, float], tuple[Array, Array]]:
    """Return area and first moment beyond the run, and their derivatives."""
    run, none = found.run, np.zeros(len(found.sensitive))
    since = float(run.timeline.times[run.timeline.times < run.end][-1])
    at = np.linspace(run.end - (run.end - since) / 3, run.end, POINTS)
    levels, moved = run[observable](at), found.curve(observable, at)
    if levels[-1] <= NEGLIGIBLE * float(np.max(run[observable].values)):
        return (0.0, 0.0), (none, none)
    level, level_by = float(levels[-1]), moved[-1]
    rate = -float(np.polyfit(at, np.log(levels), 1)[0])
    rate_by = -np.polyfit(at, moved / levels[:, None], 1)[0]
    area, moment = level / rate, level * run.end / rate + level / rate**2
    area_by = level_by / rate - level / rate**2 * rate_by
    moment_by = (run.end / rate + rate**-2) * level_by - (level * run.end / rate**2 + 2 * level / rate**3) * rate_by
    return (area, moment), (area_by, moment_by)


def _dose_by(found: Tangents, observable: str) -> Array:
    run = found.run
    moved = np.zeros(len(found.sensitive))
    for n, place in enumerate(found.sensitive):
        if run.system.parameters[place].name.startswith(DOSING):
            step = 1e-4 * abs(run.parameters[place]) or 1e-4
            ends = []
            for sign in (1, -1):
                values = run.parameters.copy()
                values[place] += sign * step
                ends.append(dose_of(replace(run, parameters=values), observable))
            moved[n] = (ends[0] - ends[1]) / (2 * step)
    return moved
