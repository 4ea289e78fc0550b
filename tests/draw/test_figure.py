"""Figures: nothing can be sent away, groups keep their colours, ratios keep their intervals."""

from __future__ import annotations

import json
import math

import pytest

from exodelivery.draw.canvas import CONFIG, Figure, figure_json
from exodelivery.draw.figure import (
    ForestRow,
    Line,
    Panel,
    Points,
    bars_figure,
    forest_figure,
    lines_figure,
    overlay,
    small_multiples,
)

LINES = [
    Line("free", [0, 1, 2], [1.0, 0.5, 0.25], "dash", group="liposome"),
    Line("total", [0, 1, 2], [10.0, 5.0, 2.5], group="liposome"),
    Line("exosome", [0, 1, 2], [10.0, 1.0, 1e-12]),
]


def lines() -> Figure:
    return lines_figure(LINES, x_title="time [h]", y_title="plasma [nmol/mL]")


def test_a_notebook_offers_no_upload() -> None:
    import plotly.io

    lines()
    for name in plotly.io.renderers:
        renderer = plotly.io.renderers[name]
        if hasattr(renderer, "config"):
            assert renderer.config["showSendToCloud"] is False, name
    bundle = plotly.io.renderers["plotly_mimetype"].to_mimebundle(lines().to_dict())
    (shown,) = bundle.values()
    assert shown["config"]["showSendToCloud"] is False


def test_a_figure_in_a_page_carries_the_configuration_and_closes_no_script() -> None:
    figure = lines_figure([Line("</script><b>", [0], [1.0])], x_title="<x>", y_title="y", title="</title>")
    shown = figure_json(figure)
    assert json.loads(shown)["config"] == CONFIG
    assert "<" not in shown


def test_concentrations_are_drawn_semi_logarithmic_and_opened_on_the_upper_decades() -> None:
    axis = lines().layout.yaxis
    assert axis.type == "log"
    assert axis.range[0] == pytest.approx(math.log10(10.0) - 5)


def test_lines_of_a_group_share_a_colour_and_points_take_it() -> None:
    figure = overlay(lines(), [Points("data", [1], [4], [3], [6], group="liposome")], series=LINES)
    free, total, exosome, data = figure.data
    assert free.line.color == total.line.color == data.marker.color != exosome.line.color
    assert (data.error_y.array[0], data.error_y.arrayminus[0]) == (2, 1)


def test_small_multiples_name_a_series_once() -> None:
    figure = small_multiples([Panel("plasma", LINES), Panel("tumour", LINES)], x_title="time [h]")
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(named) == ["exosome", "free", "total"]


def test_a_forest_keeps_each_interval_and_an_endless_one_runs_to_the_edge() -> None:
    figure = forest_figure([ForestRow("a", 2.0, 0.5, 4.0, 0.9), ForestRow("b", 1.0, 0.0, math.inf)])
    first, second = figure.data
    assert (first.error_x.array[0], first.error_x.arrayminus[0]) == (2.0, 1.5)
    left, right = (10**end for end in figure.layout.xaxis.range)
    assert second.x[0] + second.error_x.array[0] == pytest.approx(right)
    assert second.x[0] - second.error_x.arrayminus[0] == pytest.approx(left)
    assert any(shape.x0 == 1 for shape in figure.layout.shapes)


def test_shares_stack_in_the_order_of_the_table_and_leave_out_what_is_nought() -> None:
    figure = bars_figure({"a": {"assumed": 0.7, "measured": 0.3, "fitted": 0.0}})
    assert [(trace.name, trace.x[0]) for trace in figure.data] == [("measured", 30.0), ("assumed", 70.0)]
