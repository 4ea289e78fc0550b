"""Floor 9: published data in a report: what each study is, its caveats, and every record as printed."""

from __future__ import annotations

from markupsafe import Markup

from exodelivery.draw.figure import studies_figure
from exodelivery.draw.html import escape, paragraphs, table
from exodelivery.evidence.records import Record
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study
from exodelivery.reports.section import Section, figure_html, fold


def render(studies: Studies) -> Section:
    """Return the section of several studies."""
    figure = figure_html(studies_figure(studies), "Published values, a row each; bars are the printed intervals.")
    each = Markup("\n").join(map(_study, studies.values()))
    return Section("Evidence", figure + each, citations=studies.citations())


def render_one(study: Study) -> Section:
    """Return the section of one study."""
    return render(Studies((study,)))


def _study(study: Study) -> Markup:
    state = (
        "Compared with the paper by a second person."
        if study.verified
        else "Not yet compared with the paper by a second person."
    )
    caveats = Markup("").join(Markup("<li>{}</li>").format(caveat) for caveat in study.caveats)
    body = Markup("\n").join(
        [
            paragraphs(
                study.about,
                state,
                Markup(study.citation.as_html()),
                f"Read: {study.read}" if study.read else "",
            ),
            Markup("<ul>{}</ul>").format(caveats) if caveats else Markup(""),
            table(
                ("arm", "what", "against", "when", "value", "spread", "n", "remarks"),
                [_row(r) for r in study.records],
            ),
        ]
    )
    return fold(study.name, body)


def _row(record: Record) -> tuple[object, ...]:
    value = "" if record.value is None else f"{record.limit}{record.value:g}"
    shown = value or _ends(record.interval)
    use = "" if record.use else "not used"
    return (
        record.arm,
        record.what,
        record.against,
        _when(record),
        f"{shown} {record.printed_unit}",
        _spread(record),
        "" if record.n is None else str(record.n),
        "; ".join(filter(None, [use, record.note])),
    )


def _when(record: Record) -> str:
    if record.time is not None:
        return f"{record.time:g} h"
    if record.start is None and record.end is None:
        return f"phase {record.phase}" if record.phase else ""
    return f"{record.start or 0:g} to {'infinity' if record.end is None else f'{record.end:g}'} h"


def _spread(record: Record) -> Markup:
    if record.spread is None or record.value is None:
        return escape("" if record.spread_kind == "none" else record.spread_kind)
    if record.interval:
        return escape(f"{_ends(record.interval)} ({record.spread_kind})")
    return escape(f"± {record.spread:g}{' %' if record.spread_kind == 'cv' else ''} ({record.spread_kind})")


def _ends(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:g} to {interval[1]:g}"
