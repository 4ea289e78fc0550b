"""Floor 8: what the cases came to: one row a target, never without its deviation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import card, table
from exodelivery.units import format_number, format_quantity

if TYPE_CHECKING:
    import pandas as pd

VERDICTS: dict[str, str] = {
    "met": "within its gate",
    "caught": "a model that is defective in print, found out by the checker",
    "reported": "shown without a gate",
    "cannot be reproduced": "listed with the reason",
    "not run": "the table that it is held against is not at hand",
    "missed": "outside its gate",
    "failed": "no value was had; the note says why",
}
NOT_OK = frozenset({"missed", "failed"})


@dataclass(frozen=True, slots=True)
class Row:
    """One target beside what we get.

    Attributes
    ----------
    case, model, target : str
    published : str
        As printed.
    ours : float
        In ``unit``; nan where there is no number.
    unit : str
    deviation : float
        Relative to the published value, or absolute where the gate is; nan where there is none.
    gate : str
        As the case writes it.
    verdict : str
        A key of :data:`VERDICTS`.
    said : str
        Words in the place of a number, e.g. what the checker says.
    source, note : str
    """

    case: str
    model: str
    target: str
    published: str = ""
    ours: float = math.nan
    unit: str = ""
    deviation: float = math.nan
    absolute: bool = False
    gate: str = ""
    verdict: str = "reported"
    said: str = ""
    source: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is against it: neither missed nor failed."""
        return self.verdict not in NOT_OK

    @property
    def ours_text(self) -> str:
        """What we get, with its unit."""
        return self.said or ("" if math.isnan(self.ours) else format_quantity(self.ours, self.unit, 5))

    @property
    def deviation_text(self) -> str:
        """The deviation as people read it."""
        if math.isnan(self.deviation):
            return ""
        if self.absolute:
            return format_quantity(self.deviation, self.unit, 2)
        return f"{format_number(100 * self.deviation, 2)} %"

    def plain(self) -> dict[str, Any]:
        """Return the row as JSON takes it: numbers or null, and ``ok``."""
        found: dict[str, Any] = {key: _number(value) for key, value in asdict(self).items()}
        return found | {"ok": self.ok}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class Qualification:
    """All rows of the cases that were run; true when none is missed or failed.

    Attributes
    ----------
    rows : tuple of Row
    abouts : tuple of (str, str)
        Each case with what it holds the model against.
    citations : tuple of Citation

    Examples
    --------
    >>> bool(Qualification((Row("x", "y", "z", verdict="missed"),))), bool(Qualification())
    (False, True)
    """

    rows: tuple[Row, ...] = ()
    abouts: tuple[tuple[str, str], ...] = ()
    citations: tuple[Citation, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no target is missed and none failed."""
        return all(row.ok for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def headline(self) -> str:
        """The counts in words."""
        counts = Counter(row.verdict for row in self.rows)
        said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
        return f"{len(self.rows)} targets of {len(self.abouts)} cases: {said or 'none'}"

    def table(self) -> pd.DataFrame:
        """Return the rows as a pandas frame, ``ok`` among its columns."""
        import pandas as pd

        return pd.DataFrame([row.plain() for row in self.rows])

    def plain(self) -> list[dict[str, Any]]:
        """Return the rows as JSON takes them."""
        return [row.plain() for row in self.rows]

    def __str__(self) -> str:
        lines = []
        for name, about in self.abouts:
            mine = [row for row in self.rows if row.case == name]
            models = ", ".join(dict.fromkeys(row.model for row in mine))
            lines.append(f"{name} ({models}): {about}")
            width = min(max((len(row.target) for row in mine), default=0), 58)
            for row in mine:
                shown = " ".join(row.ours_text.split())
                parts = [f"  {row.verdict:<8} {row.target:<{width}}"]
                parts += [f"published {row.published}"] if row.published else []
                parts += [f"ours {shown}"] if shown else []
                parts += [f"off {row.deviation_text}"] if row.deviation_text else []
                parts += [f"gate {row.gate}"] if row.gate else []
                lines.append("  ".join(parts))
                if row.note:
                    lines.append(f"           {row.note}")
        return "\n".join([*lines, self.headline])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return card("Qualification", self.headline, rows_html(self.rows))


def rows_html(rows: tuple[Row, ...]) -> Any:
    """Return rows as a table of HTML."""
    header = ("model", "target", "published", "ours", "deviation", "gate", "verdict", "source and note")
    cells = [
        (
            row.model,
            row.target,
            row.published,
            row.ours_text,
            row.deviation_text,
            row.gate,
            row.verdict,
            "; ".join(filter(None, (row.source, row.note))),
        )
        for row in rows
    ]
    return table(header, cells)
