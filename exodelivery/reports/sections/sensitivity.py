"""Floor 9: a sensitivity analysis in a report: the tornado, and the variance divided among the parameters."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.sensitivity import HEADER, Sensitivity
from exodelivery.reports.section import Section, figure_html


def render(found: Sensitivity) -> Section:
    """Return the section of a sensitivity analysis."""
    failed = f" {found.failures} runs failed and are in no number." if found.failures else ""
    about = (
        f"{found.model} with {found.carrier}, {found.dose}, over {found.horizon:g} h. All {len(found.influences)} "
        f"uncertain parameters were screened; those with indices make {100 * found.kept:.0f} % of the variance of the "
        f"log of the metric when all are free. {found.runs} runs.{failed}"
    )
    rest = (
        f"With half of the samples the largest total index moves by {found.moved:.2f}. A first-order index is the part "
        "of the variance that the parameter makes alone, a total one that with all its interactions."
    )
    html = [
        paragraphs(found.headline, about),
        figure_html(
            found.plot(), "Each parameter alone at the ends of its 95 % range; a filled mark is the upper end."
        ),
        table(HEADER, found.rows()),
        paragraphs(rest),
    ]
    return Section(f"What {found.metric} hangs on", Markup("\n").join(html), found.headline, found.citations)
