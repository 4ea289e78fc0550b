"""Floor 9: a report written in the form that its file name asks for: page, print, slides or plain text."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from exodelivery.errors import ExodeliveryError
from exodelivery.reports.document import document
from exodelivery.reports.writers.protocol import Writer

WRITERS: dict[str, str] = {
    ".html": "exodelivery.reports.writers.html",
    ".pdf": "exodelivery.reports.writers.pdf",
    ".pptx": "exodelivery.reports.writers.pptx",
    ".md": "exodelivery.reports.writers.markdown",
}
"""What each ending of a file name is written by; imported when asked for."""


def write(path: str | Path, *parts: object, title: str = "") -> Path:
    """Write a report and return where it stands; the title is the file's name unless given.

    Raises
    ------
    ExodeliveryError
        If the file's ending is none of ``WRITERS``, a part is nothing that a report can show, or the form needs
        something that is not installed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from exodelivery.reports.section import Section
    >>> with TemporaryDirectory() as folder:
    ...     print(write(f"{folder}/result.md", Section("Result", "<p>42</p>")).read_text(encoding="utf-8"))
    # result
    <BLANKLINE>
    ## Result
    <BLANKLINE>
    42
    <BLANKLINE>
    """
    file = Path(path)
    if file.suffix.lower() not in WRITERS:
        raise ExodeliveryError(
            f"a report cannot be written as {file.name!r}", remedy=f"let its name end in {', '.join(WRITERS)}"
        )
    said = document(parts, title or file.stem.replace("_", " "))
    writer: Writer = import_module(WRITERS[file.suffix.lower()]).write
    writer(said, file)
    return file
