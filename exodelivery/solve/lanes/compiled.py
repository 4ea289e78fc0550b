"""Floor 6: numba's compiler with the settings that all drivers share: cached, free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function at its first call, or find it in numba's cache.

    No fast-math flag: sums keep their order, so that results do not depend on the number of lanes.
    """
    translated: F = njit(cache=True, nogil=True, error_model="numpy")(function)
    return translated


def inlined(function: F) -> F:
    """Compile a function into each of its callers: passing arrays costs atomic counts, which a step would feel."""
    translated: F = njit(inline="always", nogil=True, error_model="numpy")(function)
    return translated
