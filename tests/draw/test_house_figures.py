"""Figures of the house: limits are marked, profiles end at a line, areas fill the whole, waterfalls are in order."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.draw.figure import Line, Points, lines_figure, overlay
from exodelivery.draw.profiles import ProfilePanel, profiles_figure
from exodelivery.draw.spaghetti import MOST, spaghetti_figure
from exodelivery.draw.waterfall import waterfall_figure


def test_what_is_not_quantified_is_an_open_triangle_at_the_limit() -> None:
    lines = [Line("model", [0, 1], [1, 0.5], group="a")]
    plain = Points("data", [0, 1], [1.0, 0.6], group="a")
    below = Points("data", [0, 1], [1.0, 0.6], group="a", limit=["", "<"])
    figure = lines_figure(lines, x_title="t", y_title="C")
    assert overlay(figure, [plain], series=lines).data[1].marker.symbol == "circle"
    assert list(overlay(figure, [below], series=lines).data[1].marker.symbol) == ["circle", "triangle-down-open"]


def test_a_run_shows_the_levels_of_the_arms_with_its_carrier_in_its_own_units() -> None:
    study = exo.studies("wong_2013_liposome_mammary")["wong_2013_liposome_mammary"]
    with pytest.warns(exo.ExodeliveryWarning):
        run = exo.simulate(exo.load("label_mouse", carrier="liposome_pegylated"), exo.bolus("1 ID"), until="50 h")
    shown = run.plot("blood_label", data=study).data[1]
    assert (list(shown.x), list(shown.y)) == ([6.0, 24.0, 48.0], [41.9, 19.1, 6.1])
    with pytest.warns(exo.ExodeliveryWarning):
        other = exo.simulate(exo.load("label_mouse"), exo.bolus("1 ID"), until="50 h")
    assert len(other.plot("blood_label", data=study).data) == 1


def test_the_areas_of_a_balance_fill_what_was_given() -> None:
    model = exo.load("doxorubicin_mouse", carrier="none")
    run = exo.simulate(model, exo.bolus("2 mg/kg", every="6 h", times=2), until="12 h", keep=("all",))
    *parts, whole = run.balance("drug").data
    assert {"plasma", "liver", "has left"} <= {part.name for part in parts}
    assert np.asarray(whole.y) == pytest.approx(np.sum([part.y for part in parts], axis=0))
    assert whole.y[-1] == pytest.approx(2 * whole.y[0], rel=1e-6)
    with pytest.raises(exo.ExodeliveryError, match="no ledger 'drog'"):
        run.balance("drog")


def test_runs_of_many_sets_are_spaghetti_with_a_band_and_failures_are_counted() -> None:
    curves = np.outer(np.linspace(1, 2, MOST + 51), [1.0, 0.5])
    curves[0] = np.nan
    figure = spaghetti_figure([0, 1], curves, x_title="t", y_title="C")
    assert "1 curves failed" in figure.layout.title.text and f"{MOST} of {MOST + 50} drawn" in figure.layout.title.text
    assert np.isnan(figure.data[0].y).sum() == MOST
    model = exo.load("doxorubicin_mouse", carrier="none")
    runs = exo.simulate(model, exo.bolus("5 mg/kg"), sets={"body.V_plasma": [0.8, 1.0, 1.2]}, times=["1 h", "1 d"])
    median = runs.plot("plasma_total").data[-1]
    assert np.asarray(median.y) == pytest.approx(runs["plasma_total"][1])
    assert "plasma_total" in runs._repr_html_()


def test_a_waterfall_is_in_order_and_tells_falls_from_gains_without_colour() -> None:
    figure = waterfall_figure([-1.0, 2.0], ["a", "b"], y_title="change [%]")
    assert list(figure.data[0].customdata) == ["b", "a"]
    assert list(figure.data[0].marker.pattern.shape) == ["/", ""]


def test_an_open_end_of_a_profile_has_no_line() -> None:
    points = [(0.5, 4.0), (1.0, 0.0), (1e3, 0.1)]
    closed = profiles_figure([ProfilePanel("k", points[:2], 1.0, 0.5, 0.9, 3.84)])
    open_ = profiles_figure([ProfilePanel("k", points, 1.0, 0.5, math.inf, 3.84)])
    assert len(closed.layout.shapes) - len(open_.layout.shapes) == 1


def test_a_regression_draws_its_profiles_by_the_ends_of_names() -> None:
    data = {"x": [0, 1, 2, 4, 8], "y": [8.1, 4.9, 3.0, 1.1, 0.2]}
    found = exo.fit("a * exp(-k * x)", data=data, start={"a": 5, "k": 1})
    figure = found.plot("k")
    assert figure.layout.annotations[0].text == "k<br>identified"
    assert "k" in found._repr_html_() and "converged" in found._repr_html_()
    assert found.profile("k").plot().data[1].x[0] == pytest.approx(found.values["k"])


def test_figures_say_their_units(tmp_path: Path) -> None:
    model = exo.load("doxorubicin_mouse", carrier="none")
    run = exo.simulate(model, exo.bolus("2 mg/kg"), until="1 h")
    assert run.balance().layout.yaxis.title.text == "drug [nmol]"
