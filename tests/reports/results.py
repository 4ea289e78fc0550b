"""A small fit and a small comparison with made-up numbers, for the look of a report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.declare.table import Table
from exodelivery.fitting.result import Fit, ParameterRow, PredictionRow
from exodelivery.fitting.verdict import Verdict
from exodelivery.judge.comparison import Comparison, Row
from exodelivery.judge.verdict import UNDECIDED

VERDICT = Verdict(True, 8, 7, 12.3, 3, 2.1, ("free_9 cmax",), ("uptake.PS",), (), (), (), ())


def estimate(name: str, word: str, origin: str) -> ParameterRow:
    return ParameterRow(name, f"x.{name}", "1/h", "log", -3.9, 0.14, -4.0, 1.0, origin, word, 0.97)


def prediction(arm: str, text: str, observed: float, predicted: float, residual: float, **other: Any) -> PredictionRow:
    known: dict[str, Any] = {
        "low": 0.85 * observed, "high": 1.15 * observed, "unit": "ug/g", "used": True, "note": "",
    } | other  # fmt: skip
    return PredictionRow(
        study="laginha_2005", arm=arm, what="cmax(tumour_total)", title=f"{arm} cmax(tumour_total)",
        observed_text=text, observed=observed, predicted=predicted, residual=residual, limit="", extrapolated=0.0,
        **known,
    )  # fmt: skip


def small_fit(name: str = "joint", about: str = "Made by hand.") -> Fit:
    return Fit(
        name=name,
        about=about,
        verdict=VERDICT,
        parameters=(
            estimate("release.k_plasma", "identified", "literature"),
            estimate("uptake.PS", "at a bound", "assumed"),
        ),
        predictions=(
            prediction("doxil_9", "1200 ± 90 ug/g", 1200.0, 1150.0, 0.55),
            prediction("free_9", "9 ± 1 ug/g", 9.0, 2.5, 6.4),
            prediction("dopc_9", "0 ug/g", 0.0, 0.4, -2.5),
            prediction("ev", "<10 ug/g", 10.0, 4.0, math.nan, low=math.nan, used=False, note="another label"),
        ),
        untouched=("effect.k_kill",),
        studies=("laginha_2005",),
        citations=(Citation("Laginha and others, 2005."),),
        shares=(),
        covariance=np.eye(2),
        data=np.eye(2),
        method=Table({"estimator": "least squares"}),
        seed=7,
        costs=(12.3,),
        hashes=Table(),
    )  # fmt: skip


def row(carrier: str, metric: str, ratio: float, low: float, high: float, **other: Any) -> Row:
    known: dict[str, Any] = {
        "matching": "drug", "p_better": 0.09, "p_equivalent": 0.05, "shares": {"literature": 1.0}, "headline": "worse",
        "failures": 0,
    } | other  # fmt: skip
    return Row(
        carrier=carrier, metric=metric, about="", horizon=72.0, ratio=ratio, low=low, high=high,
        carrier_value="1 nmol·h/g", baseline_value="2 nmol·h/g", **known,
    )  # fmt: skip


def small_comparison() -> Comparison:
    shares = {"assumed": 0.64, "literature": 0.2, "measured": 0.16}
    return Comparison(
        model="doxorubicin_mouse",
        baseline="liposome_pegylated",
        carriers=("exosome_targeted", "none"),
        dose="6 mg/kg iv",
        horizon=72.0,
        draws=200,
        rows=(
            row(
                "exosome_targeted",
                "released drug in tumour",
                0.41,
                0.12,
                1.5,
                shares=shares,
                headline=UNDECIDED,
            ),
            row(
                "exosome_targeted",
                "tumour : heart",
                2.0,
                math.nan,
                math.nan,
                p_better=None,
                shares={},
                failures=190,
            ),
            row("none", "released drug in tumour", 0.2, 0.1, 0.4),
        ),
        headline="The evidence does not decide about exosome_targeted.\nFree drug is worse.",
        left_out=("none, same particles: it has no particles",),
    )
