"""Floor 9: a planned experiment in a report: who is killed when, what it settles, and against which plain design."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.planning.result import ASSAY_HEADER, TRIAL_HEADER, Plan
from exodelivery.reports.section import Section, figure_html, heading

WORTH = {
    "contrast": "A factor to either side of the ratio holds 95 %: exp(1.96 sd) of the log ratio that is left.",
    "mechanisms": "The log Bayes factor is expected for the true mechanism when the other one is refitted.",
}


def render(found: Plan) -> Section:
    """Return the section of a plan."""
    about = (
        f"{found.model}, {found.dose}, over {found.horizon / 24:g} d, with a budget of {found.budget:g}. Judged over "
        f"{found.draws} draws of all that is uncertain; the plan reaches {100 * found.efficiency:.0f} % of a bound "
        "that no design of this budget can pass, were animals divisible."
    )
    html = [
        paragraphs(found.headline, about),
        figure_html(
            found.plot(), "Each mark is a group: larger for more animals, open for micro-samples of the living."
        ),
        table(found.group_header, found.rows()),
        heading("Against plain designs of the same budget"),
        table(found.worth_header, found.worth_rows()),
        paragraphs(WORTH[found.aim]),
    ]
    if found.trials:
        html += [
            heading("Simulated and refitted"),
            table(TRIAL_HEADER, found.trial_rows()),
            paragraphs(
                "Truths are drawn from what is believed, each experiment is simulated with its errors and fitted: the "
                "error and the width of the 95 % interval are those of the log ratio."
            ),
        ]
    html += [
        heading("What one assay tells alone"),
        table(ASSAY_HEADER, found.assay_rows(12)),
        paragraphs(*found.notes, *(f"Left out: {text}" for text in found.left_out)),
    ]
    return Section(f"A plan for {found.question}", Markup("\n").join(html), found.headline, found.citations)
