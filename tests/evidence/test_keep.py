"""A reading becomes a study that reads back, or nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import exodelivery as exo
from exodelivery.errors import EvidenceError

ARM = {"carrier": "exosome_natural", "dose": "1 ID", "metric": "label", "route": "iv"}
SHEET = """Mouse,Group,Time (h),Blood (%ID/g)
a,EV,1,12
b,EV,1,15
c,EV,24,BLQ
d,EV,24,#DIV/0!
"""


def keep(shelf: Path, **changed: Any) -> Any:
    sheet = shelf / "lab.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    roles = {"arm": "Group", "subject": "Mouse", "value": "Blood (%ID/g)"}
    found = exo.read(
        sheet, roles=roles, constants={"what": "blood_label"}, lloq=0.5, names={"EV": "exosome"},
        leave_out={5: "divided by nothing"},
    )  # fmt: skip
    told: dict[str, Any] = {"about": "a trial", "citation": "our lab", "body": "mouse", "arms": {"exosome": ARM}}
    return found.keep("ours", shelf=shelf, **(told | changed))


def test_animals_of_one_time_stay_apart_and_a_bound_stays_a_bound(tmp_path: Path) -> None:
    study = keep(tmp_path)
    assert [(r.value, r.time, r.n, r.limit) for r in study.records] == [
        (12.0, 1.0, 1, ""), (15.0, 1.0, 1, ""), (0.5, 24.0, 1, "<"),
    ]  # fmt: skip
    assert study.caveats == ("row 5 gives no number: left out: divided by nothing",)
    assert not study.verified and study.citation.text == "our lab"
    assert study == type(study)(**{name: getattr(study, name) for name in study.__slots__})


def test_it_stands_on_the_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert exo.check("ours").ok
    assert [record.value for record in exo.studies("ours")["ours"].usable] == [12.0, 15.0, 0.5]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"citation": " "}, "'text' is missing"),
        ({"arms": {}}, "exosome"),
        ({"arms": {"exosome": ARM | {"dose": "5 cm"}}}, "5 cm"),
    ],
)
def test_what_makes_no_study_leaves_nothing_behind(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        keep(tmp_path, **changed)
    assert not (tmp_path / "fits" / "studies" / "ours").exists()


def test_a_study_that_stands_is_not_written_over(tmp_path: Path) -> None:
    before = keep(tmp_path)
    with pytest.raises(EvidenceError, match="stands already"):
        keep(tmp_path, about="another")
    assert exo.read is not None and (before.path / "study.toml").read_text(encoding="utf-8").count("a trial") == 1


def test_a_name_cannot_leave_the_shelf(tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text("Time (h),EV (%ID/g)\n1,2\n", encoding="utf-8")
    found = exo.read(tmp_path / "lab.csv", constants={"what": "blood_label"})
    with pytest.raises(EvidenceError, match="no name of a study"):
        found.keep("../ours", about="a", citation="b", body="mouse", arms={"EV": ARM}, shelf=tmp_path)
