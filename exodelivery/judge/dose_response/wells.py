"""Floor 8: wells of a table to arrays of curves: doses, responses on their scale, weights, plates.

Nothing is dropped in silence: a row without a number is counted and said, a control well is a dose of zero and stays a
point of its curve, so that the doubt of the controls is part of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.errors import nearest
from exodelivery.judge.dose_response.growth_rate import growth_rate
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Wells:
    """The wells of one curve.

    Attributes
    ----------
    key : mapping of str
        What tells this curve from the others.
    dose, response, weight : array, (wells,)
    plate : array of int, (wells,)
        Which of ``plates``.
    plates : tuple of str
    dropped : int
        Rows without a number.
    """

    key: Mapping[str, Any]
    dose: Array
    response: Array
    weight: Array
    plate: NDArray[np.intp]
    plates: tuple[str, ...]
    dropped: int = 0

    @property
    def name(self) -> str:
        """The key in one line."""
        return ", ".join(str(value) for value in self.key.values()) or "all"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; see :func:`exodelivery.judge.dose_response.curves.curves`."""

    dose: str
    response: str
    by: tuple[str, ...] = ()
    plate: str = ""
    weight: str = ""
    blank: str | float | None = None
    control: str | float | None = None
    time0: str | float | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is named."""
        given: Iterable[Any] = (
            self.dose, self.response, *self.by, self.plate, self.weight, self.blank, self.control, self.time0,
        )  # fmt: skip
        return tuple(one for one in given if isinstance(one, str) and one)


def frame_of(data: Any) -> pd.DataFrame:
    """Return a table as a pandas frame: one already, a path of a CSV, or columns by name.

    Raises
    ------
    DoseResponseError
        If it is none of these, or has no rows.
    """
    import pandas as pd

    if isinstance(data, str | Path):
        if not Path(data).is_file():
            raise DoseResponseError(f"there is no file {str(data)!r}", remedy="give the path of a CSV, or a table")
        frame = pd.read_csv(data)
    elif isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, Mapping):
        try:
            frame = pd.DataFrame(dict(data))
        except ValueError as error:
            raise DoseResponseError(f"these columns make no table: {error}") from None
    else:
        raise DoseResponseError(
            f"a table of wells is no {type(data).__name__}", remedy="give a pandas frame or a CSV's path"
        )
    if not len(frame):
        raise DoseResponseError("the table of wells has no rows")
    return frame


def wells_of(data: Any, columns: Columns) -> list[Wells]:
    """Return the wells of each curve, in the order in which curves first appear.

    Raises
    ------
    DoseResponseError
        For a column that is not there or holds no numbers, a negative dose or weight, or a control that is not above
        zero.
    """
    import pandas as pd

    frame = frame_of(data)
    for name in columns.named:
        if name not in frame.columns:
            raise DoseResponseError(f"the table has no column {name!r}", remedy=nearest(name, map(str, frame.columns)))
    dose = numbers(frame, columns.dose)
    response, weight = _responses(frame, columns)
    if np.any(dose < 0) or np.any(weight < 0):
        raise DoseResponseError(f"the column {columns.dose if np.any(dose < 0) else columns.weight!r} holds a negative")
    usable = np.isfinite(dose) & np.isfinite(response) & np.isfinite(weight)
    plates = (
        pd.factorize(frame[columns.plate])
        if columns.plate
        else (np.zeros(len(frame), int), np.array(["all"], dtype=object))
    )
    if columns.by:
        codes, keys = pd.factorize(pd.MultiIndex.from_frame(frame[list(columns.by)]))
    else:
        codes, keys = np.zeros(len(frame), int), pd.MultiIndex.from_arrays([["all"]])
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(keys) + 1))
    found = []
    for n, key in enumerate(keys):
        rows = order[edges[n] : edges[n + 1]]
        kept = rows[usable[rows]]
        own, inverse = np.unique(np.asarray(plates[0])[kept], return_inverse=True)
        found.append(
            Wells(
                dict(zip(columns.by, key, strict=False)),
                dose[kept],
                response[kept],
                weight[kept],
                np.asarray(inverse, dtype=np.intp),
                tuple(str(plates[1][one]) for one in own),
                len(rows) - len(kept),
            )
        )
    return found


def numbers(frame: pd.DataFrame, given: str | float) -> Array:
    """Return a column, or one number for every row, as floats."""
    import pandas as pd

    if not isinstance(given, str):
        value = float(given)
        if not math.isfinite(value):
            raise DoseResponseError(f"{given!r} is no finite number")
        return np.full(len(frame), value)
    try:
        column = pd.to_numeric(frame[given])
    except (ValueError, TypeError) as error:
        raise DoseResponseError(f"the column {given!r} holds what is no number: {error}") from None
    found: Array = column.to_numpy(dtype=float)
    return np.where(np.isfinite(found), found, np.nan)


def _responses(frame: pd.DataFrame, columns: Columns) -> tuple[Array, Array]:
    response = numbers(frame, columns.response)
    weight = numbers(frame, columns.weight) if columns.weight else np.ones(len(frame))
    blank = 0.0 if columns.blank is None else numbers(frame, columns.blank)
    response = response - blank
    if columns.control is None:
        if columns.time0 is not None:
            raise DoseResponseError("growth rates need control= beside time0=", remedy="name the untreated count")
        return response, weight
    control = numbers(frame, columns.control) - blank
    if np.any(control <= 0):
        raise DoseResponseError("a control is not above zero", remedy="look at the blanks")
    if columns.time0 is None:
        return response / control, weight
    return growth_rate(response, control, numbers(frame, columns.time0) - blank), weight


def padded(wells: Sequence[Wells]) -> tuple[Array, Array, Array]:
    """Return logarithms of doses, responses and weights, (curves, points) each; weight zero where there is no well."""
    most = max((len(one.dose) for one in wells), default=0)
    x, y, weight = np.zeros((len(wells), most)), np.zeros((len(wells), most)), np.zeros((len(wells), most))
    for n, one in enumerate(wells):
        count = len(one.dose)
        with np.errstate(divide="ignore"):
            x[n, :count] = np.log(one.dose)
        y[n, :count], weight[n, :count] = one.response, one.weight
    return x, y, weight
