"""Floor 6: what the outside does to the states and when: jumps and constant inputs at sorted breakpoints.

A solver integrates from one breakpoint to the next and restarts there, so no dose falls inside a step. Order at one
time: the record before the dose reads the states before the jump, every later output after it; an output asked for at
the time of a jump itself is the value after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Breakpoints with what happens at each.

    Attributes
    ----------
    times : array, (breakpoints,)
        Rising, the first is the start of the run [h].
    jumps : array, (breakpoints, states)
        Added to the states at that time [base units].
    inputs : array, (breakpoints, states)
        Constant rates that hold from this breakpoint to the next [base units / h].
    end : float
        End of the run [h].
    jumps_by : array, (breakpoints, states, sensitive), or None
        Derivatives of the jumps by the sensitive parameters.
    inputs_by : array, (breakpoints, states, sensitive), or None
        Derivatives of the inputs by the sensitive parameters.
    times_by : array, (breakpoints, sensitive), or None
        Derivatives of the breakpoints' times (a lag, a duration); zero for the first, which is the start of the run.
    """

    times: Array
    jumps: Array
    inputs: Array
    end: float
    jumps_by: Array | None = None
    inputs_by: Array | None = None
    times_by: Array | None = None

    def __post_init__(self) -> None:
        if self.times.ndim != 1 or self.times.size == 0 or np.any(np.diff(self.times) <= 0):
            raise ValueError("breakpoints must be rising and at least one")
        if self.jumps.shape[0] != self.times.size or self.inputs.shape != self.jumps.shape:
            raise ValueError("one row of jumps and inputs to each breakpoint")
