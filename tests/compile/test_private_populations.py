"""A block may have populations of its own, and cells that pass from one population to another stay in one ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exodelivery.checks.check import check
from exodelivery.compile.flatten import flatten
from exodelivery.declare.block import Block
from exodelivery.declare.files import build, document_of
from exodelivery.declare.model import Model
from exodelivery.declare.origin import NO_ORIGIN
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DeclarationError
from exodelivery.solve.simulate import simulate

Assemble = Callable[..., Model]

HOURS = np.linspace(0, 48, 25)
BODY = {
    "parameters": {"V": "2 mL", "v": "1e-6 mL/cell"},
    "sites": {
        "plasma": {"role": "blood", "volume": "V"},
        "isf": {"role": "interstitium", "volume": "V + v * count(dead)"},
        "cell": {"role": "cell", "volume": "v * count(cell)"},
    },
    "populations": {"cell": {"unit": "cell", "start": "1e6"}, "dead": {"unit": "cell", "start": "0"}},
}
KEEP = {"start": {"cell.free": "6"}, "flows": {"x": "isf.free -> out : 0 * isf.free"}}
IN_STEPS: dict[str, Any] = {
    "parameters": {"k": "0.1 1/h", "k_1": "0.3 1/h"},
    "populations": {
        "first": {"unit": "cell", "start": "0", "of": "dead"},
        "second": {"unit": "cell", "start": "0", "of": "dead"},
    },
    "flows": {
        "kill": {"flow": "cell -> first : k * count(cell)", "contents": "isf"},
        "on": "first -> second : k_1 * count(first)",
        "clear": "second -> out : k_1 * count(second)",
    },
}
SHOWN = {
    "cells": {"formula": "count(cell)", "unit": "cell"},
    "dead_cells": {"formula": "count(dead)", "unit": "cell"},
    "second": {"formula": "count(effect.second)", "unit": "cell"},
    "outside": {"formula": "isf.free", "unit": "nmol"},
}


@pytest.fixture(scope="module")
def dying(assemble: Assemble) -> Model:
    return assemble(body=BODY, drug=KEEP, use={"effect": IN_STEPS}, observables=SHOWN)


def test_cells_on_their_way_count_as_the_bodys(dying: Model) -> None:
    run = simulate(dying, Regimen(), until=48, tolerance=1e-10)
    k, k_1 = 0.1, 0.3
    first = 1e6 * k / (k_1 - k) * (np.exp(-k * HOURS) - np.exp(-k_1 * HOURS))
    # second' = k_1 (first - second): the second of two equal steps after a decaying source.
    ratio = k * k_1 / (k_1 - k)
    decay, step = np.exp(-k * HOURS), np.exp(-k_1 * HOURS)
    second = 1e6 * ratio * ((decay - step) / (k_1 - k) - HOURS * step)
    np.testing.assert_allclose(run["second"](HOURS), second, rtol=1e-6, atol=1e-2)
    np.testing.assert_allclose(run["dead_cells"](HOURS), first + second, rtol=1e-6, atol=1e-2)
    np.testing.assert_allclose(run["outside"](HOURS), 6 * (1 - decay), rtol=1e-6, atol=1e-9)


def test_cells_that_pass_over_stay_in_one_ledger(dying: Model) -> None:
    system = flatten(dying)
    ledgers = {variable.name: variable.ledger for variable in system.variables}
    assert ledgers["cell"] == ledgers["effect.first"] == ledgers["effect.second"] == "cell"
    assert "out.cell" in ledgers
    run = simulate(dying, Regimen(), until=48, tolerance=1e-10)
    assert run.residuals["cell"] < 1e-10
    assert not [issue for issue in check(dying) if issue.rule == "balances"]


def test_a_population_that_the_body_lacks_leaves_its_flows_out(assemble: Assemble) -> None:
    fewer = {**BODY, "sites": {**BODY["sites"], "isf": {"role": "interstitium", "volume": "V"}}}  # type: ignore[dict-item]
    fewer["populations"] = {"cell": BODY["populations"]["cell"]}  # type: ignore[index]
    plain = {
        "parameters": {"k": "0.1 1/h"},
        "flows": {
            "kill": {"flow": "cell -> out : k * count(cell)", "contents": "isf"},
            "die": "in -> dead : k * count(cell)",
        },
    }
    model = assemble(body=fewer, drug=KEEP, use={"effect": plain}, observables={"cells": SHOWN["cells"]})
    assert [left.flow for left in flatten(model).left_out] == ["effect.die"]
    assert not [issue for issue in check(model) if issue.rule in ("names", "slots") and issue.severity == "error"]


def test_a_block_with_populations_is_written_back_the_same() -> None:
    block = Block("effect", "steps", **IN_STEPS)
    assert build(document_of(block), "steps", NO_ORIGIN) == block


def test_a_slot_that_may_not_have_populations_says_so(assemble: Assemble) -> None:
    leak = {
        "populations": {"odd": {"unit": "cell", "start": "1"}},
        "flows": {"a": "plasma.loaded -> plasma.free : 0 * plasma.loaded"},
    }
    given = {"outputs": {"loaded": "1", "drug_per_particle": "1", "label": "1"}}
    found = check(assemble(carrier={"loading": given, "release": leak}))
    assert any("populations of its own" in issue.message for issue in found if issue.rule == "slots")


def test_one_name_is_one_thing() -> None:
    with pytest.raises(DeclarationError, match="declared twice"):
        Block("effect", "odd", parameters={"first": "1 1/h"}, populations=IN_STEPS["populations"])
