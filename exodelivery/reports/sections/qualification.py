"""Floor 9: a qualification in a report: each case with its targets, deviations and verdicts."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import paragraphs
from exodelivery.judge.qualification.result import VERDICTS, Qualification, rows_html
from exodelivery.reports.section import Section, fold


def render(found: Qualification) -> Section:
    """Return the section of a qualification."""
    used = dict.fromkeys(row.verdict for row in found.rows)
    meaning = "; ".join(f"{verdict}: {about}" for verdict, about in VERDICTS.items() if verdict in used)
    parts = [paragraphs(f"{meaning}." if meaning else "")]
    for name, about in found.abouts:
        rows = tuple(row for row in found.rows if row.case == name)
        parts.append(fold(f"{name}: {about}", rows_html(rows)))
    return Section("Held against the literature", Markup("\n").join(parts), found.headline, found.citations)
