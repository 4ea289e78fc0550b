"""Floor 9: the sources that the sections of one report rest on, each work once."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from exodelivery.citation import Citation, bibliography
from exodelivery.reports.section import Section


def render(citations: Iterable[Citation]) -> Section:
    """Return the list of sources; it says so where there are none."""
    works = bibliography(citations)
    items = Markup("").join(Markup("<li>{}</li>").format(Markup(work.as_html())) for work in works)
    html = Markup("<ol>{}</ol>").format(items) if works else Markup("<p>No source is named.</p>")
    return Section("Sources", html)
