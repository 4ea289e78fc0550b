"""Floor 9: what a writer is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from exodelivery.reports.document import Document


class Writer(Protocol):
    """Write a document to a file, whole or not at all; a file that stands there is replaced."""

    def __call__(self, document: Document, path: Path, /) -> None:
        """Write; raises an ``ExodeliveryError`` that names what is missing where it cannot."""
