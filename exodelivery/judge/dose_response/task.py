"""Floor 8: thousands of curves to one array of responses and one of derivatives.

Each curve's unknowns are ``e0``, ``einf``, the logarithm of a dose, and the shape's form. Which dose that is can be
chosen: the shape's own position, the dose of half the effect, or the dose where the response is half of ``e0``; so
that a potency is a coordinate like any other, and has a profile like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.dose_response.shapes.protocol import Shape
from exodelivery.solve.timeline import Array

E0, EINF, DOSE, FORM = 0, 1, 2, 3
"""Places of the unknowns; a shape's form begins at the last."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which dose is an unknown.

    Attributes
    ----------
    of : str
        ``position``: the shape's own; ``span``: where ``level`` of the way from ``einf`` to ``e0`` is left; ``e0``:
        where the response is ``level`` times ``e0``; ``value``: where it is ``level``.
    level : float
    """

    of: str = "position"
    level: float = 0.5


POSITION, HALF_EFFECT, HALF_RESPONSE = Mark(), Mark("span"), Mark("e0")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Curves to be fitted together in one go, though each for itself.

    Attributes
    ----------
    shape : Shape
    mark : Mark
    x, y, weight : array, (curves, points)
        Logarithm of the dose (minus infinity for none), response, and weight; a weight of zero is no observation.
    index : array of int, (curves, points, parameters), or None
        Which unknown each parameter is at each point, where points share some and not others (plates, joint fits).
    proportional : bool
        ``einf`` is a share of ``e0``: plates differ in ``e0`` and agree in the share.
    """

    shape: Shape
    mark: Mark
    x: Array
    y: Array
    weight: Array
    index: NDArray[np.intp] | None = None
    proportional: bool = False

    def rows(self, chosen: NDArray[np.intp]) -> Task:
        """Return the same task for some of the curves."""
        index = None if self.index is None else self.index[chosen]
        return replace(self, x=self.x[chosen], y=self.y[chosen], weight=self.weight[chosen], index=index)

    def response(self, theta: Array, x: Array | None = None) -> tuple[Array, Array]:
        """Return responses and their derivatives.

        Parameters
        ----------
        theta : array, (curves, unknowns)
        x : array, (curves, points), optional
            Logarithms of doses in the place of the task's own; then ``theta`` has no index.

        Returns
        -------
        response : array, (curves, points)
        by : array, (curves, points, unknowns)
            NaN throughout where the marked dose does not exist.
        """
        if self.index is None or x is not None:
            return self._points(theta[:, None, :], self.x if x is None else x)
        taken = np.take_along_axis(theta[:, None, :], self.index.reshape(len(theta), 1, -1), axis=2)
        response, by = self._points(taken.reshape(self.index.shape), self.x)
        whole = np.zeros((*self.x.shape, theta.shape[1]))
        curve, point = np.ogrid[: self.x.shape[0], : self.x.shape[1]]
        for place in range(by.shape[2]):
            whole[curve, point, self.index[:, :, place]] += by[:, :, place]
        return response, whole

    def _points(self, theta: Array, x: Array) -> tuple[Array, Array]:
        e0, einf = theta[..., E0], theta[..., EINF]
        share = einf
        if self.proportional:
            einf = share * e0
        span, form = e0 - einf, theta[..., FORM:]
        nothing = np.zeros(())
        shift, by_level, by_form, left = self._marked(e0, einf, form)
        value, by_x, form_by = self.shape.value(x - theta[..., DOSE] + shift, form)
        fall = span * by_x
        if self.mark.of in ("position", "span"):
            by_level = nothing
        parts = [
            value + fall * by_level * left[0],
            1.0 - value + fall * by_level * left[1],
            -fall,
            *np.moveaxis(span[..., None] * (form_by + by_x[..., None] * by_form), -1, 0),
        ]
        if self.proportional:
            parts[E0], parts[EINF] = parts[E0] + share * parts[EINF], e0 * parts[EINF]
        return einf + span * value, np.stack(np.broadcast_arrays(*parts), axis=-1)

    def _marked(self, e0: Array, einf: Array, form: Array) -> tuple[Array, Array, Array, tuple[Array, Array]]:
        """Return where the marked level lies over the position, and by what it moves: level, form, and e0 and einf."""
        nothing = np.zeros(())
        if self.mark.of == "position":
            return nothing, nothing, np.zeros(1), (nothing, nothing)
        level, left = self._level(e0, einf)
        if self.mark.of == "span":
            left = (nothing, nothing)
        shift = self.shape.inverse(level, form)
        _, by_x, by_form = self.shape.value(shift[..., None], form[..., None, :])
        steep = by_x[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return shift, 1.0 / steep, -by_form[..., 0, :] / steep[..., None], left

    def _level(self, e0: Array, einf: Array) -> tuple[Array, tuple[Array, Array]]:
        mark, span = self.mark, e0 - einf
        if mark.of == "span":
            return np.broadcast_to(mark.level, span.shape), (np.zeros(()), np.zeros(()))
        target = mark.level * e0 if mark.of == "e0" else np.broadcast_to(mark.level, span.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            level = (target - einf) / span
            moves = mark.level / span if mark.of == "e0" else 0.0
            return level, (moves - level / span, (level - 1.0) / span)

    def placed(self, theta: Array) -> Array:
        """Return the logarithm of the marked dose, (curves,), for unknowns whose dose is the shape's own position."""
        e0, form = theta[:, E0], theta[:, FORM:]
        einf = theta[:, EINF] * e0 if self.proportional else theta[:, EINF]
        if self.mark.of == "position":
            found: Array = theta[:, DOSE]
            return found
        level, _ = self._level(e0, einf)
        at: Array = theta[:, DOSE] + self.shape.inverse(level, form)
        return at
