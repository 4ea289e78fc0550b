"""Floor 7: ratios between arms: one record of two runs.

"The area in the tumour was 87 times that of the free drug" is read off both arms, each as its own number would be, and
its derivative goes through both. Each arm reads its part in the model's own unit; only here do the two meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from exodelivery.errors import FitError
from exodelivery.fitting.arms import ArmOfFit
from exodelivery.solve.functionals import Value
from exodelivery.solve.timeline import Array
from exodelivery.units import convert

PLAIN = "1"
"""Unit of a bare number."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Where a ratio's two numbers stand.

    Attributes
    ----------
    arm, row : int
        The arm whose record it is, and which of its numbers stands above the line.
    other, place : int
        The other arm, and which of the numbers that are asked of it stands beneath.
    unit : str
        Of the record.
    """

    arm: int
    row: int
    other: int
    place: int
    unit: str

    def value(self, every: Sequence[Sequence[Value]]) -> Value:
        """Return the ratio of two arms' numbers; it fails where either did, or where there is nothing beneath.

        Examples
        --------
        >>> found = Ratio(0, 0, 1, 0, "%").value([[Value(3.0, "nmol*h/g")], [Value(2e3, "pmol*h/g")]])
        >>> round(found.value, 9), found.unit
        (150.0, '%')
        """
        above, beneath = every[self.arm][self.row], every[self.other][self.place]
        why = above.why or (f"the other arm: {beneath.why}" if beneath.why else "")
        if not why and not beneath.value > 0:
            why = f"the other arm has {beneath.value:g} {beneath.unit}, and nothing is a multiple of that"
        if why:
            return Value(math.nan, self.unit, why)
        extrapolated = max(above.extrapolated, beneath.extrapolated)
        return Value(self._factor(above, beneath) * above.value / beneath.value, self.unit, extrapolated=extrapolated)

    def slopes(self, every: Sequence[Sequence[Value]], by: Sequence[Array]) -> Array:
        """Return the derivative of the ratio by whatever both arms' numbers were differentiated by, (unknowns,)."""
        above, beneath = every[self.arm][self.row], every[self.other][self.place]
        upper, lower = by[self.arm][self.row], by[self.other][self.place]
        if not self.value(every):
            return np.zeros(len(upper))
        moved = upper / beneath.value - lower * (above.value / beneath.value**2)
        return np.asarray(moved * self._factor(above, beneath))

    def _factor(self, above: Value, beneath: Value) -> float:
        return float(convert(1.0, PLAIN, self.unit)) / float(convert(1.0, beneath.unit, above.unit))


def ratios_of(arms: Sequence[ArmOfFit]) -> tuple[Ratio, ...]:
    """Return the ratios among the records of all arms, by where their numbers stand.

    Parameters
    ----------
    arms : sequence of ArmOfFit

    Raises
    ------
    FitError
        If a ratio's unit is none of a bare number, or its arms report in units that do not meet.
    """
    index = {(arm.pairing.study, arm.pairing.arm): n for n, arm in enumerate(arms)}
    found = []
    for n, arm in enumerate(arms):
        for row, one in enumerate(arm.rows):
            if one.record.against:
                other = index[one.record.study, one.record.against]
                place = next(k for k, asked in enumerate(arms[other].asked) if asked.record is one.record)
                found.append(Ratio(n, row, other, place, one.record.unit))
    _try(arms, found)
    return tuple(found)


def _try(arms: Sequence[ArmOfFit], ratios: Iterable[Ratio]) -> None:
    from exodelivery.errors import UnitError

    for one in ratios:
        row = arms[one.arm].rows[one.row]
        units = [arms[one.arm].unit_of(row), arms[one.other].unit_of(arms[one.other].asked[one.place])]
        try:
            convert(1.0, PLAIN, one.unit), convert(1.0, units[1], units[0])
        except UnitError as error:
            raise FitError(
                f"{row.title} is no ratio of {units[0]} over {units[1]} in {one.unit!r}: {error.message}",
                where=row.record.place,
                remedy='a ratio has the unit "1" or "%"; two observables that it compares have one dimension',
            ) from None
