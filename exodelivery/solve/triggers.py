"""Floor 6: doses that wait for a condition: when it comes to hold, found on the run itself.

A run without them is integrated, and the first moment at which a condition comes to hold is sought between the points
of the solver's own interpolant. There it is closed in on by short runs that end at it, the doses join the regimen with
a time like any other, and the search goes on behind them. So what is finally run is a plain regimen: solvers, legs and
ledgers know nothing of conditions, and derivatives only that such a time moves.

References
----------
Shampine LF, Thompson S. Event location for ordinary differential equations. Comput Math Appl 2000;39:43.
doi:10.1016/S0898-1221(00)00045-6
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from exodelivery.checks.dimensions import measure
from exodelivery.checks.written import Written
from exodelivery.compile.machine import Machine, emit
from exodelivery.compile.watch import expanded
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.condition import Level, Side, read_condition
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, Trigger
from exodelivery.errors import NOWHERE, ExodeliveryError, SimulationError
from exodelivery.expr.as_units import dimension
from exodelivery.solve.events import follow
from exodelivery.solve.outcome import SUCCESS, Outcome
from exodelivery.solve.records import GRAIN, legs, lines
from exodelivery.solve.solvers.protocol import Solution, Solver, Tolerance
from exodelivery.solve.timeline import Array, Timeline
from exodelivery.units import Dimension, unit

MOST = 500
"""How often doses may be given by conditions before a run is said to go round in circles."""
WITHIN = 4
"""Looks at a condition within each step."""
LOOKS = 32
"""Looks between two breakpoints where the solver has no steps."""
NOTHING = 1e-9
"""Difference of two sides, relative to both, that is no difference."""
GRAIN_OF_TIME = 10.0**-GRAIN
"""The same, in hours."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A condition that came to hold.

    Attributes
    ----------
    trigger : Trigger
    time : float
        [h]
    first, stop : int
        Which doses of the run's regimen it gave.
    crossing : bool
        Whether the condition was crossed on the way; else a dose, or the start, made it hold at once.
    resets : bool
        Whether it let everything start anew.
    """

    trigger: Trigger
    time: float
    first: int
    stop: int
    crossing: bool
    resets: bool = False

    @property
    def condition(self) -> str:
        """Its text."""
        return self.trigger.condition


@dataclass(frozen=True, slots=True)
class Resolved:
    """A regimen whose conditions have become times.

    Attributes
    ----------
    regimen : Regimen
        Without triggers.
    fired : tuple of Firing
    outcome : Outcome
        How the search ended.
    """

    regimen: Regimen
    fired: tuple[Firing, ...] = ()
    outcome: Outcome = SUCCESS


def resolve(
    compiled: Machine,
    method: Solver,
    numbers: Array,
    regimen: Regimen,
    end: float,
    tolerance: Tolerance,
    parts: dict[str, float] | None = None,
) -> Resolved:
    """Find when the conditions of a regimen come to hold.

    Parameters
    ----------
    compiled : Machine
        Of this regimen; see :func:`~exodelivery.solve.simulate.machine_for`.
    method : Solver
    numbers : array, (parameters,)
    regimen : Regimen
    end : float
        End of the run [h].
    tolerance : Tolerance
    parts : dict, optional
        The loading's split, where it is known already.

    Returns
    -------
    Resolved
        With an outcome that failed where a run did, or where conditions fire one another without end.
    """
    plain = replace(regimen, triggers=())
    watches = [Watch.of(compiled, trigger) for trigger in regimen.triggers]
    search = _Search(compiled, method, numbers, tolerance, parts)
    fired: list[Firing] = []
    holding: list[bool | None] = [None] * len(watches)
    since = 0.0
    while watches:
        course = search.run(plain, end)
        if not course.found.outcome:
            failure = course.found.outcome
            # what is given before a run fails may save it
            course = search.run(plain, since + 0.999 * (failure.time - since)) if failure.time > since else course
            if not course.found.outcome:
                return Resolved(plain, tuple(fired), failure)
        hits = [course.first(watch, since, was) for watch, was in zip(watches, holding, strict=True)]
        times = [math.inf if hit is None else hit.time for hit in hits]
        hit = hits[int(np.argmin(times))]
        if hit is None:
            break
        time = search.close_in(course, watches[int(np.argmin(times))], hit) if hit.crossing else hit.time
        if time > end:
            break
        # whatever comes to hold at one moment does so before any of it has acted
        now = [at <= hit.time + 4 * GRAIN_OF_TIME for at in times]
        holding = [new or course.holds(watch, time) for watch, new in zip(watches, now, strict=True)]
        for watch, one, new in zip(watches, hits, now, strict=True):
            if one is not None and new:
                trigger, first = watch.trigger, len(plain.doses)
                plain = plain + trigger.regimen.delayed(time)
                resets = bool(trigger.regimen.resets)
                fired.append(Firing(trigger, time, first, len(plain.doses), one.crossing, resets))
        kept = [watch.trigger.each or not new for watch, new in zip(watches, now, strict=True)]
        watches = [watch for watch, stays in zip(watches, kept, strict=True) if stays]
        holding = [held for held, stays in zip(holding, kept, strict=True) if stays]
        since = time
        if len(fired) >= MOST:
            what = f"{fired[-1].condition!r} has come to hold {MOST} times by then"
            remedy = "let what it gives undo the condition for longer, or leave each= out"
            return Resolved(plain, tuple(fired), Outcome(False, what, time, -1, remedy))
    return Resolved(plain, tuple(fired))


def told(regimen: Regimen, fired: tuple[Firing, ...]) -> tuple[str, ...]:
    """Return in words when each condition came to hold, and which never did."""
    found = []
    for trigger in regimen.triggers:
        times = [f"{one.time:.6g} h" for one in fired if one.condition == trigger.condition]
        shown = times if len(times) < 7 else [*times[:5], f"{len(times) - 6} times more", times[-1]]
        when = f"came to hold at {', '.join(shown)}" if times else "never came to hold"
        found.append(f"{trigger.condition} {when}")
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Watch:
    """A trigger with its comparisons compiled: positive where they hold."""

    trigger: Trigger
    count: int
    kernels: Any

    @classmethod
    def of(cls, compiled: Machine, trigger: Trigger, sensitive: tuple[int, ...] = ()) -> Watch:
        """Return a trigger's watch, differentiated by parameters if they are named."""
        system = compiled.system
        if trigger.condition not in system.conditions:
            raise SimulationError(
                f"the model was compiled without the condition {trigger.condition!r}",
                remedy="compile it for the regimen that it is run with",
            )
        sides = [side for pair in system.conditions[trigger.condition] for side in pair]
        kernels = emit("numpy", replace(system.equations, outputs=tuple(sides)), sensitive)
        return cls(trigger, len(sides) // 2, kernels)

    def moved(self, time: float, states: Array, rates: Array, by: Array, numbers: Array) -> Array:
        """Return how the moment at which the condition comes to hold moves with parameters, (sensitive,).

        Parameters
        ----------
        states, rates : array, (states,)
            Just before it.
        by : array, (states, sensitive)
            Derivatives of the states there.

        Notes
        -----
        Of g(t, x, p) = 0 it is ``-(g_p + g_x S) / (g_t + g_x f)`` (Galán S, Feehery WF, Barton PI. Appl Numer Math
        1999;31:17. doi:10.1016/S0168-9274(98)00125-1).
        """
        import sympy

        at, here = np.array([time]), states[None]
        sides = self.kernels.outputs(at, here, numbers)[0].reshape(self.count, 2)
        size = np.maximum(np.abs(sides).sum(axis=1), np.finfo(float).tiny)
        row = int(np.argmin((sides[:, 0] - sides[:, 1]) / size))
        equations = self.kernels.equations
        clock = sympy.sympify(equations.outputs[2 * row] - equations.outputs[2 * row + 1]).diff(equations.time)
        ticks = emit("numpy", replace(equations, outputs=(clock,))).outputs(at, here, numbers)[0, 0]
        by_states = self.kernels.outputs_by_states(at, here, numbers)[0]
        by_numbers = self.kernels.outputs_by_parameters(at, here, numbers)[0]
        slope = by_states[2 * row] - by_states[2 * row + 1]
        change = by_numbers[2 * row] - by_numbers[2 * row + 1] + slope @ by
        found: Array = -change / (ticks + slope @ rates)
        return found

    def signal(self, times: Array, states: Array, numbers: Array) -> Array:
        """Return the least difference of all comparisons, relative to its sides, (times,)."""
        sides = self.kernels.outputs(times, states, numbers).reshape(len(times), self.count, 2)
        size = np.maximum(np.abs(sides).sum(axis=2), np.finfo(float).tiny)
        found: Array = np.min((sides[..., 0] - sides[..., 1]) / size, axis=1)
        return found


@dataclass(frozen=True, slots=True)
class _Hit:
    """A condition that comes to hold: between two times by a crossing, or at a time by a jump."""

    time: float
    crossing: bool
    before: float = math.nan
    after: float = math.nan


@dataclass(frozen=True, slots=True)
class _Search:
    compiled: Machine
    method: Solver
    numbers: Array
    tolerance: Tolerance
    parts: dict[str, float] | None

    def run(self, plain: Regimen, end: float) -> _Course:
        system = self.compiled.system
        given = lines(system, self.numbers, plain, self.parts)
        parted = legs(system, self.numbers, given, plain, end)
        line, found = follow(self.compiled, self.method, self.numbers, parted, np.array([end]), self.tolerance)
        return _Course(self, line, found)

    def from_states(self, line: Timeline, begin: float, states: Array, times: Array) -> Solution:
        """Run on within one stretch between breakpoints, from the states at a time of it."""
        jump = (states - self.compiled.kernels("numpy").start(self.numbers))[None]
        row = int(np.searchsorted(line.times, begin, side="right")) - 1
        short = Timeline(np.array([begin]), jump, line.inputs[row : row + 1], float(times[-1]))
        kernels = self.compiled.kernels(self.method.emitter)
        return self.method.solve(kernels, self.numbers, short, times, self.tolerance)

    def close_in(self, course: _Course, watch: Watch, hit: _Hit) -> float:
        """Return a crossing to the solver's own accuracy: secant steps on runs from the last knot before it.

        The interpolant is of a lower order than the steps that it joins, so its root is where they start.
        """
        knots, line = course.found.knots, course.line
        assert course.found.dense is not None
        if knots is None:
            return upwards(hit.time)
        knot = float(knots[max(int(np.searchsorted(knots, hit.before, side="right")) - 1, 0)])
        states = course.found.dense(np.array([knot]))[0]

        def reached(time: float) -> float | None:
            found = self.from_states(line, knot, states, np.array([time]))
            if not found.outcome:
                return None
            return float(watch.signal(found.times, found.states, self.numbers)[0])

        other, time = max(knot, hit.before), hit.time
        value, other_value = reached(time), reached(other)
        for _ in range(6):
            if value is None or other_value is None or value == other_value:
                break
            step = -value * (time - other) / (value - other_value)
            if not knot < time + step <= hit.after + 0.1 * (hit.after - knot):
                break
            other, other_value, time = time, value, time + step
            if abs(step) < 0.01 * GRAIN_OF_TIME:
                break
            value = reached(time)
        return upwards(time)


def upwards(time: float) -> float:
    """Return a time on the grain that doses are told apart by, not before a crossing: its condition then holds."""
    return round(math.ceil(round(time / GRAIN_OF_TIME, 3)) * GRAIN_OF_TIME, GRAIN)


@dataclass(frozen=True, slots=True)
class _Course:
    """A run on which conditions are looked at."""

    search: _Search
    line: Timeline
    found: Solution
    begins: dict[int, Array] = field(default_factory=dict)

    def signal(self, watch: Watch, times: Array) -> Array:
        """Return a condition's signal at rising times of one stretch between breakpoints."""
        return watch.signal(times, self._states(times), self.search.numbers)

    def _states(self, times: Array) -> Array:
        assert self.found.dense is not None
        row = int(np.searchsorted(self.line.times, times[0], side="right")) - 1
        begin = float(self.line.times[row])
        if self.found.knots is not None or times[-1] <= begin:
            return self.found.dense(times)
        # a solver without steps starts anew at each breakpoint, and so do we
        if row not in self.begins:
            self.begins[row] = self.found.dense(np.array([begin]))[0]
        return self.search.from_states(self.line, begin, self.begins[row], times).states

    def holds(self, watch: Watch, time: float) -> bool:
        """Say whether a condition holds at a time."""
        return bool(self.signal(watch, np.array([time]))[0] > 0)

    def first(self, watch: Watch, since: float, was: bool | None) -> _Hit | None:
        """Return where a condition first comes to hold after a time.

        ``was`` says whether it held just before; None at the begin of watching, when what holds counts as new.
        """
        start = max(since, watch.trigger.since)
        if was is None or start > since:
            was = False
        edges = [*(float(t) for t in self.line.times if t < self.line.end), float(self.line.end)]
        for begin, finish in pairwise(edges):
            if finish <= start:
                continue
            looks = self._looks(max(begin, start), finish)
            values = self.signal(watch, looks)
            # what is reached to within rounding has not come to hold, nor ceased to
            sure = np.where(np.abs(values) <= NOTHING, 0.0, values)
            values[0] = sure[0]
            if was and values[0] == 0.0:
                values[0] = 1.0
            if not was and values[0] > 0:
                return _Hit(float(looks[0]), False)
            hit = self._rise(watch, looks, values)
            if hit is not None:
                return hit
            was = bool(values[-1] > 0)
        last = float(self.line.end)
        if self.line.times[-1] == last and last >= start and not was and self.holds(watch, last):
            return _Hit(last, False)
        return None

    def _looks(self, begin: float, finish: float) -> Array:
        """Return times to look at, the last just before the finish: there a dose may jump."""
        last = np.nextafter(finish, begin)
        knots = self.found.knots
        if knots is None or not len(knots):
            whole = finish - begin
            points = np.concatenate(
                [begin + whole * np.expm1(np.linspace(0, 9, LOOKS)) / np.expm1(9), np.linspace(begin, finish, LOOKS)]
            )
        else:
            inside = knots[(knots > begin) & (knots < finish)]
            marks = np.concatenate([[begin], inside, [finish]])
            points = (marks[:-1, None] + np.diff(marks)[:, None] * np.arange(WITHIN) / WITHIN).ravel()
        return np.unique(np.concatenate([points[(points >= begin) & (points < last)], [begin, last]]))

    def _rise(self, watch: Watch, looks: Array, values: Array) -> _Hit | None:
        from scipy.optimize import brentq, minimize_scalar

        def at(time: float) -> float:
            return float(self.signal(watch, np.array([time]))[0])

        for n in range(1, len(looks)):
            before, after = float(looks[n - 1]), float(looks[n])
            if values[n - 1] <= 0 < values[n]:
                return _Hit(_root(brentq, at, before, after), True, before, after)
            if n + 1 < len(looks) and values[n - 1] < values[n] > values[n + 1] and values[n] <= 0:
                # a top between two looks may reach over
                top = minimize_scalar(
                    lambda t: -at(float(t)), bounds=(before, float(looks[n + 1])), method="bounded",
                    options={"xatol": 1e-9 * (float(looks[n + 1]) - before)},
                )  # fmt: skip
                if -top.fun > NOTHING:
                    return _Hit(_root(brentq, at, before, float(top.x)), True, before, float(top.x))
        return None


def _root(brentq: Callable[..., float], at: Callable[[float], float], before: float, after: float) -> float:
    low = at(before)
    if low > 0:  # the interpolant's two ends differ by rounding
        return before
    return before if low == 0 and at(np.nextafter(before, after)) > 0 else float(brentq(at, before, after, xtol=1e-12))


def require_measures(model: Model, condition: str) -> None:
    """Raise unless the sides of each comparison measure the same.

    Raises
    ------
    SimulationError
        They do not, or a name is unknown.
    """
    scope = Scope(Anatomy(model))

    def of(side: Side) -> Dimension:
        if isinstance(side, Level):
            return side.dimension
        if isinstance(side, str):
            return unit("h").dimension
        item = Written("observable", "1", expanded(side, model), scope, NOWHERE)
        return dimension(item.expr, lambda node: measure(item, node))

    for one in read_condition(condition):
        try:
            larger, smaller = of(one.larger), of(one.smaller)
        except ExodeliveryError as error:
            raise SimulationError(
                f"the condition {one.text!r} cannot be told: {error.message}",
                remedy=f"{error.remedy}; observables: {', '.join(model.observables)}".removeprefix("; "),
            ) from None
        nought = any(isinstance(side, Level) and side.value == 0 for side in (one.larger, one.smaller))
        if larger != smaller and not nought:
            raise SimulationError(
                f"the condition {one.text!r} compares {larger} with {smaller}", remedy="give the level its unit"
            )
