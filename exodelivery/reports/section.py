"""Floor 9: a section of a report, and the pieces that sections are made of.

Why: each kind of result renders itself to one section, and the page only strings them together; so a new kind of
result is one file in ``sections/`` and one row in their table.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from exodelivery.citation import Citation
from exodelivery.draw.canvas import Figure, figure_json


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Attributes
    ----------
    title : str
    html : str
        HTML, escaped already.
    headline : str
        One sentence for the box at the top of the page; empty where the section has no verdict.
    citations : tuple of Citation
        What the section rests on.
    """

    title: str
    html: str
    headline: str = ""
    citations: tuple[Citation, ...] = ()


def figure_html(figure: Figure, caption: str) -> Markup:
    """Return a figure with its caption, as data that the page's script draws.

    Parameters
    ----------
    figure : plotly Figure
    caption : str
        Plain text; it also describes the figure to those who do not see it.
    """
    height = int(figure.layout.height or 420)
    return Markup(
        "<figure class='plot'><div role='img' aria-label='{}' style='min-height:{}px'></div>"
        "<script type='application/json'>{}</script><figcaption>{}</figcaption></figure>"
    ).format(caption, height, Markup(figure_json(figure)), caption)


def heading(text: str) -> Markup:
    """Return a heading within a section."""
    return Markup("<h3>{}</h3>").format(text)


def fold(title: str, body: str) -> Markup:
    """Return a part that a reader may fold away; it is open at first, and in print."""
    return Markup("<details open><summary>{}</summary>{}</details>").format(title, Markup(body))
