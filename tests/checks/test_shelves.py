"""Whole shelves: every file, every model with every carrier, every study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exodelivery.checks.library import check_all
from exodelivery.checks.studies import check_study
from exodelivery.errors import ShelfError
from exodelivery.evidence.read_study import read_study

STUDY = "fits/studies/tiny_study/study.toml"
TABLE = "fits/studies/tiny_study/table.csv"
Plant = Callable[[str, str, str], int]


def told(severity: str, rule: str) -> list[tuple[str, int, str]]:
    return [
        (issue.place.file, issue.place.line, issue.message)
        for issue in check_all("tiny")
        if (issue.severity, issue.rule) == (severity, rule)
    ]


def test_a_sound_shelf_has_neither_error_nor_warning(shelf: Path) -> None:
    found = check_all("tiny")
    assert not found.errors and not found.warnings, str(found)


def test_a_file_that_cannot_be_read_is_an_issue_and_the_rest_is_checked_all_the_same(plant: Plant, shelf: Path) -> None:
    (shelf / "models/blocks/growth/broken.toml").write_bytes(b"format = 1\nkind = \xff\n")
    (shelf / "models/bodies/other.toml").write_text("format = 1\nkind = 'drug'\n", encoding="utf-8")
    line = plant("models/blocks/release/tiny_leak.toml", ', range = ["0.01 1/h", "1 1/h"]', "")
    load = {file for file, _, _ in told("error", "load")}
    assert load == {"models/blocks/growth/broken.toml", "models/bodies/other.toml"}
    assert [found[:2] for found in told("error", "origins")] == [("models/blocks/release/tiny_leak.toml", line)]


def test_a_block_that_no_model_uses_still_says_where_its_numbers_come_from(shelf: Path) -> None:
    text = 'format = 1\nkind = "growth"\n[parameters]\nk = "1 1/h"\n[flows]\ngrow = "in -> cell : k * count(cell)"\n'
    (shelf / "models/blocks/growth/lonely.toml").write_text(text, encoding="utf-8")
    assert [found[:2] for found in told("error", "origins")] == [("models/blocks/growth/lonely.toml", 4)]


def test_a_carrier_that_only_swapping_brings_in_is_checked_too(plant: Plant) -> None:
    line = plant("models/blocks/loading/tiny_soak.toml", "k_in * vial.free", "k_in * offered * offered")
    assert ("models/blocks/loading/tiny_soak.toml", line) in [found[:2] for found in told("error", "dimensions")]


def test_a_body_without_room_for_a_carrier_is_a_note(plant: Plant, shelf: Path) -> None:
    path = shelf / "models/blocks/clearance/nodes.toml"
    path.write_text(
        'format = 1\nkind = "clearance"\n[parameters]\nk = { value = "1 1/h", status = "assumed", range = ["0.1 1/h",'
        ' "9 1/h"] }\n[flows]\ngo = "node.carrier -> spleen.carrier : k * node.carrier"\n',
        encoding="utf-8",
    )
    plant("models/carriers/tiny_soaked.toml", "tiny_saturable", "nodes")
    assert any("does not take the carrier 'tiny_soaked'" in message for _, _, message in told("note", "load"))
    assert not check_all("tiny").errors


def test_a_carrier_printed_with_its_model_is_tried_in_no_other(plant: Plant, shelf: Path) -> None:
    def tried() -> bool:
        return any("does not take the carrier 'tiny_soaked'" in message for _, _, message in told("note", "load"))

    path = shelf / "models/blocks/clearance/nodes.toml"
    path.write_text(
        'format = 1\nkind = "clearance"\n[flows]\ngo = "node.carrier -> spleen.carrier : 1 * node.carrier"\n',
        encoding="utf-8",
    )
    plant("models/carriers/tiny_soaked.toml", "tiny_saturable", "nodes")
    assert tried()
    text = (shelf / "models/tiny_whole.toml").read_text(encoding="utf-8").replace("tiny_vesicle", "tiny_soaked")
    printed = text.replace("[use]", 'grade = "B"\nsource = "doi:10.1/x"\n[use]', 1)
    (shelf / "models/tiny_printed.toml").write_text(printed, encoding="utf-8")
    assert not tried()


def test_a_value_of_a_body_is_unused_only_when_no_model_reads_it(plant: Plant) -> None:
    value = '{ value = "1 1/h", status = "assumed", range = ["0.1 1/h", "9 1/h"] }'
    plant("models/bodies/tiny_mouse.toml", "[sites]", f"k_here = {value}\nk_nowhere = {value}\n[sites]")
    plant("models/blocks/loading/tiny_soak.toml", "k_in * vial.free", "body.k_here * vial.free + k_in * vial.free")
    messages = [message for _, _, message in told("warning", "unused")]
    assert messages == ["nothing reads the parameter body.k_nowhere"]


def test_a_file_in_a_folder_of_no_kind_is_told(shelf: Path) -> None:
    (shelf / "models/blocks/realease").mkdir()
    (shelf / "models/blocks/realease/mine.toml").write_text("format = 1\n", encoding="utf-8")
    assert [found[0] for found in told("warning", "load")] == ["models/blocks/realease/mine.toml"]


def test_an_unknown_prefix_names_the_known_ones(shelf: Path) -> None:
    with pytest.raises(ShelfError, match="nearest: tiny"):
        check_all("tinny")


# -- studies


@pytest.mark.parametrize(
    ("file", "old", "new", "severity", "words"),
    [
        (STUDY, 'carrier = "tiny_vesicle"', 'carrier = "tiny_vesical"', "warning", "no carrier is called"),
        (STUDY, 'body = "tiny_mouse"', 'body = "tiny_moose"', "warning", "no body is called"),
        (STUDY, 'drug = "tiny_drug"', 'drug = "tiny_drag"', "warning", "no drug is called"),
        (STUDY, 'route = "iv"', 'route = "ip"', "error", "has no route 'ip'"),
        (STUDY, 'dose = "5 mg/kg"', 'dose = "5 mg/mL"', "error", "no dose"),
        (TABLE, "plasma_total,,1,", "plasma_totl,,1,", "warning", "no model on the shelves has an observable"),
        (TABLE, "nmol*h/g", "nmol*h/mL", "error", "the models give"),
        (TABLE, "2.0,ug/mL", "2.0,particle/mL", "error", "plasma_total in 'particle/mL'"),
        (TABLE, "5,mL/h", "5,mL", "error", "cl(plasma_total)"),
        (TABLE, "5,mL/h", "5,mL/hx", "error", "unknown word"),
    ],
)
def test_a_mistake_in_a_study_is_caught(file: str, old: str, new: str, severity: str, words: str, plant: Plant) -> None:
    line = plant(file, old, new)
    found = [i for i in check_all("tiny") if i.severity == severity and i.place.file == file and words in i.message]
    assert found, str(check_all("tiny"))
    # A dose or a route may be judged by the whole page, which names its own line; a body is named through its arm.
    assert found[0].place.line == line or "body" in old


def test_a_study_that_none_has_compared_with_its_paper_is_a_note(plant: Plant, shelf: Path) -> None:
    folder = (shelf / STUDY).parent
    assert not [issue for issue in check_study(read_study(folder)).notes if "second reader" in issue.message]
    plant(STUDY, "verified = true", "verified = false")
    assert [issue for issue in check_study(read_study(folder)).notes if "second reader" in issue.message]


def test_a_record_that_no_fit_may_use_is_not_judged(plant: Plant, shelf: Path) -> None:
    plant(TABLE, "vesicle,plasma_total,,1,,,,2.0,ug/mL,,none,,,,", "vesicle,nothing,,1,,,,2.0,ug/mL,,none,,,false,x")
    assert not check_study(read_study((shelf / STUDY).parent)).warnings
