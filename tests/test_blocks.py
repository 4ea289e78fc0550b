"""Any carrier takes any carrier's block in one line, and the check is clean: exosomes those of liposomes and back."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from itertools import cycle

import pytest

from exodelivery.checks.case import Case
from exodelivery.checks.check import RULES, check
from exodelivery.checks.findings import Issue
from exodelivery.declare.model import Model
from exodelivery.declare.shelf import find, library_folder
from exodelivery.declare.table import Table
from exodelivery.declare.tables import SLOTS

MODELS = library_folder() / "models"
PRINTED = {
    model.carrier.name
    for model in (find(path.stem, "model") for path in sorted(MODELS.glob("*.toml")))
    if model.is_published
}
"""Carriers of published models, which stand as they were printed, in the bodies that they were printed for."""
EVERY = {path.stem: find(path.stem, "carrier") for path in sorted((MODELS / "carriers").glob("*.toml"))}
CARRIERS = [name for name in EVERY if name != "none" and name not in PRINTED]


def users(slot: str, block: str) -> set[str]:
    return {name for name, one in EVERY.items() if one.use.get(slot) == find(block, slot)}


BLOCKS = [
    (slot, path.stem)
    for slot in SLOTS
    if SLOTS[slot].holder == "carrier"
    for path in sorted((MODELS / "blocks" / slot).glob("*.toml"))
    if not users(slot, path.stem) or users(slot, path.stem) - PRINTED
]
WRITTEN = ("names", "slots", "dimensions", "origins", "unused")
"""Rules that look at what is written; those that prove with sympy are run on each block once."""


@lru_cache(maxsize=32)
def lean(carrier: str) -> Model:
    """Return the mouse with its tumour and a carrier, without the cells' own blocks, which no carrier changes."""
    whole: Model = find("doxorubicin_mouse", "model")
    shown = Table({"plasma_total": whole.observables["plasma_total"]})
    return dataclasses.replace(whole, use=Table(), observables=shown).swap(carrier=carrier)


def spoken(issue: Issue) -> bool:
    """Whether an issue tells of the block; a body may hold values that one block does not read."""
    return issue.severity != "note" and not (issue.rule == "unused" and "body." in issue.message)


@pytest.mark.parametrize("carrier", ["exosome_natural", "liposome_pegylated"])
def test_a_carrier_takes_every_block_as_it_is_written(carrier: str) -> None:
    told = []
    for slot, block in BLOCKS:
        case = Case(lean(carrier).swap(**{slot: block}))
        told += [f"{slot}={block}: {i.message}" for rule in WRITTEN for i in RULES[rule](case) if spoken(i)]
    assert not told


@pytest.mark.parametrize(("block", "carrier"), list(zip(BLOCKS, cycle(CARRIERS), strict=False)), ids=str)
def test_a_block_is_sound_in_another_carrier(block: tuple[str, str], carrier: str) -> None:
    slot, name = block
    found = check(lean(carrier).swap(**{slot: name}))
    assert not [issue for issue in found if spoken(issue) and issue.rule != "cautions"], str(found)


def test_a_carrier_of_its_own_file_is_clean() -> None:
    for carrier in CARRIERS:
        case = Case(lean(carrier))
        assert not [i.message for rule in WRITTEN for i in RULES[rule](case) if spoken(i)], carrier


def test_a_block_whose_form_nobody_published_says_so() -> None:
    """MODELS, sections 1 to 4: what stands there as own form is assumed, and a page of the model tells it."""
    ours = {"permeability_pulse", "passive", "remote", "ph_triggered", "mps_competition", "mps_shielded", "anti_peg"}
    for slot, name in BLOCKS:
        if name in ours:
            assert find(name, slot).status == "assumed", name
    text = str(find("doxorubicin_mouse", "model").swap(carrier="exosome_pegylated"))
    assert "structure of our own: loading (passive), clearance (mps_shielded), immunity (anti_peg)" in text
