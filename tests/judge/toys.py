"""A body of one compartment and carriers whose every ratio is a product of parameters: all answers are known.

The area under loaded drug is dose / (volume x k), and the log-kill is that area x potency / ln 10. So the ratio of two
carriers is normal on the log scale, and the volume cancels where draws are paired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import exodelivery as exo
from exodelivery.citation import Citation
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.parts import Carrier
from exodelivery.solve.timeline import Array

HORIZON = 400.0
CONTRAST_SD = 0.5


def assumed(value: str, low: str, high: str) -> dict[str, Any]:
    return {"value": value, "status": "assumed", "range": [low, high]}


def literature(value: str, spread: str = "") -> dict[str, Any]:
    return {"value": value, "status": "literature", "source": "a test", **({"spread": spread} if spread else {})}


PER_PARTICLE = assumed("0.01 nmol/(1e9 particle)", "0.005 nmol/(1e9 particle)", "0.02 nmol/(1e9 particle)")

REST = {"adsorbed": "0", "label": "1", "dye": "0"}
LOST = dict.fromkeys(("loaded", "adsorbed", "label"), "out")


def carrier(
    name: str, k: Mapping[str, Any], *, loaded: str = "1", free: str = "0", **loading: Mapping[str, Any]
) -> Carrier:
    block = {
        "loading": exo.Block(
            kind="loading",
            name="vial",
            parameters={"per_particle": PER_PARTICLE, **loading},
            outputs={"loaded": loaded, "free": free, "drug_per_particle": "per_particle", **REST},
        ),
        "clearance": exo.Block(
            kind="clearance",
            name="first",
            parameters={"k": k},
            flows={"clear": {"flow": "plasma.carrier -> out : k * plasma.carrier", "passengers": LOST}},
        ),
        "release": exo.Block(
            kind="release",
            name="none_here",
            parameters={"r": assumed("1 1/h", "0.5 1/h", "2 1/h")},
            flows={"release": "isf.loaded -> isf.free : r * isf.loaded"},
        ),
        "uptake": exo.Block(
            kind="uptake",
            name="none_here",
            parameters={"u": assumed("1 1/h", "0.5 1/h", "2 1/h")},
            flows={"leave": "isf.carrier -> plasma.carrier : u * isf.carrier"},
        ),
    }
    return exo.Carrier(name=name, use=block)


def model(first: Carrier, volume: Mapping[str, Any] | None = None, **more: str) -> Model:
    body = exo.Body(
        name="toy",
        species="toy",
        parameters={
            "V": volume or assumed("2 mL", "1 mL", "4 mL"),
            "W": literature("1 mL", "5 %"),
            "v_cell": literature("1e-9 mL/cell", "5 %"),
            "N_0": assumed("1e8 cell", "5e7 cell", "2e8 cell"),
        },
        sites={
            "plasma": {"role": "blood", "volume": "V"},
            "isf": {"role": "interstitium", "volume": "W"},
            "cell": {"role": "cell", "volume": "v_cell * count(cell)"},
        },
        populations={"cell": {"unit": "cell", "line": "toy", "start": "N_0"}},
        routes={"iv": "plasma"},
    )
    leave = exo.Block(
        kind="disposition",
        name="leave",
        parameters={"k": assumed("1 1/h", "0.5 1/h", "2 1/h")},
        flows={"leave": "plasma.free -> out : k * plasma.free"},
    )
    growth = exo.Block(
        kind="growth",
        name="exponential",
        parameters={"k_g": assumed("0.005 1/h", "0.002 1/h", "0.01 1/h")},
        flows={"grow": "in -> cell : k_g * count(cell)"},
    )
    effect = exo.Block(
        kind="effect",
        name="linear",
        parameters={"potency": assumed("0.1 mL/nmol/h", "0.05 mL/nmol/h", "0.2 mL/nmol/h")},
        flows={"kill": {"flow": "cell -> out : potency * conc(plasma.loaded) * count(cell)", "contents": "isf"}},
    )
    drug = exo.Drug(name="toy", molar_mass=literature("500 g/mol", "0.01 %"), use={"disposition": leave})
    observables = {
        "tumour_total": {"formula": "conc(plasma.loaded)", "unit": "nmol/mL"},
        "plasma_total": {"formula": "conc(plasma.loaded)", "unit": "nmol/mL"},
        "tumour_cells": {"formula": "count(cell)", "unit": "cell"},
        **{name: {"formula": formula, "unit": "nmol/mL"} for name, formula in more.items()},
    }
    use = {"growth": growth, "effect": effect}
    return exo.Model(name="toy", body=body, drug=drug, carrier=first, use=use, observables=observables)


@dataclass(frozen=True, slots=True)
class OneUnknown:
    identity: str
    scale: str = "log"


@dataclass(frozen=True, slots=True, eq=False)
class LinearGaussian:
    """The exact result of two log parameters with unit priors and one measured contrast between them."""

    identities: tuple[str, str]
    estimate: Array
    prior_precision: float = 1.0
    name: str = "linear_gaussian"
    citations: tuple[Citation, ...] = (Citation("A. Author, a measurement, 2020."),)
    origins: tuple[str, str] = ("assumed", "literature")
    alias: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[OneUnknown, ...]:
        return tuple(map(OneUnknown, self.identities))

    @property
    def information(self) -> dict[str, Array]:
        contrast = np.array([[1.0, -1.0], [-1.0, 1.0]])
        priors = {origin: np.zeros((2, 2)) for origin in self.origins}
        for n, origin in enumerate(self.origins):
            priors[origin][n, n] += self.prior_precision
        return {"measured": contrast / CONTRAST_SD**2, **priors}

    def places(self, model: Model) -> dict[str, int]:
        named = {name: parameter.identity for name, parameter in parameters_of(model).items()}
        known = {name: self.alias.get(identity, identity) for name, identity in named.items()}
        return {
            name: self.identities.index(identity) for name, identity in known.items() if identity in self.identities
        }
