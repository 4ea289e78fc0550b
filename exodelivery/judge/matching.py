"""Floor 8: when are two doses the same? By drug, by particles or by protein, as far as the carriers have them.

The same milligrams and the same number of vesicles are different questions, and the second often turns the answer
round. What a baseline's dose holds is worked out at each draw, so that doubt in the loading is part of the verdict.
"""

from __future__ import annotations

import math
from dataclasses import replace

from exodelivery.compile.system import System
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError
from exodelivery.solve.dosing import deliver, split
from exodelivery.solve.timeline import Array

MATCHINGS: dict[str, str] = {"drug": "nmol", "particles": "particle", "protein": "g protein"}
"""Metrics by which doses are made equal, each with the unit in which the equal dose is written."""

_PER_UNIT = {"drug": 1.0, "particles": 1e9, "protein": 1.0}


def matched(matching: str, regimen: Regimen, baseline: System, values: Array) -> Regimen:
    """Return the regimen that gives any carrier as much as this one gives the baseline.

    Parameters
    ----------
    matching : str
        ``drug``, ``particles`` or ``protein``.
    regimen : Regimen
        The baseline's own.
    baseline : System
    values : array, (parameters,)
        The baseline's [base units].

    Raises
    ------
    DoseError
        If the baseline's dose has no such amount, or is a tracer.
    """
    if all(dose.metric == matching for dose in regimen.doses):
        return regimen
    parts = split(baseline, values)
    doses = []
    for dose in regimen.doses:
        if dose.metric == "label":
            raise DoseError("a tracer carries no drug to compare", remedy='give e.g. bolus("5 mg/kg")')
        amount = getattr(deliver(baseline, values, dose, parts), matching)
        if not (math.isfinite(amount) and amount > 0):
            raise DoseError(f"a dose of {baseline.model.carrier.name} has no known amount of {matching}")
        doses.append(replace(dose, amount=f"{float(amount) * _PER_UNIT[matching]!r} {MATCHINGS[matching]}"))
    return replace(regimen, doses=tuple(doses))


def refusal(
    matching: str, regimen: Regimen, baseline: System, baseline_values: Array, carrier: System, values: Array
) -> str:
    """Return why two carriers cannot be matched, or nothing if they can."""
    for system in (baseline, carrier):
        if matching != "drug" and not system.model.carrier.use:
            return f"{system.model.carrier.name} has no {matching}"
    try:
        for dose in matched(matching, regimen, baseline, baseline_values).doses:
            deliver(carrier, values, dose)
    except DoseError as error:
        return error.message
    return ""
