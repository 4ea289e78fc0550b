"""Dimensions of expressions: right ones pass, wrong ones are named where they are wrong."""

from __future__ import annotations

import pytest

from exodelivery.expr.as_text import as_text
from exodelivery.expr.as_units import DimensionMismatch, dimension
from exodelivery.expr.read import read
from exodelivery.expr.tree import Call, Name
from exodelivery.units import Dimension, unit

UNITS = {
    "k": "1/h",
    "PS": "mL/h",
    "V": "mL",
    "v_int": "particle/cell/h",
    "K_int": "particle/mL",
    "EC50": "nmol/mL",
    "h": "1",
    "plasma.free": "nmol",
    "plasma.carrier": "particle",
    "conc(plasma.free)": "nmol/mL",
    "conc(isf.carrier)": "particle/mL",
    "count(cell)": "cell",
    "mass(tumour)": "g",
    "total(tumour, drug)": "nmol",
}


def lookup(node: Name | Call) -> Dimension:
    return unit(UNITS[as_text(node)]).dimension


@pytest.mark.parametrize(
    ("text", "its_unit"),
    [
        ("PS * conc(plasma.free)", "nmol/h"),
        ("v_int * count(cell) * conc(isf.carrier) / (K_int + conc(isf.carrier))", "particle/h"),
        ("total(tumour, drug) / mass(tumour)", "nmol/g"),
        ("(conc(plasma.free) / EC50)**h", "1"),
        ("hill(conc(plasma.free), EC50, h)", "1"),
        ("V**(2/3)", "cm^2"),
        ("sqrt(V * V)", "mL"),
        ("k * exp(-k / k)", "1/h"),
        ("max(plasma.free, 0)", "nmol"),
        ("0 + k", "1/h"),
        ("when(plasma.free > 0, k, 0)", "1/h"),
        ("when(conc(plasma.free) < EC50, k, 2 * k)", "1/h"),
        ("-abs(k)", "1/h"),
        ("2 / k", "h"),
    ],
)
def test_right_expressions_have_their_dimension(text: str, its_unit: str) -> None:
    assert dimension(read(text), lookup) == unit(its_unit).dimension


@pytest.mark.parametrize(
    ("text", "node", "left", "right"),
    [
        ("k * (plasma.free + plasma.carrier)", "plasma.free + plasma.carrier", "amount", "carrier"),
        ("1 + k", "1 + k", "1", "1/time"),
        ("exp(2 * k)", "exp(2 * k)", "1/time", "1"),
        ("log(V) * k", "log(V)", "volume", "1"),
        ("conc(plasma.free)**h / EC50**h", "conc(plasma.free)**h", "amount/volume", "1"),
        ("2**V", "2**V", "volume", "1"),
        ("min(k, V, k)", "min(k, V, k)", "1/time", "volume"),
        ("hill(plasma.free, EC50, h)", "hill(plasma.free, EC50, h)", "amount", "amount/volume"),
        ("hill(EC50, EC50, V)", "hill(EC50, EC50, V)", "volume", "1"),
        ("when(k < V, 1, 2)", "k < V", "1/time", "volume"),
        ("when(k < k, k, 2)", "when(k < k, k, 2)", "1/time", "1"),
    ],
)
def test_wrong_expressions_name_the_part_and_both_dimensions(text: str, node: str, left: str, right: str) -> None:
    with pytest.raises(DimensionMismatch) as caught:
        dimension(read(text), lookup)
    fault = caught.value
    assert (as_text(fault.node), str(fault.left), str(fault.right)) == (node, left, right)
    assert node in str(fault)
    assert left in str(fault)
    assert right in str(fault)
