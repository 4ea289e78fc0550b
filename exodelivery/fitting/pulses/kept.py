"""Floor 7: what was kept of pulses held out: shown, or made anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from exodelivery.citation import Citation
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.fit import HeldOut, held_out
from exodelivery.fitting.pulses.read import read_recipe

RESULT = "result.json"


@dataclass(frozen=True, slots=True, eq=False)
class PulsesFit:
    """Pulses left out and predicted, line by line."""

    recipe: Mapping[str, Any]
    lines: tuple[HeldOut, ...]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The source of the tables."""
        return (Citation(str(self.recipe["source"])),)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        hidden = f"{self.recipe['held_out']:g}-h pulses"
        told = []
        for one in self.lines:
            nearer = "nearer than" if one.predicted_there < one.interpolated else "no nearer than"
            told.append(
                f"{one.line}: {hidden} predicted with {one.ratio:.2f} times the error of the best fit to them, "
                f"{nearer} the mean of the shorter and the longer pulse."
            )
        return tuple(told)

    def __str__(self) -> str:
        return "\n".join([str(self.recipe["about"]), *map(str, self.lines), *self.verdict])

    __repr__ = __str__


def fit_pulses(folder: str | Path, *, again: bool = False, keep: bool = False, progress: bool = False) -> PulsesFit:
    """Return the kept result of held-out pulses, or make it anew from the raw tables.

    Parameters
    ----------
    folder : str or Path
        Holds ``pulses.toml``, and ``result.json`` where one is kept.
    again, keep : bool
        Fit anew; and write the result beside the recipe.
    progress : bool
        Not shown: it takes moments.

    Raises
    ------
    FitError
        If nothing is kept and ``again`` is false, or a raw table is not there.
    """
    folder = Path(folder)
    recipe, path = read_recipe(folder), folder / RESULT
    if again:
        found = PulsesFit(recipe, tuple(held_out(recipe, line) for line in recipe["lines"]))
        if keep:
            text = json.dumps({one.line: asdict(one) for one in found.lines}, indent=1, allow_nan=False)
            path.write_text(text + "\n", encoding="utf-8")
        return found
    if not path.is_file():
        raise FitError(f"nothing is kept of {folder.name}", remedy="pass again=True, with EXODELIVERY_DATA set")
    kept = json.loads(path.read_text(encoding="utf-8"))
    return PulsesFit(recipe, tuple(HeldOut(**kept[line]) for line in recipe["lines"]))
