"""Floor 9: designs of a carrier in a report: the front, what beyond it is an extrapolation, and every relation used."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.inverse.result import RELATIONS, Designs
from exodelivery.reports.section import Section, figure_html, fold


def render(found: Designs) -> Section:
    """Return the section of an inverse design."""
    caption = "Designs by their medians over the doubt; hollow marks lie beyond the evidence."
    html = [
        paragraphs(*found.headline.splitlines(), found.about),
        figure_html(found.plot(), caption),
        table(found.header(), found.rows()),
        fold("From knob to rate", table(RELATIONS, found.relations())),
        paragraphs(*(f"Left out: {text}" for text in found.left_out), *found.notes),
    ]
    first = next(iter(found.headline.splitlines()), "")
    return Section(f"Designs of {found.carrier}", Markup("\n").join(html), first, found.citations)
