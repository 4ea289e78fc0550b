"""Floor 5: check a model by every rule, and collect what all of them find.

The table of rules is the whole of the checker: a new family is one file with one function, and one row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exodelivery.checks.balances import BALANCES, LIMITS, check_balances, check_limits
from exodelivery.checks.case import Case
from exodelivery.checks.cautions import RULE as CAUTIONS
from exodelivery.checks.cautions import check_cautions
from exodelivery.checks.circulation import RULE as CIRCULATION
from exodelivery.checks.circulation import check_circulation
from exodelivery.checks.clock import RULE as CLOCK
from exodelivery.checks.clock import check_clock
from exodelivery.checks.creation import RULE as CREATION
from exodelivery.checks.creation import check_creation
from exodelivery.checks.dimensions import RULE as DIMENSIONS
from exodelivery.checks.dimensions import check_dimensions
from exodelivery.checks.doses import RULE as DOSES
from exodelivery.checks.doses import check_doses
from exodelivery.checks.findings import Findings, Issue, findings, issue_of
from exodelivery.checks.names import RULE as NAMES
from exodelivery.checks.names import check_names
from exodelivery.checks.origins import RULE as ORIGINS
from exodelivery.checks.origins import check_origins
from exodelivery.checks.slots import RULE as SLOTS
from exodelivery.checks.slots import check_slots
from exodelivery.checks.unused import RULE as UNUSED
from exodelivery.checks.unused import check_unused
from exodelivery.declare.model import Model
from exodelivery.errors import ExodeliveryError

Rule = Callable[[Case], Iterator[Issue]]

RULES: dict[str, Rule] = {
    NAMES: check_names,
    SLOTS: check_slots,
    DIMENSIONS: check_dimensions,
    LIMITS: check_limits,
    BALANCES: check_balances,
    CREATION: check_creation,
    CIRCULATION: check_circulation,
    CLOCK: check_clock,
    ORIGINS: check_origins,
    DOSES: check_doses,
    UNUSED: check_unused,
    CAUTIONS: check_cautions,
}
"""Rule families in the order of their speaking; the first to say a thing about a place is the one that is heard."""


def check(model: Model, *, strict: bool = False) -> Findings:
    """Check a model by every rule.

    Parameters
    ----------
    model : Model
    strict : bool
        Raise all errors at once instead of returning them.

    Returns
    -------
    Findings

    Raises
    ------
    CheckError
        If ``strict`` and there is an error.

    Examples
    --------
    >>> from exodelivery.declare.shelf import find
    >>> check(find("label_mouse", "model")).errors
    ()
    """
    found = findings(f"model {model.name} with {model.carrier.name}", _issues(Case(model)))
    return found.raise_if_errors() if strict else found


def _issues(case: Case) -> Iterator[Issue]:
    for name, rule in RULES.items():
        try:
            yield from rule(case)
        except ExodeliveryError as error:
            yield issue_of(error, name, place=case.model.origin.place())
