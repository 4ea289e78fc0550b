"""A small sound shelf, copied for each test so that a mistake can be planted in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from exodelivery.checks.check import check
from exodelivery.checks.findings import Findings, findings, issue_of
from exodelivery.declare.shelf import find
from exodelivery.errors import ExodeliveryError

SOUND = Path(__file__).parent / "shelf"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shelf"
    shutil.copytree(SOUND, folder)
    monkeypatch.setenv("EXODELIVERY_SHELVES", f"tiny={folder}")
    return folder


@pytest.fixture
def plant(shelf: Path) -> Callable[[str, str, str], int]:
    """Return a function that replaces one text of a file of the shelf and returns the line of what it put there."""

    def put(file: str, old: str, new: str) -> int:
        path = shelf / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    return put


def checked(carrier: str) -> Findings:
    """Check the shelf's model with a carrier; a file that does not load is a finding too."""
    try:
        return check(find("tiny_whole", "model").swap(carrier=carrier))
    except ExodeliveryError as error:
        return findings("load", [issue_of(error, "load")])
