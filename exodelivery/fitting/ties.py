"""Floor 7: parameters that are expressions of others: ``k = CL / V``, with exact derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.guess import Guess
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """All parameters of a curve from those that are free.

    Attributes
    ----------
    guesses : tuple of Guess
        The curve's parameters first, then those that only ties read.
    width : int
        How many the curve has.
    free : array of int
        Which guesses are estimated.
    """

    guesses: tuple[Guess, ...]
    width: int
    free: Any
    _tied: tuple[tuple[int, Any, Any], ...]

    def values(self, free: Array) -> tuple[Array, Array]:
        """Return the curve's parameters, (parameters,), and their derivatives by the free ones, (parameters, free).

        Parameters
        ----------
        free : array, (free,)
            On their scales.
        """
        count = len(self.free)
        values = np.array([guess.value for guess in self.guesses], dtype=float)
        by = np.zeros((len(values), count))
        for column, place in enumerate(self.free):
            guess = self.guesses[place]
            values[place] = guess.natural(free[column])
            by[place, column] = guess.slope(free[column])
        for place, kernels, inputs in self._tied:
            given = values[inputs]
            nowhere = np.zeros((1, 1))
            values[place] = float(kernels.outputs(np.zeros(1), nowhere, given)[0, 0])
            by[place] = kernels.outputs_by_parameters(np.zeros(1), nowhere, given)[0, 0] @ by[inputs]
        return values[: self.width], by[: self.width]


def _symbol(symbols: dict[str, Any], node: Any) -> Any:
    return symbols[node.path]


def ties_of(guesses: Sequence[Guess], width: int) -> Ties:
    """Make ties ready; one may read another.

    Raises
    ------
    FitError
        For a name that is no parameter, or ties in a circle.

    Examples
    --------
    >>> found = ties_of((Guess("k", 0.0, tie="CL / V"), Guess("CL", 2.0), Guess("V", 4.0)), 1)
    >>> values, by = found.values(np.array([2.0, 4.0]))
    >>> values.tolist(), by.tolist()
    ([0.5], [[0.25, -0.125]])
    """
    from exodelivery.compile.equations import Equations
    from exodelivery.compile.machine import emit
    from exodelivery.expr.as_sympy import as_sympy
    from exodelivery.expr.read import read
    from exodelivery.expr.tree import names

    index = {guess.name: n for n, guess in enumerate(guesses)}
    waiting = {n: read(guess.tie) for n, guess in enumerate(guesses) if guess.tie}
    known = {n for n in range(len(guesses)) if n not in waiting}
    tied = []
    while waiting:
        ready = []
        for n, tree in waiting.items():
            for name in names(tree):
                if name not in index:
                    raise FitError(
                        f"the tie {guesses[n].name} = {guesses[n].tie} reads {name!r}", remedy=nearest(name, index)
                    )
            if all(index[name] in known for name in names(tree)):
                ready.append(n)
        if not ready:
            circle = ", ".join(guesses[n].name for n in waiting)
            raise FitError(f"the ties of {circle} read one another in a circle")
        for n in ready:
            import sympy

            tree = waiting.pop(n)
            inputs = sorted(index[name] for name in names(tree))
            symbols = {guesses[place].name: sympy.Symbol(f"p{k}", real=True) for k, place in enumerate(inputs)}
            x, zero = sympy.Symbol("x0", real=True), sympy.Integer(0)
            expression = as_sympy(tree, partial(_symbol, symbols))
            time = sympy.Symbol("t", real=True)
            equations = Equations((x,), tuple(symbols.values()), time, (zero,), (zero,), (expression,))
            tied.append((n, emit("numpy", equations, tuple(range(len(inputs)))), np.array(inputs, dtype=int)))
            known.add(n)
    free = np.array([n for n, guess in enumerate(guesses) if not guess.tie and not guess.fixed], dtype=int)
    return Ties(tuple(guesses), width, free, tuple(tied))
