"""One report in several forms: they say the same, and each refuses what it cannot do in one sentence."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from test_page import parts

from exodelivery.errors import ExodeliveryError
from exodelivery.reports.document import document
from exodelivery.reports.pieces import Paragraph, Plot, Rows, pieces_of
from exodelivery.reports.report import WRITERS, write
from exodelivery.reports.section import Section
from exodelivery.reports.writers import markdown, pdf
from exodelivery.reports.writers.charts import charts_of, numbers


def test_every_ending_has_a_writer_and_any_other_is_refused(tmp_path: Path) -> None:
    assert set(WRITERS) == {".html", ".pdf", ".pptx", ".md"}
    with pytest.raises(ExodeliveryError, match=r"let its name end in \.html"):
        write(tmp_path / "report.docx", *parts())
    assert list(tmp_path.iterdir()) == []


def test_the_pieces_of_a_section_are_all_that_its_page_shows() -> None:
    for section in document(parts(), "All").sections:
        placed = [one.piece for one in pieces_of(section)]
        html = str(section.html)
        assert sum(isinstance(one, Rows) for one in placed) == html.count("<table")
        assert sum(isinstance(one, Plot) for one in placed) == html.count("<figure class='plot'>")
        assert sum(len(one.rows) for one in placed if isinstance(one, Rows)) == html.count("<tr><td>")
        assert sum(isinstance(one, Paragraph) for one in placed) == html.count("<p>") + html.count("<li>")


def test_plain_text_holds_the_tables_of_the_page(tmp_path: Path) -> None:
    said = document(parts(), "All of it")
    text = write(tmp_path / "all.md", *parts(), title="All of it").read_text(encoding="utf-8")
    for line in said.headlines:
        assert f"> {markdown.plain(line)}" in text
    cells = [cell for s in said.sections for one in pieces_of(s) if isinstance(one.piece, Rows)
             for row in one.piece.rows for cell in row]  # fmt: skip
    assert len(cells) > 300
    assert [cell for cell in cells if f" {markdown.plain(cell)} |" not in text] == []


def test_text_from_a_file_is_never_markup_in_plain_text() -> None:
    hostile = "<script>alert(1)</script> [x](http://bad) *a* `b` | c"
    text = markdown.text(document([Section(hostile, f"<p>{hostile.replace('<', '&lt;')}</p>", hostile)], hostile))
    assert "<script" not in text
    assert not re.search(r"(?<!\\)[\[\]`*|]", text)


def test_slides_hold_the_figures_as_charts_with_the_same_numbers(tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx", reason="needs python-pptx: pip install 'exodelivery[report]'")
    deck = pptx.Presentation(str(write(tmp_path / "all.pptx", *parts(), title="All of it")))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    plots = [
        one.piece for s in document(parts(), "All").sections for one in pieces_of(s) if isinstance(one.piece, Plot)
    ]
    assert len(charts) == sum(len(list(charts_of(plot))) for plot in plots)
    assert not [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]  # no picture
    curves = {
        trace["name"]: numbers(trace["y"]) for plot in plots for trace in plot.data if trace.get("mode") == "lines"
    }
    shown = {series.name: list(series.values) for chart in charts for series in chart.plots[0].series}
    assert "plasma_total" in curves
    for name, values in curves.items():
        assert shown[name] == pytest.approx([value for value in values if value > 0])
    words = " ".join(shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame)
    assert all(line in words for line in document(parts(), "All").headlines)


def test_slides_stay_within_their_edges(tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx", reason="needs python-pptx: pip install 'exodelivery[report]'")
    deck = pptx.Presentation(str(write(tmp_path / "all.pptx", *parts())))
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= deck.slide_width
            assert shape.top >= 0 and shape.top + shape.height <= deck.slide_height


def test_without_a_browser_a_pdf_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExodeliveryError, match="apt-get install chromium"):
        write(tmp_path / "all.pdf", *parts())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
@pytest.mark.skipif(not any(map(shutil.which, pdf.BROWSERS)), reason="needs Chromium: install the package chromium")
def test_a_pdf_is_printed_with_its_figures(tmp_path: Path) -> None:
    words = write(tmp_path / "words.pdf", Section("Words", "<p>only</p>")).read_bytes()
    whole = write(tmp_path / "all.pdf", *parts()).read_bytes()
    assert words[:5] == whole[:5] == b"%PDF-"
    assert len(re.findall(rb"/Type\s*/Page\b", words)) == 1
    assert len(re.findall(rb"/Type\s*/Page\b", whole)) > 10
    assert len(whole) > 5 * len(words)
