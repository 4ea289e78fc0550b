"""NONMEM's own simulations of dosing records: 16 scenarios, one compartment with a depot, printed to five digits.

Source: mrgsolve/nmtests (GPL-2), simulated by NONMEM 7 (README.json beside the data). Every record agrees to 1e-4.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.evidence.read_nonmem import read_nonmem
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]
DATA = Path(os.environ.get("EXODELIVERY_DATA", "")) / "nonmem_dosing" / "dosing.csv"
pytestmark = pytest.mark.skipif(
    "EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets"
)
SCENARIOS = (1, 3, 4, 6, 7, 8, 10, 14, 15, 17, 19, 20, 22, 23, 26, 29)


@cache
def rows(scenario: int) -> list[dict[str, str]]:
    with DATA.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if int(row["ID"]) == scenario]


def regimen(scenario: int) -> Regimen:
    """Return a scenario's regimen, lag and bioavailability of compartment 2 laid on its doses as the data say."""
    read = read_nonmem(DATA, {1: "oral", 2: "iv"}, modelled={2: "timed"})[str(scenario)]
    doses = []
    for dose in read.doses:
        row = next(r for r in rows(scenario) if r["evid"] in "14" and float(r["time"]) == dose.at)
        late = dose.route != "oral"
        share = float(row["BIOAV"]) if late else 1.0
        doses.append(replace(dose, lag=float(row["LAGT"]) if late else 0.0, bioavailability=share))
    return Regimen(tuple(doses), read.resets)


@pytest.fixture(scope="module")
def model(assemble: Assemble) -> Callable[[int], Model]:
    """CL 1.1 L/h, V 20 L, KA 1.5 1/h; the duration of modelled infusions stands in the data (DUR2)."""

    def built(scenario: int) -> Model:
        body: dict[str, Any] = {
            "parameters": {"V": "20 L", "D": f"{rows(scenario)[0]['DUR2']} h"},
            "sites": {"plasma": {"role": "blood", "volume": "V"}, "gut": {"role": "tissue", "volume": "V"}},
            "routes": {"iv": "plasma", "oral": "gut", "timed": {"site": "plasma", "duration": "D"}},
        }
        drug = {
            "parameters": {"CL": "1.1 L/h", "ka": "1.5 1/h"},
            "flows": {
                "absorb": "gut.free -> plasma.free : ka * gut.free",
                "leave": "plasma.free -> out : CL * conc(plasma.free)",
            },
        }
        return assemble(body=body, drug=drug, observables={"CP": {"formula": "conc(plasma.free)", "unit": "nmol/L"}})

    return built


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_record_of_nonmem_is_met(model: Callable[[int], Model], scenario: int) -> None:
    printed = [(float(row["time"]), float(row["CP_NONMEM"])) for row in rows(scenario) if row["evid"] == "0"]
    times, expected = np.array(printed).T
    run = simulate(model(scenario), regimen(scenario), until=float(times[-1]), tolerance=1e-9)
    # CP = A2 [mg] / (V [L] / 1000) is in ug/L, and a nmol of the drug is 0.5 ug here.
    found = 0.5 * run["CP"](times)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
