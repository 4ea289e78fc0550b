"""What a tool of the comparison is: functions of a problem that give functions of a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from benchmarks.models import Problem
from exodelivery.solve.timeline import Array

Run = Callable[[float], Array]


@dataclass(frozen=True, slots=True)
class Tool:
    """What a tool can do with a problem.

    Attributes
    ----------
    name, package : str
    one : callable, ``(problem) -> relative -> (times, states)``
    population : callable, ``(problem, sets) -> relative -> (sets, times, states)``
    sensitivities : callable or None, ``(problem) -> relative -> (times, states, parameters)``
    skip : dict of str
        Problems that the tool is not asked, with the reason.
    quick : bool
        Whether it is worth while to try several absolute tolerances: not with equations that Python evaluates.
    """

    name: str
    package: str
    one: Callable[[Problem], Run] | None
    population: Callable[[Problem, Array], Run] | None
    sensitivities: Callable[[Problem], Run] | None = None
    skip: tuple[tuple[str, str], ...] = ()
    quick: bool = True

    @property
    def version(self) -> str:
        """The installed version, or an empty text."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""


def every(problem: Problem) -> tuple[int, ...]:
    """Return the places of all parameters."""
    return tuple(range(len(problem.parameters)))
