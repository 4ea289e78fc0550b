"""Floor 1: many curves at once: each thin, with the median and the band that holds nine in ten.

Why: a band alone hides that single animals cross it, and curves alone hide where most of them are.
"""

from __future__ import annotations

import numpy as np

from exodelivery.draw.canvas import Figure, log_axis, new_figure, plain
from exodelivery.draw.figure import Numbers
from exodelivery.draw.style import PALETTE

MOST = 200
"""Curves that are drawn; of more, as many are taken at even steps, and the title says so."""


def spaghetti_figure(
    times: Numbers,
    curves: Numbers,
    *,
    x_title: str,
    y_title: str,
    band: float = 0.9,
    log_y: bool = True,
    title: str = "",
) -> Figure:
    """Return curves over common times.

    Parameters
    ----------
    times : array, (times,)
    curves : array, (curves, times)
        A curve that is not finite throughout is left out, and the title counts it.
    x_title, y_title : str
        With units.
    band : float
        Share of the curves that the shaded band holds at each time.

    Examples
    --------
    >>> figure = spaghetti_figure([0, 1], [[1, 0.5], [2, 1], [3, 1.5]], x_title="time [h]", y_title="C [nmol/mL]")
    >>> [trace.name for trace in figure.data if trace.showlegend is not False]
    ['each of 3', '90 % of them', 'median']
    """
    x, every = np.asarray(times, dtype=float), np.atleast_2d(np.asarray(curves, dtype=float))
    whole = every[np.all(np.isfinite(every), axis=1)]
    said = [title, f"{len(every) - len(whole)} curves failed" if len(whole) < len(every) else ""]
    shown = whole
    if len(whole) > MOST:
        shown = whole[np.linspace(0, len(whole) - 1, MOST).round().astype(int)]
        said.append(f"{MOST} of {len(whole)} drawn")
    figure = new_figure(title="; ".join(filter(None, said)))
    figure.update_xaxes(title_text=plain(x_title))
    figure.update_yaxes(title_text=plain(y_title))
    if not len(whole):
        return figure
    gaps = np.full((len(shown), 1), np.nan)
    figure.add_scattergl(
        x=np.tile(np.append(x, np.nan), len(shown)), y=np.hstack([shown, gaps]).ravel(), mode="lines",
        name=f"each of {len(whole)}", line={"color": "rgba(110,110,110,0.35)", "width": 0.8}, hoverinfo="skip",
    )  # fmt: skip
    low, middle, high = np.quantile(whole, [(1 - band) / 2, 0.5, (1 + band) / 2], axis=0)
    edge = {"color": PALETTE[0], "width": 0}
    figure.add_scatter(x=x, y=low, mode="lines", line=edge, showlegend=False, hoverinfo="skip")
    figure.add_scatter(
        x=x, y=high, mode="lines", line=edge, fill="tonexty", fillcolor="rgba(0,114,178,0.22)",
        name=f"{100 * band:g} % of them", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=middle, mode="lines", name="median", line={"color": PALETTE[0], "width": 2.4},
        hovertemplate="%{x:.4g}: %{y:.4g}<extra>median</extra>",
    )  # fmt: skip
    if log_y:
        log_axis(figure, [*low, *middle, *high])
    return figure
