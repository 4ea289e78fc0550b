"""Floor 7: a recipe by its likelihood: the noise of observables and studies estimated where the recipe says so.

Records keep the errors that the paper prints or the recipe names, unless ``[noise]`` gives them one with numbers of its
own, shared by all records that it covers. A bound is the probability of its side. Priors stay those of the recipe, so
the estimate is a maximum *a posteriori*.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.evidence.records import Record
from exodelivery.fitting.courses.arms import Arms
from exodelivery.fitting.courses.protocol import Curve
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.noise import titles
from exodelivery.fitting.noises.spread import Spread
from exodelivery.fitting.objective import Objective, Observed, Under
from exodelivery.fitting.problem import Evaluator, Problem, problem_of
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.fitting.regress import estimate, noise
from exodelivery.fitting.regression import Regression
from exodelivery.fitting.result import Fit
from exodelivery.fitting.unknowns import FARTHEST


def fit_likelihood(
    folder: Path,
    *,
    starts: int = 1,
    spread: float = 0.5,
    seed: int = 1,
    progress: bool = False,
    begin: Fit | None = None,
) -> Regression:
    """Fit the recipe in a folder by its likelihood; nothing is kept.

    Parameters
    ----------
    folder : Path
        With ``fit.toml`` in it.
    starts, spread, seed
        As :func:`~exodelivery.fitting.regress.regress` takes them.
    progress : bool
    begin : Fit, optional
        Begins at the estimates of this fit, such as the recipe's kept one, rather than at the library's values.

    Returns
    -------
    Regression
        Of the unknowns' identities; values are in base units.

    Raises
    ------
    FitError
        If the recipe cannot be used, or a noise covers nothing.
    """
    problem = problem_of(read_recipe(folder))
    found = estimate(objective_of_recipe(problem, begin=begin), starts, spread, seed, progress)
    if not problem.recipe.samplings:
        return found
    count = len(problem.unknowns)
    white = np.array([(x - u.centre) / u.sd for x, u in zip(found.at[:count], problem.unknowns, strict=True)])
    joined = objective_of_recipe(Evaluator(problem).joined(white).problem)
    near = tuple(
        replace(guess, value=guess.natural(float(x)))
        for guess, x in zip(
            joined.guesses, np.clip(found.at[:count], joined.low[:count], joined.high[:count]), strict=True
        )
    )
    return estimate(Objective(joined.curve, near, joined.observed), starts, spread, seed, progress)


def objective_of_recipe(
    problem: Problem, curve: Curve | None = None, *, priors: bool = True, begin: Fit | None = None
) -> Objective:
    """Return what the likelihood of a recipe minimises.

    Parameters
    ----------
    problem : Problem
    curve : Curve, optional
        What answers for its arms, by the unknowns in base units.
    priors : bool
        Whether the recipe's priors count.
    begin : Fit, optional
        Begins at its estimates rather than at the library's values.
    """
    curve = Arms(problem) if curve is None else curve
    start = problem.start
    known = {row.identity: row.estimate for row in begin or ()}
    for n, unknown in enumerate(problem.unknowns):
        if unknown.identity in known:
            start[n] = (known[unknown.identity] - unknown.centre) / unknown.sd
    guesses = []
    for n, unknown in enumerate(problem.unknowns):
        at = unknown.centre + unknown.sd * float(np.clip(start[n], -0.99 * FARTHEST, 0.99 * FARTHEST))
        low, high = (unknown.base(end) for end in (unknown.low, unknown.high))
        prior = (unknown.centre, unknown.sd) if priors else None
        guesses.append(Guess(unknown.identity, unknown.base(at), unknown.scale, low, high, prior))
    rows = [row for arm in problem.arms for row in arm.rows]
    values = np.array([row.noise.observed for row in rows])
    limits = np.array([{"<": -1, ">": 1}.get(row.noise.limit, 0) for row in rows])
    named = _named(problem.recipe, [row.record for row in rows])
    noises = []
    for title, places in named.items():
        spec = problem.recipe.noises[title]
        numbers: dict[str, Any] = dict(spec.numbers)
        made = noise(spec.kind, dof=spec.dof, **numbers)
        noises.append(Under(made, np.array(places), title))
    spoken = {place for places in named.values() for place in places}
    firsts = np.cumsum([0, *(len(arm.rows) for arm in problem.arms)])
    for joint in problem.joints:
        of_joint = [int(firsts[joint.arm]) + row for row in joint.rows]
        if spoken.intersection(of_joint):
            raise FitError(
                f"{joint.title} has a [sampling] and a [noise]",
                remedy="give its records one: what was sampled is simulated, or an error is estimated",
            )
        spoken.update(of_joint)
        noises.append(Under(joint.noise, np.array(of_joint), joint.title))
    for place, row in enumerate(rows):
        if place not in spoken:
            kind = "log-normal" if row.noise.logarithmic else "additive"
            noises.append(Under(Spread(kind, (row.noise.sd,), (False,)), np.array([place]), row.title))
    return Objective(curve, tuple(guesses), Observed(values, limits, tuple(noises)))


def _named(recipe: Recipe, records: list[Record]) -> dict[str, list[int]]:
    """Return which records each noise of the recipe covers; the most specific title holds."""
    found: dict[str, list[int]] = {title: [] for title in recipe.noises}
    for place, record in enumerate(records):
        title = next((one for one in titles(record) if one in recipe.noises), None)
        if title is not None:
            found[title].append(place)
    for title, places in found.items():
        if not places:
            known = {one for record in records for one in titles(record)}
            raise FitError(f"[noise] covers no record that is used: {title!r}", remedy=nearest(title, known))
    return found
