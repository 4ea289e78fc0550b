"""Floor 8: the picture of a plan: time across, arms and assays down, a mark as large as the animals are many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from exodelivery.draw.canvas import log_ticks, new_figure, plain
from exodelivery.draw.style import MARKS, colour_of
from exodelivery.judge.planning.result import Group, clock

if TYPE_CHECKING:
    from exodelivery.judge.planning.result import Plan


def plan_figure(plan: Plan) -> Any:
    """Return the figure of a plan."""
    arms = list(dict.fromkeys(group.arm for group in plan.groups))
    marks = [(group, name, when, when < group.time) for group in plan.groups for name, when in _times(group)]
    lanes = list(dict.fromkeys((group.arm, name) for group, name, _, _ in marks))
    figure = new_figure(height=130 + 48 * len(lanes), title="Who is killed when, and what is assayed")
    figure.update_layout(margin={"l": 12}, legend={"traceorder": "normal"})
    most = max((group.animals for group in plan.groups), default=1)
    for n, arm in enumerate(arms):
        mine = [one for one in marks if one[0].arm == arm]
        figure.add_scatter(
            x=[when for _, _, when, _ in mine],
            y=[lanes.index((arm, name)) for _, name, _, _ in mine],
            mode="markers",
            name=plain(arm),
            marker={
                "color": colour_of(n),
                "symbol": [MARKS[n % len(MARKS)] + ("-open" if early else "") for *_, early in mine],
                "size": [9 + 16 * math.sqrt(group.animals / most) for group, *_ in mine],
                "opacity": 0.85,
            },
            text=[f"{group.animals} animals, {plain(name)} at {clock(when)}" for group, name, when, _ in mine],
            hovertemplate="%{text}<extra></extra>",
        )
    for place, (_, name) in enumerate(lanes):
        figure.add_annotation(
            x=0, xref="paper", y=place - 0.4, text=plain(name), showarrow=False, xanchor="left", yanchor="middle",
            align="left", font={"size": 11}, bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip
    times = [when for _, _, when, _ in marks] or [1.0]
    low, high = min(times), max(times)
    margin = 0.08 * math.log10(high / low) + 0.1
    span = [math.log10(low) - margin, math.log10(high) + margin]
    figure.update_xaxes(type="log", title_text="time after the first dose [h]", range=span, **log_ticks(low, high))
    figure.update_yaxes(range=[len(lanes) - 0.5, -0.8], showticklabels=False, showgrid=False, ticks="")
    return figure


def _times(group: Group) -> list[tuple[str, float]]:
    return [*((name, group.time) for name in group.assays), *group.before]
