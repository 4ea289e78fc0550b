"""Floor 6: numba's compiler with the settings that all drivers share: cached, free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function at its first call, or find it in numba's cache.

    Passing an array to a function, or taking one from a named tuple, costs atomic counts: what runs once a step keeps
    its arrays in names of its own. No fast-math flag: sums keep their order, so that results do not depend on the
    number of lanes.
    """
    translated: F = njit(cache=True, nogil=True, error_model="numpy")(function)
    return translated
