"""The page: every kind of result has its section, misses are named, nothing from a file becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from results import small_comparison, small_fit

from exodelivery.declare.fingerprint import fingerprint
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus
from exodelivery.declare.shelf import find
from exodelivery.errors import ExodeliveryError
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.studies import Studies
from exodelivery.reports.bibliography import bibliography_text
from exodelivery.reports.document import document
from exodelivery.reports.report import write
from exodelivery.reports.section import Section
from exodelivery.reports.sections.table import section_of
from exodelivery.reports.writers.html import packed_plotly, page_of
from exodelivery.solve.simulate import simulate

STUDIES = Path(__file__).parents[2] / "fits" / "studies"


@cache
def model() -> Model:
    found: Model = find("doxorubicin_mouse", "model")
    return found


@cache
def parts() -> tuple[object, ...]:
    studies = Studies(
        [read_study(STUDIES / name) for name in ("laginha_2005_4t1_tumour", "kim_2019_exosome_pk_summary")]
    )
    run = simulate(model(), bolus("0.05 mg/kg"), "48 h")
    return (small_comparison(), small_fit(), run, model(), studies)


def build(given: Sequence[object], title: str) -> str:
    return page_of(document(given, title))


def rows_of(html: str) -> list[str]:
    return [re.sub(r"<[^>]*>", " ", row) for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL)]


def test_a_page_has_a_section_and_an_entry_for_each_part_and_its_sources() -> None:
    page = build(parts(), "All of it")
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert len(headings) == len(parts()) + 3
    assert headings[-1] == "Sources"
    assert all(f'href="#section-{n}"' in page and f'id="section-{n}"' in page for n in range(1, len(headings) + 1))


def test_the_verdicts_stand_before_everything_else() -> None:
    page = build(parts(), "All of it")
    box = page.index('class="headline"')
    assert (
        box
        < page.index("The evidence does not decide")
        < page.index("Fit joint: The fit converged.")
        < page.index("<nav")
    )


def test_a_miss_is_said_in_words_beside_its_observation() -> None:
    rows = rows_of(section_of(small_fit()).html.split("Misfit by arm")[0])
    (missed,) = [row for row in rows if "free_9" in row]
    assert "9 ± 1 ug/g" in missed and "2.5 ug/g" in missed and "+6.4" in missed
    assert "missed: observed higher" in missed
    (hit,) = [row for row in rows if "doxil_9" in row]
    assert "missed" not in hit
    html = section_of(small_fit()).html
    assert "2 of the 3 records used lie more than two" in html
    assert any("not used in the fit (1)" in row and "missed" not in row for row in rows)
    assert "(1) another label" in html


def test_what_assumptions_carry_is_labelled_so() -> None:
    rows = rows_of(section_of(small_comparison()).html)
    assert any("the evidence does not decide" in row and "0.09 under the assumptions" in row for row in rows)
    assert not any("worse" in row and "under the assumptions" in row for row in rows)


def test_a_ratio_whose_doubt_is_not_known_is_in_the_table_and_in_no_figure() -> None:
    html = section_of(small_comparison()).html
    (shown,) = [row for row in rows_of(html) if "tumour : heart" in row]
    assert "190 draws failed" in shown and "nan" not in shown
    figures = re.findall(r"<script type='application/json'>(.*?)</script>", html, re.DOTALL)
    assert not any("tumour : heart" in figure for figure in figures)


def test_sources_are_listed_once_as_text() -> None:
    shown = bibliography_text([model(), model(), small_fit()]).splitlines()
    assert len(shown) == len(set(shown))
    assert "Laginha and others, 2005." in shown
    assert any("https://doi.org/10.1007/s11095-013-1127-z" in line for line in shown)
    with pytest.raises(ExodeliveryError, match="int has no sources"):
        bibliography_text([7])


def test_a_model_shows_each_flow_as_a_formula_and_each_number_with_its_origin() -> None:
    html = section_of(model()).html
    rows = rows_of(html)
    assert any("internalise" in row and "isf.carrier → cell.carrier" in row for row in rows)
    assert html.count("<math") >= sum(len(i.flows) for i in model().carrier.use.values())
    assert any("uptake.v_int" in row and "assumed" in row for row in rows)
    assert "<svg" in html


def test_a_parameter_of_the_body_is_not_set_as_an_amount_in_a_pool() -> None:
    (row,) = (
        row
        for row in re.findall(r"<tr>.*?</tr>", section_of(model()).html, re.DOTALL)
        if "liver.carrier" in row and "mfrac" in row
    )
    assert "<mi>body</mi>" not in row and "capacity" in row


def test_text_of_files_never_becomes_markup() -> None:
    hostile = "<img src=x onerror=alert(1)></script>"
    page = build([small_fit(name=hostile, about=hostile)], hostile)
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_nothing_outside_the_page_is_named_but_links_to_sources() -> None:
    page = build(parts(), "All of it").replace(packed_plotly(), "")
    assert not re.findall(r"<(?:link|iframe|object|embed|img|form)\b", page)
    assert not re.findall(r"\b(?:src|srcset|action|poster)\s*=\s*['\"]", page)
    assert "@import" not in page and "url(" not in page
    assert "default-src 'none'" in page


def test_every_figure_forbids_the_upload() -> None:
    page = build(parts(), "All of it")
    figures = re.findall(r"<script type='application/json'>(.*?)</script>", page, re.DOTALL)
    assert len(figures) >= 5
    assert all(json.loads(figure)["config"]["showSendToCloud"] is False for figure in figures)


def test_a_page_without_figures_carries_no_drawing_library() -> None:
    page = build([Section("Words", "<p>only</p>")], "Words")
    assert packed_plotly() not in page
    assert len(page) < 20_000


def test_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    first = write(tmp_path / "my_report.html", small_fit())
    assert first.read_text(encoding="utf-8") == build([small_fit()], "my report")


def test_what_cannot_be_shown_is_refused_by_name() -> None:
    with pytest.raises(ExodeliveryError, match="cannot show int"):
        build([7], "Seven")


def test_a_report_ends_with_what_it_does_not_show_and_how_it_was_made() -> None:
    said = document(parts(), "All of it")
    assert [section.title for section in said.sections[-3:]] == ["Limitations", "How this was made", "Sources"]
    limits, made = (section.html for section in said.sections[-3:-1])
    undecided = sum(row.headline == "the evidence does not decide" for row in small_comparison().rows)
    assert f"In {undecided} of {len(small_comparison().rows)} comparisons the evidence does not decide" in limits
    assert "joint misses 2 of 3 records by more than two SD" in limits
    assert "No second reader has compared laginha_2005_4t1_tumour, kim_2019_exosome_pk_summary" in limits
    assert fingerprint(model())[:16] in made and version("scipy") in made
    assert f"seed {small_comparison().seed}" in made and f"seed {small_fit().seed}" in made
    assert {section.title for section in document([section_of(model())], "One").sections} <= {
        "Model doxorubicin_mouse",
        "Sources",
    }
