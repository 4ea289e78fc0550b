"""Floor 9: any result that shows itself, in a report: its own card, and its figure where it has one."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from exodelivery.reports.section import Section, figure_html

_SHEET = re.compile(r"<style>.*?</style>", re.DOTALL)


def render(found: Any) -> Section:
    """Return the section of a result with ``_repr_html_``, and ``plot()`` where it has a figure."""
    card = Markup(_SHEET.sub("", found._repr_html_()))
    title = str(found).splitlines()[0].rstrip(":")
    head, _, rest = title.partition(":")
    figure = getattr(found, "plot", None)
    drawn = figure_html(figure(), head) if callable(figure) else ""
    return Section(head if len(head) < 90 else type(found).__name__, Markup("\n").join([card, drawn]), rest.strip())
