"""Floor 9: the pieces of a section, read back from its HTML: headings, text, tables, figures.

Why: sections are written once, as HTML; slides and plain text are other readings of the same, so that no number can
differ between them. The HTML is our own and well formed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, TypeAlias

from exodelivery.reports.section import Section


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section; of a part that may be folded away where ``folds``."""

    text: str
    folds: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, or an entry of a list where ``listed``."""

    text: str
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: its header and its rows, as text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure as plotly keeps it: its traces and its layout, with the caption."""

    caption: str
    data: tuple[Mapping[str, Any], ...]
    layout: Mapping[str, Any]


Piece: TypeAlias = Heading | Paragraph | Rows | Plot


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece, and whether it stands in a part that may be folded away."""

    piece: Piece
    folded: bool


def pieces_of(section: Section) -> tuple[Placed, ...]:
    """Return the pieces of a section in the order of reading; a diagram is left to the page.

    Examples
    --------
    >>> section = Section("A", "<p>x &lt; 1</p><table><thead><tr><th>a</th></tr></thead><tr><td>1</td></tr></table>")
    >>> [placed.piece for placed in pieces_of(section)]
    [Paragraph(text='x < 1', listed=False), Rows(header=('a',), rows=(('1',),))]
    """
    reader = _Reader()
    reader.feed(section.html)
    reader.close()
    return tuple(reader.found)


class _Reader(HTMLParser):
    """Gathers text until the element that holds it ends."""

    _TEXT = ("p", "li", "h3", "h4", "summary", "th", "td", "figcaption", "script")
    _SILENT = ("svg", "style")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Placed] = []
        self._text: list[str] = []
        self._silent = 0
        self._depth = 0
        self._header: list[str] = []
        self._row: list[str] = []
        self._rows: list[tuple[str, ...]] = []
        self._figure: dict[str, Any] = {}
        self._sliders = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag == "div" and dict(attrs).get("class") == "what-if":
            self._sliders = True  # they live in the page alone, to the end of the section
        self._depth += tag == "details"
        if tag in self._TEXT:
            self._text = []
        elif tag == "table":
            self._header, self._rows = [], []
        elif tag == "tr":
            self._row = []

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT
        self._depth -= tag == "details"
        if self._sliders:
            return
        text = re.sub(r"\s+", " ", "".join(self._text)).strip()
        if tag in ("p", "li") and text:
            self._add(Paragraph(text, listed=tag == "li"))
        elif tag in ("h3", "h4", "summary") and text:
            self._add(Heading(text, folds=tag == "summary"))
        elif tag == "th":
            self._header.append(text)
        elif tag == "td":
            self._row.append(text)
        elif tag == "tr" and self._row:
            self._rows.append(tuple(self._row))
        elif tag == "table":
            self._add(Rows(tuple(self._header), tuple(self._rows)))
        elif tag == "script":
            self._figure = json.loads("".join(self._text))
        elif tag == "figcaption" and self._figure:
            self._add(Plot(text, tuple(self._figure["data"]), self._figure["layout"]))
            self._figure = {}
        if tag in self._TEXT:
            self._text = []

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def _add(self, piece: Piece) -> None:
        self.found.append(Placed(piece, folded=self._depth > 0))
