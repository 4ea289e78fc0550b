"""Laws of release against their closed forms, with a second dose and with carriers that move between sites."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.regimen import bolus
from exodelivery.declare.shelf import find
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array

RELEASED = {"released": {"formula": "total(all, free) / (total(all, free) + total(all, loaded))", "unit": "1"}}
AGED = ("weibull", "korsmeyer_peppas", "higuchi", "burst", "carrier_interaction")


@lru_cache(maxsize=32)
def dish(release: str) -> Model:
    """Return carriers that go to and fro between blood and a still tissue and are never cleared, nor is drug."""
    rate = {"k": "0.2 1/h"}
    stir = Block(
        "uptake",
        "stir",
        parameters=rate,
        flows={"stir": "plasma.carrier <-> slow.carrier : k * plasma.carrier | k * slow.carrier"},
    )
    idle = {
        kind: Block(
            kind, "idle", parameters=rate, flows={"no": f"plasma.{form} -> slow.{form} : 0 * k * plasma.{form}"}
        )
        for kind, form in (("clearance", "carrier"), ("disposition", "free"))
    }
    given = Block(
        "loading",
        "all",
        outputs={"loaded": "1", "drug_per_particle": "each"},
        parameters={"each": "0.01 nmol/(1e9 particle)"},
    )
    sites = {"plasma": {"role": "blood", "volume": "V"}, "slow": {"role": "peripheral", "volume": "V"}}
    regions = {"all": ["plasma", "slow"]}
    release_block = find(release, "release")
    return Model(
        "dish",
        body=Body("dish", parameters={"V": "1 mL"}, sites=sites, routes={"iv": "plasma"}, regions=regions),
        drug=Drug("drug", molar_mass="500 g/mol", use={"disposition": idle["disposition"]}),
        carrier=Carrier(
            "bag",
            use={"loading": given, "release": release_block, "clearance": idle["clearance"], "uptake": stir},
        ),
        observables=RELEASED,
    )


def released(release: str, times: Array, values: dict[str, float]) -> Array:
    end = float(times[-1])
    run = simulate(
        dish(release), bolus("1 nmol"), until=end, values=values, solver="lsoda", tolerance=1e-10, keep=("all",)
    )
    assert run, run.outcome
    found: Array = run["released"](times)
    return found


@pytest.mark.parametrize(
    ("shape", "within"), [(0.5, 0.016), (0.6, 0.01), (0.8, 0.007), (1.0, 1e-6), (1.3, 0.01), (1.4, 0.016)]
)
def test_weibull_follows_its_closed_form_whatever_the_shape(shape: float, within: float) -> None:
    times = 20 * np.logspace(-3, 1.2, 60)
    found = released("weibull", times, {"release.shape": shape, "release.tau": 20.0})
    np.testing.assert_allclose(found, 1 - np.exp(-((times / 20) ** shape)), atol=within)


@pytest.mark.parametrize(("exponent", "within"), [(0.43, 0.013), (0.5, 0.014), (0.7, 0.014), (1.0, 0.026)])
def test_the_power_law_is_followed_over_the_first_60_per_cent(exponent: float, within: float) -> None:
    times = 60 * np.logspace(-3.5, np.log10(0.6) / exponent, 60)
    found = released("korsmeyer_peppas", times, {"release.n": exponent, "release.tau": 60.0})
    np.testing.assert_allclose(found, (times / 60) ** exponent, atol=within)


def test_higuchi_is_the_power_law_of_one_half() -> None:
    times = np.linspace(0.1, 100, 40)
    power = released("korsmeyer_peppas", times, {"release.n": 0.5, "release.tau": 60.0})
    np.testing.assert_allclose(released("higuchi", times, {"release.tau": 60.0}), power, rtol=1e-7)


def test_a_burst_leaves_its_part_and_then_the_rest() -> None:
    """Two exponentials: k_burst > k_slow, the part that stays leaves with a delay of one step."""
    burst, fast, slow, times = 0.3, 5.0, 0.01, np.linspace(0, 60, 40)
    found = released("burst", times, {"release.burst": burst, "release.k_burst": fast, "release.k_slow": slow})
    left = np.exp(-fast * times)
    left = left + (1 - burst) * fast / (fast - slow) * (np.exp(-slow * times) - np.exp(-fast * times))
    np.testing.assert_allclose(found, 1 - left, atol=1e-8)


def test_drug_that_the_carrier_holds_leaks_by_two_exponentials_and_held_fast_not_at_all() -> None:
    hold, let_go, leak, times = 1.7, 0.1, 0.06, np.linspace(0, 100, 30)
    names = {"release.k_hold": hold, "release.k_let_go": let_go, "release.k_leak": leak}
    matrix = np.array([[-(hold + leak), let_go], [hold, -let_go]])
    rates, ways = np.linalg.eig(matrix)
    inside = ways @ (np.exp(np.outer(rates, times)) * np.linalg.solve(ways, [1.0, 0.0])[:, None])
    np.testing.assert_allclose(released("carrier_interaction", times, names), 1 - inside.sum(axis=0), atol=1e-8)
    fast = released("carrier_interaction", times, {"release.k_hold": 1e5, "release.k_let_go": 1e-9})
    assert np.all(fast < 1e-5)
    free = released("carrier_interaction", times, {"release.k_hold": 1e-9, "release.k_leak": leak})
    np.testing.assert_allclose(free, 1 - np.exp(-leak * times), atol=1e-7)


def test_reversible_release_comes_to_rest_where_partition_parts_the_drug() -> None:
    """100 particles e9 of 5e-7 mL in all, K 100: inside K x 5e-5 mL for 1 mL outside, in one site."""
    values = {"release.k_leak": 2.0, "release.K": 100.0, "release.lumen": 5e-5, "uptake.k": 0.0}
    found = released("reversible", np.array([0.01, 200.0]), values)
    inside = 100 * 5e-5 * 100  # K x mL per 1e9 particle x 1e9 particle
    assert found[-1] == pytest.approx(1 / (1 + inside), rel=1e-5)
    assert found[0] == pytest.approx(2.0 * 0.01, rel=0.05)


@pytest.mark.parametrize("name", AGED)
def test_a_second_dose_starts_young(name: str) -> None:
    """Superposition: what two doses have released is what each has, the second that much later."""
    times = np.linspace(12.5, 60, 20)
    model = dish(name)
    two = simulate(
        model, bolus("1 nmol", times=2, every="12 h"), until=60, solver="lsoda", tolerance=1e-10, keep=("all",)
    )
    one = simulate(model, bolus("1 nmol"), until=60, solver="lsoda", tolerance=1e-10, keep=("all",))
    for pool in ("plasma.free", "slow.free"):
        np.testing.assert_allclose(two[pool](times), one[pool](times) + one[pool](times - 12), rtol=1e-6, atol=1e-9)


def test_acid_triggers_release() -> None:
    """k_neutral + (k_acid - k_neutral) / (1 + 10^(steep (pH - pH_half))) at the pH of blood, moved about the middle."""
    times = np.linspace(0, 20, 9)
    for acid in (7.4, 6.2, 5.0):
        rate = 0.005 + 0.995 / (1 + 10 ** (2 * (acid - 6.2)))
        found = released("ph_triggered", times, {"release.pH_blood": acid})
        np.testing.assert_allclose(found, 1 - np.exp(-rate * times), atol=1e-8)
