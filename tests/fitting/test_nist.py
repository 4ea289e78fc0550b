"""All fifteen NIST StRD nonlinear regressions of the data folder, from both starts, through the product's own path.

Source: NIST Statistical Reference Datasets, nonlinear regression (US public domain), certified to 11 digits. Digits are
-log10 of the relative error, the worst over the parameters: six at least for estimates and standard errors, except for
the standard errors of Lanczos1, whose residual sum of squares (1.4e-25) has three digits in double precision.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from exodelivery.fitting.regress import regress

DATA = Path(os.environ.get("EXODELIVERY_DATA", "")) / "nist_strd" / "nist.json"
needs_data = pytest.mark.skipif(
    "EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets"
)
TURN = "2 * 3.141592653589793 * x"
LANCZOS = "b1 * exp(-b2 * x) + b3 * exp(-b4 * x) + b5 * exp(-b6 * x)"
GAUSS = "b1 * exp(-b2 * x) + b3 * exp(-(x - b4)**2 / b5**2) + b6 * exp(-(x - b7)**2 / b8**2)"
CHWIRUT = "exp(-b1 * x) / (b2 + b3 * x)"
MODELS = {
    "Chwirut1": CHWIRUT,
    "Chwirut2": CHWIRUT,
    "DanWood": "b1 * x**b2",
    "ENSO": f"b1 + b2 * cos({TURN} / 12) + b3 * sin({TURN} / 12) + b5 * cos({TURN} / b4) + b6 * sin({TURN} / b4)"
    f" + b8 * cos({TURN} / b7) + b9 * sin({TURN} / b7)",
    "Gauss1": GAUSS,
    "Gauss2": GAUSS,
    "Lanczos1": LANCZOS,
    "Lanczos2": LANCZOS,
    "Lanczos3": LANCZOS,
    "MGH17": "b1 + b2 * exp(-x * b4) + b3 * exp(-x * b5)",
    "Misra1a": "b1 * (1 - exp(-b2 * x))",
    "Misra1b": "b1 * (1 - (1 + b2 * x / 2)**(-2))",
    "Misra1c": "b1 * (1 - (1 + 2 * b2 * x)**(-0.5))",
    "Misra1d": "b1 * b2 * x * ((1 + b2 * x)**(-1))",
    "Rat43": "b1 / ((1 + exp(b2 - b3 * x))**(1 / b4))",
}


def digits(found: float, certified: float) -> float:
    return float(-np.log10(max(abs(found - certified) / abs(certified), 1e-16)))


@needs_data
@pytest.mark.parametrize("begin", ["start1", "start2"])
@pytest.mark.parametrize("name", MODELS)
def test_nist_is_reached_from_both_starts(name: str, begin: str) -> None:
    case = json.loads(DATA.read_text())["sets"][name]
    y, x = np.array(case["data"]).T
    known = case["parameters"]
    fit = regress(MODELS[name], data={"x": x, "y": y}, start={b: row[begin] for b, row in known.items()})
    assert fit.method == "least_squares" and "RSS / (n - p)" in fit.convention
    errors = fit.standard_errors
    assert min(digits(fit.values[b], row["certified"]) for b, row in known.items()) >= 6
    assert min(digits(errors[b], row["sd"]) for b, row in known.items()) >= (2 if name == "Lanczos1" else 6)
    assert fit.sigma is not None
    assert digits(fit.sigma, case["residual_sd"]) >= (2 if name == "Lanczos1" else 6)


@needs_data
def test_every_case_of_the_folder_is_fitted() -> None:
    assert set(json.loads(DATA.read_text())["sets"]) == set(MODELS)
