"""Floor 8: the verb that fits dose-response curves, one or ten thousand, with profile intervals.

Curves with as many wells and plates are fitted in one go (:mod:`~exodelivery.judge.dose_response.block`), on threads;
the results depend neither on the threads nor on what else is in the table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exodelivery.judge.dose_response.block import fit_block
from exodelivery.judge.dose_response.choice import INTERVALS, choice_of
from exodelivery.judge.dose_response.curve import Curve
from exodelivery.judge.dose_response.results import Curves
from exodelivery.judge.dose_response.wells import Columns, wells_of

BLOCK = 5000
"""Curves fitted together, at most: many, as the few that settle late are what takes time."""


def curves(
    data: Any,
    *,
    dose: str = "dose",
    response: str = "response",
    by: str | Sequence[str] = (),
    unit: str = "",
    shape: str = "hill4",
    control: str | float | None = None,
    time0: str | float | None = None,
    blank: str | float | None = None,
    plate: str = "",
    weight: str = "",
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    level: float = 0.5,
    confidence: float = 0.95,
    intervals: Sequence[str] = INTERVALS,
    threads: int | None = None,
) -> Curves:
    """Fit a dose-response curve to each group of wells, with profile intervals.

    Parameters
    ----------
    data : pandas.DataFrame, path of a CSV, or mapping of columns
        One row to a well. Wells without drug have the dose 0, and are points of the curve.
    dose, response : str
        Columns.
    by : str or sequence of str
        Columns that tell curves apart, such as cell line and drug.
    unit : str
        Of the dose, for words and tables.
    shape : str
        ``hill3`` (ends at nothing), ``hill4``, ``hill5``, ``weibull1``, ``weibull2`` or ``biphasic``.
    control : str or float, optional
        Response without drug, a column or a number: responses are then viabilities relative to it. Leave it out where
        wells of dose 0 are in the table: ``e0`` is then fitted to them, and their scatter is part of every interval.
    time0 : str or float, optional
        Count when the drug was given: responses are then GR values (Hafner 2016), ``e0`` is held at 1, and ``ic50`` and
        ``ec50`` are GR50 and GEC50; ``gr_max`` and ``gr_aoc`` come along.
    blank : str or float, optional
        Taken off response, control and time0.
    plate : str, optional
        Column: plates of one curve differ in ``e0`` and share everything else; ``einf`` is then a share of ``e0``.
    weight : str, optional
        Column with the weight of each well, such as one over its variance.
    fixed : mapping, optional
        Parameters that are held, ``{"e0": 1.0, "hill": 1.0}``.
    bounds : mapping, optional
        Bounds of parameters, ``{"einf": (0.0, 1.0)}``.
    level : float
        Share of ``e0`` at which the IC50 is read.
    confidence : float
    intervals : sequence of str
        Which numbers get profile intervals, of ``ec50``, ``ic50``, ``e0``, ``einf`` and ``form``.
    threads : int, optional
        All cores by default; the numbers are the same whatever it is.

    Returns
    -------
    Curves
        A group that cannot be fitted is in it too, is false, and says why.

    Raises
    ------
    DoseResponseError
        For a column that is missing or holds no numbers, or an unknown shape, parameter or interval.

    Notes
    -----
    Least squares with equal variances of the wells times one over their weight. Standard errors are those of the
    observed information, as drc gives them; intervals are profiles with Student's t.

    References
    ----------
    Ritz C, Baty F, Streibig JC, Gerhard D. PLoS ONE 2015;10:e0146021, doi 10.1371/journal.pone.0146021.
    Hafner M, Niepel M, Chung M, Sorger PK. Nat Methods 2016;13:521, doi 10.1038/nmeth.3853.

    Examples
    --------
    >>> wells = {"dose": [0, 0, 0.01, 0.03, 0.1, 0.3, 1, 3], "response": [98, 103, 99, 95, 78, 42, 15, 6]}
    >>> found = curves(wells, unit="uM")
    >>> 0.15 < found["all"].ic50.value < 0.35
    True
    """
    choice = choice_of(shape, unit, level, confidence, fixed, bounds, intervals, control, time0, plate)
    names = (by,) if isinstance(by, str) else tuple(by)
    wells = wells_of(data, Columns(dose, response, names, plate, weight, blank, control, time0))
    blocks: dict[tuple[int, int], list[int]] = {}
    for n, one in enumerate(wells):
        blocks.setdefault((len(one.dose), len(one.plates)), []).append(n)
    parts = [group[at : at + BLOCK] for group in blocks.values() for at in range(0, len(group), BLOCK)]
    found: list[Curve | None] = [None] * len(wells)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for part, fitted in zip(
            parts, pool.map(lambda part: fit_block([wells[n] for n in part], choice), parts), strict=True
        ):
            for n, curve in zip(part, fitted, strict=True):
                found[n] = curve
    fitted_curves = tuple(curve for curve in found if curve is not None)
    return Curves(fitted_curves, choice.unit, "viability" if plate and choice.scale == "response" else choice.scale)
