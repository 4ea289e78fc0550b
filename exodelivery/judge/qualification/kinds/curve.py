"""Floor 8, kind ``curve``: a run against a published curve, point by point."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from exodelivery.errors import DeclarationError
from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.units import convert

KEYS = ("run", "what", "file", "where", "time", "value", "time_unit", "value_unit", "median")
DATA = "EXODELIVERY_DATA"


def measure(target: Target, bench: Bench) -> Measured:
    """Return the largest deviation from the points, relative to each (or, with ``median``, the middle one)."""
    options = target.options
    path = path_of(str(options.get("file", "")), bench, target)
    if path is None:
        return Measured(math.nan, why=f"{options.get('file')} is not at hand: set {DATA} to its folder", is_absent=True)
    run = bench.run(str(options["run"]))
    if not run:
        return Measured(math.nan, why=f"the run failed: {run.outcome.what}", is_deviation=True)
    times, values = _points(path, options, target)
    of = str(options.get("what", ""))
    assert run.model.drug is not None and run.model.drug.molar_mass is not None
    mass = run.model.drug.molar_mass.base
    hours = convert(times, str(options.get("time_unit", "h")), "h")
    printed = convert(values, str(options.get("value_unit", run.unit(of))), run.unit(of), molar_mass=mass)
    off = run.curve(of, hours) / printed - 1
    shown = float(np.median(off)) if options.get("median") else float(off[np.argmax(np.abs(off))])
    note = f"{len(off)} points: median {np.median(off):+.1%}, from {off.min():+.1%} to {off.max():+.1%}"
    return Measured(abs(shown), is_deviation=True, note=note)


def path_of(name: str, bench: Bench, target: Target) -> Path | None:
    """Return the table of a case: beside it, or in the folder of raw data; None where that is not at hand."""
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise DeclarationError(
            f"{name!r} is no table of a case", where=target.place, remedy=f"it stands beside the case, or under {DATA}"
        )
    folders = [bench.case.folder, os.environ.get(DATA, "")]
    return next((Path(f, name) for f in folders if f and Path(f, name).is_file()), None)


def _points(path: Path, options: Any, target: Target) -> tuple[Any, Any]:
    import pandas as pd

    frame = pd.read_csv(path, comment="#")
    for column, value in dict(options.get("where", {})).items():
        frame = frame[frame[_column(frame, column, target)].astype(str) == str(value)]
    if frame.empty:
        raise DeclarationError(f"no row of {path.name} is as asked", where=target.place, remedy="see its columns")
    pair = [
        frame[_column(frame, str(options.get(key, key)), target)].to_numpy(dtype=float) for key in ("time", "value")
    ]
    return pair[0], pair[1]


def _column(frame: Any, name: str, target: Target) -> str:
    if name not in frame.columns:
        raise DeclarationError(
            f"the table has no column {name!r}", where=target.place, remedy=", ".join(map(str, frame.columns))
        )
    return name
