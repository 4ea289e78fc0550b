"""Floor 1: read the text of an expression safely.

Why: what a file says must never run. The text is bounded in length, characters and brackets before Python's
own ``ast`` parses it (nothing is evaluated); then only numbers, names, dotted names, ``+ - * / **``, calls
of the functions in :mod:`exodelivery.expr.functions` and one comparison inside ``when`` become a tree. All
else is refused with a caret.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata

from exodelivery.errors import NOWHERE, ExpressionError, Place, nearest
from exodelivery.expr.functions import DOMAIN_FUNCTIONS, FUNCTIONS
from exodelivery.expr.tree import (
    Binary,
    Call,
    Compare,
    Expr,
    Name,
    Negative,
    Number,
    Span,
    children,
    constant,
    walk,
)

LONGEST = 2_000
DEEPEST = 60
LARGEST_EXPONENT = 64
DEEPEST_HILL = 4
# A long sum leans to the left without being hard to read; this bounds what our recursive readings can meet.
_TALLEST = 200

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_REFUSED: dict[type[ast.expr], str] = {
    ast.BoolOp: "and, or",
    ast.IfExp: "if ... else",
    ast.Lambda: "lambda",
    ast.GeneratorExp: "a comprehension",
    ast.Tuple: "a tuple",
    ast.Starred: "a star",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
_SYMBOLS = frozenset("_.,+-*/()<>=! \t\n\r")
_DECIMAL = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
# A number and then a letter; atomic, so that the e of 1e9 is not taken for one.
_GLUED = re.compile(r"(?<![\w.])(?>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(?=[^\W\d])")


class _Refused(Exception):
    """Carry a fault up to where text and place are known."""

    def __init__(self, message: str, column: int, remedy: str = "") -> None:
        self.message, self.column, self.remedy = message, column, remedy


def read(text: str, where: Place = NOWHERE) -> Expr:
    """Read an expression.

    Parameters
    ----------
    text : str
        Such as ``"v_int * count(cell) * conc(isf.carrier)"``; at most 2,000 characters.
    where : Place, optional
        Where it was written, for messages.

    Raises
    ------
    ExpressionError
        If the text is anything but an expression of the grammar; the message has the text with a caret.

    Examples
    --------
    >>> read("k * conc(plasma.free)").right
    Call(function='conc', arguments=(Name(path='plasma.free'),))
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"An expression of {len(text)} characters is too long; {LONGEST} are allowed",
            where=where,
            remedy="split it with parameters of status derived, or into several flows",
        )
    try:
        _check_characters(text)
        _check_brackets(text)
        return _Reader(text).read()
    except _Refused as fault:
        shown = "".join(letter if letter.isprintable() else " " for letter in text)
        raise ExpressionError(
            fault.message, text=shown, column=fault.column, where=where, remedy=fault.remedy
        ) from None


def _check_characters(text: str) -> None:
    for column, letter in enumerate(text):
        if letter in _SYMBOLS or (letter.isascii() and letter.isalnum()):
            continue
        plain = unicodedata.normalize("NFKC", letter)
        known = all(part.isascii() or unicodedata.name(part, "").startswith(("LATIN", "GREEK")) for part in plain)
        if not (known and f"a{letter}".isidentifier()):
            kind = unicodedata.name(letter, "a control character")
            raise _Refused(f"An expression has no place for {letter!r} ({kind})", column, _character_remedy(letter))


def _character_remedy(letter: str) -> str:
    if letter == "^":
        return "a power is written **"
    if letter in "·×":
        return "a product is written *"
    return "names have Latin or Greek letters, digits and _; operators are + - * / **"


def _check_brackets(text: str) -> None:
    opened: list[int] = []
    for column, letter in enumerate(text):
        if letter == "(":
            opened.append(column)
            if len(opened) > DEEPEST:
                raise _Refused(f"More than {DEEPEST} brackets inside one another", column)
        elif letter == ")":
            if not opened:
                raise _Refused("This bracket was never opened", column)
            opened.pop()
    if opened:
        raise _Refused("This bracket is never closed", opened[-1])


class _Reader:
    """Turn Python's tree of one text into ours; lives for one call."""

    def __init__(self, text: str) -> None:
        # One character for one, so that columns stay those of the source.
        self.line = re.sub(r"\s", " ", text)
        self.start = len(self.line) - len(self.line.lstrip())

    def read(self) -> Expr:
        body = self.line.strip()
        if not body:
            raise _Refused("The expression is empty", 0)
        glued = _GLUED.search(self.line)
        if glued:
            raise _Refused(
                "A number is followed by a word",
                glued.end(),
                "declare a parameter with its unit and write its name here; a product needs *",
            )
        try:
            parsed = ast.parse(body, mode="eval")
        except SyntaxError as fault:
            column = self.start + max((fault.offset or 1) - 1, 0)
            raise _Refused(f"This cannot be read: {fault.msg}", min(column, len(self.line))) from None
        except (RecursionError, MemoryError):
            raise _Refused("The expression is nested too deeply", self.start) from None
        self.bytes = body.encode()
        tree = self.expr(parsed.body, 0)
        _check_powers(tree)
        _check_hills(tree)
        return tree

    def span(self, node: ast.expr) -> Span:
        # ast counts bytes of UTF-8; people count characters.
        first = len(self.bytes[: node.col_offset].decode())
        last = len(self.bytes[: node.end_col_offset].decode())
        return (self.start + first, self.start + last)

    def expr(self, node: ast.expr, depth: int) -> Expr:
        span = self.span(node)
        if depth > _TALLEST:
            raise _Refused("The expression is nested too deeply", span[0])
        below = depth + 1
        match node:
            case ast.Constant():
                return self.number(node, span)
            case ast.Name() | ast.Attribute():
                return Name(self.path(node, below), span)
            case ast.UnaryOp(op=ast.USub()):
                return Negative(self.expr(node.operand, below), span)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.expr(node.operand, below)
            case ast.BinOp() if type(node.op) in _OPERATORS:
                left, right = self.expr(node.left, below), self.expr(node.right, below)
                return Binary(_OPERATORS[type(node.op)], left, right, span)
            case ast.Call():
                return self.call(node, span, below)
            case ast.Compare():
                raise _Refused("A comparison stands only inside when", span[0], "write when(a < b, then, otherwise)")
            case _:
                what = _REFUSED.get(type(node), "this")
                raise _Refused(
                    f"An expression has no place for {what}",
                    span[0],
                    "use numbers, names, + - * / ** and calls",
                )

    def number(self, node: ast.Constant, span: Span) -> Number:
        text = self.line[span[0] : span[1]]
        if isinstance(node.value, bool) or node.value is None or not isinstance(node.value, int | float):
            raise _Refused(f"{text} is no number", span[0])
        if not _DECIMAL.fullmatch(text):
            raise _Refused(f"{text} is no decimal number", span[0], "write it such as 12, 0.5 or 1e-9")
        value = float(text)
        if not math.isfinite(value):
            raise _Refused("This number is not finite", span[0])
        return Number(value, text, span)

    def path(self, node: ast.expr, depth: int) -> str:
        column = self.span(node)[0]
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise _Refused("A dot stands only between names", column)
        parts.append(node.id)
        if any(part.startswith("_") or "__" in part for part in parts):
            raise _Refused("A name neither begins with _ nor holds __", column)
        if len(parts) == 1 and parts[0] in FUNCTIONS:
            usage = FUNCTIONS[parts[0]].usage
            raise _Refused(f"{parts[0]} is a function, not a name", column, f"write {usage}")
        return ".".join(reversed(parts))

    def call(self, node: ast.Call, span: Span, depth: int) -> Call:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            shown = name or "what stands before this bracket"
            raise _Refused(f"{shown} is no function", span[0], f"{nearest(name, FUNCTIONS)}; a product needs *")
        given = len(node.args)
        if node.keywords:
            raise _Refused("A call has no keywords", span[0], f"write {function.usage}")
        if given < function.fewest or (function.most is not None and given > function.most):
            raise _Refused(f"{name} does not take {given} arguments", span[0], f"write {function.usage}")
        if name == "when":
            first, *rest = node.args
            return Call(name, (self.comparison(first, depth), *(self.expr(one, depth) for one in rest)), span)
        arguments = tuple(self.expr(one, depth) for one in node.args)
        if name in DOMAIN_FUNCTIONS:
            for argument in arguments:
                if not isinstance(argument, Name):
                    raise _Refused(f"{name} takes names only", argument.span[0], f"write {function.usage}")
        return Call(name, arguments, span)

    def comparison(self, node: ast.expr, depth: int) -> Compare:
        span = self.span(node)
        usage = f"write {FUNCTIONS['when'].usage}"
        if not isinstance(node, ast.Compare):
            raise _Refused("when begins with a comparison", span[0], usage)
        if len(node.ops) > 1:
            raise _Refused("A comparison has two sides only", span[0], usage)
        operator = _COMPARISONS.get(type(node.ops[0]))
        if operator is None:
            raise _Refused("Numbers compare by < <= > >= == != only", span[0], usage)
        left, right = self.expr(node.left, depth + 1), self.expr(node.comparators[0], depth + 1)
        return Compare(operator, left, right, span)


def _check_powers(tree: Expr) -> None:
    """Refuse an exponent made of numbers alone that is large, or that is itself a power or a call."""
    for node in walk(tree):
        if not (isinstance(node, Binary) and node.operator == "**"):
            continue
        exponent = constant(node.right)
        if exponent is None:
            if not any(isinstance(part, Name) for part in walk(node.right)):
                raise _Refused("An exponent of numbers is plain arithmetic, such as 2 or 2/3", node.right.span[0])
        elif abs(exponent) > LARGEST_EXPONENT:
            raise _Refused(f"An exponent is at most {LARGEST_EXPONENT}", node.right.span[0])


def _check_hills(tree: Expr) -> None:
    """Refuse hill inside hill without end: written out, each doubles what stands in it."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, Call) and node.function == "hill":
            depth += 1
            if depth > DEEPEST_HILL:
                raise _Refused(f"More than {DEEPEST_HILL} hill inside one another", node.span[0])
        waiting.extend((part, depth) for part in children(node))
