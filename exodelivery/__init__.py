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
    "attribute",
    "bolus",
    "check",
    "cite",
    "combine",
    "compare",
    "curves",
    "design",
    "diff",
    "fit",
    "identifiability",
    "infusion",
    "list",
    "load",
    "nca",
    "new",
    "plan",
    "product",
    "qualify",
    "read",
    "recipe",
    "report",
    "save",
    "scale",
    "sensitivity",
    "show",
    "simulate",
    "studies",
    "virtual",
    "what_if",
]

_HOMES: dict[str, str] = {
    "Block": "exodelivery.declare.block",
    "Body": "exodelivery.declare.parts",
    "Carrier": "exodelivery.declare.parts",
    "Drug": "exodelivery.declare.parts",
    "ExodeliveryError": "exodelivery.errors",
    "ExodeliveryWarning": "exodelivery.errors",
    "Model": "exodelivery.declare.model",
    "Quantity": "exodelivery.declare.quantity",
    "Regimen": "exodelivery.declare.regimen",
    "bolus": "exodelivery.declare.regimen",
    "combine": "exodelivery.judge.dose_response.combination",
    "curves": "exodelivery.judge.dose_response.curves",
    "identifiability": "exodelivery.fitting.structural.identify",
    "infusion": "exodelivery.declare.regimen",
    "nca": "exodelivery.solve.noncompartmental.analysis",
    "product": "exodelivery.solve.product",
    "read": "exodelivery.evidence.readers.read",
    "save": "exodelivery.declare.files",
    "scale": "exodelivery.declare.allometry",
    "simulate": "exodelivery.solve.simulate",
}

if TYPE_CHECKING:
    from exodelivery.api.attribute import attribute
    from exodelivery.api.check import check
    from exodelivery.api.cite import cite
    from exodelivery.api.compare import compare
    from exodelivery.api.design import design
    from exodelivery.api.diff import diff
    from exodelivery.api.fit import fit
    from exodelivery.api.list import list
    from exodelivery.api.load import load
    from exodelivery.api.new import new
    from exodelivery.api.plan import plan
    from exodelivery.api.qualify import qualify
    from exodelivery.api.recipe import recipe
    from exodelivery.api.report import report
    from exodelivery.api.sensitivity import sensitivity
    from exodelivery.api.show import show
    from exodelivery.api.studies import studies
    from exodelivery.api.virtual import virtual
    from exodelivery.api.what_if import what_if
    from exodelivery.declare.allometry import scale
    from exodelivery.declare.block import Block
    from exodelivery.declare.files import save
    from exodelivery.declare.model import Model
    from exodelivery.declare.parts import Body, Carrier, Drug
    from exodelivery.declare.quantity import Quantity
    from exodelivery.declare.regimen import Regimen, bolus, infusion
    from exodelivery.errors import ExodeliveryError, ExodeliveryWarning
    from exodelivery.evidence.readers.read import read
    from exodelivery.fitting.structural.identify import identifiability
    from exodelivery.judge.dose_response.combination import combine
    from exodelivery.judge.dose_response.curves import curves
    from exodelivery.solve.noncompartmental.analysis import nca
    from exodelivery.solve.product import product
    from exodelivery.solve.simulate import simulate


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'exodelivery' has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, f"exodelivery.api.{name}")), name)
    globals()[name] = value
    return value


def __dir__() -> Any:
    return sorted(__all__)
