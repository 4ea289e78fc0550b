"""Floor 4: kernels for exact forward sensitivities: the derivative of the Rosenbrock step itself, lanes of parameters.

With W k_s = f(U_s) + Σ C_sj k_j / h, differentiating gives the same matrix for every parameter:
``W k_s' = J(U_s) U_s' + ∂f/∂p(U_s) + (∂(J k_s)/∂x) x' + ∂(J k_s)/∂p + Σ C_sj k_j' / h``. In the variables
``z_s = k_s' + U_s' − x'`` only what changes within the step is left of J:
``h W z_s = h J(x) x' + Σ R_sj z_j + h (J(U_s) − J(x)) U_s' + h (∂f/∂p + ∂(J k_s)/∂p + (∂(J k_s)/∂x) x')``. What
depends on the states only is worked out once a step, a stage to a lane; the rest runs over blocks of parameters, a
parameter to a lane, and over the states that the block's parameters can move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exodelivery.compile.native.kernels import Built, Kernel, argument, combined
from exodelivery.compile.native.plan import Plan, Variations, stacked
from exodelivery.compile.native.reach import Arrangement, arrangement, reaches
from exodelivery.compile.native.tableau import MOVES, RODAS5P, STAGES
from exodelivery.compile.native.writer import Value


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the parts of a block of parameters stand, in rows, and which parameters it holds.

    A block holds the sources of all stages (one slot of ``STAGES`` rows to a state that has any), the inputs'
    derivatives, the sensitivities ``now`` and after the step (``next``), the ``moves`` of the stages and what is
    ``steady`` in all of them, the reciprocal sizes of the parameters, and the squared error of each. ``slots`` has one
    table a kind; ``driven`` says whether inputs have derivatives at all.
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
        **{
            "inputs": n if driven else 0,
            "now": n,
            "next": n,
            "moves": STAGES * n,
            "steady": n,
            "inverse": 1,
            "error": 1,
        },
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
    for row, column, _ in (*parts.linear_by_parameters, *parts.curved_by_parameters, *parts.along_by_parameters):
        touched[column].add(row)
    return touched


def variational(plan: Plan, layout: Blocks) -> list[Built]:
    """Return the kernels ``vary start_by`` and those of ``layout.names``, to stand beside those of one lane."""
    kinds = [_propagate(plan, layout, kind) for kind in range(len(layout.names))]
    return [_vary(plan, layout), _start_by(plan, layout), *kinds]


def entries_of(plan: Plan) -> list[tuple[int, int, bool]]:
    """Return what all blocks share in a step: row, column, and whether it couples to the start of the step.

    First what the curved rates' derivatives have changed by at a stage's argument, then the couplings; each has one
    double a stage, and is multiplied by the step.
    """
    parts = variations_of(plan)
    changed = [(row, column, False) for row, column, _ in plan.bends]
    return changed + [(row, column, True) for row, column, _ in parts.along_by_states]


class AcrossStages(Kernel):
    """One function whose lanes are stages of a step; what it reads from the workspace is the same for all."""

    first = 0

    def get(self, part: str, index: int = 0) -> Value:
        """Read a double of the workspace into all lanes."""
        return self.w.broadcast(self.base, self.row(part) + index)

    def numbers(self, values: Sequence[float]) -> Value:
        """Return what each stage has of a row of the tableau."""
        return self.w.numbers(values[self.first : self.first + self.w.lanes])

    def argument(self, state: int) -> Value:
        """Read the arguments of the stages."""
        n, stages = self.plan.size, range(self.first, self.first + self.w.lanes)
        return self.w.gathered(self.base, [self.row("arguments") + stage * n + state for stage in stages])

    def end(self, state: int) -> Value:
        """Read the ends of the stages."""
        n, stages = self.plan.size, range(self.first, self.first + self.w.lanes)
        moves = self.w.gathered(self.base, [self.row("moves") + stage * n + state for stage in stages])
        return self.w.add(self.get("x", state), moves)

    def times(self) -> Value:
        """Write the times of the stages."""
        local = self.w.fused(self.numbers(RODAS5P.times), self.get("used"), self.get("t"))
        return self.w.add(self.get("begin"), local)


def _vary(plan: Plan, layout: Blocks) -> Built:
    """What all stages give: pointers to workspace, the matrices, and the blocks, for their sources."""
    kernel = AcrossStages(plan, min(layout.lanes, STAGES))
    for first in range(0, STAGES, kernel.w.lanes):
        kernel.first = first
        _vary_stages(kernel, layout)
    return kernel, kernel.text("vary", 3)


def _vary_stages(kernel: AcrossStages, layout: Blocks) -> None:
    plan, w, parts = kernel.plan, kernel.w, variations_of(kernel.plan)
    bends = [value for *_, value in plan.bends]
    curved, straight, along_x, along_p = (
        [value for *_, value in found]
        for found in (
            parts.curved_by_parameters, parts.linear_by_parameters, parts.along_by_states, parts.along_by_parameters
        )
    )  # fmt: skip
    used = kernel.get("used")
    arguments = {state: kernel.argument(state) for state in plan.bent}
    ends = {state: kernel.end(state) for state in range(plan.size)}
    at_stage = kernel.translator([*bends, *curved], time=kernel.times())
    at_start = kernel.translator([*bends, *along_x, *along_p, *straight])
    for state, value in arguments.items():
        at_stage.values[plan.equations.states[state]] = value
        at_start.values[parts.stage[state]] = w.subtract(ends[state], value)
    for state, value in ends.items():
        at_start.values[parts.ends[state]] = value
    at_start.values[parts.weight] = w.multiply(kernel.numbers(RODAS5P.slopes), used)
    changed, by_curved = _parted(at_stage.all([*bends, *curved]), len(bends), len(curved))
    start, couplings, by_along, by_straight = _parted(
        at_start.all([*bends, *along_x, *along_p, *straight]), len(bends), len(along_x), len(along_p), len(straight)
    )
    for index, value in enumerate([*map(w.subtract, changed, start), *couplings]):
        w.store(w.offset("%a1", index * STAGES + kernel.first), 0, w.multiply(used, value))
    sources: dict[tuple[int, int], Value] = {}
    for found, values in (
        (parts.curved_by_parameters, by_curved),
        (parts.along_by_parameters, by_along),
        (parts.linear_by_parameters, by_straight),
    ):
        for (row, p, _), value in zip(found, values, strict=True):
            sources[row, p] = w.add(sources[row, p], value) if (row, p) in sources else value
    for (row, p), value in sources.items():
        block = layout.arrangement.order.index(p) // layout.lanes
        first = layout.rows["source"] + STAGES * layout.slots[layout.arrangement.blocks[block]][row] + kernel.first
        places = [layout.place(p) + (first + lane) * layout.lanes for lane in range(w.lanes)]
        w.scatter("%a2", places, w.multiply(used, value))


def _parted(values: list[Value], *counts: int) -> list[list[Value]]:
    """Cut a list into pieces of these lengths."""
    stops = [sum(counts[: turn + 1]) for turn in range(len(counts))]
    return [values[stop - count : stop] for stop, count in zip(stops, counts, strict=True)]


def _start_by(plan: Plan, layout: Blocks) -> Built:
    """Derivatives of the starting values into ``now`` of the blocks behind the second pointer."""
    kernel, parts = Kernel(plan, 1), variations_of(plan)
    expressions = [value for *_, value in parts.start]
    values = kernel.translator(expressions).all(expressions)
    for (row, column, _), value in zip(parts.start, values, strict=True):
        kernel.w.store("%a1", layout.place(column) + (layout.rows["now"] + row) * layout.lanes, value)
    return kernel, kernel.text("start_by", 2)


class Block(Kernel):
    """One function over a block of parameters: pointers to workspace, matrices, block and moves.

    The moves of the stages stand apart: only an interpolant asks for them after the step, and blocks that share one
    place for them fit into the processor's nearest cache.
    """

    def __init__(self, plan: Plan, layout: Blocks, kind: int) -> None:
        super().__init__(plan, layout.lanes)
        self.layout, self.states = layout, layout.arrangement.kinds[kind]

    def move(self, stage: int, state: int) -> Value:
        """Read the move of a stage."""
        return self.w.load("%a3", stage * self.plan.size + state)

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
    steady = _steady(kernel)
    for stage in range(STAGES):
        right: dict[int, Value] = {}
        for state in kernel.states:
            before = [kernel.move(earlier, state) for earlier in range(stage)]
            found = w.add(right[state], steady(state)) if state in right else steady(state)
            found = combined(w, MOVES.right[stage], before, found)
            if state in slots:
                found = w.add(found, kernel.read("source", STAGES * slots[state] + stage))
            right[state] = found
            now = kernel.read("now", state) if columns[state] else ""
            moving = [(row, index) for row, index, at_start in columns[state] if not at_start and stage]
            then = argument(w, stage, before, now) if moving else ""
            given = [(row, index, now) for row, index, at_start in columns[state] if at_start]
            for row, index, value in [*given, *((row, index, then) for row, index in moving)]:
                entry = w.broadcast("%a1", index * STAGES + stage)
                right[row] = w.fused(entry, value, right[row]) if row in right else w.multiply(entry, value)
        for state, value in _solved(kernel, right).items():
            w.store("%a3", stage * n + state, value)
            if stage == STAGES - 1:
                kernel.write("next", state, w.add(kernel.read("now", state), value))
    _error(kernel)
    return kernel, kernel.text(layout.names[kind], 4)


def _steady(kernel: Block) -> Callable[[int], Value]:
    """Write h (J x' + inputs), which all stages have on their right-hand sides, and return how to read it."""
    w, plan = kernel.w, kernel.plan
    step = w.broadcast("%a0", kernel.row("used")) if kernel.layout.driven else ""
    for state in kernel.states:
        total = w.multiply(step, kernel.read("inputs", state)) if kernel.layout.driven else ""
        for index, (row, column, _) in enumerate(plan.jacobian):
            if row == state and column in kernel.states:
                entry, now = w.broadcast("%a0", kernel.row("jacobian") + index), kernel.read("now", column)
                total = w.fused(entry, now, total) if total else w.multiply(entry, now)
        kernel.write("steady", state, total or w.number(0.0))
    return lambda state: kernel.read("steady", state)


def _columns(plan: Plan, states: tuple[int, ...]) -> dict[int, list[tuple[int, int, bool]]]:
    """Return for each state what it gives to others: row, entry of the matrices, and whether it is a coupling."""
    columns: dict[int, list[tuple[int, int, bool]]] = {state: [] for state in states}
    for index, (row, column, at_start) in enumerate(entries_of(plan)):
        if column in columns:
            columns[column].append((row, index, at_start))
    return columns


def _solved(kernel: Block, right: dict[int, Value]) -> dict[int, Value]:
    """Write both substitutions with the scalar factors, for the states that are not zero."""
    w, order, first = kernel.w, kernel.plan.elimination, kernel.row("lu")
    x, place = dict(right), {entry: first + index for index, entry in enumerate(order.entries)}
    for pivot in order.order:
        for row in order.below(pivot) if pivot in x else ():
            if row in x:
                x[row] = w.fused(w.negate(w.broadcast("%a0", place[row, pivot])), x[pivot], x[row])
    for pivot in reversed(order.order):
        if pivot in x:
            for column in order.right(pivot):
                if column in x:
                    x[pivot] = w.fused(w.negate(w.broadcast("%a0", place[pivot, column])), x[column], x[pivot])
            x[pivot] = w.multiply(x[pivot], w.broadcast("%a0", place[pivot, pivot]))
    return x


def _error(kernel: Block) -> None:
    """Write the mean square of the error, in units of the tolerance of state over parameter."""
    w, n = kernel.w, kernel.plan.size
    relative, inverse, total = w.broadcast("%a0", kernel.row("relative")), kernel.read("inverse", 0), w.number(0.0)
    for state in kernel.states:
        before, last = (kernel.move(stage, state) for stage in (STAGES - 2, STAGES - 1))
        now, then = (w.intrinsic("fabs", kernel.read(part, state)) for part in ("now", "next"))
        weight = w.multiply(w.broadcast("%a0", kernel.row("weight") + state), inverse)
        size = w.larger(w.fused(relative, w.larger(now, then), weight), w.number(1e-300))
        part = w.divide(w.subtract(last, before), size)
        total = w.fused(part, part, total)
    kernel.write("error", 0, w.multiply(total, w.number(1.0 / max(n, 1))))
