"""Floor 1: designs by two numbers, those that none beats joined, those beyond the evidence hollow.

Why: kind is told by the mark and evidence by its filling, so that nothing hangs on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exodelivery.draw.canvas import Figure, log_ticks, new_figure, plain
from exodelivery.draw.style import PALETTE

_LOOKS = {
    "broken": ("breaks a constraint", "#9A9A9A", "x-thin"),
    "kept": ("beaten by another", "#9A9A9A", "circle"),
    "front": ("the front", PALETTE[0], "diamond"),
    "own": ("the carrier as it is", PALETTE[1], "square"),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """One design: its words, numbers and kind (own, front, kept, broken), and whether it is beyond the evidence."""

    words: str
    x: float
    y: float
    kind: str
    beyond: bool = False


def pareto_figure(spots: Sequence[Spot], title: str = "", *, x_title: str = "", y_title: str = "") -> Figure:
    """Return designs on logarithmic axes.

    Examples
    --------
    >>> figure = pareto_figure([Spot("a", 1, 2, "front"), Spot("b", 1, 1, "own")])
    >>> figure.layout.xaxis.type, len(figure.data)
    ('log', 3)
    """
    figure = new_figure(height=460, title=title)
    shown = f"%{{text}}<br>{plain(x_title)}: %{{x:.3g}}<br>{plain(y_title)}: %{{y:.3g}}<extra></extra>"
    for beyond in (False, True):
        line = sorted((one for one in spots if one.kind == "front" and one.beyond == beyond), key=lambda one: one.x)
        if line:
            figure.add_scatter(
                x=[one.x for one in line], y=[one.y for one in line], mode="lines", hoverinfo="skip", showlegend=False,
                line={"color": PALETTE[0], "width": 1, "dash": "dot" if beyond else "solid"},
            )  # fmt: skip
    for kind, (name, colour, symbol) in _LOOKS.items():
        for beyond in (False, True):
            some = [one for one in spots if one.kind == kind and one.beyond == beyond]
            if not some:
                continue
            figure.add_scatter(
                x=[one.x for one in some], y=[one.y for one in some], mode="markers",
                name=f"{name}, beyond the evidence" if beyond else name,
                text=[plain(one.words) for one in some],
                hovertemplate=shown,
                marker={
                    "symbol": f"{symbol}-open" if beyond or symbol == "x-thin" else symbol,
                    "color": colour, "size": 12 if kind in ("front", "own") else 7, "line": {"width": 1.5},
                },
            )  # fmt: skip
    for update, name, ends in (
        (figure.update_xaxes, x_title, [one.x for one in spots if one.x > 0]),
        (figure.update_yaxes, y_title, [one.y for one in spots if one.y > 0]),
    ):
        update(type="log", title_text=plain(name))
        if ends:
            update(**log_ticks(min(ends), max(ends)))
    return figure
