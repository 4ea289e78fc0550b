"""A simulated arm: names, units, tables, figures, and a failure that says what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus
from exodelivery.errors import SimulationError
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.simulate import simulate
from exodelivery.solve.trajectory import Trajectory

Assemble = Callable[..., Model]
SHOWN = {
    "level": {"formula": "conc(plasma.free)", "unit": "nmol/L", "about": "free drug"},
    "label": {"formula": "conc(plasma.label)", "unit": "%ID/mL"},
}


@pytest.fixture(scope="module")
def run(assemble: Assemble) -> Trajectory:
    return simulate(assemble(observables=SHOWN), bolus("4 nmol"), until="1 d")


@pytest.fixture(scope="module")
def failed(run: Trajectory) -> Trajectory:
    outcome = Outcome(False, "the step became too small", 3.5, 0, "loosen the tolerance")
    states = np.where(run.times[:, None] > 3.5, np.nan, run.solution.states)
    return replace(run, solution=replace(run.solution, outcome=outcome, states=states))


def test_names_and_units_are_those_declared(run: Trajectory) -> None:
    assert run
    assert list(run) == ["level", "plasma.free"]
    assert "level" in run
    assert "label" not in run
    assert (run.unit("level"), run.unit("plasma.free")) == ("nmol/L", "nmol")
    assert run["level"](0) == pytest.approx(2000)  # 4 nmol in 2 mL
    assert run["plasma.free"](0) == pytest.approx(4)


def test_a_series_is_read_at_any_time_and_not_beyond(run: Trajectory) -> None:
    level = run["level"]
    assert level("90 min") == pytest.approx(2000 * np.exp(-0.3), rel=1e-6)
    np.testing.assert_allclose(level([1, 2.5]), 2000 * np.exp([-0.2, -0.5]), rtol=1e-6)
    assert level.maximum == (pytest.approx(2000), 0)
    for time in (-1, 25, "2 d"):
        with pytest.raises(SimulationError, match="ends at 24 h"):
            level(time)


def test_what_a_run_has_not_is_named_with_the_nearest_or_the_reason(run: Trajectory) -> None:
    with pytest.raises(SimulationError, match="nearest: level"):
        run["levl"]
    with pytest.raises(SimulationError, match="label is unavailable: no label is given"):
        run["label"]
    with pytest.raises(SimulationError, match="kept with keep="):
        run["plasma.bound"]


def test_a_table_bears_its_units(run: Trajectory) -> None:
    frame = run.table()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["time [h]", "level [nmol/L]"]
    assert frame.attrs["units"] == {"time": "h", "level": "nmol/L"}
    some = run.table([0, 5], "plasma.free", "level")
    assert list(some.columns) == ["time [h]", "plasma.free [nmol]", "level [nmol/L]"]
    assert some["plasma.free [nmol]"].to_list() == pytest.approx([4, 4 * np.exp(-1)])


def test_a_plot_is_a_figure_of_what_was_asked_for(run: Trajectory) -> None:
    figure = run.plot("level", "plasma.free")
    names = [trace.name for trace in figure.data if trace.name]
    assert {"level [nmol/L]", "plasma.free [nmol]"} <= set(names)
    assert figure.layout.yaxis.type == "log"
    assert run.plot(log=False).layout.yaxis.type != "log"


def test_a_run_tells_its_story(run: Trajectory) -> None:
    told = repr(run)
    for part in ("small", "none in small_body", "4 nmol iv bolus", "level: largest 2000 nmol/L", "unavailable", "drug"):
        assert part in told
    page = run._repr_html_()
    assert "level" in page
    assert "2000 nmol/L" in page
    assert "free drug" in page


def test_a_failed_run_is_false_and_says_what_happened(failed: Trajectory) -> None:
    assert not failed
    for read in (
        lambda: failed["level"],
        lambda: failed.residuals,
        failed.table,
        failed.plot,
        lambda: failed.curve("plasma.free", np.array([1.0])),
    ):
        with pytest.raises(SimulationError, match=r"failed at 3\.5 h: the step became too small"):
            read()
    assert "FAILED at 3.5 h: the step became too small. loosen the tolerance" in repr(failed)
    assert "FAILED" in failed._repr_html_()


def test_a_model_that_explodes_fails_as_a_value(assemble: Assemble) -> None:
    blow = {"flows": {"x": "in -> plasma.free : plasma.free**2"}}
    run = simulate(assemble(drug={**blow}), bolus("4 nmol"), until=10)
    assert not run
    assert run.outcome.time == pytest.approx(0.25, rel=0.1)  # dx/dt = x^2 from 4 ends at 1/4
    assert run.outcome.what
    assert run.outcome.remedy


def test_two_runs_are_told_apart_without_comparing_arrays(run: Trajectory, failed: Trajectory) -> None:
    assert run == run  # noqa: PLR0124
    assert run != failed
    assert len({run, failed}) == 2
