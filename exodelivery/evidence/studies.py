"""Floor 3: several studies at once: a frozen mapping that a notebook shows, completes and tabulates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation, bibliography
from exodelivery.declare.table import Table
from exodelivery.errors import EvidenceError, nearest
from exodelivery.evidence.records import Record
from exodelivery.evidence.study import Arm, Study

if TYPE_CHECKING:
    from pandas import DataFrame

TABLE_COLUMNS = (
    "study", "arm", "what", "against", "time", "from", "to", "phase", "value", "unit", "spread", "lower",
    "upper", "spread_kind", "n", "limit", "use", "note",
)  # fmt: skip


def records_table(records: Iterable[Record]) -> DataFrame:
    """Return records as a frame, one row each.

    Returns
    -------
    DataFrame
        Columns study, arm, what, against, time, from, to [h], phase, value, lower, upper, spread (in the unit
        of the row's ``unit``; % for a cv), spread_kind, n, limit, use, note. The times' units are in
        ``attrs["units"]``.
    """
    import pandas as pd

    rows = []
    for r in records:
        lower, upper = r.interval or (None, None)
        spread = None if r.interval else r.spread
        rows.append(
            (
                r.study, r.arm, str(r.what), r.against, r.time, r.start, r.end, r.phase, r.value, r.unit,
                spread, lower, upper, r.spread_kind, r.n, r.limit, r.use, r.note,
            )
        )  # fmt: skip
    numeric = ["time", "from", "to", "value", "spread", "lower", "upper"]
    frame = pd.DataFrame(rows, columns=list(TABLE_COLUMNS)).astype(
        dict.fromkeys(numeric, "float64") | {"phase": "Int64", "n": "Int64"}
    )
    frame.attrs["units"] = {"time": "h", "from": "h", "to": "h"} | dict.fromkeys(
        ("value", "spread", "lower", "upper"), "column unit"
    )
    return frame


class UnknownStudyError(EvidenceError, KeyError):
    """No study bears that name; a ``KeyError`` too, as a mapping owes its callers."""


class Studies(Mapping[str, Study]):
    """A frozen collection of studies by name.

    Parameters
    ----------
    studies : iterable of Study
        Each name once.

    Raises
    ------
    EvidenceError
        If two studies bear one name, or an unknown one is asked for (the nearest are listed).

    Examples
    --------
    >>> len(Studies(()))
    0
    """

    __slots__ = ("_members",)
    _members: Table[Study]

    def __init__(self, studies: Iterable[Study]) -> None:
        members: dict[str, Study] = {}
        for study in studies:
            if study.name in members:
                raise EvidenceError(f"Two studies bear the name {study.name!r}")
            members[study.name] = study
        object.__setattr__(self, "_members", Table(members))

    def __getitem__(self, name: str) -> Study:
        try:
            return self._members[name]
        except KeyError:
            raise UnknownStudyError(f"There is no study {name!r}", remedy=nearest(name, self._members)) from None

    def __getattr__(self, name: str) -> Study:
        # Never look up `_members` here: copy and pickle ask for it before it exists.
        if name.startswith("_") or name not in self._members:
            raise AttributeError(name)
        return self._members[name]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Studies are frozen; make a new collection")

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __hash__(self) -> int:
        return hash(tuple(self._members))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._members]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._members)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Studies, (tuple(self._members.values()),))

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record of every study."""
        return tuple(record for study in self.values() for record in study.records)

    def arms(self) -> Table[Arm]:
        """Return every arm by its dotted name, ``study.arm``."""
        return Table({f"{study.name}.{name}": arm for study in self.values() for name, arm in study.arms.items()})

    def citations(self) -> tuple[Citation, ...]:
        """Return the bibliography, sorted, each source once."""
        return bibliography(study.citation for study in self.values())

    def table(self) -> DataFrame:
        """Return every record as a row (see :func:`records_table`)."""
        return records_table(self.records)

    def overview(self) -> DataFrame:
        """Return one row a study: what it is, how much it holds, whether it was verified, its source."""
        import pandas as pd

        columns = ["study", "about", "arms", "records", "usable", "verified", "citation"]
        rows = [
            (s.name, s.about, len(s.arms), len(s.records), len(s.usable), s.verified, s.citation.as_text())
            for s in self.values()
        ]
        return pd.DataFrame(rows, columns=columns).set_index("study")

    def plot(self) -> Any:
        """Return a figure of what the studies hold."""
        from exodelivery.draw.figure import studies_figure

        return studies_figure(self)

    def __repr__(self) -> str:
        return f"Studies({len(self)}: {', '.join(self) or 'none'})"

    def _repr_html_(self) -> str:
        return self.overview().to_html(escape=True)
