"""Floor 3: what a study's measurement made of what was there, where the printed numbers were not corrected for it.

Why: extraction loses drug, a tissue that was not flushed holds blood, a reader sees light in an empty well, and a
radioactive label decays. A model that is held against such numbers must go through the same assay; a number that was
corrected by its authors must not be corrected twice, so an assay stands in a study only where the paper says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from exodelivery.declare.quantity import Quantity
from exodelivery.errors import NOWHERE, Place

FACTORS: dict[str, str] = {
    "recovery": "share of the drug that extraction brings back, where values were not divided by it",
    "residual_blood": "blood left in the tissue, per unit of tissue; with `blood`, the observable of that blood",
    "background": "reading of a blank that was not taken off, in the observable's unit",
}
"""What an assay may declare as a quantity of its own, with status, source and range like any parameter."""


@dataclass(frozen=True, slots=True)
class Assay:
    """How one observable of a study was measured.

    Printed = (recovery x (observable + residual_blood x blood) + background) x 2^(-time / half_life).

    Attributes
    ----------
    observable, about : str
        What is measured, and where the paper says how.
    factors : dict of Quantity
        Any of :data:`FACTORS`.
    blood : str
        The observable of the blood that stayed in the tissue.
    half_life : float or None
        Of a radioactive label whose values were not corrected for decay, from the dose on [h].
    place : Place
    """

    observable: str
    about: str
    factors: dict[str, Quantity]
    blood: str = ""
    half_life: float | None = None
    place: Place = NOWHERE

    def __str__(self) -> str:
        said = [f"{name} {quantity.value}" for name, quantity in self.factors.items()]
        if self.half_life is not None:
            said.append(f"not corrected for decay (half-life {self.half_life:g} h)")
        return f"{', '.join(said)}; {self.about}"

    def left(self, time: float) -> float:
        """Return the share of a radioactive label that is left at a time [h].

        Examples
        --------
        >>> Assay("blood_label", "counted late", {}, half_life=6.0).left(12.0)
        0.25
        """
        return 1.0 if self.half_life is None else float(2.0 ** (-time / self.half_life))
