"""Floor 7: the raw tables of pulses, from the folder that ``EXODELIVERY_DATA`` names; they are read, never copied.

Every row that is left out is left out by the recipe, with its reason.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.errors import FitError, Place
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """The wells of one plate and level, as the mean of the logarithms of their counts.

    Attributes
    ----------
    pulse, dose : float
        [h], [nM].
    start, log_start : float
        Time [h] and logarithm of the count that later ones are held against.
    times, log_counts : array, (images,)
    """

    pulse: float
    dose: float
    start: float
    log_start: float
    times: Array
    log_counts: Array


def read_recipe(folder: Path) -> Mapping[str, Any]:
    """Read ``pulses.toml``.

    Raises
    ------
    FitError
        If the folder has none, or it is no TOML.
    """
    path = folder / "pulses.toml"
    try:
        found: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise FitError(f"the recipe of pulses cannot be read: {error}", where=Place(str(path))) from None
    return found


def table(name: str) -> pd.DataFrame:
    """Return a raw table.

    Raises
    ------
    FitError
        If ``EXODELIVERY_DATA`` names no folder that has it.
    """
    import pandas as pd

    folder = os.environ.get("EXODELIVERY_DATA", "")
    path = Path(folder) / name
    if not folder or not path.is_file():
        raise FitError(f"there is no raw table {name!r}", remedy="set EXODELIVERY_DATA to the folder that holds it")
    return pd.read_csv(path)


def arms(recipe: Mapping[str, Any], line: str) -> tuple[tuple[Arm, ...], float]:
    """Return the arms of a line and the count above which wells are too crowded.

    A count begins when the drug is given, or at the first image after the wash where the recipe says so.
    """
    frame = table(recipe["counts"])
    frame = frame[(frame["cell_line"] == line) & (frame["nuclei_count"] > 0)]
    frame = frame.assign(time=frame["t_since_drug_added_h"], log_count=np.log(frame["nuclei_count"]))
    bare = frame[frame["dox_nM"] == 0]
    most = float(recipe["below"]) * float(bare.groupby(bare["time"].round(-1))["nuclei_count"].mean().max())
    found = []
    for key, wells in frame.groupby(["plate_exposure_h", "dox_nM"]):
        pulse, dose = (float(one) for one in np.array(key, dtype=float))
        images = wells.groupby("tp_index")[["time", "log_count"]].mean().sort_index().to_numpy()
        times, logs = images[:, 0], images[:, 1]
        washed = recipe["lines"][line]["from"] == "wash"
        first = int(np.argmax(times > pulse + 0.5)) if washed else int(np.flatnonzero(times <= 1.0)[-1])
        later = (np.arange(len(times)) > first) & (times <= recipe["until"])
        crowded = np.flatnonzero(later & (logs > np.log(most)))
        if len(crowded):
            later[crowded[0] :] = False
        found.append(Arm(pulse, dose, times[first], logs[first], times[later], logs[later]))
    return tuple(found), most


def fluorescence(recipe: Mapping[str, Any], line: str) -> pd.DataFrame:
    """Return the frames of a line's wells, less those that the recipe leaves out."""
    frame = table(recipe["uptake"])
    frame = frame[frame["cell_line"] == line].sort_values(["well_index", "t_h"])
    frame = frame.assign(frame=frame.groupby("well_index").cumcount() + 1)
    for rule in recipe["leave_out"].values():
        if rule.get("line", line) != line:
            continue
        bad = frame["well_index"].isin(rule["wells"]) if "wells" in rule else frame["t_h"].notna()
        if "signal" in rule:
            bad &= frame["cell_au"] <= rule["signal"]
        for key, column in (("dox_nM", "dox_nM"), ("phase", "phase")):
            if key in rule:
                bad &= frame[column] == rule[key]
        if "after" in rule:
            bad &= frame["t_h"] > rule["after"]
        if "frames" in rule:
            bad &= frame["frame"].isin(rule["frames"])
        frame = frame[~bad]
    return frame
