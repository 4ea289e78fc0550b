"""Floor 6: a regimen to timelines: what arrives where, when and how fast, with its derivatives.

Each line of a regimen becomes amounts, a lag and a duration at one parameter set. A reset or a steady state sets the
states, which no jump can know beforehand, so a regimen is parted into *legs* there; within a leg all is jumps and
inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.regimen import Dose, Regimen
from exodelivery.errors import DoseError, nearest
from exodelivery.solve.dosing import Delivered, deliver, split
from exodelivery.solve.inputs import carried, given_inputs, marks, values_at
from exodelivery.solve.timeline import Array, Timeline

GRAIN = 9
"""Decimals of an hour that times of doses are told apart by: an infusion ends where the next one begins."""
STRETCH = 24.0
"""A constant infusion at steady state is a series of these [h], without gaps."""
DOSING = ("loading.", "carrier.", "drug.molar_mass", "body.weight", "body.surface")
"""Parameters that what a dose is may depend on, besides those that routes name."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a regimen at one parameter set.

    Attributes
    ----------
    dose : Dose
    amounts : array, (states,)
        What arrives of each dose [base units].
    lag, over : float
        From giving to arriving, and from there to the end of the infusion [h].
    moves : str
        The route, where its lag may move with a parameter.
    amounts_by : array, (states, sensitive); lag_by, over_by : array, (sensitive,); or None
        Derivatives by the sensitive parameters.
    place : int
        Of its dose among the regimen's.
    written_at : float
        Time of the series that it was written in [h].
    """

    dose: Dose
    amounts: Array
    lag: float
    over: float
    moves: str = ""
    amounts_by: Array | None = None
    lag_by: Array | None = None
    over_by: Array | None = None
    place: int = 0
    written_at: float = 0.0

    @property
    def every(self) -> float:
        """Interval of the series [h]."""
        return self.dose.every or STRETCH

    @property
    def rates(self) -> Array:
        """What an infusion brings, (states,) [base units / h]."""
        return self.amounts / self.over

    @property
    def rates_by(self) -> Array:
        """Derivatives of the rates, (states, sensitive)."""
        assert self.amounts_by is not None and self.over_by is not None
        found: Array = (self.amounts_by - np.outer(self.rates, self.over_by)) / self.over
        return found

    def arrivals(self, begin: float, end: float) -> Iterator[float]:
        """Yield when doses arrive that matter between two times, those before a steady state among them."""
        dose = self.dose
        first = 0
        if dose.steady_state and dose.every and begin >= dose.at:
            first = -math.floor((self.lag + self.over) / dose.every + 1e-9)
        for n in range(first, dose.times if dose.amount else 0):
            at = round(dose.at + self.lag + n * dose.every, GRAIN)
            if at <= end and (at >= begin or round(at + self.over, GRAIN) > begin):
                yield at

    def cycle(self) -> Timeline:
        """Return one interval of the series when it has gone on for ever, its phase that of the line's own time."""
        if not self.dose.every:
            constant = np.array([self.rates])
            return Timeline(np.zeros(1), np.zeros_like(constant), constant, STRETCH)
        before = math.ceil((self.lag + self.over) / self.every)
        arriving = [(round(self.lag - n * self.every, GRAIN), self) for n in range(before + 1)]
        return assemble(len(self.amounts), arriving, 0.0, self.every, closed=False)


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A stretch of a run that begins at the start, at a reset or at a steady state.

    Attributes
    ----------
    entry : str
        ``start``: states begin anew; ``alone``: at the steady state of ``line``; ``added``: that on top of the
        states there.
    timeline : Timeline
        Of the leg alone.
    line : Line or None
    values : array, (parameters,), or None
        Parameters in force at a steady state, with inputs as they are at its time.
    """

    entry: str
    timeline: Timeline
    line: Line | None = None
    values: Array | None = None


def lines(system: System, values: Array, regimen: Regimen, parts: dict[str, float] | None = None) -> tuple[Line, ...]:
    """Return what each line of a regimen brings at one parameter set.

    Parameters
    ----------
    system : System
    values : array, (parameters,)
        In base units.
    regimen : Regimen
    parts : dict, optional
        The loading's split, where it is known already.

    Raises
    ------
    DoseError
        For an unknown route, a dose that the model cannot take, or a lag, bioavailability, duration or rate that makes
        no sense.
    """
    if regimen.triggers:
        raise DoseError("doses that wait for a condition have no time yet", remedy="run the model: simulate finds it")
    if not regimen.doses:
        return ()
    inputs = given_inputs(system.model, regimen)
    changing = bool({one.name for one in inputs} & read_by_doses(system))
    if not changing:
        parts = split(system, values) if parts is None else parts
        return tuple(_line(system, values, dose, parts, place, dose.at) for place, dose in enumerate(regimen.doses))
    found = []
    for place, dose in enumerate(regimen.doses):
        for one in _one_by_one(dose):
            now = values_at(system, values, inputs, one.at)
            found.append(_line(system, now, one, split(system, now), place, dose.at))
    return tuple(found)


def _one_by_one(dose: Dose) -> Iterator[Dose]:
    """Yield each dose of a series by itself; the first keeps what was before it."""
    for n in range(dose.times):
        at = dose.at + n * dose.every
        if n == 0:
            yield replace(dose, times=1)
        else:
            yield replace(dose, at=at, times=1, every=0.0, steady_state="")


def read_by_doses(system: System) -> set[str]:
    """Return the names of the parameters that what a dose is may depend on."""
    terms = [value for said in system.terms.values() for value in said.values()]
    used = {symbol.name for value in terms for symbol in _symbols(value)}
    return {
        parameter.name
        for n, parameter in enumerate(system.parameters)
        if parameter.name.startswith(DOSING) or f"p{n}" in used
    }


def _line(system: System, values: Array, dose: Dose, parts: dict[str, float], place: int, written_at: float) -> Line:
    if dose.route not in system.routes:
        raise DoseError(
            f"the body {system.model.body.name!r} has no route {dose.route!r}",
            remedy=nearest(dose.route, system.routes) + ", or a pool's name",
        )
    given = deliver(system, values, dose, parts)
    said = {key: _term(value)(values) for key, value in system.terms.get(dose.route, {}).items()}
    for key, value in said.items():
        if not (math.isfinite(value) and (value > 0 or (value == 0 and key in ("lag", "bioavailability")))):
            raise DoseError(f"the {key} of the route {dose.route!r} is {value:.4g}", remedy="look at its parameters")
    share = said.get("bioavailability", 1.0) * dose.bioavailability
    amounts = np.zeros(len(system.variables))
    for form, variable in system.routes[dose.route].items():
        if given.forms[form] != 0.0:
            amounts[system.index(variable)] += share * given.forms[form]
    endless = dose.steady_state and not dose.every
    lag = 0.0 if endless else said.get("lag", 0.0) + dose.lag
    moves = dose.route if "lag" in said and not endless else ""
    over = _duration(dose, share, said, given)
    return Line(dose, amounts, lag, over, moves, place=place, written_at=written_at)


def _duration(dose: Dose, share: float, said: dict[str, float], given: Delivered) -> float:
    """Return how long a dose arrives: a rate of its own holds, then its duration, then what the route says."""
    if dose.rate:
        return share * (dose.over if dose.amount else 1.0)
    if dose.over or not said.keys() & {"duration", "rate"}:
        return dose.over
    if "duration" in said:
        return said["duration"]
    if not given.drug > 0:
        raise DoseError(f"the route {dose.route!r} has a rate of drug, and {dose} brings none")
    return share * given.drug / said["rate"]


@lru_cache(maxsize=256)
def _term(expression: Any) -> Callable[[Array], float]:
    import sympy

    symbols = sorted(sympy.sympify(expression).free_symbols, key=lambda symbol: int(symbol.name[1:]))
    function = sympy.lambdify([symbols], expression, modules="math")
    places = [int(symbol.name[1:]) for symbol in symbols]
    return lambda values: float(function([values[place] for place in places]))


def lines_by(system: System, values: Array, regimen: Regimen, sensitive: tuple[int, ...]) -> tuple[Line, ...]:
    """Return the lines of a regimen with their derivatives by parameters, by central differences.

    Parameters
    ----------
    system, values, regimen
        As for :func:`lines`.
    sensitive : tuple of int
        Positions among the system's parameters.

    Raises
    ------
    DoseError
        By the declared value of an input that the regimen gives over time, and as for :func:`lines`.
    """
    for name in {one.name for one in regimen.inputs} & {system.parameters[place].name for place in sensitive}:
        raise DoseError(
            f"{name} is given over time, so nothing is known of how a run changes with its declared value",
            remedy="leave it out of what is estimated",
        )
    here = lines(system, values, regimen)
    named = read_by_doses(system)
    count = len(sensitive)
    by = [(np.zeros((len(line.amounts), count)), np.zeros(count), np.zeros(count)) for line in here]
    for n, place in enumerate(sensitive):
        if system.parameters[place].name not in named:
            continue
        step = 1e-4 * abs(values[place]) or 1e-4
        up, down = values.copy(), values.copy()
        up[place] += step
        down[place] -= step
        pairs = zip(lines(system, up, regimen), lines(system, down, regimen), strict=True)
        for (amounts, lag, over), (above, below) in zip(by, pairs, strict=True):
            amounts[:, n] = (above.amounts - below.amounts) / (2 * step)
            lag[n] = (above.lag - below.lag) / (2 * step)
            over[n] = (above.over - below.over) / (2 * step)
    return tuple(
        replace(line, amounts_by=amounts, lag_by=lag, over_by=over)
        for line, (amounts, lag, over) in zip(here, by, strict=True)
    )


def _symbols(expression: Any) -> set[Any]:
    found: set[Any] = getattr(expression, "free_symbols", set())
    return found


def assemble(
    states: int,
    arriving: list[tuple[float, Line]],
    begin: float,
    end: float,
    *,
    closed: bool = True,
    also: set[float] | None = None,
) -> Timeline:
    """Return the timeline of doses that arrive; what began before ``begin`` goes on from there.

    Parameters
    ----------
    states : int
    arriving : list of (float, Line)
        When each dose arrives [h].
    begin, end : float
    closed : bool
        Whether a bolus at the very end is given.
    also : set of float, optional
        Further breakpoints.

    Returns
    -------
    Timeline
        With derivatives where the lines have theirs. An edge of an infusion that moves is a jump of the
        sensitivities; a bolus that moves is the shift of its breakpoint, which it then has for itself.
    """
    boluses, infusions = [], []
    for at, line in arriving:
        if line.over:
            infusions.append((at, round(at + line.over, GRAIN), line))
        elif begin <= at < end or (closed and at == end):
            boluses.append((at, line))
    fixed = {begin, *(at for at, line in boluses if not line.moves)}
    fixed |= {edge for a, b, _ in infusions for edge in (a, b) if begin <= edge < end}
    fixed |= {mark for mark in also or () if begin <= mark < end or (closed and mark == end)}
    placed = _apart(boluses, fixed)
    times = np.array(sorted({*fixed, *(at for at, _ in placed)}))
    jumps, inputs = np.zeros((2, len(times), states))
    for at, line in placed:
        jumps[times.searchsorted(at)] += line.amounts
    for first, last, line in infusions:
        inputs[(times >= first) & (times < last)] += line.rates
    found = Timeline(times, jumps, inputs, end)
    everyone = [line for _, line in arriving]
    if not everyone or everyone[0].amounts_by is None:
        return found
    return _with_derivatives(found, placed, infusions, everyone[0].amounts_by.shape)


def _apart(boluses: list[tuple[float, Line]], fixed: set[float]) -> list[tuple[float, Line]]:
    """Give boluses that may move breakpoints of their own, by a grain of time, so that each has its own derivative."""
    taken: dict[float, str] = dict.fromkeys(fixed, "")
    first = min(fixed)
    found = []
    for at, line in boluses:
        moment = at
        while taken.get(moment, line.moves) != line.moves:
            # Just before, so that an output at the time of a dose is the value after it; not before the start.
            moment = round(moment + (10**-GRAIN if at == first else -(10**-GRAIN)), GRAIN + 1)
        taken[moment] = line.moves
        found.append((moment, line))
    return found


def _with_derivatives(
    line: Timeline,
    boluses: list[tuple[float, Line]],
    infusions: list[tuple[float, float, Line]],
    shape: tuple[int, ...],
) -> Timeline:
    times, count = line.times, shape[1]
    jumps_by, inputs_by = np.zeros((2, len(times), *shape))
    times_by = np.zeros((len(times), count))
    for at, given in boluses:
        row = times.searchsorted(at)
        assert given.amounts_by is not None and given.lag_by is not None
        jumps_by[row] += given.amounts_by
        times_by[row] = given.lag_by
    times_by[0] = 0.0
    for first, last, given in infusions:
        assert given.lag_by is not None and given.over_by is not None
        inputs_by[(times >= first) & (times < last)] += given.rates_by
        for edge, sign, shift in ((first, -1.0, given.lag_by), (last, 1.0, given.lag_by + given.over_by)):
            if times[0] <= edge <= times[-1] and edge in times:
                jumps_by[times.searchsorted(edge)] += sign * np.outer(given.rates, shift)
    return replace(line, jumps_by=jumps_by, inputs_by=inputs_by, times_by=times_by)


def legs(system: System, values: Array, given: tuple[Line, ...], regimen: Regimen, end: float) -> tuple[Leg, ...]:
    """Part a regimen into legs.

    Parameters
    ----------
    system : System
    values : array, (parameters,)
        In base units.
    given : tuple of Line
        Of this regimen, in its order.
    regimen : Regimen
    end : float
        End of the run [h].
    """
    inputs = given_inputs(system.model, regimen)
    beginnings: list[tuple[float, int, str]] = [(0.0, -2, "start")]
    beginnings += [(round(time, GRAIN), -1, "start") for time in regimen.resets if time <= end]
    for n, line in enumerate(given):
        if line.dose.steady_state and line.dose.at <= end:
            beginnings.append((round(line.dose.at, GRAIN), n, line.dose.steady_state))
    beginnings.sort(key=lambda mark: mark[:2])
    found = []
    for index, (begin, n, entry) in enumerate(beginnings):
        last = index + 1 == len(beginnings)
        finish = end if last else beginnings[index + 1][0]
        arriving = [
            (at, line)
            for k, line in enumerate(given)
            if not _cancelled(line, k, beginnings[: index + 1])
            if last or _begun(line, k, beginnings[index + 1])
            for at in line.arrivals(begin, finish)
        ]
        also = marks(inputs, begin, finish)
        timeline = assemble(len(system.variables), arriving, begin, finish, closed=last, also=also)
        timeline = carried(timeline, system, values, inputs)
        in_force = values_at(system, values, inputs, begin)
        found.append(Leg(entry, timeline, given[n] if n >= 0 else None, in_force))
    return tuple(found)


def _cancelled(line: Line, place: int, beginnings: list[tuple[float, int, str]]) -> bool:
    """Say whether a mark that begins anew came after a line."""
    written = (round(line.written_at, GRAIN), place)
    return any((time, n) > written for time, n, entry in beginnings if entry != "added")


def _begun(line: Line, place: int, following: tuple[float, int, str]) -> bool:
    """Say whether a line belongs before the next mark; a steady state begins no sooner than its own."""
    return not line.dose.steady_state or (round(line.dose.at, GRAIN), place) < following[:2]


def timeline(
    system: System, values: Array, regimen: Regimen, end: float, parts: dict[str, float] | None = None
) -> Timeline:
    """Return the jumps and inputs of a regimen without resets and steady states, for one parameter set.

    Parameters
    ----------
    system : System
    values : array, (parameters,)
    regimen : Regimen
    end : float
        End of the run [h].
    parts : dict, optional
        The loading's split, where it is known already.

    Raises
    ------
    DoseError
        For an unknown route, a dose that the model cannot take, or a regimen of several legs.
    """
    (only, *more) = legs(system, values, lines(system, values, regimen, parts), regimen, end)
    if more:
        raise DoseError("a regimen with resets or steady states is no one timeline", remedy="use legs")
    return only.timeline
