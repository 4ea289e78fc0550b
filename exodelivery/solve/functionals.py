"""Floor 6: what a paper reports of a curve, taken from a run: level, AUC, Cmax, Tmax, MRT, CL, Vss, half-life.

Areas are exact for the solver's interpolant, never trapezoids. A functional that a curve does not have (a tail that
does not decay, a level that does not fall) is a failed value with a sentence, so that a fit can count and name it.

References
----------
Gabrielsson J, Weiner D. Pharmacokinetic and Pharmacodynamic Data Analysis: noncompartmental analysis; AUMC beyond the
last time is ``C t / k + C / k**2``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exodelivery.declare.functionals import FUNCTIONALS
from exodelivery.errors import SimulationError, nearest
from exodelivery.solve.dosing import deliver
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Series, Trajectory
from exodelivery.units import DIMENSIONLESS, Dimension, base_unit, unit

POINTS = 13
"""Times at which a log-slope is taken when no sampling times are given, evenly spaced."""
NEGLIGIBLE = 1e-9
"""A last level below this share of the largest adds no tail."""


@dataclass(frozen=True, slots=True)
class Value:
    """A functional of a run.

    Attributes
    ----------
    value : float
        In ``unit``; nan where it failed.
    unit : str
    why : str
        Why there is no value; empty when there is one.
    extrapolated : float
        Share of an area or moment that lies beyond the run.

    Examples
    --------
    >>> bool(Value(2.0, "h")), bool(Value(float("nan"), "h", "the level does not fall"))
    (True, False)
    """

    value: float
    unit: str
    why: str = ""
    extrapolated: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return not self.why

    def __bool__(self) -> bool:
        return self.ok


def evaluate(
    run: Trajectory,
    observable: str,
    functional: str = "level",
    *,
    at: float | None = None,
    start: float = 0.0,
    end: float = math.inf,
    dose: float | None = None,
    beneath: tuple[float, float] | None = None,
    times: Array | None = None,
) -> Value:
    """Return a functional of an observable.

    Parameters
    ----------
    run : Trajectory
    observable : str
        As declared in the model.
    functional : str
        A row of :data:`~exodelivery.declare.functionals.FUNCTIONALS`.
    at : float, optional
        Time of a level [h].
    start, end : float
        Window [h]; an infinite end extrapolates areas and moments by the log-slope of the run's last third.
    dose : float, optional
        For ``cl`` and ``vss`` [base units]; what the regimen gave unless given.
    beneath : (float, float), optional
        Window of a slower phase, whose extrapolation is taken off before a half-life is read [h].
    times : array, optional
        Sampling times [h]: ``cmax`` and ``tmax`` are read on them, and log-slopes through them.

    Returns
    -------
    Value
        A failed one says why; nothing is raised for a curve that lacks the functional.

    Raises
    ------
    SimulationError
        For an unknown functional, a level without a time, a half-life without a window, a time beyond the run.

    Examples
    --------
    >>> import exodelivery as exo
    >>> run = exo.simulate(exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg"), until="24 h")
    >>> evaluate(run, "plasma_total", "auc", end=24.0).unit
    'nmol/mL*h'
    """
    if functional not in FUNCTIONALS:
        raise SimulationError(f"no functional is called {functional!r}", remedy=nearest(functional, FUNCTIONALS))
    shown = unit_of(run, observable, functional)
    if not run:
        return Value(math.nan, shown, f"the run failed at {run.outcome.time:.4g} h: {run.outcome.what}")
    series = run[observable]
    if functional == "level":
        if at is None:
            raise SimulationError("a level needs a time", remedy="pass at=")
        return Value(series(at), shown)
    if functional in ("cmax", "tmax"):
        top, when = _top(run, series, start, min(end, run.end), times)
        return Value(top if functional == "cmax" else when, shown)
    if functional == "half_life":
        return _half_life(series, start, end, beneath, times, shown)
    return _moments(run, series, functional, start, end, dose, shown)


def unit_of(run: Trajectory, observable: str, functional: str) -> str:
    """Return the unit of a functional: the observable's own where it is a level or an area, else of the base system."""
    row, own = FUNCTIONALS[functional], run.unit(observable)
    if row.observable == 1:
        return f"{own}*h" if row.time else own
    return base_unit(row.dimension(unit(own).dimension, _dose_dimension(own)))


def _dose_dimension(observable_unit: str) -> Dimension:
    counted = dict(unit(observable_unit).dimension.powers)
    for kind, text in (("ID", "ID"), ("carrier", "particle"), ("amount", "nmol")):
        if counted.get(kind, 0) == 1:
            return unit(text).dimension
    return DIMENSIONLESS


def dose_of(run: Trajectory, observable: str) -> float:
    """Return what the regimen gave in all, as the observable counts it: drug, particles or label [base units]."""
    kind = _dose_dimension(run.unit(observable))
    total = 0.0
    for dose in run.regimen.single_doses:
        given = deliver(run.system, run.parameters, dose)
        if kind == unit("ID").dimension:
            total += given.forms["label"] + given.forms["dye"]
        else:
            total += given.particles if kind == unit("particle").dimension else given.drug
    return total


def _top(run: Trajectory, series: Series, start: float, end: float, times: Array | None) -> tuple[float, float]:
    """Return the largest level and its time: on the sampling times, or on the curve by closing in on it."""
    if times is not None:
        inside = times[(times >= start) & (times <= end)]
        values = series(inside)
        return float(values.max()), float(inside[values.argmax()])
    grid = np.unique(np.concatenate([run.times, run.timeline.times, [start, end]]))
    grid = grid[(grid >= start) & (grid <= end)]
    for _ in range(7):
        values = series(grid)
        best = int(values.argmax())
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        if best == 0 and grid[0] in run.timeline.times:
            break
        grid = np.linspace(low, high, 21)
    return float(values[best]), float(grid[best])


def _half_life(
    series: Series, start: float, end: float, beneath: tuple[float, float] | None, times: Array | None, shown: str
) -> Value:
    if not math.isfinite(end):
        raise SimulationError("a half-life needs a window", remedy="a recipe names one under [readings]")
    at = _sampled(start, end, times)
    levels = series(at)
    if beneath is not None:
        later = _sampled(*beneath, times)
        slow = series(later)
        if not np.all(slow > 0):
            return Value(math.nan, shown, "the slower phase has no positive level")
        slope, height = np.polyfit(later, np.log(slow), 1)
        levels = levels - np.exp(height + slope * at)
    if not np.all(levels > 0):
        return Value(math.nan, shown, "a level in the window is not positive, so there is no log-slope")
    slope = float(np.polyfit(at, np.log(levels), 1)[0])
    if slope >= 0:
        return Value(math.nan, shown, f"the level does not fall between {start:g} and {end:g} h")
    return Value(math.log(2) / -slope, shown)


def _sampled(start: float, end: float, times: Array | None) -> Array:
    if times is None:
        return np.linspace(start, end, POINTS)
    inside: Array = times[(times >= start) & (times <= end)]
    if inside.size < 2:
        raise SimulationError(f"fewer than two sampling times lie between {start:g} and {end:g} h")
    return inside


def _moments(
    run: Trajectory, series: Series, functional: str, start: float, end: float, dose: float | None, shown: str
) -> Value:
    last = min(end, run.end)
    if math.isfinite(end) and end > run.end * (1 + 1e-12):
        raise SimulationError(f"the run ends at {run.end:g} h, before {end:g} h", remedy="simulate until a later time")
    needs_moment = functional in ("mrt", "vss")
    inner = _area(series, start, last, 0), _area(series, start, last, 1) if needs_moment else 0.0
    tail = (0.0, 0.0)
    if not math.isfinite(end):
        found = _tail(run, series)
        if isinstance(found, str):
            return Value(math.nan, shown, found)
        tail = found
    area, moment = inner[0] + tail[0], inner[1] + tail[1]
    if not area > 0:
        return Value(math.nan, shown, "the area under the curve is not positive")
    share = tail[1] / moment if needs_moment else tail[0] / area
    mrt = moment / area - start
    if functional == "auc":
        return Value(area, shown, extrapolated=share)
    if functional == "mrt":
        return Value(mrt, shown, extrapolated=share)
    given = dose_of(run, series.name) if dose is None else dose
    clearance = given / (area * unit(series.unit).factor)
    return Value(clearance if functional == "cl" else clearance * mrt, shown, extrapolated=share)


def _area(series: Series, start: float, to: float, power: int) -> float:
    return series.integral(start, to, power=power)


def _tail(run: Trajectory, series: Series) -> tuple[float, float] | str:
    """Return area and first moment beyond the run, or why there are none."""
    since = float(run.timeline.times[run.timeline.times < run.end][-1])
    at = np.linspace(run.end - (run.end - since) / 3, run.end, POINTS)
    levels = series(at)
    if levels[-1] <= NEGLIGIBLE * float(np.max(series.values)):
        return 0.0, 0.0
    slope = float(np.polyfit(at, np.log(levels), 1)[0]) if np.all(levels > 0) else 0.0
    if slope >= 0:
        return "the tail does not decay, so there is no area to infinity; simulate until a later time"
    level, rate = float(levels[-1]), -slope
    return level / rate, level * run.end / rate + level / rate**2
