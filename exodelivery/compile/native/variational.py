"""Floor 4: kernels for exact forward sensitivities: the derivative of the Rosenbrock step itself, lanes of parameters.

With W k_s = f(U_s) + Σ C_sj k_j / h, differentiating gives the same matrix for every parameter:
``W k_s' = J(U_s) U_s' + ∂f/∂p(U_s) + (∂(J k_s)/∂x) x' + ∂(J k_s)/∂p + Σ C_sj k_j' / h``. What depends on the
states only is worked out once a step, scalar; the rest runs over blocks of parameters, a lane each.
"""

from __future__ import annotations

from dataclasses import dataclass

from exodelivery.compile.native.kernels import Built, Kernel, back_substitute, combined
from exodelivery.compile.native.plan import Plan, Variations, stacked
from exodelivery.compile.native.tableau import RODAS5P, STAGES
from exodelivery.compile.native.writer import Value


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the parts of a block of ``lanes`` parameters stand, in rows, and how many blocks there are.

    A block holds the sources of all stages, the inputs' derivatives, the sensitivities now and after the step, the
    derivatives of the stages, and the argument of a stage.
    """

    lanes: int
    parameters: int
    rows: dict[str, int]

    @property
    def count(self) -> int:
        """Number of blocks."""
        return -(-self.parameters // self.lanes)

    @property
    def doubles(self) -> int:
        """Size of one block."""
        return self.rows["end"] * self.lanes


def blocks(plan: Plan, parameters: int, lanes: int) -> Blocks:
    """Lay out blocks of parameters."""
    n = plan.size
    sizes = {"source": STAGES * n, "inputs": n, "now": n, "next": n, "stages": STAGES * n, "argument": n}
    return Blocks(lanes, parameters, stacked(sizes))


def variations_of(plan: Plan) -> Variations:
    """Return the plan's variations, which must be there."""
    if plan.variations is None:
        raise ValueError("the plan was made without sensitive parameters")
    return plan.variations


def variational(plan: Plan, layout: Blocks) -> list[Built]:
    """Return the kernels ``vary start_by propagate``, to stand beside those of one lane."""
    return [function(plan, layout) for function in (_vary, _start_by, _couple, _solve, _propagate)]


def _place(layout: Blocks, row: int, parameter: int) -> int:
    block, lane = divmod(parameter, layout.lanes)
    return block * layout.doubles + row * layout.lanes + lane


def _vary(plan: Plan, layout: Blocks) -> Built:
    """What one stage gives: pointers to workspace, stage argument, k, Jacobian, coupling, source, and time with τ."""
    kernel, parts = Kernel(plan, 1), variations_of(plan)
    w, equations = kernel.w, plan.equations
    jacobian, by = [value for *_, value in plan.jacobian], [value for *_, value in parts.by_parameters]
    at_stage = kernel.translator([*jacobian, *by], time=w.load("%a6", 0))
    for index, symbol in enumerate(equations.states):
        at_stage.values[symbol] = w.load("%a1", index)
    values = at_stage.all([*jacobian, *by])
    for index in range(len(jacobian)):
        w.store("%a3", index, values[index])
    source = {
        (row, column): value
        for (row, column, _), value in zip(parts.by_parameters, values[len(jacobian) :], strict=True)
    }
    along_x, along_p = ([value for *_, value in found] for found in (parts.along_by_states, parts.along_by_parameters))
    at_start = kernel.translator([*along_x, *along_p])
    for index, symbol in enumerate(parts.stage):
        at_start.values[symbol] = w.load("%a2", index)
    at_start.values[parts.weight] = w.load("%a6", 1)
    values = at_start.all([*along_x, *along_p])
    for index in range(len(along_x)):
        w.store("%a4", index, values[index])
    for (row, column, _), value in zip(parts.along_by_parameters, values[len(along_x) :], strict=True):
        source[row, column] = w.add(source[row, column], value) if (row, column) in source else value
    for (row, column), value in source.items():
        w.store("%a5", _place(layout, row, column), value)
    return kernel, kernel.text("vary", 7)


def _start_by(plan: Plan, layout: Blocks) -> Built:
    """Derivatives of the starting values into ``now`` of the blocks behind the second pointer."""
    kernel, parts = Kernel(plan, 1), variations_of(plan)
    expressions = [value for *_, value in parts.start]
    values = kernel.translator(expressions).all(expressions)
    for (row, column, _), value in zip(parts.start, values, strict=True):
        kernel.w.store("%a1", _place(layout, layout.rows["now"] + row, column), value)
    return kernel, kernel.text("start_by", 2)


def _couple(plan: Plan, layout: Blocks) -> Built:
    """Add J·argument + G·now to a stage: pointers to Jacobian, coupling, argument, now and the stage."""
    kernel = Kernel(plan, layout.lanes)
    w, parts = kernel.w, variations_of(plan)
    rows: dict[int, list[tuple[str, int, str, int]]] = {}
    for pointer, entries, vector in (("%a0", plan.jacobian, "%a2"), ("%a1", parts.along_by_states, "%a3")):
        for index, (row, column, _) in enumerate(entries):
            rows.setdefault(row, []).append((pointer, index, vector, column))
    for row, terms in sorted(rows.items()):
        found = w.load("%a4", row)
        for pointer, index, vector, column in terms:
            found = w.fused(w.broadcast(pointer, index), w.load(vector, column), found)
        w.store("%a4", row, found)
    return kernel, kernel.text("couple", 5)


def _solve(plan: Plan, layout: Blocks) -> Built:
    """Solve for a stage of all lanes with the scalar factors: pointers to workspace and the stage."""
    kernel = Kernel(plan, layout.lanes)
    w, order = kernel.w, plan.elimination
    first = kernel.row("lu")
    right = [w.load("%a1", index) for index in range(plan.size)]
    found = back_substitute(w, plan, right, lambda entry: w.broadcast("%a0", first + order.entries.index(entry)))
    for index, value in enumerate(found):
        w.store("%a1", index, value)
    return kernel, kernel.text("solve_block", 2)


def _propagate(plan: Plan, layout: Blocks) -> Built:
    """One block over one step: pointers to workspace, Jacobians, couplings and the block."""
    kernel = Kernel(plan, layout.lanes)
    w, n, rows = kernel.w, plan.size, layout.rows
    per_step = w.divide(w.number(1.0), w.broadcast("%a0", kernel.row("used")))
    coupled = len(variations_of(plan).along_by_states)

    def at(part: str, offset: Value, index: int = 0) -> Value:
        return w.load(w.offset("%a3", offset), rows[part] + index)

    def put(part: str, offset: Value, value: Value, index: int = 0) -> None:
        w.store(w.offset("%a3", offset), rows[part] + index, value)

    for stage in range(STAGES):

        def prepare(offset: Value, carried: list[Value], stage: int = stage) -> list[Value]:
            before = [at("stages", offset, earlier * n) for earlier in range(stage)]
            if stage <= 5:
                value = combined(w, RODAS5P.weights[stage], before, at("now", offset))
            else:
                value = w.add(at("argument", offset), before[-1])
            put("argument", offset, value)
            right = w.add(at("source", offset, stage * n), at("inputs", offset))
            if stage:
                coupling = combined(w, RODAS5P.couplings[stage], before, w.number(0.0))
                right = w.fused(coupling, per_step, right)
            put("stages", offset, right, stage * n)
            return []

        w.loop(n, [], prepare)
        here = w.offset("%a3", (rows["stages"] + stage * n) * layout.lanes)
        jacobian = w.offset("%a1", stage * len(plan.jacobian))
        coupling = w.offset("%a2", stage * coupled)
        argument = w.offset("%a3", rows["argument"] * layout.lanes)
        now = w.offset("%a3", rows["now"] * layout.lanes)
        w.do(f"call void @couple(ptr {jacobian}, ptr {coupling}, ptr {argument}, ptr {now}, ptr {here})")
        w.do(f"call void @solve_block(ptr %a0, ptr {here})")

    def finish(offset: Value, carried: list[Value]) -> list[Value]:
        put("next", offset, w.add(at("argument", offset), at("stages", offset, (STAGES - 1) * n)))
        return []

    w.loop(n, [], finish)
    return kernel, kernel.text("propagate", 4)
