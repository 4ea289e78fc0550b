"""Floor 8: a small world: one body, one drug, two carriers that differ in three uncertain numbers, one study of each.

A carrier leaves plasma, seeps into the tumour and lets go of its drug there; the study prints levels and an area in
plasma, and a level in the tumour, of each carrier, with stated errors. The numbers are made up: they are priors to draw
truths from, and describe no drug. What is judged, released drug in the tumour, was not measured by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from exodelivery.citation import Citation
from exodelivery.declare.block import Block
from exodelivery.declare.model import Model, Parameter
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.regimen import Regimen, bolus
from exodelivery.declare.table import Table
from exodelivery.errors import NOWHERE
from exodelivery.evidence.records import Record, read_what
from exodelivery.evidence.study import Arm, Study
from exodelivery.fitting.arms import ArmOfFit, arm_of_fit, positions
from exodelivery.fitting.problem import Problem
from exodelivery.fitting.recipe import Method, Pairing, Recipe, Variant
from exodelivery.fitting.unknowns import identities_of, unknowns_of

DOSE = "10 nmol"
STUDY = "made_up"
RECORDS = (
    ("plasma_total", 2.0, "nmol/mL", 20.0),
    ("plasma_total", 24.0, "nmol/mL", 30.0),
    ("auc(plasma_total)", None, "nmol*h/mL", 25.0),
    ("tumour_total", 24.0, "nmol/mL", 35.0),
)
"""What the study prints of each carrier: what, when [h], unit, coefficient of variation [%]."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is asked of every world: the studies fitted, and the comparison made of them.

    Attributes
    ----------
    problem : Problem
        Models and studies; the numbers of its records are replaced by those simulated.
    model : Model
        What ``compare`` is given.
    carrier, baseline : Carrier
    dose : Regimen
    metric : str
    matching : str
    horizon : float
        [h].
    """

    problem: Problem
    model: Model
    carrier: Carrier
    baseline: Carrier
    dose: Regimen
    metric: str
    matching: str
    horizon: float


def _assumed(value: str, low: str, high: str) -> dict[str, Any]:
    return {"value": value, "status": "assumed", "range": [low, high]}


def _carrier(name: str) -> Carrier:
    per_particle: Any = {"per_particle": {"value": "0.01 nmol/(1e9 particle)", "status": "derived"}}
    none: Any = {"adsorbed": "0", "free": "0", "dye": "0"}
    given: Any = {"loaded": "1", "label": "1", "drug_per_particle": "per_particle", **none}
    k: Any = {"k": _assumed("0.08 1/h", "0.02 1/h", "0.32 1/h")}
    seeping: Any = {"PS": _assumed("0.004 mL/h", "0.001 mL/h", "0.016 mL/h")}
    letting_go: Any = {"r": _assumed("0.05 1/h", "0.01 1/h", "0.25 1/h")}
    cleared: Any = {"clear": "plasma.loaded -> out : k * plasma.loaded"}
    seeped: Any = {"seep": "plasma.loaded <-> isf.loaded : PS * conc(plasma.loaded) | 0.3 * PS * conc(isf.loaded)"}
    let_go: Any = {"release": "isf.loaded -> isf.free : r * isf.loaded"}
    use: Any = {
        "loading": Block("loading", "vial", parameters=per_particle, outputs=given),
        "clearance": Block("clearance", "first_order", parameters=k, flows=cleared),
        "uptake": Block("uptake", "seeping", parameters=seeping, flows=seeped),
        "release": Block("release", "in_tumour", parameters=letting_go, flows=let_go),
    }
    return Carrier(name, use=use)


def _model(carrier: Carrier) -> Model:
    volume: Any = {"V": _assumed("2 mL", "1.2 mL", "3.3 mL"), "W": _assumed("0.2 mL", "0.1 mL", "0.4 mL")}
    sites: Any = {"plasma": {"role": "blood", "volume": "V"}, "isf": {"role": "interstitium", "volume": "W"}}
    routes: Any = {"iv": "plasma"}
    washing: Any = {"k_w": _assumed("0.2 1/h", "0.05 1/h", "0.8 1/h")}
    washed: Any = {"wash_out": "isf.free -> out : k_w * isf.free"}
    disposition: Any = {"disposition": Block("disposition", "washed_out", parameters=washing, flows=washed)}
    molar_mass: Any = {"value": "500 g/mol", "status": "derived"}
    observables: Any = {
        "plasma_total": {"formula": "conc(plasma.loaded)", "unit": "nmol/mL", "error": "log-normal"},
        "tumour_total": {"formula": "conc(isf.loaded) + conc(isf.free)", "unit": "nmol/mL", "error": "log-normal"},
        "tumour_released": {"formula": "conc(isf.free)", "unit": "nmol/mL", "error": "log-normal"},
    }
    body = Body("mouse", species="mouse", parameters=volume, sites=sites, routes=routes)
    drug = Drug("drug", molar_mass=molar_mass, use=disposition)
    return Model("small_world", body=body, drug=drug, carrier=carrier, observables=observables)


def _study(carriers: tuple[Carrier, ...]) -> Study:
    arms = {carrier.name: Arm(carrier.name, carrier.name, "mouse", "drug", DOSE, "drug", "iv") for carrier in carriers}
    records = tuple(_record(carrier.name, *row) for carrier in carriers for row in RECORDS)
    return Study(STUDY, "made up", Citation("Made up by the trial of P(better)."), Table(arms), records)


def _record(arm: str, what: str, time: float | None, unit: str, cv: float) -> Record:
    start, end = (0.0, 24.0) if time is None else (None, None)
    where = (time, start, end, None)
    return Record(STUDY, arm, read_what(what), "", *where, 1.0, unit, unit, cv, "cv", None, "", True, "", NOWHERE)


@lru_cache(maxsize=1)
def small_world() -> World:
    """Return the world that the trial runs unless it is given another.

    Examples
    --------
    >>> world = small_world()
    >>> world.metric, len(world.problem.unknowns), world.problem.records
    ('released drug in tumour', 9, 8)
    """
    carriers = (_carrier("first"), _carrier("second"))
    study, models = _study(carriers), [_model(carrier) for carrier in carriers]
    variants = Table({carrier.name: Variant(carrier.name, Table({})) for carrier in carriers})
    pairings = tuple(Pairing(STUDY, carrier.name, carrier.name, 24.0, NOWHERE) for carrier in carriers)
    none: Any = Table({})
    recipe = Recipe(
        "small_world", "made up", Path("small_world"), variants, pairings, none, none, none, None, (), none, none,
        Method(starts=1, solver="rodas5p"),
    )  # fmt: skip
    arms = [
        arm_of_fit(pairing, recipe, model, study, [one for one in study.records if one.arm == pairing.arm])
        for pairing, model in zip(pairings, models, strict=True)
    ]
    unknowns = unknowns_of(_parameters(arms))
    index = {unknown.identity: n for n, unknown in enumerate(unknowns)}
    uses = tuple(positions(arm, index, identities_of(arm.model)) for arm in arms)
    problem = Problem(recipe, (study,), tuple(arms), unknowns, uses, (), recipe.method.solver, compiled=True)
    return World(problem, models[1], carriers[1], carriers[0], bolus(DOSE), "released drug in tumour", "drug", 96.0)


def _parameters(arms: list[ArmOfFit]) -> Iterator[Parameter]:
    for arm in arms:
        yield from arm.machine.system.parameters
