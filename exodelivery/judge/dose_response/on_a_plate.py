"""Floor 8: a model on a plate: the same protocol at rising levels, wells as a table that curves are fitted to.

So a carrier's IC50 on a plate is read as a laboratory reads it: counts over untreated counts, or growth rates, at a
time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from exodelivery.declare.model import Model
from exodelivery.declare.protocol import Protocol
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.solve.simulate import simulate
from exodelivery.solve.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd


def run_protocol(
    model: Model, protocol: Protocol, *, values: Mapping[str, str | float] | None = None, keep: tuple[str, ...] = ()
) -> Trajectory:
    """Run a model in a well under a protocol.

    Parameters
    ----------
    model : Model
        Its body is a well whose medium can be washed, such as ``plate_well``.
    protocol : Protocol
        What it says of the medium and the cells goes before the body's values.
    values : mapping, optional
        Values laid over both.
    keep : tuple of str
        Pools to keep.

    Raises
    ------
    DoseError, SimulationError
        If the body has no such route, or the protocol washes and the body cannot.

    Examples
    --------
    >>> import exodelivery as exo
    >>> run = run_protocol(exo.load("doxorubicin_plate"), Protocol().pulse("1 uM", over="6 h").read("24 h"))
    >>> round(run["medium_free"]("6.1 h"), 2)
    0.02
    """
    return simulate(model, protocol.regimen, protocol.end, values={**protocol.values, **(values or {})}, keep=keep)


def wells_of_model(
    model: Model,
    protocol: Protocol,
    levels: Sequence[float],
    *,
    observable: str = "cells",
    values: Mapping[str, str | float] | None = None,
    key: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return simulated wells: one row to a level and a reading, beside the untreated well and the count at the start.

    Parameters
    ----------
    model : Model
    protocol : Protocol
        At level 1: ``Protocol().add("1 uM")`` makes levels micromolar.
    levels : sequence of float
        Multiples of the protocol's levels.
    observable : str
    values : mapping, optional
    key : mapping, optional
        Further columns, such as ``{"carrier": "none"}``.

    Returns
    -------
    pandas.DataFrame
        Columns dose, time [h], response, control, time0; for ``curves(table, control="control", time0="time0")``.

    Raises
    ------
    DoseResponseError
        If the protocol reads nothing or gives nothing.
    """
    import pandas as pd

    if not protocol.readings or not protocol.doses.doses:
        raise DoseResponseError("a plate needs drug and readings", remedy='write Protocol().add("1 uM").read("72 h")')
    at = list(protocol.readings)
    bare = run_protocol(model, _undrugged(protocol), values=values)
    control, start = bare.curve(observable, np.array(at)), float(bare.curve(observable, np.zeros(1))[0])
    rows = []
    for level in levels:
        found = control if level == 0 else run_protocol(model, protocol.scaled(level), values=values)[observable](at)
        rows += [
            {
                **(key or {}),
                "dose": float(level),
                "time": time,
                "response": float(y),
                "control": float(c),
                "time0": start,
            }
            for time, y, c in zip(at, found, control, strict=True)
        ]
    return pd.DataFrame(rows)


def _undrugged(protocol: Protocol) -> Protocol:
    """Return the protocol with so little of everything that it does nothing: washes and depletion stay as they are."""
    return protocol.scaled(TRACE)


TRACE = 1e-9
"""Of the protocol's levels: an untreated well still has its carriers' ledgers."""
