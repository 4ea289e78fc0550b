"""Pulses: closed forms, the model of the library, and 12-h pulses of two lines predicted from 6-h and 24-h ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.declare.protocol import Protocol
from exodelivery.declare.shelf import library_folder
from exodelivery.errors import FitError
from exodelivery.fitting.pulses.course import PARAMETERS, counts, grid
from exodelivery.fitting.pulses.fit import HeldOut, held_out, inside
from exodelivery.fitting.pulses.read import arms, fluorescence, read_recipe
from exodelivery.judge.dose_response.on_a_plate import run_protocol

FOLDER = library_folder() / "fits" / "mckenna_2017_pulses"
RECIPE = read_recipe(FOLDER)
RAW = Path(os.environ.get("EXODELIVERY_DATA", "nowhere")) / RECIPE["counts"]
needs_data = pytest.mark.skipif(
    not RAW.is_file(), reason="EXODELIVERY_DATA does not name the folder with the raw tables"
)


def test_drug_inside_is_the_integral_of_its_own_equations() -> None:
    from scipy.integrate import solve_ivp

    k_out, k_bind, pulse = 0.4, 0.1, 6.0
    times = np.linspace(0.1, 30, 40)

    def rate(t: float, s: np.ndarray) -> list[float]:
        return [(1.0 if t < pulse else 0.0) - (k_out + k_bind) * s[0], k_bind * s[0]]

    found = solve_ivp(rate, (0, 30), [0, 0], t_eval=times, rtol=1e-9, atol=1e-12, max_step=0.05)
    np.testing.assert_allclose(inside(k_out, k_bind, np.full(40, pulse), times), found.y.sum(axis=0), rtol=2e-3)


@pytest.mark.parametrize(("dose", "pulse"), [(39.0, 24.0), (156.0, 6.0), (2500.0, 12.0)])
def test_the_quick_course_is_the_model_of_the_library(dose: float, pulse: float) -> None:
    values = dict(zip(PARAMETERS, (0.0016, 5.8, 1.63, 0.0169, 2000.0, 2.9, 60.0, 1.79, 0.1335), strict=True))
    times, growth = grid(240.0), 0.03
    start = np.log(np.array([2000.0]))
    quick = counts(
        times, np.array([dose]), np.array([pulse]), start, np.array([growth]), 15000.0, np.array(list(values.values()))
    )
    k_in, share = 1.0, 0.2
    named = {
        "efflux.leak.k_in": k_in,
        "efflux.leak.k_out": values["k_out"],
        "efflux.pump.V_max": 0.0,
        "disposition.k_bind": values["k_bind"],
        "disposition.k_fade": values["k_fade"],
        "effect.k_g": growth,
        "effect.tau": values["tau"],
        "effect.arrest": 1e-3 * k_in * values["arrest"] / share,
        "effect.lethal": 1e-3 * k_in * values["lethal"] / share,
        "effect.h_arrest": values["h_arrest"],
        "effect.h_kill": values["h_kill"],
        "effect.k_kill": values["k_kill"],
        "body.share_nucleus": share,
    }
    protocol = Protocol().pulse(f"{dose} nM", over=pulse, carry_over=1e-6).read("240 h")
    run = run_protocol(exo.load("doxorubicin_plate"), protocol, values=named)
    at = np.array([12.0, 48.0, 120.0, 240.0])
    theirs = np.log(run.curve("cells", at))
    np.testing.assert_allclose(np.interp(at, times, quick[:, 0]), theirs, atol=0.03)


@needs_data
def test_what_the_recipe_leaves_out_is_out_and_all_else_is_in() -> None:
    kept = fluorescence(RECIPE, "MDAMB231")
    assert not ((kept["well_index"] == 13) & (kept["phase"] == "washout")).any()
    assert not (kept["well_index"].isin([11, 12]) & (kept["dox_nM"] == 2500) & (kept["t_h"] > 7)).any()
    assert (kept["cell_au"] > 0).all()
    assert len(fluorescence(RECIPE, "MDAMB468")) == 456
    found, most = arms(RECIPE, "MDAMB231")
    assert len(found) == 30
    assert all(np.all(arm.log_counts <= np.log(most)) for arm in found)


@needs_data
@pytest.mark.parametrize("line", ["MDAMB231", "MDAMB468"])
def test_twelve_hour_pulses_are_predicted_from_shorter_and_longer_ones(line: str) -> None:
    """Within 1.25 times the best fit to them, and closer than the mean of the 6-h and 24-h counts."""
    found = held_out({**RECIPE, "starts": 2}, line)
    assert found.ratio <= 1.25
    assert found.predicted_there < found.interpolated
    kept = HeldOut(**json.loads((FOLDER / "result.json").read_text(encoding="utf-8"))[line])
    assert found.predicted == pytest.approx(kept.predicted, rel=0.02)


def test_without_the_raw_tables_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXODELIVERY_DATA", raising=False)
    with pytest.raises(FitError, match="no raw table"):
        arms(RECIPE, "MDAMB231")


def test_a_folder_without_a_recipe_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="recipe of pulses"):
        read_recipe(tmp_path)
