"""Loading blocks of the library against closed forms and limits: partition, pulses, pores, a pH gradient, storage."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import pytest

from exodelivery.declare.model import Model
from exodelivery.declare.shelf import find
from exodelivery.solve.product import Product, product

PI = math.pi
CLEAN: dict[str, Any] = {"loading.storage": "0 h", "loading.k_adhere": "0 1/h", "loading.left": 0.5}
SPHERE, BALL = 4 * PI * 50e-7**2 * 1e11, 4 / 3 * PI * 50e-7**3 * 1e11
"""Surface [cm2] and inside [mL] of 1e11 vesicles of 50 nm; the vial holds 0.4 mL and 5 nmol of drug."""


@lru_cache(maxsize=16)
def model(loading: str) -> Model:
    found: Model = find("label_mouse", "model")
    return found.swap(carrier="exosome_natural", loading=loading)


def made(loading: str, **values: Any) -> Product:
    named = {f"loading.{name}": value for name, value in values.items()}
    return product(model(loading), CLEAN | named)


def inside(found: Product) -> float:
    """Drug inside the carriers of the vial over drug offered."""
    return found.efficiency / found.recovery


def test_passive_loading_follows_its_closed_form() -> None:
    """MODELS, L1: A_eq (1 - exp(-kt)), k = PS (1/V_o + 1/(K V_v))."""
    room, speed = 100 * BALL, 2e-4 * SPHERE
    for hours in (0.1, 1.0, 30.0):
        end = room / (0.4 + room) * (1 - math.exp(-speed * (1 / 0.4 + 1 / room) * hours))
        found = made("passive", P="2e-4 cm/h", duration=hours)
        assert inside(found) == pytest.approx(end, rel=1e-6)
        assert found.recovery == pytest.approx(0.4)


def test_no_permeability_loads_nothing_and_no_loading_passes_partition() -> None:
    assert inside(made("passive", P="0 cm/h")) == pytest.approx(0, abs=1e-12)
    most = 1000 * BALL / (0.4 + 1000 * BALL)
    assert inside(made("passive", P="10 cm/h", K=1000.0)) == pytest.approx(most, rel=1e-5)
    assert inside(made("permeability_pulse", P_open="10 cm/h", K=1000.0, k_break="0 1/h")) <= most * (1 + 1e-6)


def test_what_adheres_is_lost_on_washing_and_what_is_stored_leaks() -> None:
    held = {"P": "0 cm/h", "k_adhere": "6 1/h", "k_detach": "3 1/h", "duration": "20 h", "left": 0.0}
    washed, stored = made("passive", **held, stays=0.25), made("passive", **held, stays=0.25, storage="50 h")
    assert inside(washed) == pytest.approx(2 / 3 * 0.25, rel=1e-6)
    assert washed.free == 0 and washed.adsorbed == pytest.approx(1)
    assert stored.adsorbed == pytest.approx(math.exp(-0.002 * 50), rel=1e-6)
    assert stored.free == pytest.approx(1 - stored.adsorbed, rel=1e-6)
    assert stored.drug_per_particle == pytest.approx(washed.drug_per_particle)


def test_work_that_opens_nothing_is_incubation_and_work_that_breaks_loses_carriers() -> None:
    calm = made("permeability_pulse", P_open="0 cm/h", k_break="0 1/h", P="2e-4 cm/h")
    assert inside(calm) == pytest.approx(inside(made("passive", P="2e-4 cm/h")), rel=1e-6)
    rough = made("permeability_pulse", k_break="10 1/h", work="6 min")
    assert rough.recovery == pytest.approx(0.4 * math.exp(-1), rel=1e-5)


def test_a_pulse_loads_what_its_open_time_lets_in() -> None:
    """Far from rest the drug that enters is P_open S C x the time open, which is work plus resealing."""
    found = made(
        "permeability_pulse", P="0 cm/h", P_open="1e-6 cm/h", k_break="0 1/h", t_open="0.001 min", duration="4 h"
    )
    share = (1 / 0.001) / (1 / 0.001 + 1 / 20)
    opened = share * 6 / 60 + share * 20 / 60 * (1 - math.exp(-(240 - 6) / 20))
    assert inside(found) == pytest.approx(1e-6 * SPHERE / 0.4 * opened, rel=2e-3)


def test_pores_that_a_usual_field_opens_in_a_vesicle_are_none() -> None:
    """MODELS, L3: 1 kV/cm lays 7.5 mV across a vesicle of 50 nm; 1 V needs about 133 kV/cm."""
    weak, strong = (
        made("electroporation_pores", P="0 cm/h"),
        made("electroporation_pores", P="0 cm/h", field="133 kV/cm"),
    )
    assert any("7.5 mV, below 236 mV" in text for text in weak.cautions) and len(weak.cautions) == 2
    assert inside(weak) < 1e-6
    assert not strong.cautions
    assert inside(strong) > 1000 * inside(weak)


def test_pores_let_in_what_their_area_and_their_life_allow() -> None:
    """Pores before resealing: creation x exp((U/V)^2) x area x pulse; each passes D h pi r^2 / d for 4 s."""
    found = made("electroporation_pores", P="0 cm/h", field="60 kV/cm", K=1e6)
    voltage = 1.5 * 60e3 * 50e-7
    pores = 1e9 * 1e-4 * math.exp((voltage / 0.2357) ** 2) * (4 * PI * 50e-7**2) * 2 * 5e-3
    room = 0.02 * 4 * 50**2
    pores = room * (1 - math.exp(-pores / room))
    let_in = pores * 1e11 * 0.2 * 5e-6 * PI * 1e-14 / 5e-7 * 4 / 0.4
    assert inside(found) == pytest.approx(1 - math.exp(-let_in), rel=1e-3)


def test_a_weak_base_is_parted_by_the_gradient_of_pH() -> None:
    """MODELS, L2: C_i/C_o = (1 + 10^(pKa - pH_i)) / (1 + 10^(pKa - pH_o)), with a buffer that holds the pH."""
    still = {"ammonium": 1e-6, "buffer": 1e9, "soluble": "1e6 nmol/uL", "P_drug": "500 cm/h", "duration": "20 h"}
    for pH_in in (5.5, 7.4):
        ratio = (1 + 10 ** (8.46 - pH_in)) / (1 + 10 ** (8.46 - 7.4))
        share = ratio * BALL / (0.4 + ratio * BALL)
        assert inside(made("remote", **still, pH_in=pH_in)) == pytest.approx(share, rel=1e-4)


def test_ammonium_and_a_salt_load_what_a_bare_gradient_cannot() -> None:
    rest = {"duration": "20 h", "P_drug": "50 cm/h"}
    bare = inside(made("remote", **rest, ammonium="0.001 nmol/uL", buffer="10 nmol/uL"))
    salt = inside(made("remote", **rest))
    assert bare < 0.2 * salt
    assert salt > 0.9
    # How fast charges even out is of no moment; a great offer fills the room that ammonium, and a little buffer, make.
    assert inside(made("remote", **rest, k_even="1e6 1/h")) == pytest.approx(salt, rel=1e-3)
    assert 300e3 * BALL < inside(made("remote", **rest, offered="1 nmol/(1e9 particle)")) * 100 < 320e3 * BALL
