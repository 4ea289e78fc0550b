"""Floor 10: Hold the library against the literature."""

from __future__ import annotations

from exodelivery.judge.qualification.result import Qualification


def qualify(*names: str, progress: bool = False) -> Qualification:
    """Re-run what papers published, and return each target with what we get and how far that is off.

    Parameters
    ----------
    *names : str
        Cases under ``fits/qualification``; all of the shelves unless given.
    progress : bool
        Show a bar.

    Returns
    -------
    Qualification
        True when no gated target is missed; ``.table()`` is a frame, and a report takes it as a section.

    Raises
    ------
    ShelfError
        If no shelf has a name; the nearest are listed.
    DeclarationError
        If a case's file cannot be read.

    Examples
    --------
    >>> import exodelivery as exo
    >>> exo.qualify("evans_2004").ok
    True
    """
    from exodelivery.judge.qualification.qualify import qualify as run

    return run(*names, progress=progress)
