"""Floor 8: what a kind of target gives back, and the few lines that a new one must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Target


@dataclass(frozen=True, slots=True)
class Measured:
    """What we got.

    Attributes
    ----------
    value : float
        In ``unit``; nan where there is none.
    unit : str
    why : str
        Why there is no value.
    said : str
        Words in the place of a number.
    is_deviation : bool
        Whether the value is itself how far apart things lie, relative: a curve, a balance.
    is_absent : bool
        Whether what it would be held against is not at hand, e.g. a table that may not be in the package.
    molar_mass : float or None
        Of the model's drug, so that a printed mass can be compared with an amount [g/nmol].
    note : str
        Worth knowing, e.g. where on the curve it was.
    """

    value: float
    unit: str = "1"
    why: str = ""
    said: str = ""
    is_deviation: bool = False
    is_absent: bool = False
    molar_mass: float | None = None
    note: str = ""


Measure = Callable[[Target, Bench], Measured]
"""A kind of target: measures it on the bench of its case."""
