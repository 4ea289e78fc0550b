"""Floor 4: kernels for models that are linear in their states, over lanes of parameter sets.

A way over some time is an affine map ``x -> P x + q``: where squaring begins it comes from the exponential's series,
beyond that from maps applied to maps. The driver in ``solve/lanes/exponential.py`` chooses which.
"""

from __future__ import annotations

from exodelivery.compile.native.kernels import Built, Kernel, printed, shared_kernels
from exodelivery.compile.native.plan import Plan
from exodelivery.compile.native.writer import Value

TERMS = 11
"""Of the series: where the norm is at most 1/4, the twelfth is below rounding."""


def linear_module(plan: Plan, lanes: int) -> str:
    """Return the text of a module with the kernels ``bind start observe linear affine series``.

    Matrices stand column by column, (states, states) rows of lanes.

    Examples
    --------
    >>> from exodelivery.compile.equations import equations
    >>> from exodelivery.compile.native.plan import plan
    >>> "define void @series(" in linear_module(plan(equations({"a": "-k * a"})), 4)
    True
    """
    return printed([*shared_kernels(plan, lanes), _linear(plan, lanes), _affine(plan, lanes), _series(plan, lanes)])


def _linear(plan: Plan, lanes: int) -> Built:
    """Entries of the matrix, where there are any, and the constant rates: pointers to workspace, matrix and vector."""
    kernel = Kernel(plan, lanes)
    w = kernel.w
    values = kernel.translator([value for *_, value in plan.jacobian]).all([value for *_, value in plan.jacobian])
    for (row, column, _), value in zip(plan.jacobian, values, strict=True):
        w.store("%a1", column * plan.size + row, value)
    rates = kernel.translator(plan.rates)
    for symbol in plan.equations.states:
        rates.values[symbol] = w.number(0.0)
    for row, value in enumerate(rates.all(plan.rates)):
        w.store("%a2", row, value)
    return kernel, kernel.text("linear", 3)


def _affine(plan: Plan, lanes: int) -> Built:
    """y = P x + q: pointers to P, q, x and y."""
    kernel = Kernel(plan, lanes)
    w, n = kernel.w, plan.size

    def column(offset: Value, carried: list[Value]) -> list[Value]:
        x = w.load(w.offset("%a2", offset), 0)
        place = w.offset("%a0", w.emit(f"mul i64 {offset}, {n}"))
        return [w.fused(w.load(place, row), x, total) for row, total in enumerate(carried)]

    for row, value in enumerate(w.loop(n, [w.load("%a1", row) for row in range(n)], column)):
        w.store("%a3", row, value)
    return kernel, kernel.text("affine", 4)


def _series(plan: Plan, lanes: int) -> Built:
    """x(h) by Taylor's series, in place: pointers to the matrix, the constant rates, h in each lane, and x."""
    kernel = Kernel(plan, lanes)
    w, n = kernel.w, plan.size
    step = w.load("%a2", 0)
    entries = [(row, column) for row, column, _ in plan.jacobian]
    term = [w.load("%a3", row) for row in range(n)]
    total, inflow = list(term), [w.load("%a1", row) for row in range(n)]
    for order in range(1, TERMS + 1):
        scale, found = w.multiply(step, w.number(1.0 / order)), list(inflow)
        for row, column in entries:
            found[row] = w.fused(w.load("%a0", column * n + row), term[column], found[row])
        term = [w.multiply(scale, value) for value in found]
        total = [w.add(sum_, value) for sum_, value in zip(total, term, strict=True)]
        inflow = [w.number(0.0)] * n
    for row, value in enumerate(total):
        w.store("%a3", row, value)
    return kernel, kernel.text("series", 4)
