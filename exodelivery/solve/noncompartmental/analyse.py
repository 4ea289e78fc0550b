"""Floor 6: the numbers of one curve, by route: the table of :mod:`~exodelivery.solve.noncompartmental.parameters`.

A number that a curve does not have is left out with its sentence among the notes; nothing is a nan that travels.

References
----------
Certara, Phoenix WinNonlin 8.2, *NCA computation rules* (onlinehelp.certara.com/phoenix/8.2/topics/ncacomprules.htm):
the level at the dose, the area of an interval, steady state. Gabrielsson J, Weiner D. Pharmacokinetic and
Pharmacodynamic Data Analysis, 5th ed. 2016: AUMC beyond Tlast is ``C t / k + C / k**2``; half an infusion
leaves the MRT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from exodelivery.errors import SimulationError, nearest
from exodelivery.solve.noncompartmental.curve import Curve
from exodelivery.solve.noncompartmental.terminal import Terminal, best_fit, chosen
from exodelivery.solve.noncompartmental.trapezoids import RULES, between, steps
from exodelivery.solve.timeline import Array

ROUTES = ("iv bolus", "iv infusion", "extravascular")
MUCH_EXTRAPOLATED, POOR_R2, SHORT_SPAN = 20.0, 0.8, 2.0
"""[%], adjusted R² and half-lives: where an analysis says that its terminal phase is weak."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a curve is analysed.

    Attributes
    ----------
    route : str
        One of :data:`ROUTES`.
    infused : float
        Duration of the infusion [time].
    rule : str
        Of trapezoids.
    tau : float or None
        Dosing interval [time], at steady state.
    windows : tuple of (float, float)
        Intervals whose areas are wanted.
    terminal : int or (float, float) or None
        Points, or window, of the terminal regression; best fit unless given.
    """

    route: str
    infused: float = 0.0
    rule: str = "linear-up/log-down"
    tau: float | None = None
    windows: tuple[tuple[float, float], ...] = ()
    terminal: int | tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.route not in ROUTES:
            raise SimulationError(f"no route is called {self.route!r}", remedy=nearest(self.route, ROUTES))
        if self.rule not in RULES:
            raise SimulationError(f"no rule of trapezoids is called {self.rule!r}", remedy=nearest(self.rule, RULES))
        if not math.isfinite(self.infused) or (self.infused > 0) != (self.route == "iv infusion"):
            raise SimulationError(
                "an iv infusion, and only it, has a duration", remedy='write route="iv infusion", infusion=0.5'
            )
        if self.tau is not None and not self.tau > 0:
            raise SimulationError(f"a dosing interval is positive, not {self.tau!r}")
        if any(not 0 <= a < b < math.inf for a, b in self.windows):
            raise SimulationError("a window starts at the dose or later and ends after it starts")


@dataclass(frozen=True, slots=True)
class Analysis:
    """The numbers of one curve: by name, the terminal regression, and what there is to know of them."""

    values: dict[str, float]
    terminal: Terminal | None
    notes: tuple[str, ...] = ()
    windows: dict[tuple[float, float], float] = field(default_factory=dict)


def analyse(curve: Curve, dose: float | None, manner: Manner) -> Analysis:
    """Return the numbers of one curve.

    Parameters
    ----------
    curve : Curve
    dose : float or None
        Without it, what depends on the dose is left out.
    manner : Manner

    Examples
    --------
    >>> import numpy as np
    >>> t = np.array([0.0, 1.0, 2.0, 4.0, 8.0, 12.0])
    >>> found = analyse(Curve(t, 10 * np.exp(-0.5 * t)), 20.0, Manner("iv bolus")).values
    >>> round(found["CL_obs"], 9), round(found["Vss_obs"], 9)
    (1.0, 2.0)
    """
    if curve.last < 0:
        return Analysis({}, None, ("no level is measurable",))
    times, levels, given = _from_dose(curve, manner)
    last = int(np.flatnonzero(levels > 0)[-1])
    top = int(np.argmax(curve.levels))
    values: dict[str, float] = {"Tmax": float(curve.times[top]), "Cmax": float(curve.levels[top])}
    if manner.route == "extravascular" and manner.tau is None:
        first = int(np.flatnonzero(levels > 0)[0])
        values["Tlag"] = float(times[first - 1]) if first else 0.0
    if manner.route == "iv bolus":
        values["C0"] = float(levels[0])
    if dose:
        values["Cmax_D"] = values["Cmax"] / dose
    areas, moments = steps(manner.rule, times, levels)
    values |= {
        "Tlast": float(times[last]),
        "Clast": float(levels[last]),
        "AUC_last": float(areas[:last].sum()),
        "AUMC_last": float(moments[:last].sum()),
        "AUC_all": float(areas[: last + 1].sum()),
    }
    if values["AUC_last"] > 0:
        values["MRT_last"] = values["AUMC_last"] / values["AUC_last"] - manner.infused / 2
    terminal, notes = _terminal(curve, manner)
    if terminal is not None:
        values |= _phase(terminal)
        values |= _to_infinity(values, terminal, dose, manner, float(areas[0]) if given else 0.0)
        notes += _doubts(values, terminal)
    windows = {}
    for window in manner.windows:
        area = _window(manner.rule, times, levels, terminal, window)
        if isinstance(area, str):
            notes.append(area)
        else:
            windows[window] = area[0]
    if manner.tau is not None:
        notes += _steady(values, curve, (times, levels, terminal), dose, manner)
    return Analysis(values, terminal, tuple(notes), windows)


def _from_dose(curve: Curve, manner: Manner) -> tuple[Array, Array, bool]:
    """Return the curve with its level at the dose, and whether that is back-extrapolated."""
    times, levels = curve.times, curve.levels
    if times[0] == 0:
        return times, levels, False
    if manner.route == "iv bolus":
        return np.insert(times, 0, 0.0), np.insert(levels, 0, _back(times, levels)), True
    within = levels[times <= manner.tau] if manner.tau is not None else levels[:0]
    start = float(within.min()) if within.size else 0.0
    return np.insert(times, 0, 0.0), np.insert(levels, 0, start), False


def _back(times: Array, levels: Array) -> float:
    if len(levels) >= 2 and levels[0] > levels[1] > 0:
        slope = math.log(levels[1] / levels[0]) / (times[1] - times[0])
        return float(levels[0] * math.exp(-slope * times[0]))
    return float(levels[levels > 0][0])


def _terminal(curve: Curve, manner: Manner) -> tuple[Terminal | None, list[str]]:
    inside = np.ones(len(curve.times), dtype=bool) if manner.tau is None else curve.times <= manner.tau * (1 + 1e-9)
    times, levels = curve.times[inside], curve.levels[inside]
    if manner.terminal is None:
        found = best_fit(times, levels, bolus=manner.route == "iv bolus", infused=manner.infused)
    else:
        found = chosen(times, levels, manner.terminal)
    return (None, [found]) if isinstance(found, str) else (found, [])


def _phase(terminal: Terminal) -> dict[str, float]:
    found = {
        "R2": terminal.r2,
        "R2_adjusted": terminal.r2_adjusted,
        "correlation": terminal.correlation,
        "points": float(len(terminal.times)),
        "lambda_z": terminal.rate,
        "lambda_z_lower": terminal.times[0],
        "lambda_z_upper": terminal.times[-1],
        "half_life": math.log(2) / terminal.rate,
    }
    return {name: value for name, value in found.items() if not math.isnan(value)}


def _to_infinity(
    values: dict[str, float], terminal: Terminal, dose: float | None, manner: Manner, back: float
) -> dict[str, float]:
    last, rate = values["Tlast"], terminal.rate
    found = {"Clast_pred": terminal.level(last)}
    outside = "_F" if manner.route == "extravascular" else ""
    for how, level in (("obs", values["Clast"]), ("pred", found["Clast_pred"])):
        area = values["AUC_last"] + level / rate
        moment = values["AUMC_last"] + level * last / rate + level / rate**2
        found[f"AUC_inf_{how}"] = area
        found[f"AUC_extrap_{how}"] = 100 * (level / rate) / area
        found[f"AUMC_inf_{how}"] = moment
        found[f"AUMC_extrap_{how}"] = 100 * (1 - values["AUMC_last"] / moment)
        if manner.route == "iv bolus":
            found[f"AUC_back_{how}"] = 100 * back / area
        if manner.tau is not None:
            continue
        found[f"MRT_inf_{how}"] = moment / area - manner.infused / 2
        if not dose:
            continue
        found[f"AUC_inf_D_{how}"] = area / dose
        found[f"CL{outside}_{how}"] = dose / area
        found[f"Vz{outside}_{how}"] = dose / area / rate
        if not outside:
            found[f"Vss_{how}"] = found[f"MRT_inf_{how}"] * dose / area
    return found


def _doubts(values: dict[str, float], terminal: Terminal) -> list[str]:
    found = []
    if values["AUC_extrap_obs"] > MUCH_EXTRAPOLATED:
        found.append(f"{values['AUC_extrap_obs']:.3g} % of the area to infinity is extrapolated")
    if terminal.r2_adjusted < POOR_R2:
        found.append(f"adjusted R² of lambda_z is {terminal.r2_adjusted:.3g}")
    span = (terminal.times[-1] - terminal.times[0]) / values["half_life"]
    if span < SHORT_SPAN:
        found.append(f"lambda_z spans {span:.2g} half-lives")
    return found


def _window(
    rule: str, times: Array, levels: Array, terminal: Terminal | None, window: tuple[float, float]
) -> tuple[float, float] | str:
    """Return area and first moment over a window, interpolated by the rule and extrapolated by lambda_z, or why not."""
    start, end = window
    last = int(np.flatnonzero(levels > 0)[-1])
    t, c = times[: last + 1], levels[: last + 1]
    beyond = [at for at in window if at > t[-1]]
    if beyond and terminal is None:
        return f"the area from {start:g} to {end:g} reaches beyond the last level, and there is no lambda_z"
    at = np.unique(np.concatenate([t, window]))
    level = np.array([terminal.level(x) if terminal and x > t[-1] else between(rule, t, c, x) for x in at])
    areas, moments = steps(rule, at, level)
    tail = at[1:] > t[-1]
    if tail.any():
        falling = steps("linear-up/log-down", at, level)
        areas[tail], moments[tail] = falling[0][tail], falling[1][tail]
    inside = (at[:-1] >= start) & (at[1:] <= end)
    return float(areas[inside].sum()), float(moments[inside].sum())


def _steady(
    values: dict[str, float],
    observed: Curve,
    curve: tuple[Array, Array, Terminal | None],
    dose: float | None,
    manner: Manner,
) -> list[str]:
    """Add what holds at steady state to the values, and return what hinders it."""
    times, levels, terminal = curve
    tau = manner.tau
    assert tau is not None
    found = _window(manner.rule, times, levels, terminal, (0.0, tau))
    if isinstance(found, str):
        return [found]
    area, moment = found
    inside = observed.times <= tau * (1 + 1e-9)
    if not inside.any():
        return [f"no sample lies within the dosing interval of {tau:g}"]
    seen = observed.levels[inside]
    values["Cmax"], values["Cmin"] = float(seen.max()), float(seen.min())
    values["Tmax"] = float(observed.times[inside][int(np.argmax(seen))])
    last = float(times[np.flatnonzero(levels > 0)[-1]])
    values["Ctau"] = terminal.level(tau) if terminal and tau > last else between(manner.rule, times, levels, tau)
    values["AUC_tau"], values["Cavg"] = area, area / tau
    values["fluctuation"] = 100 * (values["Cmax"] - values["Cmin"]) / values["Cavg"]
    if values["Cmin"] > 0:
        values["swing"] = (values["Cmax"] - values["Cmin"]) / values["Cmin"]
    outside = "_F" if manner.route == "extravascular" else ""
    if dose:
        values[f"CL_ss{outside}"] = dose / area
    if terminal is not None:
        values["accumulation"] = -1 / math.expm1(-terminal.rate * tau)
        rest = values["Ctau"] / terminal.rate
        values["MRT_ss"] = (moment + tau * rest) / area - manner.infused / 2
        if dose:
            values[f"Vz{outside}"] = dose / area / terminal.rate
            if not outside:
                values["Vss"] = values["MRT_ss"] * dose / area
    return []
