"""Floor 4: the Emitter seam. An emitter turns equations into whatever a solver calls.

Plug-ins add a row to the table; it holds module paths, so that nothing heavy is imported before it is asked
for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError, nearest

EMITTERS: dict[str, str] = {
    "numpy": "exodelivery.compile.emitters.numpy:NumpyEmitter",
    "llvm": "exodelivery.compile.emitters.llvm:LlvmEmitter",
    "javascript": "exodelivery.compile.emitters.javascript:JavaScriptEmitter",
}


class Emitter(Protocol):
    """Turns equations into kernels."""

    name: str

    def emit(self, equations: Equations, sensitive: tuple[int, ...] = ()) -> Any:
        """Return kernels for these equations; ``sensitive`` lists the parameters to differentiate by."""


def emitter(name: str) -> Emitter:
    """Return the emitter of this name, importing it now."""
    if name not in EMITTERS:
        raise SimulationError(f"no emitter is called {name!r}", remedy=nearest(name, EMITTERS))
    module, _, attribute = EMITTERS[name].partition(":")
    built: Emitter = getattr(import_module(module), attribute)()
    return built
