"""Floor 7: what a fit may claim, in words: converged or not, how many starts agree, what the data settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exodelivery.fitting.unknowns import FARTHEST
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    from exodelivery.fitting.protocol import Ended

FLAT = 0.01
"""Reduction of the sum of squares that a full Newton step still promises at a converged optimum, at most."""
SAME = 0.5
"""Two starts agree when their sums of squares differ by less."""
AS_GOOD = 3.84
"""A second optimum within this of the best cannot be told from it (95 % of chi-square with one degree)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of a fit.

    Attributes
    ----------
    converged : bool
    starts, agreeing : int
    chi_square : float
        Of the records alone.
    records : int
    effective : float
        How many unknowns' worth the records determined.
    far : tuple of str
        Records farther than two standard deviations.
    at_bound, beyond, combined : tuple of str
        Unknowns at a bound; outside the central 95 % of their prior; known only in combination with others.
    failures : tuple of str
    others : tuple of str
        Unknowns that differ in a second optimum as good: the flip-flop check.
    holding : tuple of str
        Single records without which an unknown would move by more than its standard error.
    missed : tuple of str
        Arms that lie off on average, or scatter more than their records' errors say.
    joined : tuple of str
        Arms whose records are taken together, by a simulation of their sampling.
    """

    converged: bool
    starts: int
    agreeing: int
    chi_square: float
    records: int
    effective: float
    far: tuple[str, ...]
    at_bound: tuple[str, ...]
    beyond: tuple[str, ...]
    combined: tuple[str, ...]
    failures: tuple[str, ...]
    others: tuple[str, ...]
    holding: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict in words."""
        found = [
            "The fit converged." if self.converged else "The fit did NOT converge: its standard errors mean little.",
            f"{self.agreeing} of {self.starts} starts reached the same optimum.",
            f"Chi-square of the records {self.chi_square:.1f} on {self.records} records, "
            f"which determine {self.effective:.1f} unknowns' worth.",
        ]
        lists = (
            ("Farther than two standard deviations", self.far),
            ("At a bound", self.at_bound),
            ("Pulled outside the central 95 % of the prior", self.beyond),
            ("Known only in combination with others", self.combined),
            ("Failed predictions on the way or at the end", self.failures),
            ("Single records hold it", self.holding),
            ("Misfit by arm", self.missed),
            ("Records taken together, with the covariance of their simulated sampling", self.joined),
        )
        found += [f"{what}: {', '.join(names)}." for what, names in lists if names]
        if self.starts > 1:
            found.append(
                f"A second optimum is as good and differs in {', '.join(self.others)} (flip-flop)."
                if self.others
                else "No second optimum as good was found (flip-flop check)."
            )
        return tuple(found)

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def decrement(residuals: Array, jacobian: Array) -> float:
    """Return how much a full Gauss-Newton step still promises to take off the sum of squares.

    Examples
    --------
    >>> float(decrement(np.array([0.0, 1.0]), np.array([[1.0], [0.0]])))
    0.0
    """
    step = np.linalg.lstsq(jacobian, residuals, rcond=None)[0]
    return float(np.sum((jacobian @ step) ** 2))


def word_of(white: float, share: float, conditional: float) -> str:
    """Return what the data did for one unknown.

    Parameters
    ----------
    white : float
        Whitened estimate.
    share : float
        Of the prior's variance that is gone.
    conditional : float
        The same if all other unknowns were known.

    Examples
    --------
    >>> word_of(0.0, 0.9, 0.95), word_of(0.0, 0.01, 0.02), word_of(0.0, 0.05, 0.9)
    ('identified', 'only its prior', 'only in combination')
    """
    if abs(white) > 0.98 * FARTHEST:
        return "at a bound"
    if share >= 0.75:
        return "identified"
    if share < 0.25 and conditional >= 0.75:
        return "only in combination"
    return "partly identified" if share >= 0.1 else "only its prior"


def second_optimum(ends: Sequence[Ended], best: Ended, sd: Array, names: Sequence[str]) -> tuple[str, ...]:
    """Return the unknowns that differ by more than three standard errors in an optimum as good as the best."""
    found: list[str] = []
    for end in ends:
        if end is not best and end.converged and SAME < end.cost - best.cost < AS_GOOD:
            found += [name for name, far in zip(names, np.abs(end.white - best.white) / sd, strict=True) if far > 3]
    return tuple(dict.fromkeys(found))
