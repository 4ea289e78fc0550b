"""Floor 9: a report as Markdown, for a repository, an issue or a lab book; figures by their captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from exodelivery.reports.document import Document
from exodelivery.reports.pieces import Heading, Paragraph, Piece, Plot, Rows, pieces_of


def text(document: Document) -> str:
    """Return a report as Markdown.

    Examples
    --------
    >>> from exodelivery.reports.section import Section
    >>> print(text(Document("A", (Section("Result", "<p>4 * 2</p>", headline="It holds."),))))
    # A
    <BLANKLINE>
    > It holds.
    <BLANKLINE>
    ## Result
    <BLANKLINE>
    4 \\* 2
    """
    parts = [f"# {plain(document.title)}"]
    if document.headlines:
        parts.append("\n>\n".join(f"> {plain(line)}" for line in document.headlines))
    for section in document.sections:
        parts.append(f"## {plain(section.title)}")
        parts += [_piece(placed.piece) for placed in pieces_of(section)]
    return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", "\n\n".join(parts))


def write(document: Document, path: Path) -> None:
    """Write the text."""
    path.write_text(text(document) + "\n", encoding="utf-8")


def plain(words: str) -> str:
    """Return words that Markdown shows as they are.

    Examples
    --------
    >>> plain("V_plasma < 1*2 | 3")
    'V_plasma &lt; 1\\\\*2 \\\\| 3'
    """
    return re.sub(r"([\\`*\[\]|]|\b_|_\b|^#)", r"\\\1", words).replace("<", "&lt;").replace(">", "&gt;")


def _piece(piece: Piece) -> str:
    match piece:
        case Heading():
            return f"### {plain(piece.text)}"
        case Paragraph():
            return f"{'- ' if piece.listed else ''}{plain(piece.text)}"
        case Rows():
            return _table(piece)
        case Plot():
            return f"*Figure (in the page): {plain(piece.caption)}*"


def _table(piece: Rows) -> str:
    header = piece.header or tuple("" for _ in (piece.rows or ((),))[0])

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(plain(cell) for cell in cells)} |"

    return "\n".join([line(header), f"|{' --- |' * len(header)}", *map(line, piece.rows)])
