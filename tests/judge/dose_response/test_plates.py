"""Raw plates of Gray and co-workers: what is kept is what the tables say, and says what it does not know."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError
from exodelivery.judge.dose_response.plates import fit_plates, line_curves, wells_of_plates

FOLDER = library_folder() / "fits" / "gray_2013_plates"
KEPT = fit_plates(FOLDER)
RAW = Path(os.environ.get("EXODELIVERY_DATA", "nowhere")) / KEPT.recipe["table"]
needs_data = pytest.mark.skipif(
    not RAW.is_file(), reason="EXODELIVERY_DATA does not name the folder with the raw tables"
)
SOME = ("BT549", "MDAMB175VII", "HCC1937")


@needs_data
def test_what_is_kept_of_some_lines_is_what_their_wells_say() -> None:
    wells, left_out, _ = wells_of_plates(KEPT.recipe)
    assert left_out == KEPT.left_out
    viability, growth = line_curves(wells[wells["line"].isin(SOME)], KEPT.recipe, ())
    for one in KEPT.lines:
        if one.line not in SOME:
            continue
        for kept, found in ((one.viability, viability[one.line]), (one.growth, growth[one.line])):
            for name in ("ic50", "hill", "auc"):
                assert found[name].value == pytest.approx(kept[name].value, rel=1e-6)
                assert found[name].limit == kept[name].limit


@needs_data
def test_records_left_out_are_out_and_nothing_else_is() -> None:
    wells, _, _ = wells_of_plates(KEPT.recipe)
    assert not wells["plate"].isin([8401, 8522]).any()
    doses = wells[wells["dose"] > 0].groupby(["line", "plate"])["dose"].nunique()
    assert set(doses["MCF7"]) == set(doses["BT474"]) == {7}
    assert set(doses.drop(index=["MCF7", "BT474"])) == {9}


def test_an_ic50_that_is_not_reached_is_a_bound_and_is_said() -> None:
    unreached = next(one for one in KEPT.lines if one.line == "MDAMB175VII")
    assert unreached.viability["ic50"].limit == ">"
    assert any("not reached" in word for word in unreached.words)
    assert any("MDAMB175VII" in said for said in KEPT.verdict)
    assert "> 86.2 uM" in str(KEPT)


def test_every_line_has_an_interval_that_holds_its_estimate() -> None:
    assert len(KEPT.lines) == 31
    for one in KEPT.lines:
        number = one.viability["ic50"]
        assert number.limit or number.low < number.value < number.high
        assert not math.isnan(number.value)
    assert any("rank correlation" in said for said in KEPT.verdict)


def test_without_the_raw_table_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXODELIVERY_DATA", raising=False)
    with pytest.raises(FitError, match="no raw table"):
        fit_plates(FOLDER, again=True)
