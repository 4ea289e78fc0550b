"""Floor 8: what a comparison needs of a fit, and nothing more.

A joint result brings its unknowns on their own scales with the information that each origin gave, so that a verdict can
be drawn from data and priors together and its doubt divided among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from exodelivery.citation import Citation
from exodelivery.declare.model import Model
from exodelivery.solve.timeline import Array


class Unknown(Protocol):
    """One parameter of a joint result."""

    @property
    def identity(self) -> str:
        """Block, parameter and owners."""

    @property
    def scale(self) -> str:
        """``log``, ``logit`` or ``linear``."""


class JointResult(Protocol):
    """A fit, as far as a comparison reads it."""

    @property
    def name(self) -> str:
        """The recipe's name."""

    @property
    def parameters(self) -> Sequence[Unknown]:
        """In the order of the estimate, (unknowns,)."""

    @property
    def estimate(self) -> Array:
        """On the unknowns' own scales, (unknowns,)."""

    @property
    def information(self) -> Mapping[str, Array]:
        """Part of the Hessian by origin, (unknowns, unknowns) each; their sum is the whole."""

    @property
    def citations(self) -> Sequence[Citation]:
        """What the result rests on."""

    def places(self, model: Model) -> Mapping[str, int]:
        """Return which unknown each parameter of a model is, by full name; what its carrier shares included."""
