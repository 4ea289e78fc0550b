"""Reading expressions: what the grammar says is read, all else is refused with a caret, and quickly."""

from __future__ import annotations

import time
import warnings

import pytest

from exodelivery.errors import ExpressionError, Place
from exodelivery.expr.read import LONGEST, read
from exodelivery.expr.tree import Binary, Call, Compare, Name, Negative, Number

x, y, k = Name("x"), Name("y"), Name("k")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1e-9", Number(1e-9)),
        ("x + y * k", Binary("+", x, Binary("*", y, k))),
        ("x - y - k", Binary("-", Binary("-", x, y), k)),
        ("-x**2", Negative(Binary("**", x, Number(2.0)))),
        ("x**-2", Binary("**", x, Negative(Number(2.0)))),
        ("x**y**k", Binary("**", x, Binary("**", y, k))),
        ("+x", x),
        ("plasma.sn38.free", Name("plasma.sn38.free")),
        ("conc(plasma.free)", Call("conc", (Name("plasma.free"),))),
        ("total(tumour, drug)", Call("total", (Name("tumour"), Name("drug")))),
        ("when(x <= y, k, 0)", Call("when", (Compare("<=", x, y), k, Number(0.0)))),
        ("min(x, y, k)", Call("min", (x, y, k))),
        ("\n  x\n\t+ y ", Binary("+", x, y)),
    ],
)
def test_the_grammar_is_read(text: str, tree: object) -> None:
    assert read(text) == tree


def test_spans_are_columns_of_the_source_even_after_greek_letters() -> None:
    text = "  k_α * conc(plasma.free)"
    tree = read(text)
    assert isinstance(tree, Binary)
    assert text[slice(*tree.left.span)] == "k_α"
    assert text[slice(*tree.right.span)] == "conc(plasma.free)"


def test_a_number_keeps_its_text() -> None:
    tree = read("5.0e9")
    assert isinstance(tree, Number)
    assert tree.text == "5.0e9"


def test_lookalike_letters_become_the_plain_ones_or_are_refused() -> None:
    assert read("𝐱 + ｙ") == Binary("+", x, y)
    assert read("ｅｘｐ(x)") == Call("exp", (x,))
    with pytest.raises(ExpressionError, match="CYRILLIC"):
        read("рlasma.free")


def test_a_long_sum_is_read() -> None:
    assert read(" + ".join(["x"] * 150)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.__class__",
        "x._private",
        "a__b",
        "lambda: 0",
        "(lambda x: x)(1)",
        "f'{x}'",
        "'text'",
        "(x := 1)",
        "[y for y in x]",
        "(y for y in x)",
        "{x}",
        "x[0]",
        "x.y(1)",
        "exec(x)",
        "eval(x)",
        "open(x)",
        "(x)(y)",
        "x if y else k",
        "1if x else y",
        "x and y",
        "not x",
        "~x",
        "x // y",
        "x % y",
        "x @ y",
        "x ^ 2",
        "x, y",
        "x; y",
        "x = y",
        "x # y",
        "x\\\n+ y",
        "x\x00y",
        "x\u202ey",
        "x\ud800",
        "await x",
        "(yield)",
        "True",
        "None",
        "...",
        "in",
        "plasma.in",
        "1j",
        "0x10",
        "1_000",
        "1e999",
        "9" * 400,
        "nan(1)",
        "1 .real",
        "",
        "   ",
        "x y",
        "x + ",
        "x) + (y",
        "(x",
        "x < y",
        "when(x, y, k)",
        "when(x < y < k, 1, 2)",
        "when(x in y, 1, 2)",
        "when(x < y, 1)",
        "exp",
        "exp()",
        "exp(x, y)",
        "min(x)",
        "min(*x)",
        "min(x, y, k=1)",
        "hill(x, y)",
        "conc(2)",
        "conc(x + y)",
        "total(tumour)",
        "tan(x)",
        "9**9**9",
        "x**65",
        "hill(hill(hill(hill(hill(x, k, 2), k, 2), k, 2), k, 2), k, 2)",
        "x**-65",
        "x**(8*9)",
        "x**exp(9)",
        "x**(1/0)",
    ],
)
def test_all_else_is_refused(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ExpressionError):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000_000,
        "x" * 10_000_000,
        "-" * 1_999 + "x",
        "x**" * 600 + "x",
        "x." * 990 + "x",
        "(" * 999 + ")" * 999,
    ],
    ids=["brackets", "letters", "signs", "powers", "dots", "pairs"],
)
def test_huge_or_deep_text_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    try:
        tree = read(text)
    except ExpressionError as fault:
        assert len(str(fault)) < 3 * LONGEST
    else:
        assert isinstance(tree, Name)
    assert time.perf_counter() - start < 1


def test_a_message_has_the_text_a_caret_the_place_and_a_remedy() -> None:
    with pytest.raises(ExpressionError) as caught:
        read("k * 5 mg", Place("uptake.toml", 7, "flows.enter"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "uptake.toml:7 (flows.enter): A number is followed by a word"
    assert lines[1].strip() == "k * 5 mg"
    assert lines[2].index("^") - 4 == "k * 5 mg".index("mg")
    assert "declare a parameter with its unit" in lines[3]


def test_an_unknown_function_lists_the_nearest() -> None:
    with pytest.raises(ExpressionError, match="nearest: conc"):
        read("conk(plasma.free)")
