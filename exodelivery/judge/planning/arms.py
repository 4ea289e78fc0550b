"""Floor 8: the arms that an experiment may have: a carrier at a dose, its drug or label assayed, or a rate inhibited.

A label rides on the same run as the drug, so both arms of a carrier share one compiled model; an inhibitor multiplies a
parameter, which stays as uncertain as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from exodelivery.compile.machine import Machine
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Dose, Regimen, read_amount
from exodelivery.declare.table import Table
from exodelivery.errors import DoseError, ExodeliveryError, SimulationError, nearest
from exodelivery.judge.metrics import Metric
from exodelivery.judge.setting import without_effect
from exodelivery.solve.simulate import machine_for
from exodelivery.units import unit

KINDS: tuple[str, ...] = ("drug", "label", "free drug")
"""Words for arms: the drug of each carrier assayed, its label, and drug in no carrier."""
ASSAYED: tuple[str, ...] = ("_total", "_nuclear", "_label")
"""Endings of observables that a laboratory extracts and counts; what only a model tells apart is not among them."""
FREE = "none"


@dataclass(frozen=True, slots=True)
class Arm:
    """One group of animals that an experiment may have.

    Attributes
    ----------
    name, carrier : str
    dose : float
        Times the dose that is asked about.
    assays : tuple of str
        Observables that may be assayed in it.
    factors : tuple of (str, float)
        Parameters that an inhibitor multiplies, by full name.
    """

    name: str
    carrier: str
    dose: float
    assays: tuple[str, ...]
    factors: tuple[tuple[str, float], ...] = ()


def scaled(regimen: Regimen, factor: float) -> Regimen:
    """Return a regimen with all its amounts and rates multiplied.

    Examples
    --------
    >>> from exodelivery.declare.regimen import bolus
    >>> print(scaled(bolus("5 mg/kg"), 2.0))
    10 mg/kg iv bolus
    """
    if factor == 1.0:
        return regimen
    return replace(regimen, doses=tuple(_scaled(dose, factor) for dose in regimen.doses))


def _scaled(dose: Dose, factor: float) -> Dose:
    return replace(dose, amount=_times(dose.amount, factor), rate=_times(dose.rate, factor))


def _times(text: str, factor: float) -> str:
    if not text:
        return text
    number, _, rest = text.strip().partition(" ")
    return f"{float(number) * factor:.12g} {rest}".strip()


def labelled(regimen: Regimen) -> Regimen:
    """Return a regimen whose doses bring one injected dose of label along."""
    if any(read_amount(dose.amount).metric == "label" for dose in regimen.doses if dose.amount):
        return regimen
    return replace(regimen, doses=tuple(replace(dose, label=dose.label or "1 ID") for dose in regimen.doses))


def is_label(model: Model, observable: str) -> bool:
    """Say whether an observable counts label."""
    return "ID" in dict(unit(model.observables[observable].unit).dimension.powers)


def assays_of(model: Model, asked: Sequence[str] | None) -> tuple[str, ...]:
    """Return the observables that may be assayed: those named, or those that laboratories extract and count.

    Raises
    ------
    SimulationError
        If one that is named is no observable of the model.
    """
    for name in asked or ():
        if name not in model.observables:
            raise SimulationError(
                f"the model has no observable {name!r} to assay", remedy=nearest(name, model.observables)
            )
    if asked is not None:
        if not asked:
            raise SimulationError("nothing may be assayed", remedy='pass assays=["plasma_total", "tumour_total"]')
        return tuple(dict.fromkeys(asked))
    usual = tuple(name for name in model.observables if name.endswith(ASSAYED))
    return usual or tuple(model.observables)


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """Arms with the models that they run.

    Attributes
    ----------
    baseline : str
    carriers : tuple of str
        Those of the question, without the baseline.
    models : Table of Model
        By carrier.
    machines : Table of Machine
        By carrier.
    regimen : Regimen
        The dose that is asked about, with label where one is assayed.
    arms : tuple of Arm
    left_out : tuple of str
        Arms that cannot be, each with its reason.
    """

    baseline: str
    carriers: tuple[str, ...]
    models: Table[Model]
    machines: Table[Machine]
    regimen: Regimen
    arms: tuple[Arm, ...]
    left_out: tuple[str, ...]

    def regimen_of(self, carrier: str, dose: float) -> Regimen:
        """Return what an animal with this carrier gets."""
        found = scaled(self.regimen, dose)
        if self.models[carrier].carrier.use:
            return found
        return replace(found, doses=tuple(replace(one, label="") for one in found.doses))


def arms_of(
    model: Model,
    carriers: Sequence[str | Carrier],
    baseline: str | Carrier,
    dose: Regimen,
    metrics: Sequence[Metric],
    *,
    assays: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    doses: Sequence[float] = (1.0,),
    inhibitors: Mapping[str, Mapping[str, float]] | None = None,
    change: Callable[[Model], Model] = lambda model: model,
) -> Arms:
    """Return the arms that an experiment about some carriers may have.

    Parameters
    ----------
    model : Model
    carriers, baseline
        As of a comparison.
    dose : Regimen
    metrics : sequence of Metric
        Whose observables every model keeps.
    assays : sequence of str, optional
    kinds : sequence of str, optional
        Of :data:`KINDS`; all that can be unless given.
    doses : sequence of float
        Times the dose asked about.
    inhibitors : mapping, optional
        By the name of an arm, parameters by full name and what they are multiplied by.
    change : callable
        What is done to each model once it has its carrier.

    Raises
    ------
    SimulationError
        For an unknown kind of arm, observable, or parameter, or doses that are not positive.
    DoseError
        For a tracer, a reset, or a dose that waits.
    """
    for kind in kinds or ():
        if kind not in KINDS:
            raise SimulationError(f"no arm is called {kind!r}", remedy=nearest(kind, KINDS))
    if not doses or not all(0 < one < float("inf") for one in doses):
        raise SimulationError("doses are positive numbers, times the dose asked about", remedy="write doses=(0.5, 1)")
    if dose.resets or any(one.steady_state for one in dose.doses) or any(one.metric == "label" for one in dose.doses):
        raise DoseError("an experiment is planned for doses of drug without resets or steady states")
    named = assays_of(model, assays)
    read = {*named, *(name for metric in metrics for name in metric.observables)}
    kept = Table({name: one for name, one in model.observables.items() if name in read})
    lean = without_effect(replace(model, observables=kept))
    models: dict[str, Model] = {}
    for one in (baseline, *carriers):
        name = one if isinstance(one, str) else one.name
        swapped = lean if one in (lean.carrier, lean.carrier.name) else lean.swap(carrier=one)
        swapped = change(swapped)
        if models.setdefault(name, swapped) != swapped:
            raise SimulationError(f"two different carriers are called {name!r}", remedy="give one another name")
    first, *others = models
    if not others:
        raise SimulationError("nothing is held against the baseline", remedy="name another carrier")
    wanted = KINDS if kinds is None else tuple(kinds)
    left_out: list[str] = []
    if "free drug" in wanted and FREE not in models and not all(one.metric == "drug" for one in dose.doses):
        left_out.append("free drug: the dose is not one of drug")
    elif "free drug" in wanted and FREE not in models:
        try:
            models[FREE] = change(lean.swap(carrier=FREE))
            machine_for(models[FREE], dose)
        except ExodeliveryError as error:
            models.pop(FREE, None)
            if kinds is not None:
                raise
            left_out.append(f"free drug: {error.message}")
    labels = {name for name in named if is_label(model, name)}
    regimen = labelled(dose) if "label" in wanted and labels else dose
    about = Arms(first, tuple(others), Table(models), Table({}), regimen, (), tuple(left_out))
    machines = {name: machine_for(one, about.regimen_of(name, 1.0)) for name, one in models.items()}
    about = replace(about, machines=Table(machines))
    found = [*_plain(about, wanted, named, labels, doses), *_inhibited(about, named, labels, inhibitors or {})]
    if not found:
        raise SimulationError("no arm has anything to assay", remedy="name other assays, or other arms")
    return replace(about, arms=tuple(found))


def _plain(
    about: Arms, wanted: Sequence[str], named: Sequence[str], labels: set[str], doses: Sequence[float]
) -> list[Arm]:
    found = []
    for carrier, compiled in about.machines.items():
        free = carrier == FREE and carrier not in (about.baseline, *about.carriers)
        there = {column.name for column in compiled.system.columns}
        drug = tuple(name for name in named if name not in labels and name in there)
        label = tuple(name for name in named if name in labels and name in there)
        for dose in dict.fromkeys(doses):
            at = "" if dose == 1.0 else f", {scaled(about.regimen, dose).doses[0].amount}"
            if drug and (free or "drug" in wanted):
                found.append(Arm(f"{carrier}{at}", carrier, dose, drug))
            if label and "label" in wanted and about.models[carrier].carrier.use:
                found.append(Arm(f"{carrier}{at}, label", carrier, dose, label))
    return found


def _inhibited(
    about: Arms, named: Sequence[str], labels: set[str], inhibitors: Mapping[str, Mapping[str, float]]
) -> list[Arm]:
    found = []
    for title, said in inhibitors.items():
        factors = tuple((name, float(factor)) for name, factor in said.items())
        if not factors or not all(0 < factor < float("inf") for _, factor in factors):
            raise SimulationError(
                f"the inhibitor {title!r} multiplies parameters by positive numbers",
                remedy='write inhibitors={"no pump": {"efflux.pump.v_max": 0.1}}',
            )
        known = {one.name for compiled in about.machines.values() for one in compiled.system.parameters}
        for name, _ in factors:
            if name not in known:
                raise SimulationError(f"no model has a parameter {name!r} to inhibit", remedy=nearest(name, known))
        for carrier, compiled in about.machines.items():
            own = {one.name for one in compiled.system.parameters}
            there = {column.name for column in compiled.system.columns}
            drug = tuple(name for name in named if name not in labels and name in there)
            if drug and all(name in own for name, _ in factors):
                found.append(Arm(f"{carrier}, {title}", carrier, 1.0, drug, factors))
    return found
