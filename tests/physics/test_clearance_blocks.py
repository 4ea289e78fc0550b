"""Clearance and immunity: what one block becomes at its limits is another block, and a second dose meets antibodies."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus
from exodelivery.declare.shelf import find
from exodelivery.solve.simulate import simulate
from exodelivery.solve.trajectory import Trajectory

SMALL, TIMES = bolus("1e10 particle"), np.linspace(0.05, 24, 30)


@lru_cache(maxsize=16)
def model(clearance: str, immunity: str | None = None) -> Model:
    whole: Model = find("label_mouse", "model")
    found = whole.swap(carrier="liposome_pegylated", clearance=clearance)
    return found.swap(immunity=immunity) if immunity else found


def run(
    clearance: str, dose: Regimen = SMALL, until: float = 24, immunity: str | None = None, **values: Any
) -> Trajectory:
    named = {name.replace("__", "."): value for name, value in values.items()}
    found = simulate(
        model(clearance, immunity),
        dose,
        until=until,
        values=named,
        solver="lsoda",
        keep=("plasma.carrier",),
    )
    assert found, found.outcome
    return found


def level(found: Trajectory, times: Any = TIMES) -> Any:
    return found["plasma.carrier"](times)


def test_one_clearance_and_no_exchange_is_one_exponential() -> None:
    found = run("total", clearance__CL=0.5, uptake__CL_fast=0.0)
    np.testing.assert_allclose(level(found), 10 * np.exp(-0.5 * TIMES), rtol=1e-6)


def test_exchange_with_fast_tissue_makes_two_compartments() -> None:
    """V 1 mL and 2.2 mL, CL 0.5 and Q 3 mL/h: the eigenvalues of the matrix."""
    found = run("total", clearance__CL=0.5, uptake__CL_fast=3.0)
    matrix = np.array([[-3.5, 3 / 2.2], [3.0, -3 / 2.2]])
    rates, ways = np.linalg.eig(matrix)
    curve = ways @ (np.exp(np.outer(rates, TIMES)) * np.linalg.solve(ways, [10.0, 0.0])[:, None])
    np.testing.assert_allclose(level(found), curve[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("clearance", "values", "other", "others"),
    [
        ("mps_michaelis_menten", {"clearance__K_half": 1e12}, "linear", {}),
        ("mps_competition", {"clearance__K_half": 1e12}, "linear", {}),
        (
            "mps_shielded",
            {"clearance__peg": 0.0, "clearance__cd47": 0.0, "clearance__opsonin": 0.0},
            "mps_saturable",
            {},
        ),
        (
            "mps_shielded",
            {"clearance__peg": 1.0},
            "linear",
            {"clearance__CL_liver": 0.0, "clearance__CL_spleen": 0.0},
        ),
    ],
)
def test_a_block_at_its_limit_is_another(
    clearance: str, values: dict[str, float], other: str, others: dict[str, float]
) -> None:
    np.testing.assert_allclose(level(run(clearance, **values)), level(run(other, **others)), rtol=1e-6)


def test_macrophages_that_are_full_take_up_no_more() -> None:
    """At first the level falls by (CL_liver + CL_spleen) / (1 + C/K) beside the other organs' 0.143 mL/h."""
    for dose, share in (("1e10 particle", 1 / 1.01), ("1e15 particle", 1 / 1001)):
        found = run(
            "mps_michaelis_menten", bolus(dose), 0.1, clearance__K_half=1e3, uptake__CL_fast=0.0, uptake__PS=0.0
        )
        fall = -np.log(level(found, 0.01) / level(found, 0.0)) / 0.01
        assert fall == pytest.approx(0.143 + 0.32 * share, rel=1e-3)


def test_a_dose_slows_the_clearance_of_the_animals_own_vesicles() -> None:
    keep = ("plasma.host.carrier",)
    hosts = []
    for dose in ("1e6 particle", "1e14 particle"):
        found = simulate(model("mps_competition"), bolus(dose), until=24, solver="lsoda", keep=keep)
        hosts.append(found["plasma.host.carrier"](TIMES))
    np.testing.assert_allclose(hosts[0], 10.0, rtol=1e-5)
    assert np.max(hosts[1]) > 50


def test_a_second_dose_is_cleared_faster_days_later_and_not_an_hour_later() -> None:
    def halves(gap: str) -> tuple[float, float]:
        hours = float(gap.partition(" ")[0]) * (24 if gap.endswith("d") else 1)
        found = run("linear", bolus("1e12 particle", times=2, every=gap), hours + 4, "anti_peg")
        after = found["plasma.carrier"](hours + 1e-6)
        first = found["plasma.carrier"](0.5) / found["plasma.carrier"](0)
        return float(first), float(found["plasma.carrier"](hours + 0.5) / after)

    soon, late = halves("1 h"), halves("7 d")
    assert soon[1] == pytest.approx(soon[0], rel=0.02)
    assert late[1] < 0.8 * late[0]


def test_a_carrier_that_primes_nothing_meets_no_antibody() -> None:
    dose = bolus("1e12 particle", times=2, every="7 d")
    times = np.linspace(1, 190, 20)
    primed = run("linear", dose, 192, "anti_peg", immunity__k_prime=0.0)
    np.testing.assert_allclose(level(primed, times), level(run("linear", dose, 192), times), rtol=1e-6, atol=1e-9)
