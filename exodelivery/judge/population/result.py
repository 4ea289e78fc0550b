"""Floor 8: a virtual population as a noun: what subjects differ by and what is not known, apart."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import card, paragraphs
from exodelivery.draw.html import table as html_table
from exodelivery.judge.population.variability import Variation
from exodelivery.solve.timeline import Array
from exodelivery.units import format_number

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (5, 25, 50, 75, 95)
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """How a metric is distributed over subjects with one carrier.

    Attributes
    ----------
    carrier, metric, unit : str
    percentiles : tuple of float
        At the estimate: the 5th, 25th, 50th, 75th and 95th.
    doubt : tuple of (low, high)
        95 % interval of each of them over the doubt; NaN where too few draws succeeded.
    between_subjects, between_batches, of_doubt : float
        Standard deviation of the log of the metric by each alone: a cv, nearly.
    failures : int
        Subjects at the estimate whose run failed.
    """

    carrier: str
    metric: str
    unit: str
    percentiles: tuple[float, ...]
    doubt: tuple[Ends, ...]
    between_subjects: float
    between_batches: float
    of_doubt: float
    failures: int


@dataclass(frozen=True, slots=True)
class Better:
    """Of 100 subjects, how many are better off with a carrier than the same subject with the baseline.

    Attributes
    ----------
    carrier, metric : str
    percent : float
        At the estimate.
    low, high : float
        95 % interval over the doubt.
    p_most : float
        Probability, over the doubt, that more than half of the subjects are.
    ratio : tuple of float
        Percentiles of the subjects' own ratios at the estimate.
    """

    carrier: str
    metric: str
    percent: float
    low: float
    high: float
    p_most: float
    ratio: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Attainment:
    """The dose at which a share of subjects reaches a target.

    Attributes
    ----------
    carrier, metric, target : str
    share : float
        Of subjects asked for.
    now, now_low, now_high : float
        Share that reaches it at the dose given, and its 95 % interval over the doubt.
    factor, low, high : float
        On the dose given; infinite where not even the largest dose tried does it.
    p_reachable : float
        Probability, over the doubt, that a dose tried does it.
    words : str
    """

    carrier: str
    metric: str
    target: str
    share: float
    now: float
    now_low: float
    now_high: float
    factor: float
    low: float
    high: float
    p_reachable: float
    words: str


SPREADS = (
    "carrier",
    "metric",
    "median",
    "5 to 95 % of subjects",
    "doubt of the median",
    "subjects",
    "batches",
    "doubt",
)
BETTER = ("carrier", "metric", "% of subjects better off", "95 % interval", "P(most are)", "own ratio, 5 to 95 %")
TARGETS = ("carrier", "target", "reached now", "dose for it, times that given", "95 % interval", "in words")
VARIES = ("varies", "between", "cv", "status", "source or note")


@dataclass(frozen=True, slots=True, eq=False)
class Virtual:
    """A virtual population that meets every carrier.

    Attributes
    ----------
    model, baseline, dose, matching : str
    carriers : tuple of str
        Those held against the baseline.
    horizon : float
        [h].
    count, draws : int
        Subjects, and draws of the doubt.
    spreads : tuple of Spread
    better : tuple of Better
    attainments : tuple of Attainment
    varied : tuple of Variation
        The rows in force that some parameter takes.
    notes, left_out : tuple of str
    citations : tuple of Citation
    values : mapping of arrays, (subjects,)
        At the estimate, by carrier and metric.
    """

    model: str
    baseline: str
    carriers: tuple[str, ...]
    dose: str
    matching: str
    horizon: float
    count: int
    draws: int
    spreads: tuple[Spread, ...]
    better: tuple[Better, ...]
    attainments: tuple[Attainment, ...]
    varied: tuple[Variation, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = field(default=(), repr=False)
    values: Mapping[tuple[str, str], Array] = field(default_factory=dict, repr=False)

    @property
    def headline(self) -> str:
        """The verdict: a sentence for each carrier by the leading metric, and one for each target."""
        leading = [one for one in self.better if one.metric == self.better[0].metric]
        lines = [
            f"{one.percent:.0f} % of subjects get more {one.metric} with {one.carrier} than with {self.baseline}"
            if _more(one.metric)
            else f"{one.percent:.0f} % of subjects are better off by {one.metric} with {one.carrier} than with "
            f"{self.baseline}"
            for one in leading
        ]
        lines = [
            f"{line} ({_between(one.low, one.high, percent=True)} over what is not known)."
            for line, one in zip(lines, leading, strict=True)
        ]
        return "\n".join([*lines, *(one.words for one in self.attainments)])

    def spread(self, carrier: str, metric: str) -> Spread:
        """Return the distribution of one metric with one carrier.

        Raises
        ------
        KeyError
            If there is none.
        """
        for one in self.spreads:
            if (one.carrier, one.metric) == (carrier, metric):
                return one
        raise KeyError(f"no spread of {metric!r} with {carrier!r}; see left_out")

    def table(self) -> pd.DataFrame:
        """Return the distributions as a pandas frame, with the share of subjects better off."""
        import pandas as pd

        better = {(one.carrier, one.metric): one for one in self.better}
        records = []
        for one in self.spreads:
            record: dict[str, Any] = {"carrier": one.carrier, "metric": one.metric, "unit": one.unit}
            for percentile, centre, (low, high) in zip(PERCENTILES, one.percentiles, one.doubt, strict=True):
                record |= {f"p{percentile}": centre, f"p{percentile} low": low, f"p{percentile} high": high}
            record |= {
                "sd log between subjects": one.between_subjects,
                "sd log between batches": one.between_batches,
                "sd log of doubt": one.of_doubt,
                "failures": one.failures,
            }
            pair = better.get((one.carrier, one.metric))
            record |= {
                "percent better": pair.percent if pair else None,
                "percent better low": pair.low if pair else None,
                "percent better high": pair.high if pair else None,
            }
            records.append(record)
        return pd.DataFrame(records)

    def plot(self, metric: str = "") -> Any:
        """Return how a metric (the leading one unless given) is distributed over the subjects, by carrier."""
        from exodelivery.draw.population import Distribution, distribution_figure

        name = metric or self.spreads[0].metric
        chosen = [one for one in self.spreads if one.metric == name]
        rows = [Distribution(one.carrier, self.values[one.carrier, name], one.percentiles, one.doubt) for one in chosen]
        its_unit = f" [{chosen[0].unit}]" if chosen and chosen[0].unit else ""
        return distribution_figure(rows, PERCENTILES, x_title=f"{name}{its_unit}")

    def rows(self) -> dict[str, tuple[Sequence[str], list[tuple[str, ...]]]]:
        """Return each part as a header and rows of words, by its title; parts that are empty are left out."""
        parts = {
            "Better off, the same subject with either": (BETTER, [_better(one) for one in self.better]),
            "Targets": (TARGETS, [_target(one) for one in self.attainments]),
            "Distribution over subjects": (SPREADS, [_spread(one) for one in self.spreads]),
            "What varies": (VARIES, [_varies(one) for one in self.varied]),
        }
        return {title: part for title, part in parts.items() if part[1]}

    def __str__(self) -> str:
        lines = [f"{self.model}: {self.about}", *(_wrapped(self.headline, "  "))]
        for title, (header, rows) in self.rows().items():
            short = [tuple(cell[:60] for cell in row) for row in (header, *rows)]
            widths = [max(len(row[n]) for row in short) for n in range(len(header))]
            lines += ["", title, *(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip() for row in short)]
        for title, texts in (("left out", self.left_out), ("notes", self.notes)):
            if texts:
                lines += ["", title, *(line for text in texts for line in _wrapped(text, "  - "))]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def about(self) -> str:
        """Who was given what, in one line."""
        return (
            f"{self.count} subjects, each with {', '.join((self.baseline, *self.carriers))}; {self.dose}, same "
            f"{self.matching}, over {self.horizon / 24:g} d; {self.draws} draws of the doubt"
        )

    def _repr_html_(self) -> str:
        body = paragraphs(*self.headline.splitlines())
        for title, (header, rows) in self.rows().items():
            body += paragraphs(f"{title}:") + html_table(header, rows)
        rest = paragraphs(*(f"Left out: {text}" for text in self.left_out), *self.notes)
        return card(f"{self.model}: a virtual population", self.about, body + rest)


def _more(metric: str) -> bool:
    return "drug" in metric


def _number(value: float) -> str:
    return format_number(value, 3) if not math.isnan(value) else "unknown"


def _between(low: float, high: float, percent: bool = False) -> str:
    if math.isnan(low) or math.isnan(high):
        return "unknown"
    if percent:
        return f"{low:.0f} to {high:.0f} %"
    return f"{_number(low)} to {_number(high) if high != float('inf') else 'out of reach'}"


def _spread(one: Spread) -> tuple[str, ...]:
    low, high = one.doubt[2]
    return (
        one.carrier,
        one.metric,
        f"{_number(one.percentiles[2])} {one.unit}".rstrip(),
        _between(one.percentiles[0], one.percentiles[-1]),
        _between(low, high),
        f"{100 * one.between_subjects:.0f} %",
        f"{100 * one.between_batches:.0f} %",
        f"{100 * one.of_doubt:.0f} %" if not math.isnan(one.of_doubt) else "unknown",
    )


def _better(one: Better) -> tuple[str, ...]:
    return (
        one.carrier,
        one.metric,
        f"{one.percent:.0f} %",
        _between(one.low, one.high, percent=True),
        "unknown" if math.isnan(one.p_most) else f"{one.p_most:.2f}",
        _between(one.ratio[0], one.ratio[-1]),
    )


def _target(one: Attainment) -> tuple[str, ...]:
    factor = "out of reach" if one.factor == float("inf") else _number(one.factor)
    return (
        one.carrier,
        f"{one.metric} at least {one.target} in {100 * one.share:g} %",
        f"{100 * one.now:.0f} % ({_between(100 * one.now_low, 100 * one.now_high, percent=True)})",
        factor,
        _between(one.low, one.high) if one.low != float("inf") else "out of reach",
        one.words,
    )


def _varies(one: Variation) -> tuple[str, ...]:
    ends = f" ({one.range[0]} to {one.range[1]})" if one.range else ""
    between = "subjects" if one.level == "subject" else "batches"
    return (one.parameter, between, f"{one.cv}{ends}", one.status, "; ".join(filter(None, (one.source, one.note))))


def _wrapped(text: str, lead: str) -> list[str]:
    rest = " " * len(lead)
    return [
        line
        for one in text.splitlines()
        for line in textwrap.wrap(one, 110, initial_indent=lead, subsequent_indent=rest)
    ]
