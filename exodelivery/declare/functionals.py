"""Floor 2: the closed table of functionals: what a paper may report of an observable's curve.

Why: a record names one (``auc(plasma_total)``), and the readers, the checker and the simulator must agree on
its unit and on whether it wants a time, a window or a phase. A new row is an architectural decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exodelivery.units import Dimension

TIME = Dimension((("time", Fraction(1)),))


@dataclass(frozen=True, slots=True)
class Functional:
    """One row: the powers of its unit, and what locates it in time.

    Attributes
    ----------
    name, about : str
        The word used in records, and what it means.
    observable, time, dose : int
        Powers of the observable's unit, of time and of the dose in the functional's unit.
    at, window, phase : bool
        Whether it takes a single time, a window ``from``-``to``, an exponential phase.

    Examples
    --------
    >>> FUNCTIONALS["auc"].rule, FUNCTIONALS["cl"].rule, FUNCTIONALS["mrt"].rule
    ('observable*time', 'dose/observable/time', 'time')
    """

    name: str
    about: str
    observable: int = 0
    time: int = 0
    dose: int = 0
    at: bool = False
    window: bool = False
    phase: bool = False

    @property
    def rule(self) -> str:
        """The unit in words, e.g. ``"observable*time"``."""
        powers = (("dose", self.dose), ("observable", self.observable), ("time", self.time))
        above = "*".join(word for word, power in powers if power > 0)
        return "/".join([above or "1", *(word for word, power in powers if power < 0)])

    @property
    def is_time(self) -> bool:
        """Whether the unit is a time, whatever the observable."""
        return self.rule == "time"

    def dimension(self, observable: Dimension, dose: Dimension) -> Dimension:
        """Return the functional's dimension from those of the observable and of the dose.

        Examples
        --------
        >>> from exodelivery.units import unit
        >>> print(FUNCTIONALS["cl"].dimension(unit("nmol/mL").dimension, unit("nmol").dimension))
        volume/time
        """
        return observable**self.observable * TIME**self.time * dose**self.dose


FUNCTIONALS: dict[str, Functional] = {
    row.name: row
    for row in (
        Functional("level", "the observable at one time", observable=1, at=True),
        Functional("auc", "area under the curve over a window, or to infinity", observable=1, time=1, window=True),
        Functional("cmax", "largest level", observable=1, window=True),
        Functional("tmax", "time of the largest level, on the study's own sampling grid", time=1, window=True),
        Functional("mrt", "mean residence time over a window, or to infinity", time=1, window=True),
        Functional("cl", "clearance: dose over area", observable=-1, time=-1, dose=1, window=True),
        Functional(
            "vss",
            "steady-state volume: clearance times mean residence time",
            observable=-1,
            dose=1,
            window=True,
        ),
        Functional(
            "half_life",
            "ln 2 over the log-slope of a window, or of phase k of an n-exponential description",
            time=1,
            window=True,
            phase=True,
        ),
    )
}
