"""Floor 9: two drugs together in a report: the excess over each reference with its interval, and its surface."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.dose_response.combination import Combination
from exodelivery.reports.section import Section, figure_html


def render(combination: Combination) -> Section:
    """Return the section of a combination."""
    rows = [(name, str(score), combination.words(name)) for name, score in combination.scores.items()]
    first = next(iter(combination.scores))
    about = (
        "Mean over all pairs of what is killed beyond the reference, with its 95 % interval from the wells' scatter."
    )
    parts = [
        paragraphs(about),
        table(("reference", "excess", "in words"), rows),
        figure_html(combination.figure(first), f"Excess over {first}; a star: its interval leaves zero out."),
    ]
    title = " with ".join(combination.names)
    return Section(title, Markup("\n").join(parts), "", combination.citations)
