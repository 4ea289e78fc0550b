"""Floor 9: a comparison of carriers in a report: the verdict, the ratios with their doubt, and what that rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from exodelivery.draw.figure import ForestRow, bars_figure, forest_figure
from exodelivery.draw.html import paragraphs, table
from exodelivery.judge.comparison import Comparison, Row
from exodelivery.judge.verdict import UNDECIDED, UNDER_ASSUMPTIONS
from exodelivery.reports.section import Section, figure_html, fold, heading


def render(comparison: Comparison) -> Section:
    """Return a comparison's section: one part to each carrier and matching of doses."""
    about = (
        f"{comparison.model}: {comparison.dose} to {comparison.baseline}, over {comparison.horizon:g} h; "
        f"{comparison.draws} draws. A ratio above one means more than {comparison.baseline}."
    )
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in comparison.rows:
        groups.setdefault((row.carrier, row.matching), []).append(row)
    html = [paragraphs(*comparison.headline.splitlines(), about)]
    html += [
        fold(f"{carrier} against {comparison.baseline}, same {matching}", _group(rows, comparison.baseline))
        for (carrier, matching), rows in groups.items()
    ]
    html += [_list("Left out", comparison.left_out), _list("Notes", comparison.notes)]
    # The first line is the verdict; the box at the top of the page has room for no more.
    first = next(iter(comparison.headline.splitlines()), "")
    title = f"Carriers compared with {comparison.baseline}"
    return Section(title, Markup("\n").join(html), first, comparison.citations)


def _group(rows: Sequence[Row], baseline: str) -> Markup:
    # A row without an interval is in the table only: a bar would claim a doubt that is not known.
    known = [row for row in rows if math.isfinite(row.ratio) and not math.isnan(row.low + row.high)]
    forest = forest_figure(
        [ForestRow(row.metric, row.ratio, row.low, row.high, row.p_better, _note(row)) for row in known],
        x_title=f"ratio to {baseline}",
    )
    shares = {row.metric: row.shares for row in rows if row.shares}
    parts = [_table(rows)]
    if known:
        parts.insert(0, figure_html(forest, f"Ratios to {baseline}, 95 % intervals; the dashed line is no difference."))
    if shares:
        parts.append(figure_html(bars_figure(shares), "What the doubt of each ratio rests on."))
    return Markup("\n").join(parts)


def _note(row: Row) -> str:
    return UNDER_ASSUMPTIONS if row.headline == UNDECIDED else ""


def _chance(probability: float | None) -> str:
    return "" if probability is None or math.isnan(probability) else f"{probability:.2f}"


def _table(rows: Sequence[Row]) -> Markup:
    cells = [
        (
            row.metric,
            row.carrier_value,
            row.baseline_value,
            f"{row.ratio:.3g}{'' if math.isnan(row.low + row.high) else f' ({row.low:.3g} to {row.high:.3g})'}",
            f"{_chance(row.p_better)} {_note(row)}" if _chance(row.p_better) else "",
            _chance(row.p_by_margin),
            _chance(row.p_equivalent),
            ", ".join(f"{origin} {100 * share:.0f} %" for origin, share in row.shares.items()),
            f"{row.headline}{f'; {row.failures} draws failed' if row.failures else ''}",
        )
        for row in rows
    ]
    header = (
        "metric", "carrier", "baseline", "ratio (95 %)", "P(better)", "P(by a quarter)", "P(equivalent)",
        "variance by origin", "in words",
    )  # fmt: skip
    return table(header, cells)


def _list(title: str, texts: Sequence[str]) -> Markup:
    if not texts:
        return Markup("")
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in texts)
    return heading(title) + Markup("<ul>{}</ul>").format(items)
