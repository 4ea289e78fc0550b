"""Floor 8: a number with its interval, or with the bound that is all that the doses tested can say."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of a curve.

    Attributes
    ----------
    value : float
        The estimate; where ``limit`` is set, the lowest or highest dose tested; NaN where it is not defined.
    low, high : float
        Ends of the interval; infinite where the data set none, NaN where none was asked for.
    unit : str
    limit : str
        ``">"`` or ``"<"`` where the level is not reached within the doses tested.
    se : float
        Standard error, on the number's own scale.

    Examples
    --------
    >>> Estimate(1.234, 0.9, math.inf, "uM"), Estimate(10.0, math.nan, math.inf, "uM", ">")
    (1.23 (0.9 to no upper end) uM, > 10 uM)
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    limit: str = ""
    se: float = math.nan

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.limit:
            return f"{self.limit} {self.value:.3g}{unit}"
        if math.isnan(self.value):
            return "not defined"
        if math.isnan(self.low) and math.isnan(self.high):
            return f"{self.value:.3g}{unit}"
        low = f"{self.low:.3g}" if math.isfinite(self.low) else "no lower end"
        high = f"{self.high:.3g}" if math.isfinite(self.high) else "no upper end"
        return f"{self.value:.3g} ({low} to {high}){unit}"

    __repr__ = __str__
