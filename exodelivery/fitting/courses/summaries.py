"""Floor 7: what an author reports of an arm, as a curve: the same arithmetic on the model's levels at its samples.

An author's area is a trapezoid over a few samples and a half-life a line through the last three; a model's exact area
and slowest rate are other numbers. So the same is done to the curve as was done to the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exodelivery.fitting.courses.course import Course
from exodelivery.fitting.reported import reported, reported_by
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """Records of one arm.

    Attributes
    ----------
    course : Course
        The levels of the arm at its sampling times, rising.
    kinds : tuple of (str, float)
        What is reported; see :func:`~exodelivery.fitting.reported.reported`.
    arm : str
    """

    course: Course
    kinds: Sequence[tuple[str, float]]
    arm: str = "arm"

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters of the course."""
        return self.course.names

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self.kinds)

    @property
    def accuracy(self) -> float:
        """The course's own."""
        return self.course.accuracy

    def predict(self, values: Array) -> Array:
        """Return the records, (rows,)."""
        return np.asarray(reported(self.kinds, self.course.times, self.course.predict(values)))

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the records, (rows,), and their derivatives, (rows, parameters)."""
        levels, by = self.course.slopes(values)
        found, by_levels = reported_by(self.kinds, self.course.times, levels)
        return found, by_levels @ by

    def title(self, row: int) -> str:
        """Return arm and what."""
        kind, at = self.kinds[row]
        return f"{self.arm} {kind}" + (f" at {at:g} h" if kind == "level" else "")
