"""Floor 8, kind ``growth_rate``: a number of a GR curve fitted to a table of counts."""

from __future__ import annotations

import math

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.curve import DATA, path_of
from exodelivery.judge.qualification.kinds.protocol import Measured

KEYS = ("file", "where", "number", "dose", "count", "control", "time0")
COLUMNS = {"gr50": "ic50", "gec50": "ec50", "gr_inf": "einf"}
"""Numbers of a GR curve by the names of the literature, and the columns of our table."""


def measure(target: Target, bench: Bench) -> Measured:
    """Return ``number`` (gr50, gr_max, gr_inf, gec50, hill) of the curve through the rows of the table."""
    import pandas as pd

    from exodelivery.judge.dose_response.curves import curves

    options = target.options
    path = path_of(str(options.get("file", "")), bench, target)
    if path is None:
        return Measured(math.nan, why=f"{options.get('file')} is not at hand: set {DATA} to its folder", is_absent=True)
    frame = pd.read_csv(path, comment="#")
    for column, value in dict(options.get("where", {})).items():
        frame = frame[frame[column].astype(str) == str(value)]
    if frame.empty:
        return Measured(math.nan, why=f"no row of {path.name} is as asked")
    columns = {key: str(options.get(key, key)) for key in ("dose", "count", "control", "time0")}
    found = curves(
        frame,
        dose=columns["dose"],
        response=columns["count"],
        control=columns["control"],
        time0=columns["time0"],
        intervals=(),
    )
    name = str(options.get("number", ""))
    row = found.table().iloc[0]
    value = row.get(COLUMNS.get(name, name))
    if not found[0] or value is None:
        return Measured(math.nan, why=f"the curve has no {name!r}")
    return Measured(float(value))
