"""Floor 8: the nouns of a case: its runs, readings and targets, as its file says them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exodelivery.citation import Citation
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.regimen import Regimen
from exodelivery.declare.table import Table
from exodelivery.errors import Place


@dataclass(frozen=True, slots=True)
class Run:
    """One simulation that a case asks for.

    Attributes
    ----------
    name : str
    regimen : Regimen
        Without doses the model runs from its own start.
    until : str
        End of the run; a week after the last dose unless given.
    model : str
        Another model than the case's.
    swap, values : Table
        Parts and blocks replaced; values laid over the model's, by full name.
    using : str
        A kept fit whose estimates are laid over the model's values.
    keep : tuple of str
        Pools kept though no observable needs them.
    solver : str
        The default one unless given.
    tolerance : float
    """

    name: str
    regimen: Regimen = field(default_factory=Regimen)
    until: str = ""
    model: str = ""
    swap: Table[Any] = field(default_factory=Table)
    values: Table[Any] = field(default_factory=Table)
    using: str = ""
    keep: tuple[str, ...] = ()
    solver: str = ""
    tolerance: float = 1e-10


@dataclass(frozen=True, slots=True)
class Reading:
    """A number read of a run: an observable, pool or population at a time, or a functional of one.

    Attributes
    ----------
    run, of, functional : str
    at : float or None
        Of a level [h]; the run's end unless given.
    start, end : float
        Window of a functional [h].
    dose : str
        For a clearance or a volume, what the paper divides; all that was given unless said.
    """

    run: str
    of: str
    functional: str = "level"
    at: float | None = None
    start: float = 0.0
    end: float = math.inf
    dose: str = ""

    def __str__(self) -> str:
        if self.functional == "level":
            return f"{self.of} at {'the end' if self.at is None else f'{self.at:g} h'} ({self.run})"
        window = "" if (self.start, self.end) == (0.0, math.inf) else f" from {self.start:g} to {self.end:g} h"
        return f"{self.functional}({self.of}){window} ({self.run})"


@dataclass(frozen=True, slots=True)
class Published:
    """What was printed.

    Attributes
    ----------
    text : str
        As printed.
    low, high : float
        Equal for a single number; one is infinite for a bound [unit].
    unit : str
    """

    text: str
    low: float
    high: float
    unit: str

    @property
    def is_one(self) -> bool:
        """Whether a single number was printed, neither bound nor range."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Target:
    """One number of a paper, or one thing to be shown, with its gate.

    Attributes
    ----------
    name, kind : str
    published : Published or None
    gate : str
        ``"0.05 %"`` of the published value, an absolute ``"0.2 h"``, ``"digits"``, or empty: reported, not judged.
    source, note : str
    options : Table
        What the kind reads besides.
    place : Place
    """

    name: str
    kind: str
    published: Published | None = None
    gate: str = ""
    source: str = ""
    note: str = ""
    options: Table[Any] = field(default_factory=Table)
    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A qualification case.

    Attributes
    ----------
    name, about, grade : str
    verified : bool
        Whether a second person has compared it with the paper.
    citation : Citation or None
    model : str
        A model on the shelves; empty for arithmetic.
    swap : Table
    numbers : Table of Quantity
    runs : Table of Run
    readings : Table of Reading
    targets : tuple of Target
    cannot : str
        Why the model cannot be reproduced.
    defective : Table
        The documents of a model that no shelf may hold.
    folder : str
        Where the case's file stands, for tables beside it.
    """

    name: str
    about: str = ""
    grade: str = ""
    verified: bool = False
    citation: Citation | None = None
    model: str = ""
    swap: Table[Any] = field(default_factory=Table)
    numbers: Table[Quantity] = field(default_factory=Table)
    runs: Table[Run] = field(default_factory=Table)
    readings: Table[Reading] = field(default_factory=Table)
    targets: tuple[Target, ...] = ()
    cannot: str = ""
    defective: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    @property
    def subject(self) -> str:
        """What is held against the literature, in a word."""
        return self.model or ("a model that is defective in print" if self.defective else "arithmetic")
