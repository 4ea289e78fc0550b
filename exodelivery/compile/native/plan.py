"""Floor 4: everything about equations that kernels need and that no number of lanes changes.

Derivatives, the order of elimination, the constants of a run, and where in a workspace each row stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

    Of a stage, ``ends`` are the variables ``k + U`` and ``stage`` is k itself. Rates linear in the states come in as
    ``A (k + U)``; the curved ones g as ``g(U)`` and as ``along``, ``∂g/∂x k + τ ∂f/∂t`` at the start of the step.
    """

    ends: tuple[Any, ...]
    stage: tuple[Any, ...]
    weight: Any
    linear_by_parameters: Entries
    curved_by_parameters: Entries
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
    curved : tuple of (row, sympy.Expr)
        What is left of the rates without the terms that are linear in the states.
    bends : Entries
        Derivatives of ``curved`` by the states.
    linear : Entries
        Derivatives of the linear terms; with ``bends`` they make the Jacobian.
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
    curved: tuple[tuple[int, Any], ...]
    bends: Entries
    linear: Entries
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

    @property
    def bent(self) -> tuple[int, ...]:
        """States that the curved rates hold: their arguments of stages are needed."""
        return tuple(sorted({column for _, column, _ in self.bends}))

    def rows(self) -> Rows:
        """Return the first row of each part of a workspace, and ``end``."""
        n = self.size
        sizes = dict.fromkeys(Rows._fields, n) | dict.fromkeys(ONE_ROW, 1)
        sizes |= {"parameters": len(self.equations.parameters), "constants": len(self.constants)}
        sizes |= {"moves": STAGES * n, "dense": 3 * n, "lu": len(self.elimination.entries), "bends": len(self.bends)}
        varied = self.variations is not None
        sizes |= {"arguments": STAGES * n if varied else 0, "jacobian": len(self.jacobian) if varied else 0, "end": 0}
        return Rows(**{name: row for name, row in stacked(sizes).items() if name in Rows._fields})


ONE_ROW = (
    "begin", "t", "span", "h", "asked", "used", "accepted", "last", "rejected", "relative", "reach", "error",
    "reached", "pause",
)  # fmt: skip


class Rows(NamedTuple):
    """Where the parts of a workspace begin, in rows of lanes.

    ``x`` states · ``inputs`` constant inflows · ``begin`` of the segment, ``t`` since then, the ``span`` that no step
    may pass · ``h`` proposed, ``asked`` and ``used`` step, ``reached``
    its end or -1 · ``weight`` absolute part of the tolerance, which grows to
    ``drift`` times the state · ``moved`` states after the step, ``moves`` of the stages, ``steady`` what all stages
    have on their right-hand sides · ``f`` rates · ``argument`` of a stage, ``arguments`` of all · ``bends`` and
    ``jacobian`` times the step.
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
    moves: int
    steady: int
    f: int
    argument: int
    slope: int
    arguments: int
    lu: int
    bends: int
    jacobian: int
    dense: int
    error: int
    reached: int
    pause: int
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
    split = [_split(rate, states, time) for rate in rates]
    curved = [rest for _, rest in split]
    linear, bends = entries([straight for straight, _ in split], states), entries(curved, states)
    timed = any(time in rate.free_symbols for rate in rates)
    slopes = [derivative(rate, time) for rate in rates] if timed else []
    jacobian = _sum(linear, bends)
    variations = _variations(equations, linear, curved, bends, slopes, sensitive) if sensitive else None
    stage = (*variations.ends, *variations.stage, variations.weight) if variations else ()
    constants = Constants(frozenset({*states, time, *stage}))

    def hoisted(found: Entries) -> Entries:
        return tuple((row, column, constants.hoist(value)) for row, column, value in found)

    if variations:
        variations = replace(
            variations,
            **{name: hoisted(getattr(variations, name)) for name in HOISTED},
        )
    return Plan(
        equations=equations,
        rates=tuple(constants.hoist(rate) for rate in rates),
        slopes=tuple(constants.hoist(slope) for slope in slopes),
        jacobian=hoisted(jacobian),
        curved=tuple((row, constants.hoist(rest)) for row, rest in enumerate(curved) if rest != 0),
        bends=hoisted(bends),
        linear=hoisted(linear),
        start=tuple(smooth(value) for value in equations.start),
        outputs=tuple(smooth(value) for value in equations.outputs),
        constants=tuple((symbol, value) for value, symbol in constants.symbols.items()),
        elimination=elimination(n, [(row, column) for row, column, _ in jacobian]),
        variations=variations,
        differences=differences(equations.rates, states),
    )


HOISTED = ("linear_by_parameters", "curved_by_parameters", "along_by_states", "along_by_parameters")


def _split(rate: Any, states: tuple[Any, ...], time: Any) -> tuple[Any, Any]:
    """Return the terms of a rate that are linear in the states with constant coefficients, and the rest.

    Examples
    --------
    >>> import sympy
    >>> x, y, k, t = sympy.symbols("x y k t")
    >>> _split(k * (x + y) - x * y + k, (x, y), t)
    (k*(x + y), k - x*y)
    """
    import sympy

    moving = {*states, time}
    straight: list[Any] = []
    rest: list[Any] = []
    for term in sympy.Add.make_args(rate):
        free = term.free_symbols & moving
        factors = [factor for factor in sympy.Mul.make_args(term) if factor.free_symbols & moving]
        plain = len(factors) == 1 and time not in free and _homogeneous(factors[0], states)
        (straight if plain else rest).append(term)
    return sympy.Add(*straight), sympy.Add(*rest)


def _homogeneous(factor: Any, states: tuple[Any, ...]) -> bool:
    """Say whether a factor is a state, or a sum of states with constant coefficients."""
    import sympy

    for term in sympy.Add.make_args(factor):
        parts = sympy.Mul.make_args(term)
        if sum(part in states for part in parts) != 1:
            return False
        if any(part not in states and part.free_symbols & set(states) for part in parts):
            return False
    return True


def _sum(one: Entries, other: Entries) -> Entries:
    """Add two sparse matrices."""
    found: dict[tuple[int, int], Any] = {}
    for row, column, value in (*one, *other):
        found[row, column] = found[row, column] + value if (row, column) in found else value
    return tuple((row, column, value) for (row, column), value in sorted(found.items(), key=lambda item: item[0]))


def _variations(
    equations: Equations,
    linear: Entries,
    curved: list[Any],
    bends: Entries,
    slopes: list[Any],
    sensitive: tuple[int, ...],
) -> Variations:
    import sympy

    by, n = [equations.parameters[index] for index in sensitive], len(curved)
    ends, stage = (tuple(sympy.Symbol(f"{letter}{index}", real=True) for index in range(n)) for letter in "es")
    weight = sympy.Symbol("tau", real=True)

    def product(matrix: Entries, vector: tuple[Any, ...]) -> list[Any]:
        found = [sympy.Integer(0)] * n
        for row, column, value in matrix:
            found[row] += value * vector[column]
        return found

    along = product(bends, stage)
    for row, slope in enumerate(slopes):
        along[row] += weight * slope
    return Variations(
        ends=ends,
        stage=stage,
        weight=weight,
        linear_by_parameters=entries(product(linear, ends), by),
        curved_by_parameters=entries(curved, by),
        along_by_states=entries(along, equations.states),
        along_by_parameters=entries(along, by),
        start=entries([smooth(value) for value in equations.start], by),
    )
