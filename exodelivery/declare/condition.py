"""Floor 2: a condition that doses wait for: comparisons joined by ``and``, in the language of model files.

A side is a number with its unit, ``time``, or an expression of observables, pools and parameters. What the names are,
and whether the two sides measure the same, is seen when a model is at hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from exodelivery.errors import DoseError, ExodeliveryError
from exodelivery.expr.read import read
from exodelivery.expr.tree import Expr
from exodelivery.units import Dimension, quantity

TIME = "time"
_SIGN = re.compile(r"<=|>=|==|!=|<|>")


@dataclass(frozen=True, slots=True)
class Level:
    """A number with its unit: value in base units, and dimension."""

    value: float
    dimension: Dimension
    text: str


Side = Expr | Level | str
"""An expression, a level, or the word ``time``."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds where one side is larger than the other."""

    larger: Side
    smaller: Side
    text: str


@lru_cache(maxsize=256)
def read_condition(text: str) -> tuple[Comparison, ...]:
    """Read a condition.

    Parameters
    ----------
    text : str
        Such as ``"tumour_volume > 500 mm3 and time > 2 d"``.

    Returns
    -------
    tuple of Comparison
        All have to hold.

    Raises
    ------
    DoseError
        If it is no comparison, or a side cannot be read.

    Examples
    --------
    >>> (one,) = read_condition("level < 0.1 nmol/mL")
    >>> one.larger.value, one.smaller
    (0.1, Name(path='level'))
    """
    return tuple(_comparison(part.strip(), text) for part in re.split(r"\band\b", text))


def _comparison(part: str, whole: str) -> Comparison:
    signs = _SIGN.findall(part)
    if len(signs) != 1 or signs[0] in ("==", "!="):
        raise DoseError(
            f"{part or whole!r} is no condition", remedy='write one comparison, "tumour_volume > 500 mm3"; join by and'
        )
    left, right = (_side(side.strip(), whole) for side in part.split(signs[0]))
    if isinstance(left, Level) and isinstance(right, Level):
        raise DoseError(f"{part!r} compares two numbers", remedy="name an observable, a pool or time")
    return Comparison(left, right, part) if signs[0].startswith(">") else Comparison(right, left, part)


def _side(text: str, whole: str) -> Side:
    if text == TIME:
        return TIME
    try:
        value, unit = quantity(text)
        return Level(value * unit.factor, unit.dimension, text)
    except ExodeliveryError:
        pass
    try:
        return read(text)
    except ExodeliveryError as error:
        raise DoseError(f"the condition {whole!r} cannot be read: {error.message}", remedy=error.remedy) from None
