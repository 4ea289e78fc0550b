"""Floor 10: Load a model, part or block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exodelivery.declare.files import read_file
from exodelivery.declare.model import Model
from exodelivery.declare.shelf import find, kinds_of, on_shelves
from exodelivery.declare.tables import EVIDENCE, KINDS
from exodelivery.errors import ShelfError, nearest

_LOADABLE = tuple(kind for kind in KINDS if kind not in EVIDENCE)


def load(name: str | Path, *, kind: str = "", **swaps: Any) -> Any:
    """Return a model, part or block by its name on the shelves, or from a file.

    Parameters
    ----------
    name : str or path
        A name such as ``"doxorubicin_mouse"`` (``"lab:name"`` on a shelf of that prefix), or the path of a TOML file.
    kind : str, optional
        Needed only where the name stands for several kinds.
    **swaps
        Parts or blocks of a model to replace, e.g. ``carrier="none"``; see :meth:`Model.swap`.

    Raises
    ------
    ShelfError
        If no shelf has the name; the nearest names are listed.

    Examples
    --------
    >>> import exodelivery as exo
    >>> exo.load("doxorubicin_mouse", carrier="exosome_targeted").carrier.name
    'exosome_targeted'
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        if not Path(name).is_file():
            raise ShelfError(f"there is no file {str(name)!r}", remedy="a model is a TOML file, or a name on a shelf")
        found = read_file(Path(name))
    else:
        kinds = [kind] if kind else [known for known in kinds_of(name) if known in _LOADABLE]
        if len(kinds) != 1:
            every = {known for one in _LOADABLE for known, _ in on_shelves(one)}
            raise ShelfError(
                f"{name!r} stands for several kinds: {', '.join(kinds)}" if kinds else f"nothing is called {name!r}",
                remedy=f'pass kind="{kinds[0]}"' if kinds else nearest(name, every),
            )
        found = find(name, kinds[0])
    if not swaps:
        return found
    if not isinstance(found, Model):
        raise ShelfError(f"only a model takes swaps, and {name!r} is a {type(found).__name__.lower()}")
    return found.swap(**swaps)
