"""Floor 8: read what is read of a run: ``run``, ``what``, and when."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from exodelivery.declare.functionals import FUNCTIONALS
from exodelivery.declare.origin import Origin
from exodelivery.errors import DeclarationError, nearest
from exodelivery.judge.qualification.case import Reading
from exodelivery.units import hours

READING_KEYS = ("run", "what", "at", "from", "to", "dose")

_WHAT = re.compile(r"(?:(?P<functional>[a-z_]+)\s*\(\s*)?(?P<of>[^\W\d][\w.]*)(?P<close>\s*\))?")


def text_of(table: Mapping[str, Any], key: str, origin: Origin, *keys: str) -> str:
    """Return a text of a table, empty where it has none."""
    value = table.get(key, "")
    if not isinstance(value, str):
        raise DeclarationError(f"{key} is a text", where=origin.place(*keys, key))
    return value


def read_reading(given: Mapping[str, Any], *keys: str, origin: Origin) -> Reading:
    """Read what is read of a run, from the keys run, what, at, from, to and dose."""
    what = text_of(given, "what", origin, *keys)
    found = _WHAT.fullmatch(what.strip())
    where = origin.place(*keys, "what")
    if found is None or (found["functional"] is None) != (found["close"] is None):
        raise DeclarationError(
            f"{what!r} is neither an observable nor a functional of one",
            where=where,
            remedy='write "plasma_total" with at = "3 h", or "auc(plasma_total)"',
        )
    functional = found["functional"] or "level"
    if functional not in FUNCTIONALS:
        raise DeclarationError(
            f"no functional is called {functional!r}", where=where, remedy=nearest(functional, FUNCTIONALS)
        )
    times = {key: hours(given[key]) for key in ("at", "from", "to") if key in given}
    return Reading(
        run=text_of(given, "run", origin, *keys),
        of=found["of"],
        functional=functional,
        at=times.get("at"),
        start=times.get("from", 0.0),
        end=times.get("to", math.inf),
        dose=text_of(given, "dose", origin, *keys),
    )
