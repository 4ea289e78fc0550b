"""Floor 4: everything about equations that kernels need and that no number of lanes changes.

Derivatives, the order of elimination, the constants of a run, and where in a workspace each row stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from exodelivery.compile.derive import Entries, derivative, entries, smooth
from exodelivery.compile.equations import Equations
from exodelivery.compile.native.conserved import differences
from exodelivery.compile.native.elimination import Elimination, elimination
from exodelivery.compile.native.expressions import Constants
from exodelivery.compile.native.tableau import STAGES


@dataclass(frozen=True, slots=True)
class Variations:
    """Symbolic parts of the derivative of a step by parameters.

    ``along`` is ``J(x) k + τ ∂f/∂t`` for a stage vector k; its derivatives by states and parameters are what the
    matrix of the step contributes.
    """

    stage: tuple[Any, ...]
    weight: Any
    by_parameters: Entries
    along_by_states: Entries
    along_by_parameters: Entries
    start: Entries


@dataclass(frozen=True, slots=True)
class Plan:
    """Equations prepared for printing.

    Attributes
    ----------
    equations : Equations
    rates, slopes : tuple of sympy.Expr, (states,)
        Right-hand sides, and their derivatives by time; ``slopes`` is empty unless time occurs.
    jacobian : Entries
    start, outputs : tuple of sympy.Expr
        In parameters, and in states and parameters.
    constants : tuple of (symbol, expression)
        Parts of all the above (but ``start`` and ``outputs``) that hold parameters only.
    elimination : Elimination
    variations : Variations or None
    differences : tuple
        Sums of states of both signs that the rates leave as they are; see :mod:`~exodelivery.compile.native.conserved`.
    """

    equations: Equations
    rates: tuple[Any, ...]
    slopes: tuple[Any, ...]
    jacobian: Entries
    start: tuple[Any, ...]
    outputs: tuple[Any, ...]
    constants: tuple[tuple[Any, Any], ...]
    elimination: Elimination
    variations: Variations | None
    differences: tuple[tuple[tuple[int, float], ...], ...] = ()

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.rates)

    def rows(self) -> Rows:
        """Return the first row of each part of a workspace, and ``end``."""
        n = self.size
        sizes = dict.fromkeys(Rows._fields, n) | dict.fromkeys(ONE_ROW, 1)
        sizes |= {"parameters": len(self.equations.parameters), "constants": len(self.constants)}
        sizes |= {"k": STAGES * n, "dense": 3 * n, "lu": len(self.elimination.entries)}
        sizes |= {"arguments": STAGES * n if self.variations else 0, "end": 0}
        return Rows(**{name: row for name, row in stacked(sizes).items() if name in Rows._fields})


ONE_ROW = (
    "begin", "t", "span", "h", "asked", "used", "accepted", "last", "rejected", "relative", "reach", "error"
)  # fmt: skip


class Rows(NamedTuple):
    """Where the parts of a workspace begin, in rows of lanes.

    ``x`` states · ``inputs`` constant inflows · ``begin`` of the segment, ``t`` since then, the ``span`` that no step
    may pass · ``h`` proposed, ``asked`` and ``used`` step · ``weight`` absolute part of the tolerance, which grows to
    ``drift`` times the state · ``moved`` states after the step · ``k`` stages · ``f`` rates · ``argument`` of a stage,
    ``arguments`` of all.
    """

    x: int
    parameters: int
    constants: int
    inputs: int
    begin: int
    t: int
    span: int
    h: int
    asked: int
    used: int
    accepted: int
    last: int
    rejected: int
    relative: int
    reach: int
    weight: int
    drift: int
    moved: int
    k: int
    f: int
    argument: int
    slope: int
    arguments: int
    lu: int
    dense: int
    error: int
    end: int


def stacked(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return where each of several parts begins, and ``end``."""
    found, row = {}, 0
    for name, size in sizes.items():
        found[name] = row
        row += size
    found["end"] = row
    return found


def plan(equations: Equations, sensitive: tuple[int, ...] = ()) -> Plan:
    """Differentiate equations and settle everything that printing needs."""
    states, time, n = equations.states, equations.time, len(equations.states)
    rates = [smooth(rate) for rate in equations.rates]
    jacobian = entries(rates, states)
    timed = any(time in rate.free_symbols for rate in rates)
    slopes = [derivative(rate, time) for rate in rates] if timed else []
    variations = _variations(equations, rates, jacobian, slopes, sensitive) if sensitive else None
    stage = (*variations.stage, variations.weight) if variations else ()
    constants = Constants(frozenset({*states, time, *stage}))

    def hoisted(found: Entries) -> Entries:
        return tuple((row, column, constants.hoist(value)) for row, column, value in found)

    if variations:
        variations = Variations(
            variations.stage,
            variations.weight,
            hoisted(variations.by_parameters),
            hoisted(variations.along_by_states),
            hoisted(variations.along_by_parameters),
            variations.start,
        )
    return Plan(
        equations=equations,
        rates=tuple(constants.hoist(rate) for rate in rates),
        slopes=tuple(constants.hoist(slope) for slope in slopes),
        jacobian=hoisted(jacobian),
        start=tuple(smooth(value) for value in equations.start),
        outputs=tuple(smooth(value) for value in equations.outputs),
        constants=tuple((symbol, value) for value, symbol in constants.symbols.items()),
        elimination=elimination(n, [(row, column) for row, column, _ in jacobian]),
        variations=variations,
        differences=differences(equations.rates, states),
    )


def _variations(
    equations: Equations, rates: list[Any], jacobian: Entries, slopes: list[Any], sensitive: tuple[int, ...]
) -> Variations:
    import sympy

    by = [equations.parameters[index] for index in sensitive]
    stage = tuple(sympy.Symbol(f"s{index}", real=True) for index in range(len(rates)))
    weight = sympy.Symbol("tau", real=True)
    along = [sympy.Integer(0)] * len(rates)
    for row, column, value in jacobian:
        along[row] += value * stage[column]
    for row, slope in enumerate(slopes):
        along[row] += weight * slope
    return Variations(
        stage=stage,
        weight=weight,
        by_parameters=entries(rates, by),
        along_by_states=entries(along, equations.states),
        along_by_parameters=entries(along, by),
        start=entries([smooth(value) for value in equations.start], by),
    )
