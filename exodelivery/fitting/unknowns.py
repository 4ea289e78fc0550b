"""Floor 7: what a joint fit estimates: one unknown to each identity, on its own scale, with its prior.

Two models share a number where block, parameter and owners are the same; a range or a spread is its prior, and a value
printed without one takes what the recipe names. Derived values are not free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exodelivery.declare.model import Model, Parameter, parameters_of
from exodelivery.declare.quantity import Quantity, from_scale, to_scale
from exodelivery.errors import FitError
from exodelivery.fitting.recipe import Share, Spread

FARTHEST = 6.0
"""Bounds lie this many standard deviations from a prior's centre."""
ORIGINS = {"measured": "measured", "literature": "literature", "derived": "literature", "fitted": "literature"}


@dataclass(frozen=True, slots=True)
class Unknown:
    """One number that a fit estimates.

    Attributes
    ----------
    identity, name : str
        What is shared, and its name in the first model that has it.
    quantity : Quantity
        As written.
    scale : str
        log, logit or linear.
    start, centre, sd : float
        Where fits start, and the prior, on the scale.
    origin : str
        Of the prior: measured, literature or assumed.
    """

    identity: str
    name: str
    quantity: Quantity
    scale: str
    start: float
    centre: float
    sd: float
    origin: str

    @property
    def low(self) -> float:
        """Lower bound on the scale."""
        return self.centre - FARTHEST * self.sd

    @property
    def high(self) -> float:
        """Upper bound on the scale."""
        return self.centre + FARTHEST * self.sd

    def base(self, on_scale: float) -> float:
        """Return the value in base units of a number on the scale."""
        return from_scale(on_scale, self.scale)

    def slope(self, on_scale: float) -> float:
        """Return d base / d number on the scale."""
        value = self.base(on_scale)
        return {"log": value, "logit": value * (1 - value)}.get(self.scale, 1.0)


def unknown_of(parameter: Parameter, literature: Spread | None = None) -> Unknown | None:
    """Return the unknown that a parameter is, or None where it is derived from others.

    Parameters
    ----------
    parameter : Parameter
    literature : Spread, optional
        For values printed without a spread.

    Raises
    ------
    FitError
        If nothing says how wide its prior is.

    Examples
    --------
    >>> from exodelivery.errors import NOWHERE
    >>> PS = Quantity("0.015 mL/h", status="assumed", range=("1e-3 mL/h", "1e-1 mL/h"))
    >>> found = unknown_of(Parameter("uptake.PS", PS, "uptake/x.PS @ mouse", NOWHERE))
    >>> found.scale, round(found.sd, 3), found.origin
    ('log', 1.175, 'assumed')
    """
    quantity = parameter.quantity
    if quantity.status == "derived":
        return None
    prior = quantity.prior(literature.cv if literature and quantity.status != "assumed" else None)
    if prior is None:
        raise FitError(
            f"nothing says how well {parameter.name} = {quantity.value} is known",
            where=parameter.place,
            remedy="give it a range or a spread, or name one for literature values in the recipe: [literature]",
        )
    scale = quantity.scale
    origin = ORIGINS.get(quantity.status, "assumed")
    start = to_scale(quantity.base, scale)
    return Unknown(parameter.identity, parameter.name, quantity, scale, start, *prior, origin)


def unknowns_of(parameters: Iterable[Parameter], literature: Spread | None = None) -> tuple[Unknown, ...]:
    """Return one unknown for each identity among the parameters of all models.

    Raises
    ------
    FitError
        If one identity is set to two values or two priors; both places are named.
    """
    found: dict[str, Unknown] = {}
    first: dict[str, Parameter] = {}
    for parameter in parameters:
        unknown = unknown_of(parameter, literature)
        if unknown is None:
            continue
        known = found.setdefault(parameter.identity, unknown)
        before = first.setdefault(parameter.identity, parameter)
        if (known.start, known.centre, known.sd) != (unknown.start, unknown.centre, unknown.sd):
            raise FitError(
                f"{parameter.identity} is one number to a joint fit, but is {before.quantity.value} at {before.place} "
                f"and {parameter.quantity.value} here, or their ranges differ",
                where=parameter.place,
                remedy="give both the same value and range, or another owner",
            )
    return tuple(found.values())


def identities_of(model: Model, shares: Iterable[Share] = ()) -> dict[str, str]:
    """Return the identity of each parameter of a model by its full name, what its carrier shares included.

    Parameters
    ----------
    model : Model
    shares : iterable of Share
        A shared parameter has the identity that it has with the other carrier.
    """
    found = {name: parameter.identity for name, parameter in parameters_of(model).items()}
    for share in shares:
        if share.carrier == model.carrier.name:
            partner: Mapping[str, Parameter] = parameters_of(model.swap(carrier=share.source))
            found |= {name: partner[name].identity for name in found if share.covers(name) and name in partner}
    return found
