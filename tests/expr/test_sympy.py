"""Expressions to sympy and back: the same numbers, clipped powers, no text ever parsed by sympy."""

from __future__ import annotations

import math

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from exodelivery.errors import ExpressionError
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.as_text import as_text
from exodelivery.expr.from_sympy import from_sympy
from exodelivery.expr.read import read
from exodelivery.expr.tree import Binary, Call, Expr, Name, Negative, Number

x, y, n = sympy.symbols("x y n")
positive = sympy.Symbol("p", positive=True)


def resolve(node: Name | Call) -> sympy.Expr:
    return sympy.Symbol(as_text(node))


def keep(node: Name | Call) -> sympy.Expr:
    """Resolve names to symbols and domain calls to undefined functions, as people write them in sympy."""
    if isinstance(node, Name):
        return sympy.Symbol(node.path)
    return sympy.Function(node.function)(*(sympy.Symbol(one.path) for one in node.arguments if isinstance(one, Name)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2 - 0.3", sympy.Integer(0)),
        ("x**2", x**2),
        ("x**-1", 1 / x),
        ("x**0.5", sympy.Max(x, 0) ** sympy.Rational(1, 2)),
        ("x**n", sympy.Max(x, 0) ** n),
        ("sqrt(x)", sympy.sqrt(sympy.Max(x, 0))),
        ("2**x", 2**x),
        ("hill(x, y, 2)", x**2 / (y**2 + x**2)),
        ("hill(x, y, n)", sympy.Max(x, 0) ** n / (sympy.Max(y, 0) ** n + sympy.Max(x, 0) ** n)),
        ("when(x < y, 1, 2)", sympy.Piecewise((1, x < y), (2, True))),
        ("when(1 < 2, x, y)", x),
        ("max(x, 0)", sympy.Max(x, 0)),
        ("abs(x) * tanh(y) * log(x)", sympy.Abs(x) * sympy.tanh(y) * sympy.log(x)),
        ("cos(x) * sin(y)", sympy.cos(x) * sympy.sin(y)),
        ("conc(plasma.free)", sympy.Symbol("conc(plasma.free)")),
    ],
)
def test_expressions_mean_the_same_in_sympy(text: str, expected: sympy.Expr) -> None:
    assert as_sympy(read(text), resolve) == expected


def test_a_positive_symbol_is_not_clipped() -> None:
    symbols = {"p": positive, "n": n}
    assert as_sympy(read("p**n"), lambda node: symbols[as_text(node)]) == positive**n


def test_an_empty_pool_gives_no_complex_rate() -> None:
    rate = as_sympy(read("x**1.5 + hill(x, 2, 0.7)"), resolve)
    assert rate.subs(x, -1e-15) == 0


@pytest.mark.parametrize("text", ["1 / 0", "x / (1 - 1)", "0**-1", "(-2)**0.5", "log(0)", "log(-1)", "(1e200)**2"])
def test_numbers_without_a_real_value_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        as_sympy(read(text), resolve)


def test_powers_of_powers_of_numbers_stay_small() -> None:
    text = "1.0000000000001"
    for _ in range(20):
        text = f"({text})**60"
    with pytest.raises(ExpressionError):
        as_sympy(read(text), resolve)


NAMES = ("k", "PS", "plasma.free")
moderate = st.one_of(st.integers(1, 9).map(float), st.sampled_from([0.5, 0.015, 0.3, 2.5e3, 1e-9])).map(Number)
atoms = st.one_of(moderate, st.sampled_from(NAMES).map(Name), st.just(Call("conc", (Name("isf.free"),))))


def positive_storey(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Return expressions that are positive at positive names, so that both sides have a value."""
    powers = st.sampled_from([Number(2.0), Number(0.5), Negative(Number(1.0)), Binary("/", Number(1.0), Number(3.0))])
    return st.one_of(
        st.builds(Binary, st.sampled_from("+*/"), inner, inner),
        st.builds(lambda base, power: Binary("**", base, power), inner, powers),
        st.builds(lambda a, b: Call("hill", (a, b, Number(2.0))), inner, inner),
        st.builds(lambda a, b: Call("min", (a, b)), inner, inner),
        st.builds(lambda a: Call("tanh", (a,)), inner),
        st.builds(lambda a: Call("exp", (Negative(Call("tanh", (a,))),)), inner),
    )


@settings(max_examples=80, deadline=None)
@given(st.recursive(atoms, positive_storey, max_leaves=8))
def test_there_and_back_gives_the_same_numbers(tree: Expr) -> None:
    back = from_sympy(as_sympy(tree, keep))
    assert read(as_text(back)) == back
    values = {"k": 0.7, "PS": 1.3, "plasma.free": 2.1, "conc(isf.free)": 0.9}

    def number(node: Name | Call) -> sympy.Expr:
        return sympy.Float(values[as_text(node)])

    first, second = float(as_sympy(tree, number)), float(as_sympy(back, number))
    assert math.isclose(first, second, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x - y, "x - y"),
        (-x, "-x"),
        (x / 3, "x / 3"),
        (sympy.Rational(-2, 3), "-(2 / 3)"),
        (sympy.Float(0.015) * x, "0.015 * x"),
        (sympy.sqrt(x) / y, "sqrt(x) / y"),
        (x**-n, "x**-n"),
        (sympy.Piecewise((x, x < y), (0, True)), "when(x < y, x, 0)"),
        (sympy.Function("hill")(x, y, 2), "hill(x, y, 2)"),
        (sympy.Function("total")(sympy.Symbol("tumour"), sympy.Symbol("drug")), "total(tumour, drug)"),
        (sympy.pi * x, "3.141592653589793 * x"),
    ],
)
def test_sympy_rates_become_trees(expression: sympy.Expr, text: str) -> None:
    assert as_text(from_sympy(expression)) == text


@pytest.mark.parametrize(
    "expression",
    [
        sympy.I * x,
        sympy.oo,
        sympy.nan,
        sympy.tan(x),
        sympy.Symbol("__import__('os')"),
        sympy.Symbol("x + y"),
        sympy.Function("f")(x),
        sympy.Function("conc")(x + y),
        sympy.Function("hill")(x),
        sympy.Piecewise((x, x < y)),
        sympy.Derivative(sympy.Function("f")(x), x),
    ],
)
def test_what_has_no_place_in_a_rate_is_refused(expression: sympy.Expr) -> None:
    with pytest.raises(ExpressionError):
        from_sympy(expression)
