"""Floor 1: how a number is distributed over subjects, by group: boxes of percentiles with their doubt beside them.

Why: variability and doubt are two things, so a box shows the one and the bar beneath it the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exodelivery.draw.canvas import Figure, log_ticks, new_figure, plain
from exodelivery.draw.figure import Numbers
from exodelivery.draw.style import colour_of


@dataclass(frozen=True, slots=True)
class Distribution:
    """One group's values with percentiles of them.

    Attributes
    ----------
    name : str
    values : sequence of float, (subjects,)
    percentiles : sequence of float, (5,)
        The 5th, 25th, 50th, 75th and 95th.
    doubt : sequence of (low, high), (5,)
        Intervals of these.
    """

    name: str
    values: Numbers
    percentiles: Sequence[float]
    doubt: Sequence[tuple[float, float]]


def distribution_figure(
    rows: Sequence[Distribution], percentiles: Sequence[int], title: str = "", *, x_title: str = ""
) -> Figure:
    """Return one box a group on a logarithmic axis: what subjects differ by, and beneath it what is not known.

    Examples
    --------
    >>> row = Distribution("a", [1.0, 2.0, 4.0], (1.0, 1.5, 2.0, 3.0, 4.0), ((0.5, 2.0),) * 5)
    >>> figure = distribution_figure([row], (5, 25, 50, 75, 95), x_title="AUC")
    >>> figure.layout.xaxis.type, len(figure.data)
    ('log', 2)
    """
    figure = new_figure(height=110 + 90 * len(rows), title=title)
    figure.update_layout(showlegend=False, margin={"l": 12})
    ends: list[float] = []
    for position, row in enumerate(rows):
        colour = colour_of(position)
        low, first, median, third, high = (float(one) for one in row.percentiles)
        between = (
            f"{plain(row.name)}<br>{percentiles[0]} to {percentiles[-1]} % of subjects: {low:.3g} to {high:.3g}"
            f"<br>{percentiles[1]} to {percentiles[3]} %: {first:.3g} to {third:.3g}<extra></extra>"
        )
        figure.add_box(
            q1=[first], median=[median], q3=[third], lowerfence=[low], upperfence=[high], y=[position],
            orientation="h", width=0.28, name=plain(row.name), line={"color": colour}, hoverinfo="skip",
        )  # fmt: skip
        below, above = row.doubt[2]
        shown = [below, median, above] if math.isfinite(below) else [median]
        figure.add_scatter(
            x=shown, y=[position + 0.28] * len(shown), mode="lines+markers", name=f"{plain(row.name)}, doubt",
            line={"color": "#444444", "width": 2, "dash": "dot"}, hovertemplate=between,
            marker={"color": "#444444", "size": 9, "symbol": "line-ns-open"},
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="paper", y=position - 0.24, text=f"<b>{plain(row.name)}</b>", showarrow=False, xanchor="left",
            yanchor="bottom", align="left", bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip
        ends += [one for one in (low, high, *shown) if math.isfinite(one) and one > 0]
    least, most = (min(ends), max(ends)) if ends else (0.5, 2.0)
    margin = 0.06 * math.log10(most / least) + 0.04
    span = [math.log10(least) - margin, math.log10(most) + margin]
    figure.update_xaxes(type="log", title_text=plain(x_title), range=span, **log_ticks(least, most))
    figure.update_yaxes(range=[len(rows) - 0.4, -0.9], showticklabels=False, showgrid=False, ticks="")
    return figure
