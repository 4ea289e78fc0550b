"""Floor 4: the emitter that is always there: plain Python for one point, numpy for many, nothing compiled.

One evaluation of a small right-hand side is several times quicker in scalar Python than in numpy, so rates
and derivatives at one point use ``math`` and outputs over many times use numpy. What is executed is what we
printed from reserved symbols; no name that a person chose can occur in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from exodelivery.compile.derive import Entries, entries, smooth
from exodelivery.compile.equations import Equations
from exodelivery.errors import SimulationError

Array = NDArray[np.float64]
Point = Callable[[float, Array, Array], Array]
Curve = Callable[[Array, Array, Array], Array]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class NumpyKernels:
    """Equations as callables. ``p`` is the full parameter vector, (parameters,), in base units.

    Attributes
    ----------
    equations : Equations
    sensitive : tuple of int, (sensitive,)
        Parameters that the derivatives ``…_by_parameters`` are taken by.
    start : callable, ``p -> (states,)``
    start_by_parameters : callable, ``p -> (states, sensitive)``
    rates : callable, ``(t, x, p) -> (states,)``
    jacobian : callable, ``(t, x, p) -> (states, states)``
    by_parameters : callable, ``(t, x, p) -> (states, sensitive)``
    outputs : callable, ``(times, states at the times, p) -> (times, outputs)``
    outputs_by_states : callable, ``… -> (times, outputs, states)``
    outputs_by_parameters : callable, ``… -> (times, outputs, sensitive)``
    """

    equations: Equations
    sensitive: tuple[int, ...]
    start: Callable[[Array], Array]
    start_by_parameters: Callable[[Array], Array]
    rates: Point
    jacobian: Point
    by_parameters: Point
    outputs: Curve
    outputs_by_states: Curve
    outputs_by_parameters: Curve


class NumpyEmitter:
    """Prints equations as Python functions.

    Examples
    --------
    >>> import numpy as np
    >>> from exodelivery.compile.equations import equations
    >>> kernels = NumpyEmitter().emit(equations({"a": "-k * a", "b": "k * a"}), sensitive=(0,))
    >>> kernels.rates(0.0, np.array([10.0, 0.0]), np.array([0.5]))
    array([-5.,  5.])
    >>> kernels.by_parameters(0.0, np.array([10.0, 0.0]), np.array([0.5]))
    array([[-10.],
           [ 10.]])
    """

    name = "numpy"

    def emit(self, equations: Equations, sensitive: tuple[int, ...] = ()) -> NumpyKernels:
        """Return kernels for these equations.

        Parameters
        ----------
        equations : Equations
        sensitive : tuple of int, optional
            Indices of the parameters to differentiate by.

        Returns
        -------
        NumpyKernels

        Raises
        ------
        SimulationError
            An index in ``sensitive`` is not a parameter's.
        """
        count = len(equations.parameters)
        if any(not 0 <= index < count for index in sensitive):
            raise SimulationError(
                f"sensitive parameters {sensitive} do not all lie below {count}",
                remedy="list indices of equations.parameters",
            )
        by = tuple(equations.parameters[index] for index in sensitive)
        states, n, k = equations.states, len(equations.states), len(sensitive)
        rates = [smooth(rate) for rate in equations.rates]
        start = [smooth(value) for value in equations.start]
        outputs = [smooth(output) for output in equations.outputs]
        m = len(outputs)
        begin = _later(lambda: _point(equations, _column(start), (n,)))
        begin_by = _later(lambda: _point(equations, entries(start, by), (n, k)))
        nowhere = np.zeros(n)
        return NumpyKernels(
            equations=equations,
            sensitive=tuple(sensitive),
            start=lambda p: begin(0.0, nowhere, p),
            start_by_parameters=lambda p: begin_by(0.0, nowhere, p),
            rates=_later(lambda: _point(equations, _column(rates), (n,))),
            jacobian=_later(lambda: _point(equations, entries(rates, states), (n, n))),
            by_parameters=_later(lambda: _point(equations, entries(rates, by), (n, k))),
            outputs=_later(lambda: _curve(equations, _column(outputs), (m,))),
            outputs_by_states=_later(lambda: _curve(equations, entries(outputs, states), (m, n))),
            outputs_by_parameters=_later(lambda: _curve(equations, entries(outputs, by), (m, k))),
        )


def _later(build: Callable[[], F]) -> F:
    """Return a function that is printed at its first call: most runs need few of them."""
    built = cache(build)

    def call(*arguments: Any) -> Any:
        return built()(*arguments)

    return call  # type: ignore[return-value]


def _column(expressions: Sequence[Any]) -> Entries:
    return tuple((row, 0, expression) for row, expression in enumerate(expressions) if expression != 0)


def _arguments(equations: Equations) -> tuple[Any, ...]:
    return (equations.time, equations.states, equations.parameters)


def _printed(equations: Equations, expressions: Sequence[Any], functions: dict[str, Any], module: str) -> Any:
    import sympy

    def share(found: Sequence[Any]) -> Any:
        return sympy.cse(found, symbols=sympy.numbered_symbols("c"), order="none")

    return sympy.lambdify(
        _arguments(equations),
        list(expressions),
        modules=[functions, module],
        cse=share,
        printer=_printer(module),
    )


def _printer(module: str) -> Any:
    from sympy.printing.numpy import NumPyPrinter
    from sympy.printing.pycode import PythonCodePrinter

    base = NumPyPrinter if module == "numpy" else PythonCodePrinter

    class Printer(base):  # type: ignore[misc, valid-type]
        """Python's ``**`` turns a negative base into a complex number; ours says NaN."""

        def _print_Pow(self, power: Any, rational: bool = False) -> str:
            if power.exp.is_Integer:
                whole = f"({self._print(power.base)})**{abs(int(power.exp))}"
                return whole if power.exp > 0 else f"(1.0/({whole}))"
            return f"power({self._print(power.base)}, {self._print(power.exp)})"

        def _print_exp(self, call: Any) -> str:
            return f"exponential({self._print(call.args[0])})"

        def _print_Heaviside(self, call: Any) -> str:
            return f"step({self._print(call.args[0])})"

        def _print_sign(self, call: Any) -> str:
            return f"sign({self._print(call.args[0])})"

        def _print_clipped_power(self, call: Any) -> str:
            return f"clipped_power({', '.join(self._print(argument) for argument in call.args)})"

        def _print_clipped_log(self, call: Any) -> str:
            return f"clipped_log({self._print(call.args[0])})"

    return Printer({"fully_qualified_modules": False, "allow_unknown_functions": True, "inline": True})


def _point(equations: Equations, elements: Entries, shape: tuple[int, ...]) -> Point:
    if not elements:
        return lambda t, x, p: np.zeros(shape)
    expressions = [element[2] for element in elements]
    quick = _printed(equations, expressions, SCALAR, "math")
    place = _place(elements, shape)
    careful = cache(lambda: _printed(equations, expressions, VECTOR, "numpy"))

    def kernel(t: float, x: Array, p: Array) -> Array:
        found = np.zeros(shape)
        try:
            found[place] = quick(t, x.tolist(), p.tolist())
        except (
            ArithmeticError,
            ValueError,
        ):  # scalar Python raises where IEEE arithmetic says inf or NaN, element by element
            with np.errstate(all="ignore"):
                found[place] = careful()(np.float64(t), x, p)
        return found

    return kernel


def _curve(equations: Equations, elements: Entries, shape: tuple[int, ...]) -> Curve:
    if not elements:
        return lambda t, x, p: np.zeros((len(t), *shape))
    printed = _printed(equations, [element[2] for element in elements], VECTOR, "numpy")
    place = _place(elements, shape)

    def kernel(t: Array, x: Array, p: Array) -> Array:
        found = np.zeros((len(t), *shape))
        with np.errstate(all="ignore"):
            values = printed(t, x.T, p)
        for row, value in enumerate(values):
            found[(slice(None), *(axis[row] for axis in place))] = value
        return found

    return kernel


def _place(elements: Entries, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    rows = np.array([element[0] for element in elements], dtype=np.intp)
    columns = np.array([element[1] for element in elements], dtype=np.intp)
    return (rows,) if len(shape) == 1 else (rows, columns)


def _scalar_clipped_power(base: float, exponent: float, order: int) -> float:
    if base > 0:
        return math.pow(base, exponent)
    if exponent == 0 and (order == 0 or base == 0):
        return 1.0
    return math.nan if math.isnan(base) else 0.0


def _scalar_exponential(value: float) -> float:
    return math.exp(value) if value < 709.0 else math.inf


def _vector_clipped_power(base: Any, exponent: Any, order: int) -> Any:
    inside = np.power(np.maximum(base, np.finfo(float).tiny), exponent)
    outside = np.where((np.asarray(exponent) == 0) & ((order == 0) | (np.asarray(base) == 0)), 1.0, 0.0)
    return np.where(np.asarray(base) > 0, inside, np.where(np.isnan(base), np.nan, outside))


SCALAR: dict[str, Any] = {
    "power": math.pow,
    "exponential": _scalar_exponential,
    "step": lambda value: 1.0 if value > 0 else (0.5 if value == 0 else 0.0),
    "sign": lambda value: float((value > 0) - (value < 0)),
    "clipped_power": _scalar_clipped_power,
    "clipped_log": lambda base: math.log(base) if base > 0 else 0.0,
}
VECTOR: dict[str, Any] = {
    "power": np.power,
    "exponential": np.exp,
    "step": lambda value: np.heaviside(value, 0.5),
    "sign": np.sign,
    "clipped_power": _vector_clipped_power,
    "clipped_log": lambda base: np.log(np.where(np.asarray(base) > 0, base, 1.0)),
}
