"""Floor 1: profiles: how much worse a fit becomes as one number moves, and the line that ends its interval.

Why: an interval is where a curve crosses a line, and an open one is a curve that never does; both are seen at a glance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exodelivery.draw.canvas import Figure, log_ticks, new_figure, plain
from exodelivery.draw.style import PALETTE


@dataclass(frozen=True, slots=True)
class ProfilePanel:
    """The profile of one number.

    Attributes
    ----------
    title : str
    points : sequence of (float, float)
        The number, and the deviance there; in order.
    estimate, low, high : float
        An open end is infinite, or zero on a logarithmic axis.
    threshold : float
        Deviance at the ends of the interval.
    note : str
        The verdict in a word or two.
    """

    title: str
    points: Sequence[tuple[float, float]]
    estimate: float
    low: float
    high: float
    threshold: float
    note: str = ""


def profiles_figure(panels: Sequence[ProfilePanel], *, columns: int = 2, title: str = "") -> Figure:
    """Return profiles, a panel to each number; logarithmic where all of it is positive.

    Examples
    --------
    >>> panel = ProfilePanel("k", [(0.4, 5.0), (0.5, 0.0), (0.6, 4.5)], 0.5, 0.42, 0.59, 3.84, "identified")
    >>> figure = profiles_figure([panel])
    >>> len(figure.data), figure.layout.xaxis.type
    (2, 'log')
    """
    from plotly.subplots import make_subplots

    columns = max(1, min(columns, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = new_figure(height=70 + 240 * rows, title=title)
    if not panels:
        return figure
    heads = [plain("\n".join(filter(None, (panel.title, panel.note)))) for panel in panels]
    space = {"vertical_spacing": 0.32 / rows, "horizontal_spacing": 0.22 / columns}
    grid = make_subplots(rows, columns, subplot_titles=heads, figure=figure, **space)
    for annotation in grid.layout.annotations:
        annotation.font.size = 11
    for position, panel in enumerate(panels):
        _draw(grid, panel, {"row": position // columns + 1, "col": position % columns + 1})
    grid.update_layout(showlegend=False, margin={"t": 72 if title else 48})
    return grid


def _draw(grid: Figure, panel: ProfilePanel, cell: dict[str, int]) -> None:
    x, y = [point[0] for point in panel.points], [point[1] for point in panel.points]
    hover = f"{plain(panel.title)}: %{{x:.4g}}<br>deviance %{{y:.3g}}<extra></extra>"
    grid.add_scatter(
        x=x, y=y, mode="lines+markers", line={"color": PALETTE[0], "shape": "spline", "width": 2.2},
        marker={"size": 5}, hovertemplate=hover, **cell,
    )  # fmt: skip
    grid.add_scatter(
        x=[panel.estimate], y=[0], mode="markers", marker={"color": PALETTE[1], "size": 10, "symbol": "diamond"},
        hovertemplate="estimate %{x:.4g}<extra></extra>", **cell,
    )  # fmt: skip
    grid.add_hline(y=panel.threshold, line={"color": "#444444", "dash": "dash", "width": 1}, **cell)
    for end in (panel.low, panel.high):
        if math.isfinite(end) and end != 0:
            grid.add_vline(x=end, line={"color": "#444444", "dash": "dot", "width": 1}, **cell)
    grid.update_yaxes(range=[-0.06 * panel.threshold, 1.9 * panel.threshold], **cell)
    if cell["col"] == 1:
        grid.update_yaxes(title_text="deviance", **cell)
    near = [one for one, deviance in panel.points if deviance <= 1.9 * panel.threshold] or x
    if near and min(near) > 0:
        low, high = min(near), max(near)
        margin = 0.05 * math.log10(high / low) + 0.01
        grid.update_xaxes(
            type="log", range=[math.log10(low) - margin, math.log10(high) + margin], **_ticks(low, high), **cell
        )


def _ticks(low: float, high: float) -> dict[str, Any]:
    """Return ticks; within less than a decade there are more than 1, 2 and 5."""
    if high / low >= 8:
        return log_ticks(low, high)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [step * 10.0**power for power in powers for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)]
    near = [tick for tick in every if low <= tick <= high]
    chosen = near[:: max(1, round(len(near) / 3))]
    return {"tickvals": chosen, "ticktext": [f"{tick:.3g}" for tick in chosen]}
