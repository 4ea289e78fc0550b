"""Floor 7: a curve whose evaluations are kept in a journal, so that a long fit survives being killed."""

from __future__ import annotations

from dataclasses import dataclass

from exodelivery.fitting.courses.protocol import Curve
from exodelivery.fitting.journal import Entry, Journal
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Another curve, and the journal that answers what it was asked before."""

    curve: Curve
    journal: Journal

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters of the curve."""
        return self.curve.names

    @property
    def rows(self) -> int:
        """How many numbers it predicts."""
        return self.curve.rows

    @property
    def accuracy(self) -> float:
        """The curve's own."""
        return float(getattr(self.curve, "accuracy", 0.0))

    def predict(self, values: Array) -> Array:
        """Return the predictions, (rows,)."""
        return self.journal.ask("predict", values, lambda: Entry((self.curve.predict(values),))).arrays[0]

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives."""
        predicted, by = self.journal.ask("slopes", values, lambda: Entry(self.curve.slopes(values))).arrays
        return predicted, by

    def title(self, row: int) -> str:
        """Return what the curve calls a row."""
        return self.curve.title(row)
