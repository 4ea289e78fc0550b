"""Floor 8: fitted curves of one table as a noun: by name, as a table, as a figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exodelivery.citation import Citation
from exodelivery.draw.html import card
from exodelivery.draw.html import table as html_table
from exodelivery.errors import nearest
from exodelivery.judge.dose_response.curve import Curve
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 30
RITZ = Citation(
    "Ritz C, Baty F, Streibig JC, Gerhard D. Dose-response analysis using R. PLoS ONE 2015;10:e0146021",
    doi="10.1371/journal.pone.0146021",
)
HAFNER = Citation(
    "Hafner M, Niepel M, Chung M, Sorger PK. Growth rate inhibition metrics correct for confounders in measuring "
    "sensitivity to cancer drugs. Nat Methods 2016;13:521",
    doi="10.1038/nmeth.3853",
)


@dataclass(frozen=True, slots=True)
class Curves:
    """Dose-response curves of one table.

    Attributes
    ----------
    curves : tuple of Curve
    unit : str
        Of the dose.
    scale : str
        ``response``, ``viability`` or ``gr``.
    """

    curves: tuple[Curve, ...]
    unit: str
    scale: str

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The methods that were used."""
        return (RITZ, HAFNER) if self.scale == "gr" else (RITZ,)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the curves, in the order of the table."""
        return tuple(curve.name for curve in self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def __iter__(self) -> Iterator[Curve]:
        return iter(self.curves)

    def __getitem__(self, name: str | int) -> Curve:
        if isinstance(name, int):
            return self.curves[name]
        for curve in self.curves:
            if curve.name == name:
                return curve
        raise DoseResponseError(f"no curve is called {name!r}", remedy=nearest(name, self.names))

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def table(self) -> pd.DataFrame:
        """Return one row to a curve: each number with its ends, standard error and limit, and the words."""
        import pandas as pd

        frame = pd.DataFrame([curve.row() for curve in self.curves])
        frame.attrs["units"] = dict.fromkeys(("ic50", "ec50"), self.unit)
        return frame

    def figure(self) -> Any:
        """Return the curves with their wells, at most twelve."""
        from exodelivery.judge.dose_response.figure import curves_figure

        return curves_figure(self.curves)

    def __str__(self) -> str:
        potency = ("GR50", "GEC50") if self.scale == "gr" else ("IC50", "EC50")
        head = f"{len(self.curves)} dose-response curves ({self.scale})"
        width = max((len(name) for name in self.names[:SHOWN]), default=0) + 2
        lines = ["  " + "".ljust(width) + potency[0].ljust(32) + "hill".ljust(28) + "at the highest dose"]
        for curve in self.curves[:SHOWN]:
            if not curve:
                lines.append(f"  {curve.name.ljust(width)}{curve.words[0]}")
                continue
            cells = f"{str(curve.ic50).ljust(30)}  {str(curve['hill']).ljust(26)}  {curve['at_highest']}"
            lines.append(f"  {curve.name.ljust(width)}{cells}")
            lines += [f"  {''.ljust(width)}- {text}" for text in curve.words]
        more = len(self.curves) - SHOWN
        return "\n".join([head, *lines, *([f"  … and {more} more: .table() has all"] if more > 0 else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        potency = ("GR50", "GEC50") if self.scale == "gr" else ("IC50", "EC50")
        rows = [
            (
                curve.name,
                str(curve.ic50),
                str(curve.ec50),
                str(curve["hill"]),
                str(curve["einf"]),
                "; ".join(curve.words),
            )
            if curve
            else (curve.name, "", "", "", "", curve.words[0])
            for curve in self.curves[:SHOWN]
        ]
        body = html_table(("curve", *potency, "hill", "at an endless dose", "to know"), rows)
        return card("Dose-response", f"{len(self.curves)} curves, {self.scale}", body)
