"""Floor 6: numba's compiler with the settings that all drivers share: cached, free of the interpreter's lock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

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


@cache
def announce(driver: Any) -> None:
    """Say on the error stream, once a process, that a driver is about to be compiled because no cache holds it.

    Where numba keeps its index elsewhere than it does now, nothing is said.
    """
    kept = getattr(getattr(driver, "_cache", None), "_cache_file", None)
    load = getattr(kept, "_load_index", None)
    if load is None or load():
        return
    print(
        "exodelivery: compiling the solver for this machine, once; it takes some twenty seconds "
        "(exo warm-up does it beforehand)",
        file=sys.stderr,
        flush=True,
    )
