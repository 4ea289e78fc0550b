"""Floor 7: one line's rates from fluorescence, its effect from counts, and what the fit says of pulses left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from exodelivery.fitting.pulses.course import PARAMETERS, counts, grid
from exodelivery.fitting.pulses.read import Arm, arms, fluorescence
from exodelivery.solve.timeline import Array

WELLS_SD = 0.2
"""Standard deviation of the logarithm of a well's brightness beside its neighbours'."""
BRIGHT, DARK = 0.1, 20.0
"""Noise of a frame: a share of the level in the medium, and an amount [apparent nM]."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pulses that were left out against what was said of them, as root mean squares of log counts.

    Attributes
    ----------
    line : str
    predicted, own : float
        Error of the prediction, and of the best fit to these very pulses.
    interpolated, predicted_there : float
        Error of the mean of the shorter and the longer pulse's counts, where both are known, and of the prediction at
        the same images.
    images, images_there : int
    fitted : float
        Error at the pulses that were fitted.
    values : mapping of float
        Estimates [h, nM h].
    """

    line: str
    predicted: float
    own: float
    interpolated: float
    predicted_there: float
    images: int
    images_there: int
    fitted: float
    values: Mapping[str, float]

    @property
    def ratio(self) -> float:
        """Error of the prediction over that of the best fit."""
        return self.predicted / self.own

    def __str__(self) -> str:
        return (
            f"{self.line}: predicted {self.predicted:.3f}, own best fit {self.own:.3f} (ratio {self.ratio:.2f}) at "
            f"{self.images} images; interpolated {self.interpolated:.3f} against {self.predicted_there:.3f} at "
            f"{self.images_there}; fitted pulses {self.fitted:.3f}"
        )

    __repr__ = __str__


def rates(recipe: Mapping[str, Any], line: str) -> tuple[float, float]:
    """Return ``k_out`` and ``k_bind`` [1/h] from the fluorescence of a line's wells.

    Free drug in the cell enters from the medium, leaves, or is bound for good (McKenna 2017); a frame shows both.
    """
    frame = fluorescence(recipe, line)
    dose, time = frame["dox_nM"].to_numpy(dtype=float), frame["t_h"].to_numpy(dtype=float)
    pulse, shown = (
        frame["exposure_h"].to_numpy(dtype=float),
        frame["cell_corrected_nM_derived"].to_numpy(dtype=float),
    )
    wells, well = np.unique(frame["well_index"], return_inverse=True)

    def left(logs: Array) -> Array:
        bright = np.exp(logs[0] + logs[3:])[well]
        off = (bright * dose * inside(np.exp(logs[1]), np.exp(logs[2]), pulse, time) - shown) / (BRIGHT * dose + DARK)
        return np.concatenate([off, logs[3:] / WELLS_SD])

    found = least_squares(left, np.concatenate([np.log([0.1, 0.2, 0.1]), np.zeros(len(wells))]))
    return float(np.exp(found.x[1])), float(np.exp(found.x[2]))


def inside(k_out: float, k_bind: float, pulse: Array, time: Array) -> Array:
    """Return free and bound drug in cells after a pulse of level one entering at rate one [h].

    Examples
    --------
    >>> inside(0.5, 0.5, np.array([6.0]), np.array([200.0])).round(4).tolist()
    [3.0]
    """
    leave = k_out + k_bind
    on = np.clip(time, 0.0, pulse)
    off = np.maximum(time - pulse, 0.0)
    end = -np.expm1(-leave * on) / leave
    free = end * np.exp(-leave * off)
    bound: Array = k_bind * ((on - end) / leave - end * np.expm1(-leave * off) / leave)
    return free + bound


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    recipe: Mapping[str, Any]
    line: str
    rates: tuple[float, float]
    plateau: float
    plates: tuple[float, ...]
    arms: tuple[Arm, ...]

    @property
    def prior(self) -> tuple[Array, Array]:
        """Medians and standard deviations: growth and loss of each plate, then the parameters, logarithms."""
        priors = self.recipe["priors"]
        own = [priors[name] for name in PARAMETERS[:-2]]
        middle = [np.log(one["value"]) for one in own] + list(np.log(self.rates))
        spread = [one["sd"] for one in own] + [priors["rates_sd"]] * 2
        count = len(self.plates)
        grows, loses = priors["k_g"], priors["loss"]
        return (
            np.array([np.log(grows["value"])] * count + [loses["value"]] * count + middle),
            np.array([grows["sd"]] * count + [loses["sd"]] * count + spread),
        )

    def predict(self, logs: Array) -> list[Array]:
        count = len(self.plates)
        plate = np.array([self.plates.index(arm.pulse) for arm in self.arms])
        washed = self.recipe["lines"][self.line]["from"] == "wash"
        loss = np.zeros(len(self.arms)) if washed else logs[count : 2 * count][plate]
        times = grid(float(self.recipe["until"]))
        found = counts(
            times,
            np.array([arm.dose for arm in self.arms]),
            np.array([arm.pulse for arm in self.arms]),
            np.array([arm.log_start for arm in self.arms]) + loss,
            np.exp(logs[:count])[plate],
            self.plateau,
            np.exp(logs[2 * count :]),
        )
        rows = []
        for n, arm in enumerate(self.arms):
            shift = arm.log_start - float(np.interp(arm.start, times, found[:, n])) if washed else 0.0
            rows.append(np.interp(arm.times, times, found[:, n]) + shift)
        return rows

    def errors(self, logs: Array) -> Array:
        return np.concatenate([p - arm.log_counts for p, arm in zip(self.predict(logs), self.arms, strict=True)])

    def best(self) -> Array:
        middle, spread = self.prior

        def left(logs: Array) -> Array:
            return np.concatenate([self.errors(logs) / self.recipe["noise"], (logs - middle) / spread])

        random = np.random.default_rng(self.recipe["seed"])
        shifts = [np.zeros_like(middle)]
        shifts += [0.5 * spread * random.standard_normal(len(middle)) for _ in range(self.recipe["starts"] - 1)]
        ended = [least_squares(left, middle + shift, loss="soft_l1", max_nfev=200) for shift in shifts]
        found: Array = min(ended, key=lambda one: float(one.cost)).x
        return found


def held_out(recipe: Mapping[str, Any], line: str) -> HeldOut:
    """Fit a line without the pulses held out, predict them, and fit them alone for comparison.

    The untreated wells of the plate held out stay in: they tell how fast its cells grow, not what the drug does.
    """
    every, most = arms(recipe, line)
    hidden = float(recipe["held_out"])
    known = rates(recipe, line)
    plates = tuple(sorted({arm.pulse for arm in every}))
    left = tuple(arm for arm in every if arm.pulse == hidden and arm.dose > 0)

    def fit(chosen: Sequence[Arm], of: tuple[float, ...]) -> _Fit:
        return _Fit(recipe, line, known, most / recipe["below"], of, tuple(chosen))

    shown = fit([arm for arm in every if arm.pulse != hidden or arm.dose == 0], plates)
    logs = shown.best()
    said = fit(left, plates)
    alone = fit([arm for arm in every if arm.pulse == hidden], (hidden,)).best()
    off = said.errors(logs)
    between = np.concatenate([_between(every, arm, hidden) - (arm.log_counts - arm.log_start) for arm in left])
    there = np.isfinite(between)
    values = dict(zip(PARAMETERS, np.exp(logs[2 * len(plates) :]).tolist(), strict=True))
    values |= {f"k_g_{plate:g}h": float(np.exp(one)) for plate, one in zip(plates, logs, strict=False)}
    return HeldOut(
        line, _size(off), _size(fit(left, (hidden,)).errors(alone)), _size(between[there]), _size(off[there]),
        len(off), int(there.sum()), _size(shown.errors(logs)), values,
    )  # fmt: skip


def _between(every: Sequence[Arm], arm: Arm, hidden: float) -> Array:
    """Return the mean of the log fold changes after the nearest shorter and longer pulse of the same level."""
    same = [one for one in every if one.dose == arm.dose and one.pulse != hidden]
    near = [max((o for o in same if o.pulse < hidden), key=lambda o: o.pulse)]
    near.append(min((o for o in same if o.pulse > hidden), key=lambda o: o.pulse))
    folds = [
        np.interp(arm.times, np.append(o.start, o.times), np.append(0.0, o.log_counts - o.log_start), right=np.nan)
        for o in near
    ]
    found: Array = 0.5 * (folds[0] + folds[1])
    return found


def _size(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
