"""What leaves the vial: three ways of reporting one loading, and what a block says of values that go too far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exodelivery.checks.check import check
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import bolus
from exodelivery.errors import DeclarationError, DoseError
from exodelivery.solve.product import product
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]

LEAK = {"parameters": {"k": "0.1 1/h"}, "flows": {"leak": "plasma.loaded -> plasma.free : k * plasma.loaded"}}
GIVEN: dict[str, Any] = {
    "parameters": {"share": "0.8 fraction", "each": "0.02 nmol/(1e9 particle)", "field": "1 kV/cm", "radius": "50 nm"},
    "outputs": {"loaded": "share", "free": "1 - share", "drug_per_particle": "each", "label": "1", "recovery": "0.4"},
    "cautions": {
        "weak": {"measure": "1.5 * field * radius", "below": "limit", "unit": "mV", "text": "too weak to open a pore"}
    },
}
GIVEN["parameters"]["limit"] = "200 mV"


def test_capacity_and_molecules_follow_from_drug_per_particle(assemble: Assemble) -> None:
    """0.8 x 0.02 nmol in 1e9 particles of 500 g/mol, 2e9 particles to a microgram: 1.6e-2 ug/ug, 9635 molecules."""
    made = product(
        assemble(carrier={"loading": GIVEN, "release": LEAK}, dose={"particles_per_protein": "2e9 particle/ug"})
    )
    assert made.molecules == pytest.approx(0.8 * 0.02e-9 / 1e9 * 6.02214076e23)
    assert made.capacity == pytest.approx(0.8 * 0.02e-9 * 500 * 1e6 * 2)
    assert made.recovery == 0.4
    assert "9.64e+03 molecules" in str(made) and "efficiency" not in str(made)


def test_a_caution_is_told_by_the_check_the_product_and_the_run_with_its_numbers(assemble: Assemble) -> None:
    """1.5 x 1 kV/cm x 50 nm is 7.5 mV (MODELS, L3)."""
    model = assemble(carrier={"loading": GIVEN, "release": LEAK})
    said = "too weak to open a pore (7.5 mV, below 200 mV)"
    assert [issue.message for issue in check(model).warnings if issue.rule == "cautions"] == [f"loading.weak: {said}"]
    assert product(model).cautions == (said,)
    assert f"caution: {said}" in simulate(model, bolus("1 nmol"), until=1).notes
    strong = {"loading.field": "40 kV/cm"}
    assert product(model, strong).cautions == ()
    assert not [issue for issue in check(model.with_values(strong)) if issue.rule == "cautions"]


@pytest.mark.parametrize(
    ("caution", "said"),
    [
        ({"measure": "field", "text": "x"}, "either below or above"),
        ({"measure": "field", "text": "x", "below": "1", "above": "2"}, "either below or above"),
        ({"measure": "field", "text": "x", "bellow": "1", "above": "2"}, "nearest: below"),
    ],
)
def test_a_caution_without_one_bound_is_refused(assemble: Assemble, caution: dict[str, str], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        assemble(carrier={"loading": {**GIVEN, "cautions": {"weak": caution}}, "release": LEAK})


def test_a_caution_of_another_dimension_or_of_pools_is_found(assemble: Assemble) -> None:
    for value, rule in (("1.5 * field", "dimensions"), ("plasma.free", "cautions")):
        caution = {"measure": value, "below": "limit", "unit": "mV", "text": "x"}
        block = {**LEAK, "cautions": {"weak": caution}, "parameters": {**LEAK["parameters"], **GIVEN["parameters"]}}
        found = check(assemble(carrier={"loading": GIVEN, "release": block}))
        assert rule in {issue.rule for issue in found.errors}, str(found)


def test_a_model_without_loading_has_no_product(assemble: Assemble) -> None:
    with pytest.raises(DoseError, match="nothing loads"):
        product(assemble())
