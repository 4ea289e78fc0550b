"""Floor 7: the verb: the kept result of a recipe, or the recipe fitted anew from several starts and kept.

A new result goes beside its recipe, or into the user's own ``fits/`` when the recipe stands in the installed library,
which is never written to.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from exodelivery.citation import bibliography
from exodelivery.declare.table import Table
from exodelivery.errors import OutdatedFitWarning
from exodelivery.fitting.arms import LeftOut, Row
from exodelivery.fitting.journal import Journal
from exodelivery.fitting.keep import RESULT, hashes_of, read_fit, write_fit
from exodelivery.fitting.leverage import heavy, influence, missed
from exodelivery.fitting.noise import FAILED, titles
from exodelivery.fitting.problem import Evaluator, Problem, problem_of, workers
from exodelivery.fitting.progress import Progress
from exodelivery.fitting.protocol import Ended, estimator
from exodelivery.fitting.recipe import Recipe, read_recipe
from exodelivery.fitting.result import Fit, ParameterRow, PredictionRow
from exodelivery.fitting.verdict import FLAT, SAME, Verdict, decrement, second_optimum, word_of
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array

ESTIMATOR = "least_squares"
JOURNAL = "journal.part"
"""Evaluations of a fit under way, beside its recipe; a fit that was killed goes on from them."""
FAR = 2.0
BEYOND = 1.96
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
    method = {name: str(getattr(recipe.method, name)) for name in ("starts", "seed", "spread", "tolerance", "solver")}
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
    problem = problem_of(recipe)
    with workers(executor) as pool:
        evaluator = Evaluator(problem, pool, journal=journal)
        ends = _ends(evaluator, starts_of(problem), progress)
        best = min(ends, key=lambda end: end.cost)
        if recipe.samplings:
            evaluator = evaluator.joined(best.white)
            problem = evaluator.problem
            ends = _ends(evaluator, [end.white for end in ends], progress)
            best = min(ends, key=lambda end: end.cost)
        evaluator.failures.clear()
        residuals, jacobian = evaluator.residuals(best.white), evaluator.jacobian(best.white)
        predictions = evaluator.predictions(best.white)
    return _result(problem, ends, best, residuals, jacobian, predictions, tuple(evaluator.failures))


def polish(problem: Problem, white: Array, executor: Executor | None = None) -> Ended:
    """Return where one start from a known estimate ends; a kept fit must not move."""
    evaluator = Evaluator(problem, executor)
    if problem.recipe.samplings:
        evaluator = evaluator.joined(white)
    return estimator(ESTIMATOR).estimate(evaluator, white, problem.recipe.method.tolerance)


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


def _ends(evaluator: Evaluator, starts: Sequence[Array], progress: bool) -> list[Ended]:
    method, found = evaluator.problem.recipe.method, []
    with Progress(len(starts), progress) as shown:
        for start in starts:
            found.append(estimator(ESTIMATOR).estimate(evaluator, start, method.tolerance, shown.tell))
            shown.ended()
    return found


def _result(
    problem: Problem,
    ends: Sequence[Ended],
    best: Ended,
    residuals: Array,
    jacobian: Array,
    predictions: list[list[Value]],
    failures: tuple[str, ...],
) -> Fit:
    slopes = jacobian[: problem.records]
    data = slopes.T @ slopes
    covariance = np.asarray(np.linalg.inv(data + np.eye(len(problem.unknowns))), dtype=np.float64)
    sds = np.array([unknown.sd for unknown in problem.unknowns])
    share = np.clip(1 - np.diag(covariance), 0, 1)
    conditional = np.diag(data) / (1 + np.diag(data))
    words = [word_of(*each) for each in zip(best.white, share, conditional, strict=True)]
    names = _labels(problem)
    rows = tuple(
        ParameterRow(
            names[n], u.identity, u.quantity.unit.text, u.scale, float(u.centre + u.sd * best.white[n]),
            float(u.sd * np.sqrt(covariance[n, n])), u.centre, u.sd, u.origin, words[n], float(share[n]),
        )
        for n, u in enumerate(problem.unknowns)
    )  # fmt: skip
    used = _used(problem, predictions)
    verdict = Verdict(
        converged=decrement(residuals, jacobian) < FLAT,
        starts=len(ends),
        agreeing=sum(end.cost - best.cost < SAME for end in ends),
        chi_square=float(residuals[: problem.records] @ residuals[: problem.records]),
        records=problem.records,
        effective=float(share.sum()),
        far=tuple(row.title for row in used if abs(row.residual) > FAR),
        at_bound=tuple(name for name, word in zip(names, words, strict=True) if word == "at a bound"),
        beyond=tuple(name for name, white in zip(names, best.white, strict=True) if abs(white) > BEYOND),
        combined=tuple(name for name, word in zip(names, words, strict=True) if word == "only in combination"),
        failures=failures,
        others=second_optimum(ends, best, np.sqrt(np.diag(covariance)), names),
        holding=heavy(influence(slopes, residuals[: problem.records], covariance), [row.title for row in used], names),
        missed=missed(residuals[: problem.records], [f"{row.study}/{row.arm}" for row in used]),
        joined=tuple(f"{joint.title} ({len(joint.rows)})" for joint in problem.joints),
    )
    recipe = problem.recipe
    return Fit(
        name=recipe.name,
        about=recipe.about,
        verdict=verdict,
        parameters=rows,
        predictions=(*used, *(_left(item) for item in problem.left_out)),
        untouched=tuple(
            name for name, felt in zip(names, np.abs(slopes).sum(axis=0).tolist(), strict=True) if not felt
        ),
        studies=tuple(study.name for study in problem.studies),
        citations=bibliography(study.citation for study in problem.studies),
        shares=recipe.shares,
        covariance=covariance * np.outer(sds, sds),
        data=data / np.outer(sds, sds),
        method=Table({"estimator": ESTIMATOR, "solver": problem.solver, "tolerance": f"{recipe.method.tolerance:g}"}),
        seed=recipe.method.seed,
        costs=tuple(end.cost for end in ends),
        hashes=Table(hashes_of(recipe)),
    )


def _labels(problem: Problem) -> list[str]:
    """Return each unknown's name, with its owners where two bear one name."""
    names = [unknown.name for unknown in problem.unknowns]
    return [
        f"{name} ({unknown.identity.partition(' @ ')[2]})" if names.count(name) > 1 else name
        for name, unknown in zip(names, problem.unknowns, strict=True)
    ]


def _used(problem: Problem, predictions: list[list[Value]]) -> list[PredictionRow]:
    found = []
    for arm, values in zip(problem.arms, predictions, strict=True):
        for row, value in zip(arm.rows, values, strict=True):
            record, noise = row.record, row.noise
            low, high = noise.interval()
            found.append(
                PredictionRow(
                    record.study, record.arm, str(record.what), row.title, str(record).partition(": ")[2],
                    noise.observed, low, high, value.value, record.unit, noise.residual(value) if value else FAILED,
                    record.limit, value.extrapolated, True, value.why or _note(row),
                )
            )  # fmt: skip
    return found


def _note(row: Row) -> str:
    spread = f"spread: {row.noise.origin}"
    if row.functional != "level" or row.record.what.kind.name == "level":
        return spread
    return f"read as the level at its printed Tmax of {row.at:g} h; {spread}"


def _left(item: LeftOut) -> PredictionRow:
    record, none = item.record, float("nan")
    return PredictionRow(
        record.study, record.arm, str(record.what), titles(record)[0], str(record).partition(": ")[2], record.centre,
        none, none, none, record.unit, none, record.limit, 0.0, False, item.reason,
    )  # fmt: skip
