"""Floor 6: the noun that an analysis gives: a table of the field's numbers, with units, notes and exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.draw.html import card, paragraphs, table
from exodelivery.errors import SimulationError, UnitError, nearest
from exodelivery.solve.noncompartmental.analyse import Analysis, Manner
from exodelivery.solve.noncompartmental.below_limit import BelowLimit
from exodelivery.solve.noncompartmental.curve import Curve
from exodelivery.solve.noncompartmental.parameters import EXTRAVASCULAR_CODES, NAMES, ROWS
from exodelivery.solve.noncompartmental.sparse import Sparse, ratio_of_areas
from exodelivery.units import format_number, format_quantity, unit

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "Cmax", "Tmax", "AUC_last", "AUC_inf_obs", "AUC_extrap_obs", "AUC_tau", "half_life", "lambda_z", "R2_adjusted",
    "points", "CL_obs", "CL_F_obs", "CL_ss", "CL_ss_F", "Vz_obs", "Vz_F_obs", "Vss_obs", "Vss", "MRT_inf_obs", "MRT_ss",
)  # fmt: skip
"""What a repr shows; the table has all."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """One curve with its numbers.

    Attributes
    ----------
    label : tuple of (str, str)
        Column and value, e.g. ``(("subject", "1"),)``.
    curve : Curve
        The samples used.
    dose : float or None
    analysis : Analysis
    design : Sparse or None
        Of a sparse design.
    """

    label: tuple[tuple[str, str], ...]
    curve: Curve
    dose: float | None
    analysis: Analysis
    design: Sparse | None = None

    @property
    def who(self) -> str:
        """The label in words."""
        return ", ".join(f"{column} {value}" for column, value in self.label) or "the curve"


@dataclass(frozen=True, slots=True, eq=False)
class Nca:
    """A noncompartmental analysis of one curve or of many.

    Attributes
    ----------
    curves : tuple of Analysed
    manner : Manner
        Route, rule of trapezoids, and what else holds for all.
    below : BelowLimit
    units : mapping
        ``level``, ``time`` and ``dose``, as far as they are known.
    """

    curves: tuple[Analysed, ...]
    manner: Manner
    below: BelowLimit
    units: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that at least one curve has, in the order of the table."""
        return tuple(name for name in ROWS if any(name in item.analysis.values for item in self.curves))

    def __len__(self) -> int:
        return len(self.curves)

    def __getitem__(self, name: str) -> pd.Series[float]:
        """Return one number of every curve; nan where a curve does not have it."""
        frame = self.table()
        if name not in frame:
            raise SimulationError(f"the analysis has no {name!r}", remedy=nearest(name, map(str, frame.columns)))
        column: pd.Series[float] = frame[name]
        return column

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def unit(self, name: str) -> str:
        """Return the unit of a number, empty where the analysis was not told its units."""
        return self._scaled(name)[0]

    def _scaled(self, name: str) -> tuple[str, float]:
        """Return the unit of a number and the factor that brings it there."""
        kind = "L*T" if name.startswith("AUC_") and name not in ROWS else ROWS[name].unit
        level, time, dose = (self.units.get(key, "") for key in ("level", "time", "dose"))
        if kind in ("1", "%"):
            return kind, 1.0
        if kind in ("L", "T", "1/T", "L*T", "L*T^2"):
            text = {"L": level, "T": time, "1/T": f"1/{time}", "L*T": f"{level}*{time}", "L*T^2": f"{level}*{time}^2"}
            known = (level or "L" not in kind) and (time or "T" not in kind)
            return (text[kind] if known else ""), 1.0
        if not (level and time and dose):
            return "", 1.0
        after = f"/{time}" if kind == "D/(L*T)" else ""
        if kind in ("D/L", "D/(L*T)"):
            return _volume(dose, level, after)
        return (f"({level})/({dose})" if kind == "L/D" else f"({level}*{time})/({dose})"), 1.0

    def table(self, names: str = "own") -> pd.DataFrame:
        """Return every number, one row a curve; units stand in ``attrs["units"]``.

        Parameters
        ----------
        names : str
            ``own``, ``winnonlin`` (its *Final Parameters Pivoted*) or ``cdisc`` (SDTM codes); numbers that the others
            have no name for keep ours.

        Raises
        ------
        SimulationError
            For another kind of names.
        """
        import pandas as pd

        if names not in NAMES:
            raise SimulationError(f"numbers cannot be named by {names!r}", remedy=nearest(names, NAMES))
        windows = sorted({window for item in self.curves for window in item.analysis.windows})
        rows = []
        for item in self.curves:
            row: dict[str, Any] = dict(item.label)
            for name in self.names:
                value = item.analysis.values.get(name, np.nan)
                row[self._named(name, names)] = value * self._scaled(name)[1]
            for window in windows:
                row[_window_name(window)] = item.analysis.windows.get(window, np.nan)
            rows.append(row)
        frame = pd.DataFrame(rows)
        frame.attrs["units"] = {self._named(name, names): self.unit(name) for name in self.names} | {
            _window_name(window): self.unit("AUC_last") for window in windows
        }
        return frame

    def _named(self, name: str, names: str) -> str:
        if names == "own":
            return name
        if names == "cdisc":
            outside = self.manner.route == "extravascular"
            return (EXTRAVASCULAR_CODES.get(name, "") if outside else "") or ROWS[name].cdisc or name
        return ROWS[name].winnonlin or name

    def summary(self) -> pd.DataFrame:
        """Return n, mean, SD, CV, geometric mean and CV [%], median, least and most of each number over the curves."""
        import pandas as pd

        frame, rows = self.table(), {}
        for name in self.names:
            seen = frame[name].dropna().to_numpy(dtype=float)
            several, positive = len(seen) > 1, bool(np.all(seen > 0))
            logs = np.log(seen) if positive else np.array([np.nan])
            sd = float(seen.std(ddof=1)) if several else np.nan
            rows[name] = {
                "unit": self.unit(name),
                "n": len(seen),
                "mean": seen.mean(),
                "sd": sd,
                "cv [%]": 100 * sd / seen.mean() if several and seen.mean() else np.nan,
                "geometric mean": float(np.exp(logs.mean())),
                "geometric cv [%]": 100 * float(np.sqrt(np.expm1(logs.var(ddof=1))))
                if several and positive
                else np.nan,
                "median": float(np.median(seen)),
                "least": seen.min(),
                "most": seen.max(),
            }
        return pd.DataFrame.from_dict(rows, orient="index")

    def ratios(self, column: str, under: str) -> pd.DataFrame:
        """Return ratios of areas and peaks to those of one matrix, such as tissue to plasma.

        Parameters
        ----------
        column : str
            Of ``by``, e.g. ``"tissue"``.
        under : str
            Its value that the others are divided by, e.g. ``"plasma"``.

        Returns
        -------
        DataFrame
            One row a curve: ``AUC_last`` and ``Cmax`` ratios, for a sparse design with the standard error of the first;
            ``Tlast`` of both, since areas to different last times are not alike.

        Raises
        ------
        SimulationError
            If no curve has that column or value.
        """
        import pandas as pd

        base = {}
        for item in self.curves:
            label = dict(item.label)
            if label.pop(column, None) == under:
                base[tuple(label.items())] = item
        if not base:
            known = {dict(item.label).get(column, "") for item in self.curves}
            raise SimulationError(f"no curve has {column} {under!r}", remedy=nearest(under, known))
        rows = []
        for item in self.curves:
            label = dict(item.label)
            value = label.pop(column, None)
            beneath = base.get(tuple(label.items()))
            if value is None or value == under or beneath is None:
                continue
            above, below = item.analysis.values, beneath.analysis.values
            if not (above.get("AUC_last") and below.get("AUC_last")):
                continue
            row: dict[str, Any] = dict(item.label) | {"AUC_last ratio": above["AUC_last"] / below["AUC_last"]}
            if item.design is not None and beneath.design is not None:
                row["AUC_last ratio se"] = ratio_of_areas(item.design, beneath.design, self.manner.rule)[1]
            row |= {"Cmax ratio": above["Cmax"] / below["Cmax"]}
            rows.append(row | {"Tlast": above["Tlast"], f"Tlast {under}": below["Tlast"]})
        return pd.DataFrame(rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know of single curves, each with its label."""
        return tuple(f"{item.who}: {note}" for item in self.curves for note in item.analysis.notes)

    def excluded(self) -> pd.DataFrame:
        """Return every sample that was not used, with its row and the reason."""
        import pandas as pd

        rows = [
            {**dict(item.label), "row": gone.row, "time": gone.time, "why": gone.why}
            for item in self.curves
            for gone in item.curve.excluded
        ]
        return pd.DataFrame(rows, columns=None if rows else ["row", "time", "why"])

    def plot(self) -> Any:
        """Return the curves on a logarithmic axis, each with its terminal regression."""
        from exodelivery.draw.figure import Line, lines_figure

        lines = []
        for item in self.curves:
            positive = item.curve.levels > 0
            lines.append(Line(item.who, item.curve.times[positive], item.curve.levels[positive]))
            if (phase := item.analysis.terminal) is not None:
                at = np.array(phase.times)
                lines.append(Line(f"{item.who}: λz", at, np.array([phase.level(time) for time in at])))
        time, level = self.units.get("time", ""), self.units.get("level", "")
        titles = {"x_title": f"time [{time}]" if time else "time", "y_title": f"level [{level}]" if level else "level"}
        return lines_figure(lines, log_y=True, title=self._head(), **titles)

    def _head(self) -> str:
        how = self.manner.route + (f" over {self.manner.infused:g}" if self.manner.infused else "")
        steady = f", at steady state with tau {self.manner.tau:g}" if self.manner.tau else ""
        count = "one curve" if len(self.curves) == 1 else f"{len(self.curves)} curves"
        return f"Noncompartmental analysis of {count}: {how}{steady}, {self.manner.rule}"

    def _lines(self) -> Iterable[tuple[str, str]]:
        frame = self.table()
        for name in SHOWN:
            if name not in self.names:
                continue
            seen = frame[name].dropna().to_numpy(dtype=float)
            text = format_quantity(float(np.median(seen)), self.unit(name) or "1")
            if len(seen) > 1:
                text += f" (median of {len(seen)}; {format_number(seen.min())} to {format_number(seen.max())})"
            elif name == "AUC_last" and "AUC_last_se" in self.names:
                text += f" ± {format_number(float(frame['AUC_last_se'].iloc[0]))} (standard error)"
            yield name, text

    def _remarks(self) -> list[str]:
        gone = sum(len(item.curve.excluded) for item in self.curves)
        treated = sum(item.curve.treated for item in self.curves)
        found = (
            [str(self.below)] if treated or any("limit" in g.why for i in self.curves for g in i.curve.excluded) else []
        )
        if gone:
            found.append(f"{gone} samples are not used; .excluded() says why")
        notes = self.notes
        return found + list(notes[:8]) + ([f"… {len(notes) - 8} more in .notes"] if len(notes) > 8 else [])

    def __str__(self) -> str:
        lines = [self._head(), *(f"  {name:<15} {text}" for name, text in self._lines())]
        return "\n".join(lines + [f"  - {remark}" for remark in self._remarks()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(name, text, ROWS[name].about) for name, text in self._lines()]
        body = table(("", "", "what it is"), rows) + paragraphs(*self._remarks())
        return card("Noncompartmental analysis", self._head(), body)


def _window_name(window: tuple[float, float]) -> str:
    return f"AUC_{window[0]:g}_{window[1]:g}"


def _volume(dose: str, level: str, after: str) -> tuple[str, float]:
    """Return the unit of dose / level as a volume where it is one, and its factor; by body weight for such a dose."""
    amount, _, per = dose.partition("/")
    volume = level.rpartition("/")[2]
    try:
        held = unit(amount).dimension / unit(level).dimension
        if volume and held == unit(volume).dimension:
            factor = unit(amount).factor / (unit(level).factor * unit(volume).factor)
            return f"{volume}{'/' + per if per else ''}{after}", factor
    except UnitError:
        pass
    return f"({dose})/({level}){after}", 1.0
