"""Floor 2: a carrier's values from one animal to another by allometry, as assumptions that say so.

What scales is what an animal's size sets: clearances and exchanges, volumes, numbers of particles. Rates of the
carrier itself (release, breakdown) stay. The result is a start with a wide range, never a prediction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exodelivery.declare.model import Model, instances, parameters_of
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.tables import SLOTS
from exodelivery.errors import DeclarationError
from exodelivery.units import base_unit, unit

SURFACE = 0.67
"""Exponent of body weight for permeability-surface products (Kagan 2013, doi 10.1007/s11095-013-1127-z)."""
CLEARANCE = 0.75
"""Exponent for clearances (Kagan 2013; Knibbe 2005, doi 10.1111/j.1365-2125.2005.02239.x)."""
SIZE = 1.0
"""Exponent for volumes and numbers of particles (Knibbe 2005)."""
DOUBT = 3.0
"""Factor by which a value without a range may be off after scaling; ours."""
CAVEAT = (
    "allometry from {old} to {new}, weight^{power:g}: a start, for human clearance of pegylated liposomes was not"
    " predictable by it (Caron 2012, as cited by Kagan 2013)"
)


def scale(model: Model, body: Any, *, slots: tuple[str, ...] = ("clearance", "uptake", "immunity")) -> Model:
    """Return a model in another body, with its carrier's values scaled by body weight.

    Parameters
    ----------
    model : Model
    body : str or Body
        The other body; both have a weight.
    slots : tuple of str
        Whose parameters are scaled: those that belong to a body and measure a volume per time (weight to 0.75; a
        permeability-surface product, named PS, to 0.67), a volume or a number of particles (weight to 1). Rates,
        and what belongs to carrier or cell alone, stay.

    Returns
    -------
    Model
        With the scaled values in its ``[set]``, each assumed, its range scaled with it and widened to a factor of
        three where there was none, with the caveat as a note.

    Raises
    ------
    DeclarationError
        If a body has no weight, or a slot is unknown.

    References
    ----------
    Kagan L et al. Pharm Res 2013. doi:10.1007/s11095-013-1127-z. Exponents of a liposome's clearance and of PS.

    Examples
    --------
    >>> import exodelivery as exo
    >>> human = scale(exo.load("label_mouse", carrier="liposome_pegylated"), "human")
    >>> print(human.set["clearance.CL_liver"])
    5.46 mL/h
    """
    for slot in slots:
        if slot not in SLOTS:
            raise DeclarationError(f"no slot is called {slot!r}")
    bare = model.swap(body=body)
    for one in (model, bare):
        if one.body.weight is None:
            raise DeclarationError(f"the body {one.body.name!r} has no weight", remedy="write weight in its file")
    assert model.body.weight is not None and bare.body.weight is not None
    ratio = bare.body.weight.base / model.body.weight.base
    owners = {instance.prefix: SLOTS[instance.slot].owner for instance in instances(model) if instance.slot in slots}
    found: dict[str, Quantity] = {}
    known = parameters_of(bare)
    for name, parameter in parameters_of(model).items():
        prefix, _, short = name.rpartition(".")
        if prefix not in owners or name not in known:
            continue
        power = exponent(short, parameter.quantity)
        if power and "body" in (parameter.quantity.owner or owners[prefix]).split(" x "):
            note = CAVEAT.format(old=model.body.name, new=bare.body.name, power=power)
            found[name] = _scaled(parameter.quantity, ratio**power, note)
    return bare.with_values(found)


def exponent(name: str, quantity: Quantity) -> float:
    """Return the power of body weight that a parameter goes with, by its unit; 0 where size does not set it.

    Parameters
    ----------
    name : str
        Within its block, e.g. ``"CL_liver"``.
    quantity : Quantity

    Examples
    --------
    >>> exponent("CL_liver", Quantity("0.3 mL/h")), exponent("k_digest", Quantity("0.1 1/h"))
    (0.75, 0.0)
    """
    if quantity.dimension == unit("mL/h").dimension:
        return SURFACE if name.startswith("PS") else CLEARANCE
    return SIZE if quantity.dimension in (unit("mL").dimension, unit("particle").dimension) else 0.0


def _scaled(old: Quantity, factor: float, note: str) -> Quantity:
    ends = old.ends or (old.base / DOUBT, old.base * DOUBT)
    words = base_unit(old.dimension)
    value, low, high = (f"{number * factor:.4g} {words}" for number in (old.base, *ends))
    return replace(old, value=value, range=(low, high), status="assumed", spread="", source="", note=note)
