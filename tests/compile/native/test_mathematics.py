"""exp, log and pow over lanes against mpmath: 2 units in the last place over the whole range, and the edges."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import mpmath
import numpy as np
import pytest

from exodelivery.compile.native.machine import Machine, compile_module
from exodelivery.compile.native.mathematics import exponential, logarithm, power
from exodelivery.compile.native.writer import Writer
from exodelivery.solve.timeline import Array

LANES = (1, 2, 4, 8)
WRITERS: dict[str, tuple[Callable[..., str], int]] = {
    "exp": (exponential, 1),
    "log": (logarithm, 1),
    "pow": (power, 2),
}


@cache
def machine(lanes: int) -> Machine:
    text, declared = "", set()
    for name, (write, count) in WRITERS.items():
        w = Writer(lanes)
        w.store(f"%a{count}", 0, write(w, *(w.load(f"%a{index}", 0) for index in range(count))))
        text += w.function(f"try_{name}", count + 1)
        declared |= w.declared
    return compile_module("\n".join(sorted(declared)) + "\n" + text, tuple(f"try_{name}" for name in WRITERS))


def call(name: str, lanes: int, *arguments: Array) -> Array:
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (len(arguments) + 1))(
        machine(lanes).addresses[f"try_{name}"]
    )
    size = len(arguments[0])
    raw = np.zeros((len(arguments) + 1, 16))
    rows = [row[(64 - row.ctypes.data % 64) % 64 // 8 :][:lanes] for row in raw]
    found = np.empty(size)
    for first in range(0, size, lanes):
        here = min(lanes, size - first)
        for row, argument in zip(rows, arguments, strict=False):
            row[:here] = argument[first : first + here]
        function(*(row.ctypes.data for row in rows))
        found[first : first + here] = rows[-1][:here]
    return found


def units(found: Array, exact: Callable[..., mpmath.mpf], *arguments: Array) -> float:
    """Largest error in units in the last place."""
    worst = 0.0
    with mpmath.workprec(200):
        for value, *point in zip(found, *arguments, strict=True):
            reference = exact(*(mpmath.mpf(float(each)) for each in point))
            spacing = mpmath.mpf(float(np.spacing(abs(float(reference)))))
            worst = max(worst, float(abs(mpmath.mpf(float(value)) - reference) / spacing))
    return worst


def test_exp_keeps_two_units_over_its_whole_range() -> None:
    random = np.random.default_rng(0)
    x = np.concatenate(
        [random.uniform(-745, 709.7, 1500), random.uniform(-1, 1, 1500), random.uniform(-745, -700, 200)]
    )
    assert units(call("exp", 4, x), mpmath.exp, x) < 2


def test_log_keeps_two_units_over_its_whole_range() -> None:
    random = np.random.default_rng(1)
    x = np.concatenate([10 ** random.uniform(-323, 308, 1500), random.uniform(0.5, 2, 1500)])
    assert units(call("log", 4, x), mpmath.log, x) < 2


def test_pow_keeps_two_units_over_its_whole_range() -> None:
    random = np.random.default_rng(2)
    x = np.concatenate([10 ** random.uniform(-320, 308, 1500), random.uniform(0.5, 2, 1500)])
    y = random.uniform(-744, 709, 3000) / np.log(x)
    y[::3] = random.uniform(-3, 3, 1000)
    inside = np.isfinite(y) & (np.abs(y * np.log(x)) < 708)
    assert units(call("pow", 4, x[inside], y[inside]), mpmath.power, x[inside], y[inside]) < 2


@pytest.mark.parametrize("lanes", LANES)
def test_edges_are_those_of_ieee(lanes: int) -> None:
    inf, nan = np.inf, np.nan
    x = np.array([710.0, -746.0, inf, -inf, nan, 0.0])
    np.testing.assert_array_equal(call("exp", lanes, x), [inf, 0, inf, 0, nan, 1])
    x = np.array([0.0, -1.0, inf, nan, 1.0])
    np.testing.assert_array_equal(call("log", lanes, x), [-inf, nan, inf, nan, 0])
    base, exponent = np.array([0, 0, 0, -1, inf, inf, 2, nan, 1e300]), np.array([0.5, -1, 0, 0.5, 2, -2, nan, 0, 2])
    np.testing.assert_array_equal(call("pow", lanes, base, exponent), [0, inf, 1, nan, inf, 0, nan, 1, inf])


def test_the_number_of_lanes_changes_no_bit() -> None:
    random = np.random.default_rng(3)
    x, y = 10 ** random.uniform(-5, 5, 64), random.uniform(-3, 3, 64)
    for name, arguments in (("exp", (y,)), ("log", (x,)), ("pow", (x, y))):
        first, *others = (call(name, lanes, *arguments) for lanes in LANES)
        for other in others:
            np.testing.assert_array_equal(first, other)
