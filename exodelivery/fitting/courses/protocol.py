"""Floor 7: the Curve seam: what predicts numbers from parameters, whatever it is made of.

A curve knows nothing of data, noise or priors: it maps parameters to one prediction a row, with exact derivatives. A
prediction that fails is not a number, and :meth:`Curve.whys` says why, so that a fit can count and name it.
"""

from __future__ import annotations

from typing import Protocol

from exodelivery.solve.timeline import Array


class Curve(Protocol):
    """Predicts one number to each row.

    Attributes
    ----------
    names : tuple of str, (parameters,)
    rows : int
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters, in order."""

    @property
    def rows(self) -> int:
        """How many numbers it predicts."""

    def predict(self, values: Array) -> Array:
        """Return the predictions at these parameters, (rows,); NaN where one failed."""

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions, (rows,), and their derivatives by the parameters, (rows, parameters)."""

    def title(self, row: int) -> str:
        """Return what to call a row in a message."""
