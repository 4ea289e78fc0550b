"""Floor 8: one fitted curve as a noun: its numbers with intervals, its wells, and what there is to say of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.draw.html import card, paragraphs
from exodelivery.draw.html import table as html_table
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError, Shape
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, FORM
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A dose-response curve.

    Attributes
    ----------
    key : mapping
        What tells it from others of the same table.
    shape : Shape
    unit : str
        Of the dose.
    scale : str
        ``response``, ``viability`` (relative to a control) or ``gr``.
    level : float
        Share of the response without drug at which the IC50 is read.
    numbers : mapping of Estimate
        ``e0`` and ``einf`` (response without drug and at an endless dose), ``ec50`` (half of that fall), ``ic50``
        (response at ``level``), the shape's form, ``at_highest`` (fitted response at the highest dose), ``auc`` (mean
        of the fitted response over the logarithm of the doses tested, relative to ``e0``); on the GR scale also
        ``gr_max`` and ``gr_aoc``.
    theta, covariance : array, (unknowns,) and (unknowns, unknowns)
        ``e0``, ``einf``, ln position, form on its own scale, then ``e0`` of further plates.
    variance : float
        Of one observation of weight one; ``freedom`` is its degrees of freedom.
    cost : float
        Weighted sum of squares.
    p_flat : float
        P-value of a response that does not depend on the dose.
    r_squared : float
    dose, response, fitted, weight : array, (wells,)
        Responses are relative to ``e0`` of their plate where plates differ.
    outlier : array of bool, (wells,)
        Flagged, never dropped.
    proportional : bool
        Plates differ in ``e0``, and ``einf`` is a share of it.
    words : tuple of str
        What to know of it.
    """

    key: Mapping[str, Any]
    shape: Shape
    unit: str
    scale: str
    level: float
    numbers: Mapping[str, Estimate]
    theta: Array = field(repr=False)
    covariance: Array = field(repr=False)
    variance: float
    freedom: int
    cost: float
    p_flat: float
    r_squared: float
    dose: Array = field(repr=False)
    response: Array = field(repr=False)
    fitted: Array = field(repr=False)
    weight: Array = field(repr=False)
    outlier: NDArray[np.bool_] = field(repr=False)
    proportional: bool = False
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The key in one line."""
        return ", ".join(str(value) for value in self.key.values()) or "all"

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def __getitem__(self, name: str) -> Estimate:
        if name not in self.numbers:
            raise DoseResponseError(
                f"the curve {self.name!r} has no {name!r}", remedy="known: " + ", ".join(self.numbers)
            )
        return self.numbers[name]

    @property
    def ic50(self) -> Estimate:
        """The dose at which ``level`` of the response without drug is left (GR50 on the GR scale)."""
        return self["ic50"]

    @property
    def ec50(self) -> Estimate:
        """The dose of half the effect (GEC50 on the GR scale)."""
        return self["ec50"]

    def at(self, dose: Any) -> Array:
        """Return the fitted response at doses, (doses,); relative to each plate's own level where plates differ."""
        if not self:
            raise DoseResponseError(f"the curve {self.name!r} was not fitted: {'; '.join(self.words)}")
        with np.errstate(divide="ignore"):
            x = np.log(np.atleast_1d(np.asarray(dose, dtype=float)))
        e0, einf = 1.0 if self.proportional else self.theta[E0], self.theta[EINF]
        form = self.theta[None, FORM : FORM + len(self.shape.forms)]
        value, _, _ = self.shape.value(x - self.theta[DOSE], form)
        found: Array = einf + (e0 - einf) * value
        return found

    def row(self) -> dict[str, Any]:
        """Return the numbers as one row: value, ends and limit of each."""
        found: dict[str, Any] = dict(self.key)
        for name, number in self.numbers.items():
            found[name] = number.value
            if name not in ("gr_max", "gr_aoc", "at_highest"):
                found |= {f"{name}_low": number.low, f"{name}_high": number.high, f"{name}_se": number.se}
            if name in ("ic50", "ec50"):
                found[f"{name}_limit"] = number.limit
        found |= {"p_flat": self.p_flat, "r_squared": self.r_squared, "wells": len(self.dose)}
        return {**found, "outliers": int(self.outlier.sum()), "words": "; ".join(self.words)}

    def table(self) -> pd.DataFrame:
        """Return the wells with their fit as a pandas frame."""
        import pandas as pd

        columns = {"dose": self.dose, "response": self.response, "fitted": self.fitted, "outlier": self.outlier}
        return pd.DataFrame(columns)

    def figure(self) -> Any:
        """Return the wells and the curve, the dose on a logarithmic axis."""
        from exodelivery.judge.dose_response.figure import curves_figure

        return curves_figure([self])

    def __str__(self) -> str:
        head = f"{self.name}: {len(self.dose)} wells, {self.shape.name}"
        if not self:
            return "\n".join([head, *(f"  {text}" for text in self.words)])
        width = max(map(len, self.numbers))
        lines = [f"  {name.ljust(width)}  {number}" for name, number in self.numbers.items()]
        lines.append(f"  flat? p = {self.p_flat:.2g}; r² = {self.r_squared:.3f}; {self.freedom} degrees of freedom")
        return "\n".join([head, *lines, *(f"  - {text}" for text in self.words)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(name, str(number)) for name, number in self.numbers.items()]
        about = f"{len(self.dose)} wells, {self.shape.name}"
        return card(
            self.name, about, html_table(("number", "estimate (95 % interval)"), rows) + paragraphs(*self.words)
        )


def bounded(dose: float, interval: tuple[float, float], tested: tuple[float, float], unit: str, se: float) -> Estimate:
    """Return a dose as an estimate; outside the doses tested it is a bound.

    Examples
    --------
    >>> bounded(30.0, (12.0, math.inf), (0.01, 10.0), "uM", 4.0)
    > 10 uM
    """
    lowest, highest = tested
    if math.isnan(dose):
        return Estimate(math.nan, unit=unit)
    if dose > highest:
        return Estimate(highest, interval[0], math.inf, unit, ">")
    if dose < lowest:
        return Estimate(lowest, 0.0, interval[1], unit, "<")
    return Estimate(dose, *interval, unit, "", se)
