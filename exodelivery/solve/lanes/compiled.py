"""Floor 6: numba's compiler with the settings that all drivers share: cached, free of the interpreter's lock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
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
    kept = _kept(translated)
    if kept is not None:
        kept._source_stamp = (kept._source_stamp, family())
    return translated


@cache
def family() -> tuple[tuple[str, int, int], ...]:
    """Return name, time of change [ns] and size [bytes] of each file of this folder.

    The drivers call one another across files, while numba asks only whether a driver's own file has changed: it would
    go on with the machine code of yesterday's neighbour.
    """
    found = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in found)


def _kept(driver: Any) -> Any:
    """Return numba's index of a driver's machine code, or None where numba keeps it elsewhere than it does now."""
    return getattr(getattr(driver, "_cache", None), "_cache_file", None)


@cache
def announce(driver: Any) -> None:
    """Say on the error stream, once a process, that a driver is about to be compiled because no cache holds it.

    Where its index cannot be found, nothing is said.
    """
    load = getattr(_kept(driver), "_load_index", None)
    if load is None or load():
        return
    print(
        "exodelivery: compiling the solver for this machine, once; it takes some twenty seconds "
        "(exo warm-up does it beforehand)",
        file=sys.stderr,
        flush=True,
    )
