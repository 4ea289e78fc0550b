"""Floor 7: what one parameter of a regression starts from: a value, a scale, bounds, a prior, or a tie to others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exodelivery.declare.quantity import from_scale, to_scale
from exodelivery.errors import FitError

SCALES = ("linear", "log", "logit")
FARTHEST = 600.0


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a parameter starts, and what is known of it beforehand.

    Attributes
    ----------
    name : str
    value : float
        Where it starts, in its own unit.
    scale : str
        ``linear``, ``log`` or ``logit``: what the estimator moves on, and where its error is taken as normal.
    low, high : float
        Bounds, in its own unit.
    prior : (float, float) or None
        Centre and standard deviation on the scale: a maximum *a posteriori* then.
    fixed : bool
        Left at its value.
    tie : str
        An expression of other parameters, which then gives its value; read by our own reader.

    Examples
    --------
    >>> Guess("k", 0.5, scale="log").start
    -0.6931471805599453
    """

    name: str
    value: float
    scale: str = "linear"
    low: float = -math.inf
    high: float = math.inf
    prior: tuple[float, float] | None = None
    fixed: bool = False
    tie: str = ""

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise FitError(f"{self.name} has the scale {self.scale!r}", remedy=f"known: {', '.join(SCALES)}")
        inside = {"log": self.value > 0, "logit": 0 < self.value < 1}.get(self.scale, True)
        if not math.isfinite(self.value) or not inside:
            raise FitError(
                f"{self.name} cannot start at {self.value!r} on a {self.scale} scale",
                remedy="a log scale wants a positive number, a logit scale one between 0 and 1",
            )
        if not self.low <= self.value <= self.high:
            raise FitError(f"{self.name} = {self.value:g} starts outside [{self.low:g}, {self.high:g}]")
        if self.prior is not None and not self.prior[1] > 0:
            raise FitError(f"the prior of {self.name} has the standard deviation {self.prior[1]!r}")

    @property
    def start(self) -> float:
        """Where it starts, on its scale."""
        return to_scale(self.value, self.scale)

    @property
    def bounds(self) -> tuple[float, float]:
        """Its bounds on the scale."""
        return _on_scale(self.low, self.scale), _on_scale(self.high, self.scale)

    def natural(self, on_scale: float) -> float:
        """Return the value in its own unit of a number on the scale."""
        # Far out on a log scale a trial step must not overflow: it is refused for its value, not for an exception.
        return from_scale(min(max(on_scale, -FARTHEST), FARTHEST) if self.scale != "linear" else on_scale, self.scale)

    def slope(self, on_scale: float) -> float:
        """Return d value / d number on the scale."""
        value = self.natural(on_scale)
        return {"log": value, "logit": value * (1 - value)}.get(self.scale, 1.0)


def _on_scale(bound: float, scale: str) -> float:
    if scale == "log":
        return math.log(bound) if 0 < bound < math.inf else math.copysign(math.inf, bound if bound > 0 else -1)
    if scale == "logit":
        return to_scale(bound, scale) if 0 < bound < 1 else math.copysign(math.inf, bound - 0.5)
    return bound


def guesses_of(names: tuple[str, ...], given: Any) -> tuple[Guess, ...]:
    """Return a guess for each parameter, in the curve's order.

    Parameters
    ----------
    names : tuple of str
        What the curve wants.
    given : mapping, sequence of Guess, or lmfit.Parameters
        Numbers or guesses by name. Of lmfit's parameters, value, bounds, ``vary`` and ``expr`` are taken; an
        expression is read by our reader, never by asteval.

    Raises
    ------
    FitError
        If a parameter has no guess, or a guess no parameter.

    Examples
    --------
    >>> [guess.value for guess in guesses_of(("a", "b"), {"b": 2.0, "a": 1.0})]
    [1.0, 2.0]
    """
    known = _by_name(given)
    missing = [name for name in names if name not in known]
    if missing:
        raise FitError(
            f"nothing says where {', '.join(missing)} start{'s' if len(missing) == 1 else ''}",
            remedy=f"pass start={{{missing[0]!r}: …}}",
        )
    extra = sorted(set(known) - set(names) - _tied(known))
    if extra:
        raise FitError(
            f"{', '.join(extra)} is no parameter of the curve", remedy=f"its parameters: {', '.join(names) or 'none'}"
        )
    return tuple(known[name] for name in (*names, *(name for name in known if name not in names)))


def _tied(known: Mapping[str, Guess]) -> set[str]:
    """Return the names that only ties read."""
    from exodelivery.expr.read import read
    from exodelivery.expr.tree import names

    return set().union(*(names(read(guess.tie)) for guess in known.values() if guess.tie))


def _by_name(given: Any) -> dict[str, Guess]:
    if not isinstance(given, Mapping):
        return {guess.name: guess for guess in given}
    found = {}
    for name, one in given.items():
        if isinstance(one, Guess):
            found[name] = one
        elif hasattr(one, "vary"):
            found[name] = Guess(
                name,
                0.0 if one.expr else float(one.value),
                low=-math.inf if one.expr else float(one.min),
                high=math.inf if one.expr else float(one.max),
                fixed=not one.vary and not one.expr,
                tie=one.expr or "",
            )
        else:
            found[name] = Guess(name, float(one))
    return found
