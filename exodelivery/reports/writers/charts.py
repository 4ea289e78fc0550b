"""Floor 9: a figure as a chart that PowerPoint can edit: points, curves and intervals, or stacked bars.

Why: at a lab meeting somebody asks for another axis; a native chart can be changed on the spot, a picture cannot.
"""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exodelivery.reports.pieces import Plot

_DASHES = {"dash": "DASH", "dot": "ROUND_DOT", "dashdot": "DASH_DOT", "longdash": "LONG_DASH"}
_MARKS = {"square": "SQUARE", "diamond": "DIAMOND", "triangle-up": "TRIANGLE", "x": "X", "cross": "PLUS"}


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its title, whether it is logarithmic, the ends it opens on (None where free), and what it counts.

    ``rows`` says that positions are rows without a meaning of their own, named by ``names`` where the axis does.
    """

    title: str
    log: bool
    low: float | None
    high: float | None
    rows: bool = False
    names: Mapping[float, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """What one chart holds: the traces of one pair of axes.

    Attributes
    ----------
    title : str
    traces : sequence of mapping
        As plotly keeps them.
    x, y : Axis
    bars : bool
        Stacked horizontal bars, else points and curves.
    """

    title: str
    traces: Sequence[Mapping[str, Any]]
    x: Axis
    y: Axis
    bars: bool


def charts_of(plot: Plot) -> Iterator[Chart]:
    """Yield the charts of a figure, one for each pair of axes that has traces.

    Examples
    --------
    >>> trace = {"type": "scatter", "x": [0, 1], "y": [1, 2], "name": "free"}
    >>> [chart.traces[0]["name"] for chart in charts_of(Plot("c", (trace,), {"yaxis": {"type": "log"}}))]
    ['free']
    """
    titles = [one["text"] for one in plot.layout.get("annotations", ()) if one.get("yanchor") == "bottom"]
    pairs = dict.fromkeys((trace.get("xaxis", "x"), trace.get("yaxis", "y")) for trace in plot.data)
    for number, (x, y) in enumerate(pairs):
        traces = [trace for trace in plot.data if (trace.get("xaxis", "x"), trace.get("yaxis", "y")) == (x, y)]
        title = plain_text(titles[number]) if len(pairs) > 1 and number < len(titles) else ""
        across, up = (_axis(plot.layout.get(f"{name[0]}axis{name[1:]}", {})) for name in (x, y))
        yield Chart(title, traces, across, up, bars=traces[0].get("type") == "bar")


def add_chart(slide: Any, chart: Chart, box: Sequence[int]) -> None:
    """Add a chart to a slide; ``box`` is left, top, width and height [EMU]."""
    (_add_bars if chart.bars else _add_points)(slide, chart, box)


def numbers(given: Any) -> list[float]:
    """Return a trace's numbers, which plotly may keep as packed bytes; a gap is NaN.

    Examples
    --------
    >>> numbers([1, None]), numbers({"dtype": "f8", "bdata": "AAAAAAAA8D8="})
    ([1.0, nan], [1.0])
    """
    if isinstance(given, Mapping):
        return [float(v) for v in np.frombuffer(base64.b64decode(given["bdata"]), dtype=np.dtype(given["dtype"]))]
    return [math.nan if value is None else float(value) for value in given if not isinstance(value, str)]


def plain_text(text: str) -> str:
    """Return a label of plotly's as plain text.

    Examples
    --------
    >>> plain_text("<b>AUC</b><br>p &lt; 1")
    'AUC, p < 1'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", text.replace("<br>", ", ")))


def _axis(layout: Mapping[str, Any]) -> Axis:
    title = layout.get("title", {})
    text = plain_text(title.get("text", "") if isinstance(title, Mapping) else str(title))
    log, ends = layout.get("type") == "log", layout.get("range")
    names = {
        float(tick): plain_text(str(name))
        for tick, name in zip(layout.get("tickvals", ()), layout.get("ticktext", ()), strict=False)
        if not log
    }
    rows = bool(names) or layout.get("showticklabels") is False
    if ends is None or any(isinstance(end, str) for end in ends):
        return Axis(text, log, None, None, rows, names)
    low, high = sorted(10.0**end if log else float(end) for end in ends)
    return Axis(text, log, low, high, rows, names)


def _add_points(slide: Any, chart: Chart, box: Sequence[int]) -> None:
    from pptx.chart.data import XyChartData
    from pptx.enum.chart import XL_CHART_TYPE

    data = XyChartData()
    shown: list[Mapping[str, Any]] = []
    intervals = [interval for trace in chart.traces for interval in _intervals(trace, chart)]
    for trace in [*intervals, *chart.traces]:
        pairs = [pair for pair in _pairs(trace) if _visible(pair, chart)]
        if pairs:
            series = data.add_series(_name(trace))
            for x, y in pairs:
                series.add_data_point(x, -y if chart.y.rows else y)
            shown.append(trace)
    if not shown:
        return
    made = slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, *box, data).chart
    named = [trace for trace in shown if trace not in intervals]
    _frame(made, chart, legend=not chart.y.rows and any(_name(trace).strip() for trace in named))
    for position, (series, trace) in enumerate(zip(made.plots[0].series, shown, strict=True)):
        _style(series, trace)
        if trace in intervals:
            _leave_out_of_legend(made, position)
        elif chart.y.rows:
            _label(series, chart.y.names.get(numbers(trace["y"])[0], _told(trace)))


def _told(trace: Mapping[str, Any]) -> str:
    """Return what a row tells when pointed at; in a chart of rows a trace's name is that of its group."""
    told = str(trace.get("hovertemplate") or "").removesuffix("<extra></extra>")
    return plain_text(told) or _name(trace)


def _pairs(trace: Mapping[str, Any]) -> list[tuple[float, float]]:
    return list(zip(numbers(trace.get("x", ())), numbers(trace.get("y", ())), strict=False))


def _visible(pair: tuple[float, float], chart: Chart) -> bool:
    return all(math.isfinite(v) and (v > 0 or not axis.log) for v, axis in zip(pair, (chart.x, chart.y), strict=True))


def _intervals(trace: Mapping[str, Any], chart: Chart) -> Iterator[dict[str, Any]]:
    """Yield each interval of a trace as a line from its lower to its upper end."""
    look = {"mode": "lines", "line": {"color": trace.get("marker", {}).get("color")}, "name": " "}
    for direction in ("x", "y"):
        error = trace.get(f"error_{direction}", {})
        if error.get("array") is None:
            continue
        above = numbers(error["array"])
        below = numbers(error["arrayminus"]) if error.get("arrayminus") is not None else above
        floor = (chart.x if direction == "x" else chart.y).low
        for (x, y), up, down in zip(_pairs(trace), above, below, strict=True):
            centre = x if direction == "x" else y
            ends = [centre - down, centre + up]
            if floor is not None:
                ends[0] = max(ends[0], floor)
            along = {"x": ends, "y": [y, y]} if direction == "x" else {"x": [x, x], "y": ends}
            yield {**look, **along}


def _label(series: Any, text: str) -> None:
    """Write a row's name and its number in one line above its point; what else is said of it stands in the table."""
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    frame = series.points[0].data_label.text_frame
    frame.text = ", ".join(text.split(", ")[:2])
    frame.word_wrap = False
    frame.paragraphs[0].font.size = Pt(12)
    series.points[0].data_label.position = XL_LABEL_POSITION.ABOVE


def _leave_out_of_legend(made: Any, position: int) -> None:
    """Write the entry that python-pptx has no call for."""
    if not made.has_legend:
        return
    from lxml import etree

    legend = made.legend._element
    entry = etree.Element(legend.tag.replace("legend", "legendEntry"))
    etree.SubElement(entry, legend.tag.replace("legend", "idx")).set("val", str(position))
    etree.SubElement(entry, legend.tag.replace("legend", "delete")).set("val", "1")
    legend.insert(1, entry)


def _style(series: Any, trace: Mapping[str, Any]) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    mode = trace.get("mode", "lines")
    line, mark = trace.get("line", {}), trace.get("marker", {})
    colour = _colour(line.get("color") if "lines" in mode else mark.get("color"))
    series.smooth = False
    if "lines" in mode:
        series.format.line.width = Pt(2)
        series.format.line.color.rgb = RGBColor.from_string(colour)
        if line.get("dash", "solid") in _DASHES:
            series.format.line.dash_style = getattr(MSO_LINE, _DASHES[line["dash"]])
    else:
        series.format.line.fill.background()
    if "markers" in mode:
        symbol = mark.get("symbol", "circle")
        known = _MARKS.get(symbol.removesuffix("-open") if isinstance(symbol, str) else "", "CIRCLE")
        series.marker.style = getattr(XL_MARKER_STYLE, known)
        series.marker.size = 8
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = RGBColor.from_string(colour)
    else:
        series.marker.style = XL_MARKER_STYLE.NONE


def _add_bars(slide: Any, chart: Chart, box: Sequence[int]) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_AXIS_CROSSES, XL_CHART_TYPE

    lying = chart.traces[0].get("orientation") == "h"
    along, length = ("y", "x") if lying else ("x", "y")
    names: dict[str, str] = {}
    for trace in chart.traces:
        places = _places(trace, along)
        names |= dict(zip(places, trace.get("customdata") or places, strict=True))
    data = CategoryChartData()
    data.categories = [plain_text(str(name)) for name in names.values()]
    for trace in chart.traces:
        known = dict(zip(_places(trace, along), numbers(trace.get(length, ())), strict=True))
        data.add_series(_name(trace), [known.get(place) for place in names])
    kind = XL_CHART_TYPE.BAR_STACKED if lying else XL_CHART_TYPE.COLUMN_STACKED
    made = slide.shapes.add_chart(kind, *box, data).chart
    turned = Chart(chart.title, chart.traces, chart.y, chart.x, bars=True) if lying else chart
    _frame(made, turned, legend=True)
    made.category_axis.reverse_order = lying
    if lying:
        made.category_axis.crosses = XL_AXIS_CROSSES.MAXIMUM
    made.plots[0].gap_width, made.plots[0].overlap = 60, 100
    for series, trace in zip(made.plots[0].series, chart.traces, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(_colour(trace.get("marker", {}).get("color")))


def _places(trace: Mapping[str, Any], along: str) -> list[str]:
    given = trace.get(along, ())
    return [f"{value:g}" for value in numbers(given)] if isinstance(given, Mapping) else [str(value) for value in given]


def _frame(made: Any, chart: Chart, *, legend: bool) -> None:
    from pptx.enum.chart import XL_AXIS_CROSSES, XL_LEGEND_POSITION
    from pptx.util import Pt

    made.font.size = Pt(14)
    made.has_title = bool(chart.title)
    if chart.title:
        made.chart_title.text_frame.text = chart.title
    made.has_legend = legend
    if legend:
        made.legend.position = XL_LEGEND_POSITION.BOTTOM
        made.legend.include_in_layout = False
    for axis, wanted in ((made.category_axis, chart.x), (made.value_axis, chart.y)):
        axis.has_major_gridlines = False
        axis.crosses = XL_AXIS_CROSSES.MINIMUM
        axis.has_title = bool(wanted.title)
        if wanted.title:
            axis.axis_title.text_frame.text = wanted.title
        if wanted.rows and not chart.bars:
            axis.visible = False
            ends = (wanted.low, wanted.high) if wanted.low is not None and wanted.high is not None else (0.0, 0.0)
            axis.minimum_scale, axis.maximum_scale = -ends[1] - 0.2, -ends[0] + 0.2
        elif hasattr(axis, "minimum_scale"):
            axis.minimum_scale, axis.maximum_scale = wanted.low, wanted.high
        if wanted.log:
            _make_logarithmic(axis, wanted)


def _make_logarithmic(axis: Any, wanted: Axis) -> None:
    from lxml import etree

    scaling = axis._element.find("{*}scaling")
    base = etree.Element(scaling.tag.replace("scaling", "logBase"))
    base.set("val", "10")
    scaling.insert(0, base)
    if wanted.low is not None and wanted.high is not None:
        axis.minimum_scale = 10.0 ** math.floor(math.log10(wanted.low))
        axis.maximum_scale = 10.0 ** math.ceil(math.log10(wanted.high))
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "General", False


def _name(trace: Mapping[str, Any]) -> str:
    if trace.get("name"):
        return plain_text(str(trace["name"]))
    said = trace.get("hovertemplate") or ""
    return plain_text(said.replace("<extra></extra>", "")) if "%{" not in said else ""


def _colour(given: Any) -> str:
    text = str(given or "")
    if re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
        return text[1:].upper()
    channels = re.findall(r"\d+", text)[:3] if text.startswith("rgb") else []
    return "".join(f"{int(channel):02X}" for channel in channels) if len(channels) == 3 else "444444"
