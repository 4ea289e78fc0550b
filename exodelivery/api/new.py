"""Floor 10: Start a shelf."""

from __future__ import annotations

from pathlib import Path


def new(folder: str | Path) -> Path:
    """Start a shelf of your own: a folder with ``models/`` and ``fits/`` in it, and a first block to edit.

    Parameters
    ----------
    folder : str or Path
        Does not exist yet, or is empty.

    Returns
    -------
    Path

    Raises
    ------
    ShelfError
        If something stands there already.

    Examples
    --------
    >>> import exodelivery as exo
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     sorted(path.name for path in exo.new(f"{folder}/mine").iterdir())
    ['README.md', 'fits', 'models', 'tests']
    """
    from exodelivery.declare.new import new_shelf

    return new_shelf(Path(folder))
