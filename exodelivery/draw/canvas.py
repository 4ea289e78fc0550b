"""Floor 1: the empty figure that every figure starts from: its look, its configuration, its logarithmic axes.

Why: plotly 7 shows a button that sends the figure's data away unless told not to, so ``CONFIG`` goes with every
figure: into notebooks through the renderers, into pages through ``figure_json``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from exodelivery.draw.style import FONT

Figure = Any
"""A ``plotly.graph_objects.Figure``; plotly is imported only where one is made."""

CONFIG: dict[str, bool] = {"showSendToCloud": False, "displaylogo": False, "responsive": True}
"""The configuration of every figure: nothing can be sent away, no logo, fitted to its frame."""

DECADES = 5
"""A logarithmic axis opens on this many decades below its highest point; what lies lower is there when zoomed."""


def quiet_renderers() -> None:
    """Put ``CONFIG`` into plotly's renderers, so that no figure in a notebook offers to send its data away."""
    import plotly.io

    for name in plotly.io.renderers:
        renderer = plotly.io.renderers[name]
        if hasattr(renderer, "config"):
            renderer.config = {**(renderer.config or {}), **CONFIG}


def figure_json(figure: Figure) -> str:
    """Return a figure with its configuration as JSON that may stand inside a ``<script>`` of a page.

    Examples
    --------
    >>> shown = figure_json(new_figure(title="</script>"))
    >>> "</" in shown, '"showSendToCloud": false' in shown
    (False, True)
    """
    given = json.loads(figure.to_json())
    shown = json.dumps({"data": given["data"], "layout": given["layout"], "config": CONFIG})
    return shown.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def new_figure(height: int = 420, title: str = "") -> Figure:
    """Return an empty figure in the house style [height in pixels]."""
    import plotly.graph_objects as go

    quiet_renderers()
    axis = {
        "gridcolor": "#E5E5E5",
        "linecolor": "#444444",
        "showline": True,
        "ticks": "outside",
        "zeroline": False,
    }
    layout = {
        "template": {"layout": {"xaxis": {**axis, "automargin": True}, "yaxis": {**axis, "automargin": True}}},
        "font": {"family": FONT, "size": 13, "color": "#222222"},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "height": height,
        "margin": {"l": 56, "r": 12, "t": 16, "b": 48},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    figure = go.Figure(layout=layout)
    if title:
        shown = {"text": plain(title), "x": 0, "xref": "paper", "font": {"size": 15}}
        figure.update_layout(
            title={
                **shown,
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "automargin": True,
                "pad": {"t": 8},
            }
        )
    return figure


def log_axis(figure: Figure, values: Iterable[float], **cell: int) -> None:
    """Make the y axis (of a cell, given by ``row`` and ``col``) logarithmic, opened on the values' upper decades."""
    shown = [float(value) for value in values if value > 0 and math.isfinite(value)]
    decades = math.log10(max(shown) / min(shown)) if shown else 0.0
    figure.update_yaxes(type="log", exponentformat="power", dtick=1 if decades > 1.5 else "D2", **cell)
    if decades > DECADES:
        top = math.log10(max(shown))
        figure.update_yaxes(range=[top - DECADES, top + 0.3], **cell)


def log_ticks(low: float, high: float) -> dict[str, Any]:
    """Return ticks at 1, 2 and 5 of each decade, or at decades alone where there are many.

    Examples
    --------
    >>> log_ticks(0.9, 2.5)["ticktext"]
    ['0.5', '1', '2', '5']
    """
    steps = (1, 2, 5) if high / low < 100 else (1,)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, (last - first) // 6)
    ticks = [step * 10.0**power for power in range(first, last + 1, every) for step in steps]
    near = [tick for tick in ticks if low / 2.1 <= tick <= high * 2.1] if len(steps) > 1 else ticks
    return {"tickvals": near, "ticktext": [f"{tick:g}" for tick in near]}


def plain(text: str) -> str:
    """Return text that plotly shows as it is, lines broken where it breaks them; it would read some HTML tags.

    Examples
    --------
    >>> plain("p < 0.05")
    'p &lt; 0.05'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
