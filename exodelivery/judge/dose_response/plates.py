"""Floor 8: a recipe for raw plates: every line's curve by the product's own batch, kept, beside others' numbers.

The raw table stays in the folder named by ``EXODELIVERY_DATA``. Viabilities come from plates that share everything but
their own untreated level; growth rates from plates whose untreated wells grew.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.errors import FitError
from exodelivery.judge.dose_response.choice import INTERVALS
from exodelivery.judge.dose_response.curve import Curve
from exodelivery.judge.dose_response.curves import curves
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.results import Curves

if TYPE_CHECKING:
    import pandas as pd

RESULT, SCHEMA = "result.json", 1
CONTROLS, BLANKS = ("ctrl_od_r1", "ctrl_od_r2", "ctrl_od_r3"), ("background_od1", "background_od2")
NUMBERS = ("ic50", "hill", "at_highest", "auc")


@dataclass(frozen=True, slots=True)
class LineOfPlates:
    """What the plates of one line say.

    Attributes
    ----------
    line : str
    plates, growing : int
        Plates, and those whose untreated wells grew.
    viability, growth : mapping of Estimate
        ``ic50``, ``hill``, ``at_highest``, ``auc``; on the growth-rate scale also ``gr_max`` and ``gr_aoc``, and
        ``ic50`` is the GR50.
    words, growth_words : tuple of str
    other : float or None
        GR50 of another laboratory [same unit].
    """

    line: str
    plates: int
    growing: int
    viability: Mapping[str, Estimate]
    growth: Mapping[str, Estimate]
    words: tuple[str, ...]
    growth_words: tuple[str, ...]
    other: float | None


@dataclass(frozen=True, slots=True, eq=False)
class PlatesFit:
    """Every line of a recipe for plates."""

    recipe: Mapping[str, Any]
    lines: tuple[LineOfPlates, ...]
    left_out: int
    digest: str

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The source of the table."""
        return (Citation(str(self.recipe["source"])),)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        unreached = [one.line for one in self.lines if one.viability and one.viability["ic50"].limit]
        turning = [one.line for one in self.lines if any(word.startswith("not monotone") for word in one.words)]
        missing = [one.line for one in self.lines if any("the curve misses" in word for word in one.words)]
        still = [one.line for one in self.lines if not one.growing]
        told = [f"{self.left_out} wells are left out by record; {len(self.lines)} lines have a curve."]
        told += [f"IC50 not reached within the doses: {', '.join(unreached)}."] if unreached else []
        told += [f"Not monotone beyond the scatter of wells: {', '.join(turning)}."] if turning else []
        told += (
            [f"The curve misses means of doses by more than wells scatter: {', '.join(missing)}."] if missing else []
        )
        told += [f"No plate grew enough for a growth rate: {', '.join(still)}."] if still else []
        both = [one for one in self.lines if one.other is not None and one.growth and not one.growth["ic50"].limit]
        if len(both) >= 4:
            ours = np.log([one.growth["ic50"].value for one in both])
            theirs = np.log(np.array([one.other for one in both], dtype=float))
            off = ours - theirs
            told.append(
                f"GR50 beside {self.recipe['beside_source']}: {len(both)} lines in common, rank correlation "
                f"{_ranks(ours, theirs):.2f}, ours {math.exp(float(np.median(off))):.2g} times theirs in the middle, "
                f"scatter a factor of {math.exp(float(np.std(off, ddof=1))):.1f}: another laboratory, another time of "
                "exposure, so that ranks may be compared and numbers may not."
            )
        return tuple(told)

    def table(self) -> pd.DataFrame:
        """Return one row a line."""
        import pandas as pd

        rows = []
        for one in self.lines:
            row: dict[str, Any] = {"line": one.line, "plates": one.plates, "growing": one.growing}
            for name, found in (("ic50", one.viability), ("gr50", one.growth)):
                if found:
                    number = found["ic50"]
                    row |= {name: number.value, f"{name}_low": number.low, f"{name}_high": number.high}
                    row |= {f"{name}_limit": number.limit}
            rows.append(row | {"words": "; ".join(one.words), "other_gr50": one.other})
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        width = max(len(one.line) for one in self.lines) + 2
        lines = [str(self.recipe["about"]), "  " + "".ljust(width) + "IC50".ljust(34) + "GR50".ljust(34) + "theirs"]
        for one in self.lines:
            cells = [str(found["ic50"]) if found else "-" for found in (one.viability, one.growth)]
            other = "" if one.other is None else f"{one.other:.3g}"
            lines.append("  " + one.line.ljust(width) + "".join(cell.ljust(34) for cell in cells) + other)
        return "\n".join([*lines, *(f"  {text}" for text in self.verdict)])

    __repr__ = __str__


def fit_plates(folder: str | Path, *, again: bool = False, keep: bool = False, progress: bool = False) -> PlatesFit:
    """Return the kept result of a recipe for plates, or make it anew.

    Parameters
    ----------
    folder : str or Path
        Holds ``fit.toml``, and ``result.json`` where one is kept.
    again : bool
        Fit anew, from the tables in the folder named by ``EXODELIVERY_DATA``.
    keep : bool
        Write the new result beside the recipe.
    progress : bool
        Not shown: it takes moments.

    Raises
    ------
    FitError
        If nothing is kept and ``again`` is false, or a table is not there.
    """
    folder = Path(folder)
    text = (folder / "fit.toml").read_bytes()
    recipe = tomllib.loads(text.decode("utf-8"))
    if not again:
        return _kept(folder, recipe)
    wells, left_out, raw = wells_of_plates(recipe)
    viability, growth = line_curves(wells, recipe)
    others = _others(recipe)
    lines = tuple(_line(str(name), own, viability, growth, others) for name, own in wells.groupby("line", sort=True))
    digest = f"{hashlib.sha256(raw).hexdigest()[:16]} {hashlib.sha256(text).hexdigest()[:16]}"
    found = PlatesFit(recipe, lines, left_out, digest)
    if keep:
        _write(folder, found)
    return found


def _line(name: str, own: pd.DataFrame, viability: Curves, growth: Curves, others: Mapping[str, float]) -> LineOfPlates:
    grown = _named(growth, name)
    return LineOfPlates(
        name,
        int(own["plate"].nunique()),
        int(own.loc[own["grew"], "plate"].nunique()),
        _numbers(viability[name], NUMBERS),
        _numbers(grown, (*NUMBERS, "gr_max", "gr_aoc")),
        viability[name].words,
        grown.words if grown is not None else (),
        others.get(_plain(name)),
    )


def line_curves(
    wells: pd.DataFrame, recipe: Mapping[str, Any], intervals: tuple[str, ...] = INTERVALS
) -> tuple[Curves, Curves]:
    """Return the curves of all lines: viabilities, plates with levels of their own; and growth rates."""
    unit = str(recipe["unit"])
    viability = curves(wells, by="line", plate="plate", unit=unit, intervals=intervals)
    dosed = wells[wells["grew"] & (wells["dose"] > 0)]
    growth = curves(dosed, by="line", control="control", time0="time0", unit=unit, intervals=intervals)
    return viability, growth


def wells_of_plates(recipe: Mapping[str, Any]) -> tuple[pd.DataFrame, int, bytes]:
    """Return wells, blanks taken off, one to a row; how many are left out; and the table's bytes."""
    import pandas as pd

    path = _path(str(recipe["table"]))
    raw = pd.read_csv(path)
    out = np.zeros(len(raw), bool)
    for rule in recipe["leave_out"]:
        covered = np.ones(len(raw), bool)
        for column in ("cell_line", "dose_index", "drug_plate_id"):
            if column in rule:
                covered &= raw[column].isin(np.atleast_1d(rule[column])).to_numpy()
        out |= covered
    kept = raw[~out]
    blank = kept[list(BLANKS)].mean(axis=1)
    control = kept[list(CONTROLS)].median(axis=1) - blank
    time0 = kept["T0_median_od"] - kept[["T0_background_od1", "T0_background_od2"]].mean(axis=1)
    base = pd.DataFrame({"line": kept["cell_line"], "plate": kept["drug_plate_id"], "control": control, "time0": time0})
    base["grew"] = base["control"] > float(recipe["grown"]) * base["time0"]
    treated = [base.assign(dose=kept["conc_uM"], response=kept[f"od_r{n}"] - blank) for n in (1, 2, 3)]
    bare = [base.assign(dose=0.0, response=kept[name] - blank).drop_duplicates("plate") for name in CONTROLS]
    return pd.concat([*treated, *bare], ignore_index=True), 3 * int(out.sum()), path.read_bytes()


def _others(recipe: Mapping[str, Any]) -> dict[str, float]:
    import pandas as pd

    table = pd.read_csv(_path(str(recipe["beside"])))
    table = table[(table["generic_name"] == recipe["drug"]) & np.isfinite(table["GR50"])]
    out = set(recipe.get("beside_leave_out", {}))
    known = ((_plain(str(name)), float(value)) for name, value in zip(table["cell_line"], table["GR50"], strict=True))
    return {name: value for name, value in known if name not in out}


def _path(name: str) -> Path:
    folder = os.environ.get("EXODELIVERY_DATA", "")
    if not folder or not (Path(folder) / name).is_file():
        raise FitError(f"there is no raw table {name!r}", remedy="set EXODELIVERY_DATA to the folder that holds it")
    return Path(folder) / name


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())


def _named(found: Curves, name: str) -> Curve | None:
    return found[name] if name in found.names else None


def _numbers(curve: Curve | None, names: tuple[str, ...]) -> dict[str, Estimate]:
    return {name: curve[name] for name in names} if curve else {}


def _ranks(one: np.ndarray, two: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(one, two).statistic)


def _write(folder: Path, found: PlatesFit) -> None:
    document = {
        "schema": SCHEMA,
        "digest": found.digest,
        "left_out": found.left_out,
        "lines": [_plainly(asdict(one)) for one in found.lines],
    }
    (folder / RESULT).write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _plainly(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: _plainly(value) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return [_plainly(one) for one in given]
    return str(given) if isinstance(given, float) and not math.isfinite(given) else given


def _kept(folder: Path, recipe: Mapping[str, Any]) -> PlatesFit:
    path = folder / RESULT
    if not path.is_file():
        raise FitError(f"nothing is kept of {folder.name}", remedy="pass again=True, with EXODELIVERY_DATA set")
    document = json.loads(path.read_text(encoding="utf-8"))
    lines = []
    for one in document["lines"]:
        both = {
            kind: {
                name: Estimate(**{key: _number(value) for key, value in number.items()})
                for name, number in one[kind].items()
            }
            for kind in ("viability", "growth")
        }
        words = {key: tuple(one[key]) for key in ("words", "growth_words")}
        lines.append(LineOfPlates(**{**one, **both, **words}))
    return PlatesFit(recipe, tuple(lines), int(document["left_out"]), str(document["digest"]))


def _number(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf", "nan") else value
