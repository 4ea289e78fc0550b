"""Floor 7: from an optimum to a fit's result: every estimate with its word, every record with its note, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from exodelivery.citation import bibliography
from exodelivery.declare.table import Table
from exodelivery.fitting.arms import LeftOut, Row
from exodelivery.fitting.keep import hashes_of
from exodelivery.fitting.leverage import heavy, influence, missed
from exodelivery.fitting.noise import FAILED, titles
from exodelivery.fitting.problem import Problem
from exodelivery.fitting.protocol import Doubt, Ended
from exodelivery.fitting.result import Fit, ParameterRow, PredictionRow
from exodelivery.fitting.verdict import SAME, Verdict, second_optimum, word_of
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array

FAR = 2.0
"""Standard deviations from which a record is said to lie far."""
BEYOND = 1.96
"""Standard deviations of its prior from which an unknown is said to be pulled outside."""


def conclude(
    doubt: Doubt,
    ends: Sequence[Ended],
    best: Ended,
    predictions: list[list[Value]],
    failures: tuple[str, ...],
    hashes: Mapping[str, str] | None = None,
) -> Fit:
    """Return the result of a fit.

    Parameters
    ----------
    doubt : Doubt
        At the best end.
    ends : sequence of Ended
        Of every start.
    best : Ended
    predictions : list of list of Value
        Each arm's records there.
    failures : tuple of str
        Predictions that failed.
    """
    problem, recipe = doubt.problem, doubt.problem.recipe
    covariance = np.asarray(np.linalg.inv(doubt.data + doubt.prior), dtype=np.float64)
    sds = np.array([unknown.sd for unknown in problem.unknowns])
    names = _labels(problem)
    rows = _parameters(problem, names, doubt, best, covariance)
    used = _used(problem, predictions)
    return Fit(
        name=recipe.name,
        about=recipe.about,
        verdict=_verdict(doubt, ends, best, covariance, rows, used, failures),
        parameters=rows,
        predictions=(*used, *(_left(item) for item in problem.left_out)),
        untouched=tuple(
            name for name, felt in zip(names, np.abs(doubt.slopes).sum(axis=0).tolist(), strict=True) if not felt
        ),
        studies=tuple(study.name for study in problem.studies),
        citations=bibliography(study.citation for study in problem.studies),
        shares=recipe.shares,
        covariance=covariance * np.outer(sds, sds),
        data=doubt.data / np.outer(sds, sds),
        method=Table(
            {
                "estimator": recipe.method.estimator,
                "solver": problem.solver,
                "tolerance": f"{recipe.method.tolerance:g}",
            }
        ),
        seed=recipe.method.seed,
        costs=tuple(end.cost for end in ends),
        hashes=Table(hashes_of(recipe) if hashes is None else hashes),
        noises=doubt.noises,
    )


def _parameters(
    problem: Problem, names: Sequence[str], doubt: Doubt, best: Ended, covariance: Array
) -> tuple[ParameterRow, ...]:
    share = np.clip(1 - np.diag(covariance), 0, 1)
    conditional = np.diag(doubt.data) / (1 + np.diag(doubt.data))
    words = [word_of(*each) for each in zip(best.white, share, conditional, strict=True)]
    return tuple(
        ParameterRow(
            names[n], u.identity, u.quantity.unit.text, u.scale, float(u.centre + u.sd * best.white[n]),
            float(u.sd * np.sqrt(covariance[n, n])), u.centre, u.sd, u.origin, words[n], float(share[n]),
        )
        for n, u in enumerate(problem.unknowns)
    )  # fmt: skip


def _verdict(
    doubt: Doubt,
    ends: Sequence[Ended],
    best: Ended,
    covariance: Array,
    rows: Sequence[ParameterRow],
    used: Sequence[PredictionRow],
    failures: tuple[str, ...],
) -> Verdict:
    names, residuals = [row.name for row in rows], doubt.residuals
    return Verdict(
        converged=doubt.converged,
        starts=len(ends),
        agreeing=sum(end.cost - best.cost < SAME for end in ends),
        chi_square=float(residuals @ residuals),
        records=doubt.problem.records,
        effective=float(sum(row.share for row in rows)),
        far=tuple(row.title for row in used if abs(row.residual) > FAR),
        at_bound=tuple(row.name for row in rows if row.word == "at a bound"),
        beyond=tuple(name for name, white in zip(names, best.white, strict=True) if abs(white) > BEYOND),
        combined=tuple(row.name for row in rows if row.word == "only in combination"),
        failures=failures,
        others=second_optimum(ends, best, np.sqrt(np.diag(covariance)), names),
        holding=heavy(influence(doubt.slopes, residuals, covariance), [row.title for row in used], names),
        missed=missed(residuals, [f"{row.study}/{row.arm}" for row in used]),
        joined=tuple(f"{joint.title} ({len(joint.rows)})" for joint in doubt.problem.joints),
    )


def _labels(problem: Problem) -> list[str]:
    """Return each unknown's name, with its owners where two bear one name, and its block where those are one too."""
    names = [unknown.name for unknown in problem.unknowns]
    parts = [unknown.identity.partition(" @ ") for unknown in problem.unknowns]
    owned = [(name, owners) for name, (_, _, owners) in zip(names, parts, strict=True)]
    found = []
    for (name, owners), (origin, _, _) in zip(owned, parts, strict=True):
        block = f"{origin.rpartition('.')[0].rpartition('/')[2]}: " if owned.count((name, owners)) > 1 else ""
        found.append(f"{name} ({block}{owners})" if names.count(name) > 1 else name)
    return found


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
