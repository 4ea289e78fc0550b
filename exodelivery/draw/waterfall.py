"""Floor 1: waterfalls: numbers in order of size, a bar each, from a base.

Why: it tells at a glance whether starts of a fit ended in one place or on a staircase, and how many animals gained.
"""

from __future__ import annotations

from collections.abc import Sequence

from exodelivery.draw.canvas import Figure, new_figure, plain
from exodelivery.draw.figure import Numbers
from exodelivery.draw.style import PALETTE


def waterfall_figure(
    values: Numbers, labels: Sequence[str] = (), *, y_title: str, x_title: str = "in order", title: str = "",
    marks: Sequence[tuple[float, str]] = (),
) -> Figure:  # fmt: skip
    """Return numbers in order of size as bars, the largest first; those below zero in another colour and pattern.

    Parameters
    ----------
    values : sequence of float
    labels : sequence of str, optional
        What the pointer shows; the positions unless given.
    x_title, y_title : str
    marks : sequence of (float, str)
        Lines across, such as ``(-30, "partial response")``.

    Examples
    --------
    >>> figure = waterfall_figure([-40.0, 10.0, -5.0], y_title="change [%]", marks=[(-30, "response")])
    >>> list(figure.data[0].y)
    [10.0, -5.0, -40.0]
    """
    named = list(labels) or [str(n + 1) for n in range(len(values))]
    order = sorted(range(len(values)), key=lambda n: -float(values[n]))
    shown = [float(values[n]) for n in order]
    figure = new_figure(title=title)
    below = [value < 0 for value in shown]
    figure.add_bar(
        x=list(range(1, len(shown) + 1)), y=shown,
        marker={
            "color": [PALETTE[0] if down else PALETTE[1] for down in below],
            "pattern": {"shape": ["" if down else "/" for down in below], "fillmode": "overlay", "solidity": 0.2},
        },
        customdata=[plain(named[n]) for n in order], hovertemplate="%{customdata}: %{y:.4g}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    for height, words in marks:
        figure.add_hline(
            y=height, line={"color": "#444444", "dash": "dash", "width": 1}, annotation_text=plain(words),
            annotation_position="top right",
        )  # fmt: skip
    figure.update_xaxes(title_text=plain(x_title), showgrid=False, dtick=max(1, len(shown) // 12))
    figure.update_yaxes(title_text=plain(y_title), zeroline=True, zerolinecolor="#444444")
    return figure
