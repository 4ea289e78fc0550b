"""Floor 4: the emitter for pages: equations as the text of a JavaScript object, solved where nobody has Python.

Only reserved symbols are printed; a name that a person chose cannot occur in what a browser executes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.derive import entries, smooth
from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError

HELPERS = """\
const clippedPower = (b, e, order) => b > 0 ? Math.pow(b, e) : Number.isNaN(b) ? NaN
  : e === 0 && (order === 0 || b === 0) ? 1 : 0;
const clippedLog = (b) => b > 0 ? Math.log(b) : 0;
const step = (v) => v > 0 ? 1 : v === 0 ? 0.5 : 0;
"""
"""What printed kernels call; it stands once before them."""


@dataclass(frozen=True, slots=True)
class JavaScriptKernels:
    """Equations as text.

    Attributes
    ----------
    states, parameters, outputs : int
        How many there are.
    text : str
        An object with ``start(p, x)``, ``rates(x, p, f)``, ``jacobian(x, p, J)`` (rows one after another; entries that
        are nought are not written) and ``outputs(x, p, y)``, each filling its last argument.
    """

    states: int
    parameters: int
    outputs: int
    text: str


class JavaScriptEmitter:
    """Prints equations as JavaScript.

    Examples
    --------
    >>> from exodelivery.compile.equations import equations
    >>> print(JavaScriptEmitter().emit(equations({"a": "-k * a"}, {"a": "2"})).text)
    {
    start(p, x) {
    x[0] = 2;
    },
    rates(x, p, f) {
    f[0] = -p[0]*x[0];
    },
    jacobian(x, p, J) {
    J[0] = -p[0];
    },
    outputs(x, p, y) {
    y[0] = x[0];
    },
    }
    """

    name = "javascript"

    def emit(self, equations: Equations, sensitive: tuple[int, ...] = ()) -> JavaScriptKernels:
        """Return the text of these equations.

        Raises
        ------
        SimulationError
            If rates change with time itself, or derivatives by parameters are asked for.
        """
        if sensitive:
            raise SimulationError("a page has no sensitivities", remedy='use the emitter "llvm" or "numpy"')
        rates = [smooth(rate) for rate in equations.rates]
        if any(equations.time in rate.free_symbols for rate in rates):
            raise SimulationError("a page cannot solve rates that change with time itself")
        n = len(equations.states)
        start, outputs = [smooth(value) for value in equations.start], [smooth(value) for value in equations.outputs]
        jacobian = {row * n + column: entry for row, column, entry in entries(rates, equations.states)}
        written = [
            ("start(p, x)", "x", dict(enumerate(start))),
            ("rates(x, p, f)", "f", dict(enumerate(rates))),
            ("jacobian(x, p, J)", "J", jacobian),
            ("outputs(x, p, y)", "y", dict(enumerate(outputs))),
        ]
        names = {symbol: f"x[{i}]" for i, symbol in enumerate(equations.states)}
        names |= {symbol: f"p[{i}]" for i, symbol in enumerate(equations.parameters)}
        parts = [
            f"{head} {{\n{_assignments(target, list(values), list(values.values()), names)}\n}},"
            for head, target, values in written
        ]
        text = "\n".join(["{", *parts, "}"])
        return JavaScriptKernels(n, len(equations.parameters), len(equations.outputs), text)


def _assignments(target: str, places: Sequence[int], expressions: Sequence[Any], names: dict[Any, str]) -> str:
    import sympy

    shared, reduced = sympy.cse(expressions, symbols=sympy.numbered_symbols("c"), order="none")
    printer = _printer(names)
    lines = [f"const {symbol} = {printer.doprint(value)};" for symbol, value in shared]
    lines += [f"{target}[{place}] = {printer.doprint(value)};" for place, value in zip(places, reduced, strict=True)]
    return "\n".join(lines)


def _printer(names: dict[Any, str]) -> Any:
    from sympy.printing.jscode import JavascriptCodePrinter

    class Printer(JavascriptCodePrinter):  # type: ignore[misc]
        """Prints one expression a time; a condition is always a ternary, never a statement."""

        def _print_Symbol(self, symbol: Any) -> str:
            return names.get(symbol, str(symbol.name))

        def _print_clipped_power(self, call: Any) -> str:
            return f"clippedPower({', '.join(self._print(argument) for argument in call.args)})"

        def _print_clipped_log(self, call: Any) -> str:
            return f"clippedLog({self._print(call.args[0])})"

        def _print_Heaviside(self, call: Any) -> str:
            return f"step({self._print(call.args[0])})"

        def _print_sign(self, call: Any) -> str:
            return f"Math.sign({self._print(call.args[0])})"

        def _print_BooleanTrue(self, _: Any) -> str:
            return "true"

        def _print_BooleanFalse(self, _: Any) -> str:
            return "false"

    return Printer()
