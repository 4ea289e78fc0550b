"""Designs of a carrier whose every metric is known: the area is dose / (volume x rate), and the rate has a knob."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.errors import DeclarationError, DoseError, ExodeliveryError, SimulationError
from exodelivery.judge.inverse.design import divided
from exodelivery.judge.inverse.knobs import KNOBS, Evidence, Knob, Relation
from exodelivery.judge.inverse.result import Designs
from exodelivery.reports.pieces import Plot, Rows, pieces_of
from exodelivery.reports.sections.table import section_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from toys import assumed, carrier, model

BY = Relation("clearance.k", power=-1.0, status="derived", source="a test")
STAY = Knob("stay", "how long it stays", 0.5, 4.0, 1.0, (BY,), (Evidence(0.8, 2.0, "a test"),))
TOTAL = "total drug in tumour"


def world(**options: object) -> Designs:
    slow = carrier("slow", assumed("0.1 1/h", "0.05 1/h", "0.2 1/h"))
    asked = {
        "knobs": [STAY, "dose"],
        "objectives": [TOTAL, "drug given"],
        "horizon": 4000.0,
        "draws": 4,
        "start": 8,
        "rounds": 1,
        **options,
    }
    return exo.design(model(slow), exo.bolus("10 nmol"), **asked)


@pytest.fixture(scope="module")
def found() -> Designs:
    return world()


def test_each_design_is_the_carrier_times_its_knobs(found: Designs) -> None:
    """The area goes with stay x dose at every draw, so medians and ends do too."""
    own = found.designs[0]
    for one in found.designs:
        factor = one.knobs["stay"] * one.knobs["dose"]
        assert one.medians[TOTAL] == pytest.approx(own.medians[TOTAL] * factor, rel=1e-3)
        assert one.high[TOTAL] == pytest.approx(own.high[TOTAL] * factor, rel=1e-3)
        assert one.medians["drug given"] == pytest.approx(10 * one.knobs["dose"], rel=1e-4)


def test_the_fronts_are_those_of_the_longest_stay(found: Designs) -> None:
    """No design beats a longer stay at the same dose, so along a front more area is more drug."""
    for front in (found.within, found.beyond):
        areas = [one.medians[TOTAL] for one in front]
        drugs = [one.medians["drug given"] for one in front]
        assert areas == sorted(areas, reverse=True)
        assert drugs == sorted(drugs, reverse=True)
    assert max(one.knobs["stay"] for one in found.within) > 1.5
    assert max(one.knobs["stay"] for one in found.beyond) > 3


def test_designs_beyond_the_evidence_are_set_apart(found: Designs) -> None:
    for one in found.designs:
        assert bool(one.outside) == (not 0.8 <= one.knobs["stay"] <= 2.0)
    assert found.headline.startswith("Within the evidence")
    assert "beyond in stay" in found.headline


def test_a_power_that_is_not_known_is_drawn_with_the_doubt() -> None:
    """With power 1 +- s the log ratio to the carrier as it is spreads by s log(knob); without a range by nothing."""
    unsure = Relation("clearance.k", power=-1.0, range=(-2.0, 0.0), source="a test")
    sure, wide = (
        world(
            knobs=[Knob("stay", "", 0.5, 4.0, 1.0, (one,))],
            objectives=[TOTAL, "less plasma AUC"],
            draws=40,
            rounds=0,
            start=2,
        )
        for one in (BY, unsure)
    )
    spans = [
        [math.log(one.high[TOTAL] / one.low[TOTAL]) for one in sorted(some.designs, key=lambda d: d.knobs["stay"])]
        for some in (sure, wide)
    ]
    assert np.ptp(spans[0]) < 1e-3
    assert np.ptp(spans[1]) > 0.1


def test_a_constraint_holds_with_its_probability() -> None:
    """Area of at least 100 in every draw; the carrier as it is gives about 50."""
    one = world(require={TOTAL: ("100 nmol*h/mL", 0.9)})
    assert not one.designs[0].kept
    for design in one.front:
        assert design.kept
        assert design.chances[0] >= 0.9
    never = world(require={TOTAL: ("1e6 nmol*h/mL", 0.9)}, rounds=0)
    assert never.headline.startswith("No design that was tried keeps P(total drug in tumour at least 1e6")


def test_the_seed_decides(found: Designs) -> None:
    assert str(world()) == str(found)
    assert str(world(seed=2)) != str(found)


def test_a_dose_is_divided_and_no_less() -> None:
    once = world(knobs=["doses"], rounds=0, start=4)
    assert {one.knobs["doses"] for one in once.designs} >= {1.0, 2.0}
    assert [one.medians["drug given"] for one in once.designs] == pytest.approx([10.0] * len(once.designs), rel=1e-5)
    assert [one.medians[TOTAL] for one in once.designs] == pytest.approx(
        [once.designs[0].medians[TOTAL]] * len(once.designs), rel=1e-3
    )
    with pytest.raises(DoseError, match="one dose"):
        divided(exo.bolus("5 mg/kg", every="7 d", times=2), 2)


def test_the_section_holds_front_relations_and_figure(found: Designs) -> None:
    pieces = [placed.piece for placed in pieces_of(section_of(found))]
    tables = [piece for piece in pieces if isinstance(piece, Rows)]
    assert [row[0] for row in tables[1].rows] == ["stay"]
    assert sum(isinstance(piece, Plot) for piece in pieces) == 1
    assert found.table()["on the front"].sum() == len(found.front)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objectives": [TOTAL]}, "two different"),
        ({"objectives": [TOTAL, "plasma AUC"]}, "neither way"),
        ({"objectives": [TOTAL, "tumour"]}, "no metric"),
        ({"require": {TOTAL: ("5 mL", 0.8)}}, "is no total"),
        ({"require": {TOTAL: ("5 nmol*h/mL", 2.0)}}, "probability"),
        ({"knobs": ["loding"]}, "no knob"),
        ({"knobs": ["stealth"]}, "no knob is left"),
        ({"draws": 1}, "too few"),
    ],
)
def test_bad_input_is_one_clear_error(options: dict[str, object], words: str) -> None:
    with pytest.raises((SimulationError, DeclarationError), match=words) as caught:
        world(**options)
    assert isinstance(caught.value, ExodeliveryError)


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        ({"law": "adds"}, "law"),
        ({"status": "assumed"}, "without a range"),
        ({"status": "literature"}, "no source"),
        ({"power": 3.0, "range": (0.0, 1.0)}, "not within"),
    ],
)
def test_a_relation_is_checked(relation: dict[str, object], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        Relation("uptake.PS", **relation)


def test_every_relation_of_the_table_says_who_says_so() -> None:
    for knob in KNOBS:
        for relation in knob.relations:
            assert relation.source, (knob.name, relation.parameter)
        for evidence in knob.evidence:
            assert evidence.source, knob.name
