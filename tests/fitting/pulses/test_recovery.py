"""Counts over weeks after a pulse: closed forms, and the kept estimate is the optimum of the raw table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.kept_recovery import fit_recovery
from exodelivery.fitting.pulses.recovery import PARAMETERS, course, doses_of, misses, residuals

FOLDER = library_folder() / "fits" / "howard_2022_recovery"
KEPT = fit_recovery(FOLDER)
RAW = Path(os.environ.get("EXODELIVERY_DATA", "nowhere")) / KEPT.recipe["table"]
needs_data = pytest.mark.skipif(
    not RAW.is_file(), reason="EXODELIVERY_DATA does not name the folder with the raw tables"
)
P = {
    "k_g": 0.02, "N_max": 1e12, "k_hit": 0.1, "EC": 50.0, "h": 2.0, "divides": 0.0, "tau": 40.0, "k_d": 0.01,
    "arrest": 1e9, "h_arrest": 1.0, "k_fade": 0.01,
}  # fmt: skip


def test_untreated_cells_grow_as_the_logistic_curve() -> None:
    times, logs = course({**P, "N_max": 5000.0}, np.zeros(1), np.log([1000.0]), 24.0, 300.0)
    closed = 5000.0 / (1 + 4.0 * np.exp(-0.02 * times))
    np.testing.assert_allclose(np.exp(logs[:, 0]), closed, rtol=1e-6)


def test_survivors_and_the_doomed_are_sums_of_exponentials() -> None:
    """Far from the plateau, without arrest: survivors fall by the hit while drug is there, the doomed pass a chain."""
    times, logs = course(P, np.array([100.0]), np.log([1000.0]), 24.0, 24.0)
    hit = 0.1 * 100.0**2 / (100.0**2 + 50.0**2)
    grows, leaves, dies = 0.02 - hit, 1 / 40.0, 0.01
    alive = np.exp(grows * times)
    active = hit * (np.exp(grows * times) - np.exp(-leaves * times)) / (grows + leaves)
    first = hit * leaves / (grows + leaves)
    dying = first * (np.exp(grows * times) - np.exp(-dies * times)) / (grows + dies)
    dying -= first * (np.exp(-leaves * times) - np.exp(-dies * times)) / (dies - leaves)
    inside = times <= 24.0
    np.testing.assert_allclose(np.exp(logs[inside, 0]), 1000 * (alive + active + dying)[inside], rtol=1e-4)


@needs_data
@pytest.mark.parametrize("one", KEPT.lines, ids=lambda one: one.line)
def test_the_kept_estimate_misses_as_kept_and_no_step_makes_it_better(one: object) -> None:
    line = next(result for result in KEPT.lines if result is one)
    seen, logs = doses_of(KEPT.recipe, line.line), np.log([line.values[name] for name in PARAMETERS])
    off = misses(KEPT.recipe, seen, logs)
    assert [float(np.sqrt(np.mean(m**2))) for m in off] == pytest.approx(line.misfit, rel=1e-6)
    assert sum(map(len, off)) == line.means and seen.left_out == line.left_out
    least = float((residuals(logs, KEPT.recipe, seen) ** 2).sum())
    for place in range(len(PARAMETERS)):
        for move in (-0.05, 0.05):
            aside = logs.copy()
            aside[place] += move
            assert float((residuals(aside, KEPT.recipe, seen) ** 2).sum()) > least


def test_the_verdict_says_how_well_every_line_is_described() -> None:
    assert all(any(said.startswith(line) for said in KEPT.verdict) for line in KEPT.recipe["lines"])
    assert "misfit of log counts" in str(KEPT)


def test_without_the_raw_table_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXODELIVERY_DATA", raising=False)
    with pytest.raises(FitError, match="no raw table"):
        fit_recovery(FOLDER, again=True)
