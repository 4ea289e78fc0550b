"""Floor 9: dose-response in a report: wells and curves, the numbers with their intervals, and what is to know."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.dose_response.results import Curves
from exodelivery.reports.section import Section, figure_html

MOST = 200
"""Rows of the table; the file of numbers has them all."""
MEANING = {
    "response": "Response as measured; the IC50 is where half of the response without drug is left.",
    "viability": "Viability, relative to untreated wells; the IC50 is where half of it is left.",
    "gr": "Growth rate relative to untreated wells: 1 as without drug, 0 no growth, below 0 fewer than before.",
}


def render(curves: Curves) -> Section:
    """Return the section of dose-response curves."""
    potency = ("GR50", "GEC50") if curves.scale == "gr" else ("IC50", "EC50")
    rows = [
        (
            curve.name, str(curve.ic50), str(curve.ec50), str(curve["hill"]), str(curve["einf"]), str(curve["auc"]),
            "; ".join(curve.words),
        )
        if curve
        else (curve.name, "", "", "", "", "", "; ".join(curve.words))
        for curve in list(curves)[:MOST]
    ]  # fmt: skip
    caption = "Wells and fitted curves; crosses are flagged as far off and were kept."
    parts = [
        paragraphs(MEANING[curves.scale], "Intervals are 95 % profiles where ends are given."),
        figure_html(curves.figure(), caption),
        table(("curve", *potency, "hill", "at an endless dose", "area under the curve", "to know"), rows),
    ]
    if len(curves) > MOST:
        parts.append(paragraphs(f"{len(curves) - MOST} more curves are not shown."))
    return Section("Dose-response", Markup("\n").join(parts), "", curves.citations)
