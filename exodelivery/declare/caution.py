"""Floor 2: a caution says beyond which value a block should not be believed, in the block's own numbers.

A block whose equations hold only so far (a pulse too weak to open a pore, a law fitted to the first 60 % of a release)
says so where it is declared, and every check and every run that breaks it repeats the sentence with the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.declare.coerce import as_expression, as_word, freeze, only
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.errors import DeclarationError
from exodelivery.expr.tree import Expr


@dataclass(frozen=True, slots=True)
class Caution:
    """A bound on a measure made of parameters, with what it means to be outside.

    Attributes
    ----------
    measure : Expr
        In parameters alone.
    text : str
        What a reader should know where the bound is broken.
    below, above : Expr or None
        The bound: the caution is spoken where the measure lies below it, or above it; exactly one of the two is given.
    unit : str
        In which it and its bound are told.
    """

    measure: Expr
    text: str
    below: Expr | None = None
    above: Expr | None = None
    unit: str = "1"

    def __post_init__(self) -> None:
        given = {key: getattr(self, key) for key in ("measure", "below", "above") if getattr(self, key) is not None}
        freeze(self, **{key: as_expression(value, key, origin=NO_ORIGIN) for key, value in given.items()})

    @property
    def bound(self) -> Expr:
        """The bound, whichever side it is on."""
        found = self.below if self.below is not None else self.above
        assert found is not None
        return found


def as_caution(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Caution:
    """Read a caution from a Caution or a table with measure, text, unit, and below or above.

    Raises
    ------
    DeclarationError
        If a key is unknown or lacking, or both bounds are given.

    Examples
    --------
    >>> caution = as_caution({"measure": "k * t", "above": "1", "text": "more than there is"})
    >>> caution.above is None, caution.below is None
    (False, True)
    """
    if isinstance(given, Caution):
        return given
    where = origin.place(*keys)
    if (
        not isinstance(given, Mapping)
        or not {"measure", "text"} <= set(given)
        or ("below" in given) == ("above" in given)
    ):
        raise DeclarationError(
            "a caution is a table with measure, text, and either below or above",
            where=where,
            remedy='write { measure = "k * t", above = "1", text = "…" }',
        )
    only(given, ("measure", "text", "below", "above", "unit"), "a caution", *keys, origin=origin)
    bounds = {key: as_expression(given[key], *keys, key, origin=origin) for key in ("below", "above") if key in given}
    return Caution(
        as_expression(given["measure"], *keys, "measure", origin=origin),
        as_word(given["text"], *keys, "text", origin=origin),
        unit=as_word(given.get("unit", "1"), *keys, "unit", origin=origin),
        **bounds,
    )
