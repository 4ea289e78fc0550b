"""Floor 10: results for machines: any noun as plain JSON, numbers in full, what is not finite as null.

A noun is an object with the keys of its documented attributes; a table is a list of objects, one a row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any


def as_json(thing: Any) -> str:
    """Return anything as JSON text.

    Examples
    --------
    >>> print(as_json({"AUC": float("nan"), "parts": ("a", 1)}))
    {
     "AUC": null,
     "parts": [
      "a",
      1
     ]
    }
    """
    return json.dumps(plain(thing), indent=1, ensure_ascii=False, allow_nan=False)


def plain(thing: Any) -> Any:
    """Return anything as text, numbers, lists and mappings."""
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    if hasattr(thing, "to_dict") and hasattr(thing, "columns"):
        return plain(thing.to_dict("records"))
    if hasattr(thing, "tolist"):
        return plain(thing.tolist())
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if is_dataclass(thing) and not isinstance(thing, type):
        return {one.name: plain(getattr(thing, one.name)) for one in fields(thing) if one.repr and one.name[0] != "_"}
    if isinstance(thing, list | tuple | set | frozenset):
        return [plain(value) for value in thing]
    return str(thing) if isinstance(thing, Path) or not callable(thing) else None
