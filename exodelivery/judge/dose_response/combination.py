"""Floor 8: two drugs together against what each does alone: Bliss, HSA, Loewe and ZIP, each with its interval.

Viabilities here are relative to the untreated wells of the same table. An excess is what the pair kills beyond its
reference; its interval comes from the scatter of all wells, the untreated and the single drugs among them.

References
----------
Bliss CI. Ann Appl Biol 1939;26:585, doi 10.1111/j.1744-7348.1939.tb06990.x.
Loewe S. Arzneimittelforschung 1953;3:285 (additivity of doses).
Berenbaum MC. Pharmacol Rev 1989;41:93 (highest single agent, and a review of them all).
Yadav B, Wennerberg K, Aittokallio T, Tang J. Comput Struct Biotechnol J 2015;13:504, doi 10.1016/j.csbj.2015.09.001
(ZIP).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.draw.html import card
from exodelivery.draw.html import table as html_table
from exodelivery.errors import nearest
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.least_squares import Box
from exodelivery.judge.dose_response.shapes.hill import SLOPE, Hill
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.judge.dose_response.starts import best_of
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, FORM, POSITION, Task
from exodelivery.judge.dose_response.wells import frame_of, numbers
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = ("bliss", "hsa", "loewe", "zip")
HALVINGS = 60
ROUGH = 1e-2
"""Of the variance: what a drawn fit may leave of its sum of squares."""
YADAV = Citation(
    "Yadav B, Wennerberg K, Aittokallio T, Tang J. Searching for drug synergy in complex dose-response landscapes "
    "using an interaction potency model. Comput Struct Biotechnol J 2015;13:504",
    doi="10.1016/j.csbj.2015.09.001",
)


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """Two drugs on one plate.

    Attributes
    ----------
    names : (str, str)
    doses : (array, array)
        Rising, zero first, (levels_a,) and (levels_b,).
    viability : array, (levels_a, levels_b)
        Means, relative to the untreated wells.
    expected, excess, low, high : mapping of array, (levels_a, levels_b)
        By reference: its viability, how much less the pair leaves than that, and the interval; NaN for single drugs.
    scores : mapping of Estimate
        Mean excess over all pairs.
    index : array, (levels_a, levels_b)
        Combination index of Loewe: doses over those that would do as much alone; below one is more than additive.
    noise : float
        Standard deviation of a well, relative to untreated.
    draws : int
    """

    names: tuple[str, str]
    doses: tuple[Array, Array]
    viability: Array = field(repr=False)
    expected: Mapping[str, Array] = field(repr=False)
    excess: Mapping[str, Array] = field(repr=False)
    low: Mapping[str, Array] = field(repr=False)
    high: Mapping[str, Array] = field(repr=False)
    scores: Mapping[str, Estimate]
    index: Array = field(repr=False)
    noise: float
    draws: int

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The methods that were used."""
        return (YADAV,)

    def words(self, reference: str = "bliss") -> str:
        """Return the verdict by one reference: more, less or as much as expected, or that the wells do not decide.

        Raises
        ------
        DoseResponseError
            If no reference bears the name.
        """
        if reference not in self.scores:
            raise DoseResponseError(f"no reference is called {reference!r}", remedy=nearest(reference, self.scores))
        score = self.scores[reference]
        if score.low > 0:
            return "more than expected"
        if score.high < 0:
            return "less than expected"
        return "as expected, within the scatter of the wells"

    def table(self) -> pd.DataFrame:
        """Return one row to a pair: viability, and for each reference what it expects, the excess and its interval."""
        import pandas as pd

        a, b = np.meshgrid(*self.doses, indexing="ij")
        columns = {self.names[0]: a.ravel(), self.names[1]: b.ravel(), "viability": self.viability.ravel()}
        for name in self.expected:
            columns |= {
                name: self.expected[name].ravel(),
                f"{name}_excess": self.excess[name].ravel(),
                f"{name}_low": self.low[name].ravel(),
                f"{name}_high": self.high[name].ravel(),
            }
        return pd.DataFrame({**columns, "index": self.index.ravel()})

    def figure(self, reference: str = "bliss") -> Any:
        """Return the surface of the excess over one reference; pairs whose interval leaves zero out bear a mark."""
        from exodelivery.draw.canvas import new_figure, plain

        self.words(reference)
        excess, low, high = self.excess[reference][1:, 1:], self.low[reference][1:, 1:], self.high[reference][1:, 1:]
        marks = np.where((low > 0) | (high < 0), "*", "")
        labels = [[f"{dose:.3g}" for dose in doses[1:]] for doses in self.doses]
        largest = float(np.nanmax(np.abs(excess), initial=1e-9))
        figure = new_figure(title=f"Excess over {reference}: {self.scores[reference]}")
        figure.add_heatmap(
            z=excess, x=labels[1], y=labels[0], text=marks, texttemplate="%{text}", zmid=0, zmin=-largest, zmax=largest,
            colorscale="RdBu", colorbar={"title": "excess kill"},
            hovertemplate="%{y} with %{x}: %{z:.3f}<extra></extra>",
        )  # fmt: skip
        figure.update_xaxes(title_text=plain(self.names[1]), type="category")
        figure.update_yaxes(title_text=plain(self.names[0]), type="category")
        return figure

    def __str__(self) -> str:
        lines = [f"{self.names[0]} with {self.names[1]}: mean excess kill over all pairs, {self.draws} draws"]
        lines += [f"  {name.ljust(6)} {score}  {self.words(name)}" for name, score in self.scores.items()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(name, str(score), self.words(name)) for name, score in self.scores.items()]
        return card(" with ".join(self.names), "mean excess kill", html_table(("reference", "score", "verdict"), rows))


def combine(
    data: Any,
    *,
    doses: tuple[str, str],
    response: str = "response",
    blank: str | float | None = None,
    references: Sequence[str] = REFERENCES,
    confidence: float = 0.95,
    draws: int = 200,
    seed: int = 1,
) -> Combination:
    """Judge two drugs together by Bliss, HSA, Loewe and ZIP.

    Parameters
    ----------
    data : pandas.DataFrame, path of a CSV, or mapping of columns
        One row to a well: every pair of doses at least once, wells without either (the controls), and each drug alone.
    doses : (str, str)
        Columns with the two doses.
    response : str
        Column; falls as cells die.
    blank : str or float, optional
        Taken off.
    references : sequence of str
        Of ``bliss``, ``hsa``, ``loewe`` and ``zip``; the first two need no fitted curves.
    confidence : float
    draws : int
        Tables drawn with the scatter of the wells, each judged anew.
    seed : int

    Raises
    ------
    DoseResponseError
        If controls, single drugs or pairs are missing, or fewer than three doses of a drug.

    Examples
    --------
    >>> import itertools
    >>> levels = (0.0, 0.1, 0.3, 1.0, 3.0)
    >>> wells = [(a, b, 100 / (1 + a) / (1 + b / 2)) for a, b in itertools.product(levels, levels)]
    >>> table = {"a": [w[0] for w in wells], "b": [w[1] for w in wells], "response": [w[2] for w in wells]}
    >>> found = combine(table, doses=("a", "b"), draws=2)
    >>> abs(found.scores["bliss"].value) < 1e-9, found.scores["hsa"].value > 0.05
    (True, True)
    """
    for name in references:
        if name not in REFERENCES:
            raise DoseResponseError(f"no reference is called {name!r}", remedy=nearest(name, REFERENCES))
    grid = _grid(data, doses, response, blank)
    if not 0 < confidence < 1 or draws < 2:
        raise DoseResponseError("a confidence lies between 0 and 1, and there are two draws or more")
    random = np.random.default_rng(seed)
    means = grid.means / grid.means[0, 0]
    expected, smooth = _references(means[None], grid, tuple(references))
    noise = grid.noise(means, smooth[0])
    drawn = means + noise / np.sqrt(grid.count) * random.standard_normal((draws, *means.shape))
    drawn = drawn / drawn[:, :1, :1]
    again, smooth_again = _references(drawn, grid, tuple(references), ROUGH * noise**2)
    tail = 50 * (1 - confidence)
    excess, low, high, scores = {}, {}, {}, {}
    for name in references:
        seen, seen_again = (smooth, smooth_again) if name == "zip" else (means[None], drawn)
        here = _pairs(expected[name] - seen)[0]
        there = _pairs(again[name] - seen_again)
        excess[name] = here
        low[name], high[name] = _interval(here, there, tail)
        middle, every = np.nanmean(here[1:, 1:]), np.nanmean(there[:, 1:, 1:], axis=(1, 2))
        ends = _interval(middle, every, tail)
        scores[name] = Estimate(float(middle), float(ends[0]), float(ends[1]), "", "", float(np.nanstd(every)))
    index = _pairs(_index(means[None], *_singles(means[None], grid), grid))[0]
    reference = {name: expected[name][0] for name in references}
    return Combination(doses, (grid.a, grid.b), means, reference, excess, low, high, scores, index, noise, draws)


def _interval(here: Any, drawn: Array, tail: float) -> tuple[Any, Any]:
    """Return the basic bootstrap interval: drawn values mirrored at the estimate, so that their bias is taken off."""
    with warnings.catch_warnings():
        # Single drugs have no excess, in any draw.
        warnings.simplefilter("ignore", RuntimeWarning)
        below, above = np.nanpercentile(drawn, [tail, 100 - tail], axis=0)
    return 2 * here - above, 2 * here - below


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    a: Array
    b: Array
    means: Array
    count: Array
    within: float
    freedom: int

    def noise(self, means: Array, smooth: Array) -> float:
        """Return the standard deviation of a well relative to untreated: of replicates, else about the fit."""
        if self.freedom >= 3:
            return float(np.sqrt(self.within) / abs(self.means[0, 0]))
        left = (means - smooth)[1:, 1:] * np.sqrt(self.count[1:, 1:])
        return float(np.sqrt(np.nanmean(left**2)))


def _grid(data: Any, doses: tuple[str, str], response: str, blank: str | float | None) -> _Grid:
    frame = frame_of(data)
    for name in (*doses, response, *([blank] if isinstance(blank, str) else [])):
        if name not in frame.columns:
            raise DoseResponseError(f"the table has no column {name!r}", remedy=nearest(name, map(str, frame.columns)))
    a, b, y = (numbers(frame, name) for name in (*doses, response))
    y = y - (0.0 if blank is None else numbers(frame, blank))
    used = np.isfinite(a) & np.isfinite(b) & np.isfinite(y)
    a, b, y = a[used], b[used], y[used]
    (levels_a, at_a), (levels_b, at_b) = np.unique(a, return_inverse=True), np.unique(b, return_inverse=True)
    shape = (len(levels_a), len(levels_b))
    if min(shape) < 4 or levels_a[0] != 0 or levels_b[0] != 0:
        raise DoseResponseError("each drug needs three doses and none", remedy="add wells of dose 0 and of each alone")
    place = np.ravel_multi_index((at_a, at_b), shape)
    count = np.bincount(place, minlength=shape[0] * shape[1]).astype(float)
    if np.any(count == 0):
        first = int(np.flatnonzero(count == 0)[0])
        one, two = np.unravel_index(first, shape)
        raise DoseResponseError(
            f"{int((count == 0).sum())} pairs have no well, such as {levels_a[one]:g} with {levels_b[two]:g}",
            remedy="a full grid of doses is needed",
        )
    means = np.bincount(place, y, minlength=len(count)) / count
    if not means[0] > 0:
        raise DoseResponseError("the untreated wells are not above zero", remedy="look at the blanks")
    freedom = int((count - 1).sum())
    within = float(((y - means[place]) ** 2).sum() / freedom) if freedom else float("nan")
    return _Grid(levels_a, levels_b, means.reshape(shape), count.reshape(shape), within, freedom)


def _pairs(surface: Array) -> Array:
    found = surface.copy()
    found[:, 0, :] = np.nan
    found[:, :, 0] = np.nan
    return found


def _fit(dose: Array, response: Array, count: Array, top: Array, rough: float) -> Array:
    """Return Hill curves from a given level without drug to a level between none and all, (curves, 4)."""
    with np.errstate(divide="ignore"):
        x = np.broadcast_to(np.log(dose), response.shape)
    task = Task(Hill(), POSITION, x, response, np.broadcast_to(count, response.shape))
    size = (len(response), 4)
    low, high, pinned = np.zeros(size), np.zeros(size), np.zeros(size)
    span = np.log(dose[dose > 0])
    low[:] = [0.0, 0.0, span.min() - 5.0, np.log(SLOPE.low)]
    high[:] = [1.0, 1.0, span.max() + 5.0, np.log(SLOPE.high)]
    pinned[:, E0] = top
    free = np.ones(size, bool)
    free[:, E0] = False
    return best_of(task, pinned, Box(low, high, free), rough).theta


def _value(theta: Array, dose: Array) -> Array:
    with np.errstate(divide="ignore"):
        x = np.broadcast_to(np.log(dose), (len(theta), len(dose)))
    found: Array = Task(Hill(), POSITION, x, x, x).response(theta)[0]
    return found


def _singles(viability: Array, grid: _Grid, rough: float = 0.0) -> tuple[Array, Array]:
    top = np.ones(len(viability))
    return (
        _fit(grid.a, viability[:, :, 0], grid.count[:, 0], top, rough),
        _fit(grid.b, viability[:, 0, :], grid.count[0, :], top, rough),
    )


def _references(
    viability: Array, grid: _Grid, wanted: Sequence[str], rough: float = 0.0
) -> tuple[dict[str, Array], Array]:
    """Return the viability that each reference expects, (draws, levels_a, levels_b), and the fitted surface of ZIP."""
    a, b = viability[:, :, :1], viability[:, :1, :]
    found, smooth = {"bliss": a * b, "hsa": np.minimum(a, b)}, viability
    if {"loewe", "zip"} & set(wanted):
        one, two = _singles(viability, grid, rough)
        alone_a, alone_b = _value(one, grid.a), _value(two, grid.b)
        found |= {"loewe": _loewe(one, two, grid), "zip": alone_a[:, :, None] * alone_b[:, None, :]}
        if "zip" in wanted:
            smooth = _surface(viability, alone_a, alone_b, grid, rough)
    return {name: found[name] for name in wanted}, smooth


def _surface(viability: Array, alone_a: Array, alone_b: Array, grid: _Grid, rough: float) -> Array:
    """Return the mean of curves along either drug, each from where the other drug alone leaves it (Yadav 2015)."""
    draws, levels_a, levels_b = viability.shape
    along_a = np.moveaxis(viability, 2, 1).reshape(-1, levels_a)
    along_b = viability.reshape(-1, levels_b)
    fit_a = _fit(grid.a, along_a, np.tile(grid.count.T, (draws, 1)), np.clip(alone_b, 0, 1).ravel(), rough)
    fit_b = _fit(grid.b, along_b, np.tile(grid.count, (draws, 1)), np.clip(alone_a, 0, 1).ravel(), rough)
    by_a = np.moveaxis(_value(fit_a, grid.a).reshape(draws, levels_b, levels_a), 1, 2)
    by_b = _value(fit_b, grid.b).reshape(draws, levels_a, levels_b)
    return 0.5 * (by_a + by_b)


def _loewe(one: Array, two: Array, grid: _Grid) -> Array:
    """Return the viability at which both doses add to one, by halving; a drug that cannot reach it adds nothing."""
    floor = np.minimum(one[:, EINF], two[:, EINF])[:, None, None]
    shape = (len(one), len(grid.a), len(grid.b))
    low, high = np.broadcast_to(floor, shape).copy(), np.ones(shape)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        more = _share(middle, one, grid.a[None, :, None]) + _share(middle, two, grid.b[None, None, :]) > 1.0
        low, high = np.where(more, low, middle), np.where(more, middle, high)
    found = 0.5 * (low + high)
    found[:, 0, 0] = 1.0
    return found


def _share(viability: Array, theta: Array, dose: Array) -> Array:
    """Return a dose over the one that would leave this viability alone; nothing where no dose does."""
    einf, place, slope = (theta[:, k][:, None, None] for k in (EINF, DOSE, FORM))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        needed = np.exp(place + np.log((1.0 - viability) / (viability - einf)) / np.exp(slope))
        share = np.where(viability > einf, dose / needed, 0.0)
    return np.where(dose > 0, share, 0.0)


def _index(viability: Array, one: Array, two: Array, grid: _Grid) -> Array:
    known = (viability < 1) & (viability > np.minimum(one[:, EINF], two[:, EINF])[:, None, None])
    found = _share(viability, one, grid.a[None, :, None]) + _share(viability, two, grid.b[None, None, :])
    return np.where(known, found, np.nan)
