"""Floor 4: the kernels of one Rosenbrock step, straight-line and over lanes, as the text of an LLVM module.

A *workspace* is a block of rows, one double to a lane; each kernel takes its address. The driver in
``solve/lanes`` walks segments and output times; everything that costs arithmetic is here: constants of the run, the
first step, the step with its error and its next size, the interpolant, and the move to the new point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exodelivery.compile.native.expressions import Translator
from exodelivery.compile.native.mathematics import rough_power
from exodelivery.compile.native.plan import Plan
from exodelivery.compile.native.tableau import MOVES, ORDER, RODAS5P, STAGES
from exodelivery.compile.native.writer import Value, Writer

GROWTH = 1e6  # of an element during elimination: beyond it a step is repeated at half its size
SHORTEST, LONGEST, SAFETY = 0.2, 6.0, 0.9


class Kernel:
    """One function over a workspace, with its rows by name."""

    def __init__(self, plan: Plan, lanes: int) -> None:
        self.plan, self.w, self.rows = plan, Writer(lanes), plan.rows()
        self.base = "%a0"

    def row(self, part: str) -> int:
        """Return the first row of a part."""
        return int(getattr(self.rows, part))

    def get(self, part: str, index: int = 0) -> Value:
        """Read a row of the workspace."""
        return self.w.load(self.base, self.row(part) + index)

    def put(self, part: str, index: int, value: Value) -> None:
        """Write a row of the workspace."""
        self.w.store(self.base, self.row(part) + index, value)

    def translator(self, expressions: Sequence[Any], states: str = "x", time: Value | None = None) -> Translator:
        """Return a translator that reads states from a part of the workspace."""
        free = set().union(*(expression.free_symbols for expression in expressions)) if expressions else set()
        found = Translator(self.w)
        equations = self.plan.equations
        for part, symbols in (
            (states, equations.states),
            ("parameters", equations.parameters),
            ("constants", tuple(symbol for symbol, _ in self.plan.constants)),
        ):
            for index, symbol in enumerate(symbols):
                if symbol in free:
                    found.values[symbol] = self.get(part, index)
        if equations.time in free:
            found.values[equations.time] = time if time is not None else self.time()
        return found

    def time(self, fraction: float = 0.0) -> Value:
        """Write the time at a fraction of the step; t counts from the segment's begin, so as to resolve it."""
        local = self.get("t")
        if fraction:
            local = self.w.fused(self.w.number(fraction), self.get("used"), local)
        return self.w.add(self.get("begin"), local)

    def rates(self, states: str, time: Value | None = None) -> list[Value]:
        """Write the right-hand sides, the constant inputs included."""
        found = self.translator(self.plan.rates, states, time).all(self.plan.rates)
        return [self.w.add(value, self.get("inputs", index)) for index, value in enumerate(found)]

    def at(self, part: str, offset: Value, index: int = 0) -> Value:
        """Read the row of a part that lies an offset further, in a loop over states."""
        return self.w.load(self.w.offset(self.base, offset), self.row(part) + index)

    def put_at(self, part: str, offset: Value, value: Value, index: int = 0) -> None:
        """Write such a row."""
        self.w.store(self.w.offset(self.base, offset), self.row(part) + index, value)

    def text(self, name: str, arguments: int = 1) -> str:
        """Return the function."""
        return self.w.function(name, arguments)


Built = tuple[Kernel, str]


def module(plan: Plan, lanes: int, more: Sequence[Built] = ()) -> str:
    """Return the text of a module with the kernels ``bind start begin step dense commit observe`` and ``more``.

    Examples
    --------
    >>> from exodelivery.compile.equations import equations
    >>> from exodelivery.compile.native.plan import plan
    >>> "define void @step(" in module(plan(equations({"a": "-k * a"})), 4)
    True
    """
    steps = [function(plan, lanes) for function in (_begin, _factor, _stage, _step, _dense, _commit)]
    return printed([*shared_kernels(plan, lanes), *steps, *more])


def shared_kernels(plan: Plan, lanes: int) -> list[Built]:
    """Return the kernels ``bind start observe``, which know no method."""
    return [_bind(plan, lanes), _start(plan, lanes), _observe(plan)]


def printed(built: Sequence[Built]) -> str:
    """Return kernels as one module."""
    declared = sorted(set().union(*(kernel.w.declared for kernel, _ in built)))
    return "\n".join([*declared, "", *(text for _, text in built)])


def _bind(plan: Plan, lanes: int) -> Built:
    kernel = Kernel(plan, lanes)
    expressions = [value for _, value in plan.constants]
    for index, value in enumerate(kernel.translator(expressions).all(expressions)):
        kernel.put("constants", index, value)
    return kernel, kernel.text("bind")


def _start(plan: Plan, lanes: int) -> Built:
    kernel = Kernel(plan, lanes)
    for index, value in enumerate(kernel.translator(plan.start).all(plan.start)):
        kernel.put("argument", index, value)
    return kernel, kernel.text("start")


def _begin(plan: Plan, lanes: int) -> Built:
    """Rates at the present point, absolute tolerances (left in ``moved``) and a first step (left in ``used``).

    The first step is a small part of the time in which the states change by themselves.
    """
    kernel = Kernel(plan, lanes)
    w = kernel.w
    relative, zero = kernel.get("relative"), w.number(0.0)
    scales, speed = _scales(kernel), zero
    for index, rate in enumerate(kernel.rates("x")):
        kernel.put("f", index, rate)
        weight = w.larger(kernel.get("weight", index), w.multiply(kernel.get("drift", index), scales[index]))
        kernel.put("moved", index, weight)
        scale = w.fused(relative, w.intrinsic("fabs", kernel.get("x", index)), weight)
        part = w.divide(rate, scale)
        known = w.compare("ogt", scale, w.number(1e-250))
        part = w.select(known, part, zero)
        speed = w.fused(part, part, speed)
    speed = w.intrinsic("sqrt", w.multiply(speed, w.number(1.0 / max(plan.size, 1))))
    span = kernel.get("span")
    moving = w.compare("ogt", speed, zero)
    first = w.divide(kernel.get("reach"), w.select(moving, speed, w.number(1.0)))
    first = w.select(moving, first, w.multiply(w.number(1e-3), span))
    kernel.put("used", 0, w.smaller(first, w.multiply(w.number(0.1), span)))
    return kernel, kernel.text("begin")


def _scales(kernel: Kernel) -> list[Value]:
    """How large each state may become from what flows into it: |x_i|, or Σ|J_ij| s_j + |input| over its turnover.

    A state that starts from nothing as t⁴ has an error estimate of its own size; without a scale to come it would
    force steps of a millionth. Too large a guess costs little: only ``drift`` times it enters the tolerance.
    """
    w, plan = kernel.w, kernel.plan
    values = kernel.translator([value for *_, value in plan.jacobian]).all([value for *_, value in plan.jacobian])
    sizes = {(i, j): w.intrinsic("fabs", value) for (i, j, _), value in zip(plan.jacobian, values, strict=True)}
    shortest = w.divide(w.number(1.0), w.larger(kernel.get("span"), w.number(1e-300)))
    turnover = [
        w.divide(w.number(1.0), w.add(sizes[i, i], shortest) if (i, i) in sizes else shortest) for i in range(plan.size)
    ]
    inflow = [w.intrinsic("fabs", kernel.get("inputs", i)) for i in range(plan.size)]

    def sweep(offset: Value, scales: list[Value]) -> list[Value]:
        found = []
        for i in range(plan.size):
            total = inflow[i]
            for (row, column), size in sizes.items():
                if row == i != column:
                    total = w.fused(size, scales[column], total)
            found.append(w.larger(scales[i], w.multiply(total, turnover[i])))
        return found

    present = [w.intrinsic("fabs", kernel.get("x", i)) for i in range(plan.size)]
    return w.loop(plan.size, present, sweep)


def _factor(plan: Plan, lanes: int) -> Built:
    """LU of h W = I/γ − h J without pivoting; lanes whose elements grow or cancel are marked in ``error``."""
    kernel = Kernel(plan, lanes)
    w, order = kernel.w, plan.elimination
    step, diagonal = kernel.get("used"), w.number(1.0 / RODAS5P.gamma)
    values = kernel.translator([value for *_, value in (*plan.linear, *plan.bends)]).all(
        [value for *_, value in (*plan.linear, *plan.bends)]
    )
    lu: dict[tuple[int, int], Value] = {}
    for index, (row, column, _) in enumerate((*plan.linear, *plan.bends)):
        value = w.multiply(step, values[index])
        if index >= len(plan.linear):
            kernel.put("bends", index - len(plan.linear), value)
        lu[row, column] = w.add(lu[row, column], value) if (row, column) in lu else value
    if plan.variations and lanes == 1:  # sensitivities run beside one lane
        for index, (row, column, _) in enumerate(plan.jacobian):
            kernel.put("jacobian", index, lu[row, column])
    if plan.slopes:
        _slopes(kernel)
    _steady(kernel, values[: len(plan.linear)], step)
    size: dict[int, Value] = {}
    for row, column in sorted(order.given):
        known = lu.get((row, column))
        if row == column:
            size[row] = diagonal if known is None else w.add(diagonal, w.intrinsic("fabs", known))
            lu[row, row] = diagonal if known is None else w.subtract(diagonal, known)
        else:
            lu[row, column] = w.negate(known) if known is not None else w.number(0.0)
    start = dict(size)
    for pivot in order.order:
        lu[pivot, pivot] = w.divide(w.number(1.0), lu[pivot, pivot])
        for row in order.below(pivot):
            lu[row, pivot] = w.multiply(lu[row, pivot], lu[pivot, pivot])
            minus = w.negate(lu[row, pivot])
            for column in order.right(pivot):
                if (row, column) in lu:
                    lu[row, column] = w.fused(minus, lu[pivot, column], lu[row, column])
                else:
                    lu[row, column] = w.multiply(minus, lu[pivot, column])
                if row == column:
                    taken = w.intrinsic("fabs", w.multiply(minus, lu[pivot, column]))
                    size[row] = w.add(size[row], taken)
    bad = w.compare("une", step, step)
    for row in range(plan.size):
        cancelled = w.multiply(size[row], w.intrinsic("fabs", lu[row, row]))
        bad = w.either(bad, w.compare("uge", cancelled, w.number(GROWTH)))
        if size[row] != start[row]:
            bad = w.either(bad, w.compare("uge", size[row], w.multiply(w.number(GROWTH), start[row])))
    kernel.put("error", 0, w.select(bad, w.number(1.0), w.number(0.0)))
    for index, entry in enumerate(order.entries):
        kernel.put("lu", index, lu[entry])
    return kernel, kernel.text("factor")


def _steady(kernel: Kernel, linear: list[Value], step: Value) -> None:
    """Write what the right-hand sides of all stages hold: h (A x + inputs)."""
    w, plan = kernel.w, kernel.plan
    total = [kernel.get("inputs", index) for index in range(plan.size)]
    for (row, column, _), value in zip(plan.linear, linear, strict=True):
        total[row] = w.fused(value, kernel.get("x", column), total[row])
    for index, value in enumerate(total):
        kernel.put("steady", index, w.multiply(step, value))


def _slopes(kernel: Kernel) -> None:
    for index, value in enumerate(kernel.translator(kernel.plan.slopes).all(kernel.plan.slopes)):
        kernel.put("slope", index, value)


def _stage(plan: Plan, lanes: int) -> Built:
    """One stage: what the curved rates add to the right-hand side at the second pointer, and the solution in its place.

    ``h (g(U) − ∂g/∂x (U − x))``, with U in the row ``argument``; the time of the stage stands in the row ``error``.
    """
    kernel = Kernel(plan, lanes)
    w, order, step = kernel.w, plan.elimination, kernel.get("used")
    right = [w.load("%a1", index) for index in range(plan.size)]
    rates = [rest for _, rest in plan.curved]
    found = kernel.translator(rates, "argument", kernel.get("error") if plan.slopes else None).all(rates)
    for (row, _), value in zip(plan.curved, found, strict=True):
        right[row] = w.fused(step, value, right[row])
    gone = {state: w.subtract(kernel.get("argument", state), kernel.get("x", state)) for state in plan.bent}
    for index, (row, column, _) in enumerate(plan.bends):
        right[row] = w.fused(w.negate(kernel.get("bends", index)), gone[column], right[row])
    for index, value in enumerate(back_substitute(w, plan, right, lambda e: kernel.get("lu", order.entries.index(e)))):
        w.store("%a1", index, value)
    return kernel, kernel.text("stage", 2)


def back_substitute(w: Writer, plan: Plan, right: list[Value], factor: Any) -> list[Value]:
    """Write both substitutions; ``factor`` gives the value of an entry of the LU."""
    order, x = plan.elimination, list(right)
    known: dict[tuple[int, int], Value] = {}

    def entry(row: int, column: int) -> Value:
        if (row, column) not in known:
            known[row, column] = factor((row, column))
        return known[row, column]

    for pivot in order.order:
        for row in order.below(pivot):
            x[row] = w.fused(w.negate(entry(row, pivot)), x[pivot], x[row])
    for pivot in reversed(order.order):
        for column in order.right(pivot):
            x[pivot] = w.fused(w.negate(entry(pivot, column)), x[column], x[pivot])
        x[pivot] = w.multiply(x[pivot], entry(pivot, pivot))
    return x


def _step(plan: Plan, lanes: int) -> Built:
    kernel = Kernel(plan, lanes)
    w = kernel.w
    _choose(kernel)
    w.do("call void @factor(ptr %a0)")
    grown, used, relative = kernel.get("error"), kernel.get("used"), kernel.get("relative")
    for stage in range(STAGES):
        _prepare(kernel, stage, used)
        _argue(kernel, stage)
        if plan.slopes:
            kernel.put("error", 0, kernel.time(RODAS5P.times[stage]))
        w.do(f"call void @stage(ptr %a0, ptr {w.offset('%a0', (kernel.row('moves') + stage * plan.size) * lanes)})")

    def end(offset: Value, carried: list[Value]) -> list[Value]:
        move = kernel.at("moves", offset, (STAGES - 1) * plan.size)
        last = w.subtract(move, kernel.at("moves", offset, (STAGES - 2) * plan.size))
        moved = w.add(kernel.at("x", offset), move)
        kernel.put_at("moved", offset, moved)
        now, then = w.intrinsic("fabs", kernel.at("x", offset)), w.intrinsic("fabs", moved)
        part = w.divide(last, w.fused(relative, w.larger(now, then), kernel.at("weight", offset)))
        return [w.fused(part, part, carried[0])]

    (error,) = w.loop(plan.size, [w.number(0.0)], end)
    for weights in plan.differences:
        _keep_difference(kernel, weights, used)
    _control(kernel, w.multiply(error, w.number(1.0 / max(plan.size, 1))), w.compare("ogt", grown, w.number(0.5)))
    return kernel, kernel.text("step")


def _keep_difference(kernel: Kernel, weights: Sequence[tuple[int, float]], used: Value) -> None:
    """Take what rounding added to a difference that stays out of its states, from each in proportion to its size."""
    w = kernel.w
    added, whole = w.number(0.0), w.number(1e-300)
    for state, weight in weights:
        given = w.multiply(used, kernel.get("inputs", state))
        change = w.subtract(w.subtract(kernel.get("moved", state), kernel.get("x", state)), given)
        added = w.fused(w.number(weight), change, added)
        whole = w.fused(w.number(abs(weight)), w.intrinsic("fabs", kernel.get("moved", state)), whole)
    part = w.divide(added, whole)
    for state, weight in weights:
        moved = kernel.get("moved", state)
        size = w.intrinsic("fabs", moved)
        taken = w.multiply(w.number(-1.0 if weight > 0 else 1.0), size)
        kernel.put("moved", state, w.fused(taken, part, moved))


def _prepare(kernel: Kernel, stage: int, used: Value) -> None:
    """Write the right-hand side of a stage without its curved rates in the place of its move."""
    w, plan = kernel.w, kernel.plan
    sloped = bool(plan.slopes and RODAS5P.slopes[stage])
    weight = w.multiply(w.multiply(w.number(RODAS5P.slopes[stage]), used), used) if sloped else ""

    def one(offset: Value, carried: list[Value]) -> list[Value]:
        before = [kernel.at("moves", offset, earlier * plan.size) for earlier in range(stage)]
        right = combined(w, MOVES.right[stage], before, kernel.at("steady", offset))
        if sloped:
            right = w.fused(weight, kernel.at("slope", offset), right)
        kernel.put_at("moves", offset, right, stage * plan.size)
        return []

    w.loop(plan.size, [], one)


def _argue(kernel: Kernel, stage: int) -> None:
    """Write the argument of a stage, for the states that curved rates hold."""
    w, plan = kernel.w, kernel.plan
    for state in plan.bent:
        before = [kernel.get("moves", earlier * plan.size + state) for earlier in range(stage)]
        value = argument(w, stage, before, kernel.get("x", state))
        kernel.put("argument", state, value)
        if plan.variations and w.lanes == 1:
            kernel.put("arguments", stage * plan.size + state, value)


def argument(w: Writer, stage: int, before: list[Value], now: Value) -> Value:
    """Write the argument of a stage; in the last two it is where the stage before ended."""
    weights = MOVES.arguments[stage]
    if weights and not any(weights[:-1]):
        return w.add(now, before[-1]) if weights[-1] == 1.0 else w.fused(w.number(weights[-1]), before[-1], now)
    return combined(w, weights, before, now)


def combined(w: Writer, weights: Sequence[float], values: Sequence[Value], first: Value = "") -> Value:
    """Write ``first + Σ weights_j values_j``."""
    for weight, value in zip(weights, values, strict=True):
        first = w.fused(w.number(weight), value, first) if first else w.multiply(w.number(weight), value)
    return first


def _choose(kernel: Kernel) -> None:
    """Settle the step: to the end of the span if it is near, half of what is left if that is close."""
    w = kernel.w
    h, left = kernel.get("h"), w.subtract(kernel.get("span"), kernel.get("t"))
    last = w.compare("oge", w.multiply(w.number(1.0001), h), left)
    close = w.compare("ogt", w.add(h, h), left)
    used = w.select(close, w.multiply(w.number(0.5), left), h)
    kernel.put("asked", 0, h)
    kernel.put("used", 0, w.select(last, left, used))
    kernel.put("last", 0, w.select(last, w.number(1.0), w.number(0.0)))


def _control(kernel: Kernel, error: Value, grown: Value) -> None:
    """Accept or not, and choose the next step from the error (a squared norm)."""
    w = kernel.w
    one, zero = w.number(1.0), w.number(0.0)
    known = w.larger(error, w.number(1e-20))
    factor = w.multiply(w.number(SAFETY), rough_power(w, known, -0.5 / ORDER))
    factor = w.larger(w.smaller(factor, w.number(LONGEST)), w.number(SHORTEST))
    good = w.select(grown, zero, w.select(w.compare("ole", error, one), one, zero))
    accepted = w.compare("ogt", good, zero)
    again = w.compare("ogt", kernel.get("rejected"), zero)
    factor = w.select(again, w.smaller(factor, one), factor)
    factor = w.select(w.compare("uno", error, error), w.number(0.1), factor)
    factor = w.select(grown, w.number(0.5), factor)
    used, asked = kernel.get("used"), kernel.get("asked")
    following = w.multiply(used, factor)
    # a step that was cut short to end at an output says nothing against the size that the one before had earned
    earned = w.select(accepted, w.select(w.compare("olt", used, asked), asked, zero), zero)
    kernel.put("h", 0, w.larger(following, earned))
    kernel.put("accepted", 0, good)
    then = w.select(w.compare("ogt", kernel.get("last"), zero), kernel.get("span"), w.add(kernel.get("t"), used))
    kernel.put("reached", 0, w.select(accepted, then, w.number(-1.0)))
    kernel.put("rejected", 0, w.select(accepted, zero, one))
    kernel.put("error", 0, error)


def _dense(plan: Plan, lanes: int) -> Built:
    kernel = Kernel(plan, lanes)

    def one(offset: Value, carried: list[Value]) -> list[Value]:
        stages = [kernel.at("moves", offset, stage * plan.size) for stage in range(STAGES)]
        for row, weights in enumerate(MOVES.dense):
            kernel.put_at("dense", offset, combined(kernel.w, weights, stages), row * plan.size)
        return []

    kernel.w.loop(plan.size, [], one)
    return kernel, kernel.text("dense")


def _commit(plan: Plan, lanes: int) -> Built:
    """Move the lanes that accepted to their new point, and let each state's own scale grow with it.

    ``pause`` marks lanes that have come to the end of their span, or whose next step would not move the clock.
    """
    kernel = Kernel(plan, lanes)
    w = kernel.w
    accepted = w.compare("ogt", kernel.get("accepted"), w.number(0.0))
    last = w.compare("ogt", kernel.get("last"), w.number(0.0))
    t, yes = w.select(accepted, kernel.get("reached"), kernel.get("t")), w.number(1.0)
    kernel.put("t", 0, t)
    stuck = w.select(w.compare("ogt", w.add(t, kernel.get("h")), t), w.number(0.0), yes)
    kernel.put("pause", 0, w.select(accepted, w.select(last, yes, stuck), stuck))

    def one(offset: Value, carried: list[Value]) -> list[Value]:
        value = w.select(accepted, kernel.at("moved", offset), kernel.at("x", offset))
        kernel.put_at("x", offset, value)
        weight = kernel.at("weight", offset)
        reached = w.multiply(kernel.at("drift", offset), w.intrinsic("fabs", value))
        kernel.put_at("weight", offset, w.larger(reached, weight))
        return []

    w.loop(plan.size, [], one)
    return kernel, kernel.text("commit")


def _observe(plan: Plan) -> Built:
    """Outputs at one point, scalar: pointers to time, states, parameters and the outputs."""
    kernel = Kernel(plan, 1)
    values = Translator(kernel.w)
    equations = plan.equations
    free = set().union(*(output.free_symbols for output in plan.outputs)) if plan.outputs else set()
    for pointer, symbols in (("%a0", (equations.time,)), ("%a1", equations.states), ("%a2", equations.parameters)):
        for index, symbol in enumerate(symbols):
            if symbol in free:
                values.values[symbol] = kernel.w.load(pointer, index)
    for index, value in enumerate(values.all(plan.outputs)):
        kernel.w.store("%a3", index, value)
    return kernel, kernel.text("observe", 4)
