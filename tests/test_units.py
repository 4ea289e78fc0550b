"""Units: dimensions of our own, exact factors, and text that cannot do harm."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exodelivery.errors import UnitError
from exodelivery.units import (
    DIMENSIONLESS,
    base_unit,
    convert,
    dose_quantity,
    dose_unit,
    format_number,
    format_quantity,
    hours,
    quantity,
    to_base,
    unit,
)

KINDS = (
    ("h", "min", "d", "wk", "s"),
    ("nmol", "mol", "umol", "pmol", "molecule"),
    ("mL", "L", "uL", "cm3", "mm^3"),
    ("nmol/mL", "uM", "nM", "mmol/L"),
    ("mL/h", "uL/min", "L/d"),
    ("%ID/g", "ID/kg", "%ID/mg"),
    ("particle/mL", "1e9 particle/uL", "particles/L"),
    ("ng*h/mL", "mg*min/L"),
    ("particle/cell/h", "particle/cell/d"),
)


@pytest.mark.parametrize(
    ("text", "factor", "dimension"),
    [
        ("", 1.0, "1"),
        ("1", 1.0, "1"),
        ("%", 0.01, "1"),
        ("1/h", 1.0, "1/time"),
        ("h-1", 1.0, "1/time"),
        ("mL min-1", 60.0, "volume/time"),
        ("mL/min", 60.0, "volume/time"),
        ("week", 168.0, "time"),
        ("ug", 1e-6, "mass"),
        ("µg", 1e-6, "mass"),
        ("μg", 1e-6, "mass"),
        ("µL", 1e-3, "volume"),
        ("M", 1e6, "amount/volume"),
        ("uM", 1.0, "amount/volume"),
        ("µM", 1.0, "amount/volume"),
        ("pM", 1e-6, "amount/volume"),
        ("particle", 1e-9, "carrier"),
        ("particle/ug", 1e-3, "carrier/mass"),
        ("%ID/g", 0.01, "ID/mass"),
        ("m2", 1e4, "length^2"),
        ("m^2", 1e4, "length^2"),
        ("m**2", 1e4, "length^2"),
        ("nmol·h/mL", 1.0, "amount*time/volume"),
        ("ng*h/mL", 1e-9, "mass*time/volume"),
        ("mg/(L*h)", 1e-6, "mass/volume/time"),
        ("IU/mL", 1.0, "activity/volume"),
        ("g/mol", 1e-9, "mass/amount"),
        ("mL^(1/3)", 1.0, "length"),
    ],
)
def test_units_have_their_factor_and_dimension(text: str, factor: float, dimension: str) -> None:
    read = unit(text)
    assert math.isclose(read.factor, factor, rel_tol=1e-14)
    assert str(read.dimension) == dimension


def test_particles_are_no_amount_of_substance() -> None:
    assert unit("nmol/h").dimension != unit("particle/h").dimension
    with pytest.raises(UnitError, match=r"carrier.*amount"):
        convert(2e9, "particle", "nmol")


def test_cells_particles_and_doses_are_three_things() -> None:
    assert len({unit(word).dimension for word in ("cell", "particle", "ID", "IU", "nmol", "1")}) == 6


def test_a_dose_per_body_weight_is_not_a_pure_number() -> None:
    assert str(dose_unit("mg/kg").dimension) == "mass/body"
    assert str(dose_unit("particle / kg").dimension) == "carrier/body"
    assert str(dose_unit("mg/m^2").dimension) == "mass/surface"
    assert unit("mg/kg").dimension == DIMENSIONLESS
    assert dose_unit("mL/h") == unit("mL/h")
    value, its_unit = dose_quantity("5 mg/kg")
    assert value * its_unit.factor == pytest.approx(0.005)
    assert base_unit(its_unit.dimension) == "g/kg_body"
    assert unit("g/kg_body").dimension == its_unit.dimension


pairs = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.sampled_from(kind), st.sampled_from(kind)))


@given(pairs, st.floats(-1e12, 1e12))
def test_converting_there_and_back_gives_the_same_value(pair: tuple[str, str], value: float) -> None:
    source, target = pair
    assert convert(convert(value, source, target), target, source) == pytest.approx(value, rel=1e-12)


@given(st.sampled_from([text for kind in KINDS for text in kind]))
def test_the_base_unit_reads_back_with_factor_one(text: str) -> None:
    dimension = unit(text).dimension
    base = unit(base_unit(dimension))
    assert base.dimension == dimension
    assert base.factor == 1.0


@given(st.lists(st.sampled_from(["mL", "h", "nmol", "particle", "cell"]), max_size=4), st.integers(1, 3))
def test_dimensions_form_a_group(words: list[str], power: int) -> None:
    product = DIMENSIONLESS
    for word in words:
        product = product * unit(word).dimension
    assert (product / product).is_one
    assert (product**power) ** Fraction(1, power) == product
    assert unit(base_unit(product)).dimension == product


def test_mass_and_amount_convert_through_the_molar_mass_alone() -> None:
    doxorubicin_like = 500e-9
    assert convert(500.0, "ng/mL", "uM", molar_mass=doxorubicin_like) == pytest.approx(1.0)
    assert convert(1.0, "uM", "ng/mL", molar_mass=doxorubicin_like) == pytest.approx(500.0)
    with pytest.raises(UnitError, match="molar mass"):
        convert(1.0, "uM", "ng/mL")
    with pytest.raises(UnitError, match="do not convert"):
        convert(1.0, "uM", "ng/h", molar_mass=doxorubicin_like)
    with pytest.raises(UnitError, match="not positive"):
        convert(1.0, "uM", "ng/mL", molar_mass=0.0)


def test_arrays_convert_as_a_whole() -> None:
    assert np.allclose(convert(np.array([1.0, 2.0]), "d", "h"), [24.0, 48.0])


def test_an_error_names_both_dimensions_and_the_nearest_words() -> None:
    with pytest.raises(UnitError, match=r"volume/time.*amount/volume"):
        convert(1.0, "mL/h", "uM")
    with pytest.raises(UnitError, match=r"(?s)'particel'.*nearest: particle"):
        unit("particel/h")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.015 mL/h", 0.015),
        ("20 particle/cell/h", 2e-8),
        ("5", 5.0),
        ("12 %", 0.12),
        ("12%", 0.12),
        ("-3 s", -3 / 3600),
        ("1e8 cell", 1e8),
        (".5 1/h", 0.5),
        ("2 1e9 particle", 2.0),
        ("+2. g", 2.0),
    ],
)
def test_quantities_are_read_number_first(text: str, value: float) -> None:
    assert to_base(text) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mL",
        "nan mL",
        "inf",
        "1e999 g",
        "--1 g",
        "/h",
        "0.5/h",
        "1 200 mL",
        "1,5 mL",
        "5 mg plasma",
        "1 2",
    ],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        quantity(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "g; import os", "mL\nh", "mL\x00", "10⁶ particle", "g" * 201, "(g", "g)",
        "(" * 100 + "g" + ")" * 100, "g**99", "g^(1/0)", "1e999 g", "0 g", "1e-999", "1e300*1e300",
        "((((1.1^12)^12)^12)^12)^12", "(1e300*1e300)^0.5", "/h", "g/", "g//h", "*", "m.g", "g^",
        "nmol/1e9 particle", "mL/min kg", "lambda", "particle_", "²",
    ],
)  # fmt: skip
def test_hostile_or_unclear_text_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(UnitError):
        unit(text)
    assert time.perf_counter() - start < 2


@given(st.text(alphabet="gmLh 1029.e+-*/^()%IDµ", max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    try:
        read = unit(text)
    except UnitError:
        return
    assert 0 < read.factor < math.inf


def test_times_are_hours() -> None:
    assert (hours("7 d"), hours("30 min"), hours("0 h")) == (168.0, 0.5, 0.0)
    assert hours(24) == hours("24") == 24.0
    with pytest.raises(UnitError, match="not a time"):
        hours("5 mL")
    with pytest.raises(UnitError, match="not finite"):
        hours(math.nan)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (412.345, "412.3"),
        (1e9, "1e9"),
        (-2.5e-7, "-2.5e-7"),
        (0.00123456, "0.001235"),
        (999.96, "1000"),
        (99999.6, "100000"),
        (120000.0, "120000"),
    ],
)
def test_numbers_are_shown_without_noise(value: float, shown: str) -> None:
    assert format_number(value) == shown


@given(st.floats(1e-12, 1e12), st.sampled_from(["nmol/mL", "1/h", "%ID/g", "1", "1e9 particle"]))
def test_a_shown_quantity_reads_back(value: float, text: str) -> None:
    shown = format_quantity(value, text, digits=12)
    number, its_unit = quantity(shown)
    assert number == pytest.approx(value, rel=1e-10)
    assert its_unit.dimension == unit(text).dimension


def test_pint_is_not_imported_before_a_unit_is_read() -> None:
    code = "import sys, exodelivery.units; sys.exit('pint' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
