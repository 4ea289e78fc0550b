"""Floor 4: kernels for exact forward sensitivities: the derivative of the Rosenbrock step itself, lanes of parameters.

With W k_s = f(U_s) + Σ C_sj k_j / h, differentiating gives the same matrix for every parameter:
``W k_s' = J(U_s) U_s' + ∂f/∂p(U_s) + (∂(J k_s)/∂x) x' + ∂(J k_s)/∂p + Σ C_sj k_j' / h``. In the variables
``y_s = k_s' + U_s'`` the product with J(x) is gone and only what changes within the step is left of J:
``h W y_s = R_s + h (J(U_s) − J(x)) U_s' + h (∂f/∂p + ∂(J k_s)/∂p + (∂(J k_s)/∂x) x')``. What depends on the states
only is worked out once a step, a stage to a lane; the rest runs over blocks of parameters, a parameter to a lane,
and over the states that the block's parameters can move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exodelivery.compile.native.kernels import Built, Kernel, combined
from exodelivery.compile.native.plan import Plan, Variations, stacked
from exodelivery.compile.native.reach import Arrangement, arrangement, reaches
from exodelivery.compile.native.tableau import ENDS, RODAS5P, STAGES
from exodelivery.compile.native.writer import Value, Writer


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the parts of a block of parameters stand, in rows, and which parameters it holds.

    A block holds the sources of all stages (one slot of ``STAGES`` rows to a state that has any), the inputs'
    derivatives, the sensitivities ``now`` and the ``ends`` of the stages, the last of which are those after the step,
    the reciprocal sizes of the parameters, and the squared error of each. ``slots`` has one table a kind; ``driven``
    says whether inputs have derivatives at all.
    """

    arrangement: Arrangement
    rows: dict[str, int]
    slots: tuple[dict[int, int], ...]
    driven: bool

    @property
    def lanes(self) -> int:
        """Parameters to a block."""
        return self.arrangement.lanes

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(self.arrangement.blocks)

    @property
    def doubles(self) -> int:
        """Size of one block."""
        return self.rows["end"] * self.lanes

    def place(self, parameter: int) -> int:
        """Return where the lane of a parameter begins: the row r of its block stands ``r * lanes`` further."""
        block, lane = divmod(self.arrangement.order.index(parameter), self.lanes)
        return block * self.doubles + lane

    @property
    def names(self) -> tuple[str, ...]:
        """Kernels that carry a block of each kind over a step."""
        return tuple(f"propagate{kind}" for kind in range(len(self.arrangement.kinds)))


def variations_of(plan: Plan) -> Variations:
    """Return the plan's variations, which must be there."""
    if plan.variations is None:
        raise ValueError("the plan was made without sensitive parameters")
    return plan.variations


def blocks(
    plan: Plan, parameters: int, lanes: int, everywhere: frozenset[int] = frozenset(), driven: bool = True
) -> Blocks:
    """Lay out blocks of parameters.

    Parameters
    ----------
    plan : Plan
    parameters, lanes : int
    everywhere : frozenset of int
        Parameters whose doses may move any state.
    driven : bool
        Whether some inputs depend on a parameter.
    """
    reached = reach(plan, parameters)
    full = frozenset(range(plan.size))
    arranged = arrangement([full if p in everywhere else reached[p] for p in range(parameters)], lanes)
    rated, slots = _touched(plan, parameters), []
    for kind in range(len(arranged.kinds)):
        held = [block for block, its in enumerate(arranged.blocks) if its == kind]
        states = sorted(set().union(*(rated[p] for block in held for p in arranged.members(block))))
        slots.append({state: slot for slot, state in enumerate(states)})
    n = plan.size
    sizes = {
        "source": STAGES * max((len(slot) for slot in slots), default=0),
        **{"inputs": n if driven else 0, "now": n, "ends": STAGES * n, "inverse": 1, "error": 1},
    }
    return Blocks(arranged, stacked(sizes), tuple(slots), driven)


def reach(plan: Plan, parameters: int) -> list[frozenset[int]]:
    """Return the states that each parameter moves; one that no rate and no start holds acts by the doses, anywhere."""
    touched = _touched(plan, parameters)
    for row, column, _ in variations_of(plan).start:
        touched[column].add(row)
    pattern = [(row, column) for row, column, _ in plan.jacobian]
    everywhere = set(range(plan.size))
    return reaches(plan.size, pattern, [states or everywhere for states in touched])


def _touched(plan: Plan, parameters: int) -> list[set[int]]:
    parts = variations_of(plan)
    touched: list[set[int]] = [set() for _ in range(parameters)]
    for row, column, _ in (*parts.by_parameters, *parts.along_by_parameters):
        touched[column].add(row)
    return touched


def variational(plan: Plan, layout: Blocks) -> list[Built]:
    """Return the kernels ``vary start_by`` and those of ``layout.names``, to stand beside those of one lane."""
    kinds = [_propagate(plan, layout, kind) for kind in range(len(layout.names))]
    return [_vary(plan, layout), _start_by(plan, layout), *kinds]


@dataclass(frozen=True, slots=True)
class Matrices:
    """What all blocks share in a step: entries over stages, each times the step, and the factors.

    Attributes
    ----------
    changing : tuple of int
        Entries of the plan's Jacobian that change within a step.
    couplings : int
        Entries by which the sensitivities at the start of the step come in.
    factors : int
        Of the LU: those above the diagonal times the step, the reciprocals on it over the step.
    """

    changing: tuple[int, ...]
    couplings: int
    factors: int

    @property
    def first_factor(self) -> int:
        """Where the factors begin, in doubles."""
        return STAGES * (len(self.changing) + self.couplings)

    @property
    def doubles(self) -> int:
        """Size of all."""
        return self.first_factor + self.factors


def matrices(plan: Plan) -> Matrices:
    """Settle which entries change within a step."""
    moving = {*plan.equations.states, plan.equations.time}
    changing = [index for index, (*_, value) in enumerate(plan.jacobian) if value.free_symbols & moving]
    return Matrices(tuple(changing), len(variations_of(plan).along_by_states), len(plan.elimination.entries))


class AcrossStages(Kernel):
    """One function whose lanes are stages of a step; what it reads from the workspace is the same for all."""

    first = 0

    def get(self, part: str, index: int = 0) -> Value:
        """Read a double of the workspace into all lanes."""
        return self.w.broadcast(self.base, self.row(part) + index)

    def numbers(self, values: Sequence[float]) -> Value:
        """Return what each stage has of a row of the tableau."""
        return self.w.numbers(values[self.first : self.first + self.w.lanes])

    def stages(self, part: str, index: int) -> Value:
        """Read the value of each stage."""
        row = self.row(part) + index
        return self.w.gathered(self.base, [row + (self.first + lane) * self.plan.size for lane in range(self.w.lanes)])

    def times(self) -> Value:
        """Write the times of the stages."""
        local = self.w.fused(self.numbers(RODAS5P.times), self.get("used"), self.get("t"))
        return self.w.add(self.get("begin"), local)


def _vary(plan: Plan, layout: Blocks) -> Built:
    """What all stages give: pointers to workspace, the matrices, and the blocks, for their sources."""
    kernel = AcrossStages(plan, min(layout.lanes, STAGES))
    _scaled_factors(kernel)
    for first in range(0, STAGES, kernel.w.lanes):
        kernel.first = first
        _vary_stages(kernel, layout)
    return kernel, kernel.text("vary", 3)


def _scaled_factors(kernel: AcrossStages) -> None:
    one, order, first = Writer(1), kernel.plan.elimination, matrices(kernel.plan).first_factor
    one.lines, one.declared, one.count = kernel.w.lines, kernel.w.declared, kernel.w.count
    step = one.load(kernel.base, kernel.row("used"))
    per_step = one.divide(one.number(1.0), step)
    place = {pivot: turn for turn, pivot in enumerate(order.order)}
    for index, (row, column) in enumerate(order.entries):
        value = one.load(kernel.base, kernel.row("lu") + index)
        if place[row] <= place[column]:
            value = one.multiply(value, per_step if row == column else step)
        one.store("%a1", first + index, value)
    kernel.w.count = one.count


def _vary_stages(kernel: AcrossStages, layout: Blocks) -> None:
    plan, w, parts = kernel.plan, kernel.w, variations_of(kernel.plan)
    jacobian = [plan.jacobian[index][2] for index in matrices(plan).changing]
    by, along_x, along_p = (
        [value for *_, value in found]
        for found in (parts.by_parameters, parts.along_by_states, parts.along_by_parameters)
    )
    used = kernel.get("used")
    at_stage = kernel.translator([*jacobian, *by], time=kernel.times())
    free = set().union(*(value.free_symbols for value in (*jacobian, *by, *along_x, *along_p)))
    for index, symbol in enumerate(plan.equations.states):
        if symbol in free:
            at_stage.values[symbol] = kernel.stages("arguments", index)
    changed, source = _split(at_stage.all([*jacobian, *by]), len(jacobian))
    at_start = kernel.translator([*jacobian, *along_x, *along_p])
    for index, symbol in enumerate(parts.stage):
        if symbol in free:
            at_start.values[symbol] = kernel.stages("k", index)
    at_start.values[parts.weight] = w.multiply(kernel.numbers(RODAS5P.slopes), used)
    given = at_start.all([*jacobian, *along_x, *along_p])
    start, along = _split(given, len(jacobian))
    for index, value in enumerate([*map(w.subtract, changed, start), *along[: len(along_x)]]):
        place = w.offset("%a1", index * STAGES + kernel.first)
        w.store(place, 0, w.multiply(used, value))
    sources = {(row, p): value for (row, p, _), value in zip(parts.by_parameters, source, strict=True)}
    for (row, p, _), value in zip(parts.along_by_parameters, along[len(along_x) :], strict=True):
        sources[row, p] = w.add(sources[row, p], value) if (row, p) in sources else value
    for (row, p), value in sources.items():
        block = layout.arrangement.order.index(p) // layout.lanes
        first = layout.rows["source"] + STAGES * layout.slots[layout.arrangement.blocks[block]][row] + kernel.first
        places = [layout.place(p) + (first + lane) * layout.lanes for lane in range(w.lanes)]
        w.scatter("%a2", places, w.multiply(used, value))


def _split(values: list[Value], at: int) -> tuple[list[Value], list[Value]]:
    return values[:at], values[at:]


def _start_by(plan: Plan, layout: Blocks) -> Built:
    """Derivatives of the starting values into ``now`` of the blocks behind the second pointer."""
    kernel, parts = Kernel(plan, 1), variations_of(plan)
    expressions = [value for *_, value in parts.start]
    values = kernel.translator(expressions).all(expressions)
    for (row, column, _), value in zip(parts.start, values, strict=True):
        kernel.w.store("%a1", layout.place(column) + (layout.rows["now"] + row) * layout.lanes, value)
    return kernel, kernel.text("start_by", 2)


class Block(Kernel):
    """One function over a block of parameters: pointers to workspace, matrices and block."""

    def __init__(self, plan: Plan, layout: Blocks, kind: int) -> None:
        super().__init__(plan, layout.lanes)
        self.layout, self.states = layout, layout.arrangement.kinds[kind]

    def read(self, part: str, index: int) -> Value:
        """Read a row of the block."""
        return self.w.load("%a2", self.layout.rows[part] + index)

    def write(self, part: str, index: int, value: Value) -> None:
        """Write a row of the block."""
        self.w.store("%a2", self.layout.rows[part] + index, value)


def _propagate(plan: Plan, layout: Blocks, kind: int) -> Built:
    """One block over one step, and the squared error of each of its parameters."""
    kernel = Block(plan, layout, kind)
    w, n, slots = kernel.w, plan.size, layout.slots[kind]
    columns = _columns(plan, kernel.states)
    step = w.broadcast("%a0", kernel.row("used")) if layout.driven else ""
    for stage in range(STAGES):
        right: dict[int, Value] = {}
        for state in kernel.states:
            known = [kernel.read("now", state), *(kernel.read("ends", end * n + state) for end in range(stage))]
            found = combined(w, ENDS.right[stage][: stage + 1], known, right.get(state, ""))
            if state in slots:
                found = w.add(found, kernel.read("source", STAGES * slots[state] + stage))
            right[state] = w.fused(step, kernel.read("inputs", state), found) if layout.driven else found
            moving = [(row, index) for row, index, at_start in columns[state] if not at_start and stage]
            argument = _argument(w, stage, known) if moving else ""
            given = [(row, index, known[0]) for row, index, at_start in columns[state] if at_start]
            for row, index, value in [*given, *((row, index, argument) for row, index in moving)]:
                entry = w.broadcast("%a1", index * STAGES + stage)
                right[row] = w.fused(entry, value, right[row]) if row in right else w.multiply(entry, value)
        for state, value in _solved(kernel, right).items():
            kernel.write("ends", stage * n + state, value)
    _error(kernel)
    return kernel, kernel.text(layout.names[kind], 3)


def _argument(w: Writer, stage: int, known: list[Value]) -> Value:
    """Write the argument of a stage: in the last two it is the end of the stage before."""
    weights = ENDS.arguments[stage][: stage + 1]
    if weights == (0.0,) * stage + (1.0,):
        return known[-1]
    return combined(w, weights, known)


def _columns(plan: Plan, states: tuple[int, ...]) -> dict[int, list[tuple[int, int, bool]]]:
    """Return for each state what it gives to others: row, entry of the matrices, and whether it is a coupling."""
    columns: dict[int, list[tuple[int, int, bool]]] = {state: [] for state in states}
    changing = [plan.jacobian[index] for index in matrices(plan).changing]
    for index, (row, column, _) in enumerate([*changing, *variations_of(plan).along_by_states]):
        if column in columns:
            columns[column].append((row, index, index >= len(changing)))
    return columns


def _solved(kernel: Block, right: dict[int, Value]) -> dict[int, Value]:
    """Write both substitutions with the scalar factors, for the states that are not zero."""
    w, order, first = kernel.w, kernel.plan.elimination, matrices(kernel.plan).first_factor
    x, place = dict(right), {entry: first + index for index, entry in enumerate(order.entries)}
    for pivot in order.order:
        for row in order.below(pivot) if pivot in x else ():
            if row in x:
                x[row] = w.fused(w.negate(w.broadcast("%a1", place[row, pivot])), x[pivot], x[row])
    for pivot in reversed(order.order):
        if pivot in x:
            for column in order.right(pivot):
                if column in x:
                    x[pivot] = w.fused(w.negate(w.broadcast("%a1", place[pivot, column])), x[column], x[pivot])
            x[pivot] = w.multiply(x[pivot], w.broadcast("%a1", place[pivot, pivot]))
    return x


def _error(kernel: Block) -> None:
    """Write the mean square of the error, in units of the tolerance of state over parameter."""
    w, n = kernel.w, kernel.plan.size
    relative, inverse, total = w.broadcast("%a0", kernel.row("relative")), kernel.read("inverse", 0), w.number(0.0)
    for state in kernel.states:
        last, end = (kernel.read("ends", stage * n + state) for stage in (STAGES - 2, STAGES - 1))
        now, then = w.intrinsic("fabs", kernel.read("now", state)), w.intrinsic("fabs", end)
        weight = w.multiply(w.broadcast("%a0", kernel.row("weight") + state), inverse)
        size = w.larger(w.fused(relative, w.larger(now, then), weight), w.number(1e-300))
        part = w.divide(w.subtract(end, last), size)
        total = w.fused(part, part, total)
    kernel.write("error", 0, w.multiply(total, w.number(1.0 / max(n, 1))))
