"""A compiled model as a curve: against its closed form, and its profile intervals against lmfit's on theophylline."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus
from exodelivery.errors import FitError
from exodelivery.fitting.courses.course import Course
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.regress import regress
from exodelivery.solve.timeline import Array

Assemble = Callable[..., Model]
DATA = Path(os.environ.get("EXODELIVERY_DATA", "")) / "nlme" / "theophylline" / "data.csv"
NAMES = {"disposition.ka": "1/h", "body.V": "L", "disposition.CL": "L/h"}
ORAL = "dose * ka / (V * ka - CL) * (exp(-CL / V * t) - exp(-ka * t))"


@pytest.fixture(scope="module")
def oral(assemble: Assemble) -> Model:
    sites = {"plasma": {"role": "blood", "volume": "V"}, "gut": {"role": "tissue", "volume": "V"}}
    drug: dict[str, Any] = {
        "parameters": {"ka": "1.5 1/h", "CL": "0.04 L/h"},
        "flows": {
            "absorb": "gut.free -> plasma.free : ka * gut.free",
            "leave": "plasma.free -> out : CL * conc(plasma.free)",
        },
    }
    body = {"parameters": {"V": "0.5 L"}, "sites": sites, "routes": {"oral": "gut"}}
    return assemble(body=body, drug=drug, observables={"level": {"formula": "conc(plasma.free)", "unit": "nmol/L"}})


def course(model: Model, doses: list[float], subjects: Array, times: Array) -> Course:
    regimens = tuple(bolus(f"{dose} nmol", route="oral") for dose in doses)
    return Course(model, regimens, subjects, times, ("level",) * len(times), NAMES)


def test_rows_may_stand_in_any_order_and_slopes_are_exact(oral: Model) -> None:
    subjects, times = np.array([1, 0, 1, 0, 0]), np.array([2.0, 5.0, 0.5, 1.0, 5.0])
    found = course(oral, [4.0, 8.0], subjects, times)
    values = np.array([1.2, 0.5, 0.05])
    ka, volume, cl = values
    dose = np.array([4.0, 8.0])[subjects]
    closed = dose * ka / (volume * ka - cl) * (np.exp(-cl / volume * times) - np.exp(-ka * times))
    predicted, slopes = found.slopes(values)
    assert predicted == pytest.approx(closed, rel=1e-6)
    assert found.predict(values) == pytest.approx(predicted, rel=1e-6)
    for n in range(3):
        move = 1e-4 * values[n] * np.eye(3)[n]
        difference = (found.predict(values + move) - found.predict(values - move)) / (2e-4 * values[n])
        assert slopes[:, n] == pytest.approx(difference, rel=2e-3, abs=1e-3)


@pytest.mark.skipif("EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets")
def test_theophylline_as_an_ode_has_the_intervals_of_lmfit_on_its_closed_form(oral: Model) -> None:
    """12 subjects pooled (Boeckmann, Sheiner & Beal's data); lmfit ``conf_interval`` on the closed form, to 1 %."""
    import lmfit

    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    subjects = list(dict.fromkeys(row["ID"] for row in rows))
    doses = [next(float(row["AMT"]) for row in rows if row["ID"] == one and row["EVID"] == "1") for one in subjects]
    seen = [row for row in rows if row["EVID"] == "0"]
    whose = np.array([subjects.index(row["ID"]) for row in seen])
    times, levels = np.array([[float(row["TIME"]), float(row["DV"])] for row in seen]).T
    start = [Guess(name, value, scale="log") for name, value in zip(NAMES, (1.0, 0.6, 0.1), strict=True)]
    fit = regress(course(oral, doses, whose, times), start=start, observed=levels)
    assert (fit.rows, len(subjects)) == (132, 12)

    def residuals(given: Any) -> Array:
        ka, v, cl = (np.exp(given[name].value) for name in ("ka", "V", "CL"))
        found: Array = np.array(doses)[whose] * ka / (v * ka - cl) * (np.exp(-cl / v * times) - np.exp(-ka * times))
        return found - levels

    minimizer = lmfit.Minimizer(residuals, lmfit.create_params(ka=0.0, V=-0.5, CL=-2.3))
    theirs = lmfit.conf_interval(minimizer, minimizer.minimize(), sigmas=[0.95])
    for name, short in zip(NAMES, ("ka", "V", "CL"), strict=True):
        ends = np.exp([theirs[short][0][1], theirs[short][-1][1]])
        assert (fit.profile(name).low, fit.profile(name).high) == pytest.approx(tuple(ends), rel=1e-2)
    assert any("subject" in sentence for sentence in fit.verdict)


def test_what_a_model_does_not_have_is_refused(oral: Model) -> None:
    with pytest.raises(FitError, match=r"nearest: disposition\.ka"):
        Course(oral, (bolus("1 nmol", route="oral"),), [0], np.ones(1), ("level",), {"disposition.kaa": "1/h"})
    with pytest.raises(FitError, match="nearest: level"):
        Course(oral, (bolus("1 nmol", route="oral"),), [0], np.ones(1), ("levels",), NAMES)
    with pytest.raises(FitError, match="none of 1"):
        Course(oral, (bolus("1 nmol", route="oral"),), [1], np.ones(1), ("level",), NAMES)
