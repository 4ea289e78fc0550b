"""Floor 9: a fit in a report: its verdict, its parameters with their doubt, predictions beside observations.

Misses stand with the hits: a residual beyond two standard deviations is said in words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from exodelivery.citation import Citation
from exodelivery.draw.figure import Line, Points, lines_figure, overlay
from exodelivery.draw.html import escape, paragraphs, table, with_sign
from exodelivery.reports.nouns import FitNoun, Prediction
from exodelivery.reports.section import Section, figure_html, heading

MISS = 2.0
"""A standardised residual beyond this is called a miss."""


def render(fit: FitNoun) -> Section:
    """Return a fit's section."""
    used = [one for one in fit.predictions if one.used]
    missed = [one for one in used if _missed(one)]
    count = f"{len(missed)} of the {len(used)} records used lie more than two standard deviations from the prediction."
    how = f"Method: {fit.method}. Seed: {fit.seed}. Studies: {', '.join(map(_study_name, _studies(fit))) or 'none'}."
    html = Markup("\n").join(
        [
            paragraphs(fit.about, fit.verdict, how),
            heading("Estimates"),
            _parameters(fit),
            heading("Observed and predicted"),
            paragraphs(count),
            _figure(fit.predictions),
            _predictions(fit.predictions),
        ]
    )
    found = (getattr(study, "citation", None) for study in _studies(fit))
    return Section(
        f"Fit {fit.name}",
        html,
        headline=fit.verdict,
        citations=tuple(c for c in found if isinstance(c, Citation)),
    )


def _studies(fit: FitNoun) -> Sequence[object]:
    # A mapping of studies by name, or a sequence of studies or of names.
    return list(fit.studies.values()) if isinstance(fit.studies, Mapping) else list(fit.studies)


def _study_name(study: object) -> str:
    return str(getattr(study, "name", study))


def _missed(one: Prediction) -> bool:
    return one.residual is not None and not abs(one.residual) <= MISS


def _parameters(fit: FitNoun) -> Markup:
    rows = [
        (
            one.name,
            one.value,
            "" if one.se_percent is None else f"{one.se_percent:.3g} %",
            _interval(one.low, one.high),
            f"{one.status}{'; at the edge of its range' if one.at_bound else ''}",
        )
        for one in fit.parameters
    ]
    return table(("parameter", "estimate", "RSE", "95 % interval", "what the data say of it"), rows)


def _interval(low: object, high: object) -> str:
    return "" if low is None or high is None else f"{escape(low)} to {escape(high)}"


def _predictions(predictions: Sequence[Prediction]) -> Markup:
    rows = [
        (
            one.study,
            one.arm,
            one.what,
            one.text,
            _interval(one.low, one.high),
            Markup("{} {}").format(escape(float(one.predicted)), one.unit),
            "" if one.residual is None else with_sign(one.residual),
            _judged(one),
        )
        for one in predictions
    ]
    header = ("study", "arm", "what", "observed", "its interval", "predicted", "residual [SD]", "")
    return table(header, rows)


def _judged(one: Prediction) -> Markup:
    words = [] if one.used else ["not used in the fit"]
    if one.residual is None:
        words.append("no residual")
    elif _missed(one):
        words.append("missed: observed higher" if one.residual > 0 else "missed: observed lower")
    shown = "<strong>{}</strong>" if _missed(one) else "{}"
    return Markup(shown).format("; ".join(words))


def _figure(predictions: Sequence[Prediction]) -> Markup:
    """Observed against predicted on two logarithmic axes, each study with its own colour and mark."""
    shown = [
        one for one in predictions if min(one.observed, one.predicted) > 0 and math.isfinite(one.predicted)
    ]
    if not shown:
        return Markup("")
    ends = [value for one in shown for value in (one.observed, one.predicted)]
    line = Line("observed = predicted", [min(ends), max(ends)], [min(ends), max(ends)])
    groups: dict[str, list[Prediction]] = {}
    for one in shown:
        groups.setdefault(one.study, []).append(one)
    points = [
        Points(
            study,
            [one.predicted for one in ones],
            [one.observed for one in ones],
            [one.observed if one.low is None else one.low for one in ones],
            [one.observed if one.high is None else one.high for one in ones],
            [f"{one.arm}, {one.what} [{one.unit}]" for one in ones],
        )
        for study, ones in groups.items()
    ]
    figure = lines_figure([line], x_title="predicted", y_title="observed")
    figure = overlay(figure, points, series=[line])
    figure.update_xaxes(type="log", exponentformat="power", dtick=1 if max(ends) > 30 * min(ends) else None)
    figure.update_yaxes(autorange=True)
    left = len(predictions) - len(shown)
    note = f" {left} that are not positive are in the table only." if left else ""
    return figure_html(figure, f"Observed against predicted, each record in its own unit, bars 95 %.{note}")
