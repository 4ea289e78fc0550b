"""Floor 8: all that is said of one fitted curve, in the order in which it is said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.dose_response.choice import Choice
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.wells import Wells
from exodelivery.judge.dose_response.words import DOUBT, by_dose, misfit, potency, rebound
from exodelivery.solve.timeline import Array


def said_of(
    choice: Choice,
    one: Wells,
    numbers: Mapping[str, Estimate],
    doses: tuple[float, float],
    fitted: Array,
    far: NDArray[np.bool_],
    flat: float,
    scatter: tuple[float, int],
    free: int,
    falls: bool,
) -> tuple[str, ...]:
    """Return the words.

    Parameters
    ----------
    choice : Choice
    one : Wells
    numbers : mapping of Estimate
    doses : (float, float)
        Logarithms of EC50 and IC50 as estimated, wherever they lie.
    fitted : array, (wells,)
    far : array of bool, (wells,)
        Outliers.
    flat : float
        P-value of a response without the dose.
    scatter : (float, int)
        Variance of a well about the curve, and its degrees of freedom.
    free : int
        Unknowns of the curve.
    falls : bool
        Whether the response falls with the dose.
    """
    level = f"{100 * choice.level:.3g} % of the response without drug"
    ec50, ic50 = ("GEC50", "GR50") if choice.scale == "gr" else ("EC50", f"IC{100 * (1 - choice.level):.3g}")
    with np.errstate(over="ignore"):
        at = np.exp(doses)
    means = by_dose(one.dose, one.response)
    said = [
        f"no effect of the dose is seen (p = {flat:.2g})" if flat >= DOUBT else "",
        potency(ic50, numbers["ic50"], at[1], f"GR {choice.level:g}" if choice.scale == "gr" else level),
        potency(ec50, numbers["ec50"], at[0], "half of its fall"),
        "the response rises with the dose: no IC50" if not falls else "",
        rebound(means, scatter, falls, choice.unit),
        misfit(means, fitted, free),
        _flagged(one, far, choice.unit),
    ]
    return tuple(text for text in said if text)


def _flagged(one: Wells, far: NDArray[np.bool_], unit: str) -> str:
    if not far.any():
        return ""
    where = ", ".join(f"{dose:.3g}" for dose in np.unique(one.dose[far]))
    return f"{int(far.sum())} of {len(far)} wells flagged as far off, kept: at {where} {unit}".rstrip()
