"""Floor 8: what one comparison holds fixed: models, dose, horizon, metrics, matchings, and what cannot be compared.

Everything that a user can get wrong is found here, before the first run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exodelivery.compile.machine import machine
from exodelivery.compile.system import System
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.declare.table import Table
from exodelivery.errors import DoseError, SimulationError, nearest
from exodelivery.judge.joint import Joint
from exodelivery.judge.matching import MATCHINGS, refusal
from exodelivery.judge.metrics import METRICS, Metric, missing
from exodelivery.solve.dosing import deliver
from exodelivery.solve.simulate import AFTER_LAST_DOSE
from exodelivery.solve.timeline import Array
from exodelivery.units import hours


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What one comparison holds fixed.

    Attributes
    ----------
    models : mapping of Model
        By carrier, the baseline first.
    baseline : str
    regimen : Regimen
    horizon : float
        [h].
    metrics : tuple of Metric
    matchings : tuple of str
    joint : Joint
    draws : int
    solver : str
    """

    models: Mapping[str, Model]
    baseline: str
    regimen: Regimen
    horizon: float
    metrics: tuple[Metric, ...]
    matchings: tuple[str, ...]
    joint: Joint
    draws: int
    solver: str

    @property
    def native(self) -> str:
        """What the dose itself counts."""
        return self.regimen.doses[0].metric

    @property
    def carriers(self) -> tuple[str, ...]:
        """Those held against the baseline."""
        return tuple(name for name in self.models if name != self.baseline)

    def system(self, carrier: str) -> System:
        """The compiled model with this carrier."""
        return machine(self.models[carrier]).system

    def at_estimate(self, carrier: str) -> Array:
        """Parameter values at the estimate, (parameters,)."""
        found: Array = self.joint.values(carrier, self.system(carrier), self.joint.estimate[None, :])[0]
        return found


def models_of(model: Model, carriers: Sequence[str | Carrier], metrics: Sequence[Metric]) -> dict[str, Model]:
    """Return a model for each carrier, with the observables that the metrics read only: the rest is pruned."""
    read = {name for metric in metrics for name in metric.observables}
    kept = Table({name: one for name, one in model.observables.items() if name in read})
    lean = dataclasses.replace(model, observables=kept)
    found: dict[str, Model] = {}
    for carrier in carriers:
        name = carrier if isinstance(carrier, str) else carrier.name
        swapped = lean if carrier in (lean.carrier, lean.carrier.name) else lean.swap(carrier=carrier)
        if found.setdefault(name, swapped) != swapped:
            raise SimulationError(f"two different carriers are called {name!r}", remedy="give one another name")
    return found


def without_effect(model: Model) -> Model:
    """Return the model with no effect of the drug on cells."""
    return model.swap(effect=None) if model.use.get("effect") else model


def horizon_of(dose: Regimen, horizon: str | float | None) -> float:
    if dose.triggers or dose.inputs:
        raise DoseError(
            "a comparison takes doses at known times in a body that stays as it is",
            remedy="simulate each carrier by itself under conditions and inputs over time",
        )
    last = max((one.at + one.over for one in dose.single_doses), default=None)
    if last is None:
        raise DoseError("a comparison needs a dose", remedy='give e.g. bolus("5 mg/kg")')
    end = last + AFTER_LAST_DOSE if horizon is None else hours(horizon)
    if not np.isfinite(end) or end <= 0:
        raise SimulationError(f"a comparison cannot end at {horizon!r}", remedy='write horizon="14 d"')
    return float(end)


def chosen_metrics(names: Sequence[str] | None) -> tuple[Metric, ...]:
    known = [metric.name for metric in METRICS]
    for name in names or ():
        if name not in known:
            raise SimulationError(f"no metric is called {name!r}", remedy=nearest(name, known))
    return tuple(metric for metric in METRICS if names is None or metric.name in names)


def chosen_matchings(names: Sequence[str] | None) -> tuple[str, ...]:
    for name in names or ():
        if name not in MATCHINGS:
            raise SimulationError(f"doses are not matched by {name!r}", remedy=nearest(name, MATCHINGS))
    return tuple(name for name in MATCHINGS if names is None or name in names)


def cases_of(setting: Setting) -> tuple[list[tuple[str, str]], list[str]]:
    """Pairs of carrier and matching that can be run, and why others cannot."""
    baseline = setting.system(setting.baseline)
    at_baseline = setting.at_estimate(setting.baseline)
    for dose in setting.regimen.doses:
        if dose.metric == "label":
            raise DoseError("a tracer carries no drug to compare", remedy='give e.g. bolus("5 mg/kg")')
        deliver(baseline, at_baseline, dose)
    cases, left_out = [], []
    for carrier in setting.carriers:
        for matching in setting.matchings:
            why = refusal(
                matching,
                setting.regimen,
                baseline,
                at_baseline,
                setting.system(carrier),
                setting.at_estimate(carrier),
            )
            if why:
                left_out.append(f"{carrier}, same {matching}: {why}")
            else:
                cases.append((carrier, matching))
    return cases, left_out


def applying(setting: Setting, carrier: str) -> Iterator[tuple[Metric, str]]:
    """Each metric by name in the first form that both carriers can give, or why there is none."""
    for name in dict.fromkeys(metric.name for metric in setting.metrics):
        forms = [metric for metric in setting.metrics if metric.name == name]
        reasons = [
            next(filter(None, (missing(form, setting.system(one)) for one in (carrier, setting.baseline))), "")
            for form in forms
        ]
        good = [form for form, reason in zip(forms, reasons, strict=True) if not reason]
        yield (good[0], "") if good else (forms[-1], reasons[-1])
