"""Floor 5, rule ``creation``: the model's own drug comes in doses, and no flow makes any.

A ledger with an inflow closes by its account of what came in, so the proof of balances cannot see drug that arises
from nothing. Cells, endogenous vesicles and other substances may arise; the drug that is given may not.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.declare.tables import FORMS

RULE = "creation"


def check_creation(case: Case) -> Iterator[Issue]:
    """Yield flows that bring the model's own drug in from outside."""
    forms = case.anatomy.forms
    for flow in case.expansion.flows:
        pool = flow.target.pool
        if flow.source.kind != "in" or pool is None or pool.substance or FORMS[forms[pool.form]].ledger != "drug":
            continue
        yield Issue(
            "error",
            RULE,
            f"{flow.name} makes drug from nothing: in -> {pool}",
            flow.place,
            "let it come from the pool that loses it; a dose is written in the regimen",
        )
