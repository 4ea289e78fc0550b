"""Floor 8: the metrics by which carriers are judged, one table.

A metric reads observables of a run over the horizon. Where a model lacks an observable the metric is left out with the
reason, never taken as zero. Rows of one name are alternatives: the first that both carriers can give is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exodelivery.compile.system import System
from exodelivery.solve.timeline import Array

CELLS = "tumour_cells"


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a run.

    Attributes
    ----------
    name, about : str
    observable : str
    kind : str
        ``area`` under the observable; ``quotient`` of two areas; ``kill``: log10 of untreated over treated at the end.
    direction : int
        1 where more is better, -1 where less is, 0 where neither is judged.
    against : str
        The observable below in a quotient.
    """

    name: str
    about: str
    observable: str
    kind: str
    direction: int = 1
    against: str = ""

    @property
    def observables(self) -> tuple[str, ...]:
        """All observables that it reads."""
        return (self.observable, self.against) if self.against else (self.observable,)

    def unit(self, system: System) -> str:
        """Return its unit, from that of the observable as declared; empty for a pure number."""
        units = [column.unit for column in system.columns if column.name == self.observable]
        return f"{units[0]}*h" if self.kind == "area" else ""


METRICS: tuple[Metric, ...] = (
    Metric("released drug in tumour", "area under drug outside carriers", "tumour_released", "area"),
    Metric("total drug in tumour", "area under all drug", "tumour_total", "area"),
    Metric("internalised drug", "area under drug inside tumour cells", "tumour_internalised", "area"),
    Metric("nuclear drug", "area under drug in nuclei", "tumour_nuclear", "area"),
    Metric("tumour : heart", "released over released", "tumour_released", "quotient", against="heart_released"),
    Metric("tumour : heart", "total over total", "tumour_total", "quotient", against="heart_total"),
    Metric("log-kill", "log10 of untreated over treated cells at the horizon", CELLS, "kill"),
    Metric("plasma AUC", "area under all drug in plasma", "plasma_total", "area", direction=0),
)
"""Metrics in the order of a verdict; the first is the one that the headline speaks of."""


def missing(metric: Metric, system: System) -> str:
    """Return why a model cannot give a metric, or nothing if it can."""
    known = {column.name for column in system.columns}
    for name in metric.observables:
        if name not in known:
            why = system.unavailable.get(name, "the model declares no such observable")
            return f"{name} is unavailable: {why}"
    if metric.kind == "kill":
        for slot in ("growth", "effect"):
            if not system.model.use.get(slot):
                return f"the model has no {slot}"
    return ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of many runs.

    Attributes
    ----------
    area : mapping of arrays, (points,)
        Area under each observable over the horizon [its unit x h].
    end : mapping of arrays, (points,)
        Each observable at the horizon.
    """

    area: Mapping[str, Array]
    end: Mapping[str, Array]


def value(metric: Metric, treated: Reading, untreated: Reading | None = None) -> Array:
    """Return a metric of many runs, (points,), in its unit; NaN where a run failed or the value is not positive.

    Examples
    --------
    >>> kill = next(metric for metric in METRICS if metric.kind == "kill")
    >>> end = lambda cells: Reading({}, {CELLS: np.array([cells])})
    >>> value(kill, end(1e6), end(1e8)).tolist()
    [2.0]
    """
    with np.errstate(all="ignore"):
        if metric.kind == "area":
            found = np.asarray(treated.area[metric.observable])
        elif metric.kind == "quotient":
            found = np.asarray(treated.area[metric.observable] / treated.area[metric.against])
        else:
            assert untreated is not None
            found = np.asarray(np.log10(untreated.end[metric.observable] / treated.end[metric.observable]))
        return np.where(np.isfinite(found) & (found > 0), found, np.nan)
