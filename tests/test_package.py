"""What the distribution promises: typed, tagged with one version, and with the library where it is looked for."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest

import exodelivery as exo
from exodelivery.declare.shelf import library_folder

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, object]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def test_the_version_is_the_same_everywhere() -> None:
    assert project()["version"] == exo.__version__


def test_the_package_says_that_it_is_typed() -> None:
    assert resources.files("exodelivery").joinpath("py.typed").is_file()


def test_a_type_checker_of_a_user_sees_the_verbs(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text('import exodelivery as exo\nreveal_type(exo.bolus("5 mg/kg"))\nexo.bolus(5)\n', encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    assert 'Revealed type is "exodelivery.declare.regimen.Regimen"' in done.stdout, done.stdout + done.stderr
    assert 'incompatible type "int"; expected "str"' in done.stdout


@pytest.mark.parametrize("file", ["models/doxorubicin_mouse.toml", "fits/studies/laginha_2005_4t1_tumour/study.toml"])
def test_the_library_is_found(file: str) -> None:
    assert (library_folder() / file).is_file()


def test_every_extra_is_a_group_of_its_own() -> None:
    extras = project()["optional-dependencies"]
    assert isinstance(extras, dict)
    assert {"fit", "sbml", "report", "notebook", "data", "distributed", "dev"} <= set(extras)
