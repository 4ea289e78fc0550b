"""Kept fits are listed with their state, and what changed between two is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from exodelivery.cli.main import main
from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError
from exodelivery.fitting.fit import fit
from exodelivery.fitting.index import difference, fit_called, kept_fit


def test_recipes_of_every_kind_are_listed_with_what_is_kept_of_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["fits"]) == 0
    text = capsys.readouterr().out
    assert "cannot be read" not in text
    assert "untreated_growth: table fit; current. Untreated" in text and "tumour_exit: converged" in text
    folder = tmp_path / "untreated_growth"
    folder.mkdir()
    for name in ("fit.toml", "result.json"):
        (folder / name).write_bytes((library_folder() / "fits" / "untreated_growth" / name).read_bytes())
    written = (folder / "fit.toml").read_text()
    (folder / "fit.toml").write_text(written.replace("starts = 3", "starts = 4"))
    assert "outdated: the recipe changed since" in kept_fit(folder).state
    (folder / "result.json").unlink()
    assert kept_fit(folder).state == "table fit; not fitted"


def test_every_recipe_is_listed_and_a_changed_one_is_outdated(
    toy_fit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(kept_fit(toy_fit)) == "toy_fit: not fitted. toy"
    first = fit(toy_fit, again=True)
    kept = kept_fit(toy_fit)
    assert (kept.state, kept.converged, kept.records) == ("current", True, 5)
    body = toy_fit.parents[1] / "models" / "bodies" / "toy_body.toml"
    body.write_text(body.read_text().replace("8 mL", "9 mL"))
    assert main(["fits"]) == 0
    assert "outdated: model toy" in capsys.readouterr().out
    other = toy_fit.parent / "before"
    other.mkdir()
    (other / "result.json").write_bytes((toy_fit / "result.json").read_bytes())
    given = json.loads((other / "result.json").read_text())
    given["hashes"]["study toy_study"] = "another"
    given["predictions"][0]["observed"] = 3.2
    given["parameters"][0]["estimate"] += given["parameters"][0]["sd"]
    (other / "result.json").write_text(json.dumps(given))
    assert main(["diff", "toy_fit", str(other)]) == 0
    text = capsys.readouterr().out
    assert "study toy_study" in text and "2.681 is now 3.2" in text
    assert "+1.00 se" in text and first.parameters[0].name in text


def test_a_fit_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    kept = fit_called("doxorubicin_carriers")
    assert not difference(kept, kept)
    shorter = replace(kept, predictions=kept.predictions[1:])
    assert difference(kept, shorter).records == (f"- {kept.predictions[0].title}",)
    with pytest.raises(FitError, match="no kept fit is called"):
        fit_called("doxorubicin_carrier")
