"""Floor 9: a virtual population in a report: who is better off, the doses for targets, and what subjects differ by."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.population.result import Virtual
from exodelivery.reports.section import Section, figure_html, fold


def render(found: Virtual) -> Section:
    """Return the section of a virtual population."""
    caption = (
        "Boxes: 25 to 75 % of subjects, whiskers 5 to 95 %. The dotted bar beneath is the 95 % interval of the median "
        "over what is not known."
    )
    html = [paragraphs(*found.headline.splitlines(), found.about), figure_html(found.plot(), caption)]
    html += [fold(title, table(header, rows)) for title, (header, rows) in found.rows().items()]
    rest = [*(f"Left out: {text}" for text in found.left_out), *found.notes]
    html.append(paragraphs(*rest))
    first = next(iter(found.headline.splitlines()), "")
    return Section(f"A virtual population of {found.count}", Markup("\n").join(html), first, found.citations)
