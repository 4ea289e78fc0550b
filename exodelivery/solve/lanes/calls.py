"""Floor 6: calls of compiled kernels by address, from code that numba compiles."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _caller(arguments: int) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * arguments)
        function = builder.inttoptr(values[0], kind.as_pointer())
        builder.call(function, list(values[1:]))
        return context.get_dummy_value()

    return types.void(types.int64, *[types.int64] * arguments), generate


@intrinsic  # type: ignore[untyped-decorator]
def call1(typing: Any, address: Any, a: Any) -> Any:
    """Call a kernel of one pointer."""
    return _caller(1)


@intrinsic  # type: ignore[untyped-decorator]
def call2(typing: Any, address: Any, a: Any, b: Any) -> Any:
    """Call a kernel of two pointers."""
    return _caller(2)


@intrinsic  # type: ignore[untyped-decorator]
def call3(typing: Any, address: Any, a: Any, b: Any, c: Any) -> Any:
    """Call a kernel of three pointers."""
    return _caller(3)


@intrinsic  # type: ignore[untyped-decorator]
def call4(typing: Any, address: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Call a kernel of four pointers."""
    return _caller(4)
