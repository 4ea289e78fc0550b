"""Floor 1: colours, dashes, marks and the style sheet of everything that is drawn, in one place.

Why: a carrier, an origin or a ledger has one look in every figure, and no meaning hangs on colour alone. The palette
is that of Okabe and Ito, which the colour-blind can tell apart (https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

from dataclasses import dataclass

PALETTE: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Colours of series in order; yellow is left out, as it is faint on white."""

DASHES: tuple[str, ...] = ("solid", "dash", "dot", "dashdot", "longdash")
MARKS: tuple[str, ...] = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")


@dataclass(frozen=True, slots=True)
class Look:
    """The colour, the sign and the filling pattern of one word, so that it can be told without its colour."""

    colour: str
    sign: str
    pattern: str


ORIGINS: dict[str, Look] = {
    "measured": Look("#0072B2", "●", ""),
    "literature": Look("#009E73", "■", "/"),
    "fitted": Look("#CC79A7", "▲", "x"),
    "derived": Look("#7A7A7A", "◆", "-"),
    "assumed": Look("#D55E00", "○", "."),
}
"""Looks of the origins of a value."""

LEDGERS: dict[str, Look] = {
    "carrier": Look("#0072B2", "●", ""),
    "drug": Look("#D55E00", "◆", ""),
    "label": Look("#009E73", "▲", ""),
    "site": Look("#CC79A7", "■", ""),
    "population": Look("#000000", "○", ""),
}
"""Looks of what moves along an edge of a diagram."""

OTHER = Look("#7A7A7A", "·", "")
"""The look of a word that no table knows."""

FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"

# Lines are half transparent greys and letters inherit, so that a card reads on white and on a dark notebook.
SHEET = """
.exo-card{border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:.6em .9em;margin:.4em 0;max-width:70em}
.exo-title{font-weight:600}.exo-about{opacity:.8;margin:.1em 0 .4em}
.exo-scroll{overflow-x:auto}
.exo-table{border-collapse:collapse;margin:.4em 0;font-size:.92em}
.exo-table th,.exo-table td{padding:.2em .6em;text-align:left;vertical-align:top;background:none;color:inherit}
.exo-table th{border-bottom:1px solid rgba(128,128,128,.7);font-weight:600}
.exo-table td{border-bottom:1px solid rgba(128,128,128,.25)}
.exo-badge{white-space:nowrap;border:1px solid rgba(128,128,128,.5);border-radius:1em;padding:0 .5em;font-size:.85em}
"""


def colour_of(position: int) -> str:
    """Return the colour of the series at this position; after the last the first returns.

    Examples
    --------
    >>> colour_of(0) == colour_of(len(PALETTE)) == PALETTE[0]
    True
    """
    return PALETTE[position % len(PALETTE)]


def look_of(word: str, looks: dict[str, Look]) -> Look:
    """Return the look of a word; one that the table does not know is grey.

    Examples
    --------
    >>> look_of("assumed", ORIGINS).sign, look_of("hearsay", ORIGINS) == OTHER
    ('○', True)
    """
    return looks.get(word, OTHER)
