"""Floor 6: what comes out of the vial: where the drug of a product is, and the three ways in which loading is reported.

Papers print one column and mean encapsulation efficiency, loading capacity or drug per vesicle. Here they are three
numbers with one definition each, taken from the same stage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.cautions import broken_cautions
from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.errors import DoseError
from exodelivery.solve.dosing import split
from exodelivery.units import to_base

AVOGADRO = 6.02214076e23
"""Molecules in a mole, exact [1/mol] (SI Brochure, 9th edition, 2019, doi 10.59161/AUEZ1291)."""


@dataclass(frozen=True, slots=True)
class Product:
    """A carrier as it leaves the vial.

    Attributes
    ----------
    carrier : str
    loaded, adsorbed, free : float
        Parts of the product's drug inside carriers, on them, and outside; they sum to one.
    drug_per_particle : float
        All forms [nmol/1e9 particle].
    molecules : float
        Molecules inside or on a particle.
    capacity : float
        Mass of drug in or on carriers over mass of carrier protein; nan where the carrier does not say how many
        particles a microgram of protein has.
    efficiency : float
        Drug that stays with carriers, inside or on them, over drug offered: what an assay of the washed product calls
        encapsulation efficiency; nan where the loading does not say.
    recovery : float
        Carriers recovered over carriers that were loaded; nan where the loading does not say.
    cautions : tuple of str
        What the blocks say of values that take them too far.
    """

    carrier: str
    loaded: float
    adsorbed: float
    free: float
    drug_per_particle: float
    molecules: float
    capacity: float
    efficiency: float
    recovery: float
    cautions: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Each number with its words, those that are not known left out."""
        shares = f"{100 * self.loaded:.3g} %, {100 * self.adsorbed:.3g} %, {100 * self.free:.3g} %"
        told = (
            ("drug inside, on the outside, free", shares, self.loaded),
            ("drug per vesicle", f"{self.molecules:.3g} molecules", self.molecules),
            ("loading capacity", f"{1000 * self.capacity:.3g} ug/mg protein", self.capacity),
            ("encapsulation efficiency", f"{100 * self.efficiency:.3g} %", self.efficiency),
            ("carriers recovered", f"{100 * self.recovery:.3g} %", self.recovery),
        )
        return tuple((what, text) for what, text, value in told if not math.isnan(value))

    def __str__(self) -> str:
        lines = [f"Product {self.carrier}", *(f"  {what:<34} {text}" for what, text in self.rows)]
        return "\n".join([*lines, *(f"  caution: {text}" for text in self.cautions)])

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, table

        return card(f"Product {self.carrier}", "; ".join(self.cautions), table(("what", "value"), self.rows))


def product(model: Model, values: Mapping[str, Any] | None = None) -> Product:
    """Return what the loading of a model's carrier yields.

    Parameters
    ----------
    model : Model
    values : mapping, optional
        Values laid over the model's, by full name, as for ``simulate``.

    Returns
    -------
    Product

    Raises
    ------
    DoseError
        If the model has no loading, or the stage in the vial cannot be integrated.

    Examples
    --------
    >>> import exodelivery as exo
    >>> made = product(exo.load("doxorubicin_mouse", carrier="liposome_pegylated"))
    >>> round(made.loaded, 2), round(made.molecules, -3)
    (0.97, 10000.0)
    """
    from exodelivery.solve.inputs import in_base

    compiled = machine(model)
    if compiled.system.loading is None:
        raise DoseError(f"nothing loads the carrier {model.carrier.name!r}", remedy="choose a carrier with a loading")
    laid = in_base(model, values or {})
    numbers = compiled.values_with(laid)
    named = laid | {one.name: float(v) for one, v in zip(compiled.system.parameters, numbers, strict=True)}
    parts = split(compiled.system, numbers)
    on_carriers = parts.get("drug_per_particle", math.nan) * (parts["loaded"] + parts["adsorbed"])
    per_protein = named.get("carrier.particles_per_protein", math.nan)
    return Product(
        model.carrier.name,
        parts["loaded"],
        parts["adsorbed"],
        parts["free"],
        parts.get("drug_per_particle", math.nan),
        on_carriers / to_base("1 mol") * AVOGADRO * to_base("1 particle"),
        on_carriers * named["drug.molar_mass"] * per_protein,
        parts.get("efficiency", math.nan),
        parts.get("recovery", math.nan),
        tuple(broken.text for broken in broken_cautions(model, named)),
    )
