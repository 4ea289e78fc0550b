"""Floor 9: one self-contained page: nothing is fetched and nothing is sent.

Why: a report is mailed, archived and opened years later on a phone without a network. The drawing library travels
inside once, compressed; a content security policy forbids the page every connection.
"""

from __future__ import annotations

import base64
import gzip
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from exodelivery.draw.style import SHEET
from exodelivery.reports.document import Document
from exodelivery.reports.section import Section
from exodelivery.reports.template import filled


def page_of(document: Document) -> str:
    """Return a report as one HTML page.

    Returns
    -------
    str
        HTML; about 2 MB when it has figures. ``<html>`` bears ``data-ready`` once all of them are drawn.

    Examples
    --------
    >>> text = page_of(Document("A & B", (Section("Result", "<p>42</p>", headline="It holds."),)))
    >>> "<title>A &amp; B</title>" in text, "It holds." in text, "http:" in text
    (True, True, False)
    """
    sections = document.sections
    return filled(
        "page.html",
        title=document.title,
        sections=[(f"section-{n}", section.title, Markup(section.html)) for n, section in enumerate(sections, 1)],
        headlines=document.headlines,
        sheet=Markup(SHEET),
        plotly=Markup(packed_plotly()) if any(map(_draws, sections)) else "",
    )


def write(document: Document, path: Path) -> None:
    """Write the page."""
    path.write_text(page_of(document), encoding="utf-8")


def _draws(section: Section) -> bool:
    return "class='plot'" in section.html or 'class="what-if"' in section.html


@lru_cache(maxsize=1)
def packed_plotly() -> str:
    """Return plotly.js, compressed, as text; always the same bytes."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode("ascii")
