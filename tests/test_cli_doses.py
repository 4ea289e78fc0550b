"""Doses in the shell are those of Python: each begins with its amount, and what follows says more of it."""

from __future__ import annotations

import argparse

import pytest

from exodelivery.cli.command import Misuse
from exodelivery.cli.options import DOSE, dose, inputs
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.errors import DoseError


def given(*words: str) -> Regimen:
    parser = argparse.ArgumentParser()
    for names, settings in DOSE:
        parser.add_argument(*names, **settings)
    return dose(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--dose", "5 mg/kg"], bolus("5 mg/kg")),
        (["--every", "7 d", "--dose", "5 mg/kg", "--times", "3"], bolus("5 mg/kg", every="7 d", times=3)),
        (["--dose", "5 mg/kg", "--over", "2 h"], infusion("5 mg/kg", over="2 h")),
        (["--infusion", "5 mg", "--rate", "1 mg/h", "--lag", "1 h"], infusion("5 mg", rate="1 mg/h", lag="1 h")),
        (
            ["--infusion", "", "--rate", "1 mg/h", "--steady-state", "alone", "--at", "5"],
            infusion(rate="1 mg/h", steady_state="alone", at=5),
        ),
        (
            ["--dose", "1 mg", "--route", "po", "--bioavailability", "0.5", "--dose", "2 mg", "--label", "1 ID"],
            bolus("1 mg", route="po", bioavailability=0.5) + bolus("2 mg", label="1 ID"),
        ),
        (
            ["--dose", "1 mg", "--dose", "2 mg", "--whenever", "level < 1 nmol/mL"],
            bolus("1 mg") + bolus("2 mg").when("level < 1 nmol/mL", each=True),
        ),
    ],
)
def test_words_are_a_regimen(words: list[str], expected: Regimen) -> None:
    assert given(*words) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required: --dose"),
        (["--every", "7 d"], "required: --dose"),
        (["--dose", "1 mg", "--at", "1 h", "--at", "2 h"], "twice"),
        (["--dose", "1 mg", "--when", "time > 1 h", "--whenever", "time > 2 h"], "one condition"),
    ],
)
def test_words_that_are_none_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(Misuse, match=said):
        given(*words)


def test_an_infusion_without_an_end_is_refused() -> None:
    with pytest.raises(DoseError, match="a duration or a rate"):
        given("--infusion", "5 mg")


def test_an_input_is_a_course() -> None:
    found = inputs(["body.weight = 0 h: 20 g, 7 d: 22 g"], bolus("1 mg"))
    assert found == bolus("1 mg").varying("body.weight", [(0, "20 g"), (168, "22 g")])
    with pytest.raises(Misuse, match="NAME=TIME"):
        inputs(["body.weight=20 g"], bolus("1 mg"))
