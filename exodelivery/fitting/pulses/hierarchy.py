"""Floor 7: several lines as one problem: each has parameters of its own, drawn from one population of lines.

The logarithm of each parameter is normal over lines, with a middle and a spread that the lines themselves tell:
*empirical Bayes*. Middle and spread are those under which the data of all lines are likeliest, each line's own
parameters being integrated out around their best values (Laplace; the steps are those of expectation and maximisation,
Dempster 1977). The alternative, one maximum over lines' parameters and spread together, does not exist: with all lines
alike the spread goes to nothing and the density has no bound. Four lines tell little of a spread, so that a first guess
weighs as much as two lines more.

References
----------
Dempster AP, Laird NM, Rubin DB. J R Stat Soc B 1977;39:1, doi 10.1111/j.2517-6161.1977.tb01600.x.
McKenna MT et al. Sci Rep 2017;7:5725, doi 10.1038/s41598-017-05902-z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from exodelivery.fitting.pulses.course import PARAMETERS, counts, grid
from exodelivery.fitting.pulses.fit import BRIGHT, DARK, WELLS_SD, inside
from exodelivery.fitting.pulses.read import Arm, arms, fluorescence
from exodelivery.solve.timeline import Array

ROUNDS, SETTLED = 60, 2e-3
"""Rounds, at most, and the change of middles and spreads, in logarithms, at which they have settled."""
SCALE_SD = 3.0
"""Of the logarithm of brightness to level, which only scales: next to nothing is known of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Middle and spread of the logarithms of the parameters over lines, (parameters,) each."""

    middle: Array
    spread: Array


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """All that was seen of one line.

    Attributes
    ----------
    name : str
    washed : bool
        Counts are held against the first image after the wash.
    arms : tuple of Arm
    plates : tuple of float
        Pulse lengths, one plate each [h].
    plateau : float
        Cells.
    frames : mapping of array
        ``dose`` [nM], ``pulse``, ``time`` [h], ``shown`` [apparent nM], ``well``.
    wells : int
    """

    recipe: Mapping[str, Any]
    name: str
    washed: bool
    arms: tuple[Arm, ...]
    plates: tuple[float, ...]
    plateau: float
    frames: Mapping[str, Any]
    wells: int

    @property
    def own(self) -> slice:
        """Where the parameters of cells and drug stand among the unknowns, after growth and loss of plates."""
        count = len(self.plates)
        return slice(2 * count, 2 * count + len(PARAMETERS))

    def start(self, population: Population) -> Array:
        """Return where a fit begins: everything at its median."""
        priors, count = self.recipe["priors"], len(self.plates)
        first = [np.log(priors["k_g"]["value"])] * count + [priors["loss"]["value"]] * count
        return np.array([*first, *population.middle, np.log(0.1), *np.zeros(self.wells)])

    def predict(self, logs: Array) -> list[Array]:
        """Return the logarithms of counts of every arm at its images."""
        count = len(self.plates)
        plate = np.array([self.plates.index(arm.pulse) for arm in self.arms])
        loss = np.zeros(len(self.arms)) if self.washed else logs[count : 2 * count][plate]
        times = grid(float(self.recipe["until"]))
        found = counts(
            times,
            np.array([arm.dose for arm in self.arms]),
            np.array([arm.pulse for arm in self.arms]),
            np.array([arm.log_start for arm in self.arms]) + loss,
            np.exp(logs[:count])[plate],
            self.plateau,
            np.exp(logs[self.own]),
        )
        rows = []
        for n, arm in enumerate(self.arms):
            shift = arm.log_start - float(np.interp(arm.start, times, found[:, n])) if self.washed else 0.0
            rows.append(np.interp(arm.times, times, found[:, n]) + shift)
        return rows

    def misses(self, logs: Array) -> Array:
        """Return prediction less observation of all log counts, (images,)."""
        return np.concatenate([p - arm.log_counts for p, arm in zip(self.predict(logs), self.arms, strict=True)])

    def dims(self, logs: Array) -> Array:
        """Return prediction less observation of all frames over the noise of one, (frames,)."""
        frames, k_out, k_bind = self.frames, *np.exp(logs[self.own][-2:])
        bright = np.exp(logs[self.own.stop] + logs[self.own.stop + 1 :])[frames["well"]]
        level = inside(k_out, k_bind, frames["pulse"], frames["time"])
        off: Array = (bright * frames["dose"] * level - frames["shown"]) / (BRIGHT * frames["dose"] + DARK)
        return off

    def residuals(self, logs: Array, population: Population) -> Array:
        """Return what least squares makes small: counts, frames, and each unknown about its median."""
        priors, count = self.recipe["priors"], len(self.plates)
        return np.concatenate(
            [
                self.misses(logs) / self.recipe["noise"],
                self.dims(logs) / self.recipe["frames"],
                (logs[:count] - np.log(priors["k_g"]["value"])) / priors["k_g"]["sd"],
                (logs[count : 2 * count] - priors["loss"]["value"]) / priors["loss"]["sd"],
                (logs[self.own] - population.middle) / population.spread,
                (logs[[self.own.stop]] - np.log(0.1)) / SCALE_SD,
                logs[self.own.stop + 1 :] / WELLS_SD,
            ]
        )

    def best(self, population: Population, start: Array) -> tuple[Array, Array]:
        """Return the likeliest unknowns of the line and their covariance, given the population."""
        found = least_squares(self.residuals, start, args=(population,), x_scale=0.1, max_nfev=60)
        return found.x, np.linalg.inv(found.jac.T @ found.jac)


def line_of(recipe: Mapping[str, Any], name: str) -> Line:
    """Return all that was seen of a line, less what the recipe leaves out."""
    every, most = arms(recipe, name)
    frame = fluorescence(recipe, name)
    wells, well = np.unique(frame["well_index"], return_inverse=True)
    frames = {
        "dose": frame["dox_nM"].to_numpy(dtype=float),
        "time": frame["t_h"].to_numpy(dtype=float),
        "pulse": frame["exposure_h"].to_numpy(dtype=float),
        "shown": frame["cell_corrected_nM_derived"].to_numpy(dtype=float),
        "well": well,
    }
    plates = tuple(sorted({arm.pulse for arm in every}))
    washed = recipe["lines"][name]["from"] == "wash"
    return Line(recipe, name, washed, every, plates, most / recipe["below"], frames, len(wells))


def first_guess(recipe: Mapping[str, Any]) -> Population:
    """Return the population before any line is seen."""
    priors = [recipe["priors"][name] for name in PARAMETERS]
    middle = np.log([one["value"] for one in priors])
    return Population(middle, np.full(len(PARAMETERS), float(recipe["between"]["sd"])))


def renewed(recipe: Mapping[str, Any], known: Population, values: Array, variances: Array) -> Population:
    """Return the population that lines' parameters tell.

    Parameters
    ----------
    recipe : mapping
    known : Population
        Under which they were found.
    values, variances : array, (lines, parameters)
        Logarithms, and their variances given the line's data.
    """
    guess, lines = first_guess(recipe), len(values)
    doubt = np.array([recipe["priors"][name]["sd"] for name in PARAMETERS])
    weight = lines / known.spread**2
    middle = (weight * values.mean(axis=0) + guess.middle / doubt**2) / (weight + 1.0 / doubt**2)
    squares = ((values - middle) ** 2 + variances).sum(axis=0) + 1.0 / (weight + 1.0 / doubt**2) * lines
    heavy = float(recipe["between"]["lines"])
    return Population(middle, np.sqrt((squares + heavy * guess.spread**2) / (lines + heavy)))


def fit_lines(recipe: Mapping[str, Any], progress: bool = False) -> tuple[Population, dict[str, tuple[Array, Array]]]:
    """Return the population, and each line's unknowns with their covariance."""
    lines = [line_of(recipe, name) for name in recipe["lines"]]
    known = first_guess(recipe)
    starts = [line.start(known) for line in lines]
    for turn in range(ROUNDS):
        ended = [line.best(known, start) for line, start in zip(lines, starts, strict=True)]
        starts = [one[0] for one in ended]
        values = np.array([one[0][line.own] for one, line in zip(ended, lines, strict=True)])
        spread = np.array([np.diag(one[1])[line.own] for one, line in zip(ended, lines, strict=True)])
        new = renewed(recipe, known, values, spread)
        moved = max(np.abs(new.middle - known.middle).max(), np.abs(np.log(new.spread / known.spread)).max())
        if progress:
            print(f"round {turn + 1}: middles and spreads moved by {moved:.3g}", flush=True)
        known = new
        if moved < SETTLED:
            break
    return known, {line.name: one for line, one in zip(lines, ended, strict=True)}
