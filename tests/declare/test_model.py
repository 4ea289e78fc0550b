"""Models: blocks are swapped in one line, values are laid over, and a fingerprint tells one from another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from exodelivery.declare.block import Block
from exodelivery.declare.fingerprint import fingerprint
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.shelf import find, on_shelves
from exodelivery.declare.table import Table
from exodelivery.declare.tables import SLOTS
from exodelivery.errors import DeclarationError, ExodeliveryError

Assemble = Callable[..., Model]
BLOCKS = [(slot, name) for slot in SLOTS for name, _ in on_shelves(slot)]


@pytest.fixture(scope="module")
def model() -> Model:
    found: Model = find("doxorubicin_mouse", "model")
    return found


@pytest.mark.parametrize(("slot", "name"), BLOCKS)
def test_any_block_of_the_library_is_swapped_in_one_line(model: Model, slot: str, name: str) -> None:
    swapped = model.swap(**{slot: {"only": name} if SLOTS[slot].several else name})
    holder = swapped if SLOTS[slot].holder == "model" else getattr(swapped, SLOTS[slot].holder)
    used = holder.use[slot]
    assert (used["only"] if SLOTS[slot].several else used) == find(name, slot)
    others = {name: value for name, value in parameters_of(model).items() if name.partition(".")[0] != slot}
    assert {name: parameters_of(swapped)[name] for name in others} == others


def test_swapping_the_carrier_keeps_every_parameter_that_is_not_its_own(model: Model) -> None:
    own = {"loading", "release", "clearance", "uptake", "immunity", "carrier"}
    for carrier in ("none", "liposome_pegylated", "exosome_natural"):
        after = parameters_of(model.swap(carrier=carrier))
        for name, parameter in parameters_of(model).items():
            if name.partition(".")[0] not in own:
                assert after[name] == parameter


def test_a_slot_is_emptied_only_where_it_may_be(model: Model) -> None:
    assert "growth" not in model.swap(growth=None).use
    with pytest.raises(DeclarationError, match="may not be empty"):
        model.swap(uptake=None)
    with pytest.raises(DeclarationError, match="nearest: uptake"):
        model.swap(uptak="receptor")
    with pytest.raises(DeclarationError, match="cannot fill"):
        model.swap(growth=Block("effect"))


def test_a_swap_drops_the_values_that_were_set_for_what_is_gone(model: Model) -> None:
    changed = model.with_values({"uptake.v_int": "30 particle/cell/h", "growth.k_g": "0.006 1/h"})
    assert set(changed.swap(uptake="leaky_vessels").set) == {"growth.k_g"}
    assert set(changed.swap(carrier="liposome_leaky").set) == {"growth.k_g"}
    assert set(changed.swap(growth=None).set) == {"uptake.v_int"}


def test_the_models_set_goes_before_its_parts_and_those_before_the_block(assemble: Assemble) -> None:
    plain = assemble()
    assert parameters_of(plain)["disposition.k"].quantity.base == 0.2
    drug = replace(plain.drug, set=Table({"disposition.k": Quantity("0.3 1/h")}))  # type: ignore[type-var]
    assert parameters_of(replace(plain, drug=drug))["disposition.k"].quantity.base == 0.3
    both = replace(plain, drug=drug, set=Table({"disposition.k": Quantity("0.4 1/h")}))
    assert parameters_of(both)["disposition.k"].quantity.base == 0.4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"disposition.kk": "1 1/h"}, "no parameter"),
        ({"dispositon.k": "1 1/h"}, "names no block"),
        ({"disposition.k": "1 h"}, "dimension"),
        ({"disposition.k": 1.0}, "dimension"),
        ({"disposition.k": float("nan")}, "quantity"),
        ({"disposition": {"k": {"value": "1 mL"}}}, "dimension"),
        ({"k": "1 1/h"}, "names no block"),
        (3, "not a name"),
    ],
)
def test_a_set_that_sets_nothing_is_an_error(assemble: Assemble, given: Any, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        assemble(set=given)


def test_a_set_is_quoted_or_nested(assemble: Assemble) -> None:
    assert assemble(set={"disposition.k": "1 1/h"}) == assemble(set={"disposition": {"k": "1 1/h"}})
    with pytest.raises(DeclarationError, match="set twice"):
        assemble(set={"disposition.k": "1 1/h", "disposition": {"k": "1 1/h"}})


def test_a_value_laid_over_is_an_assumption_and_keeps_its_range_where_it_fits(model: Model) -> None:
    inside = parameters_of(model.with_values({"uptake.PS": "0.1 mL/h/g"}))["uptake.PS"].quantity
    outside = parameters_of(model.with_values({"uptake.PS": 100.0}))["uptake.PS"].quantity
    assert inside.range == ("0.002 mL/h/g", "0.3 mL/h/g")
    assert (outside.base, outside.range) == (100.0, None)
    read = parameters_of(model.with_values({"disposition.k_e": "2 1/h"}))["disposition.k_e"].quantity
    assert (read.status, read.source) == ("assumed", "")
    with pytest.raises(DeclarationError, match="dimension"):
        model.with_values({"uptake.PS": "0.1 mL/h"})
    with pytest.raises(DeclarationError, match=r"nearest: uptake\.PS"):
        model.with_values({"uptake.PSS": "0.1 mL/h/g"})


SITES = {"plasma": {"role": "blood", "volume": 1}, "medium": {"role": "medium", "volume": 1, "also": "isf"}}


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Body(sites={"free": {"role": "blood", "volume": 1}}), "word of the vocabulary"),
        (lambda: Body(sites={"uptake": {"role": "blood", "volume": 1}}), "word of the vocabulary"),
        (lambda: Body(sites={"plasma": {"role": "blod", "volume": 1}}), "nearest: blood"),
        (lambda: Body(sites={"plasma": {"role": "blood"}}), "needs a volume"),
        (lambda: Body(sites={"surface": {"role": "surface", "volume": 1}}), "has no volume"),
        (lambda: Body(sites=SITES, regions={"plasma": ["medium"]}), "declared twice"),
        (lambda: Body(sites=SITES, regions={"all": ["plasm"]}), "nearest: plasma"),
        (lambda: Body(sites=SITES, routes={"iv": "plasm"}), "nearest: plasma"),
        (lambda: Body(sites={**SITES, "isf": {"role": "interstitium", "volume": 1}}), "there already"),
        (lambda: Body(sites={**SITES, "dish": {"role": "medium", "volume": 1, "also": "isf"}}), "there already"),
        (lambda: Body(sites={"cell": {"role": "cell", "volume": 1, "within": "cel"}}), "nearest: cell"),
        (lambda: Body(populations={"cell": {"unit": "cell"}}), "unit and start"),
        (lambda: Body(weight="-"), "quantity"),
        (Drug, "molar_mass"),
        (lambda: Drug(molar_mass="5 g/mol", about=3), "is a text"),  # type: ignore[arg-type]
        (lambda: Carrier(dose={"particles": "1"}), "nearest: .*particles"),
        (lambda: Carrier(use={"efflux": Block("efflux")}), "no slot 'efflux'"),
        (lambda: Carrier(use={"release": {"a": Block("release")}}), "holds one block"),
        (lambda: Block("relaese"), "nearest: release"),
        (lambda: Block("release", duration="1 h"), "only a loading"),
        (lambda: Block("loading", outputs={"lodaed": 1}), "nearest: loaded"),
        (lambda: Block("release", passengers={"late": "free"}), "must ride"),
        (lambda: Block("release", outputs={"a": "b", "b": "a"}), "defined by itself"),
        (lambda: Block("release", parameters={"a": "1"}, outputs={"a": "2"}), "declared twice"),
        (lambda: Block("release", where=["tisue"]), "nearest: tissue"),
        (lambda: Model("m"), "needs a drug"),
    ],
)
def test_a_noun_refuses_what_means_nothing(build: Callable[[], Any], said: str) -> None:
    with pytest.raises(ExodeliveryError, match=said):
        build()


def test_an_observable_is_not_named_as_a_population(assemble: Assemble) -> None:
    body = {"populations": {"cell": {"unit": "cell", "start": 5}}}
    with pytest.raises(DeclarationError, match="is a population"):
        assemble(body=body, observables={"cell": {"formula": "count(cell)", "unit": "cell"}})


def test_the_fingerprint_is_of_what_moves_a_number(model: Model) -> None:
    same = fingerprint(model)
    assert len(same) == 64
    assert fingerprint(find("doxorubicin_mouse", "model")) == same
    assert fingerprint(replace(model, name="other", about="other words", observables=model.observables)) == same
    reversed_ = Table(dict(reversed(list(model.observables.items()))))
    assert fingerprint(replace(model, observables=reversed_)) == same


def test_the_fingerprint_changes_with_every_part_however_deep(model: Model) -> None:
    first, *others = model.observables.items()
    uptake = model.carrier.use["uptake"]
    PS = uptake.parameters["PS"]

    def with_PS(quantity: Quantity) -> Model:
        return model.swap(uptake=replace(uptake, parameters=uptake.parameters | {"PS": quantity}))

    changed = [
        model,
        with_PS(PS),
        with_PS(replace(PS, value="0.046 mL/h/g")),
        with_PS(replace(PS, range=("0.003 mL/h/g", "0.3 mL/h/g"))),
        with_PS(replace(PS, owner="body")),
        with_PS(replace(PS, status="measured")),
        model.swap(uptake=replace(uptake, name="other")),
        model.swap(growth=None),
        model.swap(body=replace(model.body, species="rat")),
        model.swap(carrier="exosome_natural"),
        replace(model, observables=Table(dict(others))),
        replace(model, observables=model.observables | {first[0]: replace(first[1], error="normal")}),
    ]
    assert len({fingerprint(one) for one in changed}) == len(changed)
    assert fingerprint(with_PS(replace(PS, about="told", note="told", source="told"))) == fingerprint(with_PS(PS))


def test_a_member_called_as_what_is_told_counts_all_the_same() -> None:
    before = Block(
        "release", parameters={"source": "1 1/h"}, flows={"note": "plasma.loaded -> out : source * plasma.loaded"}
    )
    after = replace(before, parameters=Table({"source": Quantity("2 1/h")}))
    other = replace(
        before,
        flows=Table({"note": before.flows["note"].__class__("plasma.loaded", "out", "2 * source * plasma.loaded")}),
    )  # type: ignore[arg-type]
    assert len({fingerprint(block) for block in (before, after, other)}) == 3


def test_a_table_is_frozen_and_hashes_by_content() -> None:
    table, turned = Table({"a": 1, "b": 2}), Table({"b": 2, "a": 1})
    assert table == turned
    assert hash(table) == hash(turned)
    with pytest.raises(AttributeError, match="frozen"):
        table.a = 3
    assert table.a == 1
    with pytest.raises(AttributeError, match="there are: a, b"):
        table.c  # noqa: B018
