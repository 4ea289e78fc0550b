"""Floor 5, rule ``circulation``: what flows into a site flows out of it again.

Blood and lymph move whole, so a node where they do not balance fills or empties without a volume to show it: drug is
conserved there, and every level at rest is wrong. The published case is an hepatic inflow of artery and spleen with an
outflow of the artery alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue
from exodelivery.compile.symbols import Symbols
from exodelivery.errors import ExodeliveryError

RULE = "circulation"


def check_circulation(case: Case) -> Iterator[Issue]:
    """Yield the sites whose inflow of blood or lymph is not their outflow."""
    import sympy

    flows = [flow for flow in case.expansion.flows if flow.source.kind == "site" or flow.target.kind == "site"]
    if not flows:
        return
    symbols = Symbols(case.anatomy, case.filled)
    renewed = {name for name, site in case.anatomy.sites.items() if site.role == "medium"}  # poured on and taken off
    net: dict[str, Any] = {}
    for flow in flows:
        try:
            rate = symbols.expression(flow.rate, flow.scope, flow.place)
        except ExodeliveryError:
            return  # the rule of names has said so
        for end, sign in ((flow.source, -1), (flow.target, 1)):
            if end.kind == "site":
                net[end.name] = net.get(end.name, 0) + sign * rate
    places = {end.name: flow.place for flow in reversed(flows) for end in (flow.source, flow.target)}
    for site, left in net.items():
        if site not in renewed and sympy.expand(left) != 0 and sympy.simplify(left) != 0:
            ways = [
                f"{flow.name.rpartition('.')[2]} {'in' if flow.target.name == site else 'out'}"
                for flow in flows
                if site in (flow.source.name, flow.target.name)
            ]
            yield Issue(
                "error",
                RULE,
                f"what flows into {site} does not flow out of it: {', '.join(ways)}",
                places[site],
                "let the flows at every site add up to nought",
            )
