"""Floor 10: Write a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def report(path: str | Path, *parts: Any, title: str = "") -> Path:
    """Write a report: one self-contained page, a PDF, slides with charts that can be edited, or plain text.

    Parameters
    ----------
    path : str or Path
        The file to write, ending in ``.html`` (asks the network for nothing), ``.pdf`` (needs Chromium or Chrome),
        ``.pptx`` (needs the extra ``report``) or ``.md``; one that stands there is replaced.
    *parts
        Models, runs, studies, fits and comparisons, in the order of reading.
    title : str, optional
        Heading of the page; the file's name unless given.

    Returns
    -------
    Path

    Raises
    ------
    ExodeliveryError
        If a part is nothing that a report can show, or the form of the file is unknown or needs what is not installed.

    Examples
    --------
    >>> import exodelivery as exo
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     page = exo.report(f"{folder}/page.html", exo.studies("laginha_2005_4t1_tumour"))
    ...     "10.1158/1078-0432.CCR-05-0343" in page.read_text(encoding="utf-8")
    True
    """
    from exodelivery.reports.report import write

    return write(Path(path), *parts, title=title)
