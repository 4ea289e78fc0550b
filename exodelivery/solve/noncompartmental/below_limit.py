"""Floor 6: what a level below the limit of quantification counts as, by its place in the curve; how levels are read.

Why: the treatment moves areas and half-lives, so it is named, and each level that is left out keeps its reason.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from exodelivery.errors import EvidenceError, Place, SimulationError, nearest

TREATMENTS = ("zero", "half", "limit", "drop")
_BELOW = re.compile(r"(?:<\s*(?P<limit>\d*\.?\d+(?:[eE][+-]?\d{1,3})?)|<\s*LL?OQ|B[LQ]Q|BLOQ|BLLOQ|BLD|<\s*LOD)", re.I)


@dataclass(frozen=True, slots=True)
class BelowLimit:
    """A rule for levels below the limit: each one of ``zero``, ``half`` (of the limit), ``limit`` or ``drop``.

    Attributes
    ----------
    before : str
        Before the first measurable level.
    between : str
        Between measurable levels.
    after : str
        After the last one; the first zero there bounds AUC_all and no more.

    Examples
    --------
    >>> str(BelowLimit())
    'below the limit: zero before the first measurable level, drop between, zero after the last'
    """

    before: str = "zero"
    between: str = "drop"
    after: str = "zero"

    def __post_init__(self) -> None:
        for where in (self.before, self.between, self.after):
            if where not in TREATMENTS:
                raise SimulationError(
                    f"a level below the limit cannot be treated as {where!r}", remedy=nearest(where, TREATMENTS)
                )

    def __str__(self) -> str:
        return (
            f"below the limit: {self.before} before the first measurable level, {self.between} between, "
            f"{self.after} after the last"
        )


NAMED = {
    "standard": BelowLimit(),
    "zero": BelowLimit("zero", "zero", "zero"),
    "half": BelowLimit("half", "half", "half"),
    "drop": BelowLimit("drop", "drop", "drop"),
}


def rule_named(given: str | BelowLimit) -> BelowLimit:
    """Return a rule by its name, or as given.

    Raises
    ------
    SimulationError
        For an unknown name.
    """
    if isinstance(given, BelowLimit):
        return given
    if given not in NAMED:
        raise SimulationError(f"no rule for levels below the limit is called {given!r}", remedy=nearest(given, NAMED))
    return NAMED[given]


def read_level(given: Any, limit: float | None, where: Place) -> tuple[float, float | None]:
    """Return a level and, if it lies below the limit, that limit (nan where none was stated); nan is missing.

    Parameters
    ----------
    given : float or str
        ``"<0.05"``, ``"BLQ"``, ``"BLOQ"`` and the like are below the limit.
    limit : float, optional
        Numbers under it are below the limit too.
    where : Place
        For the message.

    Raises
    ------
    EvidenceError
        For another text, or a negative level.

    Examples
    --------
    >>> read_level("<0.05", None, Place()), read_level(0.02, 0.05, Place()), read_level(1.5, 0.05, Place())
    ((0.0, 0.05), (0.0, 0.05), (1.5, None))
    """
    if given is None:
        return math.nan, None
    if isinstance(given, str):
        text = given.strip()
        if text.lower() in ("", ".", "na", "nan"):
            return math.nan, None
        if found := _BELOW.fullmatch(text):
            stated = found["limit"]
            return 0.0, float(stated) if stated else (math.nan if limit is None else limit)
        try:
            value = float(text) if len(text) <= 40 and text.isascii() and "_" not in text else math.inf
        except ValueError:
            value = math.inf
    else:
        try:
            value = float(given)
        except (TypeError, ValueError):
            value = math.inf
    if math.isinf(value):
        raise EvidenceError(
            f"the level {str(given)[:40]!r} is no number",
            where=where,
            remedy='write a number, "<0.05", "BLQ" or nothing',
        )
    if value < 0:
        raise EvidenceError(f"the level {value:g} is negative", where=where, remedy="a level below the limit is BLQ")
    if limit is not None and value < limit:
        return 0.0, limit
    return value, None
