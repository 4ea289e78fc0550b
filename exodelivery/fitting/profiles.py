"""Floor 7: profile likelihood by gradient continuation: how far a number can go while the others make up for it.

From the optimum the walk follows the tangent of the constrained optima, corrects by scoring, and finds the end by
Newton on the signed root of the deviance, whose slope is the gradient at the constrained optimum (the envelope
theorem): about six evaluations an end. Where no end is found the interval is open, and the verdict says so.

References
----------
Venzon DJ, Moolgavkar SH. A method for computing profile-likelihood-based confidence intervals. Appl Stat 1988;37:87,
doi 10.2307/2347496. Raue A et al. Structural and practical identifiability analysis of partially observed dynamical
models by exploiting the profile likelihood. Bioinformatics 2009;25:1923, doi 10.1093/bioinformatics/btp358.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.objective import Evaluation, Objective
from exodelivery.fitting.scoring import score
from exodelivery.solve.timeline import Array
from exodelivery.units import format_number

if TYPE_CHECKING:
    from exodelivery.draw.profiles import ProfilePanel
    from exodelivery.fitting.regression import Regression

CLOSE = 1e-4
"""Relative error of the root of the deviance at which an end is found."""
FARTHEST_LOG = math.log(1e6)
"""On log and logit scales a walk ends after a factor of a million: nothing holds the number on that side."""
FARTHEST_LINEAR = 100.0
"""On a linear scale it ends after so many standard errors."""
MOST_POINTS = 40
BETTER = 1e-3
"""Minus log-likelihood by which a point of a profile must be lower to be another, better optimum."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one number.

    Attributes
    ----------
    name : str
    level : float
    estimate, low, high : float
        In the parameter's unit; an open end is infinite, or zero on a log scale.
    open_below, open_above : bool
    points : tuple of (float, float)
        Where the profile was taken, in the parameter's unit, and the deviance there; sorted.
    better : float
        How far below the optimum minus the log-likelihood went on the way; zero if it was the optimum.

    Examples
    --------
    >>> Profile("k", 0.95, 1.0, 0.5, math.inf, False, True, (), 0.0).word
    'one-sided'
    """

    name: str
    level: float
    estimate: float
    low: float
    high: float
    open_below: bool
    open_above: bool
    points: tuple[tuple[float, float], ...]
    better: float

    @property
    def word(self) -> str:
        """``identified``, ``one-sided`` or ``not at all``."""
        return ("identified", "one-sided", "not at all")[int(self.open_below) + int(self.open_above)]

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, table

        rows = [(format_number(at), f"{deviance:.3g}") for at, deviance in self.points]
        return card("Profile", str(self), table((self.name, "deviance"), rows))

    def plot(self) -> Any:
        """Return a figure of the profile."""
        from exodelivery.draw.profiles import profiles_figure

        return profiles_figure([self.panel], columns=1)

    @property
    def panel(self) -> ProfilePanel:
        """What a figure shows of it."""
        from scipy.stats import chi2

        from exodelivery.draw.profiles import ProfilePanel

        ends = [deviance for at, deviance in self.points if at in (self.low, self.high) and deviance > 0]
        threshold = max(ends) if ends else float(chi2.ppf(self.level, 1))
        title = self.name.partition(" @ ")[0].rpartition("/")[2]
        return ProfilePanel(title, self.points, self.estimate, self.low, self.high, threshold, self.word)

    def __str__(self) -> str:
        percent = f"{100 * self.level:g} %"
        if self.word == "identified":
            found = f"{self.name} is identified: {percent} {format_number(self.low)} to {format_number(self.high)}"
        elif self.open_above and not self.open_below:
            found = f"{self.name} is known on one side only: above {format_number(self.low)} ({percent}), without end"
        elif self.open_below and not self.open_above:
            found = f"{self.name} is known on one side only: below {format_number(self.high)} ({percent}), without end"
        else:
            found = f"{self.name} is not known at all from these data"
        return found + ("; a BETTER optimum was met on the way: fit again from there" if self.better else "")


@dataclass(slots=True)
class _Walk:
    """One side of a profile under way."""

    objective: Objective
    place: int
    origin: Array
    lowest: float
    root: float
    points: list[tuple[float, float]]
    better: float = 0.0

    def corrected(self, guess: Array) -> tuple[Array, Evaluation, float]:
        """Return the constrained optimum near a guess, and the root of its deviance."""
        found = score(self.objective, guess, tolerance=1e-7, held=(self.place,), most=60)
        fall = self.lowest - found.evaluation.value
        if fall > max(self.better, BETTER):
            self.better = fall
        deviance = max(-2 * fall, 0.0)
        self.points.append((float(found.at[self.place]), deviance))
        return found.at, found.evaluation, math.sqrt(deviance)


def profile(found: Regression, name: str, level: float = 0.95) -> Profile:
    """Return the profile likelihood of one estimate.

    Parameters
    ----------
    found : Regression
    name : str
    level : float
        Of the interval. The deviance is held against chi-square with one degree of freedom, or F on 1 and n - p where
        the size of the errors was estimated by least squares.

    Raises
    ------
    FitError
        If nothing of this name was estimated, or the level is no probability.

    Examples
    --------
    >>> from exodelivery.fitting.regress import regress
    >>> data = {"x": [0, 1, 2, 4, 8], "y": [8.1, 4.9, 3.0, 1.1, 0.2]}
    >>> found = profile(regress("a * exp(-k * x)", data=data, start={"a": 5, "k": 1}), "k")
    >>> found.word, round(found.low, 2), round(found.high, 2)
    ('identified', 0.48, 0.51)
    """
    if not 0 < level < 1:
        raise FitError(f"{level!r} is no level of an interval", remedy="write level=0.95")
    place, root = found.place(name), found.quantile(level)
    objective, guess = found.objective, found.objective.free[found.place(name)]
    lowest = objective.evaluate(found.at).value
    points: list[tuple[float, float]] = [(float(found.at[place]), 0.0)]
    ends, open_ends, better = [], [], 0.0
    for sign in (-1, 1):
        walk = _Walk(objective, place, found.at, lowest, root, points)
        end = _end(walk, guess, found.covariance, sign)
        ends.append(end)
        open_ends.append(end is None)
        better = max(better, walk.better)
    farthest = {"log": (0.0, math.inf), "logit": (0.0, 1.0)}.get(guess.scale, (-math.inf, math.inf))
    low, high = (far if end is None else guess.natural(end) for end, far in zip(ends, farthest, strict=True))
    natural = tuple(sorted((guess.natural(at), deviance) for at, deviance in points))
    estimate = guess.natural(float(found.at[place]))
    return Profile(name, level, estimate, low, high, open_ends[0], open_ends[1], natural, better)


def _end(walk: _Walk, guess: Guess, covariance: Array, sign: int) -> float | None:
    """Return where the deviance reaches its quantile on one side, on the scale, or None if it never does."""
    place, start = walk.place, float(walk.origin[walk.place])
    sd = math.sqrt(max(float(covariance[place, place]), 0.0))
    linear = guess.scale == "linear"
    farthest = FARTHEST_LINEAR * sd if linear else FARTHEST_LOG
    bound = (walk.objective.low if sign < 0 else walk.objective.high)[place]
    farthest = min(farthest, abs(float(bound) - start))
    if not farthest > 0:
        return None
    far = min(walk.root * sd, farthest) or farthest
    tangent = covariance[:, place] / covariance[place, place] if sd > 0 else np.zeros(len(covariance))
    curved = np.array([one.scale != "linear" for one in walk.objective.free])
    at, inside, outside = walk.origin, 0.0, math.inf
    for _ in range(MOST_POINTS):
        move = tangent * (start + sign * far - at[place])
        guessed = at + np.where(curved, np.clip(move, -1.0, 1.0), move)
        guessed[place] = start + sign * far
        there, here, root = walk.corrected(guessed)
        if root > 2 * walk.root:
            # The tangent of a number that nothing holds leads astray; the last optimum is the safer place to set out.
            plain = at.copy()
            plain[place] = start + sign * far
            there, here, root = min((there, here, root), walk.corrected(plain), key=lambda one: one[2])
        if abs(root - walk.root) <= CLOSE * walk.root:
            return start + sign * far
        if root < walk.root:
            if far >= farthest:
                return None
            inside = far
        else:
            outside = far
        at, tangent = there, _tangent(here.information, place)
        slope = sign * float(here.gradient[place]) / root if root > 0 else 0.0
        step = (walk.root - root) / slope if slope > 0 else math.inf
        aim = far + step
        if math.isinf(outside):
            far = min(aim if aim > far else math.inf, 2 * far, farthest)
        else:
            far = aim if inside < aim < outside else 0.5 * (inside + outside)
            if outside - inside <= 1e-10 * max(outside, 1e-300):
                return start + sign * outside
    return start + sign * outside if math.isfinite(outside) else None


def _tangent(information: Array, place: int) -> Array:
    """Return how the other numbers move with one that is held, (free,)."""
    others = np.arange(len(information)) != place
    found = np.zeros(len(information))
    found[place] = 1.0
    block = information[np.ix_(others, others)]
    scale = np.sqrt(np.maximum(np.diag(block), 1e-300))
    moved = np.linalg.lstsq(block / np.outer(scale, scale), information[others, place] / scale, rcond=1e-12)[0]
    found[others] = -moved / scale
    return found
