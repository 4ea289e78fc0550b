"""Recipes for raw tables: truth comes back, exclusions keep their reasons, kept results are current and reproduce."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError, OutdatedFitWarning
from exodelivery.fitting.tables.fit import RESULT, fit_table
from exodelivery.fitting.tables.recipe import is_table_recipe, read_raw, read_table_recipe

FOLDERS = sorted(p.parent for p in (library_folder() / "fits").glob("*/fit.toml") if is_table_recipe(p.parent))

RECIPE = """
format = 1
kind = "table fit"
about = "Two curves that are known"
[table]
file = "toy.csv"
caveats = ["simulated"]
[citation]
text = "Simulated here."
[columns]
group = "arm + animal"
predictor = "hours"
predictor_unit = "h"
observed = "level"
unit = "ng/mL"
[[leave_out]]
column = "flag"
values = ["x"]
why = "the tube broke"
[curves.one]
expression = "a * exp(-k * t)"
start = { a = { value = 5, scale = "log" }, k = { value = 0.5, scale = "log" } }
[curves.flat]
expression = "a + 0 * t"
start = { a = 5 }
[method]
starts = 2
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(4)
    lines = ["arm,animal,hours,level,flag"]
    for animal, rate in (("1", 0.2), ("2", 0.6)):
        for t in (0.5, 1, 2, 3, 4, 6, 8):
            lines.append(f"free,{animal},{t},{20 * np.exp(-rate * t) + 0.02 * rng.normal():.5f},")
    lines.append("free,1,9,100,x")
    (tmp_path / "toy.csv").write_text("\n".join(lines))
    folder = tmp_path / "toy_fit"
    folder.mkdir()
    (folder / "fit.toml").write_text(RECIPE)
    monkeypatch.setenv("EXODELIVERY_DATA", str(tmp_path))
    return folder


def test_known_rates_come_back_and_the_right_curve_is_named(toy: Path) -> None:
    found = fit_table(toy, again=True)
    assert found.groups == ("free/1", "free/2")
    for group, rate in zip(found.groups, (0.2, 0.6), strict=True):
        (best,) = found.best(group)
        assert best.curve == "one" and best.values["k"] == pytest.approx(rate, rel=0.02)
        assert abs(best.values["k"] - rate) < 4 * best.standard_errors["k"]
    assert found.verdict[0].startswith("one: best or as good in 2 of 2")
    assert found.excluded == ((16, "the tube broke"),) and "tube broke" in str(found)
    assert "<table" in found._repr_html_() and len(found.table()) == 4


def test_a_result_is_kept_and_a_changed_recipe_is_noticed(toy: Path) -> None:
    with pytest.raises(FitError, match="no result"):
        fit_table(toy)
    made = fit_table(toy, again=True, keep=True)
    kept = fit_table(toy)
    assert kept.verdict == made.verdict and kept.groups == made.groups
    assert kept.fits[0].values == pytest.approx(made.fits[0].values)
    (toy / "fit.toml").write_text(RECIPE + "seed = 3\n")
    with pytest.warns(OutdatedFitWarning):
        fit_table(toy)
    (toy / RESULT).write_text("[]")
    with pytest.raises(FitError, match="cannot be read"):
        fit_table(toy)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[method]", "[methods]", "no 'methods'"),
        ("starts = 2", "tries = 2", "no 'tries'"),
        ('unit = "ng/mL"', "", "names no unit"),
        ('value = 5, scale = "log"', 'value = -5, scale = "log"', "cannot start"),
        ('about = "Two curves that are known"', "", "lacks about"),
    ],
)
def test_a_recipe_that_cannot_be_read_says_where(toy: Path, old: str, new: str, said: str) -> None:
    (toy / "fit.toml").write_text(RECIPE.replace(old, new))
    with pytest.raises(FitError, match=said):
        read_table_recipe(toy)


def test_rows_that_are_no_numbers_are_all_named(toy: Path, tmp_path: Path) -> None:
    table = tmp_path / "toy.csv"
    table.write_text(table.read_text() + "\nfree,1,late,3,\nfree,1,4,,\n")
    with pytest.raises(FitError, match=r"2 rows.*\n.*line 17.*\n.*line 18"):
        read_raw(read_table_recipe(toy))


def test_without_the_folder_of_tables_a_kept_result_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXODELIVERY_DATA", raising=False)
    assert len(exo.fit("liposomal_release").groups) == 9
    with pytest.raises(FitError, match="EXODELIVERY_DATA"):
        exo.fit("liposomal_release", again=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kept_table_fit_is_current_cited_and_finite(folder: Path) -> None:
    """An outdated recipe warns, and warnings of ours are errors here."""
    kept = fit_table(folder)
    assert kept.citation.text and kept.recipe.caveats and kept.verdict
    assert all(np.isfinite(list(fit.values.values())).all() for fit in kept.fits if not fit.failed)
    json.loads((folder / RESULT).read_text())
    if "EXODELIVERY_DATA" in os.environ:
        assert read_raw(kept.recipe).digest == kept.digest.partition(" ")[0]


@pytest.mark.skipif("EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets")
def test_a_kept_group_reproduces_from_the_raw_table() -> None:
    """Formulation 3, Weibull: estimates again within 1e-4 of themselves."""
    from exodelivery.fitting.tables.fit import _one

    kept = fit_table(library_folder() / "fits" / "liposomal_release")
    rows = next(rows for rows in read_raw(kept.recipe).groups if rows.group == "3")
    candidate = next(c for c in kept.recipe.candidates if c.name == "weibull")
    again = _one(kept.recipe, rows, candidate)
    before = next(fit for fit in kept.fits if (fit.group, fit.curve) == ("3", "weibull"))
    assert again.values == pytest.approx(before.values, rel=1e-4) and again.misfit == pytest.approx(
        before.misfit, rel=1e-6
    )
