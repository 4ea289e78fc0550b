"""Floor 8: metrics of one model at very many points, by the compiled solver of sets: for populations and designs.

As in a comparison, exposure is judged in tumours that the drug leaves alone, and log-kill with the effect against the
same tumour untreated. A run that fails is NaN in every metric, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Dose, Regimen
from exodelivery.errors import DoseError, SimulationError
from exodelivery.judge.metrics import Metric, Reading, missing, value
from exodelivery.judge.runs import quadrature
from exodelivery.judge.setting import without_effect
from exodelivery.solve.ensemble import Whole
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """One model under one regimen, to be read at many points.

    Attributes
    ----------
    model : Model
        With the observables that the metrics read only.
    regimen : Regimen
    horizon : float
        [h].
    metrics : tuple of Metric
        One form of each.
    threads : int or None
    """

    model: Model
    regimen: Regimen
    horizon: float
    metrics: tuple[Metric, ...]
    threads: int | None = None

    def read(
        self, numbers: Array, regimens: Sequence[Regimen] | None = None, subjects: Whole | None = None
    ) -> dict[str, Array]:
        """Return each metric by name at parameter values, (points,), in its unit; NaN where a run failed.

        Parameters
        ----------
        numbers : array, (points, parameters)
            In base units, in the order of the model's compiled system.
        regimens : sequence of Regimen, (points,), optional
            Each point's own; all have the model's unless given.
        subjects : array of int, (points,), optional
            Which of the regimens each point has, where they are fewer.
        """
        kills = tuple(metric for metric in self.metrics if metric.kind == "kill")
        rest = tuple(metric for metric in self.metrics if metric.kind != "kill")
        found: dict[str, Array] = {}
        if rest:
            reading = self._reading(without_effect(self.model), numbers, regimens, subjects, rest)
            found |= {metric.name: value(metric, reading) for metric in rest}
        if kills:
            treated = self._reading(self.model, numbers, regimens, subjects, kills)
            untreated = self._reading(self.model, numbers, Regimen(), None, kills)
            found |= {metric.name: value(metric, treated, untreated) for metric in kills}
        return found

    def _reading(
        self,
        model: Model,
        numbers: Array,
        regimens: Sequence[Regimen] | Regimen | None,
        subjects: Whole | None,
        metrics: Sequence[Metric],
    ) -> Reading:
        given = self.regimen if regimens is None else regimens
        known = {one.name for one in machine(model).system.parameters}
        names = [one.name for one in machine(self.model).system.parameters]
        sets = {name: numbers[:, n] for n, name in enumerate(names) if name in known}
        times, weights = quadrature(self.regimen, self.horizon)
        if isinstance(given, Regimen):
            subjects = None
        elif subjects is None:
            subjects = np.arange(len(given), dtype=np.int64)
        runs = simulate(
            model, given, sets=sets, times=times, subjects=subjects, tolerance=TOLERANCE, threads=self.threads
        )
        wanted = dict.fromkeys(name for metric in metrics for name in metric.observables)
        curves = {name: np.array(runs[name], dtype=float) for name in wanted}
        for curve in curves.values():
            curve[runs.failed] = np.nan
        return Reading(
            {name: curve @ weights for name, curve in curves.items()},
            {name: curve[:, -1] for name, curve in curves.items()},
        )


def forms(metrics: Sequence[Metric], models: Mapping[str, Model]) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """Return each metric in the first form that all models can give, and what none can with the reason.

    Parameters
    ----------
    metrics : sequence of Metric
    models : mapping of Model
        By carrier.
    """
    found, left_out = [], []
    for name in dict.fromkeys(metric.name for metric in metrics):
        why = ""
        for form in (metric for metric in metrics if metric.name == name):
            reasons = {carrier: missing(form, machine(model).system) for carrier, model in models.items()}
            why = next((f"{carrier}: {reason}" for carrier, reason in reasons.items() if reason), "")
            if not why:
                found.append(form)
                break
        if why:
            left_out.append(f"{name}: {why}")
    if not found:
        raise SimulationError("none of the metrics can be had", remedy="; ".join(left_out))
    return tuple(found), tuple(left_out)


def scaled(regimen: Regimen, factor: float) -> Regimen:
    """Return a regimen with every dose times a factor; times, routes and durations stay.

    Examples
    --------
    >>> from exodelivery.declare.regimen import bolus
    >>> str(scaled(bolus("5 mg/kg"), 2.0))
    '10 mg/kg iv bolus'
    """
    return replace(regimen, doses=tuple(_scaled(dose, factor) for dose in regimen.doses))


def _scaled(dose: Dose, factor: float) -> Dose:
    if not dose.amount or dose.rate:
        raise DoseError("an infusion given by its rate has no amount to change", remedy="give its amount and duration")
    number, _, words = dose.amount.strip().partition(" ")
    return replace(dose, amount=f"{float(number) * factor:.6g} {words}".rstrip())
