"""Floor 8: the verdict as a noun: rows of ratios with their doubt, what was left out and why, and how it is shown."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import badge, card, paragraphs
from exodelivery.draw.html import table as html_table
from exodelivery.judge.verdict import UNDECIDED, UNDER_ASSUMPTIONS

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 110
_MEANING = f"P(better) holds {UNDER_ASSUMPTIONS}"


@dataclass(frozen=True, slots=True)
class Row:
    """One carrier against the baseline by one metric, doses matched one way.

    Attributes
    ----------
    carrier, metric, about, matching : str
    horizon : float
        [h].
    ratio, low, high : float
        At the estimate, and the 2.5 and 97.5 % quantiles of the draws; NaN ends where too few runs succeeded.
    p_better : float or None
        Share of draws in which the carrier is better; None where neither way is.
    p_equivalent : float
        Share of draws within 0.8 to 1.25.
    shares : mapping
        Share of the variance of the log ratio by origin; empty where a run that it needs failed.
    headline : str
    failures : int
        Draws of either carrier that failed; they are in no number here.
    carrier_value, baseline_value : str
        At the estimate, with unit.
    p_by_margin : float or None
        Share of draws in which the carrier is better by more than the limits of equivalence; None where neither way is.
    """

    carrier: str
    metric: str
    about: str
    matching: str
    horizon: float
    ratio: float
    low: float
    high: float
    p_better: float | None
    p_equivalent: float
    shares: Mapping[str, float]
    headline: str
    failures: int
    carrier_value: str
    baseline_value: str
    p_by_margin: float | None = None

    @property
    def rests_on(self) -> str:
        """The largest origin of the doubt with its share."""
        if not self.shares:
            return "unknown"
        origin = max(self.shares, key=lambda one: self.shares[one])
        return f"{100 * self.shares[origin]:.0f} % {origin}"

    @property
    def label(self) -> str:
        """Carrier, metric and matching in one line."""
        return f"{self.carrier}: {self.metric}, same {self.matching}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Carriers against a baseline, with the doubt.

    Attributes
    ----------
    model, baseline : str
    carriers : tuple of str
        Those that were compared.
    dose : str
        As given to the baseline.
    horizon : float
        [h].
    draws : int
    rows : tuple of Row
    headline : str
    notes : tuple of str
        What the doses are, what took a spread by default, what failed.
    left_out : tuple of str
        What was not compared, each with its reason.
    citations : tuple of Citation
    seed : int
        Of the draws.
    """

    model: str
    baseline: str
    carriers: tuple[str, ...]
    dose: str
    horizon: float
    draws: int
    rows: tuple[Row, ...]
    headline: str
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = field(default=(), repr=False)
    seed: int = 1

    def row(self, carrier: str, metric: str, matching: str = "drug") -> Row:
        """Return one row by its names.

        Raises
        ------
        KeyError
            If there is none; ``left_out`` may say why.
        """
        for row in self.rows:
            if (row.carrier, row.metric, row.matching) == (carrier, metric, matching):
                return row
        raise KeyError(f"no row for {carrier!r}, {metric!r}, same {matching!r}; see left_out")

    def table(self) -> pd.DataFrame:
        """Return all rows as a pandas frame, the shares of variance in columns of their own."""
        import pandas as pd

        plain = (
            "carrier",
            "metric",
            "matching",
            "ratio",
            "low",
            "high",
            "p_better",
            "p_by_margin",
            "p_equivalent",
            "headline",
        )
        records = []
        for row in self.rows:
            record: dict[str, Any] = {name: getattr(row, name) for name in plain}
            record |= {f"share {origin}": share for origin, share in row.shares.items()}
            record |= {
                "failures": row.failures,
                "value": row.carrier_value,
                "baseline value": row.baseline_value,
            }
            records.append(record)
        return pd.DataFrame(records)

    def plot(self) -> Any:
        """Return a forest of the ratios."""
        from exodelivery.draw.figure import ForestRow, forest_figure

        rows = [
            ForestRow(row.label, row.ratio, row.low, row.high, row.p_better, _note(row))
            for row in self.rows
            if row.low == row.low
        ]
        return forest_figure(
            rows,
            f"Against {self.baseline}, over {self.horizon / 24:g} d",
            x_title=f"ratio to {self.baseline}",
        )

    def shares_plot(self) -> Any:
        """Return bars of what the variance of each row rests on."""
        from exodelivery.draw.figure import bars_figure

        return bars_figure({row.label: dict(row.shares) for row in self.rows if row.shares}, "What the doubt rests on")

    def _legend(self) -> list[str]:
        undecided = any(row.headline == UNDECIDED for row in self.rows)
        return [f"(a) {UNDECIDED}: assumptions carry more than half of the doubt; {_MEANING}"] if undecided else []

    def __str__(self) -> str:
        lines = [
            f"{self.model}: carriers against {self.baseline}, {self.dose}, over {self.horizon / 24:g} d",
            *(line for text in self.headline.splitlines() for line in _wrapped(text, "  ")),
        ]
        groups = dict.fromkeys((row.carrier, row.matching) for row in self.rows)
        for carrier, matching in groups:
            lines += ["", f"{carrier} / {self.baseline}, same {matching}"]
            lines.append(_columns("", "ratio", "95 % interval", "P(better)", "P(equal)", "doubt rests on", "verdict"))
            lines += [_line(row) for row in self.rows if (row.carrier, row.matching) == (carrier, matching)]
        lines += [line for text in self._legend() for line in ("", *_wrapped(text, "  "))]
        for title, texts in (("left out", self.left_out), ("notes", self.notes)):
            if texts:
                lines += ["", title, *(line for text in texts for line in _wrapped(text, "  - "))]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header = (
            "carrier",
            "metric",
            "same",
            "ratio",
            "95 % interval",
            "P(better)",
            "P(equal)",
            "doubt",
            "verdict",
        )
        rows = [
            (
                row.carrier,
                row.metric,
                row.matching,
                f"{row.ratio:.3g}",
                f"{row.low:.3g} to {row.high:.3g}",
                _chance(row),
                f"{row.p_equivalent:.2f}",
                badge(row.rests_on, row.rests_on.split(" ")[-1]),
                row.headline,
            )
            for row in self.rows
        ]
        body = html_table(header, rows)
        about = f"{self.dose}; over {self.horizon / 24:g} d; {self.draws} draws"
        words = paragraphs(*self.headline.splitlines())
        rest = paragraphs(*self._legend(), *(f"Left out: {text}" for text in self.left_out), *self.notes)
        return card(f"{self.model}: carriers against {self.baseline}", about, words + body + rest)


def _note(row: Row) -> str:
    return UNDER_ASSUMPTIONS if row.headline == UNDECIDED else ""


def _chance(row: Row) -> str:
    if row.p_better is None:
        return "–"
    return f"{row.p_better:.2f}" + (" (a)" if row.headline == UNDECIDED else "")


def _line(row: Row) -> str:
    interval = f"{row.low:.3g} to {row.high:.3g}"
    equal = f"{row.p_equivalent:.2f}"
    verdict = "undecided (a)" if row.headline == UNDECIDED else row.headline
    return _columns(row.metric, f"{row.ratio:.3g}", interval, _chance(row), equal, row.rests_on, verdict)


def _columns(*cells: str) -> str:
    widths = (23, 8, 20, 9, 8, 15)
    *first, last = cells
    return ("  " + " ".join(cell.ljust(width) for cell, width in zip(first, widths, strict=True)) + " " + last).rstrip()


def _wrapped(text: str, lead: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False)
