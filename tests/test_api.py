"""The verbs: what they take, and what they say when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

import exodelivery as exo
from exodelivery.errors import CheckError, ShelfError


def test_a_model_is_loaded_by_name_or_by_file(tmp_path: Path) -> None:
    model = exo.load("doxorubicin_mouse")
    path = exo.save(model, tmp_path / "copy.toml")
    assert exo.load(path) == model.__class__(**{**_fields(model), "name": "copy"})
    assert exo.load(str(path)) == exo.load(path)


def _fields(noun: object) -> dict[str, object]:
    return {name: getattr(noun, name) for name in type(noun).__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_carrier_is_swapped_in_one_word() -> None:
    one, other = exo.load("doxorubicin_mouse"), exo.load("doxorubicin_mouse", carrier="none")
    assert (one.carrier.name, other.carrier.name) == ("exosome_targeted", "none")
    assert one.body == other.body
    assert one.drug == other.drug


def test_only_a_model_takes_swaps() -> None:
    with pytest.raises(ShelfError, match="only a model takes swaps"):
        exo.load("exosome_targeted", uptake="receptor")


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(ShelfError, match="nearest: doxorubicin_mouse"):
        exo.load("doxorubicin_mous")


def test_a_name_never_leaves_its_shelf() -> None:
    for name in ("../doxorubicin_mouse", "blocks/efflux/pgp", "/etc/passwd", "", "pgp.toml/.."):
        with pytest.raises(ShelfError):
            exo.load(name)


def test_a_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="there is no file"):
        exo.load(tmp_path / "nothing.toml")


def test_a_broken_file_is_a_finding_with_its_line(tmp_path: Path) -> None:
    text = Path(exo.save(exo.load("doxorubicin_mouse"), tmp_path / "model.toml")).read_text(encoding="utf-8")
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace("conc(plasma.free)", "conc(plasma.free", 1), encoding="utf-8")
    found = exo.check(broken)
    assert not found
    assert (found.errors[0].place.file, found.errors[0].place.line > 0) == (str(broken), True)
    with pytest.raises(CheckError, match=r"broken\.toml:\d+"):
        exo.check(broken, strict=True)


def test_a_study_is_checked_by_its_name() -> None:
    assert exo.check("laginha_2005_4t1_tumour").ok


def test_a_part_is_not_checked_alone() -> None:
    with pytest.raises(ShelfError, match="checked in a model that uses it"):
        exo.check("exosome_targeted")


def test_list_tells_every_kind_and_refuses_others() -> None:
    frame = exo.list()
    assert list(frame.columns) == ["kind", "name", "shelf", "about"]
    assert {"model", "body", "drug", "carrier", "study", "uptake"} <= set(frame["kind"])
    assert (frame["about"].str.len() > 0).all()
    with pytest.raises(ShelfError, match="nearest: model"):
        exo.list("modle")


def test_show_prints_a_part_as_its_file_says_it() -> None:
    text = exo.show("pgp")
    assert 'kind = "efflux"' in text
    assert "V_max * count(cell)" in text


def test_show_prints_a_study_with_its_records_and_source() -> None:
    text = exo.show("laginha_2005_4t1_tumour")
    assert "10.1158/1078-0432.CCR-05-0343" in text
    assert "auc(tumour_total)" in text
    assert "5918" in text


def test_show_takes_swaps() -> None:
    assert "carrier  none" in exo.show("doxorubicin_mouse", carrier="none")


def test_studies_are_all_those_on_the_shelves_unless_named() -> None:
    assert set(exo.studies()) == set(exo.list("study")["name"])


def test_a_new_shelf_stands_and_its_model_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = exo.new(tmp_path / "mine")
    monkeypatch.chdir(shelf)
    found = exo.check("my_model")
    assert found.ok and not [issue for issue in found.warnings if "my_" in issue.place.file], str(found)
    assert exo.check("my_study").ok
    assert exo.check(exo.load("my_model", carrier="liposome_pegylated", release="my_release")).ok
    run = exo.simulate(exo.load("my_model"), exo.bolus("5 mg/kg"), until="24 h")
    assert run
    assert run["tumour_total"]("24 h") > 0
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ShelfError, match="nothing is called"):
        exo.load("my_model")
    monkeypatch.setenv("EXODELIVERY_SHELVES", f"mine={shelf}")
    assert exo.load("mine:my_model").name == "my_model"


def test_a_new_shelf_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ShelfError, match="something stands here already"):
        exo.new(tmp_path)
    with pytest.raises(ShelfError, match="something stands here already"):
        exo.new(tmp_path / "note.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
