"""Floor 7: the verb: the kept result of a recipe, or the recipe fitted anew from several starts and kept.

A new result goes beside its recipe, or into the user's own ``fits/`` when the recipe stands in the installed library,
which is never written to.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from exodelivery.errors import OutdatedFitWarning
from exodelivery.fitting.conclude import conclude
from exodelivery.fitting.journal import Journal
from exodelivery.fitting.keep import RESULT, hashes_of, read_fit, write_fit
from exodelivery.fitting.problem import Evaluator, Problem, problem_of, workers
from exodelivery.fitting.progress import Progress
from exodelivery.fitting.protocol import Ended, Estimator, estimator
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.fitting.result import Fit
from exodelivery.solve.timeline import Array

JOURNAL = "journal.part"
"""Evaluations of a fit under way, beside its recipe; a fit that was killed goes on from them."""
FARTHEST_START = 3.0
"""Standard deviations of its prior within which an unknown starts."""


def fit(
    folder: Path,
    *,
    again: bool = False,
    starts: int | None = None,
    seed: int | None = None,
    executor: Executor | int | None = None,
    progress: bool = False,
) -> Fit:
    """Return the kept result of the recipe in a folder, or fit it anew.

    Parameters
    ----------
    folder : Path
        With ``fit.toml`` in it.
    again : bool
        Fit anew and keep the result.
    starts, seed : int, optional
        Instead of the recipe's.
    executor : Executor or int, optional
        Runs arms side by side: an executor, or a number of processes. The result does not depend on it.
    progress : bool
        Show evaluations, their rate, the best sum of squares and the time left.

    Returns
    -------
    Fit
        A fit that was killed, even by ``kill -9``, goes on from its journal, with the bits of one left alone.

    Raises
    ------
    FitError
        If there is no kept result and ``again`` is false, or the recipe cannot be used.

    Warns
    -----
    OutdatedFitWarning
        If the recipe, a model or a study has changed since; what changed is named.
    """
    recipe = read_recipe(folder)
    if not again:
        return _kept(recipe)
    method = recipe.method
    method = replace(method, starts=starts or method.starts, seed=method.seed if seed is None else seed)
    own = own_folder(recipe)
    chosen = replace(recipe, method=method)
    with Journal(own / JOURNAL, _rests_on(chosen)) as journal:
        found = fit_recipe(chosen, executor=executor, progress=progress, journal=journal)
    write_fit(found, own)
    journal.remove()
    return found


def _rests_on(recipe: Recipe) -> dict[str, str]:
    """Return what a journal must agree on to be gone on with."""
    method = {field.name: str(getattr(recipe.method, field.name)) for field in fields(recipe.method)}
    versions = {name: version(name) for name in ("exodelivery", "numpy", "scipy", "lmfit")}
    return {"fit": recipe.name, **method, **hashes_of(recipe), **versions}


def own_folder(recipe: Recipe) -> Path:
    """Return where a new result is kept: beside the recipe, or in the user's ``fits/`` for the installed library."""
    if "_shelf" in recipe.folder.resolve().parts:
        return Path.cwd() / "fits" / recipe.name
    return recipe.folder


def _kept(recipe: Recipe) -> Fit:
    own = own_folder(recipe)
    found = read_fit(own if (own / RESULT).is_file() else recipe.folder)
    now = hashes_of(recipe)
    changed = [name for name in {**now, **found.hashes} if now.get(name) != found.hashes.get(name)]
    if changed:
        warnings.warn(
            f"the kept fit {recipe.name!r} was made before a change of: {', '.join(changed)}; fit again",
            OutdatedFitWarning,
            stacklevel=3,
        )
    return found


def fit_recipe(
    recipe: Recipe,
    *,
    executor: Executor | int | None = None,
    progress: bool = False,
    journal: Journal | None = None,
) -> Fit:
    """Fit a recipe from all its starts and return the result; nothing is written but a journal, if there is one."""
    with workers(executor) as pool:
        return fit_with(Evaluator(problem_of(recipe, compiled=True), pool, journal=journal), progress=progress)


def fit_with(evaluator: Evaluator, hashes: Mapping[str, str] | None = None, *, progress: bool = False) -> Fit:
    """Fit an evaluator's problem from all its starts; the hashes are those of the recipe's files unless given."""
    problem, method = evaluator.problem, estimator(evaluator.problem.recipe.method.estimator)
    ends = _ends(evaluator, method, starts_of(problem), progress)
    if problem.recipe.samplings:
        evaluator = evaluator.joined(_best(ends).white)
        ends = _ends(evaluator, method, [end.white for end in ends], progress)
    best = _best(ends)
    evaluator.failures.clear()
    doubt, predictions = method.doubt(evaluator, best), evaluator.predictions(best.white)
    return conclude(doubt, ends, best, predictions, tuple(evaluator.failures), hashes)


def _best(ends: Sequence[Ended]) -> Ended:
    return min(ends, key=lambda end: end.cost)


def polish(problem: Problem, white: Array, executor: Executor | None = None) -> Ended:
    """Return where one start from a known estimate ends; a kept fit must not move."""
    evaluator = Evaluator(problem, executor)
    if problem.recipe.samplings:
        evaluator = evaluator.joined(white)
    method = problem.recipe.method
    return estimator(method.estimator).estimate(evaluator, white, method.tolerance)


def starts_of(problem: Problem) -> list[Array]:
    """Return the starting points, whitened: the recipe's own, then a Latin hypercube of the priors' widths about it."""
    from scipy.stats import norm, qmc

    method = problem.recipe.method
    found = [problem.start]
    if method.starts > 1:
        cube = qmc.LatinHypercube(len(problem.unknowns), seed=np.random.default_rng(method.seed))
        scattered = problem.start + method.spread * norm.ppf(cube.random(method.starts - 1))
        found += list(np.clip(scattered, -FARTHEST_START, FARTHEST_START))
    return found


def _ends(evaluator: Evaluator, method: Estimator, starts: Sequence[Array], progress: bool) -> list[Ended]:
    tolerance, found = evaluator.problem.recipe.method.tolerance, []
    with Progress(len(starts), progress) as shown:
        for start in starts:
            found.append(method.estimate(evaluator, start, tolerance, shown.tell))
            shown.ended()
    return found
