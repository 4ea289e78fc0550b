"""Floor 8: what is asked of every curve: shape, scale, what is held, which numbers get intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exodelivery.errors import nearest
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError, Shape, shape

INTERVALS = ("ec50", "ic50", "e0", "einf", "form")
GR_SLOPES = (0.1, 5.0)
"""On the GR scale, as in the authors' implementations, so that numbers can be compared with theirs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of every curve."""

    shape: Shape
    scale: str
    unit: str
    level: float
    confidence: float
    fixed: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    intervals: tuple[str, ...]
    plated: bool


def choice_of(
    name: str,
    unit: str,
    level: float,
    confidence: float,
    fixed: Mapping[str, float] | None,
    bounds: Mapping[str, tuple[float, float]] | None,
    intervals: Sequence[str],
    control: object,
    time0: object,
    plate: str,
) -> Choice:
    """Return what is asked, having looked at every name in it.

    Raises
    ------
    DoseResponseError
        For an unknown shape, parameter or interval, and bounds or levels that are none.
    """
    built = shape(name)
    scale = "gr" if time0 is not None else "viability" if control is not None else "response"
    held = dict(fixed or {})
    if name == "hill3":
        held.setdefault("einf", 0.0)
    if scale == "gr":
        held.setdefault("e0", 1.0)
    known = ("e0", "einf", *(form.name for form in built.forms))
    for given in (*held, *(bounds or {})):
        if given not in known:
            raise DoseResponseError(f"the shape {name!r} has no parameter {given!r}", remedy=nearest(given, known))
    for given in intervals:
        if given not in INTERVALS:
            raise DoseResponseError(f"no interval is called {given!r}", remedy=nearest(given, INTERVALS))
    if not 0 < level < 1 or not 0 < confidence < 1:
        raise DoseResponseError("a level and a confidence lie between 0 and 1")
    limits = {key: (float(low), float(high)) for key, (low, high) in (bounds or {}).items()}
    if any(not low < high for low, high in limits.values()):
        raise DoseResponseError("a lower bound lies below its upper one")
    if scale == "gr":
        limits = {"einf": (-1.0, 1.0), "hill": GR_SLOPES, **limits}
    return Choice(built, scale, unit, level, confidence, held, limits, tuple(intervals), bool(plate))
