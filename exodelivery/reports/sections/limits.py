"""Floor 9: what a report's results do not show, gathered from the gates that each result went through.

Nothing here is written by hand: a sentence stands because a status, a verdict, a row or a study says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from exodelivery.declare.model import Model, parameters_of
from exodelivery.evidence.studies import Studies
from exodelivery.fitting.result import Fit
from exodelivery.judge.comparison import Comparison
from exodelivery.judge.verdict import UNDECIDED
from exodelivery.reports.section import Section
from exodelivery.reports.sections.fit import MISS
from exodelivery.solve.trajectory import Trajectory


def render(parts: Sequence[object]) -> Section | None:
    """Return the limitations of a report's parts, or None where no part has any."""
    said = list(dict.fromkeys(sentence for part in parts for sentence in _of(part)))
    if not said:
        return None
    items = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in said)
    return Section("Limitations", Markup("<ul>{}</ul>").format(items))


def _of(part: object) -> Iterator[str]:
    if isinstance(part, Model):
        yield from _of_model(part)
    elif isinstance(part, Trajectory):
        yield from part.notes
    elif isinstance(part, Fit):
        yield from _of_fit(part)
    elif isinstance(part, Comparison):
        yield from _of_comparison(part)
    elif isinstance(part, Studies):
        unread = [study.name for study in part.values() if not study.verified]
        if unread:
            yield f"No second reader has compared {', '.join(unread)} with the paper."


def _of_model(model: Model) -> Iterator[str]:
    statuses = Counter(parameter.quantity.status or "without status" for parameter in parameters_of(model).values())
    if statuses["assumed"]:
        yield (
            f"{model.name}: {statuses['assumed']} of {sum(statuses.values())} parameters are assumed; "
            "their ranges say how little is known."
        )


def _of_fit(fit: Fit) -> Iterator[str]:
    used = [row for row in fit.predictions if row.used]
    missed = [row.title for row in used if not abs(row.residual) <= MISS]
    if missed:
        yield f"{fit.name} misses {len(missed)} of {len(used)} records by more than two SD: {'; '.join(missed)}."
    words = Counter(row.word for row in fit.parameters)
    weak = len(fit.parameters) - words["identified"]
    if weak:
        yield (
            f"{fit.name}: of {len(fit.parameters)} unknowns the records identify {words['identified']}; "
            f"{weak} rest on priors in part or whole."
        )
    if fit.untouched:
        yield f"{fit.name}: no record feels {len(fit.untouched)} of its unknowns."
    yield from (sentence for sentence in fit.verdict.sentences[1:] if sentence)


def _of_comparison(duel: Comparison) -> Iterator[str]:
    open_rows = [row for row in duel.rows if row.headline == UNDECIDED]
    if open_rows:
        yield (
            f"In {len(open_rows)} of {len(duel.rows)} comparisons the evidence does not decide: "
            "more than half of the doubt is assumed."
        )
    failed = [row for row in duel.rows if row.failures]
    if failed:
        yield f"Up to {max(row.failures for row in failed)} of {duel.draws} draws could not be run, and were left out."
    yield from duel.notes
    if duel.left_out:
        yield f"{len(duel.left_out)} comparisons were left out, each with its reason in its section."
