"""Floor 2: a number with its unit, its source and its status: no number of a model is anything less.

A quantity keeps the text that a person wrote; its magnitude in the base system is read from it once and never edited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.tables import OWNERS, STATUSES
from exodelivery.errors import DeclarationError, Place, UnitError, nearest
from exodelivery.units import Dimension, Unit, format_quantity
from exodelivery.units import quantity as read_quantity

Z975 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as written, with what is known about it.

    Attributes
    ----------
    value : str
        Number and unit, e.g. ``"0.015 mL/h"``.
    about, source, note : str
        What it is, where it was read, and its caveat.
    status : str
        measured, literature, fitted, derived or assumed.
    range : tuple of str or None
        The 2.5 and 97.5 % quantiles of what is believed; ``value`` lies inside.
    spread : str
        Standard deviation in the same unit, or a coefficient of variation in ``%``.
    owner : str
        Who it belongs to, e.g. ``"body x carrier"``; the slot's own owner unless given.

    Examples
    --------
    >>> PS = Quantity("0.015 mL/h", status="assumed", range=("1e-4 mL/h", "1 mL/h"))
    >>> PS.base, PS.scale
    (0.015, 'log')
    """

    value: str
    about: str = ""
    status: str = ""
    source: str = ""
    range: tuple[str, str] | None = None
    spread: str = ""
    owner: str = ""
    note: str = ""

    @property
    def unit(self) -> Unit:
        """The unit as written."""
        return read_quantity(self.value)[1]

    @property
    def magnitude(self) -> float:
        """The number as written."""
        return read_quantity(self.value)[0]

    @property
    def base(self) -> float:
        """The value in the base system (h, nmol, mL, g, 1e9 particles, cell, ID)."""
        number, unit = read_quantity(self.value)
        return number * unit.factor

    @property
    def dimension(self) -> Dimension:
        """The dimension of the unit."""
        return self.unit.dimension

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of the range in the base system."""
        if self.range is None:
            return None
        low, high = (number * unit.factor for number, unit in map(read_quantity, self.range))
        return low, high

    @property
    def scale(self) -> str:
        """How it is believed to be distributed: ``log``, ``logit`` (a fraction) or ``linear``."""
        lowest = min((self.base, *(self.ends or ())))
        if self.unit.text.strip() == "fraction" and lowest > 0 and self.base < 1:
            return "logit"
        return "log" if lowest > 0 else "linear"

    def prior(self, default_cv: float | None = None) -> tuple[float, float] | None:
        """Return centre and standard deviation on this quantity's own scale.

        Parameters
        ----------
        default_cv : float, optional
            Coefficient of variation that a recipe names for values printed without a spread.

        Returns
        -------
        tuple of float, or None
            On the log, logit or linear scale; None where nothing says how wide it is.
        """
        ends = self.ends
        if ends is not None:
            low, high = (to_scale(end, self.scale) for end in ends)
            return (low + high) / 2, (high - low) / (2 * Z975)
        deviation = self._deviation(default_cv)
        if not deviation:
            return None
        centre, cv = to_scale(self.base, self.scale), deviation / abs(self.base) if self.base else math.inf
        if self.scale == "log":
            return centre, math.sqrt(math.log1p(cv * cv))
        if self.scale == "logit":
            return centre, cv / (1 - self.base)
        return centre, deviation

    def _deviation(self, default_cv: float | None) -> float | None:
        """Return the standard deviation in the base system."""
        if not self.spread:
            return None if default_cv is None else default_cv * abs(self.base)
        number, unit = read_quantity(self.spread)
        if _is_relative(self.spread, self.value):
            return abs(number * unit.factor * self.base)
        return abs(number * unit.factor)

    def __str__(self) -> str:
        return format_quantity(self.magnitude, self.unit.text)

    def _repr_html_(self) -> str:
        from exodelivery.declare.show_parts import quantity_html

        return quantity_html(self)


def _is_relative(spread: str, value: str) -> bool:
    return "%" in read_quantity(spread)[1].text and "%" not in read_quantity(value)[1].text


def to_scale(base: float, scale: str) -> float:
    """Return a base value on its scale (``log``, ``logit`` or ``linear``)."""
    if scale == "log":
        return math.log(base)
    if scale == "logit":
        return math.log(base / (1 - base))
    return base


def from_scale(value: float, scale: str) -> float:
    """Return the base value of a number on a scale; the inverse of :func:`to_scale`."""
    if scale == "log":
        return math.exp(value)
    if scale == "logit":
        return 1 / (1 + math.exp(-value))
    return value


_KEYS = ("value", "about", "status", "source", "range", "spread", "owner", "note")


def as_quantity(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Quantity:
    """Read a quantity from a Quantity, a text such as ``"1 mL"``, a number, or a table of its keys.

    Raises
    ------
    DeclarationError
        For an unknown key, an unknown status, a range of one end or of another dimension, or a value outside its range.
    """
    where = origin.place(*keys)
    if isinstance(given, Quantity):
        found = given
    elif isinstance(given, str):
        found = Quantity(given)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        found = Quantity(repr(given))
    elif isinstance(given, Mapping):
        found = _from_table(given, where)
    else:
        raise DeclarationError(
            f"a quantity cannot be {type(given).__name__}",
            where=where,
            remedy='write { value = "1 mL", status = … }',
        )
    _verify(found, where)
    return found


def _from_table(given: Mapping[str, Any], where: Place) -> Quantity:
    for key in given:
        if key not in _KEYS:
            raise DeclarationError(f"a quantity has no key {key!r}", where=where, remedy=nearest(key, _KEYS))
    if "value" not in given:
        raise DeclarationError("a quantity needs a value", where=where, remedy='write { value = "1 mL", status = … }')
    members = {key: _text(given[key], key, where) for key in given if key != "range"}
    if "range" in given:
        ends = given["range"]
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise DeclarationError("a range has two ends", where=where, remedy='write range = ["0.5 mL", "2 mL"]')
        members["range"] = tuple(_text(end, "range", where) for end in ends)
    return Quantity(**members)


def _text(given: Any, key: str, where: Place) -> Any:
    if isinstance(given, str):
        return given
    if isinstance(given, int | float) and not isinstance(given, bool) and key in ("value", "range", "spread"):
        return repr(given)
    raise DeclarationError(f"{key} is a text, not {type(given).__name__}", where=where)


def _verify(found: Quantity, where: Place) -> None:
    if found.status and found.status not in STATUSES:
        raise DeclarationError(
            f"no status is called {found.status!r}", where=where, remedy=nearest(found.status, STATUSES)
        )
    for word in found.owner.split(" x ") if found.owner else ():
        if word.strip() not in OWNERS:
            raise DeclarationError(f"no owner is called {word!r}", where=where, remedy=nearest(word, OWNERS))
    try:
        base, ends = found.base, found.ends
        units = [read_quantity(text)[1] for text in (found.value, *(found.range or ()))]
        if found.spread and not _is_relative(found.spread, found.value):
            units.append(read_quantity(found.spread)[1])
    except UnitError as error:
        raise DeclarationError(error.message, where=where, remedy=error.remedy) from None
    if len({unit.dimension for unit in units}) > 1:
        raise DeclarationError(
            f"value, range and spread differ in dimension: {' , '.join(str(unit.dimension) for unit in units)}",
            where=where,
        )
    if found.unit.text.strip() == "fraction" and not (0 <= base <= 1 and (ends is None or 0 < ends[0] < ends[1] < 1)):
        raise DeclarationError(
            f"a fraction lies from 0 to 1, and its range inside: {found.value!r} in {list(found.range or ())}",
            where=where,
        )
    if ends is not None and ends[0] == ends[1]:
        raise DeclarationError("the ends of a range differ", where=where, remedy="leave the range out, or widen it")
    if ends is not None and not ends[0] <= base <= ends[1]:
        raise DeclarationError(
            f"the value {found.value!r} lies outside its range {list(found.range or ())}",
            where=where,
            remedy="the range is what is believed, lower end first; the value lies inside",
        )
