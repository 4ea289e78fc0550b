"""Floor 1: the balance of a ledger as stacked areas: where all of it is at every moment.

Why: parts that fill the whole to its edge show that nothing was lost, and which place holds it when.
"""

from __future__ import annotations

from collections.abc import Mapping

from exodelivery.draw.canvas import Figure, new_figure, plain
from exodelivery.draw.figure import Numbers
from exodelivery.draw.style import colour_of

PATTERNS = ("", "/", ".", "x", "-", "\\", "+", "|")


def balance_figure(
    times: Numbers, parts: Mapping[str, Numbers], *, y_title: str, x_title: str = "time [h]", title: str = "",
    whole: Numbers = (), whole_name: str = "given so far",
) -> Figure:  # fmt: skip
    """Return stacked areas, the first at the bottom, and a line for the whole that they should fill.

    Parameters
    ----------
    times : array, (times,)
    parts : mapping of array, (times,)
    x_title, y_title : str
    whole : array, (times,), optional

    Examples
    --------
    >>> figure = balance_figure([0, 1], {"plasma": [1, 0.4], "left": [0, 0.6]}, y_title="drug [nmol]", whole=[1, 1])
    >>> [trace.name for trace in figure.data]
    ['plasma', 'left', 'given so far']
    """
    figure = new_figure(title=title)
    for position, (name, amounts) in enumerate(parts.items()):
        colour = colour_of(position)
        figure.add_scatter(
            x=list(times), y=list(amounts), name=plain(name), stackgroup="all", mode="lines",
            line={"color": colour, "width": 0.6},
            fillpattern={"shape": PATTERNS[position // 7 % len(PATTERNS)], "fgcolor": "white", "bgcolor": colour},
            hovertemplate=f"{plain(name)}: %{{y:.4g}} at %{{x:.4g}}<extra></extra>",
        )  # fmt: skip
    if len(whole):
        figure.add_scatter(
            x=list(times), y=list(whole), name=plain(whole_name), mode="lines",
            line={"color": "#222222", "dash": "dash", "width": 1.6, "shape": "hv"},
        )  # fmt: skip
    figure.update_xaxes(title_text=plain(x_title))
    figure.update_yaxes(title_text=plain(y_title), rangemode="tozero")
    figure.update_layout(legend={"traceorder": "normal"})
    return figure
