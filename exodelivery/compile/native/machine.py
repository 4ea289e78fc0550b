"""Floor 4: text of LLVM IR to functions at addresses, for the processor that it runs on.

Compiled modules are kept in the user's cache folder under a hash of the text and of the processor, so that a second
process links instead of compiling.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

ATTRIBUTES = 'attributes #0 = {{ nounwind noinline "prefer-vector-width"="{0}" "min-legal-vector-width"="{0}" }}\n'
OPTIMISATION = 2


@dataclass(frozen=True, slots=True)
class Machine:
    """Functions by name; ``engine`` keeps their code alive."""

    addresses: dict[str, int]
    engine: Any


@cache
def host() -> tuple[str, str]:
    """Return the processor's name and features."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def host_lanes() -> int:
    """Return the number of doubles that this processor's vectors hold: 8, 4 or 2."""
    host()
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 8
    return 4 if features.get("avx2") or features.get("avx") else 2


def cache_folder() -> Path:
    """Return the user's folder for compiled code: ``EXODELIVERY_CACHE``, or the system's own place for caches."""
    if given := os.environ.get("EXODELIVERY_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "exodelivery" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "exodelivery"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "exodelivery"


def compile_module(text: str, functions: tuple[str, ...]) -> Machine:
    """Compile a module for this processor, or link it from the cache.

    Parameters
    ----------
    text : str
        LLVM IR that *we* printed.
    functions : tuple of str
        Names to look up.

    Returns
    -------
    Machine
    """
    name, features = host()
    text += ATTRIBUTES.format(64 * host_lanes())
    target = llvm.Target.from_default_triple().create_target_machine(cpu=name, features=features, opt=OPTIMISATION)
    key = hashlib.sha256("\n".join([text, name, features, llvmlite.__version__]).encode()).hexdigest()
    kept = cache_folder() / "native" / f"{key}.o"
    code = kept.read_bytes() if kept.is_file() else _compiled(text, target)
    _keep(kept, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Machine({function: engine.get_function_address(function) for function in functions}, engine)


def _compiled(text: str, target: Any) -> bytes:
    """Generate code without LLVM's passes: the text is what they would leave, and they take most of the time."""
    module = llvm.parse_assembly(text)
    module.verify()
    code: bytes = target.emit_object(module)
    return code


def _keep(path: Path, code: bytes) -> None:
    """Write a compiled module so that no reader ever sees half of it; a cache that cannot be written is not used."""
    if path.is_file():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(code)
        part.replace(path)
    except OSError:
        return
