"""Floor 9: an attribution in a report: which block makes the difference, and with what doubt."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.attribution import Attribution
from exodelivery.reports.section import Section, figure_html


def render(found: Attribution) -> Section:
    """Return the section of an attribution."""
    about = (
        f"{found.model}, {found.dose}, over {found.horizon:g} h; {found.draws} draws. Each block of {found.baseline} "
        f"is swapped for that of {found.carrier}; its factor is the mean over all orders of swapping (Shapley), so the "
        "factors multiply to the ratio of the two. Far apart in the last two columns, blocks act on one another."
    )
    header = ("swap", "was", "becomes", "factor", "95 %", "swapped first", "swapped last")
    html = [
        paragraphs(found.headline, about),
        figure_html(found.plot(), "The factor of each swap, 95 % intervals, and the ratio that they multiply to."),
        table(header, found.rows),
    ]
    return Section(f"What makes the difference: {found.carrier}", Markup("\n").join(html), found.headline)
