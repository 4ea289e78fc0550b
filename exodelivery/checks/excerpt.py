"""Floor 5: an expression with a caret under the part that is meant."""

from __future__ import annotations

from exodelivery.expr.as_text import as_text
from exodelivery.expr.tree import Expr


def pointed(expr: Expr, part: Expr) -> str:
    """Return the text of an expression and, below it, carets under a part of it.

    Examples
    --------
    >>> from exodelivery.expr.read import read
    >>> tree = read("k * (a + b)")
    >>> print(pointed(tree, tree.right))
    k * (a + b)
         ^^^^^
    """
    whole, text = as_text(expr), as_text(part)
    at = whole.find(text)
    return whole if at < 0 else f"{whole}\n{' ' * at}{'^' * len(text)}"
