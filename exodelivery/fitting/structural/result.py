"""Floor 7: the noun of an identifiability test: a verdict for each unknown in words, and what would settle it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exodelivery.declare.table import Table
from exodelivery.draw.html import card, paragraphs, table

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("identified", "in combination", "not at all")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be known of one unknown.

    Attributes
    ----------
    name : str
    word : str
        One of :data:`WORDS`.
    unique : bool or None
        Of what is identified: one value, or one of finitely many (counting negative and complex ones); None is
        undecided, which the rank alone always leaves.
    combinations : tuple of str
        The identified functions that it stands in.
    tied : tuple of str
        The unknowns that it can be traded against.
    """

    name: str
    word: str
    unique: bool | None = None
    combinations: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.word == "identified":
            how = {True: ", globally", False: ", up to finitely many values", None: ""}[self.unique]
            return f"identified{how}"
        if self.word == "not at all":
            return "not at all: nothing that is seen depends on it"
        if self.combinations:
            return f"only in {', '.join(self.combinations)}"
        return f"only in a combination with {', '.join(self.tied)}"


@dataclass(frozen=True, slots=True)
class Group:
    """Unknowns that trade against one another.

    Attributes
    ----------
    names : tuple of str
    combinations : tuple of str
        Independent identified functions of them.
    hold : tuple of str
        Hold these at known values, and the rest of the group is identified.
    complete : bool
        Whether the combinations are all that can be known of the group: then they can be its parameters.
    """

    names: tuple[str, ...]
    combinations: tuple[str, ...]
    hold: tuple[str, ...]
    complete: bool

    def __str__(self) -> str:
        parts = [f"{', '.join(self.names)}:"]
        if self.combinations:
            end = "" if self.complete else ", and more that no simple formula gives"
            parts.append(f"the data tell {', '.join(self.combinations)}{end};")
        parts.append(f"hold {', '.join(self.hold)} and the rest is identified")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Something more that could be measured.

    Attributes
    ----------
    name, kind : str
        An observable, a pool, or a parameter measured by itself.
    settles : tuple of str
        The unknowns that become identified.
    gain : int
        By how much the rank rises.
    """

    name: str
    kind: str
    settles: tuple[str, ...]
    gain: int

    def __str__(self) -> str:
        what = f"settles {', '.join(self.settles)}" if self.settles else "adds a combination"
        return f"{self.name} ({self.kind}) {what}"


@dataclass(frozen=True, slots=True)
class Identifiability:
    """What data of this kind can tell of a model, however good they are.

    Attributes
    ----------
    model : str
    observables, arms : tuple of str
        What is seen, and what is given.
    verdicts : Table of Verdict
        By unknown.
    groups : tuple of Group
    measurements : tuple of Measurement
        What would settle most, the best first.
    rank, unknowns : int
        Independent functions that the outputs tell, and how many unknowns there are.
    notes : tuple of str
        What was taken as known or left out of account.
    """

    model: str
    observables: tuple[str, ...]
    arms: tuple[str, ...]
    verdicts: Table[Verdict]
    groups: tuple[Group, ...]
    measurements: tuple[Measurement, ...]
    rank: int
    unknowns: int
    notes: tuple[str, ...] = ()

    @property
    def identified(self) -> tuple[str, ...]:
        """The unknowns that are identified."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict.word == "identified")

    def __getitem__(self, name: str) -> Verdict:
        return self.verdicts[name]

    def __len__(self) -> int:
        return len(self.verdicts)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.verdicts)

    def table(self) -> pd.DataFrame:
        """Return one row an unknown: its verdict, whether it is unique, its combinations and what it is tied to."""
        import pandas as pd

        rows = [
            (v.name, v.word, v.unique, ", ".join(v.combinations), ", ".join(v.tied)) for v in self.verdicts.values()
        ]
        return pd.DataFrame(rows, columns=["unknown", "verdict", "unique", "combinations", "tied to"])

    def _head(self) -> str:
        seen = ", ".join(self.observables)
        return (
            f"Structural identifiability of {self.model or 'the model'} from {seen} after {' and '.join(self.arms)}: "
            f"{len(self.identified)} of {len(self.verdicts)} unknowns identified"
        )

    def __str__(self) -> str:
        lines = [self._head()]
        lines += [f"  {name}: {verdict}" for name, verdict in self.verdicts.items()]
        if self.groups:
            lines.append("  To make the rest of a group known:")
            lines += [f"  - {group}" for group in self.groups]
        if self.measurements:
            lines.append("  What would settle most:")
            lines += [f"  - {measurement}" for measurement in self.measurements[:5]]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(name, str(verdict)) for name, verdict in self.verdicts.items()]
        more = [(m.name, m.kind, ", ".join(m.settles) or "a combination") for m in self.measurements[:8]]
        body = table(("unknown", "verdict"), rows) + paragraphs(*map(str, self.groups))
        if more:
            body += table(("measure also", "", "which settles"), more)
        return card("Structural identifiability", self._head(), body + paragraphs(*self.notes))
