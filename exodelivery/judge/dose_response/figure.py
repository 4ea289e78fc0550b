"""Floor 8: figures of curves: wells with their scatter, the fitted curve, the dose on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.draw.canvas import plain
from exodelivery.draw.figure import Line, Points, lines_figure, overlay

if TYPE_CHECKING:
    from exodelivery.judge.dose_response.curve import Curve

TITLES = {
    "response": "response",
    "viability": "viability, relative to untreated",
    "gr": "GR: growth rate relative to untreated",
}
MOST = 12


def curves_figure(curves: Sequence[Curve], title: str = "") -> Any:
    """Return curves over each other, each with its wells; flagged wells are crosses, at most twelve curves."""
    shown = [curve for curve in curves if curve][:MOST]
    lines, points = [], []
    for curve in shown:
        dosed = curve.dose[curve.dose > 0]
        at = np.geomspace(dosed.min(), dosed.max(), 120)
        lines.append(Line(curve.name, at, curve.at(at), group=curve.name))
        for marked, name in ((False, "wells"), (True, "flagged")):
            chosen = (curve.outlier == marked) & (curve.dose > 0)
            if chosen.any():
                points.append(
                    Points(f"{curve.name}, {name}", curve.dose[chosen], curve.response[chosen], group=curve.name)
                )
    unit = shown[0].unit if shown else ""
    scale = shown[0].scale if shown else "response"
    left = len(curves) - len(shown)
    head = title or (f"{len(shown)} of {len(curves)} curves" if left else "")
    figure = lines_figure(
        lines, x_title=f"dose [{unit}]" if unit else "dose", y_title=TITLES[scale], log_y=False, title=head
    )
    figure = overlay(figure, points, series=lines)
    for trace in figure.data:
        if str(trace.name).endswith(", flagged"):
            trace.marker.symbol = "x"
    figure.update_xaxes(type="log")
    if scale == "gr":
        figure.add_hline(y=0, line={"color": "#444444", "dash": "dot", "width": 1})
        figure.add_annotation(
            x=0, xref="paper", y=0, text=plain("no growth"), showarrow=False, yanchor="bottom", xanchor="left"
        )
    return figure
