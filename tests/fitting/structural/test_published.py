"""The published verdicts of StructuralIdentifiability.jl's test suite: 31 cases, read as REFERENCES.md says.

Source: data/identifiability/cases.json (SciML/StructuralIdentifiability.jl, MIT). No verdict is wrong: a published
function of identifiable parameters lies in the row space, their number is the rank, and *global* is claimed only where
it was published.
"""

from __future__ import annotations

import ast
import json
import operator
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sympy

from exodelivery.declare.table import Table
from exodelivery.fitting.structural.globally import unique
from exodelivery.fitting.structural.prime import Rows
from exodelivery.fitting.structural.question import Arm, Question
from exodelivery.fitting.structural.rank import Ranker, gradient

FILE = Path(os.environ.get("EXODELIVERY_DATA", "")) / "identifiability" / "cases.json"
pytestmark = pytest.mark.skipif(
    "EXODELIVERY_DATA" not in os.environ, reason="EXODELIVERY_DATA names no folder of raw data sets"
)
OPERATORS = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
UNDECIDED = {("identifiability", 3)}
"""Where a minute does not prove uniqueness; ranks are right there too."""
EMPTY = {("identifiable_functions", 3)}
"""A case whose model is lost: nothing is claimed of it."""


@cache
def cases() -> dict[str, list[dict[str, Any]]]:
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def number_of(kind: str) -> range:
    return range({"identifiability": 7, "local_identifiability": 2, "identifiable_functions": 22}[kind])


def read(text: str, symbols: dict[str, sympy.Symbol]) -> sympy.Expr:
    """Read a plain expression; the longest has 16,000 characters, more than our own grammar takes."""

    def terms(node: ast.AST, sign: int) -> list[Any]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return terms(node.left, sign) + terms(node.right, sign if isinstance(node.op, ast.Add) else -sign)
        return [sign * walk(node)]

    def walk(node: ast.AST) -> Any:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return sympy.Add(*terms(node, 1))
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.UnaryOp):
            return -walk(node.operand)
        if isinstance(node, ast.Constant):
            return sympy.Integer(node.value)
        assert isinstance(node, ast.Name)
        return symbols[node.id]

    return walk(ast.parse(text.strip(), mode="eval").body)


def asked(case: dict[str, Any]) -> tuple[Question, dict[str, sympy.Symbol]]:
    states, outputs = case["model"]["states"], case["model"]["outputs"]
    words = set(re.findall(r"[^\W\d]\w*", " ".join([*states.values(), *outputs.values()]))) | set(states)
    symbols = {word: sympy.Symbol(f"s{n}") for n, word in enumerate(sorted(words))}
    inputs = [word for word in sorted(words) if re.fullmatch(r"u\d?", word)]
    return Question(
        states=tuple(symbols[name] for name in states),
        rates=tuple(read(text, symbols) for text in states.values()),
        outputs=Table({name: read(text, symbols) for name, text in outputs.items()}),
        unknowns=tuple(symbols[word] for word in sorted(words - set(states) - set(inputs))),
        names={symbol: word for word, symbol in symbols.items()},
        inputs=tuple(symbols[word] for word in inputs),
        arms=(Arm("", (None,) * len(states)),),
    ), symbols


class Judged:
    """The rank test of one case, and gradients of expressions at its point."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.question, self.symbols = asked(case)
        self.seen = list(self.question.outputs)
        self.point = Ranker(self.question).point(1)
        self.space = self.point.space(self.seen)
        self.columns = [*self.question.unknowns, *self.question.states]
        self.starts = dict(zip(self.question.states, self.point.starts, strict=True))

    def gradient(self, text: str) -> Any:
        return gradient(read(text, self.symbols), self.point, self.columns, self.starts)

    def rank_of_parameters(self) -> int:
        """Return the dimension of what is identified in parameters alone."""
        states = len(self.question.states)
        order = [*range(len(self.columns) - states, len(self.columns)), *range(len(self.columns) - states)]
        rows = Rows(len(self.columns))
        for row in self.space.rows:
            rows.add(row[order])
        return sum(pivot >= states for pivot in rows.pivots)


@pytest.mark.parametrize("n", number_of("identifiability"))
def test_verdicts_on_single_quantities_are_the_published_ones(n: int) -> None:
    case = cases()["identifiability"][n]
    judged = Judged(case)
    local = [judged.space.holds(judged.gradient(text)) for text in case["query"]]
    assert local == [verdict != "nonidentifiable" for verdict in case["verdict"]]
    identified = [text for text, yes in zip(case["query"], local, strict=True) if yes]
    wanted = {text: read(text, judged.symbols) for text in identified}
    seconds = 1 if ("identifiability", n) in UNDECIDED else 60
    found = unique(judged.question, judged.seen, list(wanted.values()), seconds)
    published = dict(zip(case["query"], case["verdict"], strict=True))
    for text, expression in wanted.items():
        if ("identifiability", n) in UNDECIDED:
            assert found[expression] in (None, published[text] == "globally")
        else:
            assert found[expression] is (published[text] == "globally"), text


@pytest.mark.parametrize("n", number_of("local_identifiability"))
def test_local_verdicts_are_the_published_ones(n: int) -> None:
    case = cases()["local_identifiability"][n]
    judged = Judged(case)
    assert [judged.space.holds(judged.gradient(text)) for text in case["query"]] == [
        verdict == "true" for verdict in case["verdict"]
    ]


@pytest.mark.parametrize("n", number_of("identifiable_functions"))
def test_published_functions_span_what_is_identified(n: int) -> None:
    case = cases()["identifiable_functions"][n]
    if ("identifiable_functions", n) in EMPTY:
        assert not case["model"]["states"]
        return
    judged = Judged(case)
    rows = Rows(len(judged.columns))
    for text in case["identifiable_functions"]:
        row = judged.gradient(text)
        assert judged.space.holds(row), text
        assert rows.add(row), text
    # Case 17 lists a function of states, though it is marked as one of parameters.
    of_states = case["with_states"] or any(row[: len(judged.question.unknowns)].any() == 0 for row in rows.rows)
    assert rows.rank == (judged.space.rank if of_states else judged.rank_of_parameters())
