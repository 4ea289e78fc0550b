"""Floor 9: a fit in a report: its verdict, predictions beside observations, and what was learnt of each parameter.

Misses stand with the hits: a residual beyond two standard deviations is said in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from exodelivery.draw.figure import Line, Points, lines_figure, overlay
from exodelivery.draw.html import badge, paragraphs, table, with_sign
from exodelivery.fitting.result import Fit, PredictionRow
from exodelivery.fitting.show import learnt
from exodelivery.reports.section import Section, figure_html, heading
from exodelivery.units import format_number

MISS = 2.0
"""A standardised residual beyond this is called a miss."""


def render(fit: Fit) -> Section:
    """Return a fit's section."""
    used = [row for row in fit.predictions if row.used]
    missed = sum(map(_missed, used))
    count = f"{missed} of the {len(used)} records used lie more than two standard deviations from the prediction."
    method = ", ".join(f"{name} {value}" for name, value in fit.method.items())
    html = Markup("\n").join(
        [
            paragraphs(fit.about, *fit.verdict.sentences),
            paragraphs(f"Method: {method}; seed {fit.seed}. Studies: {', '.join(fit.studies) or 'none'}."),
            heading("Observed and predicted"),
            paragraphs(count),
            _figure(fit.predictions),
            _predictions(fit.predictions),
            *_by_arm(used),
            heading("What was learnt"),
            _parameters(fit),
            paragraphs(f"No record feels: {', '.join(fit.untouched)}." if fit.untouched else ""),
        ]
    )
    headline = f"Fit {fit.name}: {fit.verdict.sentences[0]} {count}"
    return Section(f"Fit {fit.name}", html, headline, fit.citations)


def _missed(row: PredictionRow) -> bool:
    return not abs(row.residual) <= MISS


def _by_arm(used: Sequence[PredictionRow]) -> list[Markup]:
    """Return how far each arm lies off, where there are several: a joint fit may please one at another's cost."""
    arms: dict[str, list[float]] = {}
    for row in used:
        arms.setdefault(f"{row.study} {row.arm}", []).append(row.residual)
    if len(arms) < 2:
        return []
    rows = [
        (
            arm,
            str(len(found)),
            format_number(sum(one * one for one in found), 3),
            with_sign(sum(found) / len(found), 2),
            with_sign(max(found, key=abs), 2),
        )
        for arm, found in arms.items()
    ]
    header = ("study and arm", "records", "sum of squares", "mean residual [SD]", "farthest [SD]")
    return [heading("Misfit by arm"), table(header, rows)]


def _between(low: float, high: float) -> str:
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"{format_number(low, 3)} to {format_number(high, 3)}"


def _parameters(fit: Fit) -> Markup:
    rows = [
        (
            row.name,
            row.value,
            _between(row.low, row.high),
            f"{row.rse:.0f}",
            row.word,
            f"{100 * row.share:.0f} %",
            badge(row.origin),
        )
        for row in learnt(fit)
    ]
    return table(("parameter", "estimate", "95 %", "RSE %", "the data say", "from records", "prior"), rows)


def _predictions(predictions: Sequence[PredictionRow]) -> Markup:
    # The same note stands behind many records: it is written once, below.
    notes = list(dict.fromkeys(row.note for row in predictions if row.note))
    rows = [
        (
            f"{row.study} {row.arm}",
            row.what,
            row.observed_text.removeprefix(row.what).strip(),
            _between(row.low, row.high),
            f"{format_number(row.predicted, 3)} {row.unit}",
            "" if math.isnan(row.residual) else with_sign(row.residual, 2),
            _remarks(row, notes),
        )
        for row in predictions
    ]
    header = ("study and arm", "what", "observed", "its 95 %", "predicted", "residual [SD]", "remarks")
    return Markup("\n").join(
        [table(header, rows), paragraphs(*(f"({n}) {note}" for n, note in enumerate(notes, start=1)))]
    )


def _remarks(row: PredictionRow, notes: Sequence[str]) -> Markup:
    words = [] if row.used else ["not used in the fit"]
    if row.used and math.isnan(row.residual):
        words.append("no prediction")
    elif row.used and _missed(row):
        words.append(f"missed: observed {'higher' if row.observed > row.predicted else 'lower'}")
    if row.extrapolated > 0.01:
        words.append(f"{100 * row.extrapolated:.0f} % of the area lies beyond the run")
    marked = Markup("<strong>{}</strong>" if row.used and _missed(row) else "{}").format("; ".join(words))
    return marked + (Markup(" ({})").format(notes.index(row.note) + 1) if row.note else Markup(""))


def _figure(predictions: Sequence[PredictionRow]) -> Markup:
    """Observed against predicted on two logarithmic axes, each study with its own colour and mark."""
    used = [row for row in predictions if row.used]
    shown = [row for row in used if min(row.observed, row.predicted) > 0 and math.isfinite(row.predicted)]
    if not shown:
        return Markup("")
    ends = [value for row in shown for value in (row.observed, row.predicted)]
    line = Line("observed = predicted", [min(ends), max(ends)], [min(ends), max(ends)])
    groups: dict[str, list[PredictionRow]] = {}
    for row in shown:
        groups.setdefault(row.study, []).append(row)
    points = [
        Points(
            study,
            [row.predicted for row in rows],
            [row.observed for row in rows],
            [row.observed if math.isnan(row.low) else row.low for row in rows],
            [row.observed if math.isnan(row.high) else row.high for row in rows],
            [f"{row.title} [{row.unit}]" for row in rows],
        )
        for study, rows in groups.items()
    ]
    figure = overlay(lines_figure([line], x_title="predicted", y_title="observed"), points, series=[line])
    figure.update_xaxes(type="log", exponentformat="power", dtick=1 if max(ends) > 30 * min(ends) else None)
    figure.update_yaxes(autorange=True)
    left = len(used) - len(shown)
    note = f" Not positive, and so in the table only: {left}." if left else ""
    return figure_html(figure, f"Observed against predicted, each record in its own unit; bars are 95 %.{note}")
