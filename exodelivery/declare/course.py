"""Floor 2: what an input is over time: a weight that is weighed again, a temperature that is switched.

Before the first time the value that the model declares holds; after the last, the last. Between two times the value
is that of the earlier one (steps), or lies on the straight line between them (lines). At a time, the new value holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from exodelivery.errors import DoseError
from exodelivery.units import hours


@dataclass(frozen=True, slots=True)
class Course:
    """An input over time.

    Attributes
    ----------
    name : str
        Full name of the input, ``"body.weight"`` or one that a block declares: ``"growth.oxygen"``.
    points : tuple of (time, value)
        Times rise [h]; a value is a text with its unit, or a number in base units.
    lines : bool
        Straight lines between the points; else steps.

    Examples
    --------
    >>> print(Course("body.weight", ((0.0, "20 g"), (168.0, "22 g"))))
    body.weight 20 g, from 168 h 22 g
    """

    name: str
    points: tuple[tuple[float, str | float], ...]
    lines: bool = False

    def __post_init__(self) -> None:
        times = [time for time, _ in self.points]
        if not times:
            raise DoseError(f"{self.name} is given over time without a time", remedy='write [("0 h", "20 g"), ...]')
        if not all(math.isfinite(time) and time >= 0 for time in times):
            raise DoseError(f"times of {self.name} are finite and not negative")
        for before, after in pairwise(times):
            if not before < after:
                raise DoseError(
                    f"times of {self.name} do not rise: {after:g} h follows {before:g} h",
                    remedy="sort them, and give one value to each",
                )

    def __str__(self) -> str:
        how = "on lines to" if self.lines else "from"
        first, *rest = self.points
        start = f"from {first[0]:g} h " if first[0] else ""
        shown = [f"{start}{_text(first[1])}", *(f"{how} {time:g} h {_text(value)}" for time, value in rest)]
        return f"{self.name} {', '.join(shown)}"


def course(name: str, points: Iterable[tuple[str | float, str | float]], *, lines: bool = False) -> Course:
    """Read a course from pairs of a time (``"7 d"``, or hours) and a value.

    Raises
    ------
    DoseError
        If times do not rise, or a point is no pair.
    """
    found = []
    for point in points:
        if isinstance(point, str) or len(point) != 2:
            raise DoseError(f"a point of {name} is a time and a value, not {point!r}")
        found.append((hours(point[0]), point[1]))
    return Course(name, tuple(found), lines)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g} (base units)"
