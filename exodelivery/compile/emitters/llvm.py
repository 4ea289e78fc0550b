"""Floor 4: the emitter of the fast back end: machine code through llvmlite, no compiler on the user's machine.

What depends on sympy is done once when equations are emitted; code for a number of lanes is made when a solver first
asks for it, and compiled modules are kept on disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from exodelivery.compile.emitters.numpy import NumpyEmitter, NumpyKernels
from exodelivery.compile.equations import Equations
from exodelivery.compile.native.plan import Plan, Rows, plan
from exodelivery.errors import SimulationError

if TYPE_CHECKING:
    from exodelivery.compile.native.machine import Machine
    from exodelivery.compile.native.variational import Blocks

FUNCTIONS = ("bind", "start", "begin", "step", "dense", "commit", "observe")
LINEAR = ("bind", "start", "observe", "linear", "affine", "series")
VARIATIONAL = ("vary", "start_by")


@dataclass(frozen=True)
class LlvmKernels:
    """Equations as machine code, made for a number of lanes when asked.

    Attributes
    ----------
    equations : Equations
    sensitive : tuple of int, (sensitive,)
        Parameters to differentiate by.
    plan : Plan
    """

    equations: Equations
    sensitive: tuple[int, ...]
    plan: Plan
    _machines: dict[tuple[int, int], Machine] = field(default_factory=dict, repr=False, compare=False)
    _blocks: dict[tuple[frozenset[int], bool], Blocks] = field(default_factory=dict, repr=False, compare=False)
    _linear: dict[int, Machine] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=Lock, repr=False, compare=False)

    @cached_property
    def plain(self) -> NumpyKernels:
        """The same equations as plain functions, for outputs over many times and for checking."""
        return NumpyEmitter().emit(self.equations, self.sensitive)

    @cached_property
    def rows(self) -> Rows:
        """Where the parts of a workspace begin."""
        return self.plan.rows()

    def machine(self, lanes: int, varied: Blocks | None = None) -> Machine:
        """Return code for a number of lanes; ``varied`` adds the kernels of its sensitivities to one lane."""
        key = (lanes, id(varied) if varied else 0)
        if key in self._machines:
            return self._machines[key]
        from exodelivery.compile.native.kernels import module
        from exodelivery.compile.native.machine import compile_module
        from exodelivery.compile.native.variational import variational

        with self._lock:
            if key not in self._machines:
                more = variational(self.plan, varied) if varied else ()
                names = (*FUNCTIONS, *VARIATIONAL, *varied.names) if varied else FUNCTIONS
                self._machines[key] = compile_module(module(self.plan, lanes, more), names)
            return self._machines[key]

    def linear_machine(self, lanes: int) -> Machine:
        """Return code for a model that is linear in its states."""
        from exodelivery.compile.native.linear import linear_module
        from exodelivery.compile.native.machine import compile_module

        with self._lock:
            if lanes not in self._linear:
                self._linear[lanes] = compile_module(linear_module(self.plan, lanes), LINEAR)
            return self._linear[lanes]

    def blocks(self, everywhere: frozenset[int] = frozenset(), driven: bool = False) -> Blocks:
        """Return the layout of sensitivities in blocks of the processor's lanes.

        ``everywhere`` lists the sensitive parameters, by their place among them, whose doses move states that their
        rates do not; ``driven`` says that some parameter changes an infusion's rate.
        """
        from exodelivery.compile.native.machine import host_lanes
        from exodelivery.compile.native.variational import blocks

        with self._lock:
            if (everywhere, driven) not in self._blocks:
                made = blocks(self.plan, len(self.sensitive), host_lanes(), everywhere, driven)
                self._blocks[everywhere, driven] = made
            return self._blocks[everywhere, driven]


class LlvmEmitter:
    """Prints equations as LLVM IR.

    Examples
    --------
    >>> from exodelivery.compile.equations import equations
    >>> kernels = LlvmEmitter().emit(equations({"a": "-k * a"}))
    >>> sorted(kernels.machine(1).addresses)
    ['begin', 'bind', 'commit', 'dense', 'observe', 'start', 'step']
    """

    name = "llvm"

    def emit(self, equations: Equations, sensitive: tuple[int, ...] = ()) -> LlvmKernels:
        """Return kernels for these equations.

        Parameters
        ----------
        equations : Equations
        sensitive : tuple of int, optional
            Indices of the parameters to differentiate by.

        Returns
        -------
        LlvmKernels

        Raises
        ------
        SimulationError
            An index in ``sensitive`` is not a parameter's, or a function has no compiled form.
        """
        count = len(equations.parameters)
        if any(not 0 <= index < count for index in sensitive):
            raise SimulationError(
                f"sensitive parameters {sensitive} do not all lie below {count}",
                remedy="list indices of equations.parameters",
            )
        return LlvmKernels(equations, tuple(sensitive), plan(equations, tuple(sensitive)))
