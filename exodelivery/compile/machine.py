"""Floor 4: the compiled model: a flat system with the kernels that solvers call, emitted once and kept.

Kernels depend on the equations alone, so models that differ only in values share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.emitters.protocol import emitter
from exodelivery.compile.equations import Equations
from exodelivery.compile.fill import EVERYTHING
from exodelivery.compile.flatten import flatten
from exodelivery.compile.system import System
from exodelivery.declare.model import Model


@dataclass(frozen=True, slots=True)
class Machine:
    """A compiled model.

    Attributes
    ----------
    system : System
    """

    system: System

    @property
    def values(self) -> NDArray[np.float64]:
        """Values in force of the parameters, (parameters,) [base units]."""
        return np.array([parameter.quantity.base for parameter in self.system.parameters])

    def values_with(self, changes: dict[str, float]) -> NDArray[np.float64]:
        """Return the values with some replaced, by name [base units]; names that are not used are passed over."""
        values = self.values
        for n, parameter in enumerate(self.system.parameters):
            if parameter.name in changes:
                values[n] = changes[parameter.name]
        return values

    def kernels(self, kind: str, sensitive: tuple[int, ...] = ()) -> Any:
        """Return the kernels of an emitter, differentiated by the ``sensitive`` parameters."""
        return emit(kind, self.system.equations, sensitive)


@lru_cache(maxsize=128)
def emit(kind: str, equations: Equations, sensitive: tuple[int, ...] = ()) -> Any:
    """Return the kernels of these equations from an emitter, once."""
    return emitter(kind).emit(equations, sensitive)


@lru_cache(maxsize=64)
def machine(model: Model, keep: tuple[str, ...] = (), given: frozenset[str] = EVERYTHING) -> Machine:
    """Compile a model.

    Parameters
    ----------
    model : Model
    keep : tuple of str
        Pools to keep though no observable needs them; see :func:`~exodelivery.compile.flatten.flatten`.
    given : frozenset of str
        What the doses bring: drug, label, or both.

    Returns
    -------
    Machine
    """
    return Machine(flatten(model, keep, given))
