"""Floor 6: what a dose is to one model: the vial's split, and the amounts that enter each form.

A dose is drug, particles, protein or label; the loading says how much drug a particle holds and which part of it is
loaded, adsorbed or free, and everything else follows. A dose into a pool by name is no vial's: the pool gets all of it.
Pools get base units. When it arrives is the business of :mod:`exodelivery.solve.records`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from exodelivery.compile.machine import emit
from exodelivery.compile.system import Loading, System
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Dose, read_amount
from exodelivery.declare.table import Table
from exodelivery.declare.tables import FORMS
from exodelivery.errors import DoseError
from exodelivery.solve.solvers.protocol import Tolerance, solver
from exodelivery.solve.timeline import Array, Timeline
from exodelivery.units import to_base

DOSED = ("carrier", "loaded", "adsorbed", "free", "label", "dye")
"""Forms in which a dose arrives from the vial."""
_KG, _M2 = to_base("1 kg"), to_base("1 m2")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one dose is, in every metric that applies.

    Attributes
    ----------
    drug : float
        [nmol], all forms; nan for a tracer.
    particles : float
        [1e9 particle]; nan where the model counts none.
    protein : float
        [g]; nan where the carrier does not say.
    forms : Table of float
        What enters each form, in base units.
    """

    drug: float
    particles: float
    protein: float
    forms: Table[float]

    def __str__(self) -> str:
        parts = [] if math.isnan(self.drug) else [f"{self.drug:.4g} nmol of drug"]
        if not math.isnan(self.particles):
            parts.append(f"{self.particles * 1e9:.3g} particles")
        if not math.isnan(self.protein):
            parts.append(f"{self.protein * 1e6:.3g} ug of protein")
        return ", ".join(parts) or "a tracer"


def split(system: System, values: Array) -> dict[str, float]:
    """Return how the loading splits the dose, and how much drug a particle holds.

    Parameters
    ----------
    system : System
    values : array, (parameters,)
        In base units.

    Returns
    -------
    dict
        ``loaded``, ``adsorbed`` and ``free`` of the drug, ``label`` and ``dye`` of the label; ``drug_per_particle``,
        all forms, in nmol/1e9 particle; ``efficiency`` and ``recovery`` where the block gives them. Without a loading
        nothing is loaded; without a carrier all drug is free.

    Raises
    ------
    DoseError
        If the stage in the vial cannot be integrated, or a fraction is negative.
    """
    found = {"loaded": 0.0, "adsorbed": 0.0, "free": 0.0, "label": 1.0, "dye": 0.0}
    if not system.model.carrier.use:
        return {**found, "free": 1.0, "label": 0.0}
    if system.loading is None:
        return found
    states: Array = np.zeros(0)
    if system.loading.equations is not None:
        states = _vial(system.loading, values)
    given = _outputs(system.loading)(states, values)
    found |= dict(zip(sorted(system.loading.outputs), map(float, given), strict=True))
    for name, value in found.items():
        if -1e-8 < value < 0:
            # What the integrator left below nought of an empty pool.
            found[name] = 0.0
        elif not value >= 0 and name != "drug_per_particle":
            raise DoseError(f"the loading of {system.model.carrier.name!r} gives {name} = {value:.4g}")
    return found


def _vial(loading: Loading, values: Array) -> Array:
    places = _used_in_the_vial(loading)
    return _emptied(loading, tuple(values[list(places)].tolist()))


@lru_cache(maxsize=64)
def _used_in_the_vial(loading: Loading) -> tuple[int, ...]:
    """Return the places of the parameters that the vial's course depends on."""
    assert loading.equations is not None
    course = (*loading.equations.rates, *loading.equations.start, loading.duration)
    used = set().union(*(getattr(one, "free_symbols", set()) for one in course))
    return tuple(n for n, symbol in enumerate(loading.equations.parameters) if symbol in used)


@lru_cache(maxsize=4096)
def _emptied(loading: Loading, used: tuple[float, ...]) -> Array:
    """Return the vial's states at its end; kept, since most draws of a comparison differ in what is not in the vial."""
    assert loading.equations is not None
    values = np.zeros(len(loading.equations.parameters))
    values[list(_used_in_the_vial(loading))] = used
    duration = float(_duration(loading)(values))
    nothing = np.zeros((1, len(loading.equations.states)))
    timeline = Timeline(np.array([0.0]), nothing, nothing, duration)
    method = solver("lsoda")
    kernels = emit(method.emitter, loading.equations)
    run = method.solve(kernels, values, timeline, np.array([duration]), Tolerance(1e-9))
    if not run.outcome:
        raise DoseError(f"the loading in the vial cannot be integrated: {run.outcome.what}", remedy=run.outcome.remedy)
    states: Array = run.states[-1]
    states.flags.writeable = False
    return states


@lru_cache(maxsize=64)
def _outputs(loading: Loading) -> Callable[[Array, Array], list[float]]:
    import sympy

    states = loading.equations.states if loading.equations else ()
    # By name: two loadings with the same outputs in another order are equal, and share what is kept here.
    return _lambdify(sympy, states, _parameters(loading), [loading.outputs[name] for name in sorted(loading.outputs)])


@lru_cache(maxsize=64)
def _duration(loading: Loading) -> Callable[[Array], float]:
    import sympy

    function = _lambdify(sympy, (), _parameters(loading), [loading.duration])
    return lambda values: function(np.zeros(0), values)[0]


def _parameters(loading: Loading) -> list[Any]:
    import sympy

    used = set().union(
        *(getattr(value, "free_symbols", set()) for value in (*loading.outputs.values(), loading.duration))
    )
    count = 1 + max((int(symbol.name[1:]) for symbol in used if symbol.name.startswith("p")), default=-1)
    known = {symbol.name: symbol for symbol in used}
    return [known.get(f"p{n}", sympy.Symbol(f"p{n}")) for n in range(count)]


def _lambdify(sympy: Any, states: Any, parameters: list[Any], expressions: list[Any]) -> Callable[..., list[float]]:
    function = sympy.lambdify([list(states), parameters], expressions, modules="math")
    size = len(parameters)
    return lambda x, p: function(list(x), list(p[:size]))


def deliver(system: System, values: Array, dose: Dose, parts: dict[str, float] | None = None) -> Delivered:
    """Return what one dose puts into the forms of a model, were all of it available.

    Parameters
    ----------
    system : System
    values : array, (parameters,)
        In base units.
    dose : Dose
    parts : dict, optional
        The loading's split, where it is known already.

    Raises
    ------
    DoseError
        If the model cannot take a dose of this metric.
    """
    parts = split(system, values) if parts is None else parts
    named = {parameter.name: float(value) for parameter, value in zip(system.parameters, values, strict=True)}
    amount = dose.counted
    if is_pool(dose.route):
        return _into_pool(system, named, dose)
    forms = dict.fromkeys(DOSED, 0.0)
    drug = particles = float("nan")
    if amount.metric == "label":
        _label(forms, amount.value, parts, system)
    else:
        drug, particles = _drug_and_particles(system, named, dose, parts)
        _require_whole(system, drug, parts, ("loaded", "adsorbed", "free"))
        forms |= {form: drug * parts[form] for form in ("loaded", "adsorbed", "free")}
        forms["carrier"] = 0.0 if math.isnan(particles) else particles
        if dose.label:
            _label(forms, read_amount(dose.label).value, parts, system)
    protein = (
        particles / named["carrier.particles_per_protein"] if "carrier.particles_per_protein" in named else math.nan
    )
    return Delivered(drug, particles, protein, Table(forms))


def is_pool(route: str) -> bool:
    """Say whether a dose names a pool rather than a route of the body."""
    return "." in route


def _into_pool(system: System, named: dict[str, float], dose: Dose) -> Delivered:
    """Return a dose that enters one pool by name, as it is."""
    (form,) = system.routes[dose.route]
    amount, ledger = dose.counted, FORMS[form].ledger
    counted = {"drug": ("drug",), "carrier": ("particles", "protein"), "label": ("label",)}[ledger]
    if amount.metric not in counted or dose.label:
        raise DoseError(
            f"the pool {dose.route} takes {' or '.join(counted)} alone, not {dose}",
            remedy="give each of several pools a dose of its own",
        )
    if "mass" in str(amount.dimension) and ledger == "drug" and _substance(system.model, dose.route):
        raise DoseError(
            f"{dose.route} is not the model's own drug, whose molar mass is known", remedy='dose it in moles: "5 nmol"'
        )
    drug = particles = math.nan
    if ledger == "drug":
        drug = value = _as_nmol(system, named, dose)
    elif ledger == "carrier":
        particles = value = _as_particles(system, named, dose)
    else:
        value = amount.value
    return Delivered(drug, particles, math.nan, Table({**dict.fromkeys(DOSED, 0.0), form: value}))


@lru_cache(maxsize=64)
def _substance(model: Model, name: str) -> str:
    pool = Scope(Anatomy(model)).pool(name).pool
    assert pool is not None
    return pool.substance


def _require_whole(system: System, given: float, parts: dict[str, float], forms: tuple[str, ...]) -> None:
    """Refuse a split that would lose or make some of what is given."""
    whole = sum(parts[form] for form in forms)
    if given and abs(whole - 1) > 1e-6:
        raise DoseError(
            f"the loading of {system.model.carrier.name!r} divides a dose into parts that sum to {whole:.6g}, not 1",
            remedy=f"its outputs {', '.join(forms)} are fractions of the whole",
        )


def _label(forms: dict[str, float], injected: float, parts: dict[str, float], system: System) -> None:
    if parts["label"] + parts["dye"] == 0:
        raise DoseError(
            f"the carrier {system.model.carrier.name!r} bears no label", remedy="choose a carrier, or dose the drug"
        )
    _require_whole(system, injected, parts, ("label", "dye"))
    forms["label"] += injected * parts["label"]
    forms["dye"] += injected * parts["dye"]


def _drug_and_particles(
    system: System, named: dict[str, float], dose: Dose, parts: dict[str, float]
) -> tuple[float, float]:
    amount, carrier = dose.counted, system.model.carrier
    per_particle = parts.get("drug_per_particle", math.nan)
    if amount.metric == "drug":
        if carrier.use and system.loading is None:
            raise DoseError(
                f"nothing is loaded into {carrier.name!r}, so it takes no dose of drug ({dose.amount})",
                remedy="give its file a loading block, or dose particles or label",
            )
        drug = _as_nmol(system, named, dose)
        counted = any(move.ledger == "carrier" for move in system.movements)
        if carrier.use and counted and not per_particle > 0:
            raise DoseError(f"the loading of {carrier.name!r} does not say how much drug a particle holds")
        return drug, drug / per_particle if carrier.use and per_particle > 0 else math.nan
    if not carrier.use:
        raise DoseError(
            f"the carrier {carrier.name!r} has no {amount.metric}: {dose.amount}", remedy="dose the drug, e.g. 5 mg/kg"
        )
    particles = _as_particles(system, named, dose)
    if system.loading is None:
        return 0.0, particles
    if not per_particle > 0:
        raise DoseError(f"the loading of {carrier.name!r} does not say how much drug a particle holds")
    return particles * per_particle, particles


def _as_particles(system: System, named: dict[str, float], dose: Dose) -> float:
    amount = dose.counted
    if amount.metric == "particles":
        return amount.value
    if "carrier.particles_per_protein" not in named:
        raise DoseError(
            f"the file of {system.model.carrier.name!r} does not say how many particles a mass of protein has",
            remedy="write particles_per_protein in its [dose], or dose particles",
        )
    return amount.value * named["carrier.particles_per_protein"]


def _as_nmol(system: System, named: dict[str, float], dose: Dose) -> float:
    amount = dose.counted
    value = amount.value
    for per, name, scale in (("weight", "body.weight", _KG), ("surface", "body.surface", _M2)):
        if amount.per == per:
            if name not in named:
                raise DoseError(
                    f"the body {system.model.body.name!r} has no {per}, so {dose.amount} is no amount",
                    remedy=f"write {per} in its file, or give an amount",
                )
            value *= named[name] / scale
    return value / named["drug.molar_mass"] if "mass" in str(amount.dimension) else value
