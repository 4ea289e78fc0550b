"""Paclitaxel against published summaries: mice of PMC9274295 and of a xenograft study, patients of the US label."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exodelivery.declare.regimen import bolus, infusion
from exodelivery.declare.shelf import find
from exodelivery.solve.simulate import simulate

MASS = 853.9e-3
"""Milligrams per litre in nmol/mL."""


def test_free_paclitaxel_in_the_mouse_is_as_printed() -> None:
    """18 mg/kg (PMC9274295, Table 3, n = 3): AUC 56.0 sd 26.9 mg h/L, second half-life 0.841 sd 0.164 h, MRT 0.894 sd
    0.409 h; tumour : plasma 0.7 and liver : plasma 3.6 in area over 8 h (Nanoscale Res Lett 2014;9:156, Table 2)."""
    run = simulate(find("paclitaxel_mouse", "model").swap(carrier="none"), bolus("18 mg/kg"), until=48, solver="lsoda")
    plasma = run["plasma_free"]
    assert plasma.integral(to=48) * MASS == pytest.approx(56.0, abs=26.9)
    assert math.log(2) / np.log(plasma(1.5) / plasma(4.0)) * 2.5 == pytest.approx(0.841, abs=0.164)
    times = np.linspace(0, 24, 4000)
    moment = np.trapezoid(times * plasma(times), times) / np.trapezoid(plasma(times), times)
    assert moment == pytest.approx(0.894, abs=0.409)
    assert run["tumour_total"].integral(to=8) / plasma.integral(to=8) == pytest.approx(0.7, rel=0.4)


@pytest.mark.parametrize(
    ("dose", "hours", "highest", "area"),
    [(135, 24, 195, 6300), (175, 24, 365, 7993), (135, 3, 2170, 7952), (175, 3, 3650, 15007)],
)
def test_paclitaxel_in_patients_follows_the_label_that_its_starts_were_made_from(
    dose: int, hours: int, highest: int, area: int
) -> None:
    """Means of 2 to 7 patients (US label of Taxol, Table 1), ng/mL and ng h/mL: a description, within 25 %."""
    given = infusion(f"{dose} mg/m2", over=f"{hours} h")
    run = simulate(find("paclitaxel_human", "model"), given, until=300, solver="lsoda")
    assert run["plasma_free"].maximum[0] * MASS * 1000 == pytest.approx(highest, rel=0.25)
    assert run["plasma_free"].integral(to=300) * MASS * 1000 == pytest.approx(area, rel=0.25)


def test_released_drug_is_asked_of_the_heart_too() -> None:
    model = find("doxorubicin_heart", "model")
    free = simulate(model.swap(carrier="none"), bolus("5 mg/kg"), until=168, solver="lsoda")
    held = simulate(model.swap(carrier="liposome_pegylated"), bolus("5 mg/kg"), until=168, solver="lsoda")
    for run in (free, held):
        assert 0 < run["heart_released"].integral(to=168) <= run["heart_total"].integral(to=168)
    assert free["heart_released"].maximum[0] > 5 * held["heart_released"].maximum[0]
