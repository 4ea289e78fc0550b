"""Four lines as one problem: the kept estimate is the optimum of the raw data, and the population is what it tells."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.course import PARAMETERS
from exodelivery.fitting.pulses.hierarchy import Population, first_guess, line_of, renewed
from exodelivery.fitting.pulses.kept_lines import fit_hierarchy

FOLDER = library_folder() / "fits" / "mckenna_2017_lines"
KEPT = fit_hierarchy(FOLDER)
RAW = Path(os.environ.get("EXODELIVERY_DATA", "nowhere")) / KEPT.recipe["counts"]
needs_data = pytest.mark.skipif(
    not RAW.is_file(), reason="EXODELIVERY_DATA does not name the folder with the raw tables"
)


@needs_data
@pytest.mark.parametrize("one", KEPT.lines, ids=lambda one: one.line)
def test_the_kept_unknowns_of_a_line_fit_its_data_as_kept_and_no_step_makes_them_better(one: object) -> None:
    result = next(line for line in KEPT.lines if line is one)
    line, logs = line_of(KEPT.recipe, result.line), np.array(result.unknowns)
    assert float(np.sqrt(np.mean(line.misses(logs) ** 2))) == pytest.approx(result.misfit, rel=1e-6)
    assert len(line.misses(logs)) == result.images and len(line.dims(logs)) == result.frames
    least = float((line.residuals(logs, KEPT.population) ** 2).sum())
    for place in range(line.own.start, line.own.stop):
        for move in (-0.1, 0.1):
            aside = logs.copy()
            aside[place] += move
            assert float((line.residuals(aside, KEPT.population) ** 2).sum()) > least - 1e-3


def test_the_population_is_the_one_that_the_kept_lines_tell() -> None:
    values = np.log([[one.values[name] for name in PARAMETERS] for one in KEPT.lines])
    doubt = np.array([[one.doubt[name] for name in PARAMETERS] for one in KEPT.lines])
    again = renewed(KEPT.recipe, KEPT.population, values, doubt**2)
    np.testing.assert_allclose(again.middle, KEPT.population.middle, atol=0.02)
    np.testing.assert_allclose(again.spread, KEPT.population.spread, rtol=0.02)


def test_lines_that_tell_everything_leave_their_own_scatter_and_lines_that_tell_nothing_the_guess() -> None:
    guess = first_guess(KEPT.recipe)
    far = Population(guess.middle, np.full(len(PARAMETERS), 1.0))
    apart = np.array([[-2.0] * 9, [2.0] * 9] * 500) + guess.middle
    sharp = renewed(KEPT.recipe, far, apart, np.zeros_like(apart))
    np.testing.assert_allclose(sharp.spread, 2.0, rtol=0.01)
    blind = renewed(KEPT.recipe, guess, np.tile(guess.middle, (4, 1)), np.tile(guess.spread**2, (4, 1)))
    assert np.all((blind.spread > 0.9 * guess.spread) & (blind.spread < 1.2 * guess.spread))


@needs_data
def test_records_are_left_out_with_their_reasons() -> None:
    line = line_of(KEPT.recipe, "SUM149")
    assert np.all(line.frames["time"] <= line.frames["pulse"] + 0.5)
    assert all(rule["why"] for rule in KEPT.recipe["leave_out"].values())
    assert {one.line for one in KEPT.lines} == set(KEPT.recipe["lines"])


def test_the_kept_results_are_shown_by_the_verb() -> None:
    assert "MDAMB453" in str(exo.fit("mckenna_2017_lines"))
    assert "12-h pulses predicted" in str(exo.fit("mckenna_2017_pulses"))
    with pytest.raises(FitError, match="takes no starts="):
        exo.fit("mckenna_2017_pulses", starts=3)
