"""Floor 6: what comes of many runs at once: observables by name, set by set, and how the sets ended that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.declare.model import Model
from exodelivery.errors import SimulationError, nearest
from exodelivery.solve.outcome import SUCCESS, Outcome
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Runs of one model, one to each parameter set.

    Attributes
    ----------
    model : Model
    columns : tuple of (name, unit)
        What was read off each run.
    times : tuple of array
        Of each subject [h].
    subjects : array of int, (sets,)
        Whose doses and times each set has.
    values : array, (rows, columns)
        Sets one after the other, in the columns' units; rows that a failed set did not reach are NaN.
    failures : dict of int to Outcome
        How the sets ended that did not reach their end.
    solver : str

    Examples
    --------
    >>> import exodelivery as exo
    >>> model = exo.load("doxorubicin_mouse", carrier="none")
    >>> runs = exo.simulate(model, exo.bolus("5 mg/kg"), sets={"body.V_plasma": [0.8, 1.0]}, times=["1 h", "1 d"])
    >>> runs["plasma_total"].shape, runs.unit("plasma_total")
    ((2, 2), 'nmol/mL')
    """

    model: Model
    columns: tuple[tuple[str, str], ...]
    times: tuple[Array, ...]
    subjects: Whole
    values: Array
    failures: dict[int, Outcome]
    solver: str

    def __len__(self) -> int:
        return len(self.subjects)

    def __bool__(self) -> bool:
        return not self.failures

    @property
    def names(self) -> tuple[str, ...]:
        """Observables, then the pools that were kept."""
        return tuple(name for name, _ in self.columns)

    @property
    def failed(self) -> list[int]:
        """Sets that did not reach their end."""
        return sorted(self.failures)

    def outcome(self, index: int) -> Outcome:
        """Tell how one set ended."""
        return self.failures.get(range(len(self))[index], SUCCESS)

    def unit(self, name: str) -> str:
        """Return the unit of an observable or pool."""
        return self.columns[self._place(name)][1]

    def __getitem__(self, name: str) -> Any:
        """Return one observable, (sets, times); an array to each set where subjects have times of their own."""
        column = self.values[:, self._place(name)]
        if len(self.times) == 1:
            return column.reshape(len(self), -1)
        counts = np.array([len(self.times[subject]) for subject in self.subjects])
        return np.split(column, np.cumsum(counts)[:-1])

    def quantiles(self, name: str, at: Sequence[float] = (0.05, 0.5, 0.95)) -> Array:
        """Return quantiles over the sets that did not fail, (quantiles, times).

        Raises
        ------
        SimulationError
            Subjects have times of their own.
        """
        if len(self.times) > 1:
            raise SimulationError("subjects have times of their own", remedy="take the values of each from [name]")
        return np.asarray(np.quantile(np.delete(self[name], self.failed, axis=0), at, axis=0))

    def plot(self, name: str = "", *, band: float = 0.9, log: bool = True) -> Any:
        """Return a figure of one observable: every set a thin curve, with the median and a band.

        Parameters
        ----------
        name : str, optional
            The first unless given.
        band : float
            Share of the sets that the band holds at each time.
        log : bool

        Raises
        ------
        SimulationError
            Subjects have times of their own.
        """
        from exodelivery.draw.spaghetti import spaghetti_figure

        if len(self.times) > 1:
            raise SimulationError("subjects have times of their own", remedy="draw the values of each from [name]")
        chosen = name or self.names[0]
        return spaghetti_figure(
            self.times[0], self[chosen], x_title="time [h]", y_title=f"{chosen} [{self.unit(chosen)}]", band=band,
            log_y=log,
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Return all values as a pandas frame, headed ``name [unit]``, a row to each set and time."""
        import pandas as pd

        counts = [len(self.times[subject]) for subject in self.subjects]
        frame = pd.DataFrame(
            {
                "set": np.repeat(np.arange(len(self)), counts),
                "subject": np.repeat(self.subjects, counts),
                "time [h]": np.concatenate([self.times[subject] for subject in self.subjects]),
            }
        )
        for place, (name, written) in enumerate(self.columns):
            frame[f"{name} [{written}]"] = self.values[:, place]
        frame.attrs["units"] = {"time": "h", **dict(self.columns)}
        return frame

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise SimulationError(f"the runs have no {name!r}", remedy=nearest(name, self.names))
        return self.names.index(name)

    def __str__(self) -> str:
        text = f"{len(self)} runs of {self.model.name} by {self.solver}: {', '.join(self.names)}"
        if self.failures:
            first = self.failed[0]
            end = self.failures[first]
            text += f"\n  {len(self.failures)} FAILED, first set {first} at {end.time:.4g} h: {end.what}. {end.remedy}"
        return text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, paragraphs, table

        head, *failed = str(self).splitlines()
        rows = []
        for name, written in self.columns:
            found = np.concatenate([np.ravel(one) for one in self[name]]) if len(self) else np.empty(0)
            found = found[np.isfinite(found)]
            ends = np.quantile(found, (0.05, 0.5, 0.95)) if len(found) else np.full(3, np.nan)
            rows.append((name, written, *(float(end) for end in ends)))
        columns = ("observable", "unit", "5 % of all values", "median", "95 %")
        return card("Runs", head, paragraphs(*failed) + table(columns, rows))
