"""Floor 0: units, read by us and known to pint only word by word.

Why: pint counts ``particle`` as an amount of substance and ``mg/kg`` as a pure number, so a model with
particles added to nanomoles would pass. Here every unit text is tokenised by us into known words, numbers and
operators; each physical word is asked of pint once, and ``particle``, ``cell``, ``ID``, ``IU``, body weight
and body surface are dimensions of ours which pint never sees. Below the edge all numbers are floats in the
base system: h, nmol, mL, g, 1e9 particle, cell, ID. This is the only importer of pint, and it imports it
when the first unit is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from exodelivery.errors import UnitError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The base dimensions in the order in which a unit is written, each with its base unit.
_BASE = {
    "mass": "g",
    "amount": "nmol",
    "carrier": "1e9 particle",
    "activity": "IU",
    "ID": "ID",
    "current": "A",
    "luminosity": "cd",
    "temperature": "K",
    "length": "cm",
    "cell": "cell",
    "surface": "m2_body",
    "body": "kg_body",
    "time": "h",
}
# What pint's dimension is here, and how many of our base units its base unit holds.
_FROM_PINT = {
    "[time]": ("time", Fraction(1, 3600)),
    "[substance]": ("amount", Fraction(10**9)),
    "[length]": ("length", Fraction(100)),
    "[mass]": ("mass", Fraction(1000)),
    "[temperature]": ("temperature", Fraction(1)),
    "[current]": ("current", Fraction(1)),
    "[luminosity]": ("luminosity", Fraction(1)),
}


def _joined(powers: Iterable[tuple[str, Fraction]]) -> str:
    above: list[str] = []
    below: list[str] = []
    for word, power in powers:
        size = abs(power)
        shown = word if size == 1 else f"{word}^{size}" if size.denominator == 1 else f"{word}^({size})"
        (above if power > 0 else below).append(shown)
    return "/".join(["*".join(above) or "1", *below])


@dataclass(frozen=True, slots=True)
class Dimension:
    """Say of what kind a quantity is: powers of base dimensions, sorted, without zeros.

    Examples
    --------
    >>> unit("nmol/mL").dimension
    Dimension('amount/volume')
    >>> print(unit("mL").dimension / unit("h").dimension)
    volume/time
    """

    powers: tuple[tuple[str, Fraction], ...] = ()

    @property
    def is_one(self) -> bool:
        """Whether this is the dimension of a pure number."""
        return not self.powers

    def _combined(self, other: Dimension, sign: int) -> Dimension:
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, Fraction(0)) + sign * power
        return Dimension(tuple(sorted((name, power) for name, power in powers.items() if power)))

    def __mul__(self, other: Dimension) -> Dimension:
        return self._combined(other, 1)

    def __truediv__(self, other: Dimension) -> Dimension:
        return self._combined(other, -1)

    def __pow__(self, power: Fraction | int) -> Dimension:
        if not power:
            return DIMENSIONLESS
        return Dimension(tuple((name, own * Fraction(power)) for name, own in self.powers))

    def _ordered(self) -> list[tuple[str, Fraction]]:
        own = dict(self.powers)
        return [(name, own[name]) for name in _BASE if name in own]

    def __str__(self) -> str:
        shown = (
            ("volume", power / 3) if name == "length" and power % 3 == 0 else (name, power)
            for name, power in self._ordered()
        )
        return _joined(shown)

    def __repr__(self) -> str:
        return f"Dimension({str(self)!r})"


DIMENSIONLESS = Dimension()


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold a unit that was read: ``value in the base system = value * factor``."""

    text: str
    factor: float
    dimension: Dimension


_Exact = tuple[Fraction, Dimension]

_PREFIXES = {
    "": "", "f": "femto", "p": "pico", "n": "nano", "u": "micro", "m": "milli", "c": "centi", "d": "deci",
    "k": "kilo", "M": "mega", "G": "giga",
}  # fmt: skip
_PREFIXED = {
    "g": "gram", "mol": "mole", "L": "liter", "l": "liter", "m": "meter", "s": "second", "M": "molar",
    "V": "volt", "A": "ampere", "W": "watt", "J": "joule", "Pa": "pascal", "N": "newton", "Hz": "hertz",
    "Gy": "gray", "Bq": "becquerel", "Ci": "curie", "K": "kelvin", "cal": "calorie", "P": "poise",
}  # fmt: skip
_PLAIN = {
    "second": "second", "minute": "minute", "min": "minute", "h": "hour", "hr": "hour", "hour": "hour",
    "d": "day", "day": "day", "wk": "week", "week": "week", "mmHg": "millimeter_Hg", "cd": "candela",
    "molecule": "molecule",
}  # fmt: skip
_PLURALS = ("second", "minute", "hour", "day", "week", "molecule")


@lru_cache(maxsize=1)
def _pint_words() -> dict[str, str]:
    words = {prefix + word: long + name for prefix, long in _PREFIXES.items() for word, name in _PREFIXED.items()}
    return words | _PLAIN | {f"{word}s": word for word in _PLURALS}


@lru_cache(maxsize=1)
def _own_words() -> dict[str, _Exact]:
    def base(name: str) -> Dimension:
        return Dimension(((name, Fraction(1)),))

    percent = Fraction(1, 100)
    particle = (Fraction(1, 10**9), base("carrier"))
    cell = (Fraction(1), base("cell"))
    return {
        "particle": particle, "particles": particle, "cell": cell, "cells": cell,
        "ID": (Fraction(1), base("ID")), "%ID": (percent, base("ID")), "%": (percent, DIMENSIONLESS),
        "IU": (Fraction(1), base("activity")), "kIU": (Fraction(1000), base("activity")),
        "mIU": (Fraction(1, 1000), base("activity")), "fraction": (Fraction(1), DIMENSIONLESS),
        "kg_body": (Fraction(1), base("body")), "m2_body": (Fraction(1), base("surface")),
    }  # fmt: skip


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    # Fractions keep every conversion exact until the last step; no cache folder is written.
    return pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)


@lru_cache(maxsize=512)
def _word(name: str) -> _Exact | None:
    own = _own_words().get(name)
    if own is not None:
        return own
    pint_name = _pint_words().get(name)
    if pint_name is None:
        return None
    base = _registry().Quantity(Fraction(1), pint_name).to_base_units()
    factor, powers = Fraction(base.magnitude), []
    for dimension, power in base.dimensionality.items():
        ours, scale = _FROM_PINT[dimension]
        factor *= scale ** int(power)
        powers.append((ours, Fraction(power)))
    return factor, Dimension(tuple(sorted(powers)))


_LONGEST = 200
_FORBIDDEN = re.compile(r"[^A-Za-z0-9 %*/^().·+\-µμ_]")
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{_NUMBER})"
    r"|(?P<power>(?:\^|\*\*)\s*"
    r"(?:[+-]?[0-9]+(?:\.[0-9]+)?|\(\s*[+-]?[0-9]+(?:\s*/\s*[1-9][0-9]*|\.[0-9]+)?\s*\))|[+-][0-9]+)"
    r"|(?P<word>%?[A-Za-zµμ_][A-Za-z0-9µμ_]*|%)"
    r"|(?P<sign>[*/·()]))"
)
_QUANTITY = re.compile(rf"\s*([+-]?{_NUMBER})\s*(.*?)\s*", re.DOTALL)
# "1 200 mL" must not be read as 200 mL; "2 1/h" and "2 1e9 particle" are what base_unit writes.
_LEADING_NUMBER = re.compile(r"(?!1(?:[eE][0-9]+)?(?![0-9.]))[0-9.]")


def _checked(text: str) -> str:
    if len(text) > _LONGEST:
        raise UnitError(f"A unit of {len(text)} characters is too long; {_LONGEST} are allowed")
    bad = _FORBIDDEN.search(text)
    if bad:
        raise UnitError(f"The unit {text!r} holds the character {bad.group()!r}, which no unit has")
    return text


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None:
            raise UnitError(f"The unit {text!r} cannot be read from {stripped[at:]!r} on")
        tokens.append((str(found.lastgroup), found.group().strip()))
        at = found.end()
    return tokens


def _raised(value: _Exact, power: Fraction, text: str) -> _Exact:
    if abs(power) > 12:
        raise UnitError(f"The unit {text!r} has a power of {power}; at most 12 makes sense")
    factor, dimension = value
    # Exact powers of powers would otherwise grow without end.
    if (factor.numerator.bit_length() + factor.denominator.bit_length()) * abs(power) > 20_000:
        raise UnitError(f"The unit {text!r} is too large or too small for a number")
    if power.denominator == 1:
        return factor ** int(power), dimension**power
    logarithm = float(power) * (math.log10(factor.numerator) - math.log10(factor.denominator))
    if abs(logarithm) > 300:
        raise UnitError(f"The unit {text!r} is too large or too small for a number")
    return Fraction(10**logarithm), dimension**power


class _Reader:
    """Read one unit text by recursive descent; lives for one call."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def product(self) -> _Exact:
        factor, dimension = self.power()
        divided = False
        while True:
            kind, token = self.peek()
            if kind == "end" or token == ")":
                return factor, dimension
            sign = "*"
            if token in ("*", "·", "/"):
                sign = token
                self.at += 1
            elif divided:
                raise UnitError(
                    f"In the unit {self.text!r} it is unclear whether {token!r} is above or below the line",
                    remedy="write every * and /, or put brackets around what is below the line",
                )
            other_factor, other = self.power()
            divided = sign == "/"
            if divided:
                factor, dimension = factor / other_factor, dimension / other
            else:
                factor, dimension = factor * other_factor, dimension * other

    def power(self) -> _Exact:
        value = self.atom()
        kind, token = self.peek()
        if kind != "power":
            return value
        self.at += 1
        return _raised(value, Fraction(re.sub(r"[\^*()\s]", "", token)), self.text)

    def atom(self) -> _Exact:
        kind, token = self.peek()
        self.at += 1
        if kind == "number":
            number = float(token)
            if not 0 < number < math.inf:
                raise UnitError(f"The number {token} in the unit {self.text!r} is not positive and finite")
            return Fraction(token), DIMENSIONLESS
        if kind == "word":
            return self.word(token.replace("µ", "u").replace("μ", "u"))
        if token != "(":
            raise UnitError(f"The unit {self.text!r} wants a word or a number where {token or 'its end'!r} is")
        self.depth += 1
        if self.depth > 20:
            raise UnitError(f"The unit {self.text!r} has more than 20 brackets")
        value = self.product()
        if self.peek()[1] != ")":
            raise UnitError(f"A bracket of the unit {self.text!r} is not closed")
        self.at += 1
        return value

    def word(self, name: str) -> _Exact:
        found = _word(name)
        if found is not None:
            return found
        stem = name.rstrip("0123456789")
        root = _word(stem)
        if root is None or stem == name:
            known = [*_own_words(), *_pint_words()]
            raise UnitError(f"The unit {self.text!r} has an unknown word {name!r}", remedy=nearest(name, known))
        return _raised(root, Fraction(int(name[len(stem) :])), self.text)


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit:
    """Read a unit.

    Parameters
    ----------
    text : str
        Such as ``"mL/h"``, ``"1/h"``, ``"%ID/g"``, ``"nmol·h/mL"``, ``"particle/ug"``, ``"cm^2"``, ``"h-1"``;
        empty or ``"1"`` for a pure number.

    Raises
    ------
    UnitError
        If a word is unknown (the nearest ones are listed) or the text is no unit.

    Examples
    --------
    >>> unit("uM").factor, str(unit("uM").dimension)
    (1.0, 'amount/volume')
    >>> unit("particle/cell/h").dimension == unit("nmol/cell/h").dimension
    False
    """
    _checked(text)
    if not text.strip():
        return Unit("", 1.0, DIMENSIONLESS)
    reader = _Reader(text)
    factor, dimension = reader.product()
    if reader.at < len(reader.tokens):
        raise UnitError(f"The unit {text!r} has a bracket too many")
    try:
        value = float(factor)
    except OverflowError:
        value = math.inf
    if not 0 < value < math.inf:
        raise UnitError(f"The unit {text!r} is too large or too small for a number")
    return Unit(text.strip(), value, dimension)


_PER_BODY = re.compile(r"(?P<unit>.*?)\s*/\s*(?:(?P<weight>kg)|m\s*(?:\^|\*\*)?\s*2)\s*", re.DOTALL)


@lru_cache(maxsize=1024)
def dose_unit(text: str) -> Unit:
    """Read the unit of a dose: a trailing ``/kg`` is per body weight, a trailing ``/m2`` per body surface.

    Examples
    --------
    >>> str(dose_unit("mg/kg").dimension), str(dose_unit("mg/m2").dimension), str(dose_unit("ug").dimension)
    ('mass/body', 'mass/surface', 'mass')
    """
    found = _PER_BODY.fullmatch(_checked(text))
    if found is None:
        return unit(text)
    above = unit(found["unit"])
    below = unit("kg_body" if found["weight"] else "m2_body")
    return Unit(text.strip(), above.factor, above.dimension / below.dimension)


def _split(text: str) -> tuple[float, str]:
    found = _QUANTITY.fullmatch(_checked(text))
    if found is None:
        raise UnitError(f"{text!r} is no quantity", remedy='write the number first, then its unit: "0.015 mL/h"')
    if found[2].startswith(("/", "*", "·", "^")):
        raise UnitError(f"{text!r} is no quantity", remedy='write the number and then the unit: "0.5 1/h"')
    if _LEADING_NUMBER.match(found[2]):
        raise UnitError(f"{text!r} holds two numbers", remedy="write one number without gaps, such as 1200 or 1.2e3")
    value = float(found[1])
    if not math.isfinite(value):
        raise UnitError(f"The number of {text!r} is not finite")
    return value, found[2]


def quantity(text: str) -> tuple[float, Unit]:
    """Read a number and its unit.

    Examples
    --------
    >>> value, its_unit = quantity("0.015 mL/h")
    >>> value, its_unit.text
    (0.015, 'mL/h')
    """
    value, rest = _split(text)
    return value, unit(rest)


def dose_quantity(text: str) -> tuple[float, Unit]:
    """Read a number and the unit of a dose (see :func:`dose_unit`).

    Examples
    --------
    >>> value, its_unit = dose_quantity("5 mg/kg")
    >>> value, str(its_unit.dimension)
    (5.0, 'mass/body')
    """
    value, rest = _split(text)
    return value, dose_unit(rest)


def to_base(text: str) -> float:
    """Return a quantity in the base system (h, nmol, mL, g, 1e9 particle, cell, ID).

    Examples
    --------
    >>> to_base("1 L"), to_base("2e9 particle"), to_base("30 min")
    (1000.0, 2.0, 0.5)
    """
    value, its_unit = quantity(text)
    return value * its_unit.factor


def base_unit(dimension: Dimension) -> str:
    """Return the text of the base-system unit of a dimension.

    Examples
    --------
    >>> base_unit(unit("uM").dimension), base_unit(unit("1/d").dimension), base_unit(DIMENSIONLESS)
    ('nmol/mL', '1/h', '1')
    >>> base_unit(unit("particle/cell/min").dimension), base_unit(unit("nmol/particle").dimension)
    ('1e9 particle/cell/h', 'nmol/(1e9 particle)')
    """
    words = []
    for name, power in dimension._ordered():
        if name == "length" and power % 3 == 0:
            words.append(("mL", power / 3))
        elif name == "carrier" and power != 1:
            words.append((f"({_BASE[name]})", power))
        else:
            words.append((_BASE[name], power))
    return _joined(words)


_PER_AMOUNT = Dimension((("amount", Fraction(-1)), ("mass", Fraction(1))))


@overload
def convert(value: float, source: str, target: str, *, molar_mass: float | None = None) -> float: ...
@overload
def convert(
    value: NDArray[np.float64], source: str, target: str, *, molar_mass: float | None = None
) -> NDArray[np.float64]: ...
def convert(
    value: float | NDArray[np.float64], source: str, target: str, *, molar_mass: float | None = None
) -> float | NDArray[np.float64]:
    """Convert a value from one unit to another.

    Parameters
    ----------
    value : float or array
        In ``source``.
    source, target : str
        Units.
    molar_mass : float, optional
        Of the drug [g/nmol]; with it, mass and amount of drug pass into each other.

    Raises
    ------
    UnitError
        If the dimensions differ; both are named.

    Examples
    --------
    >>> convert(2.0, "h", "min")
    120.0
    >>> round(convert(543.5, "ng/mL", "nmol/mL", molar_mass=543.5e-9), 9)
    1.0
    """
    old, new = unit(source), unit(target)
    excess = old.dimension / new.dimension
    if excess.is_one:
        return value * (old.factor / new.factor)
    for power in (1, -1):
        if excess == _PER_AMOUNT**power and molar_mass is not None:
            if not 0 < molar_mass < math.inf:
                raise UnitError(f"A molar mass of {molar_mass} g/nmol is not positive and finite")
            return value * (old.factor / new.factor) * molar_mass**-power
    remedy = "give the drug's molar mass" if excess in (_PER_AMOUNT, _PER_AMOUNT**-1) else ""
    raise UnitError(f"{source!r} is {old.dimension}, {target!r} is {new.dimension}: they do not convert", remedy=remedy)


_TIME = Dimension((("time", Fraction(1)),))


def hours(text: str | float) -> float:
    """Return a time in hours; a bare number is hours.

    Examples
    --------
    >>> hours("7 d"), hours("30 min"), hours(24)
    (168.0, 0.5, 24.0)
    """
    if not isinstance(text, str):
        if not math.isfinite(text):
            raise UnitError(f"A time of {text} h is not finite")
        return float(text)
    value, its_unit = quantity(text)
    if not its_unit.text:
        return value
    if its_unit.dimension != _TIME:
        raise UnitError(f"{text!r} is {its_unit.dimension}, not a time", remedy='write a time such as "24 h" or "7 d"')
    return value * its_unit.factor


def format_number(value: float, digits: int = 4) -> str:
    """Return a number as people write it: ``digits`` significant, without trailing zeros.

    Examples
    --------
    >>> format_number(412.0), format_number(1.5e-9), format_number(2e9), format_number(12345.6)
    ('412', '1.5e-9', '2e9', '12350')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(float(value))
    mantissa, _, exponent = f"{value:.{max(digits, 1) - 1}e}".partition("e")
    power = int(exponent)
    if -4 <= power < 6:
        plain = f"{float(f'{mantissa}e{exponent}'):.{max(digits - 1 - power, 0)}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{short}e{power}"


def format_quantity(value: float, unit: str, digits: int = 4) -> str:
    """Return a value with its unit, short and readable by :func:`quantity`.

    Examples
    --------
    >>> format_quantity(412.0, "nmol/mL"), format_quantity(0.25, "1"), format_quantity(1e8, "cell")
    ('412 nmol/mL', '0.25', '1e8 cell')
    """
    return f"{format_number(value, digits)} {'' if unit == '1' else unit}".rstrip()
