"""Shelves: where names are looked up, and that no name leaves them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exodelivery.declare.files import read_file, save
from exodelivery.declare.model import Model
from exodelivery.declare.shelf import find, library_folder, locate, on_shelves, shelves
from exodelivery.errors import ShelfError

LIBRARY = library_folder() / "models"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's shelf with a pump of the library's name."""
    folder = tmp_path / "lab"
    (folder / "models/blocks/efflux").mkdir(parents=True)
    text = (LIBRARY / "blocks/efflux/pgp.toml").read_text(encoding="utf-8")
    (folder / "models/blocks/efflux/pgp.toml").write_text(text.replace("Active export", "My own export"))
    monkeypatch.setenv("EXODELIVERY_SHELVES", f"lab={folder}")
    return folder


def test_an_ambiguous_name_lists_its_prefixes(lab: Path) -> None:
    with pytest.raises(ShelfError, match="lab:pgp or library:pgp"):
        find("pgp", "efflux")
    assert find("lab:pgp", "efflux").about.startswith("My own export")
    assert find("library:pgp", "efflux").about.startswith("Active export")
    assert {prefix for name, shelf in on_shelves("efflux") if name == "pgp" for prefix in [shelf.prefix]} == {
        "lab",
        "library",
    }


def test_a_model_remembers_whose_block_it_uses(lab: Path, tmp_path: Path) -> None:
    leak = {"leak": "diffusion"}
    model: Model = find("label_mouse", "model").swap(efflux={**leak, "pump": "lab:pgp"})
    path = save(model, tmp_path / "label_mouse.toml")
    assert '"lab:pgp"' in path.read_text()
    assert read_file(path) == model
    assert read_file(path) != find("label_mouse", "model").swap(efflux={**leak, "pump": "library:pgp"})


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "..", "", "a.toml", "lab:../x", "a b", "a\\b", "a\n", "~"]
)
def test_no_name_leaves_its_shelf(lab: Path, name: str) -> None:
    with pytest.raises(ShelfError, match="is not a name"):
        locate(name, "efflux")


@pytest.mark.parametrize("whole_folder", [False, True])
def test_no_link_leaves_its_shelf(lab: Path, tmp_path: Path, whole_folder: bool) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.toml").write_text('format = 1\nkind = "growth"\n')
    here = lab / "models/blocks/growth"
    if whole_folder:
        here.symlink_to(outside)
    else:
        here.mkdir()
        (here / "secret.toml").symlink_to(outside / "secret.toml")
    with pytest.raises(ShelfError, match="leaves its shelf"):
        find("secret", "growth")


def test_a_link_that_leads_nowhere_breaks_nothing(lab: Path) -> None:
    (lab / "models/blocks/efflux/gone.toml").symlink_to(lab / "nowhere.toml")
    assert find("linear", "clearance").name == "linear"
    with pytest.raises(ShelfError, match="no efflux is called 'gone'"):
        find("gone", "efflux")


def test_an_unknown_name_lists_the_nearest(lab: Path) -> None:
    with pytest.raises(ShelfError, match="nearest: exponential"):
        find("exponental", "growth")
    with pytest.raises(ShelfError, match="nearest: lab"):
        find("lob:pgp", "efflux")


def test_a_file_in_the_folder_of_another_kind_is_refused(lab: Path) -> None:
    (lab / "models/blocks/growth").mkdir()
    (lab / "models/blocks/growth/odd.toml").write_text('format = 1\nkind = "effect"\n')
    with pytest.raises(ShelfError, match="another kind"):
        find("odd", "growth")


def test_a_changed_file_is_read_anew(lab: Path) -> None:
    path = lab / "models/blocks/efflux/pgp.toml"
    before = find("lab:pgp", "efflux")
    path.write_text(path.read_text().replace("My own export", "Quite another export"))
    assert find("lab:pgp", "efflux") != before


def test_what_names_a_changed_file_is_read_anew_and_an_ambiguity_that_arose_since_is_told(lab: Path) -> None:
    text = (LIBRARY / "blocks/release/first_order.toml").read_text(encoding="utf-8")
    (lab / "models/blocks/release").mkdir()
    (lab / "models/blocks/release/slow.toml").write_text(text)
    (lab / "models/carriers").mkdir()
    (lab / "models/carriers/mine.toml").write_text(
        'format = 1\nkind = "carrier"\nabout = "Mine"\n[use]\nrelease = "slow"\n'
    )
    find("lab:slow", "release")  # read under its full name first, yet the carrier's plain one is what counts
    before = find("mine", "carrier")
    assert find("mine", "carrier") is before
    (lab / "models/blocks/release/slow.toml").write_text(text + "# changed\n")
    assert find("mine", "carrier") is not before
    second = lab.parent / "second/models/blocks/release"
    second.mkdir(parents=True)
    (second / "slow.toml").write_text(text)
    os.environ["EXODELIVERY_SHELVES"] += f"{os.pathsep}second={lab.parent / 'second'}"
    with pytest.raises(ShelfError, match="lab:slow or second:slow"):
        find("mine", "carrier")


@pytest.mark.parametrize("entry", ["{lab}", "x=/no/such/folder", "library={lab}", "a={lab}{sep}a={lab}", "1={lab}"])
def test_shelves_that_cannot_be_told_apart_are_refused(lab: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("EXODELIVERY_SHELVES", entry.format(lab=lab, sep=os.pathsep))
    with pytest.raises(ShelfError):
        shelves()
