"""Floor 3: the noun that a reader gives: the mapping of roles, the numbers, the faults and the exclusions."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exodelivery.draw.html import card, paragraphs, table
from exodelivery.errors import EvidenceError, Place
from exodelivery.evidence.problems import Problems
from exodelivery.evidence.read_csv import COLUMNS
from exodelivery.units import format_number

if TYPE_CHECKING:
    import pandas as pd

    from exodelivery.evidence.study import Study

SHOWN = 12
TABLE = (
    "row", "arm", "subject", "what", "time_h", "value", "unit", "spread", "spread_kind", "n", "limit", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """What one column, block or constant was taken for.

    Attributes
    ----------
    role : str
        arm, subject, what, time, value, unit, spread, n, limit, note; or ``ignored``.
    source : str
        The heading, or ``given`` for a constant.
    unit : str
    why : str
        How it was recognised.
    """

    role: str
    source: str
    unit: str = ""
    why: str = ""

    def __str__(self) -> str:
        shown = f" [{self.unit}]" if self.unit else ""
        return f"{self.source!r} → {self.role}{shown}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One number, as it stands in the file but for its time, which is in hours.

    Attributes
    ----------
    row : int
        Of the file, from 1.
    arm, subject, what : str
    time : float or None
        [h].
    value : float
    unit : str
    spread : float or None
    spread_kind : str
    n : int or None
    limit : str
        ``<`` below a limit, whose value stands in ``value``; ``>`` above one.
    note : str
    extra : mapping of str to str
        Further columns that were named, such as a dose.
    """

    row: int
    value: float
    unit: str
    arm: str = ""
    subject: str = ""
    what: str = ""
    time: float | None = None
    spread: float | None = None
    spread_kind: str = "none"
    n: int | None = None
    limit: str = ""
    note: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row or cell that gives no number, and why."""

    row: int
    column: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read from a file, and how.

    Attributes
    ----------
    source, kind : str
        The file, and which layout it was read as.
    roles : tuple of Role
        Look at these before anything else.
    entries : tuple of Entry
    faults : tuple of EvidenceError
        Rows that cannot be read, each with its place and remedy; while there are any, nothing is handed out.
    excluded : tuple of Exclusion
        What gives no number, with the reason; nothing is dropped in silence.
    notes : tuple of str
    """

    source: str
    kind: str
    roles: tuple[Role, ...]
    entries: tuple[Entry, ...]
    faults: tuple[EvidenceError, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.faults

    def __len__(self) -> int:
        return len(self.entries)

    def require(self) -> tuple[Entry, ...]:
        """Return the entries, or raise one error that lists every fault with its row and remedy.

        Raises
        ------
        EvidenceError
        """
        problems = Problems()
        problems.found.extend(self.faults)
        problems.raise_any("The table", Place(self.source))
        return self.entries

    def table(self) -> pd.DataFrame:
        """Return the numbers, one row each, with the row of the file; further named columns come last.

        Raises
        ------
        EvidenceError
            While there are faults.
        """
        import pandas as pd

        rows = [
            (
                e.row, e.arm, e.subject, e.what, e.time, e.value, e.unit, e.spread, e.spread_kind, e.n, e.limit, e.note,
                *e.extra.values(),
            )
            for e in self.require()
        ]  # fmt: skip
        more = list(self.entries[0].extra) if self.entries else []
        frame = pd.DataFrame(rows, columns=[*TABLE, *more])
        units = {entry.unit for entry in self.entries}
        frame.attrs["units"] = {"time_h": "h"} | ({"value": units.pop()} if len(units) == 1 else {})
        return frame

    def exclusions(self) -> pd.DataFrame:
        """Return what gives no number, with its row and the reason."""
        import pandas as pd

        return pd.DataFrame([(e.row, e.column, e.why) for e in self.excluded], columns=["row", "column", "why"])

    def means(self) -> Reading:
        """Return means with SD and n of each arm, quantity and time, as a paper would print them.

        A group with a level beyond a limit has no mean that is not biased: it is excluded, and says so. A single number
        stays as it is.

        Raises
        ------
        EvidenceError
            While there are faults, or where numbers are means already.
        """
        groups: dict[tuple[str, str, float | None, str], list[Entry]] = {}
        for entry in self.require():
            if entry.spread is not None or (entry.n or 1) > 1:
                raise EvidenceError(
                    "the numbers are means already", where=Place(self.source, entry.row), remedy="use them as they are"
                )
            groups.setdefault((entry.arm, entry.what, entry.time, entry.unit), []).append(entry)
        found, gone = [], list(self.excluded)
        for members in groups.values():
            values = [entry.value for entry in members]
            beyond = sum(bool(entry.limit) for entry in members)
            if len(members) == 1:
                found.append(replace(members[0], n=1))
            elif beyond:
                why = f"{beyond} of {len(members)} lie beyond a limit, so their mean would be biased"
                gone.append(Exclusion(members[0].row, members[0].what, why))
            else:
                mean = math.fsum(values) / len(values)
                sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
                kind = ("sd", sd) if sd > 0 else ("none", None)
                found.append(
                    replace(
                        members[0], value=mean, spread=kind[1], spread_kind=kind[0], n=len(values), subject="", extra={}
                    )
                )
        return replace(self, entries=tuple(found), excluded=tuple(gone), kind=f"means of {self.kind}")

    def write(self, path: str | Path) -> Path:
        """Write a study's tidy CSV, which :func:`~exodelivery.evidence.read_csv.read_csv` reads; an animal has n = 1.

        Raises
        ------
        EvidenceError
            While there are faults; where a number has no arm or quantity; or if the file is there already.
        """
        target = Path(path)
        problems = Problems()
        rows = []
        for e in self.require():
            for role, text in (("arm", e.arm), ("what", e.what)):
                if not text:
                    problems.add(
                        f"The number has no {role}", Place(self.source, e.row), f"give it: {role}= in constants"
                    )
            note = "; ".join(filter(None, (e.note, f"subject {e.subject}" if e.subject else "")))
            cells = {
                "arm": e.arm, "what": e.what, "time_h": "" if e.time is None else repr(e.time), "value": repr(e.value),
                "unit": e.unit, "spread": "" if e.spread is None else repr(e.spread), "spread_kind": e.spread_kind,
                "n": str(e.n or (1 if e.subject else "")), "limit": e.limit, "note": note,
            }  # fmt: skip
            rows.append([cells.get(column, "") for column in COLUMNS])
        problems.raise_any("The table", Place(self.source))
        written = StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(written.getvalue())
        except FileExistsError:
            raise EvidenceError(
                "The file is there already", where=Place(str(target)), remedy="choose another name"
            ) from None
        except OSError as error:
            raise EvidenceError(f"The file cannot be written: {error.strerror}", where=Place(str(target))) from error
        return target

    def keep(
        self,
        name: str,
        *,
        about: str,
        citation: str,
        body: str,
        arms: Mapping[str, Mapping[str, Any]],
        caveats: Sequence[str] = (),
        shelf: str | Path = ".",
    ) -> Study:
        """Keep the numbers as a study on a shelf, with who, what and how beside them.

        Parameters
        ----------
        name : str
            Of the study: letters, digits and underscores.
        about, citation : str
            One line, and where the numbers come from; a lab's own say so.
        body : str
            Of the library.
        arms : mapping of mappings
            What was given to each arm, ``{"exosome": {"carrier": "exosome_natural", "dose": "1 ID", "metric": "label",
            "route": "iv"}}``, keys as in ``study.toml``.
        caveats : sequence of str
            What a reader must know; what gave no number is added, with its reason.
        shelf : str or Path
            Holds ``fits/``; the working folder unless given.

        Raises
        ------
        EvidenceError
            While there are faults, if the study stands already, or what is told makes no study.

        Examples
        --------
        >>> import tempfile
        >>> import exodelivery as exo
        >>> shelf = Path(tempfile.mkdtemp())
        >>> _ = (shelf / "lab.csv").write_text("Time (h),exosome (%ID/g)\\n1,12.5\\n4,6.1\\n")
        >>> found = exo.read(shelf / "lab.csv", constants={"what": "blood_label"})
        >>> arm = {"carrier": "exosome_natural", "dose": "1 ID", "metric": "label", "route": "iv"}
        >>> found.keep("ours", about="a trial", citation="our lab", body="mouse", arms={"exosome": arm}, shelf=shelf)
        Study('ours', 1 arms, 2 records, not verified)
        """
        from exodelivery.evidence.keep import keep_study

        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
            raise EvidenceError(f"{name[:40]!r} is no name of a study", remedy="letters, digits and underscores")
        folder = Path(shelf) / "fits" / "studies" / name
        return keep_study(self, folder, about=about, citation=citation, body=body, arms=arms, caveats=tuple(caveats))

    def _head(self) -> str:
        state = f"{len(self.faults)} faults" if self.faults else "no faults"
        return (
            f"{self.source}: read as {self.kind}, {len(self.entries)} numbers, {state}, {len(self.excluded)} excluded"
        )

    def __str__(self) -> str:
        lines = [self._head(), *(f"  {role}" for role in self.roles)]
        if self.faults:
            lines.append("  faults:")
            lines += [f"  - {str(fault).replace(chr(10), chr(10) + '    ')}" for fault in self.faults[:SHOWN]]
            if len(self.faults) > SHOWN:
                lines.append(f"  … and {len(self.faults) - SHOWN} more faults")
        reasons: dict[str, list[int]] = {}
        for gone in self.excluded:
            reasons.setdefault(gone.why, []).append(gone.row)
        for why, rows in reasons.items():
            shown = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
            lines.append(f"  excluded, {why}: row {shown}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        roles = table(("column", "is", "unit", "why"), [(r.source, r.role, r.unit, r.why) for r in self.roles])
        first = [
            (e.row, e.arm, e.subject, e.what, "" if e.time is None else format_number(e.time), _shown(e), e.unit)
            for e in self.entries[:8]
        ]
        body = roles + table(("row", "arm", "subject", "what", "time [h]", "value", "unit"), first)
        if len(self.entries) > 8:
            body += paragraphs(f"… and {len(self.entries) - 8} more numbers")
        if self.faults:
            found = [(f.where.line or "", f.where.key, f.message, f.remedy) for f in self.faults[:SHOWN]]
            body += table(("row", "cell", "cannot be read", "remedy"), found)
            if len(self.faults) > SHOWN:
                body += paragraphs(f"… and {len(self.faults) - SHOWN} more faults")
        if self.excluded:
            gone = [(e.row, e.column, e.why) for e in self.excluded[:SHOWN]]
            body += table(("row", "cell", "gives no number, as"), gone)
            if len(self.excluded) > SHOWN:
                body += paragraphs(f"… and {len(self.excluded) - SHOWN} more")
        return card("Reading", self._head(), body + paragraphs(*self.notes))


def _shown(entry: Entry) -> str:
    spread = f" ± {format_number(entry.spread)} ({entry.spread_kind})" if entry.spread is not None else ""
    return f"{entry.limit}{format_number(entry.value)}{spread}"


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_BELOW = re.compile(r"(?:<\s*LL?OQ|B[LQ]Q|BLOQ|BLLOQ|BLD|<\s*LOD|N\.?D\.?)", re.I)
MISSING = ("", ".", "-", "–", "na", "n/a", "nan", "n.a.")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that was read: a number with its limit and the spread that stood beside it; or missing."""

    value: float = math.nan
    limit: str = ""
    spread: float | None = None
    missing: bool = False


def read_cell(text: str, decimal: str = ".", lloq: float | None = None) -> Cell | str:
    """Return what a cell says, or why it cannot be read.

    Parameters
    ----------
    text : str
        A number, ``<0.05``, ``>100``, ``BLQ``, ``1.2 ± 0.3``, or nothing.
    decimal : str
    lloq : float, optional
        Limit of quantification that ``BLQ`` stands for; numbers below it are below the limit too.

    Examples
    --------
    >>> read_cell("<0.05"), read_cell("1,5", ",").value, read_cell("#DIV/0!")
    (Cell(value=0.05, limit='<', spread=None, missing=False), 1.5, "'#DIV/0!' is no number")
    """
    plain = text.strip().replace("−", "-")
    if plain.lower() in MISSING:
        return Cell(missing=True)
    if _BELOW.fullmatch(plain):
        return "a level below the limit, and no limit is stated" if lloq is None else Cell(lloq, "<")
    limit = plain[0] if plain[0] in "<>" else ""
    middle = plain[len(limit) :].lstrip("=").strip()
    parts = [part.strip() for part in re.split(r"±|\+/-|\+-", middle)]
    if len(parts) > 2:
        return f"{text[:40]!r} is no number"
    numbers = []
    for part in parts:
        written = part.replace(",", ".") if decimal == "," and part.count(",") == 1 and "." not in part else part
        if not _NUMBER.fullmatch(written) or not math.isfinite(float(written)):
            return f"{text[:40]!r} is no number"
        numbers.append(float(written))
    if lloq is not None and not limit and numbers[0] < lloq:
        return Cell(lloq, "<")
    return Cell(numbers[0], limit, numbers[1] if len(numbers) > 1 else None)
