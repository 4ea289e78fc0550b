"""Floor 5, rule ``cautions``: what a block says of itself where the values in force take it too far.

It is a warning: the model runs, and its numbers mean less than they seem to.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.compile.cautions import broken_cautions

RULE = "cautions"


def check_cautions(case: Case) -> Iterator[Issue]:
    """Yield the cautions that the values in force break."""
    for broken in broken_cautions(case.model):
        remedy = "change the values that it names, or read the results with this in mind"
        yield Issue("warning", RULE, f"{broken.name}: {broken.text}", broken.place, remedy)
