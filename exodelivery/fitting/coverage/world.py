"""Floor 7: a world of known truth: animals, samples, an assay, and authors who report what authors report.

Free drug and a carrier share a volume and have a clearance each. Of the free drug every animal gives one sample, and
the author prints two means with SD, and area, MRT and half-life of the mean curve; of the carrier each animal is bled
throughout, and the author prints the mean of its animals' areas and half-lives with SD; later some more animals
are killed, and a mean below the limit of quantification is printed as a bound. The numbers are made up: they are the
truth of a simulation, and describe no drug.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.regimen import bolus
from exodelivery.fitting.courses.course import Course
from exodelivery.fitting.courses.stack import Stack
from exodelivery.fitting.courses.summaries import Summaries
from exodelivery.fitting.sampling import Sampling, simulate_studies
from exodelivery.solve.timeline import Array

TRUTH = {"V": 1.0, "CL_free": 0.8, "CL_carrier": 0.25}
"""mL, mL/h, mL/h, of a typical animal."""
BETWEEN = {"body.V": 0.15, "disposition.CL": 0.25}
ASSAY = 0.10
LIMIT = 0.2
"""Of quantification [nmol/mL]; the carrier's late mean lies about there."""
DOSE = "10 nmol"
ARMS: dict[str, tuple[str, tuple[float, ...], tuple[tuple[str, float], ...], int, bool]] = {
    "free": (
        "CL_free",
        (0.25, 0.5, 1.0, 2.0, 3.0, 4.0),
        (("level", 0.5), ("level", 2.0), ("auc", 0.0), ("mrt", 0.0), ("half_life", 0.0)),
        5,
        False,
    ),
    "carrier": ("CL_carrier", (0.5, 1.0, 2.0, 4.0, 6.0, 8.0), (("auc", 0.0), ("half_life", 0.0)), 6, True),
    "carrier, late": ("CL_carrier", (8.0, 12.0, 16.0), (("level", 16.0),), 4, False),
}
"""Clearance, samples [h], what is reported, animals (to a time, or in all), whether the same are bled throughout."""


@dataclass(frozen=True, slots=True, eq=False)
class Printed:
    """What one study prints of an arm.

    Attributes
    ----------
    values, spreads : array, (rows,)
        Means, and standard deviations between animals where they are printed, else NaN.
    animals : int
    bound : bool
        Whether the value is the limit of quantification, and the mean lay below.
    """

    values: Array
    spreads: Array
    animals: int
    bound: bool = False


@lru_cache(maxsize=1)
def arms() -> dict[str, tuple[Summaries, Sampling]]:
    """Return what is reported of each arm, as curves, and how it was sampled."""
    return {
        name: (
            Summaries(_course(times), kinds, name),
            Sampling(animals, serial, BETWEEN, ASSAY),
        )
        for name, (_, times, kinds, animals, serial) in ARMS.items()
    }


def stack() -> Stack:
    """Return the arms as one curve of ``V``, ``CL_free`` and ``CL_carrier``."""
    shared = [{"body.V": "V", "disposition.CL": clearance} for clearance, *_ in ARMS.values()]
    return Stack([summaries for summaries, _ in arms().values()], shared)


def own(name: str, values: Array) -> Array:
    """Return an arm's parameters, volume and clearance, of the stack's."""
    names = list(TRUTH)
    return np.array([values[names.index("V")], values[names.index(ARMS[name][0])]])


def _course(times: tuple[float, ...]) -> Course:
    flows: Any = {"leave": "plasma.free -> out : CL * conc(plasma.free)"}
    clearance: Any = {"CL": "0.8 mL/h"}
    volume: Any = {"V": "1 mL"}
    sites: Any = {"plasma": {"role": "blood", "volume": "V"}}
    routes: Any = {"iv": "plasma"}
    observables: Any = {"level": {"formula": "conc(plasma.free)", "unit": "nmol/mL"}}
    disposition: Any = Block("disposition", "linear", parameters=clearance, flows=flows)
    use: Any = {"disposition": disposition}
    molar_mass: Any = "500 g/mol"
    drug = Drug("drug", molar_mass=molar_mass, use=use)
    body = Body("mouse", parameters=volume, sites=sites, routes=routes)
    model = Model("world", body=body, drug=drug, carrier=Carrier("none"), observables=observables)
    free = {"body.V": "mL", "disposition.CL": "mL/h"}
    return Course(model, (bolus(DOSE),), np.zeros(len(times)), np.array(times), ("level",) * len(times), free)


def print_studies(studies: int, generator: np.random.Generator) -> list[dict[str, Printed]]:
    """Return what so many studies print.

    Parameters
    ----------
    studies : int
    generator : numpy.random.Generator
    """
    truth = np.array(list(TRUTH.values()))
    found: list[dict[str, Printed]] = [{} for _ in range(studies)]
    for name, (summaries, sampling) in arms().items():
        made = simulate_studies(summaries, own(name, truth), sampling, studies, generator)
        for study, values, spreads in zip(found, made.records, made.spreads, strict=True):
            study[name] = Printed(values, spreads, sampling.animals)
            if name == "carrier, late" and values[0] < LIMIT:
                study[name] = replace(study[name], values=np.array([LIMIT]), spreads=np.array([np.nan]), bound=True)
    return found
