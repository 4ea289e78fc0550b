"""Floor 7: the verb that fits a curve to numbers: least squares where that is the likelihood, else the likelihood.

A model may be a plain expression of a predictor (:class:`~exodelivery.fitting.courses.formula.Formula`) or a compiled
model run for subjects (:class:`~exodelivery.fitting.courses.course.Course`); noise, bounds, priors and ties are one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.courses.formula import Formula
from exodelivery.fitting.courses.kept import Kept
from exodelivery.fitting.courses.protocol import Curve
from exodelivery.fitting.guess import guesses_of
from exodelivery.fitting.journal import Journal
from exodelivery.fitting.noises.counts import Counts
from exodelivery.fitting.noises.protocol import NoiseModel
from exodelivery.fitting.noises.spread import KINDS, Spread
from exodelivery.fitting.objective import Objective, Observed, Under
from exodelivery.fitting.ordinary import is_ordinary, minimise
from exodelivery.fitting.progress import Progress
from exodelivery.fitting.regression import Regression
from exodelivery.fitting.scoring import Reached, score
from exodelivery.fitting.verdict import AS_GOOD
from exodelivery.solve.timeline import Array

End = TypeVar("End")
METHODS = ("least_squares", "maximum_likelihood")
ESTIMATED_SIZE = "s^2 (J'J)^-1 with s^2 = RSS / (n - p); intervals by Student's t on n - p"
GIVEN_SIZE = "(J'J)^-1 of residuals in standard deviations, never rescaled; normal intervals"
INFORMATION = (
    "inverse of the observed information at the optimum, by differences of the exact gradient; normal intervals"
)
EXPECTED = "inverse of the expected information, as the observed one is not positive definite; normal intervals"


def noise(kind: str, *, dof: float | None = None, estimate: bool | None = None, **numbers: float) -> NoiseModel:
    """Return a noise by its word.

    Parameters
    ----------
    kind : str
        ``additive``, ``proportional``, ``combined``, ``log-normal``, ``poisson`` or ``negative binomial``.
    dof : float, optional
        Degrees of freedom: Student's t in place of the normal; ``math.nan`` has them estimated.
    estimate : bool, optional
        Whether the numbers are estimated; by default those that are not given are.
    **numbers : float
        ``sd``, ``cv``, ``size``: given, or where they start.

    Raises
    ------
    FitError
        For an unknown kind or number.

    Examples
    --------
    >>> noise("combined", cv=0.1).estimated, noise("additive", sd=2.0).estimated
    ((True, False), (False,))
    """
    if kind in ("poisson", "negative binomial"):
        wanted: tuple[str, ...] = () if kind == "poisson" else ("size",)
    elif kind in KINDS:
        wanted = KINDS[kind]
    else:
        raise FitError(f"no noise is called {kind!r}", remedy=nearest(kind, (*KINDS, "poisson", "negative binomial")))
    unknown = sorted(set(numbers) - set(wanted))
    if unknown:
        raise FitError(f"a {kind} noise has no number {unknown[0]!r}", remedy=f"it has {', '.join(wanted) or 'none'}")
    values = [float(numbers.get(name, math.nan)) for name in wanted]
    free = [bool(math.isnan(value)) if estimate is None else estimate for value in values]
    values = [_START[name] if math.isnan(value) else value for name, value in zip(wanted, values, strict=True)]
    if kind not in KINDS:
        return Counts(tuple(values), tuple(free))
    if dof is not None:
        values, free = [*values, 4.0 if math.isnan(dof) else dof], [*free, math.isnan(dof)]
    return Spread(kind, tuple(values), tuple(free), student=dof is not None)


_START = {"sd": math.e, "cv": 0.3, "size": 10.0}


def regress(
    curve: str | Curve,
    *,
    data: Any = None,
    start: Any,
    observed: str | Array = "y",
    noise: str | NoiseModel | Mapping[Any, NoiseModel] = "additive",
    by: str = "",
    limits: str | Array | None = None,
    method: str = "",
    starts: int = 1,
    spread: float = 0.5,
    seed: int = 1,
    progress: bool = False,
    checkpoint: str | Path | None = None,
) -> Regression:
    """Fit a curve to numbers.

    Parameters
    ----------
    curve : str or Curve
        An expression of columns of the data, ``"b1 * (1 - exp(-b2 * x))"``, or a curve.
    data : mapping of columns, or DataFrame, optional
        Predictors and what was observed.
    start : mapping, sequence of Guess, or lmfit.Parameters
        Where parameters start; a :class:`~exodelivery.fitting.guess.Guess` has scale, bounds, prior and tie as well.
    observed : str or array
        The column of what was observed, or the numbers.
    noise : str, NoiseModel, or mapping of NoiseModel
        One for all rows, or one for each value of the column ``by``.
    by : str
        Column by which noises are told apart, such as the observable.
    limits : str or array, optional
        -1 where the truth lies below the number (below quantification), 1 above, 0 where it was measured.
    method : str, optional
        ``least_squares`` or ``maximum_likelihood``; by default the first where both are one.
    starts : int
        Starting points; the first is ``start``, the others are scattered about it.
    spread : float
        Standard deviation of that scatter: on log and logit scales as it stands, else relative to the value.
    seed : int
        Of the scatter: start n has a seed of its own, whatever runs beside it.
    progress : bool
        Show evaluations, their rate, the best so far and the time left.
    checkpoint : path, optional
        A journal of evaluations: a fit that was killed goes on from it, with the same bits; deleted at the end.

    Returns
    -------
    Regression

    Raises
    ------
    FitError
        For whatever does not fit together.

    Examples
    --------
    >>> found = regress("a * exp(-k * x)", data={"x": [0, 1, 2, 4], "y": [8.1, 4.9, 3.0, 1.1]}, start={"a": 5, "k": 1})
    >>> round(found.values["k"], 2)
    0.5
    """
    objective = objective_of(curve, data=data, start=start, observed=observed, noise=noise, by=by, limits=limits)
    return estimate(objective, starts, spread, seed, progress, method=method, checkpoint=checkpoint)


def estimate(
    objective: Objective,
    starts: int = 1,
    spread: float = 0.5,
    seed: int = 1,
    progress: bool = False,
    *,
    method: str = "",
    checkpoint: str | Path | None = None,
) -> Regression:
    """Fit an objective; parameters as :func:`regress` takes them.

    Parameters
    ----------
    objective : Objective
    starts, spread, seed, progress, method, checkpoint
        As there.
    """
    ordinary = is_ordinary(objective)
    chosen = method or METHODS[0 if ordinary else 1]
    if chosen not in METHODS:
        raise FitError(f"no method is called {method!r}", remedy=nearest(method, METHODS))
    points = starts_of(objective, starts, spread, seed)
    way = _ordinary if chosen == METHODS[0] else _likelihood
    with Progress(len(points), progress) as shown:
        if checkpoint is None:
            return way(objective, points, shown)
        with Journal(Path(checkpoint), _rests_on(objective, chosen)) as journal:
            kept = Objective(Kept(objective.curve, journal), objective.guesses, objective.observed)
            found = way(kept, points, shown)
    found.objective.curve = objective.curve
    journal.remove()
    return found


def _rests_on(objective: Objective, method: str) -> dict[str, str]:
    """Return what a journal must agree on to be gone on with."""
    versions = {name: version(name) for name in ("exodelivery", "numpy", "scipy")}
    curve = objective.curve
    what = repr((type(curve).__name__, getattr(curve, "text", ""), objective.guesses, objective.observed.noises))
    names = "|".join(objective.curve.names)
    numbers = objective.observed.values.tobytes() + objective.observed.limits.tobytes()
    probe = np.nan_to_num(curve.predict(objective.ties.values(objective.start[: objective.parameters])[0])).tobytes()
    digest = hashlib.sha256(what.encode() + numbers + probe).hexdigest()[:16]
    return {"method": method, "parameters": names, "data": digest, **versions}


def objective_of(
    curve: str | Curve,
    *,
    data: Any = None,
    start: Any,
    observed: str | Array = "y",
    noise: str | NoiseModel | Mapping[Any, NoiseModel] = "additive",
    by: str = "",
    limits: str | Array | None = None,
) -> Objective:
    """Return what :func:`regress` minimises; parameters as there."""
    columns = _columns(data)
    values = _column(columns, observed, "observed")
    made: Curve = Formula(curve, {k: v for k, v in columns.items() if _numeric(v)}) if isinstance(curve, str) else curve
    guesses = guesses_of(made.names, start)
    marks = np.zeros(len(values), dtype=int) if limits is None else _column(columns, limits, "limits").astype(int)
    return Objective(made, guesses, Observed(values, marks, _noises(noise, columns, by, values)))


def _columns(data: Any) -> dict[str, Array]:
    if data is None:
        return {}
    return {str(name): np.asarray(data[name]) for name in data}


def _numeric(column: Array) -> bool:
    return column.dtype.kind in "fiub"


def _column(columns: Mapping[str, Array], given: str | Array, what: str) -> Array:
    if not isinstance(given, str):
        return np.asarray(given, dtype=float)
    if given not in columns:
        raise FitError(f"the data have no column {given!r}", remedy=f"pass {what}=; {nearest(given, columns)}")
    if not _numeric(columns[given]):
        raise FitError(f"the column {given!r} does not hold numbers only", remedy="read it as numbers first")
    return columns[given].astype(float)


def _noises(given: Any, columns: Mapping[str, Array], by: str, values: Array) -> tuple[Under, ...]:
    if not isinstance(given, Mapping):
        return (Under(_started(given, values), np.arange(len(values))),)
    if by not in columns:
        raise FitError(f"noises are told apart by a column, and the data have none called {by!r}", remedy="pass by=")
    found = []
    keys = columns[by]
    for key, one in given.items():
        rows = np.flatnonzero(keys == key)
        found.append(Under(_started(one, values[rows]), rows, str(key)))
    return tuple(found)


def _started(given: str | NoiseModel, values: Array) -> NoiseModel:
    """Return a noise; an additive one that nobody started begins at half the scatter of the numbers."""
    made = noise(given) if isinstance(given, str) else given
    if not isinstance(made, Spread) or _START["sd"] not in made.values:
        return made
    size = 0.3 if made.kind == "log-normal" else 0.5 * float(np.std(values))
    size = size if math.isfinite(size) and size > 0 else 1.0
    begun = tuple(size if value == _START["sd"] else value for value in made.values)
    return Spread(made.kind, begun, made.estimated, made.student)


def starts_of(objective: Objective, starts: int, spread: float, seed: int) -> list[Array]:
    """Return the starting points, (free,) each: start n depends on the seed and n alone."""
    found = [objective.start]
    for n in range(1, starts):
        generator = np.random.default_rng([seed, n])
        moved = objective.start.copy()
        for place, guess in enumerate(objective.free):
            size = spread * (max(abs(moved[place]), 1e-12) if guess.scale == "linear" else 1.0)
            moved[place] += size * generator.standard_normal()
        found.append(np.clip(moved, objective.low, objective.high))
    return found


def _ordinary(objective: Objective, points: Sequence[Array], shown: Progress) -> Regression:
    ends = [_told(minimise(objective, point, shown.tell), shown) for point in points]
    best = min(ends, key=lambda end: end.sum_of_squares)
    under = objective.observed.noises[0]
    given = under.noise
    n, p = objective.rows, objective.parameters
    unknown = given.estimated[0]
    if unknown and n <= p:
        raise FitError(f"{n} rows cannot tell {p} parameters and their error", remedy="give the error, or fix some")
    sigma = math.sqrt(best.sum_of_squares / (n - p)) if unknown else given.values[0]
    size = max(sigma, np.finfo(float).tiny ** 0.5)
    fixed = Spread(given.kind, (size,), (False,))
    final = Objective(
        objective.curve,
        objective.guesses,
        Observed(objective.observed.values, objective.observed.limits, (Under(fixed, under.rows, under.label),)),
        objective.failures,
    )
    logs = float(np.sum(np.log(objective.observed.values))) if given.kind == "log-normal" else 0.0
    squares = best.sum_of_squares
    if unknown:
        each = max(squares / n, np.finfo(float).tiny)
        log_likelihood = -0.5 * n * (math.log(2 * math.pi * each) + 1) - logs
    else:
        log_likelihood = -0.5 * (n * math.log(2 * math.pi * size**2) + squares / size**2) - logs
    return Regression(
        final, best.at, best.covariance * size**2, float(n - p) if unknown else math.inf, log_likelihood,
        p + int(unknown), sigma if unknown else None, METHODS[0], ESTIMATED_SIZE if unknown else GIVEN_SIZE,
        best.converged, best.message, tuple(sorted(end.sum_of_squares for end in ends)),
        _problems(objective, best.at),
        _rivals(final, best.at, best.covariance * size**2, [
            (end.at, (end.sum_of_squares - squares) / (2 * size**2)) for end in ends if end is not best
        ]),
    )  # fmt: skip


def _told(end: End, shown: Progress) -> End:
    shown.ended()
    return end


def _likelihood(objective: Objective, points: Sequence[Array], shown: Progress) -> Regression:
    ends: list[Reached] = [_told(score(objective, point, tell=shown.tell), shown) for point in points]
    best = min(ends, key=lambda end: end.evaluation.value)
    observed_information = information(objective, best.at)
    found = _inverse(observed_information)
    convention, problems = INFORMATION, _problems(objective, best.at)
    if found is None:
        convention = EXPECTED
        problems = (*problems, "the observed information is not positive definite")
        found = _inverse(best.evaluation.information)
    if found is None:
        problems = (*problems, "the expected information is singular: some numbers are known only in combination")
        found = np.asarray(np.linalg.pinv(best.evaluation.information), dtype=np.float64)
    log_likelihood = -(best.evaluation.value - objective._prior(best.at)[0])
    return Regression(
        objective, best.at, found, math.inf, log_likelihood, len(objective.free), None,
        "maximum a posteriori" if any(guess.prior for guess in objective.free) else "maximum likelihood", convention,
        best.converged, best.message, tuple(sorted(end.evaluation.value for end in ends)), problems,
        _rivals(objective, best.at, found, [
            (end.at, end.evaluation.value - best.evaluation.value) for end in ends if end is not best
        ]),
    )  # fmt: skip


def _rivals(
    objective: Objective, best: Array, covariance: Array, ends: Sequence[tuple[Array, float]]
) -> tuple[str, ...]:
    """Say where other starts ended that are as good (95 % of chi-square with one degree) and lie elsewhere."""
    errors = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    told = []
    for at, worse in ends:
        far = np.flatnonzero(np.abs(at - best) > 3 * errors)
        if worse < AS_GOOD / 2 and len(far):
            pairs = [
                f"{objective.free[n].name} {objective.free[n].natural(float(best[n])):.3g} or "
                f"{objective.free[n].natural(float(at[n])):.3g}"
                for n in far
            ]
            told.append(", ".join(pairs))
    return tuple(dict.fromkeys(told))


def information(objective: Objective, at: Array) -> Array:
    """Return the observed information: central differences of the exact gradient, (free, free)."""
    expected = objective.evaluate(at).information
    sizes = 1 / np.sqrt(np.maximum(np.diag(expected), 1e-12 / np.maximum(np.abs(at), 1.0) ** 2))
    found = np.empty((len(at), len(at)))
    for n, size in enumerate(sizes):
        step = min(1e-3 * size, 1e-2)
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved[n] += sign * step
            ends.append(objective.evaluate(moved).gradient)
        found[n] = (ends[0] - ends[1]) / (2 * step)
    return np.asarray((found + found.T) / 2)


def _inverse(matrix: Array) -> Array | None:
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not np.all(np.isfinite(matrix)) or np.any(scale == 0):
        return None
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    if values[0] <= 1e-14:
        return None
    return np.asarray((vectors / values) @ vectors.T / np.outer(scale, scale))


def _problems(objective: Objective, at: Array) -> tuple[str, ...]:
    found = []
    for n, guess in enumerate(objective.free[: objective.parameters]):
        if min(at[n] - objective.low[n], objective.high[n] - at[n]) <= 1e-9 * max(1.0, abs(at[n])):
            found.append(f"{guess.name} ran into its bound of {guess.natural(float(at[n])):g}")
    predicted = objective.predict(np.concatenate([at, objective.start[len(at) :]]))
    found += [f"{objective.curve.title(int(row))} has no prediction" for row in np.flatnonzero(~np.isfinite(predicted))]
    return tuple(found)
