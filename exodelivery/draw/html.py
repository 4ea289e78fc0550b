"""Floor 1: small pieces of HTML for notebooks and reports: tables, cards, badges, formulas.

Why: every noun shows itself, and all text that comes from a file is escaped in one place. What is already HTML is
``Markup`` and goes through unchanged; everything else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from exodelivery.draw.style import ORIGINS, SHEET, look_of
from exodelivery.errors import ExpressionError


def escape(given: object) -> Markup:
    """Return anything as safe HTML: ``Markup`` as it is, None as nothing, a float with five figures, the rest escaped.

    Examples
    --------
    >>> escape("<b>"), escape(0.1 + 0.2), escape(None), escape(Markup("<b>x</b>"))
    (Markup('&lt;b&gt;'), Markup('0.3'), Markup(''), Markup('<b>x</b>'))
    """
    if given is None:
        return Markup("")
    return Markup.escape(f"{given:.5g}" if isinstance(given, float) else given)


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table that scrolls sideways on a narrow screen.

    Parameters
    ----------
    header : sequence, (columns,)
    rows : iterable of sequences, (rows, columns)
        Cells are text unless they are ``Markup``.

    Examples
    --------
    >>> "<td>a &lt; b</td>" in table(("what",), [("a < b",)])
    True
    """
    head = Markup("").join(Markup("<th scope='col'>{}</th>").format(escape(cell)) for cell in header)
    body = Markup("").join(
        Markup("<tr>{}</tr>\n").format(Markup("").join(Markup("<td>{}</td>").format(escape(cell)) for cell in row))
        for row in rows
    )
    return Markup(
        "<div class='exo-scroll'><table class='exo-table'><thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>"
    ).format(head, body)


def card(title: str, about: str, body_html: str) -> Markup:
    """Return a card for a notebook: a title, a line about it, and a body that is HTML already.

    Parameters
    ----------
    title, about : str
        Text; escaped.
    body_html : str
        HTML made by the functions of this module; not escaped.

    Examples
    --------
    >>> "R &amp; D" in card("R & D", "", table((), ()))
    True
    """
    return Markup(
        "<style>{}</style><div class='exo-card'><div class='exo-title'>{}</div><div class='exo-about'>{}</div>{}</div>"
    ).format(Markup(SHEET), title, about, Markup(body_html))


def badge(text: str, kind: str = "") -> Markup:
    """Return a word in a small frame, with the colour and the sign of its origin.

    Parameters
    ----------
    text : str
    kind : str
        measured, literature, fitted, derived or assumed; the text itself unless given. Any other is grey.

    Examples
    --------
    >>> "○" in badge("assumed") and "assumed" in badge("assumed")
    True
    """
    look = look_of(kind or text, ORIGINS)
    return Markup("<span class='exo-badge'><span style='color:{}' aria-hidden='true'>{}</span> {}</span>").format(
        look.colour, look.sign, text
    )


_LETTERS = re.compile(r"<mrow>((?:<mi mathvariant=\"normal\">[^<]*</mi>){2,})</mrow>")


@lru_cache(maxsize=2048)
def mathml(latex: str, block: bool = False) -> Markup:
    r"""Return LaTeX as MathML, which a browser sets without any script.

    Parameters
    ----------
    latex : str
        Without dollar signs, e.g. from ``as_latex``.
    block : bool
        Whether it stands on a line of its own.

    Raises
    ------
    ExpressionError
        If it is not LaTeX that can be set.

    Examples
    --------
    >>> "<mi>plasma</mi>" in mathml(r"C_{\mathrm{plasma}}")
    True
    """
    from latex2mathml import exceptions
    from latex2mathml.converter import convert

    known = tuple(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))
    try:
        shown: str = convert(latex, display="block" if block else "inline")
    except known as error:
        raise ExpressionError(f"{latex!r} cannot be set as a formula: {type(error).__name__}") from None
    # An upright word comes letter by letter: one token is read aloud and copied as the word that it is.
    return Markup(_LETTERS.sub(_as_word, shown))


def _as_word(found: re.Match[str]) -> str:
    return f"<mi>{re.sub(r'<[^>]*>', '', found[1])}</mi>"


def with_sign(number: float, digits: int = 3) -> str:
    """Return a number with its sign, a true minus before a negative one.

    Examples
    --------
    >>> with_sign(-2.345), with_sign(1.0)
    ('−2.35', '+1')
    """
    return f"{number:+.{digits}g}".replace("-", "−")


def paragraphs(*texts: Any) -> Markup:
    """Return texts as paragraphs; empty ones are left out.

    Examples
    --------
    >>> paragraphs("a", "")
    Markup('<p>a</p>')
    """
    return Markup("\n").join(Markup("<p>{}</p>").format(escape(text)) for text in texts if text)
