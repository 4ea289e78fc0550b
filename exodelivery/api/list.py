"""Floor 10: List what stands on the shelves."""

from __future__ import annotations

from typing import Any

from exodelivery.declare.files import read_document
from exodelivery.declare.shelf import locate, on_shelves
from exodelivery.declare.tables import KINDS
from exodelivery.errors import ShelfError, nearest


def list(kind: str = "") -> Any:
    """Return what stands on the shelves, as a pandas frame: kind, name, shelf and what it is.

    Parameters
    ----------
    kind : str, optional
        ``model``, ``body``, ``drug``, ``carrier``, a slot, ``study`` or ``fit``; all unless given.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "liposome_pegylated" in set(exo.list("carrier")["name"])
    True
    """
    import pandas as pd

    if kind and kind not in KINDS:
        raise ShelfError(f"no kind is called {kind!r}", remedy=nearest(kind, KINDS))
    rows = []
    for one in [kind] if kind else KINDS:
        for name, shelf in on_shelves(one):
            path, _ = locate(f"{shelf.prefix}:{name}", one)
            rows.append((one, name, shelf.prefix, str(read_document(path)[0].get("about", ""))))
    return pd.DataFrame(rows, columns=["kind", "name", "shelf", "about"])
