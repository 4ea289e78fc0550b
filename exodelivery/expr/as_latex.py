r"""Floor 1: an expression as LaTeX, as a reader of the field would set it.

Why: reports and notebooks print the formulas of the file, not those of an algebra system. Subscripts are
upright words (``\mathrm``), because latex2mathml would otherwise set a word letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from exodelivery.expr.as_text import number_text
from exodelivery.expr.functions import DOMAIN_FUNCTIONS
from exodelivery.expr.tree import Binary, Call, Compare, Expr, Name, Negative, Number

_GREEK_WORDS = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_GREEK = frozenset(_GREEK_WORDS.split())
_SUM, _PRODUCT, _POWER, _ATOM = range(1, 5)
_COMPARISONS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}
_HEADS = {
    "exp": r"\exp",
    "log": r"\ln",
    "min": r"\min",
    "max": r"\max",
    "tanh": r"\tanh",
    "cos": r"\cos",
    "sin": r"\sin",
}
_LETTERS = {"conc": "C", "count": "N", "mass": "m", "total": r"\sum A"}
Symbol = Callable[[str], str]


def _word(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    escaped = word.replace("_", r"\_")
    return word if word.isdigit() else rf"\mathrm{{{escaped}}}"


def name_symbol(path: str) -> str:
    r"""Return the LaTeX of a name: a parameter if it has no dot, else the amount in a pool.

    Examples
    --------
    >>> print(name_symbol("v_int"), name_symbol("k_alpha"), name_symbol("EC50"), name_symbol("plasma.free"))
    v_{\mathrm{int}} k_{\alpha} \mathrm{EC}_{50} A^{\mathrm{free}}_{\mathrm{plasma}}
    """
    if "." in path:
        return pool_symbol("A", path)
    head, *below = [part for part in path.split("_") if part]
    found = re.fullmatch(r"([^\W\d]+)([0-9]+)", head)
    if found:
        head, below = found[1], [found[2], *below]
    shown = head if len(head) == 1 else _word(head)
    return shown + (f"_{{{','.join(map(_word, below))}}}" if below else "")


def pool_symbol(letter: str, path: str) -> str:
    r"""Return a letter with the site below and the substance and form above.

    Examples
    --------
    >>> print(pool_symbol("C", "plasma.sn38.free"))
    C^{\mathrm{sn38},\mathrm{free}}_{\mathrm{plasma}}
    """
    site, *above = path.split(".")
    return letter + (f"^{{{','.join(map(_word, above))}}}" if above else "") + f"_{{{_word(site)}}}"


def as_latex(expr: Expr, symbol: Symbol | None = None) -> str:
    r"""Return the expression as LaTeX (without dollar signs).

    Parameters
    ----------
    expr : Expr
        The expression.
    symbol : callable, optional
        Returns the LaTeX of a name's path; by default :func:`name_symbol`.

    Examples
    --------
    >>> from exodelivery.expr.read import read
    >>> print(as_latex(read("v_max * conc(plasma.free) / (K_m + x)")))
    \frac{v_{\mathrm{max}} \cdot C^{\mathrm{free}}_{\mathrm{plasma}}}{K_{\mathrm{m}} + x}
    """
    return _latex(expr, symbol or name_symbol)[0]


def _latex(expr: Expr, symbol: Symbol) -> tuple[str, int]:
    match expr:
        case Number():
            mantissa, _, power = number_text(expr.value).partition("e")
            if not power:
                return mantissa, _ATOM
            return (rf"10^{{{power}}}", _POWER) if mantissa == "1" else (rf"{mantissa} \cdot 10^{{{power}}}", _PRODUCT)
        case Name():
            shown = symbol(expr.path)
            return shown, _POWER if "^" in shown else _ATOM
        case Negative():
            return f"-{_held(expr.operand, _PRODUCT, symbol)}", _SUM
        case Compare():
            left, right = as_latex(expr.left, symbol), as_latex(expr.right, symbol)
            return f"{left} {_COMPARISONS[expr.operator]} {right}", 0
        case Binary():
            return _binary(expr, symbol)
        case Call():
            return _call(expr, symbol)


def _held(expr: Expr, strength: int, symbol: Symbol) -> str:
    text, own = _latex(expr, symbol)
    return text if own >= strength else rf"\left({text}\right)"


def _binary(expr: Binary, symbol: Symbol) -> tuple[str, int]:
    left, right = expr.left, expr.right
    match expr.operator:
        case "/":
            return rf"\frac{{{as_latex(left, symbol)}}}{{{as_latex(right, symbol)}}}", _PRODUCT
        case "*":
            return rf"{_held(left, _PRODUCT, symbol)} \cdot {_held(right, _PRODUCT, symbol)}", _PRODUCT
        case "**":
            return f"{_held(left, _ATOM, symbol)}^{{{as_latex(right, symbol)}}}", _POWER
        case sign:
            return f"{_held(left, _SUM, symbol)} {sign} {_held(right, _PRODUCT, symbol)}", _SUM


def _call(expr: Call, symbol: Symbol) -> tuple[str, int]:
    if expr.function in DOMAIN_FUNCTIONS:
        paths = [argument.path for argument in expr.arguments if isinstance(argument, Name)]
        strength = _PRODUCT if expr.function == "total" else _POWER if "." in paths[0] else _ATOM
        return pool_symbol(_LETTERS[expr.function], ".".join(paths)), strength
    shown = [as_latex(argument, symbol) for argument in expr.arguments]
    match expr.function:
        case "sqrt":
            return rf"\sqrt{{{shown[0]}}}", _ATOM
        case "abs":
            return rf"\left|{shown[0]}\right|", _ATOM
        case "hill":
            x, half = (_held(argument, _ATOM, symbol) for argument in expr.arguments[:2])
            above = f"{x}^{{{shown[2]}}}"
            return rf"\frac{{{above}}}{{{half}^{{{shown[2]}}} + {above}}}", _PRODUCT
        case "when":
            condition, then, otherwise = shown
            rows = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", _SUM
        case name:
            return rf"{_HEADS[name]}\left({', '.join(shown)}\right)", _POWER
