"""Pharmacokinetics of exosome drug delivery: declared symbolically, compiled, fitted, compared with liposomes.

Start with ``exo.list()``, then ``exo.load``, ``exo.check``, ``exo.simulate``, ``exo.fit``, ``exo.compare`` and
``exo.report``. Everything here is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES: dict[str, str] = {
    **dict.fromkeys(
        "load save new list show check simulate fit compare report studies cite bolus infusion".split(),
        "exodelivery.api",
    ),
    "Block": "exodelivery.declare.block",
    "Body": "exodelivery.declare.parts",
    "Drug": "exodelivery.declare.parts",
    "Carrier": "exodelivery.declare.parts",
    "Model": "exodelivery.declare.model",
    "Quantity": "exodelivery.declare.quantity",
    "Regimen": "exodelivery.declare.regimen",
    "ExodeliveryError": "exodelivery.errors",
    "ExodeliveryWarning": "exodelivery.errors",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from exodelivery.api import (
        bolus,
        check,
        cite,
        compare,
        fit,
        infusion,
        list,
        load,
        new,
        report,
        save,
        show,
        simulate,
        studies,
    )
    from exodelivery.declare.block import Block
    from exodelivery.declare.model import Model
    from exodelivery.declare.parts import Body, Carrier, Drug
    from exodelivery.declare.quantity import Quantity
    from exodelivery.declare.regimen import Regimen
    from exodelivery.errors import ExodeliveryError, ExodeliveryWarning


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'exodelivery' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> Any:
    return sorted([*globals(), *_HOMES])
