"""Floor 8, kind ``caught``: a model that is defective in print must not pass the checker."""

from __future__ import annotations

import math

from exodelivery.checks.check import check
from exodelivery.checks.findings import Findings, findings, issue_of
from exodelivery.errors import ExodeliveryError
from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target
from exodelivery.judge.qualification.kinds.protocol import Measured

KEYS = ("rule", "says")


def measure(target: Target, bench: Bench) -> Measured:
    """Return the finding of the rule that must speak, or that it is silent."""
    found = _found(bench)
    rule, says = str(target.options.get("rule", "")), str(target.options.get("says", ""))
    for issue in found.issues:
        if issue.severity != "note" and rule in ("", issue.rule) and says.casefold() in issue.message.casefold():
            return Measured(1.0, said=f"{issue.severity} [{issue.rule}] {issue.message}")
    others = "; ".join(f"[{issue.rule}] {issue.message}" for issue in found.issues if issue.severity != "note")
    return Measured(math.nan, why=f"the checker does not say so; it says: {others or 'nothing'}")


def _found(bench: Bench) -> Findings:
    try:
        return check(bench.defective())
    except ExodeliveryError as error:
        return findings(bench.case.name, [issue_of(error, "load")])
