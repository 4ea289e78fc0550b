"""Floor 7: several curves as one, their parameters shared by name: a joint fit of models of any structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exodelivery.fitting.courses.protocol import Curve
from exodelivery.solve.timeline import Array


@dataclass(eq=False)
class Stack:
    """Curves one after the other.

    Attributes
    ----------
    curves : sequence of Curve
    shared : sequence of mapping, optional
        For each curve, what its parameters are called in the joint fit, where that differs.

    Examples
    --------
    >>> from exodelivery.fitting.courses.formula import Formula
    >>> x = {"x": np.array([1.0, 2.0])}
    >>> both = Stack([Formula("a * x", x), Formula("a + b * x", x)])
    >>> both.names, both.predict(np.array([1.0, 3.0])).tolist()
    (('a', 'b'), [1.0, 2.0, 4.0, 7.0])
    """

    curves: Sequence[Curve]
    shared: Sequence[dict[str, str]] = ()
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        called = self.shared or [{} for _ in self.curves]
        own = [
            [table.get(name, name) for name in curve.names] for curve, table in zip(self.curves, called, strict=True)
        ]
        self.names = tuple(dict.fromkeys(name for names in own for name in names))
        self._places: list[Any] = [np.array([self.names.index(name) for name in names]) for names in own]
        counts = [curve.rows for curve in self.curves]
        self._ends = np.cumsum(counts)
        self.rows = int(self._ends[-1])

    @property
    def accuracy(self) -> float:
        """The coarsest of its curves."""
        return max(float(getattr(curve, "accuracy", 0.0)) for curve in self.curves)

    def predict(self, values: Array) -> Array:
        """Return the predictions, (rows,)."""
        pairs = zip(self.curves, self._places, strict=True)
        return np.concatenate([curve.predict(values[places]) for curve, places in pairs])

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions, (rows,), and their derivatives, (rows, parameters)."""
        predicted, by = [], np.zeros((self.rows, len(self.names)))
        first = 0
        for curve, places in zip(self.curves, self._places, strict=True):
            found, slopes = curve.slopes(values[places])
            predicted.append(found)
            by[first : first + curve.rows, places] = slopes
            first += curve.rows
        return np.concatenate(predicted), by

    def title(self, row: int) -> str:
        """Return what the row's own curve calls it."""
        which = int(np.searchsorted(self._ends, row, side="right"))
        first = int(self._ends[which - 1]) if which else 0
        return self.curves[which].title(row - first)

    def group(self, row: int) -> str:
        """Return which of the curves a row belongs to."""
        return f"curve {int(np.searchsorted(self._ends, row, side='right')) + 1}"
