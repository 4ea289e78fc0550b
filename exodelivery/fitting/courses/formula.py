"""Floor 7: a plain expression of predictors as a curve: ``b1 * (1 - exp(-b2 * x))``.

The text is read by our own reader and never executed; derivatives are sympy's, printed by the same emitter that prints
models, over reserved symbols: no name that a person chose reaches generated code.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exodelivery.compile.equations import Equations
from exodelivery.compile.machine import emit
from exodelivery.errors import NOWHERE, ExpressionError, FitError, Place, nearest
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.read import read
from exodelivery.expr.tree import Call, Name, names
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A curve written as an expression.

    Attributes
    ----------
    text : str
        In the grammar of models; every name that is no predictor is a parameter.
    predictors : mapping of array, (rows,)
        By name.
    names : tuple of str, (parameters,)
        In the order in which they are met.

    Examples
    --------
    >>> line = Formula("a + b * x", {"x": np.array([0.0, 1.0, 2.0])})
    >>> line.names, line.predict(np.array([1.0, 2.0])).tolist()
    (('a', 'b'), [1.0, 3.0, 5.0])
    >>> line.slopes(np.array([1.0, 2.0]))[1].tolist()
    [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]
    """

    text: str
    predictors: Mapping[str, Array]
    place: Place = NOWHERE
    names: tuple[str, ...] = field(init=False)
    _columns: tuple[str, ...] = field(init=False, repr=False)
    _kernels: Any = field(init=False, repr=False)
    _states: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tree = read(self.text, self.place)
        used = names(tree)
        columns = [name for name in self.predictors if name in used]
        if not columns:
            raise FitError(
                f"{self.text!r} has no predictor among {', '.join(self.predictors) or 'the columns'}",
                where=self.place,
                remedy="name a column of the data in the expression",
            )
        met = [name for name in _in_order(tree) if name not in columns]
        object.__setattr__(self, "names", tuple(dict.fromkeys(met)))
        object.__setattr__(self, "_columns", tuple(columns))
        object.__setattr__(self, "_kernels", _emitted(tree, tuple(columns), self.names))
        lengths = {name: len(np.atleast_1d(self.predictors[name])) for name in columns}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise FitError(f"predictors have different numbers of rows: {told}", where=self.place)
        object.__setattr__(
            self, "_states", np.column_stack([np.asarray(self.predictors[name], dtype=float) for name in columns])
        )
        if not np.all(np.isfinite(self._states)):
            raise FitError("a predictor is not a finite number", where=self.place, remedy="leave these rows out")

    @property
    def rows(self) -> int:
        """How many numbers it predicts."""
        return len(self._states)

    def predict(self, values: Array) -> Array:
        """Return the predictions, (rows,)."""
        with np.errstate(all="ignore"):
            found: Array = self._kernels.outputs(np.zeros(self.rows), self._states, values)[:, 0]
        return found

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions, (rows,), and their derivatives, (rows, parameters)."""
        with np.errstate(all="ignore"):
            by: Array = self._kernels.outputs_by_parameters(np.zeros(self.rows), self._states, values)[:, 0]
        return self.predict(values), by

    def title(self, row: int) -> str:
        """Return the row's number, counted from one."""
        return f"row {row + 1}"

    def at(self, predictors: Mapping[str, Array]) -> Formula:
        """Return the same expression over other values of its predictors."""
        found = copy(self)
        columns = [np.asarray(predictors[name], dtype=float) for name in self._columns]
        object.__setattr__(found, "predictors", predictors)
        object.__setattr__(found, "_states", np.column_stack(columns))
        return found

    def take(self, rows: Array) -> Formula:
        """Return the same expression over some of the rows, as a bootstrap draws them."""
        return self.at({name: np.asarray(column)[rows] for name, column in self.predictors.items()})


def _in_order(tree: Any) -> list[str]:
    from exodelivery.expr.tree import walk

    found = [node for node in walk(tree) if isinstance(node, Name)]
    return [node.path for node in sorted(found, key=lambda node: node.span[0] if node.span else 0)]


def _emitted(tree: Any, columns: tuple[str, ...], parameters: tuple[str, ...]) -> Any:
    """Print an expression: predictors stand where a model has states."""
    import sympy

    symbols = {name: sympy.Symbol(f"x{n}", real=True) for n, name in enumerate(columns)}
    symbols |= {name: sympy.Symbol(f"p{n}", real=True) for n, name in enumerate(parameters)}

    def resolve(node: Name | Call) -> Any:
        if isinstance(node, Call):
            raise ExpressionError(
                f"{node.function} reads a model, and a plain expression has none",
                remedy=nearest(node.function, ("exp", "log", "sqrt", "hill", "tanh", "cos", "sin")),
            )
        return symbols[node.path]

    states = tuple(symbols[name] for name in columns)
    zero = sympy.Integer(0)
    equations = Equations(
        states=states,
        parameters=tuple(symbols[name] for name in parameters),
        time=sympy.Symbol("t", real=True),
        rates=(zero,) * len(states),
        start=(zero,) * len(states),
        outputs=(as_sympy(tree, resolve),),
    )
    return emit("numpy", equations, tuple(range(len(parameters))))
