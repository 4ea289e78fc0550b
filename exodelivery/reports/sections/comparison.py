"""Floor 9: a comparison of carriers in a report: the verdict, the ratios with their doubt, and what that rests on."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from exodelivery.draw.figure import ForestRow, bars_figure, forest_figure
from exodelivery.draw.html import paragraphs, table
from exodelivery.reports.nouns import ComparedCarrier, ComparisonNoun
from exodelivery.reports.section import Section, figure_html

MOST = 0.5
"""Where more than this share of the variance is assumed, the evidence does not decide."""

UNDER = "under the assumptions"


def render(comparison: ComparisonNoun) -> Section:
    """Return a comparison's section."""
    rows = comparison.rows
    forest = forest_figure(
        [
            ForestRow(_label(row), row.ratio, row.low, row.high, row.p_better, UNDER if _assumed(row) else "")
            for row in rows
        ],
        x_title=f"ratio to {comparison.baseline}",
    )
    shares = bars_figure({_label(row): row.shares for row in rows if row.shares})
    html = Markup("\n").join(
        [
            paragraphs(comparison.headline),
            figure_html(
                forest,
                f"Ratios to {comparison.baseline} with 95 % intervals; the dashed line is no difference.",
            ),
            _table(rows),
            figure_html(shares, "What the doubt of each ratio rests on: its share of variance by origin."),
        ]
    )
    return Section(f"Carriers compared with {comparison.baseline}", html, headline=comparison.headline)


def _assumed(row: ComparedCarrier) -> bool:
    return row.shares.get("assumed", 0.0) > MOST


def _label(row: ComparedCarrier) -> str:
    return f"{row.carrier} · {row.metric}\nmatched by {row.matching}, to {row.horizon}"


def _table(rows: Sequence[ComparedCarrier]) -> Markup:
    cells = [
        (
            row.carrier,
            row.metric,
            row.matching,
            row.horizon,
            f"{row.ratio:.3g} ({row.low:.3g} to {row.high:.3g})",
            "" if row.p_better is None else f"{row.p_better:.2f}{f' {UNDER}' if _assumed(row) else ''}",
            ", ".join(f"{origin} {100 * share:.0f} %" for origin, share in row.shares.items()),
            row.headline,
        )
        for row in rows
    ]
    header = (
        "carrier",
        "metric",
        "doses matched by",
        "until",
        "ratio (95 %)",
        "P(better)",
        "variance by origin",
        "in words",
    )
    return table(header, cells)
