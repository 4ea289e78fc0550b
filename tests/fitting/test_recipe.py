from __future__ import annotations

from pathlib import Path

import pytest
from toy import CSV, RECIPE, shelf

from exodelivery.errors import FitError
from exodelivery.fitting.problem import problem_of
from exodelivery.fitting.recipe import read_recipe


def test_a_recipe_is_read_as_written(toy_fit: Path) -> None:
    recipe = read_recipe(toy_fit)
    assert recipe.name == "toy_fit"
    assert recipe.pairings[0].horizon == 24.0
    assert recipe.spreads["toy_study"].cv == pytest.approx(0.05)
    assert recipe.readings["toy_study/one half_life(level) 1"].window == (1.0, 6.0)
    assert recipe.method.starts == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[spreads]", "[spread]", "no key 'spread'"),
        ('cv = "5 %", why = "a test"', 'cv = "5 %"', "'why' is a text"),
        ('horizon = "24 h"', 'horizon = "24 nmol"', "no time"),
        ('horizon = "24 h"', 'horizon = "0 h"', "positive time"),
        ('{ model = "toy", ', '{ model = "tyo", ', "nearest: toy"),
        ('"toy_study/one" =', '"toy_study" =', "no arm"),
        ("starts = 3", "starts = 0", "whole number"),
        ("starts = 3", "startts = 3", "nearest: starts"),
        ('["1 h", "6 h"]', '["6 h", "1 h"]', "ends after it starts"),
        ('kind = "fit"', 'kind = "model"', 'kind = "fit"'),
        ("[method]", "[method", "not TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_line(toy_fit: Path, old: str, new: str, message: str) -> None:
    path = toy_fit / "fit.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(FitError, match=message.replace("(", r"\(")) as caught:
        read_recipe(toy_fit)
    assert caught.value.where.line > 0 and "fit.toml" in caught.value.where.file


def test_a_record_without_a_spread_needs_a_named_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelf(tmp_path, RECIPE.replace('toy_study = { cv = "5 %", why = "a test" }', ""))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="without a spread"):
        problem_of(read_recipe(folder))


def test_a_phase_needs_a_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelf(tmp_path, RECIPE.replace("half_life(level) 1", "half_life(level) 2"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="no window"):
        problem_of(read_recipe(folder))


def test_a_usable_record_is_used_or_left_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = CSV + "one,elsewhere,,1,,,,1,nmol/mL,5,cv,,,,\n"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="no observable 'elsewhere'"):
        problem_of(read_recipe(shelf(tmp_path, RECIPE, more)))
    left = RECIPE + '[leave_out]\n"toy_study elsewhere" = "no site"\n'
    found = problem_of(read_recipe(shelf(tmp_path, left, more)))
    assert [item.reason for item in found.left_out] == ["no site"]
    wrong = RECIPE + '[leave_out]\n"toy_study nowhere" = "no site"\n'
    with pytest.raises(FitError, match="names nothing usable"):
        problem_of(read_recipe(shelf(tmp_path, wrong)))


def test_a_record_in_a_unit_of_another_dimension_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="does not fit its observable"):
        problem_of(read_recipe(shelf(tmp_path, RECIPE, CSV.replace("8,nmol/mL", "8,h"))))


def test_a_cmax_may_be_read_at_its_tmax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    peak = CSV + "one,tmax(twin),,,,,,0.5,h,,none,,,,\n"
    reading = '[readings]\n"toy_study cmax" = { at = "tmax", why = "sampled" }'
    problem = problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[readings]", reading), peak)))
    row = next(row for row in problem.arms[0].rows if row.record.what.functional == "cmax")
    assert (row.functional, row.at) == ("level", 0.5)
    assert [item.reason for item in problem.left_out] == ["where its Cmax is read: sampled"]
    with pytest.raises(FitError, match="no Tmax beside it"):
        problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[readings]", reading), CSV)))


def test_the_first_start_may_be_named_and_must_fit_an_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = '[start]\n"disposition.k" = { value = "0.5 1/h", why = "a test" }\n[method]'
    problem = problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[method]", start))))
    place = [unknown.name for unknown in problem.unknowns].index("disposition.k")
    unknown = problem.unknowns[place]
    assert unknown.base(unknown.centre + unknown.sd * problem.start[place]) == pytest.approx(0.5)
    for wrong in (start.replace("1/h", "mL"), start.replace("position.k", "position.kk")):
        with pytest.raises(FitError, match="fits no unknown"):
            _ = problem_of(read_recipe(shelf(tmp_path, RECIPE.replace("[method]", wrong)))).start
