"""Hypothesis strategies for expressions: every tree that the grammar can say."""

from __future__ import annotations

from hypothesis import strategies as st

from exodelivery.expr.read import DEEPEST_HILL
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number, walk

PARAMETERS = ("k", "PS", "v_int", "K_int", "EC50", "k_alpha", "uptake.PS")
POOLS = ("plasma.free", "plasma.sn38.free", "here.loaded", "disposition.deep.free")

numbers = st.one_of(
    st.integers(0, 10**7).map(float),
    st.floats(0, allow_nan=False, allow_infinity=False),
).map(Number)
parameters = st.sampled_from(PARAMETERS).map(Name)
domain_calls = st.one_of(
    st.sampled_from(POOLS).map(lambda path: Call("conc", (Name(path),))),
    st.sampled_from(("cell", "receptor")).map(lambda path: Call("count", (Name(path),))),
    st.just(Call("mass", (Name("tumour"),))),
    st.just(Call("total", (Name("tumour"), Name("drug")))),
)
leaves = st.one_of(numbers, parameters, st.sampled_from(POOLS).map(Name), domain_calls)
exponents = st.one_of(
    st.integers(0, 4).map(lambda power: Number(float(power))),
    st.just(Negative(Number(2.0))),
    st.just(Binary("/", Number(2.0), Number(3.0))),
    parameters,
)


def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Return expressions one storey above the inner ones."""
    compares = st.builds(Compare, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), inner, inner)
    return st.one_of(
        inner.map(Negative),
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda base, power: Binary("**", base, power), inner, exponents),
        st.builds(
            lambda name, x: Call(name, (x,)),
            st.sampled_from(("exp", "log", "sqrt", "abs", "tanh", "cos", "sin")),
            inner,
        ),
        st.builds(
            lambda name, xs: Call(name, tuple(xs)),
            st.sampled_from(("min", "max")),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(lambda a, b, c: Call("hill", (a, b, c)), inner, inner, exponents),
        st.builds(lambda a, b, c: Call("when", (a, b, c)), compares, inner, inner),
    )


def few_hills(tree: Expr) -> bool:
    """Say whether the reader would let so many hill functions inside one another pass."""
    hills = [node for node in walk(tree) if isinstance(node, Call) and node.function == "hill"]
    return len(hills) <= DEEPEST_HILL


expressions: st.SearchStrategy[Expr] = st.recursive(leaves, larger, max_leaves=12).filter(few_hills)
