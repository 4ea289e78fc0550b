"""Floor 8: a plan as a noun: who is killed when, what is assayed, what that is worth beside plain designs."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import card, paragraphs
from exodelivery.draw.html import table as html_table
from exodelivery.units import format_number

if TYPE_CHECKING:
    import pandas as pd

NORMAL = 1.959963984540054
PLANNED, EQUAL, LOGARITHMIC = "planned", "equally spaced", "spaced by the logarithm"
SOURCES = (
    Citation("Chaloner K, Verdinelli I. Stat Sci 1995;10:273.", doi="10.1214/ss/1177009939"),
    Citation("Rocke DM, Lorenzato S. Technometrics 1995;37:176.", doi="10.1080/00401706.1995.10484302"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Animals of one arm that are killed together.

    Attributes
    ----------
    arm : str
    time : float
        When they are killed [h].
    animals : int
    assays : tuple of str
        Observables that are assayed in each at that time.
    before : tuple of (str, float)
        Micro-samples of each before: observable and time [h].
    cost : float
    """

    arm: str
    time: float
    animals: int
    assays: tuple[str, ...]
    before: tuple[tuple[str, float], ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Worth:
    """What a design is expected to settle, over draws of all that is uncertain.

    Attributes
    ----------
    design : str
    animals, assays : int
    cost : float
    typical : float
        Of a contrast, the root of the mean variance of the log ratio that is left; of mechanisms, the median
        expected log Bayes factor for the true one.
    worst : float
        Of the draws: the largest standard deviation, or the smallest log Bayes factor.
    score : float
        What was minimised.
    """

    design: str
    animals: int
    assays: int
    cost: float
    typical: float
    worst: float
    score: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a design settled in simulated experiments of known truth, each refitted.

    Attributes
    ----------
    design : str
    truths, failed : int
        Drawn from what is believed; those of them that could not be run or fitted.
    error : float
        Root mean square of estimated minus true log ratio.
    width : float
        Mean width of the 95 % interval of the log ratio.
    covered : float
        Share of the intervals that hold the truth.
    """

    design: str
    truths: int
    failed: int
    error: float
    width: float
    covered: float


@dataclass(frozen=True, slots=True)
class Assay:
    """What one assay tells on its own: the best time of an observable in an arm.

    Attributes
    ----------
    arm, observable : str
    time : float
        [h].
    gain : float
        By how much one group with this assay alone lowers what is minimised.
    per_cost : float
    """

    arm: str
    observable: str
    time: float
    gain: float
    per_cost: float


@dataclass(frozen=True, slots=True)
class Plan:
    """An experiment, and what it is expected to settle.

    Attributes
    ----------
    model, baseline : str
    carriers : tuple of str
    dose : str
    aim : str
        ``contrast`` or ``mechanisms``.
    question : str
        What it is to settle, in words.
    horizon : float
        [h].
    groups : tuple of Group
        By arm, then by time.
    before : Worth
        What is known without an experiment; of mechanisms, nothing.
    planned : Worth
    naive : tuple of Worth
        Plain designs of the same budget: everything assayed at evenly spaced times, in the carriers of the question.
    efficiency : float
        How near the plan is to a bound on every design of this budget, animals being divisible: of a contrast, the
        least variance over the plan's; of mechanisms, the plan's separation over the greatest.
    assays : tuple of Assay
        Each arm's observables alone, the most telling first.
    trials : tuple of Trial
    budget : float
    draws : int
    notes, left_out : tuple of str
    citations : tuple of Citation
    """

    model: str
    baseline: str
    carriers: tuple[str, ...]
    dose: str
    aim: str
    question: str
    horizon: float
    groups: tuple[Group, ...]
    before: Worth
    planned: Worth
    naive: tuple[Worth, ...]
    efficiency: float
    assays: tuple[Assay, ...]
    trials: tuple[Trial, ...]
    budget: float
    draws: int
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = SOURCES

    @property
    def headline(self) -> str:
        """The plan in one sentence or two."""
        size = f"{self.planned.animals} animals and {self.planned.assays} assays"
        if not self.groups:
            return f"No assay of these arms tells anything about {self.question}."
        if self.aim == "mechanisms":
            rest = "; ".join(f"{one.design}, {one.typical:.2g}" for one in self.naive)
            return (
                f"{size} give an expected log Bayes factor of {self.planned.typical:.2g} between {self.question} "
                f"(the same budget {rest})."
            )
        rest = "; ".join(f"{one.design}, {factor(one.typical)}" for one in self.naive)
        return (
            f"{size} leave {self.question} known to a factor of {factor(self.planned.typical)} either way, from "
            f"{factor(self.before.typical)} now (the same budget {rest})."
        )

    @property
    def worths(self) -> tuple[Worth, ...]:
        """All designs that are held against one another."""
        return (self.before, self.planned, *self.naive) if self.aim == "contrast" else (self.planned, *self.naive)

    def table(self) -> pd.DataFrame:
        """Return the plan as a pandas frame, a row for each group of animals."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "arm": one.arm,
                    "time [h]": one.time,
                    "animals": one.animals,
                    "assays": "; ".join(one.assays),
                    "micro-samples": "; ".join(f"{name} at {when:g} h" for name, when in one.before),
                    "cost": one.cost,
                }
                for one in self.groups
            ]
        )

    def plot(self) -> Any:
        """Return the plan as a figure: time across, arms and what is assayed down, animals as the size of a mark."""
        from exodelivery.judge.planning.figure import plan_figure

        return plan_figure(self)

    @property
    def group_header(self) -> tuple[str, ...]:
        """The header of :meth:`rows`; micro-samples have a column where there are any."""
        serial = ("micro-samples before",) if any(one.before for one in self.groups) else ()
        return ("arm", "killed at", "animals", "cost", "assayed in each", *serial)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the groups in words."""
        found: list[tuple[str, ...]] = []
        for one in self.groups:
            plain = (one.arm, clock(one.time), str(one.animals), f"{one.cost:.4g}", ", ".join(one.assays))
            early = ", ".join(f"{name} at {clock(when)}" for name, when in one.before)
            found.append((*plain, early) if len(self.group_header) > len(plain) else plain)
        return found

    def worth_rows(self) -> list[tuple[str, ...]]:
        """Return the designs against one another in words."""
        found: list[tuple[str, ...]] = []
        for one in self.worths:
            typical, worst = (factor(one.typical), factor(one.worst)) if self.aim == "contrast" else (
                f"{one.typical:.2g}", f"{one.worst:.2g}"
            )  # fmt: skip
            found.append((one.design, str(one.animals), str(one.assays), f"{one.cost:.4g}", typical, worst))
        return found

    def trial_rows(self) -> list[tuple[str, ...]]:
        """Return the simulated experiments in words."""
        return [
            (
                one.design,
                f"{one.truths - one.failed} of {one.truths}",
                f"{one.error:.3f}",
                f"{one.width:.3f}",
                f"{100 * one.covered:.0f} %",
            )
            for one in self.trials
        ]

    def assay_rows(self, most: int = 8) -> list[tuple[str, ...]]:
        """Return the most telling assays in words."""
        return [
            (one.arm, one.observable, clock(one.time), f"{one.gain:.3g}", f"{one.per_cost:.3g}")
            for one in self.assays[:most]
        ]

    @property
    def worth_header(self) -> tuple[str, ...]:
        """The header of :meth:`worth_rows`."""
        ends = ("known to a factor", "at worst") if self.aim == "contrast" else ("log Bayes factor", "at worst")
        return ("design", "animals", "assays", "cost", *ends)

    def __str__(self) -> str:
        parts = [
            f"{self.model}: a plan for {self.question}, {self.dose}, budget {self.budget:g}",
            *_wrapped(self.headline, "  "),
            *_columns(self.group_header, self.rows()),
            "",
            *_columns(self.worth_header, self.worth_rows()),
            f"  over {self.draws} draws of all that is uncertain; at {100 * self.efficiency:.0f} % of the bound on any "
            "design",
        ]
        if self.trials:
            parts += ["", "simulated and refitted", *_columns(TRIAL_HEADER, self.trial_rows())]
        if self.assays:
            parts += ["", "one group with one assay alone", *_columns(ASSAY_HEADER, self.assay_rows())]
        for title, texts in (("left out", self.left_out), ("notes", self.notes)):
            if texts:
                parts += ["", title, *(line for text in texts for line in _wrapped(text, "  - "))]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = html_table(self.group_header, self.rows()) + html_table(self.worth_header, self.worth_rows())
        if self.trials:
            body += paragraphs("Simulated and refitted") + html_table(TRIAL_HEADER, self.trial_rows())
        rest = paragraphs(*(f"Left out: {text}" for text in self.left_out), *self.notes)
        return card(f"A plan for {self.question}", self.headline, body + rest)


TRIAL_HEADER = ("design", "truths", "error", "width", "held")
ASSAY_HEADER = ("arm", "assay", "best at", "gain", "by cost")


def factor(sd: float) -> str:
    """Return the factor to either side that holds 95 % at a standard deviation of the log.

    Examples
    --------
    >>> factor(0.0), factor(0.3537)
    ('1', '2')
    """
    wide = math.exp(min(NORMAL * sd, 700.0)) if math.isfinite(sd) else math.inf
    return format_number(wide, 3) if wide < 1e4 else f"{wide:.1e}"


def clock(time: float) -> str:
    """Return a time in the unit that people say.

    Examples
    --------
    >>> clock(0.25), clock(6.0), clock(168.0)
    ('15 min', '6 h', '7 d')
    """
    if time < 1:
        return f"{60 * time:.3g} min"
    return f"{time / 24:.3g} d" if time >= 48 else f"{time:.3g} h"


def _columns(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    both = [header, *rows]
    widths = [max(len(row[n]) for row in both) for n in range(len(header))]
    return [f"  {'  '.join(map(str.ljust, row, widths))}".rstrip() for row in both]


def _wrapped(text: str, lead: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False)
