"""Floor 3: a study: published data with its citation, its arms, and what was read where.

Why: a number without its system, its label and its caveat misleads a fit; the noun keeps them together, and
``verified`` says whether a second person compared it with the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from exodelivery.citation import Citation
from exodelivery.declare.table import Table
from exodelivery.evidence.assay import Assay
from exodelivery.evidence.records import Record

if TYPE_CHECKING:
    from pandas import DataFrame

METRICS: dict[str, tuple[str, ...]] = {
    "drug": ("amount", "mass"),
    "particles": ("carrier",),
    "protein": ("mass",),
    "label": ("ID",),
}
"""What a dose may be counted by, each with the dimensions that its number may have."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One treated group.

    Attributes
    ----------
    name, carrier, body, drug : str
        Its name in the records, and the parts of our library that stand for what was given and to whom.
    dose, metric, route : str
        Such as ``"9 mg/kg"``, ``"drug"``, ``"iv"``; a tracer is ``"1 ID"``, ``"label"``.
    times : int
        Number of doses, ``every`` so often.
    label : str
        The label that was measured, as the paper names it.
    condition : str
        What sets the system apart from the body named (``"macrophages depleted"``): a fit must answer to it.
    protocol : str
        The plate protocol of an arm in vitro.
    """

    name: str
    carrier: str
    body: str
    drug: str = ""
    dose: str = ""
    metric: str = ""
    route: str = ""
    times: int = 1
    every: str = ""
    label: str = ""
    about: str = ""
    condition: str = ""
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """Published data with its citation.

    Attributes
    ----------
    name, about : str
        The name of its folder, and one line.
    citation : Citation
        The source; a study without one is refused.
    arms : Table of Arm
        Treated groups by name.
    records : tuple of Record
        The numbers, in the order of the files.
    verified : bool
        Whether a second person compared it with the paper.
    caveats : tuple of str
        What a reader must know.
    system, units, readings : Table of str
        Species, tumour, body; a paper's odd units in our words; how a ``what`` was read.
    read : str
        What was read where.
    assays : Table of Assay
        By observable: what the measurement made of it, where values are not corrected.
    path : Path or None
        The folder.
    """

    name: str
    about: str
    citation: Citation
    arms: Table[Arm]
    records: tuple[Record, ...]
    verified: bool = False
    caveats: tuple[str, ...] = ()
    system: Table[str] = field(default_factory=Table)
    units: Table[str] = field(default_factory=Table)
    readings: Table[str] = field(default_factory=Table)
    read: str = ""
    assays: Table[Assay] = field(default_factory=Table)
    path: Path | None = None

    @property
    def usable(self) -> tuple[Record, ...]:
        """The records that a fit may use."""
        return tuple(record for record in self.records if record.use)

    def table(self) -> DataFrame:
        """Return the records as a frame, one row each (see ``studies.records_table``)."""
        from exodelivery.evidence.studies import records_table

        return records_table(self.records)

    def __repr__(self) -> str:
        state = "verified" if self.verified else "not verified"
        return f"Study({self.name!r}, {len(self.arms)} arms, {len(self.records)} records, {state})"

    def __str__(self) -> str:
        lines = [repr(self), self.about, self.citation.as_text(), f"read: {self.read}"]
        lines += [f"assay of {assay.observable}: {assay}" for assay in self.assays.values()]
        return "\n".join(lines + [f"- {caveat}" for caveat in self.caveats])

    def _repr_html_(self) -> str:
        from html import escape

        said = [*(f"assay of {assay.observable}: {assay}" for assay in self.assays.values()), *self.caveats]
        caveats = "".join(f"<li>{escape(one)}</li>" for one in said)
        head = f"<p><b>{escape(self.name)}</b>: {escape(self.about)}</p><p>{self.citation.as_html()}</p>"
        return f"{head}<ul>{caveats}</ul>{self.table().to_html(escape=True, index=False, na_rep='')}"
