"""Floor 2: a route of dosing: the site that it enters, and what of a dose arrives there, when and how fast.

A lag, a bioavailability, a duration or a rate here is an expression in parameters, so that it can be fitted like any
other; the same of one dose alone is a number of that dose, and stands in the regimen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.declare.coerce import as_expression, as_word, only
from exodelivery.declare.origin import Origin
from exodelivery.errors import DeclarationError
from exodelivery.expr.tree import Expr

TERMS: dict[str, str] = {"lag": "h", "bioavailability": "1", "duration": "h", "rate": "nmol/h"}
"""What a route may say of its doses, with the unit of each."""


@dataclass(frozen=True, slots=True)
class Route:
    """How doses enter a body.

    Attributes
    ----------
    site : str
        The site that they enter.
    lag : Expr or None
        Time from giving to arriving [h].
    bioavailability : Expr or None
        Share that arrives [1].
    duration, rate : Expr or None
        Duration [h] or rate [nmol/h] of every dose that states none itself; a rate holds, and less drug arrives in less
        time.

    Examples
    --------
    >>> Route("gut").terms
    ()
    """

    site: str
    lag: Expr | None = None
    bioavailability: Expr | None = None
    duration: Expr | None = None
    rate: Expr | None = None

    @property
    def terms(self) -> tuple[tuple[str, Expr], ...]:
        """What is said of its doses, by key."""
        return tuple(self._said())

    def _said(self) -> Iterator[tuple[str, Expr]]:
        for key in TERMS:
            if getattr(self, key) is not None:
                yield key, getattr(self, key)


def as_route(given: Any, *keys: str, origin: Origin) -> Route:
    """Read a route from a Route, the name of a site, or a table.

    Raises
    ------
    DeclarationError
        If it names no site, has an unknown key, or says both a duration and a rate.
    """
    if isinstance(given, Route):
        return given
    if not isinstance(given, Mapping):
        return Route(as_word(given, *keys, origin=origin))
    only(given, ("site", *TERMS), "a route", *keys, origin=origin)
    if "site" not in given:
        raise DeclarationError(
            "a route names its site", where=origin.place(*keys), remedy='write { site = "gut", lag = "t_lag" }'
        )
    if "duration" in given and "rate" in given:
        raise DeclarationError("a route says its duration or its rate, not both", where=origin.place(*keys))
    said = {key: as_expression(given[key], *keys, key, origin=origin) for key in TERMS if key in given}
    return Route(as_word(given["site"], *keys, "site", origin=origin), **said)
