"""Floor 7: what was kept of several lines fitted as one problem: parameters, how much lines differ, what is unknown."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.course import PARAMETERS
from exodelivery.fitting.pulses.hierarchy import Population, fit_lines, line_of
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd

RESULT = "result.json"
UNITS = dict(zip(PARAMETERS, ("1/h", "nM h", "", "1/h", "nM h", "", "h", "1/h", "1/h"), strict=True))
BORROWED = 0.7
"""Of the spread between lines: a line whose own doubt is larger has its value from the others."""
LARGE = 0.2
"""Of a log count: a root mean square above it is a model that does not describe the line."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line of the population.

    Attributes
    ----------
    line : str
    unknowns : tuple of float
        All of the line's unknowns at the best, as they are fitted: logarithms.
    values, doubt : mapping of float
        Parameters, and standard deviations of their logarithms given the population.
    images, frames : int
        How many log counts and frames of fluorescence were fitted.
    misfit, dim : float
        Root mean squares: of log counts, and of frames over the noise of one.
    """

    line: str
    unknowns: tuple[float, ...]
    values: Mapping[str, float]
    doubt: Mapping[str, float]
    images: int
    frames: int
    misfit: float
    dim: float


@dataclass(frozen=True, slots=True, eq=False)
class LinesFit:
    """Several lines as one problem.

    Attributes
    ----------
    recipe : mapping
    middle, spread : mapping of float
        Of the parameters over lines: medians, and standard deviations of logarithms.
    lines : tuple of LineResult
    """

    recipe: Mapping[str, Any]
    middle: Mapping[str, float]
    spread: Mapping[str, float]
    lines: tuple[LineResult, ...]

    @property
    def population(self) -> Population:
        """Middles and spreads as arrays, logarithms."""
        return Population(
            np.log([self.middle[name] for name in PARAMETERS]), np.array([self.spread[name] for name in PARAMETERS])
        )

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The source of the tables."""
        return (Citation(str(self.recipe["source"])),)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        worst = max(self.lines, key=lambda one: one.misfit)
        told = [
            f"{sum(one.images for one in self.lines)} log counts and {sum(one.frames for one in self.lines)} frames of "
            f"{len(self.lines)} lines; the worst misfit is {worst.misfit:.3f} of a log count, in {worst.line}."
        ]
        poor = [one.line for one in self.lines if one.misfit > LARGE]
        told += [f"The model does not describe {', '.join(poor)}."] if poor else []
        for name in PARAMETERS:
            own = [one.line for one in self.lines if one.doubt[name] <= BORROWED * self.spread[name]]
            factor = math.exp(self.spread[name])
            if not own:
                told.append(f"{name}: no line tells its own value; the spread over lines is the first guess's.")
            elif len(own) < len(self.lines):
                others = [one.line for one in self.lines if one.line not in own]
                told.append(
                    f"{name}: lines differ by a factor of {factor:.2g}; {', '.join(others)} borrow from others."
                )
            else:
                told.append(f"{name}: lines differ by a factor of {factor:.2g}; each line tells its own.")
        return (*told, "Four lines tell a spread to a factor of two at best.")

    def table(self) -> pd.DataFrame:
        """Return one row a parameter: its median and spread over lines, and every line's value."""
        import pandas as pd

        rows = []
        for name in PARAMETERS:
            row: dict[str, Any] = {"parameter": name, "unit": UNITS[name], "median": self.middle[name]}
            row["spread of the log"] = self.spread[name]
            for one in self.lines:
                row |= {one.line: one.values[name], f"{one.line} sd of the log": one.doubt[name]}
            rows.append(row)
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        head = "  " + "".ljust(10) + "median".rjust(10) + "spread".rjust(8)
        lines = [str(self.recipe["about"]), head + "".join(one.line.rjust(20) for one in self.lines)]
        for name in PARAMETERS:
            cells = "".join(f"{one.values[name]:.3g} (±{one.doubt[name]:.2f})".rjust(20) for one in self.lines)
            lines.append(
                f"  {name.ljust(10)}{self.middle[name]:10.3g}{self.spread[name]:8.2f}{cells} {UNITS[name]}".rstrip()
            )
        lines.append("  " + "misfit".ljust(28) + "".join(f"{one.misfit:.3f}".rjust(20) for one in self.lines))
        return "\n".join([*lines, *(f"  {text}" for text in self.verdict)])

    __repr__ = __str__


def fit_hierarchy(folder: str | Path, *, again: bool = False, keep: bool = False, progress: bool = False) -> LinesFit:
    """Return the kept result of several lines fitted as one problem, or make it anew: minutes.

    Parameters
    ----------
    folder : str or Path
        Holds ``fit.toml``, and ``result.json`` where one is kept.
    again, keep : bool
        Fit anew from the tables in the folder named by ``EXODELIVERY_DATA``; and write the result beside the recipe.
    progress : bool
        Print how far each round moved.

    Raises
    ------
    FitError
        If nothing is kept and ``again`` is false, or a raw table is not there.
    """
    folder = Path(folder)
    recipe, path = read_lines(folder), folder / RESULT
    if again:
        found = result_of(recipe, *fit_lines(recipe, progress))
        if keep:
            document = {"middle": found.middle, "spread": found.spread, "lines": [asdict(one) for one in found.lines]}
            path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return found
    if not path.is_file():
        raise FitError(f"nothing is kept of {folder.name}", remedy="pass again=True, with EXODELIVERY_DATA set")
    kept = json.loads(path.read_text(encoding="utf-8"))
    lines = tuple(LineResult(**{**one, "unknowns": tuple(one["unknowns"])}) for one in kept["lines"])
    return LinesFit(recipe, kept["middle"], kept["spread"], lines)


def read_lines(folder: Path) -> Mapping[str, Any]:
    """Return the recipe in a folder."""
    found: Mapping[str, Any] = tomllib.loads((Path(folder) / "fit.toml").read_text(encoding="utf-8"))
    return found


def result_of(recipe: Mapping[str, Any], population: Population, ended: Mapping[str, tuple[Array, Array]]) -> LinesFit:
    """Return the result of lines' unknowns and their covariances, under a population."""
    lines = []
    for name, (logs, covariance) in ended.items():
        line = line_of(recipe, name)
        misses, dims = line.misses(logs), line.dims(logs)
        doubt = np.sqrt(np.diag(covariance))[line.own]
        lines.append(
            LineResult(
                name,
                tuple(logs.tolist()),
                dict(zip(PARAMETERS, np.exp(logs[line.own]).tolist(), strict=True)),
                dict(zip(PARAMETERS, doubt.tolist(), strict=True)),
                len(misses),
                len(dims),
                float(np.sqrt(np.mean(misses**2))),
                float(np.sqrt(np.mean(dims**2))),
            )
        )
    middle = dict(zip(PARAMETERS, np.exp(population.middle).tolist(), strict=True))
    return LinesFit(recipe, middle, dict(zip(PARAMETERS, population.spread.tolist(), strict=True)), tuple(lines))
