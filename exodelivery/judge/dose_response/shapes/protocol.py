"""Floor 8: the Shape seam: how a response falls from its level without drug to its level at any dose.

A curve is ``y = e0 + (einf - e0) (1 - S(x - position; form))`` with x the logarithm of the dose. A shape is the
falling S, from 1 to 0, with its derivatives and its inverse; levels, potencies and intervals are worked out once for
all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from exodelivery.errors import ExodeliveryError, nearest
from exodelivery.solve.timeline import Array

SHAPES: dict[str, str] = {
    "hill3": "exodelivery.judge.dose_response.shapes.hill:Hill",
    "hill4": "exodelivery.judge.dose_response.shapes.hill:Hill",
    "hill5": "exodelivery.judge.dose_response.shapes.hill:AsymmetricHill",
    "weibull1": "exodelivery.judge.dose_response.shapes.weibull:FirstWeibull",
    "weibull2": "exodelivery.judge.dose_response.shapes.weibull:SecondWeibull",
    "biphasic": "exodelivery.judge.dose_response.shapes.biphasic:Biphasic",
}
"""``hill3`` is the Hill curve that ends at nothing (``einf = 0``)."""


class DoseResponseError(ExodeliveryError):
    """Dose-response data, or what is asked of them, cannot be used."""


@dataclass(frozen=True, slots=True)
class Form:
    """One parameter of a shape's form, on the scale on which it is fitted.

    Attributes
    ----------
    name, about : str
    scale : str
        ``log`` or ``logit``: what is fitted of the parameter.
    start : tuple of float
        Values tried at the start, on the parameter's own scale.
    low, high : float
        Bounds, on the parameter's own scale.
    """

    name: str
    about: str
    scale: str
    start: tuple[float, ...]
    low: float
    high: float


class Shape(Protocol):
    """A falling curve of the logarithm of the dose, from 1 to 0."""

    name: str
    forms: tuple[Form, ...]

    def value(self, x: Array, form: Array) -> tuple[Array, Array, Array]:
        """Return S with its derivatives.

        Parameters
        ----------
        x : array, (..., points)
            Logarithm of the dose over the position; minus infinity without drug.
        form : array, (..., 1, forms)
            On the scale on which each is fitted.

        Returns
        -------
        value, by_x : array, (..., points)
        by_form : array, (..., points, forms)
        """

    def inverse(self, level: Array, form: Array) -> Array:
        """Return where S has a level, (...), for form (..., forms); NaN outside 0 to 1."""


def shape(name: str) -> Shape:
    """Return the shape of this name.

    Raises
    ------
    DoseResponseError
        If none bears the name.

    Examples
    --------
    >>> [form.name for form in shape("hill5").forms]
    ['hill', 'asymmetry']
    """
    if name not in SHAPES:
        raise DoseResponseError(f"no shape of curve is called {name!r}", remedy=nearest(name, SHAPES))
    module, _, attribute = SHAPES[name].partition(":")
    built: Shape = getattr(import_module(module), attribute)()
    return built
