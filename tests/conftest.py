"""Shared fixtures: small models built in Python, so that a test states all that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug

# Doctests are collected from modules, and two files called conftest cannot both be one.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

Assemble = Callable[..., Model]

PLASMA = {"plasma": {"role": "blood", "volume": "V"}}
LEAVE = {"parameters": {"k": "0.2 1/h"}, "flows": {"leave": "plasma.free -> out : k * plasma.free"}}
LEVEL = {"level": {"formula": "conc(plasma.free)", "unit": "nmol/mL"}}


def assembled(
    *,
    body: Mapping[str, Any] | None = None,
    drug: Mapping[str, Any] | None = None,
    carrier: Mapping[str, Mapping[str, Any]] | None = None,
    dose: Mapping[str, Any] | None = None,
    use: Mapping[str, Any] | None = None,
    observables: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Model:
    """Return a model: one compartment of 2 mL with elimination at 0.2 1/h unless told otherwise."""
    parts = {"parameters": {"V": "2 mL"}, "sites": PLASMA, "routes": {"iv": "plasma"}, **(body or {})}
    circulation = {slot: Block(slot, slot, **members) for slot, members in parts.pop("use", {}).items()}
    blocks = {slot: Block(slot, slot, **members) for slot, members in (carrier or {}).items()}
    return Model(
        "small",
        body=Body("small_body", use=circulation, **parts),
        drug=Drug(
            "small_drug", molar_mass="500 g/mol", use={"disposition": Block("disposition", "d", **(drug or LEAVE))}
        ),
        carrier=Carrier("small_carrier" if blocks else "none", use=blocks, dose=dose or {}),
        use={slot: _filled(slot, given) for slot, given in (use or {}).items()},
        observables=observables or LEVEL,
        **rest,
    )


def _filled(slot: str, given: Mapping[str, Any]) -> Any:
    if "flows" in given or "states" in given:
        return Block(slot, slot, **given)
    return {label: Block(slot, label, **members) for label, members in given.items()}


@pytest.fixture(scope="session")
def assemble() -> Assemble:
    """The builder of small models; see :func:`assembled`."""
    return assembled
