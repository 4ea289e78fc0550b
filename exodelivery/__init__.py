"""Pharmacokinetics of exosome drug delivery: declared symbolically, compiled, fitted, compared with liposomes.

Start with ``exo.list()``, then ``exo.load``, ``exo.check``, ``exo.simulate``, ``exo.fit``, ``exo.compare`` and
``exo.report``. Everything here is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Block",
    "Body",
    "Carrier",
    "Drug",
    "ExodeliveryError",
    "ExodeliveryWarning",
    "Model",
    "Quantity",
    "Regimen",
    "__version__",
    "bolus",
    "check",
    "cite",
    "compare",
    "fit",
    "infusion",
    "list",
    "load",
    "new",
    "report",
    "save",
    "show",
    "simulate",
    "studies",
]

_NOUNS: dict[str, str] = {
    "Block": "exodelivery.declare.block",
    "Body": "exodelivery.declare.parts",
    "Carrier": "exodelivery.declare.parts",
    "Drug": "exodelivery.declare.parts",
    "ExodeliveryError": "exodelivery.errors",
    "ExodeliveryWarning": "exodelivery.errors",
    "Model": "exodelivery.declare.model",
    "Quantity": "exodelivery.declare.quantity",
    "Regimen": "exodelivery.declare.regimen",
}
_VERBS = "exodelivery.api"

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
    if name not in __all__:
        raise AttributeError(f"module 'exodelivery' has no attribute {name!r}")
    value = getattr(import_module(_NOUNS.get(name, _VERBS)), name)
    globals()[name] = value
    return value


def __dir__() -> Any:
    return sorted(__all__)
