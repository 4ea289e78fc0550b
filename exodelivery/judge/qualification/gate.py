"""Floor 8: how far ours may lie from what was printed, and what that makes of a target."""

from __future__ import annotations

import math
from dataclasses import dataclass

from exodelivery.errors import DeclarationError, UnitError
from exodelivery.judge.qualification.case import Published, Target
from exodelivery.judge.qualification.kinds.protocol import Measured
from exodelivery.judge.qualification.kinds.table import DEFAULT_GATES
from exodelivery.units import convert, quantity

DIGITS = "digits"


@dataclass(frozen=True, slots=True)
class Judged:
    """Ours in the published unit, the deviation, whether that is absolute, the gate and the verdict."""

    ours: float
    unit: str
    deviation: float = math.nan
    absolute: bool = False
    gate: str = ""
    published: str = ""
    verdict: str = "reported"


def judge(target: Target, found: Measured) -> Judged:
    """Return the verdict on a target.

    Raises
    ------
    DeclarationError
        For a gate that cannot be read.
    UnitError
        If ours and the published value differ in dimension.
    """
    printed, gate = DEFAULT_GATES.get(target.kind, ("", ""))
    published = target.published
    printed = published.text if published is not None else printed
    gate = target.gate or gate
    if found.said:
        return Judged(math.nan, "", published=printed, gate=gate, verdict="caught")
    if found.is_absent:
        return Judged(math.nan, found.unit, published=printed, gate=gate, verdict="not run")
    if found.why:
        return Judged(math.nan, found.unit, published=printed, gate=gate, verdict="failed")
    if found.is_deviation:
        limit = _distance(gate, target)
        verdict = "reported" if limit is None else "met" if found.value <= limit else "missed"
        return Judged(found.value, "1", found.value, False, gate, printed, verdict)
    if published is None:
        return Judged(found.value, found.unit, gate=gate)
    ours = convert(found.value, found.unit or "1", published.unit or "1", molar_mass=found.molar_mass)
    if not published.is_one:
        return _bounded(published, ours, printed)
    return _one(target, published, ours, gate)


def _distance(gate: str, target: Target) -> float | None:
    if not gate:
        return None
    value, unit = _read(gate, target)
    return value * unit[1]


def _read(gate: str, target: Target) -> tuple[float, tuple[str, float]]:
    try:
        value, unit = quantity(gate)
    except UnitError as error:
        raise DeclarationError(
            f"the gate {gate!r} cannot be read", where=target.place, remedy='"0.05 %", "0.2 h", or "digits"'
        ) from error
    return value, (unit.text, unit.factor)


def _bounded(published: Published, ours: float, printed: str) -> Judged:
    outside = max(published.low - ours, ours - published.high, 0.0)
    size = max(abs(end) for end in (published.low, published.high) if math.isfinite(end))
    met = outside == 0 and ours not in (published.low, published.high)
    within = published.low <= ours <= published.high if math.isfinite(published.low + published.high) else met
    deviation = outside / size if size else outside
    verdict = "met" if within else "missed"
    return Judged(ours, published.unit, deviation, not size, "inside", printed, verdict)


def _one(target: Target, published: Published, ours: float, gate: str) -> Judged:
    value = published.low
    absolute, off = abs(ours - value), math.nan
    relative = (ours - value) / value if value else math.nan
    if gate == DIGITS:
        off = absolute
        met = off <= 0.5 * _last_digit(published.text) * (1 + 1e-9)
        return Judged(ours, published.unit, relative, False, gate, published.text, "met" if met else "missed")
    if not gate:
        return Judged(ours, published.unit, relative, False, "", published.text, "reported")
    limit, (text, _) = _read(gate, target)
    if text == "%":
        met = abs(relative) <= limit / 100
        return Judged(ours, published.unit, relative, False, gate, published.text, "met" if met else "missed")
    limit = convert(limit, text or "1", published.unit or "1")
    verdict = "met" if absolute <= limit else "missed"
    return Judged(ours, published.unit, ours - value, True, gate, published.text, verdict)


def _last_digit(text: str) -> float:
    """Return what one in the last printed digit is worth.

    Examples
    --------
    >>> _last_digit("0.07746"), _last_digit("4.5e3 1/h")
    (1e-05, 100.0)
    """
    mantissa, _, exponent = text.split(maxsplit=1)[0].casefold().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals))
