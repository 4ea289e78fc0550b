"""Floor 9: one self-contained page from results: nothing is fetched and nothing is sent.

Why: a report is mailed, archived and opened years later on a phone without a network. The drawing library travels
inside once, compressed; a content security policy forbids the page every connection.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from exodelivery.draw.style import SHEET
from exodelivery.reports.sections import bibliography
from exodelivery.reports.sections.table import section_of


def build(parts: Sequence[object], title: str) -> str:
    """Return a report as one HTML page.

    Parameters
    ----------
    parts : sequence
        Models, runs, studies, fits, comparisons or sections, in the order of reading.
    title : str

    Returns
    -------
    str
        HTML; about 2 MB when it has figures. ``<html>`` bears ``data-ready`` once all of them are drawn.

    Raises
    ------
    ExodeliveryError
        If a part is nothing that a report can show.

    Examples
    --------
    >>> from exodelivery.reports.section import Section
    >>> page = build([Section("Result", "<p>42</p>", headline="It holds.")], "A & B")
    >>> "<title>A &amp; B</title>" in page, "It holds." in page, "http:" in page
    (True, True, False)
    """
    sections = [section_of(part) for part in parts]
    sources = [citation for section in sections for citation in section.citations]
    if sources:
        sections.append(bibliography.render(sources))
    template = _templates().get_template("page.html")
    page: str = template.render(
        title=title,
        sections=[(f"section-{n}", section.title, Markup(section.html)) for n, section in enumerate(sections, 1)],
        headlines=list(dict.fromkeys(line for section in sections for line in section.headline.splitlines())),
        sheet=Markup(SHEET),
        plotly=Markup(packed_plotly()) if any("class='plot'" in section.html for section in sections) else "",
    )
    return page


def write(path: str | Path, *parts: object, title: str = "") -> Path:
    """Write a report and return where it stands; the title is the file's name unless given."""
    file = Path(path)
    page = build(parts, title or file.stem.replace("_", " "))
    file.write_text(page, encoding="utf-8")
    return file


@lru_cache(maxsize=1)
def packed_plotly() -> str:
    """Return plotly.js, compressed, as text; always the same bytes."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode("ascii")


@lru_cache(maxsize=1)
def _templates() -> Any:
    import jinja2

    loader = jinja2.PackageLoader("exodelivery.reports", "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
