"""Floor 5: what the rules look at: a model, resolved as far as it can be, with the errors met on the way.

Each step sets aside what is broken and goes on, so that one mistake never hides another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from exodelivery.checks.written import Written, written
from exodelivery.compile.expand import Expansion, OneWay, expand
from exodelivery.compile.fill import filled_pools
from exodelivery.compile.flatten import flatten
from exodelivery.compile.system import System
from exodelivery.declare.anatomy import Anatomy
from exodelivery.declare.model import Model
from exodelivery.declare.pool import Pool
from exodelivery.errors import ExodeliveryError


@dataclass(frozen=True)
class Case:
    """A model under the checker.

    Attributes
    ----------
    model : Model
    """

    model: Model

    @cached_property
    def anatomy(self) -> Anatomy:
        """Its places and names."""
        return Anatomy(self.model)

    @cached_property
    def written(self) -> tuple[Written, ...]:
        """Every expression as written."""
        return tuple(written(self.anatomy))

    @cached_property
    def _expanded(self) -> tuple[Expansion, tuple[ExodeliveryError, ...]]:
        errors: list[ExodeliveryError] = []
        return expand(self.anatomy, errors.append), tuple(errors)

    @property
    def expansion(self) -> Expansion:
        """The one-way flows that resolve, and those that this body leaves out."""
        return self._expanded[0]

    @cached_property
    def aside(self) -> frozenset[str]:
        """Names of the flows that this body leaves out."""
        return frozenset(left.flow for left in self.expansion.left_out)

    @property
    def broken_flows(self) -> tuple[ExodeliveryError, ...]:
        """Why other flows do not resolve."""
        return self._expanded[1]

    @cached_property
    def _filled(self) -> tuple[dict[Pool, None], tuple[OneWay, ...]]:
        flows, endless = list(self.expansion.flows), list[OneWay]()
        while True:
            try:
                return filled_pools(self.anatomy, tuple(flows), self.model.body.routes), tuple(endless)
            except ExodeliveryError as error:
                stopped = [flow for flow in flows if flow.place == error.where]
                if not stopped:
                    raise
                endless += stopped
                flows = [flow for flow in flows if flow not in stopped]

    @property
    def filled(self) -> dict[Pool, None]:
        """The pools that anything can enter, but for what flows of ``endless`` would carry on."""
        return self._filled[0]

    @property
    def endless(self) -> tuple[OneWay, ...]:
        """Flows that end a carrier or a cell without saying where what it holds goes."""
        return self._filled[1]

    @cached_property
    def flat(self) -> System | ExodeliveryError:
        """The model laid flat with every pool kept, or the first error that forbids it."""
        try:
            return flatten(self.model, ("all",))
        except ExodeliveryError as error:
            return error
