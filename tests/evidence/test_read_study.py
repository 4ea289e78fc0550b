"""A study without its citation, its system or its honesty is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exodelivery.errors import EvidenceError
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.studies import Studies

PAGE = """\
format = 1
kind = "study"
about = "Two arms"
verified = false
read = "Table 1 (T)"
caveats = ["no sd"]

[citation]
text = "Author A. Title. Journal 2020;1:1"
doi = "10.1000/1"

[system]
species = "mouse"
body = "mouse"

[units]
ueq = { reads = "ug", about = "our reading" }

[what]
"auc(plasma_total)" = "to infinity"

[arms.a]
carrier = "none"
drug = "doxorubicin"
dose = "5 mg/kg"
metric = "drug"
route = "iv"
times = 3
every = "7 d"

[arms.b]
carrier = "exosome_natural"
body = "mouse_4t1"
dose = "1 ID"
metric = "label"
route = "iv"
"""
TABLE = "arm,what,value,unit,spread_kind\na,auc(plasma_total),3,ueq*h/mL,none\n"


def folder(tmp_path: Path, page: str = PAGE, table: str = TABLE) -> Path:
    path = tmp_path / "author_2020_topic"
    path.mkdir()
    (path / "study.toml").write_text(page, encoding="utf-8")
    (path / "table.csv").write_text(table, encoding="utf-8")
    return path


def test_a_sound_study_keeps_what_it_says(tmp_path: Path) -> None:
    study = read_study(folder(tmp_path))
    assert study.name == "author_2020_topic"
    assert study.citation.doi == "10.1000/1"
    assert (study.arms["a"].body, study.arms["b"].body) == ("mouse", "mouse_4t1")
    assert (study.arms["a"].times, study.arms["a"].every) == (3, "7 d")
    assert study.readings["auc(plasma_total)"] == "to infinity"
    assert study.records[0].unit == "ug*h/mL"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (PAGE[PAGE.index("[citation]") : PAGE.index("[system]")], "", "no citation"),
        ('text = "Author A. Title. Journal 2020;1:1"', 'text = " "', "'text' is missing"),
        ("verified = false", "", "neither true nor false"),
        ("verified = false", 'verified = "yes"', "neither true nor false"),
        ("format = 1", "format = 9", "format is not 1"),
        ('kind = "study"', 'kind = "body"', "kind is not study"),
        ('about = "Two arms"', "", "'about' is missing"),
        ('read = "Table 1 (T)"', "", "'read' is missing"),
        ('caveats = ["no sd"]', 'caveats = "no sd"', "no list of texts"),
        ('caveats = ["no sd"]', 'caveat = ["no sd"]', "nearest: caveats"),
        ('reads = "ug"', 'reads = "stone"', "stone"),
        ('reads = "ug", about = "our reading"', 'reads = "ug"', "'about' is missing"),
        ('dose = "5 mg/kg"', 'dose = "5 mL"', "no dose of drug"),
        ('dose = "5 mg/kg"', 'dose = "-5 mg/kg"', "no dose of drug"),
        ('dose = "5 mg/kg"', 'dose = "much"', "no quantity"),
        ('dose = "1 ID"', 'dose = "1e10 particle"', "no dose of label"),
        ('metric = "label"', 'metric = "lipid"', "'lipid' is unknown"),
        ('every = "7 d"', "", "need an interval"),
        ("times = 3", "times = 0", "no whole number"),
        ("times = 3", "times = true", "no whole number"),
        ('carrier = "none"', "carrier = 3", "no text"),
        ('body = "mouse"\n\n', "\n", "no body"),
        ("[arms.b]", "[arms.a]", "no TOML"),
    ],
)
def test_a_fault_of_the_page_is_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    assert old in PAGE
    with pytest.raises(EvidenceError) as caught:
        read_study(folder(tmp_path, PAGE.replace(old, new, 1)))
    assert word in str(caught.value)
    assert "study.toml" in str(caught.value)


def test_a_fault_points_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"study\.toml:25 \(arms\.a\.dose\)"):
        read_study(folder(tmp_path, PAGE.replace("5 mg/kg", "5 mL")))


def test_faults_of_page_and_table_are_listed_together(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as caught:
        read_study(folder(tmp_path, PAGE.replace("format = 1", "format = 2"), TABLE.replace("3", "x")))
    assert "study.toml:1" in str(caught.value) and "table.csv:2" in str(caught.value)


def test_a_study_without_a_table_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "table.csv").unlink()
    with pytest.raises(EvidenceError, match="no table"):
        read_study(path)
    (path / "study.toml").unlink()
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_study(path)


def test_a_collection_is_a_frozen_mapping_that_names_near_misses(tmp_path: Path) -> None:
    study = read_study(folder(tmp_path))
    studies = Studies([study])
    assert studies.author_2020_topic is studies["author_2020_topic"] is study
    assert "author_2020_topic" in dir(studies) and list(studies) == [study.name] and len(studies) == 1
    assert studies.get("absent") is None
    assert list(studies.arms()) == ["author_2020_topic.a", "author_2020_topic.b"]
    assert studies.citations() == (study.citation,)
    with pytest.raises(EvidenceError, match="nearest: author_2020_topic"):
        studies["author_2020_topi"]
    with pytest.raises(AttributeError):
        studies.more = 1  # type: ignore[misc]
    with pytest.raises(EvidenceError, match="Two studies"):
        Studies([study, study])


def test_a_table_carries_its_units_and_html_is_escaped(tmp_path: Path) -> None:
    page = PAGE.replace("Two arms", "<script>x</script>").replace("no sd", "<b>no</b>")
    study = read_study(folder(tmp_path, page))
    frame = Studies([study]).table()
    assert frame.loc[0, "value"] == 3 and frame.loc[0, "unit"] == "ug*h/mL"
    assert frame.attrs["units"]["time"] == "h"
    for html in (study._repr_html_(), Studies([study])._repr_html_()):
        assert "<script>" not in html and "<b>no" not in html
    assert len(Studies(()).table()) == 0


@settings(deadline=None)
@given(
    start=st.integers(0, len(PAGE)),
    length=st.integers(0, 60),
    text=st.text("[]{}=\"'\n.#,abc019-: \x00é", max_size=20),
)
def test_a_damaged_page_is_read_or_refused_as_evidence(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, text: str
) -> None:
    damaged = PAGE[:start] + text + PAGE[start + length :]
    try:
        study = read_study(folder(tmp_path_factory.mktemp("any"), damaged))
    except EvidenceError:
        return
    assert study.citation.text and study.records[0].arm in study.arms
