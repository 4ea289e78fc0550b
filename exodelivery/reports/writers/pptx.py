"""Floor 9: slides for a lab meeting: the verdicts, then each section with its figures as charts that can be edited.

What a reader may fold away in the page stays off the slides, but for its figures; long tables are cut, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exodelivery.extras import require
from exodelivery.reports.document import Document
from exodelivery.reports.pieces import Heading, Paragraph, Placed, Plot, Rows, pieces_of
from exodelivery.reports.section import Section
from exodelivery.reports.writers.charts import add_chart, charts_of

INCH = 914400
WIDTH, HEIGHT = round(13.333 * INCH), round(7.5 * INCH)
MARGIN, TOP = round(0.6 * INCH), round(1.35 * INCH)
LETTERS = 900
"""As much text as a slide takes at a size that the last row reads."""
ROWS, COLUMNS = 9, 6
CHARTS = 4


def write(document: Document, path: Path) -> None:
    """Write the slides.

    Raises
    ------
    MissingExtraError
        If python-pptx is not installed.
    """
    deck = require("pptx", "report").Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    first = _slide(deck, document.title, size=36)
    _text(first, document.headlines or ("No verdict stands in this report.",), size=22)
    for section in document.sections:
        _section(deck, section)
    deck.save(str(path))


def _section(deck: Any, section: Section) -> None:
    placed = pieces_of(section)
    words = [_words(one) for one in placed if not one.folded and isinstance(one.piece, Paragraph | Heading)]
    for part, lines in enumerate(_pages([line for line in words if line])):
        _text(_slide(deck, section.title if part == 0 else f"{section.title} (continued)"), lines, size=18)
    heading = ""
    for one in placed:
        if isinstance(one.piece, Heading):
            heading = one.piece.text
        elif isinstance(one.piece, Plot):
            _figure(deck, heading or section.title, one.piece)
        elif isinstance(one.piece, Rows) and not one.folded and one.piece.rows:
            _table(_slide(deck, heading or section.title), one.piece)


def _words(one: Placed) -> str:
    match one.piece:
        case Paragraph():
            return f"{'• ' if one.piece.listed else ''}{one.piece.text}"
        case _:
            return ""


def _pages(lines: Sequence[str]) -> list[list[str]]:
    pages: list[list[str]] = []
    for line in lines:
        if not pages or sum(map(len, pages[-1])) + len(line) > LETTERS:
            pages.append([])
        pages[-1].append(line)
    return pages


def _slide(deck: Any, title: str, size: int = 28) -> Any:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    slide = deck.slides.add_slide(deck.slide_layouts[5])
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = MARGIN, round(0.3 * INCH), WIDTH - 2 * MARGIN, INCH
    frame = shape.text_frame
    frame.word_wrap = True
    frame.text = title
    run = frame.paragraphs[0]
    run.alignment = 1
    run.font.size, run.font.bold = Pt(size if len(title) < 60 else size - 6), True
    run.font.color.rgb = RGBColor(0x00, 0x5A, 0x8E)
    return slide


def _text(slide: Any, lines: Sequence[str], *, size: int, top: int = TOP) -> None:
    from pptx.util import Pt

    frame = slide.shapes.add_textbox(MARGIN, top, WIDTH - 2 * MARGIN, HEIGHT - top - MARGIN).text_frame
    frame.word_wrap = True
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = line
        paragraph.font.size, paragraph.space_after = Pt(size), Pt(8)


def _figure(deck: Any, title: str, plot: Plot) -> None:
    every = list(charts_of(plot))
    for start in range(0, len(every), CHARTS):
        some = every[start : start + CHARTS]
        slide = _slide(deck, title)
        columns = 1 if len(some) == 1 else 2
        rows = -(-len(some) // columns)
        wide, high = (WIDTH - 2 * MARGIN) // columns, (HEIGHT - TOP - INCH) // rows
        for position, chart in enumerate(some):
            row, column = divmod(position, columns)
            add_chart(slide, chart, (MARGIN + column * wide, TOP + row * high, wide, high))
        _text(slide, [plot.caption], size=14, top=HEIGHT - round(0.9 * INCH))


def _table(slide: Any, piece: Rows) -> None:
    from pptx.util import Pt

    header, rows = piece.header[:COLUMNS], [row[:COLUMNS] for row in piece.rows[:ROWS]]
    left_out = len(piece.rows) - len(rows), max(0, len(piece.header) - COLUMNS)
    size = WIDTH - 2 * MARGIN, round(0.4 * INCH) * (len(rows) + 1)
    table = slide.shapes.add_table(len(rows) + 1, len(header), MARGIN, TOP, *size).table
    for line, cells in enumerate([header, *rows]):
        for column, cell in enumerate(cells):
            table.cell(line, column).text = cell if len(cell) < 120 else f"{cell[:117]}..."
            for paragraph in table.cell(line, column).text_frame.paragraphs:
                paragraph.font.size = Pt(12)
    if any(left_out):
        said = [f"{count} more {what}" for count, what in zip(left_out, ("rows", "columns"), strict=True) if count]
        _text(slide, [f"{' and '.join(said)} stand in the page."], size=14, top=HEIGHT - round(0.9 * INCH))
