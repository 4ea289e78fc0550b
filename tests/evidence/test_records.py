"""Spreads, windows and identities of single records."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from exodelivery.declare.functionals import FUNCTIONALS
from exodelivery.errors import NOWHERE, EvidenceError
from exodelivery.evidence.identities import independent
from exodelivery.evidence.records import Record, What, read_what
from exodelivery.units import unit

RECORD = Record(
    study="s",
    arm="a",
    what=What("auc", "plasma_total"),
    against="",
    time=None,
    start=None,
    end=None,
    phase=None,
    value=10.0,
    unit="nmol*h/mL",
    printed_unit="nmol*h/mL",
    spread=None,
    spread_kind="none",
    n=None,
    limit="",
    use=True,
    note="",
    place=NOWHERE,
)


def of(functional: str, **fields: object) -> Record:
    return replace(RECORD, what=What(functional, "plasma_total"), **fields)  # type: ignore[arg-type]


def names(records: tuple[Record, ...]) -> list[str]:
    return [record.what.functional or "level" for record in records]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"spread": 2.0, "spread_kind": "sd", "n": 4}, 1.0),
        ({"spread": 2.0, "spread_kind": "sd"}, 2.0),
        ({"spread": 2.0, "spread_kind": "sem", "n": 4}, 2.0),
        ({"spread": 20.0, "spread_kind": "cv", "n": 4}, 1.0),
        ({"spread": (6.0, 14.0), "spread_kind": "ci95", "n": 4}, 8 / 3.919928),
        ({"spread": (6.0, 14.0), "spread_kind": "range", "n": 4}, 4 / 3.919928),
        ({}, None),
    ],
)
def test_the_spread_of_a_mean_follows_its_kind(fields: dict[str, object], expected: float | None) -> None:
    found = of("auc", **fields).sd_of_mean()
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-6))


def test_a_small_log_spread_is_the_relative_one_and_a_range_is_taken_on_the_log_scale() -> None:
    assert of("auc", spread=0.1, spread_kind="sem").log_sd == pytest.approx(0.01, rel=1e-3)
    wide = of("auc", value=None, spread=(1.0, 100.0), spread_kind="range")
    assert wide.centre == pytest.approx(10.0)
    assert wide.log_sd == pytest.approx(math.log(100) / 3.919928, rel=1e-6)
    assert of("auc").log_sd is None
    assert of("auc", value=-1.0, spread=0.1, spread_kind="sd").log_sd is None


def test_windows_without_ends_run_from_zero_to_infinity() -> None:
    assert of("auc").window == (0.0, math.inf)
    assert of("auc", start=0.0, end=24.0).window == (0.0, 24.0)


def test_what_is_an_observable_or_a_functional_of_one() -> None:
    assert read_what(" auc( plasma_total ) ") == What("auc", "plasma_total")
    assert read_what("blood_label") == read_what("level(blood_label)") == What(None, "blood_label")
    for bad in ("", "auc()", "auc(x", "x)", "auc(cmax(x))", "a.b", "auc(x) + 1", "x" * 300):
        with pytest.raises(EvidenceError):
            read_what(bad)


@pytest.mark.parametrize(
    ("functional", "expected"),
    [
        ("auc", "nmol*h/mL"),
        ("cl", "mL/h"),
        ("vss", "mL"),
        ("mrt", "h"),
        ("cmax", "nmol/mL"),
        ("half_life", "h"),
    ],
)
def test_the_table_of_functionals_gives_their_dimensions(functional: str, expected: str) -> None:
    found = FUNCTIONALS[functional].dimension(unit("nmol/mL").dimension, unit("nmol").dimension)
    assert found == unit(expected).dimension


def test_clearance_and_volume_count_once() -> None:
    kept, dropped = independent([of("cl"), of("auc"), of("vss"), of("mrt"), of("cmax")])
    assert names(kept) == ["auc", "mrt", "cmax"]
    assert names(tuple(drop.record for drop in dropped)) == ["cl", "vss"]
    assert "CL = D / AUC" in dropped[0].reason and "Vss" in dropped[1].reason


def test_the_member_without_a_spread_is_the_one_that_goes() -> None:
    kept, dropped = independent([of("auc"), of("cl", spread=1.0, spread_kind="sd")])
    assert names(kept) == ["cl"] and names((dropped[0].record,)) == ["auc"]


@pytest.mark.parametrize(
    "other",
    [
        {"start": 0.0, "end": 24.0},
        {"arm": "b"},
        {"study": "t"},
        {"against": "b"},
        {"limit": "<"},
        {"what": What("cl", "blood_total")},
    ],
)
def test_records_of_another_window_arm_matrix_or_kind_are_independent(other: dict[str, object]) -> None:
    kept, dropped = independent([of("auc"), replace(of("cl"), **other)])  # type: ignore[arg-type]
    assert len(kept) == 2 and dropped == ()


def test_numbers_that_must_not_be_used_are_in_neither_part() -> None:
    kept, dropped = independent([of("auc", use=False), of("cl")])
    assert names(kept) == ["cl"] and dropped == ()


def test_an_explicit_zero_start_is_the_same_window() -> None:
    kept, _ = independent([of("auc", start=0.0), of("cl")])
    assert names(kept) == ["auc"]
