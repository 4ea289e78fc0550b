"""Floor 2: a flow says what moves where and how fast; the equations follow from it.

``a -> b : rate`` moves an amount per time from pool ``a`` to pool ``b``; ``in`` and ``out`` stand for the world
outside; ``a <-> b : there | back`` is two one-way flows. The same form moves cells between populations and, in a
circulation, whole blood or lymph between sites.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exodelivery.declare.coerce import as_expression, as_word, freeze
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.table import Table
from exodelivery.errors import NOWHERE, DeclarationError, Place, nearest
from exodelivery.expr.as_text import as_text
from exodelivery.expr.read import read
from exodelivery.expr.tree import Expr

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_KEYS = ("flow", "passengers", "contents", "about")


@dataclass(frozen=True, slots=True)
class Flow:
    """A movement between two pools, populations or sites.

    Attributes
    ----------
    source, target : str
        Pools, populations, sites, ``in`` or ``out``, as written.
    rate : Expr
        Amount per time.
    back : Expr or None
        The rate of the way back of a two-way flow.
    passengers : Table of str
        Where each passenger goes when its carrier ends; moving carriers take theirs along unsaid.
    contents : str or Table of str
        Where what is inside cells goes when the cells die or leave: a site, or a pool for each form.
    about : str
    """

    source: str
    target: str
    rate: Expr
    back: Expr | None = None
    passengers: Table[str] = field(default_factory=Table)
    contents: str | Table[str] = ""
    about: str = ""

    def __post_init__(self) -> None:
        freeze(
            self,
            rate=as_expression(self.rate, "rate", origin=NO_ORIGIN),
            back=None if self.back is None else as_expression(self.back, "back", origin=NO_ORIGIN),
            passengers=Table(_texts(self.passengers, NOWHERE)),
            contents=self.contents if isinstance(self.contents, str) else Table(_texts(self.contents, NOWHERE)),
        )
        if self.back is not None and (self.passengers or self.contents):
            raise DeclarationError(
                f"the flow {self.text!r} goes both ways, so its passengers or contents have no one end",
                remedy="write two one-way flows",
            )

    @property
    def text(self) -> str:
        """The flow in its own grammar."""
        if self.back is None:
            return f"{self.source} -> {self.target} : {as_text(self.rate)}"
        return f"{self.source} <-> {self.target} : {as_text(self.rate)} | {as_text(self.back)}"

    def __str__(self) -> str:
        return self.text


def read_flow(text: str, where: Place = NOWHERE) -> Flow:
    """Read a flow from its text.

    Raises
    ------
    DeclarationError
        If an arrow, the colon, an end or a rate is missing.
    ExpressionError
        If a rate cannot be read.

    Examples
    --------
    >>> read_flow("plasma.carrier <-> isf.carrier : PS * conc(plasma.carrier) | PS * conc(isf.carrier)").target
    'isf.carrier'
    """
    remedy = 'write "a -> b : rate" or "a <-> b : there | back"'
    ends, colon, rates = text.partition(":")
    if not colon or not rates.strip():
        raise DeclarationError(f"the flow {text!r} has no rate", where=where, remedy=remedy)
    there, bar, back = rates.partition("|")
    arrow = "<->" if "<->" in ends else "->"
    source, found, target = (part.strip() for part in unicodedata.normalize("NFKC", ends).partition(arrow))
    if not found or not _NAME.fullmatch(source) or not _NAME.fullmatch(target):
        raise DeclarationError(f"the flow {text!r} has no two ends", where=where, remedy=remedy)
    if (arrow == "<->") != bool(bar):
        raise DeclarationError(
            f"the flow {text!r} needs {'two rates' if arrow == '<->' else 'one rate'}",
            where=where,
            remedy=remedy,
        )
    return Flow(source, target, read(there.strip(), where), read(back.strip(), where) if bar else None)


def as_flow(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Flow:
    """Read a flow from a Flow, a text, or a table with ``flow``, ``passengers``, ``contents`` and ``about``."""
    where = origin.place(*keys)
    if isinstance(given, Flow):
        return given
    if isinstance(given, str):
        return read_flow(given, where)
    if not isinstance(given, Mapping) or "flow" not in given:
        raise DeclarationError(
            "a flow is a text or a table with the key flow",
            where=where,
            remedy='write { flow = "a -> b : rate" }',
        )
    for key in given:
        if key not in _KEYS:
            raise DeclarationError(f"a flow has no key {key!r}", where=where, remedy=nearest(key, _KEYS))
    plain = as_flow(given["flow"], *keys, origin=origin)
    contents = given.get("contents", "")
    passengers = Table(_texts(given.get("passengers", {}), where))
    about = as_word(given.get("about", ""), *keys, "about", origin=origin)
    if not isinstance(contents, str):
        contents = Table(_texts(contents, where))
    try:
        return replace(plain, passengers=passengers, contents=contents, about=about)
    except DeclarationError as error:
        raise DeclarationError(error.message, where=where, remedy=error.remedy) from None


def _texts(given: Any, where: Place) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise DeclarationError("passengers and contents name a pool for each form", where=where)
    return dict(given)
