"""Floor 7: what was kept of counts over weeks after a pulse: parameters, misfit of every dose, a verdict."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.recovery import PARAMETERS, doses_of, fit_line, misses
from exodelivery.solve.timeline import Array

RESULT = "result.json"
POOR = 1.5
"""Of the recipe's noise: a dose that misses by more is not described."""
UNKNOWN = 0.7
"""Of a prior's standard deviation: a parameter whose own is larger was hardly narrowed by the data."""


@dataclass(frozen=True, slots=True)
class RecoveryLine:
    """One line over all its doses.

    Attributes
    ----------
    line : str
    values, doubt : mapping of float
        Parameters, and standard deviations of their logarithms.
    dose, misfit : tuple of float
        [nM], and root mean squares of log counts at each.
    whole : float
        The same over all doses.
    means, left_out : int
        Means that were fitted, and left out.
    """

    line: str
    values: Mapping[str, float]
    doubt: Mapping[str, float]
    dose: tuple[float, ...]
    misfit: tuple[float, ...]
    whole: float
    means: int
    left_out: int

    def survivors(self, dose: float, pulse: float) -> float:
        """Return the share of cells that a pulse does not doom."""
        p = self.values
        hit = p["k_hit"] / (1.0 + (p["EC"] / dose) ** p["h"]) if dose > 0 else 0.0
        return math.exp(-hit * pulse)


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryFit:
    """Counts over weeks after a pulse, line by line."""

    recipe: Mapping[str, Any]
    lines: tuple[RecoveryLine, ...]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The source of the table."""
        return (Citation(str(self.recipe["source"])),)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        noise, pulse, told = float(self.recipe["noise"]), float(self.recipe["pulse"]), []
        for one in self.lines:
            poor = [f"{d:g} nM ({m:.2f})" for d, m in zip(one.dose, one.misfit, strict=True) if m > POOR * noise]
            told.append(
                f"{one.line}: one set of parameters over {len(one.dose)} doses misses {one.means} mean log counts by "
                f"{one.whole:.3f}" + (f"; it does not describe {', '.join(poor)}." if poor else ", none by much more.")
            )
            highest = max(one.dose)
            told.append(
                f"{one.line}: {one.survivors(highest, pulse):.1%} of cells outlive {highest:g} nM, by this model."
            )
            vague = [k for k in PARAMETERS if one.doubt[k] > UNKNOWN * self.recipe["priors"][k]["sd"]]
            told += [f"{one.line}: hardly narrowed by the data: {', '.join(vague)}."] if vague else []
        return (*told, *(f"caveat: {text}" for text in self.recipe["caveats"]))

    def __str__(self) -> str:
        lines = [str(self.recipe["about"]), "  " + "".ljust(10) + "".join(one.line.rjust(22) for one in self.lines)]
        for name in PARAMETERS:
            cells = "".join(f"{one.values[name]:.3g} (±{one.doubt[name]:.2f})".rjust(22) for one in self.lines)
            lines.append(f"  {name.ljust(10)}{cells} {self.recipe['priors'][name]['unit']}".rstrip())
        for one in self.lines:
            pairs = (f"{dose:g}: {miss:.2f}" for dose, miss in zip(one.dose, one.misfit, strict=True))
            lines.append(f"  misfit of log counts, {one.line}, by nM: " + ", ".join(pairs))
        return "\n".join([*lines, *(f"  {text}" for text in self.verdict)])

    __repr__ = __str__


def fit_recovery(folder: str | Path, *, again: bool = False, keep: bool = False, progress: bool = False) -> RecoveryFit:
    """Return the kept result of counts over weeks, or make it anew from the raw table.

    Parameters
    ----------
    folder : str or Path
        Holds ``fit.toml``, and ``result.json`` where one is kept.
    again, keep : bool
        Fit anew; and write the result beside the recipe.
    progress : bool
        Say which line is fitted.

    Raises
    ------
    FitError
        If nothing is kept and ``again`` is false, or the raw table is not there.
    """
    folder = Path(folder)
    recipe, path = tomllib.loads((folder / "fit.toml").read_text(encoding="utf-8")), folder / RESULT
    if again:
        lines = []
        for name in recipe["lines"]:
            if progress:
                print(f"fitting {name}", flush=True)
            lines.append(result_of(recipe, name, *fit_line(recipe, name)))
        if keep:
            text = json.dumps([asdict(one) for one in lines], indent=1, allow_nan=False)
            path.write_text(text + "\n", encoding="utf-8")
        return RecoveryFit(recipe, tuple(lines))
    if not path.is_file():
        raise FitError(f"nothing is kept of {folder.name}", remedy="pass again=True, with EXODELIVERY_DATA set")
    kept = json.loads(path.read_text(encoding="utf-8"))
    pairs = ("dose", "misfit")
    return RecoveryFit(recipe, tuple(RecoveryLine(**{**one, **{k: tuple(one[k]) for k in pairs}}) for one in kept))


def result_of(recipe: Mapping[str, Any], name: str, logs: Array, covariance: Array) -> RecoveryLine:
    """Return a line's result at its parameters."""
    seen = doses_of(recipe, name)
    off = misses(recipe, seen, logs)
    doubt = np.sqrt(np.diag(covariance))
    return RecoveryLine(
        name,
        dict(zip(PARAMETERS, np.exp(logs).tolist(), strict=True)),
        dict(zip(PARAMETERS, doubt.tolist(), strict=True)),
        tuple(seen.dose.tolist()),
        tuple(float(np.sqrt(np.mean(one**2))) for one in off),
        float(np.sqrt(np.mean(np.concatenate(off) ** 2))),
        sum(map(len, off)),
        seen.left_out,
    )
