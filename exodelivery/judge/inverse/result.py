"""Floor 8: designs as a noun: the front, what it rests on, and what lies beyond the evidence."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import card, paragraphs
from exodelivery.draw.html import table as html_table
from exodelivery.judge.inverse.knobs import Knob
from exodelivery.units import format_number

if TYPE_CHECKING:
    import pandas as pd

OWN = "as it is"


@dataclass(frozen=True, slots=True)
class Objective:
    """What is sought: a metric, or particles or drug given in all; ``direction`` is 1 where more is better."""

    name: str
    unit: str
    direction: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound that must hold with a probability over the doubt."""

    name: str
    bound: str
    value: float
    probability: float
    direction: int

    def __str__(self) -> str:
        side = "at least" if self.direction > 0 else "at most"
        return f"P({self.name} {side} {self.bound}) ≥ {self.probability:g}"


@dataclass(frozen=True, slots=True)
class Design:
    """One setting of the knobs.

    Attributes
    ----------
    number : int
        0 is the carrier as it is.
    knobs : mapping of float
    medians, low, high : mapping of float
        Of each objective over the doubt, with its 95 % interval.
    chances : tuple of float
        Probability that each constraint holds.
    kept : bool
        Whether all constraints are.
    outside : tuple of str
        Knobs that are set where there is no evidence.
    on_front : bool
        Within the evidence: no other such design beats it. Beyond it: no design at all does.
    p_front : float
        Probability, over the doubt, that none of the other designs of its front beats it.
    failures : int
        Draws that failed.
    """

    number: int
    knobs: Mapping[str, float]
    medians: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    chances: tuple[float, ...]
    kept: bool
    outside: tuple[str, ...]
    on_front: bool
    p_front: float
    failures: int


@dataclass(frozen=True, slots=True, eq=False)
class Designs:
    """What was tried, and the front of it.

    Attributes
    ----------
    model, carrier, dose : str
    horizon : float
        [h].
    draws, runs : int
    knobs : tuple of Knob
    objectives : tuple of Objective
    constraints : tuple of Constraint
    designs : tuple of Design
        The carrier as it is first.
    notes, left_out : tuple of str
    citations : tuple of Citation
    """

    model: str
    carrier: str
    dose: str
    horizon: float
    draws: int
    runs: int
    knobs: tuple[Knob, ...]
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    designs: tuple[Design, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = field(default=(), repr=False)

    @property
    def front(self) -> tuple[Design, ...]:
        """Designs that none of the others beats, by the first objective."""
        first = self.objectives[0]
        chosen = [one for one in self.designs if one.on_front]
        return tuple(sorted(chosen, key=lambda one: -first.direction * one.medians[first.name]))

    @property
    def within(self) -> tuple[Design, ...]:
        """The front of the designs that stay where there is evidence."""
        return tuple(one for one in self.front if not one.outside)

    @property
    def beyond(self) -> tuple[Design, ...]:
        """Designs of the whole front that lie where there is none."""
        return tuple(one for one in self.front if one.outside)

    @property
    def headline(self) -> str:
        """The verdict in words, within the evidence first."""
        asked = "; ".join(map(str, self.constraints))
        if not self.front:
            return "No design could be judged: every run failed."
        if not any(one.kept for one in self.front):
            most = max(min(one.chances) for one in self.front)
            return f"No design that was tried keeps {asked}; the nearest holds with {most:.2f}."
        lines = []
        for title, some in (("Within the evidence", self.within), ("Beyond the evidence", self.beyond)):
            good = [one for one in some if one.kept]
            lines.append(
                self._best(title, good[0])
                if good
                else f"{title}, nothing that was tried adds to the front{_under(asked)}."
            )
        return "\n".join(lines)

    def _best(self, title: str, top: Design) -> str:
        first, own = self.objectives[0], self.designs[0]
        asked = _under("; ".join(map(str, self.constraints)))
        beyond = f"; beyond in {', '.join(top.outside)}" if top.outside else ""
        gain = f"{top.medians[first.name] / own.medians[first.name]:.2g} times the carrier as it is"
        return f"{title}{asked}: {first.name} {gain} by {self.words(top)}{beyond}."

    def words(self, design: Design) -> str:
        """Return a design's knobs in words."""
        return ", ".join(
            f"{knob.name} {format_number(design.knobs[knob.name], 3)}{f' {knob.unit}' if knob.unit else ''}"
            for knob in self.knobs
        )

    def table(self) -> pd.DataFrame:
        """Return all designs as a pandas frame."""
        import pandas as pd

        records = []
        for one in self.designs:
            record: dict[str, Any] = {"design": one.number, **one.knobs}
            for objective in self.objectives:
                name = objective.name
                record |= {name: one.medians[name], f"{name} low": one.low[name], f"{name} high": one.high[name]}
            record |= {str(c): chance for c, chance in zip(self.constraints, one.chances, strict=True)}
            record |= {
                "kept": one.kept,
                "beyond the evidence": ", ".join(one.outside),
                "on the front": one.on_front,
                "P(front)": one.p_front,
                "failures": one.failures,
            }
            records.append(record)
        return pd.DataFrame(records)

    def plot(self) -> Any:
        """Return the designs by the first two objectives, the front joined."""
        from exodelivery.draw.pareto import Spot, pareto_figure

        x, y = self.objectives[0], self.objectives[-1]
        spots = [
            Spot(
                OWN if one.number == 0 else f"design {one.number}: {self.words(one)}",
                one.medians[x.name],
                one.medians[y.name],
                "own" if one.number == 0 else "front" if one.on_front else "kept" if one.kept else "broken",
                bool(one.outside),
            )
            for one in self.designs
            if math.isfinite(one.medians[x.name]) and math.isfinite(one.medians[y.name])
        ]
        return pareto_figure(spots, x_title=_titled(x), y_title=_titled(y))

    def header(self) -> tuple[str, ...]:
        """Return the heads of :meth:`rows`."""
        return (
            "design",
            *(f"{knob.name}{f' [{knob.unit}]' if knob.unit else ''}" for knob in self.knobs),
            *(f"{_titled(one)}, 95 %" for one in self.objectives),
            *(str(one) for one in self.constraints),
            "P(front)",
            "beyond the evidence",
        )

    def rows(self, most: int = 12) -> list[tuple[str, ...]]:
        """Return the carrier as it is and the front in words."""
        within, beyond = ([one for one in some if one.number][:most] for some in (self.within, self.beyond))
        shown = [self.designs[0], *within, *beyond]
        return [
            (
                OWN if one.number == 0 else str(one.number),
                *(format_number(one.knobs[knob.name], 3) for knob in self.knobs),
                *(
                    f"{format_number(one.medians[o.name], 3)} ({format_number(one.low[o.name], 2)} to "
                    f"{format_number(one.high[o.name], 2)})"
                    for o in self.objectives
                ),
                *(f"{chance:.2f}" for chance in one.chances),
                "" if math.isnan(one.p_front) else f"{one.p_front:.2f}",
                ", ".join(one.outside),
            )
            for one in shown
        ]

    def relations(self) -> list[tuple[str, ...]]:
        """Return every relation from knob to rate in words."""
        return [
            (
                knob.name,
                relation.parameter,
                f"{'1 - knob' if relation.law == 'keeps' else 'knob'} ^ {relation.power:g}"
                + (f" ({relation.range[0]:g} to {relation.range[1]:g})" if relation.range else ""),
                relation.status,
                relation.source,
            )
            for knob in self.knobs
            for relation in knob.relations
        ]

    @property
    def about(self) -> str:
        """What was sought, in one line."""
        sought = ", ".join(f"{'more' if one.direction > 0 else 'less'} {one.name}" for one in self.objectives)
        asked = f"; {'; '.join(map(str, self.constraints))}" if self.constraints else ""
        return (
            f"{self.carrier}, {self.dose}, over {self.horizon / 24:g} d: {sought}{asked}; {len(self.designs)} designs, "
            f"the same {self.draws} draws of the doubt for each; {self.runs} runs"
        )

    def __str__(self) -> str:
        table = [self.header(), *self.rows()]
        widths = [max(len(row[n]) for row in table) for n in range(len(table[0]))]
        lines = [*_wrapped(f"{self.model}: {self.about}", ""), *_wrapped(self.headline, "  "), ""]
        lines += [f"  {'  '.join(map(str.ljust, row, widths))}".rstrip() for row in table]
        for title, texts in (("left out", self.left_out), ("notes", self.notes)):
            if texts:
                lines += ["", title, *(line for text in texts for line in _wrapped(text, "  - "))]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rest = paragraphs(*(f"Left out: {text}" for text in self.left_out), *self.notes)
        body = paragraphs(*self.headline.splitlines()) + html_table(self.header(), self.rows()) + rest
        return card(f"{self.model}: designs of {self.carrier}", self.about, body)


RELATIONS = ("knob", "parameter", "law", "status", "source")


def _under(asked: str) -> str:
    return f", under {asked}" if asked else ""


def _titled(one: Objective) -> str:
    return f"{one.name}{f' [{one.unit}]' if one.unit else ''}"


def _wrapped(text: str, lead: str) -> list[str]:
    rest = " " * len(lead)
    return [
        line
        for one in text.splitlines()
        for line in textwrap.wrap(one, 110, initial_indent=lead, subsequent_indent=rest)
    ]
