"""Floor 6: one subject's curve made ready for analysis: sorted, judged, and every exclusion with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from exodelivery.errors import EvidenceError, Place
from exodelivery.solve.noncompartmental.below_limit import BelowLimit
from exodelivery.solve.timeline import Array


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured level: time after the dose, value (nan is missing), the limit that it lies below, its row."""

    time: float
    level: float
    limit: float | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A sample that was not used, and why."""

    time: float
    row: int
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Samples that are used.

    Attributes
    ----------
    times, levels : array, (samples,)
        From the dose on, rising; levels below the limit as the rule puts them.
    excluded : tuple of Exclusion
    treated : int
        Samples below the limit that count by the rule.
    """

    times: Array
    levels: Array
    excluded: tuple[Exclusion, ...] = ()
    treated: int = 0

    @property
    def last(self) -> int:
        """Position of the last positive level, -1 where there is none."""
        positive = np.flatnonzero(self.levels > 0)
        return int(positive[-1]) if positive.size else -1


def curve_of(samples: Iterable[Sample], rule: BelowLimit, who: str = "") -> Curve:
    """Return the curve of one subject.

    Raises
    ------
    EvidenceError
        If two samples share a time.

    Examples
    --------
    >>> curve_of([Sample(2.0, 1.0), Sample(1.0, math.nan), Sample(0.0, 0.0, 0.1)], BelowLimit()).times
    array([0., 2.])
    """
    excluded, kept = [], []
    for sample in sorted(samples, key=lambda s: s.time):
        if math.isnan(sample.level) or math.isnan(sample.time):
            excluded.append(Exclusion(sample.time, sample.row, "missing"))
        elif sample.time < 0:
            excluded.append(Exclusion(sample.time, sample.row, "before the dose"))
        else:
            kept.append(sample)
    for earlier, later in pairwise(kept):
        if earlier.time == later.time:
            raise EvidenceError(
                f"{who or 'the curve'} has two levels at {later.time:g} (rows {earlier.row} and {later.row})",
                where=Place(key=who),
                remedy="name the column of subjects, or pass sparse=True where each animal gave few samples",
            )
    used, treated = [], 0
    measured = [n for n, sample in enumerate(kept) if sample.limit is None]
    for n, sample in enumerate(kept):
        if sample.limit is None:
            used.append((sample.time, sample.level))
            continue
        early = not measured or n < measured[0]
        how = rule.before if early else rule.after if n > measured[-1] else rule.between
        level = {"zero": 0.0, "half": sample.limit / 2, "limit": sample.limit}.get(how, math.nan)
        if math.isnan(level):
            why = "below the limit" if how == "drop" else f"below a limit that was not stated, so {how} is unknown"
            excluded.append(Exclusion(sample.time, sample.row, why))
            continue
        treated += 1
        used.append((sample.time, level))
    array = np.array(used, dtype=float).reshape(-1, 2)
    return Curve(array[:, 0], array[:, 1], tuple(excluded), treated)
