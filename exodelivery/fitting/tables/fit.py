"""Floor 7: fit the rival curves of a recipe to each group of its raw table, and keep what came out."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.draw.html import card, paragraphs, table
from exodelivery.errors import FitError, OutdatedFitWarning, Place
from exodelivery.fitting.regress import regress
from exodelivery.fitting.tables.recipe import Candidate, Rows, TableRecipe, read_raw, read_table_recipe
from exodelivery.units import format_number

if TYPE_CHECKING:
    import pandas as pd

RESULT, SCHEMA = "result.json", 1
SHOWN = 12
TIED = 2.0
"""Curves whose AICc differ by less are told apart by nothing in the data."""


@dataclass(frozen=True, slots=True)
class GroupFit:
    """One curve fitted to one group.

    Attributes
    ----------
    group, curve : str
    rows : int
    values, standard_errors : dict of float
        By parameter, in its own unit; errors are nan where the information is not positive.
    misfit : float
        Residual standard deviation, in the unit of the table; of the logarithm where the noise is log-normal.
    aicc : float or None
        None where there are too few rows for it.
    runs : float
        Correlation of each residual with the next: near one, the curve is of the wrong shape or the rows hang together.
    verdict : tuple of str
    failed : str
        Why there is no fit, empty where there is one.
    """

    group: str
    curve: str
    rows: int
    values: dict[str, float]
    standard_errors: dict[str, float]
    misfit: float
    aicc: float | None
    runs: float
    verdict: tuple[str, ...]
    failed: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TableFit:
    """What came of a recipe for a raw table.

    Attributes
    ----------
    recipe : TableRecipe
    fits : tuple of GroupFit
        Every curve on every group.
    excluded : tuple of (int, str)
        Lines of the table that were left out, with the reason.
    digest : str
        Of the table's bytes and of the recipe's.
    """

    recipe: TableRecipe
    fits: tuple[GroupFit, ...]
    excluded: tuple[tuple[int, str], ...]
    digest: str

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order of the table."""
        return tuple(dict.fromkeys(fit.group for fit in self.fits))

    @property
    def citation(self) -> Citation:
        """The source of the table."""
        return self.recipe.citation

    def best(self, group: str) -> tuple[GroupFit, ...]:
        """Return the curves of a group that the data do not tell apart, the best first, by AICc."""
        known = [fit for fit in self.fits if fit.group == group and not fit.failed and fit.aicc is not None]
        if not known:
            return ()
        known.sort(key=lambda fit: fit.aicc or 0.0)
        return tuple(fit for fit in known if (fit.aicc or 0.0) - (known[0].aicc or 0.0) < TIED)

    def table(self) -> pd.DataFrame:
        """Return one row a group and curve: estimates, standard errors, misfit and AICc."""
        import pandas as pd

        rows = []
        for fit in self.fits:
            row: dict[str, Any] = {self.recipe.group: fit.group, "curve": fit.curve, "rows": fit.rows}
            for name, value in fit.values.items():
                row |= {name: value, f"{name} se": fit.standard_errors[name]}
            rows.append(row | {"misfit": fit.misfit, "AICc": fit.aicc, "runs": fit.runs, "failed": fit.failed})
        return pd.DataFrame(rows)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        told = []
        for candidate in self.recipe.candidates:
            alone = sum(1 for group in self.groups if [f.curve for f in self.best(group)] == [candidate.name])
            among = sum(1 for group in self.groups if candidate.name in [f.curve for f in self.best(group)])
            told.append(
                f"{candidate.name}: best or as good in {among} of {len(self.groups)} groups, alone in {alone} (AICc)."
            )
        chained = [group for group in self.groups if self.best(group) and self.best(group)[0].runs > 0.5]
        if chained:
            named = ", ".join(chained[:8]) + (", …" if len(chained) > 8 else "")
            told.append(
                f"Residuals of the best curve hang together in {len(chained)} of {len(self.groups)} groups "
                f"({named}): its shape is wrong there or rows are not independent, and standard errors are too small."
            )
        failed = [f"{fit.curve} on {fit.group} ({fit.failed})" for fit in self.fits if fit.failed]
        if failed:
            told.append(f"{len(failed)} fits failed: {'; '.join(failed[:5])}{'; …' if len(failed) > 5 else ''}.")
        bad = sum(1 for fit in self.fits if not fit.failed and "NOT converge" in fit.verdict[0])
        if bad:
            told.append(f"{bad} of {len(self.fits)} fits did not converge.")
        unknown = sum(1 for group in self.groups if not self.best(group))
        if unknown:
            told.append(f"{unknown} groups have too few rows to compare curves.")
        return tuple(told)

    def _head(self) -> str:
        curves = len(self.recipe.candidates)
        return f"{self.recipe.name}: {curves} curves on {len(self.groups)} groups of {self.recipe.file}"

    def _lines(self) -> Iterator[tuple[str, str, str, str]]:
        for group in self.groups:
            for fit in self.best(group)[:1]:
                shown = ", ".join(
                    f"{name} {format_number(value, 3)} ± {format_number(fit.standard_errors[name], 2)}"
                    for name, value in fit.values.items()
                )
                yield group, fit.curve, shown, format_number(fit.misfit, 3)

    def __str__(self) -> str:
        lines = [self._head(), f"  {self.recipe.about}", *(f"  {sentence}" for sentence in self.verdict)]
        best = [f"  {group}: {curve}, {shown}; misfit {misfit}" for group, curve, shown, misfit in self._lines()]
        lines += best[:SHOWN] + ([f"  … {len(best) - SHOWN} more groups in .table()"] if len(best) > SHOWN else [])
        reasons: dict[str, int] = {}
        for _, why in self.excluded:
            reasons[why] = reasons.get(why, 0) + 1
        lines += [f"  {count} rows left out: {why}" for why, count in reasons.items()]
        return "\n".join(lines + [f"  caveat: {caveat}" for caveat in self.recipe.caveats])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = table((self.recipe.group, "best curve", "estimates", "misfit"), self._lines())
        return card(
            "Fit of a raw table", self._head(), paragraphs(*self.verdict) + body + paragraphs(*self.recipe.caveats)
        )


def fit_table(folder: str | Path, *, again: bool = False, keep: bool = False, progress: bool = False) -> TableFit:
    """Return the kept result of a recipe for a raw table, or make it anew.

    Parameters
    ----------
    folder : str or Path
        Holds ``fit.toml``, and ``result.json`` where one is kept.
    again : bool
        Fit anew, from the table in the folder named by ``EXODELIVERY_DATA``.
    keep : bool
        Write the new result beside the recipe.
    progress : bool
        Not shown: it takes moments.

    Raises
    ------
    FitError
        If nothing is kept and ``again`` is false, or the recipe or the table cannot be used.
    """
    recipe = read_table_recipe(Path(folder))
    if not again:
        return _kept(recipe)
    raw = read_raw(recipe)
    fits = tuple(_one(recipe, rows, candidate) for rows in raw.groups for candidate in recipe.candidates)
    found = TableFit(recipe, fits, raw.excluded, f"{raw.digest} {_recipe_digest(recipe)}")
    if keep:
        _write(found)
    return found


def _one(recipe: TableRecipe, rows: Rows, candidate: Candidate) -> GroupFit:
    count = len(rows.observed)
    empty = GroupFit(rows.group, candidate.name, count, {}, {}, math.nan, None, math.nan, ())
    if count <= len(candidate.start):
        return _failed(empty, f"{count} rows for {len(candidate.start)} parameters")
    try:
        with np.errstate(all="ignore"):
            found = regress(
                candidate.expression,
                data={"t": rows.predictor, "y": rows.observed},
                start=list(candidate.start.values()),
                noise=recipe.noise,
                starts=recipe.starts,
                seed=recipe.seed,
                spread=recipe.spread,
            )
    except FitError as error:
        return _failed(empty, error.message)
    predicted = found.predict()
    off = np.log(rows.observed / predicted) if recipe.noise == "log-normal" else rows.observed - predicted
    spread = float(np.sqrt(off @ off / max(count - len(candidate.start), 1)))
    order = np.argsort(rows.predictor, kind="stable")
    chained = off[order] - off.mean()
    runs = float(chained[:-1] @ chained[1:] / (chained @ chained)) if chained @ chained > 0 else 0.0
    aicc = found.aicc if math.isfinite(found.aicc) else None
    named = {name: value for name, value in found.values.items() if name in candidate.start}
    errors = {name: found.standard_errors[name] for name in named}
    return GroupFit(rows.group, candidate.name, count, named, errors, spread, aicc, runs, found.verdict)


def _failed(empty: GroupFit, why: str) -> GroupFit:
    return GroupFit(**{**asdict(empty), "verdict": (), "failed": why})


def _recipe_digest(recipe: TableRecipe) -> str:
    return hashlib.sha256((recipe.folder / "fit.toml").read_bytes()).hexdigest()[:16]


def _write(found: TableFit) -> None:
    document = {
        "schema": SCHEMA,
        "digest": found.digest,
        "verdict": found.verdict,
        "excluded": found.excluded,
        "fits": [_rounded(asdict(fit)) for fit in found.fits],
    }
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    target = found.recipe.folder / RESULT
    part = target.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    return list(value) if isinstance(value, tuple) else value


def _kept(recipe: TableRecipe) -> TableFit:
    path = recipe.folder / RESULT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        fits = tuple(GroupFit(**{**fit, **_whole(fit), "verdict": tuple(fit["verdict"])}) for fit in document["fits"])
        found = TableFit(recipe, fits, tuple((int(n), str(w)) for n, w in document["excluded"]), document["digest"])
    except FileNotFoundError:
        raise FitError(f"no result of {recipe.name} is kept", remedy="pass again=True") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FitError(f"the kept result cannot be read: {type(error).__name__}", where=Place(str(path))) from None
    if found.digest.partition(" ")[2] != _recipe_digest(recipe):
        warnings.warn(f"the recipe of {recipe.name} has changed since it was fitted", OutdatedFitWarning, stacklevel=3)
    return found


def _whole(fit: dict[str, Any]) -> dict[str, Any]:
    """Return numbers that JSON has no word for: what is missing is nan."""
    nan = {key: math.nan for key in ("misfit", "runs") if fit[key] is None}
    errors = {name: math.nan if value is None else value for name, value in fit["standard_errors"].items()}
    return {**nan, "standard_errors": errors}
