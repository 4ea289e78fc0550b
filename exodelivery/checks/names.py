"""Floor 5, rule ``names``: every name means something, and every block finds a place in this body.

A site that the table of sites knows and this body lacks leaves its flow out, which is a note; a name that means nothing
is an error, with the nearest ones listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.excerpt import pointed
from exodelivery.checks.findings import Issue, issue_of
from exodelivery.checks.written import resolved
from exodelivery.compile.expand import absent_part, lacks_value
from exodelivery.declare.anatomy import Scope
from exodelivery.declare.model import Instance
from exodelivery.errors import ExodeliveryError
from exodelivery.expr.tree import Name

RULE = "names"


def check_names(case: Case) -> Iterator[Issue]:
    """Yield unknown names, flows that do not resolve, and flows that this body leaves out."""
    for item in case.written:
        absent = absent_part(item.scope, item.expr) if item.role == "observable" else ""
        if absent:
            yield Issue("warning", RULE, f"the observable {item.name} cannot be had: {absent}", item.place)
            continue
        for node, found in resolved(item):
            idle = item.role == "rate" and item.name.removesuffix(".back") in case.aside
            if idle and isinstance(node, Name) and lacks_value(item.scope, node):
                continue
            if isinstance(found, ExodeliveryError):
                issue = issue_of(found, RULE, place=item.place)
                yield Issue("error", RULE, issue.message, issue.place, issue.remedy, pointed(item.expr, node))
    for error in case.broken_flows:
        yield issue_of(error, RULE)
    for instance in case.anatomy.instances:
        yield from _pools(case, instance)
    for left in case.expansion.left_out:
        yield Issue("note", RULE, f"the flow {left.flow} is left out: {left.reason}", left.place)


def _pools(case: Case, instance: Instance) -> Iterator[Issue]:
    """Yield names of [volumes] and [start] that are no pool; a loading's are the vial's own affair."""
    block = instance.block
    if instance.slot == "loading":
        return
    for key, table in (("volumes", block.volumes), ("start", block.start)):
        for path in table:
            place = block.origin.place(key, path)
            try:
                Scope(case.anatomy, instance).pool(path, place)
            except ExodeliveryError as error:
                yield issue_of(error, RULE, place=place)
