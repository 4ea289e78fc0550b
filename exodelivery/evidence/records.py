"""Floor 3: one published number, with its spread and everything that says what it is.

Why: exosome papers report areas, half-lives, ranges and bounds far more often than curves, so a record is an
observable or a functional of one. Values stay as printed; only the text of an odd unit is replaced by the
study's declared reading.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from exodelivery.declare.functionals import FUNCTIONALS, Functional
from exodelivery.errors import NOWHERE, EvidenceError, Place, nearest

Z975 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

SPREAD_KINDS: dict[str, str] = {
    "sd": "standard deviation between individuals",
    "sem": "standard error of the mean",
    "cv": "coefficient of variation between individuals [%]",
    "range": "lower:upper between individuals, read as the central 95 %, as the range of a parameter is",
    "ci95": "lower:upper, 95 % confidence interval of the value",
    "none": "no spread printed; the recipe of a fit names one",
}
LIMITS = ("", "<", ">")

_WHAT = re.compile(r"(?:(?P<functional>[A-Za-z_]\w*)\s*\(\s*)?(?P<observable>[A-Za-z_]\w*)(?P<close>\s*\))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class What:
    """What a number is of: an observable, or a functional of one.

    Examples
    --------
    >>> read_what("auc(plasma_total)")
    What(functional='auc', observable='plasma_total')
    >>> str(read_what("level(blood_label)")), read_what("blood_label").kind.name
    ('blood_label', 'level')
    """

    functional: str | None
    observable: str

    @property
    def kind(self) -> Functional:
        """The row of the table of functionals; a plain observable is a level."""
        return FUNCTIONALS[self.functional or "level"]

    def __str__(self) -> str:
        return f"{self.functional}({self.observable})" if self.functional else self.observable


def read_what(text: str, where: Place = NOWHERE) -> What:
    """Read ``"blood_label"`` or ``"auc(plasma_total)"``.

    Raises
    ------
    EvidenceError
        If the text is neither, or the functional is unknown (the nearest are listed).
    """
    found = _WHAT.fullmatch(text.strip()) if len(text) <= 200 else None
    if found is None or (found["functional"] is None) != (found["close"] is None):
        raise EvidenceError(
            f"{text[:80]!r} is neither an observable nor a functional of one",
            where=where,
            remedy='write "plasma_total" or "auc(plasma_total)"',
        )
    functional = found["functional"]
    if functional is not None and functional not in FUNCTIONALS:
        raise EvidenceError(
            f"There is no functional {functional!r}", where=where, remedy=nearest(functional, FUNCTIONALS)
        )
    return What(None if functional == "level" else functional, found["observable"])


@dataclass(frozen=True, slots=True)
class Record:
    """One number of a study.

    Attributes
    ----------
    study, arm, against : str
        The study, the treated group (empty for a fact without one), and the other arm of a ratio.
    what : What
        Observable or functional.
    time, start, end : float or None
        Time of a level, and the window of a functional [h]; no ``end`` means infinity.
    phase : int or None
        Which exponential of a half-life, from the fastest.
    value : float or None
        As printed [unit]; ``None`` where only a range is.
    unit, printed_unit : str
        The unit in our words, and as the paper prints it.
    spread : float, (float, float) or None
        A number [unit; % for ``cv``], or the ends of ``range`` and ``ci95`` [unit].
    spread_kind : str
        A key of ``SPREAD_KINDS``.
    n : int or None
        Individuals.
    limit : str
        ``"<"`` or ``">"`` where the value is a bound.
    use : bool
        Whether a fit may use it; where not, ``note`` says why.
    """

    study: str
    arm: str
    what: What
    against: str
    time: float | None
    start: float | None
    end: float | None
    phase: int | None
    value: float | None
    unit: str
    printed_unit: str
    spread: float | tuple[float, float] | None
    spread_kind: str
    n: int | None
    limit: str
    use: bool
    note: str
    place: Place

    @property
    def interval(self) -> tuple[float, float] | None:
        """The printed ends of a range or a confidence interval [unit]."""
        return self.spread if isinstance(self.spread, tuple) else None

    @property
    def is_range(self) -> bool:
        """Whether only a range was printed."""
        return self.value is None

    @property
    def window(self) -> tuple[float, float]:
        """Where a functional is taken [h]; without ends, from zero to infinity."""
        return (self.start or 0.0, math.inf if self.end is None else self.end)

    @property
    def centre(self) -> float:
        """The value, or the middle of a bare range (geometric where it is positive) [unit]."""
        if self.value is not None:
            return self.value
        lower, upper = self.interval or (math.nan, math.nan)
        return math.sqrt(lower * upper) if lower > 0 else (lower + upper) / 2

    def sd_of_mean(self) -> float | None:
        """Return the standard deviation of the value itself [unit], or ``None`` where no spread was printed.

        Between individuals it is divided by the root of ``n``; without an ``n`` it is left whole, an upper
        bound.
        """
        if isinstance(self.spread, tuple):
            lower, upper = self.spread
            return self._of_mean((upper - lower) / (2 * Z975))
        if self.spread is None:
            return None
        return self._of_mean(abs(self.centre) * self.spread / 100 if self.spread_kind == "cv" else self.spread)

    @property
    def log_sd(self) -> float | None:
        """The standard deviation of the value's logarithm, or ``None`` without a spread or a logarithm."""
        if isinstance(self.spread, tuple) and self.spread[0] > 0:
            lower, upper = self.spread
            return self._of_mean(math.log(upper / lower) / (2 * Z975))
        deviation = self.sd_of_mean()
        if deviation is None or self.centre <= 0:
            return None
        return math.sqrt(math.log1p((deviation / self.centre) ** 2))

    def _of_mean(self, deviation: float) -> float:
        between_individuals = self.spread_kind in ("sd", "cv", "range")
        return deviation / math.sqrt(self.n) if between_individuals and self.n else deviation

    def __str__(self) -> str:
        ratio = f" / {self.against}" if self.against else ""
        at = f" at {self.time:g} h" if self.time is not None else ""
        shown = f"{self.value:g}" if self.value is not None else "{:g}-{:g}".format(*(self.interval or ()))
        return f"{self.arm or self.study}{ratio}: {self.what}{at} {self.limit}{shown} {self.printed_unit}"
