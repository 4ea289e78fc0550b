"""Floor 7: how far a prediction is from a record, in standard deviations, and where each standard deviation comes from.

Positive numbers are compared by their logarithms unless the observable says that its error is normal; a bound pulls on
one side only; a prediction that failed is far away by a finite, stated amount and is counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from exodelivery.errors import FitError
from exodelivery.evidence.records import Record
from exodelivery.fitting.recipe import Recipe, Spread
from exodelivery.solve.functionals import Value

FAILED = 30.0
"""Residual of a record whose prediction failed; the verdict names each."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The error of one record.

    Attributes
    ----------
    observed : float
        [unit of the record]; the middle where only a range was printed.
    sd : float
        Of the logarithm, or of the value [unit of the record].
    logarithmic : bool
    limit : str
        ``<`` or ``>`` for a bound.
    origin : str
        ``printed``, or the reason of the recipe's named spread.
    shift : float
        How far the mean of such records lies off the prediction, as simulated: of the logarithm, or of the
        value.
    """

    observed: float
    sd: float
    logarithmic: bool
    limit: str
    origin: str
    shift: float = 0.0

    def residual(self, predicted: Value) -> float:
        """Return the standardised distance of a prediction, zero on the allowed side of a bound.

        Examples
        --------
        >>> Noise(10.0, 0.5, True, "<", "printed").residual(Value(5.0, "min"))
        0.0
        """
        if not predicted or (self.logarithmic and not predicted.value > 0):
            return FAILED
        if self.logarithmic:
            found = (math.log(predicted.value / self.observed) + self.shift) / self.sd
        else:
            found = (predicted.value - self.observed + self.shift) / self.sd
        if (self.limit == "<" and found < 0) or (self.limit == ">" and found > 0):
            return 0.0
        return found

    def slope(self, predicted: Value) -> float:
        """Return the derivative of the residual by the prediction [1 / unit]; zero where it is flat."""
        if not predicted or (self.logarithmic and not predicted.value > 0) or self.residual(predicted) == 0.0:
            return 0.0
        return 1 / (self.sd * (predicted.value if self.logarithmic else 1.0))

    def interval(self) -> tuple[float, float]:
        """Return the central 95 % of the record [unit of the record]."""
        if self.logarithmic:
            return self.observed * math.exp(-1.96 * self.sd), self.observed * math.exp(1.96 * self.sd)
        return self.observed - 1.96 * self.sd, self.observed + 1.96 * self.sd


def titles(record: Record) -> tuple[str, ...]:
    """Return the names by which a recipe may speak of a record, the most specific first.

    ``study/arm what phase`` or ``study/arm what at 6 h``, then ``study/arm what``, ``study what`` (a plain observable
    or a functional's word), ``study/arm`` and ``study``. A ratio says against which arm: ``study/arm what / other``,
    ``study ratio``, ``study/arm`` and ``study``.

    Examples
    --------
    >>> from exodelivery.evidence.records import read_what
    >>> from exodelivery.errors import NOWHERE
    >>> what, none = read_what("auc(level)"), (None, None, None, None)
    >>> titles(Record("lab", "one", what, "two", *none, 3.0, "1", "1", None, "none", None, "", True, "", NOWHERE))
    ('lab/one auc(level) / two', 'lab ratio', 'lab/one', 'lab')
    """
    plain = f"{record.study}/{record.arm} {record.what}"
    which = f" {record.phase}" if record.phase else f" at {record.time:g} h" if record.time is not None else ""
    if record.against:
        ratio = f"{plain} / {record.against}"
        exact = (ratio + which,) if which else ()
        return (*exact, ratio, f"{record.study} ratio", f"{record.study}/{record.arm}", record.study)
    kind = record.what.functional or record.what.observable
    return (
        plain + which,
        plain,
        f"{record.study} {record.what}",
        f"{record.study} {kind}",
        f"{record.study}/{record.arm}",
        record.study,
    )


def named(record: Record, table: Mapping[str, Spread]) -> Spread | None:
    """Return the most specific entry of a recipe's table for a record."""
    return next((table[title] for title in titles(record) if title in table), None)


def noise_of(record: Record, recipe: Recipe, error: str) -> Noise:
    """Return the error of a record: as printed, or as the recipe names it.

    Parameters
    ----------
    record : Record
    recipe : Recipe
    error : str
        Error model of the observable; anything but ``"normal"`` is log-normal.

    Raises
    ------
    FitError
        If neither the paper nor the recipe gives a spread, or the number has no logarithm.
    """
    observed = record.centre
    logarithmic = error != "normal" or record.what.kind.observable != 1
    if logarithmic and not observed > 0:
        raise FitError(f"{titles(record)[0]} = {observed:g} has no logarithm", where=record.place)
    printed = record.log_sd if logarithmic else record.sd_of_mean()
    size = 1.0 if logarithmic else abs(observed)
    if printed is not None:
        more = named(record, recipe.discrepancy)
        extra = size * _of_cv(more.cv, logarithmic) if more else 0.0
        return Noise(observed, math.hypot(printed, extra), logarithmic, record.limit, "printed")
    spread = named(record, recipe.spreads)
    if spread is None:
        raise FitError(
            f"{titles(record)[0]} was printed without a spread, and the recipe names none",
            where=record.place,
            remedy=f'write it under [spreads], e.g. {record.study} = {{ cv = "30 %", why = "…" }}',
        )
    return Noise(observed, size * _of_cv(spread.cv, logarithmic), logarithmic, record.limit, spread.why)


def _of_cv(cv: float, logarithmic: bool) -> float:
    return math.sqrt(math.log1p(cv * cv)) if logarithmic else cv
