"""Floor 1: figures (plotly): lines and points, forests, small multiples, shares of variance, what studies hold.

Why: one look for all. Nothing here knows of models; arguments are plain numbers with their words.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from exodelivery.draw.canvas import Figure, log_axis, log_ticks, new_figure, plain
from exodelivery.draw.style import DASHES, MARKS, ORIGINS, colour_of, look_of

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Numbers: TypeAlias = "Sequence[float] | NDArray[float64]"


@dataclass(frozen=True, slots=True)
class Line:
    """A curve; lines of one ``group`` share a colour and a legend group, and differ in their ``dash``.

    Attributes
    ----------
    name : str
    x, y : sequence of float, (points,)
    dash : str
        A dash of plotly's; by default the next one within the group.
    group : str
        E.g. the carrier.
    """

    name: str
    x: Numbers
    y: Numbers
    dash: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Observations with their intervals.

    Attributes
    ----------
    name : str
    x, y : sequence of float, (points,)
    lower, upper : sequence of float, (points,)
        Ends of the intervals, in the unit of ``y``; empty where none is known.
    text : sequence of str, (points,)
        What the pointer shows beside each.
    group : str
        The group of the lines that they belong to.
    limit : sequence of str, (points,)
        ``<`` where the truth lies below the number (not quantified), ``>`` above; such points are open triangles that
        point where it lies.
    """

    name: str
    x: Numbers
    y: Numbers
    lower: Numbers = ()
    upper: Numbers = ()
    text: Sequence[str] = ()
    group: str = ""
    limit: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A ratio with its interval.

    Attributes
    ----------
    label : str
    ratio, low, high : float
        The estimate and the ends of its 95 % interval; an end may be infinite.
    p_better : float or None
        Probability that the ratio lies above one.
    note : str
        E.g. ``"under the assumptions"``.
    """

    label: str
    ratio: float
    low: float
    high: float
    p_better: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TornadoRow:
    """What a number becomes when one parameter goes to either end of its range.

    Attributes
    ----------
    label : str
    low, high : float
        The number, times that at the estimate, at the parameter's lower and upper end.
    origin : str
        Status of the parameter's value.
    """

    label: str
    low: float
    high: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small figures."""

    title: str
    lines: Sequence[Line] = ()
    points: Sequence[Points] = ()
    y_title: str = ""


def lines_figure(series: Sequence[Line], *, x_title: str, y_title: str, log_y: bool = True, title: str = "") -> Figure:
    """Return curves over a common axis, semi-logarithmic unless told otherwise.

    Parameters
    ----------
    series : sequence of Line
    x_title, y_title : str
        With units, e.g. ``"time [h]"``.

    Examples
    --------
    >>> figure = lines_figure([Line("free", [0, 1], [1, 0.5])], x_title="time [h]", y_title="plasma [nmol/mL]")
    >>> figure.layout.yaxis.type, len(figure.data)
    ('log', 1)
    """
    figure = new_figure(title=title)
    looks = _looks(series, ())
    for line in series:
        figure.add_trace(_line_trace(line, looks, x_title, y_title))
    figure.update_xaxes(title_text=plain(x_title))
    figure.update_yaxes(title_text=plain(y_title))
    if log_y:
        log_axis(figure, _heights(series))
    return figure


def overlay(figure: Figure, points: Sequence[Points], *, series: Sequence[Line] = ()) -> Figure:
    """Return a copy of a figure with observations laid over it; ``series`` are its lines, whose colours they take.

    Examples
    --------
    >>> lines = [Line("model", [0, 1], [1, 0.5], group="liposome")]
    >>> figure = lines_figure(lines, x_title="time [h]", y_title="C [nmol/mL]")
    >>> shown = overlay(figure, [Points("data", [1], [0.6], [0.4], [0.9], group="liposome")], series=lines)
    >>> shown.data[1].marker.color == shown.data[0].line.color, len(figure.data)
    (True, 1)
    """
    import plotly.graph_objects as go

    copy = go.Figure(figure)
    looks = _looks(series, points)
    for some in points:
        copy.add_trace(_points_trace(some, looks))
    if copy.layout.yaxis.type == "log":
        log_axis(copy, _heights(copy.data))
    return copy


def small_multiples(
    panels: Sequence[Panel], *, x_title: str, columns: int = 2, log_y: bool = True, title: str = ""
) -> Figure:
    """Return panels side by side, one legend for all; a group keeps its colour from panel to panel."""
    from plotly.subplots import make_subplots

    columns = max(1, min(columns, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = new_figure(height=80 + 260 * rows, title=title)
    figure.update_layout(legend={"y": 1 + 0.14 / rows})
    titles = [plain(panel.title) for panel in panels]
    space = {"vertical_spacing": 0.4 / rows, "horizontal_spacing": 0.32 / columns}
    grid = make_subplots(rows, columns, subplot_titles=titles, figure=figure, **space)
    lines, points = [s for p in panels for s in p.lines], [s for p in panels for s in p.points]
    looks = _looks(lines, points)
    named: set[str] = set()
    for position, panel in enumerate(panels):
        row, column = position // columns + 1, position % columns + 1
        traces = [_line_trace(line, looks, x_title, panel.y_title) for line in panel.lines]
        for trace in [*traces, *(_points_trace(some, looks) for some in panel.points)]:
            trace.showlegend = trace.name not in named
            named.add(trace.name)
            grid.add_trace(trace, row=row, col=column)
        grid.update_yaxes(title_text=plain(panel.y_title), row=row, col=column)
        if log_y:
            log_axis(grid, _heights([*panel.lines, *panel.points]), row=row, col=column)
        if position + columns >= len(panels):
            grid.update_xaxes(title_text=plain(x_title), row=row, col=column)
    return grid


def forest_figure(rows: Sequence[ForestRow], title: str = "", *, x_title: str = "ratio to the baseline") -> Figure:
    """Return ratios with their intervals on a logarithmic axis, with a line at one.

    Each row's words stand above its bar, so that a phone shows both.

    Examples
    --------
    >>> forest_figure([ForestRow("liposome", 2.0, 0.8, 5.0, 0.93)]).layout.xaxis.type
    'log'
    """
    texts = ["<br>".join(filter(None, [f"<b>{plain(r.label)}</b>", forest_words(r), plain(r.note)])) for r in rows]
    above = 8 + 17 * max((text.count("<br>") + 1 for text in texts), default=1)
    height = above + 22
    figure = new_figure(height=100 + height * len(rows), title=title)
    figure.update_layout(margin={"l": 12})
    finite = [v for r in rows for v in (r.ratio, r.low, r.high, 1.0) if math.isfinite(v) and v > 0]
    low, high = (min(finite), max(finite)) if finite else (0.1, 10.0)
    margin = 0.06 * math.log10(high / low) + 0.04
    left, right = math.log10(low) - margin, math.log10(high) + margin
    for position, (row, words) in enumerate(zip(rows, texts, strict=True)):
        # An interval without an end runs to the edge of the figure.
        ends = (row.low if row.low > 0 else 10**left, row.high if math.isfinite(row.high) else 10**right)
        figure.add_scatter(
            x=[row.ratio],
            y=[position],
            mode="markers",
            marker={"color": colour_of(0), "size": 11, "symbol": "square"},
            error_x=_ends(row.ratio, *ends),
            hovertemplate=f"{words}<extra></extra>",
            showlegend=False,
        )
        figure.add_annotation(
            x=0, xref="paper", y=position - above / height, text=words,
            showarrow=False, xanchor="left", yanchor="top", align="left", bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip
    figure.add_vline(x=1, line={"color": "#444444", "dash": "dash", "width": 1})
    figure.update_xaxes(type="log", title_text=_folded(x_title), range=[left, right], **log_ticks(low, high))
    figure.update_yaxes(range=[len(rows) - 0.7, -above / height - 0.1], showticklabels=False, showgrid=False, ticks="")
    return figure


def tornado_figure(rows: Sequence[TornadoRow], title: str = "", *, x_title: str = "times the estimate") -> Figure:
    """Return what one parameter after the other does, the widest on top, on a logarithmic axis with a line at one.

    The end where the parameter is high bears a filled mark, the other an open one; colours are those of the origins.

    Examples
    --------
    >>> figure = tornado_figure([TornadoRow("uptake.PS", 0.5, 2.0, "assumed")])
    >>> figure.layout.xaxis.type, len(figure.data)
    ('log', 1)
    """
    height = 46
    figure = new_figure(height=110 + height * len(rows), title=title)
    figure.update_layout(margin={"l": 12}, legend={"traceorder": "normal"})
    ends = [end for row in rows for end in (row.low, row.high, 1.0) if math.isfinite(end) and end > 0] or [1.0]
    named: set[str] = set()
    for position, row in enumerate(rows):
        look = look_of(row.origin, ORIGINS)
        figure.add_scatter(
            x=[row.low, row.high], y=[position, position], mode="lines+markers", name=plain(row.origin),
            line={"color": look.colour, "width": 7},
            marker={"color": ["white", look.colour], "size": 13, "line": {"color": look.colour, "width": 2}},
            legendgroup=row.origin, showlegend=bool(row.origin) and row.origin not in named,
            hovertemplate=f"{plain(row.label)}<br>{row.low:.3g} to {row.high:.3g}<extra></extra>",
        )  # fmt: skip
        named.add(row.origin)
        figure.add_annotation(
            x=0, xref="paper", y=position - 0.28, text=f"<b>{plain(row.label)}</b>", showarrow=False, xanchor="left",
            yanchor="bottom", align="left", bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip
    figure.add_vline(x=1, line={"color": "#444444", "dash": "dash", "width": 1})
    low, high = min(ends), max(ends)
    margin = 0.06 * math.log10(high / low) + 0.04
    span = [math.log10(low) - margin, math.log10(high) + margin]
    figure.update_xaxes(type="log", title_text=_folded(x_title), range=span, **log_ticks(low, high))
    figure.update_yaxes(range=[len(rows) - 0.5, -1.0], showticklabels=False, showgrid=False, ticks="")
    return figure


def forest_words(row: ForestRow) -> str:
    """Return a row's numbers in words.

    Examples
    --------
    >>> forest_words(ForestRow("x", 2.0, 0.8, math.inf, 0.93))
    '2 (0.8 to no upper end), P(better) 0.93'
    """
    low = f"{row.low:.3g}" if row.low > 0 else "no lower end"
    high = f"{row.high:.3g}" if math.isfinite(row.high) else "no upper end"
    better = "" if row.p_better is None else f", P(better) {row.p_better:.2f}"
    return f"{row.ratio:.3g} ({low} to {high}){better}"


def bars_figure(shares: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """Return stacked bars of shares of variance by origin, one bar to each row.

    Parameters
    ----------
    shares : mapping of mappings
        For each row, the share of each origin (measured, literature, fitted, derived, assumed) [fraction].

    Examples
    --------
    >>> figure = bars_figure({"liposome": {"assumed": 0.6, "literature": 0.4}})
    >>> [trace.name for trace in figure.data]
    ['literature', 'assumed']
    """
    figure = new_figure(height=140 + 62 * len(shares), title=title)
    known = [*ORIGINS, *dict.fromkeys(o for row in shares.values() for o in row if o not in ORIGINS)]
    for origin in known:
        values = [100 * row.get(origin, 0.0) for row in shares.values()]
        if not any(values):
            continue
        look = look_of(origin, ORIGINS)
        pattern = {"shape": look.pattern, "fillmode": "overlay", "size": 6, "solidity": 0.15}
        figure.add_bar(
            x=values,
            y=list(range(len(shares))),
            width=0.42,
            orientation="h",
            name=plain(origin),
            marker={"color": look.colour, "pattern": pattern},
            text=[f"{value:.0f} %" if value >= 12 else "" for value in values],
            textposition="inside",
            textangle=0,
            insidetextfont={"color": "white", "weight": "bold"},
            customdata=[plain(label) for label in shares],
            hovertemplate=f"%{{customdata}}<br>{plain(origin)}: %{{x:.0f}} % of the variance<extra></extra>",
        )
    for position, label in enumerate(shares):
        figure.add_annotation(
            x=0, xref="paper", y=position - 0.25, text=f"<b>{plain(label)}</b>",
            showarrow=False, xanchor="left", yanchor="bottom", align="left",
        )  # fmt: skip
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, margin={"l": 12})
    figure.update_xaxes(title_text="share of variance [%]", range=[0, 100])
    figure.update_yaxes(range=[len(shares) - 0.6, -0.8], showticklabels=False, showgrid=False, ticks="")
    return figure


def studies_figure(studies: Any, most: int = 12) -> Figure:
    """Return the records of studies, a panel to each quantity and unit, a row to each record.

    Parameters
    ----------
    studies : object
        With ``records``: each with study, arm, what, unit, time, phase, centre, interval and limit.
    most : int
        Panels shown, those with most records first; the title says how many there are.
    """
    from plotly.subplots import make_subplots

    panels: dict[tuple[str, str], list[Any]] = {}
    for record in studies.records:
        panels.setdefault((str(record.what), record.unit), []).append(record)
    chosen = sorted(panels.items(), key=lambda item: -len(item[1]))[:most]
    heights = [len(records) + 1.5 for _, records in chosen]
    total = sum(heights) or 1.0
    title = f"{len(studies.records)} records; {len(chosen)} of {len(panels)} quantities shown"
    figure = new_figure(height=round(140 + 22 * total + 44 * len(chosen)), title=title)
    if not chosen:
        return figure
    figure.update_layout(margin={"t": 60}, showlegend=False)
    titles = [plain(f"{what} [{unit}]") for (what, unit), _ in chosen]
    gap = 50 / (22 * total + 50 * len(chosen))
    grid = make_subplots(
        len(chosen), 1, subplot_titles=titles, row_heights=heights, vertical_spacing=gap, figure=figure
    )
    arms = list(dict.fromkeys(f"{record.study} {record.arm}" for record in studies.records))
    for row, (_, records) in enumerate(chosen, 1):
        _record_rows(grid, records, arms, row)
    return grid


def _record_rows(grid: Figure, records: Sequence[Any], arms: Sequence[str], row: int) -> None:
    bounds = {"<": "triangle-left", ">": "triangle-right"}
    values = [end for record in records for end in (record.centre, *(record.interval or ()))]
    for position, record in enumerate(records):
        low, high = record.interval or (record.centre, record.centre)
        colour = colour_of(arms.index(f"{record.study} {record.arm}"))
        interval = f" ({low:.4g} to {high:.4g})" if record.interval else ""
        grid.add_scatter(
            x=[record.centre],
            y=[position],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": bounds.get(record.limit, "circle")},
            error_x=_ends(record.centre, low, high),
            hovertemplate=f"{plain(str(record))}{interval}<br>{plain(record.study)}<extra></extra>",
            row=row,
            col=1,
        )
    names = [plain(_record_name(record)) for record in records]
    grid.update_yaxes(tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.4, -0.6], row=row, col=1)
    if min(values) > 0 and max(values) / min(values) > 20:
        grid.update_xaxes(type="log", **log_ticks(min(values), max(values)), row=row, col=1)


def _record_name(record: Any) -> str:
    at = f", {record.time:g} h" if record.time is not None else ""
    return f"{record.arm or record.study}{at}{f', phase {record.phase}' if record.phase else ''}"


# -- pieces


def _looks(lines: Sequence[Line], points: Sequence[Points]) -> dict[str, tuple[str, int]]:
    """Colour and position of each group; a line without one is a group of its own."""
    groups = dict.fromkeys(
        [*(line.group or line.name for line in lines), *(some.group or some.name for some in points)]
    )
    return {group: (colour_of(position), position) for position, group in enumerate(groups)}


def _line_trace(line: Line, looks: dict[str, tuple[str, int]], x_title: str, y_title: str) -> Any:
    import plotly.graph_objects as go

    colour, position = looks[line.group or line.name]
    dash = line.dash or DASHES[position // 7 % len(DASHES)]
    return go.Scatter(
        x=list(line.x),
        y=list(line.y),
        name=plain(line.name),
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2.2},
        legendgroup=line.group or None,
        hovertemplate=(
            f"{plain(line.name)}<br>{plain(x_title)}: %{{x:.4g}}<br>{plain(y_title)}: %{{y:.4g}}<extra></extra>"
        ),
    )


def _points_trace(some: Points, looks: dict[str, tuple[str, int]]) -> Any:
    import plotly.graph_objects as go

    colour, position = looks[some.group or some.name]
    bars: dict[str, Any] = {}
    if len(some.lower) and len(some.upper):
        above = [high - y for high, y in zip(some.upper, some.y, strict=True)]
        below = [y - low for low, y in zip(some.lower, some.y, strict=True)]
        bars = {"error_y": {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 4}}
    return go.Scatter(
        x=list(some.x),
        y=list(some.y),
        name=plain(some.name),
        mode="markers",
        marker=_marker(some, colour, MARKS[position % len(MARKS)]),
        legendgroup=some.group or None,
        text=[plain(text) for text in some.text] or None,
        hovertemplate=f"{plain(some.name)}<br>%{{x:.4g}}, %{{y:.4g}}<br>%{{text}}<extra></extra>",
        **bars,
    )


def _folded(words: str) -> str:
    """Return the title of an axis in lines that a phone shows."""
    return plain("\n".join(textwrap.wrap(words, 44)))


BOUNDS = {"<": "triangle-down-open", ">": "triangle-up-open"}
"""Marks of what lies beyond a limit."""


def _marker(some: Points, colour: str, mark: str) -> dict[str, Any]:
    if not any(some.limit):
        return {"color": colour, "size": 9, "symbol": mark, "line": {"color": "white", "width": 1}}
    return {
        "color": colour,
        "size": [11 if limit else 9 for limit in some.limit],
        "symbol": [BOUNDS.get(limit, mark) for limit in some.limit],
        "line": {"color": [colour if limit else "white" for limit in some.limit], "width": 1.5},
    }


def _ends(centre: float, low: float, high: float) -> dict[str, Any]:
    """Error bars from the ends of an interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - centre],
        "arrayminus": [centre - low],
        "thickness": 2,
        "width": 5,
    }


def _heights(series: Iterable[Any]) -> list[float]:
    return [float(value) for some in series if some.y is not None for value in some.y]
