"""A carrier's values in another animal: exponents, what stays, and that each says it is an assumption."""

from __future__ import annotations

import pytest

from exodelivery.declare.allometry import scale
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.shelf import find
from exodelivery.errors import DeclarationError


def test_clearances_volumes_and_numbers_scale_and_rates_do_not() -> None:
    """70 kg over 20 g: 3500 to 0.75 is 455.1 (Kagan 2013, Knibbe 2005)."""
    mouse: Model = find("label_mouse", "model").swap(carrier="liposome_pegylated", immunity="anti_peg")
    human = scale(mouse, "human")
    assert human.body.name == "human" and human.carrier == mouse.carrier
    old, new = parameters_of(mouse), parameters_of(human)
    ratio = {name: new[name].quantity.base / old[name].quantity.base for name in old if name in new}
    assert ratio["clearance.CL_liver"] == pytest.approx(3500**0.75, rel=1e-3)
    assert ratio["uptake.CL_fast"] == pytest.approx(3500**0.75, rel=1e-3)
    assert ratio["immunity.half"] == pytest.approx(3500, rel=1e-3)
    for name in ("release.k_plasma", "clearance.k_digest", "loading.per_particle", "uptake.k_endo", "disposition.k_e"):
        assert ratio[name] == 1, name
    liver = new["clearance.CL_liver"].quantity
    assert liver.status == "assumed" and "not predictable" in liver.note
    assert liver.ends is not None and liver.ends[0] < liver.base < liver.ends[1]


def test_the_same_animal_changes_nothing_and_one_without_weight_is_refused() -> None:
    mouse: Model = find("label_mouse", "model")
    same = scale(mouse, "mouse")
    for name, parameter in parameters_of(mouse).items():
        assert parameters_of(same)[name].quantity.base == pytest.approx(parameter.quantity.base, rel=1e-3), name
    from dataclasses import replace

    with pytest.raises(DeclarationError, match="has no weight"):
        scale(mouse, replace(mouse.body, weight=None))
    with pytest.raises(DeclarationError, match="no slot"):
        scale(mouse, "human", slots=("clearence",))
