"""Expressions as LaTeX: as the field sets them, and always good enough for MathML."""

from __future__ import annotations

import latex2mathml.converter
import pytest
from hypothesis import given, settings
from trees import expressions

from exodelivery.expr.as_latex import as_latex
from exodelivery.expr.read import read
from exodelivery.expr.tree import Expr


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("conc(plasma.free)", r"C^{\mathrm{free}}_{\mathrm{plasma}}"),
        ("conc(plasma.free)**2", r"\left(C^{\mathrm{free}}_{\mathrm{plasma}}\right)^{2}"),
        ("count(cell)", r"N_{\mathrm{cell}}"),
        ("v_int", r"v_{\mathrm{int}}"),
        ("k_alpha", r"k_{\alpha}"),
        ("alphabet", r"\mathrm{alphabet}"),
        ("PS", r"\mathrm{PS}"),
        ("V1", "V_{1}"),
        ("plasma.carrier", r"A^{\mathrm{carrier}}_{\mathrm{plasma}}"),
        ("x / (y + 1)", r"\frac{x}{y + 1}"),
        ("x - (y - z)", r"x - \left(y - z\right)"),
        ("x * (-y)", r"x \cdot \left(-y\right)"),
        ("5e9 * x", r"5 \cdot 10^{9} \cdot x"),
        ("(x + y)**n", r"\left(x + y\right)^{n}"),
        ("hill(x, h, n)", r"\frac{x^{n}}{h^{n} + x^{n}}"),
        ("when(x < y, 1, 0)", r"\begin{cases} 1 & \text{if } x < y \\ 0 & \text{otherwise} \end{cases}"),
    ],
)
def test_expressions_are_set_as_the_field_sets_them(text: str, latex: str) -> None:
    assert as_latex(read(text)) == latex


def test_names_may_be_given_their_own_symbol() -> None:
    assert as_latex(read("uptake.PS * 2"), lambda path: path.split(".")[-1]) == r"PS \cdot 2"


@settings(max_examples=60, deadline=None)
@given(expressions)
def test_every_expression_becomes_mathml(tree: Expr) -> None:
    page = latex2mathml.converter.convert(as_latex(tree))
    assert page.startswith("<math")
    assert "\\" not in page
