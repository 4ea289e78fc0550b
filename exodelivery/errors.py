"""Floor 0: the one family of errors and warnings, and the place that a message points to.

Everything that the toolkit raises on misuse descends from :class:`ExodeliveryError`; the message says what is wrong,
where (``file:line`` or a dotted name) and what to do. Numerical failure is a value, never an exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a file with its line, and the dotted key inside it.

    Examples
    --------
    >>> str(Place("models/blocks/uptake/receptor.toml", 8, "parameters.PS"))
    'models/blocks/uptake/receptor.toml:8 (parameters.PS)'
    >>> str(Place(key="uptake.PS"))
    'uptake.PS'
    """

    file: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}" if self.line else self.file
        if head and self.key:
            return f"{head} ({self.key})"
        return head or self.key


NOWHERE = Place()


class ExodeliveryError(Exception):
    """Say what is wrong, where, and what to do.

    Parameters
    ----------
    message : str
        What is wrong, one sentence.
    where : Place, optional
        The file and line, or the dotted name.
    remedy : str, optional
        What to do about it, one sentence.
    """

    def __init__(self, message: str, *, where: Place = NOWHERE, remedy: str = "") -> None:
        self.message = message
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where != NOWHERE else self.message
        return f"{head}\n  {self.remedy}" if self.remedy else head


class ExpressionError(ExodeliveryError):
    """An expression cannot be read; the message shows the text with a caret under the fault."""

    def __init__(
        self, message: str, *, text: str = "", column: int = 0, where: Place = NOWHERE, remedy: str = ""
    ) -> None:
        self.text = text
        self.column = column
        if text:
            message = f"{message}\n    {text}\n    {' ' * column}^"
        super().__init__(message, where=where, remedy=remedy)


class UnitError(ExodeliveryError):
    """A unit is unknown, or two dimensions do not match."""


class DeclarationError(ExodeliveryError):
    """A block, body, drug, carrier, model or regimen says something that it may not."""


class ShelfError(ExodeliveryError):
    """A name is not on any shelf, is ambiguous, or leaves its shelf."""


class CheckError(ExodeliveryError):
    """A model was checked strictly and has errors; ``findings`` holds them all."""

    def __init__(self, message: str, *, findings: object = None, where: Place = NOWHERE, remedy: str = "") -> None:
        self.findings = findings
        super().__init__(message, where=where, remedy=remedy)


class DoseError(ExodeliveryError):
    """A dose cannot be given to this model: its metric, its route or its amount does not fit."""


class SimulationError(ExodeliveryError):
    """A simulation was asked for something that it cannot give."""


class EvidenceError(ExodeliveryError):
    """A study or its table cannot be read as evidence."""


class FitError(ExodeliveryError):
    """A fit recipe or a kept result cannot be used."""


class MissingExtraError(ExodeliveryError):
    """An optional package is needed; the remedy names the extra to install."""


class ExodeliveryWarning(UserWarning):
    """Root of the toolkit's warnings; each is rare, has its own class, and is an error in our tests."""


class TracerWarning(ExodeliveryWarning):
    """A dose of label alone is a tracer: saturation by its particles is neglected."""


class YieldWarning(ExodeliveryWarning):
    """A dose asks for more particles than a purification is known to yield."""


class OutdatedFitWarning(ExodeliveryWarning):
    """A kept fit was made with a model, study or recipe that has changed since."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Return the remedy for an unknown name: the nearest known ones, or all of a short list.

    Examples
    --------
    >>> nearest("plasm", ["plasma", "isf", "cell"])
    'nearest: plasma; known: cell, isf, plasma'
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=count, cutoff=0.5)
    parts = []
    if close:
        parts.append("nearest: " + ", ".join(close))
    if names and (len(names) <= 12 or not close):
        shown = names[:30]
        parts.append("known: " + ", ".join(shown) + (", …" if len(names) > len(shown) else ""))
    return "; ".join(parts) if parts else "nothing of this kind is declared"
