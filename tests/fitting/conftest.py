from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from toy import shelf


@pytest.fixture
def toy_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a small recipe, its shelf being the working folder."""
    folder = shelf(tmp_path)
    monkeypatch.chdir(tmp_path)
    return folder
