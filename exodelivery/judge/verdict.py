"""Floor 8: from numbers to words: when a carrier is better, when it is equivalent, and when nothing decides.

Where more than half of the variance comes from assumptions the evidence does not decide, whatever the interval says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exodelivery.judge.comparison import Row

UNDECIDED = "the evidence does not decide"
UNDER_ASSUMPTIONS = "under the assumptions"
EQUIVALENT = (0.8, 1.25)
"""Ratios between these ends are taken as equal; the usual limits of bioequivalence."""
SURE = 0.9
"""P(better) from which a row takes sides where verdicts are held against one another."""


def headline(direction: int, p_above: float, p_equivalent: float, shares: Mapping[str, float]) -> str:
    """Return the verdict on one row.

    Parameters
    ----------
    direction : int
        1 where more is better, -1 where less is, 0 where neither is judged.
    p_above : float
        Probability that the ratio lies above one.
    p_equivalent : float
        Probability that it lies within the limits of equivalence.
    shares : mapping
        Share of the variance by origin; empty where it could not be worked out.

    Examples
    --------
    >>> headline(1, 0.99, 0.0, {"measured": 0.8, "assumed": 0.2})
    'better'
    >>> headline(1, 0.99, 0.0, {"measured": 0.4, "assumed": 0.6})
    'the evidence does not decide'
    """
    if not shares:
        return "doubt not traced"
    if shares.get("assumed", 0.0) > 0.5:
        return UNDECIDED
    if p_equivalent >= 0.95:
        return "equivalent"
    more, less = {1: ("better", "worse"), -1: ("worse", "better"), 0: ("higher", "lower")}[direction]
    if p_above >= 0.975:
        return more
    if p_above <= 0.025:
        return less
    return "no difference shown"


def overall(rows: Sequence[Row], baseline: str) -> str:
    """Return the headline of a comparison: what flips, then what the leading metric says of each carrier."""
    if not rows:
        return "Nothing could be compared; see what was left out."
    leading = [row for row in rows if row.metric == rows[0].metric]
    lines = [_sentence(row, baseline) for row in leading]
    if all(row.headline == UNDECIDED for row in leading):
        lines.insert(0, f"{UNDECIDED.capitalize()}: assumptions carry more than half of the doubt.")
    return "\n".join([*flips(rows), *lines])


def flips(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each carrier that some rows call better and others worse, by metric or by matching.

    Parameters
    ----------
    rows : sequence of Row
        A row counts with P(better) of at least 0.9 for better, of at most 0.1 for worse; whether assumptions carry it
        is said by its own verdict.
    """
    found = []
    for carrier in dict.fromkeys(row.carrier for row in rows):
        own = [row for row in rows if row.carrier == carrier and row.p_better is not None]
        better = [row for row in own if row.p_better is not None and row.p_better >= SURE]
        worse = [row for row in own if row.p_better is not None and row.p_better <= 1 - SURE]
        if better and worse:
            found.append(f"The verdict on {carrier} flips: better by {_named(better)}; worse by {_named(worse)}.")
    return found


def _named(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row.metric} (same {row.matching}, P(better) {row.p_better:.2f})" for row in rows)


def _sentence(row: Row, baseline: str) -> str:
    what = f"{row.metric} {row.ratio:.2g} times that of {baseline} ({row.low:.2g} to {row.high:.2g})"
    chance = "" if row.p_better is None else f", P(better) {row.p_better:.2f}"
    if row.headline == UNDECIDED and chance:
        chance += f" {UNDER_ASSUMPTIONS}"
    return f"{row.carrier}, same {row.matching}: {row.headline}; {what}{chance}; doubt {row.rests_on}."
