"""Floor 6: a simulated arm: observables and pools by name, at any time, with units, and what its ledgers lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.draw.html import card, table
from exodelivery.errors import SimulationError, nearest
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.quadrature import integral
from exodelivery.solve.solvers.protocol import Solution
from exodelivery.solve.timeline import Array, Timeline
from exodelivery.units import format_quantity, hours, unit

if TYPE_CHECKING:
    import pandas as pd

    from exodelivery.evidence.study import Study
    from exodelivery.solve.triggers import Firing


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One observable or pool of a run.

    Attributes
    ----------
    name, unit : str
    times : array, (times,)
        [h].
    values : array, (times,)
        In ``unit``.

    Examples
    --------
    Call it with a time for a value: ``run["plasma_total"]("3 h")``.
    """

    name: str
    unit: str
    times: Array
    values: Array
    _run: Trajectory = field(repr=False, compare=False)

    def __call__(self, time: str | float | Iterable[float]) -> Any:
        """Return the value at a time (``"3 h"``, or hours), or an array at many."""
        if isinstance(time, str | int | float):
            return float(self._run.curve(self.name, np.array([hours(time)]))[0])
        return self._run.curve(self.name, np.asarray(list(time), dtype=float))

    def integral(self, start: str | float = 0.0, to: str | float | None = None, power: int = 0) -> float:
        """Return the area under the curve [unit × h], or its first moment with ``power=1`` [unit × h²].

        Exact for the solver's own interpolant to eight digits: no trapezoids on the output grid.
        """
        end = self._run.end if to is None else hours(to)
        return integral(
            lambda t: self._run.curve(self.name, t), hours(start), end, self._run.timeline.times, power=power
        )

    @property
    def maximum(self) -> tuple[float, float]:
        """The largest value on the run's own grid, and its time [h]."""
        at = int(np.argmax(self.values))
        return float(self.values[at]), float(self.times[at])

    def __str__(self) -> str:
        top, when = self.maximum
        return f"{self.name}: largest {format_quantity(top, self.unit)} at {when:.3g} h"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = np.unique(np.linspace(0, len(self.times) - 1, 8).round().astype(int))
        rows = [(f"{self.times[n]:.4g}", f"{self.values[n]:.4g}") for n in shown]
        return card(self.name, str(self), table(("time [h]", f"{self.name} [{self.unit}]"), rows))


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """A simulated arm.

    Attributes
    ----------
    model : Model
    regimen : Regimen
    system : System
    parameters : array, (parameters,)
        Values that it ran with [base units].
    timeline : Timeline
    solution : Solution
    outputs : callable
        ``(times, states, parameters) -> (times, outputs)`` in base units.
    solver : str
    notes : tuple of str
        What to know of the dose, and when conditions came to hold.
    fired : tuple of Firing
        Conditions that came to hold; ``regimen`` has the doses that they gave, at their times.
    """

    model: Model
    regimen: Regimen
    system: System
    parameters: Array
    timeline: Timeline
    solution: Solution
    outputs: Any = field(repr=False)
    solver: str = ""
    notes: tuple[str, ...] = ()
    fired: tuple[Firing, ...] = ()

    @property
    def times(self) -> Array:
        """The run's own grid [h], (times,)."""
        return self.solution.times

    @property
    def end(self) -> float:
        """End of the run [h]."""
        return self.timeline.end

    @property
    def outcome(self) -> Outcome:
        """How the integration ended."""
        return self.solution.outcome

    def __bool__(self) -> bool:
        return bool(self.outcome)

    @property
    def names(self) -> tuple[str, ...]:
        """Observables first, then the pools and populations that were kept."""
        kept = (variable.name for variable in self.system.variables if variable.kind != "account")
        return (*(column.name for column in self.system.columns), *kept)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def __getitem__(self, name: str) -> Series:
        return Series(name, self.unit(name), self.times, self.curve(name, self.times), self)

    def unit(self, name: str) -> str:
        """Return the unit of an observable or pool."""
        for column in self.system.columns:
            if column.name == name:
                return column.unit
        for variable in self.system.variables:
            if variable.name == name:
                return variable.unit
        raise SimulationError(f"the run has no {name!r}", remedy=self._missing(name))

    def _missing(self, name: str) -> str:
        if name in self.system.unavailable:
            return f"{name} is unavailable: {self.system.unavailable[name]}"
        return nearest(name, self.names) + '; a pool that no observable needs is kept with keep=("its name",)'

    def curve(self, name: str, times: Array) -> Array:
        """Return an observable or pool at times [h] in its own unit, (times,).

        Raises
        ------
        SimulationError
            If the run failed, has no such name, or does not reach that far.
        """
        known = self.unit(name)
        self._require_success()
        if times.size and (times.min() < self.timeline.times[0] or times.max() > self.end):
            raise SimulationError(f"the run ends at {self.end:g} h", remedy="simulate until a later time")
        states = self._states(times)
        for n, column in enumerate(self.system.columns):
            if column.name == name:
                found: Array = self.outputs(times, states, self.parameters)[:, n] / column.factor
                return found
        values: Array = states[:, self.system.index(name)] / unit(known).factor
        return values

    def _require_success(self) -> None:
        if not self.outcome:
            raise SimulationError(
                f"the run of {self.model.name!r} failed at {self.outcome.time:.4g} h: {self.outcome.what}",
                remedy=self.outcome.remedy,
            )

    def _states(self, times: Array) -> Array:
        if times is self.solution.times:
            return self.solution.states
        assert self.solution.dense is not None
        return self.solution.dense(times)

    @property
    def residuals(self) -> dict[str, float]:
        """Largest imbalance of each ledger over the run, relative to all that entered it.

        It shows that the books close, not that the numbers are accurate: integrators keep linear invariants at any
        tolerance. Accuracy is shown by a second solver.
        """
        self._require_success()
        return {ledger: self._residual(ledger) for ledger in self.system.ledgers}

    def _residual(self, ledger: str) -> float:
        signs = np.array(
            [0.0 if v.ledger != ledger else -1.0 if v.name.startswith("in.") else 1.0 for v in self.system.variables]
        )
        held = self.solution.states @ signs
        given = np.zeros_like(held)
        line = self.timeline
        for n, begin in enumerate(line.times):
            finish = line.times[n + 1] if n + 1 < len(line.times) else line.end
            given += np.where(self.times >= begin, line.jumps[n] @ signs, 0.0)
            given += np.clip(self.times - begin, 0.0, finish - begin) * (line.inputs[n] @ signs)
        started = held[0] - given[0]
        inflow = np.array([v.ledger == ledger and v.name.startswith("in.") for v in self.system.variables])
        scale = max(abs(started) + float(np.max(np.abs(given))), float(np.max(self.solution.states @ inflow)), 1e-300)
        return float(np.max(np.abs(held - given - started)) / scale)

    def table(self, times: Iterable[float] | None = None, *names: str) -> pd.DataFrame:
        """Return observables (or the named ones) as a pandas frame.

        Columns are headed ``name [unit]`` so that a CSV keeps the units; they also stand in ``attrs["units"]``.
        """
        import pandas as pd

        shown = names or tuple(column.name for column in self.system.columns)
        at = self.times if times is None else np.asarray(list(times), dtype=float)
        frame = pd.DataFrame({"time [h]": at})
        for name in shown:
            frame[f"{name} [{self.unit(name)}]"] = self.curve(name, at)
        frame.attrs["units"] = {"time": "h", **{name: self.unit(name) for name in shown}}
        return frame

    def plot(self, *names: str, log: bool = True, data: Study | None = None) -> Any:
        """Return a figure of observables (or the named ones and pools) against time, semi-logarithmic unless told.

        Parameters
        ----------
        *names : str
        log : bool
        data : Study, optional
            Lays its levels over the curves, those of the arms with this carrier; what was not quantified is an open
            triangle at the limit.
        """
        from exodelivery.draw.figure import Line, lines_figure, overlay
        from exodelivery.solve.over_data import points_of

        shown = names or tuple(column.name for column in self.system.columns)
        lines = [Line(f"{name} [{self.unit(name)}]", self.times, self[name].values, group=name) for name in shown]
        units = dict.fromkeys(self.unit(name) for name in shown)
        figure = lines_figure(lines, x_title="time [h]", y_title=" or ".join(units), log_y=log, title=str(self.regimen))
        return figure if data is None else overlay(figure, points_of(self, data, shown), series=lines)

    def balance(self, ledger: str = "drug") -> Any:
        """Return a figure of where all of a ledger is at every moment: a place each, and what has left.

        A run that keeps every pool (``keep=("all",)``) tells all places; pools that no observable needs are one area
        otherwise.

        Raises
        ------
        SimulationError
            If the run failed, or has no such ledger.
        """
        from exodelivery.draw.balance import balance_figure

        self._require_success()
        if ledger not in self.system.ledgers:
            raise SimulationError(f"the run has no ledger {ledger!r}", remedy=nearest(ledger, self.system.ledgers))
        held = [v for v in self.system.variables if v.ledger == ledger and not v.name.startswith("in.")]
        names = {"out": "has left", "pruned": "elsewhere"}
        parts: dict[str, Array] = {}
        for variable in held:
            place = variable.name.partition(".")[0]
            amounts = self.solution.states[:, self.system.index(variable.name)]
            parts[names.get(place, place)] = parts.get(names.get(place, place), 0.0) + amounts
        last = [name for name in names.values() if name in parts]
        ordered = {name: parts[name] for name in [*(name for name in parts if name not in last), *last[::-1]]}
        whole = np.sum(list(ordered.values()), axis=0)
        figure_title = f"{ledger}, {self.regimen}"
        words = "all that entered"
        return balance_figure(
            self.times, ordered, y_title=f"{ledger} [{held[0].unit}]", title=figure_title, whole=whole, whole_name=words
        )

    def __str__(self) -> str:
        state = "" if self else f" FAILED at {self.outcome.time:.4g} h: {self.outcome.what}. {self.outcome.remedy}"
        books = ", ".join(f"{ledger} {value:.1e}" for ledger, value in self.residuals.items()) if self else ""
        lines = [
            f"Run of {self.model.name} ({self.model.carrier.name} in {self.model.body.name}) to {self.end:g} h{state}",
            f"  dose    {self.regimen}",
            *(f"          {note}" for note in self.notes),
            f"  ledgers {books}",
        ]
        lines += [f"  {self[column.name]}" for column in self.system.columns] if self else []
        for reason in dict.fromkeys(self.system.unavailable.values()):
            names = [name for name, known in self.system.unavailable.items() if known == reason]
            lines.append(f"  unavailable, as {reason}: {', '.join(names)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        if self:
            for column in self.system.columns:
                top, when = self[column.name].maximum
                rows.append((column.name, format_quantity(top, column.unit), f"{when:.3g} h", column.about))
        rows += [(name, "unavailable", "", reason) for name, reason in self.system.unavailable.items()]
        head = str(self).splitlines()
        about = " · ".join(line.strip() for line in head[: 3 + len(self.notes)])
        return card("Run", about, table(("observable", "largest", "at", "what it is"), rows))
