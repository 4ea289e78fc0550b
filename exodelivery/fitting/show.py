"""Floor 7: a fit as text and as HTML: the verdict first, then records beside predictions, then what was learnt."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.html import badge, card, paragraphs, table, with_sign
from exodelivery.fitting.result import Fit, ParameterRow
from exodelivery.units import format_number

_ORDER = ("at a bound", "identified", "partly identified", "only in combination", "only its prior")


def learnt(fit: Fit) -> list[ParameterRow]:
    """Return the parameters, those that the records said most about first.

    Parameters
    ----------
    fit : Fit
    """
    return sorted(fit.parameters, key=lambda row: (_ORDER.index(row.word), -row.share))


def fit_text(fit: Fit) -> str:
    """Return a fit as plain text."""
    lines = [f"Fit {fit.name}: {fit.about}", *(f"  {sentence}" for sentence in fit.verdict.sentences), ""]
    width = max((len(row.title) for row in fit.predictions), default=0)
    for row in (row for row in fit.predictions if row.used):
        seen = f"{row.limit}{format_number(row.observed)}"
        lines.append(
            f"  {row.title:{width}}  observed {seen:>9}  predicted {format_number(row.predicted):>9} "
            f"{row.unit:12} {with_sign(row.residual, 2):>5} sd"
        )
    for noise in fit.noises:
        between = f"{format_number(noise.low)} to {format_number(noise.high)}"
        lines.append(f"  {noise.name:28} {format_number(noise.value):>24}  ({between})  estimated")
    lines.append("")
    for found in learnt(fit):
        if found.word != "only its prior":
            between = f"{format_number(found.low)} to {format_number(found.high)}"
            lines.append(
                f"  {found.name:28} {found.value:>24}  ({between})  {found.word}, {found.share:.0%} from records"
            )
    rest = sum(row.word == "only its prior" for row in fit.parameters)
    lines.append(f"  … and {rest} more of which the records say next to nothing")
    return "\n".join(lines)


def fit_html(fit: Fit) -> str:
    """Return a fit as a card for a notebook."""
    records = table(
        ("record", "observed", "95 %", "predicted", "unit", "sd off"),
        [
            (
                row.title,
                row.observed_text,
                f"{format_number(row.low, 3)} to {format_number(row.high, 3)}",
                format_number(row.predicted, 3),
                row.unit,
                with_sign(row.residual, 2),
            )
            for row in fit.predictions
            if row.used
        ],
    )
    values = table(
        ("parameter", "estimate", "95 %", "RSE %", "verdict", "from records", "prior"),
        [
            (
                row.name,
                row.value,
                f"{format_number(row.low, 3)} to {format_number(row.high, 3)}",
                f"{row.rse:.0f}",
                row.word,
                f"{row.share:.0%}",
                badge(row.origin),
            )
            for row in learnt(fit)
        ],
    )
    parts = [paragraphs(*fit.verdict.sentences), records, values]
    if fit.noises:
        parts.append(
            table(
                ("error", "estimate", "95 %"),
                [
                    (
                        row.name,
                        format_number(row.value, 3),
                        f"{format_number(row.low, 3)} to {format_number(row.high, 3)}",
                    )
                    for row in fit.noises
                ],
            )
        )
    return card(f"Fit {fit.name}", fit.about, Markup("").join(parts))
