"""Floor 2: shelves: folders where names are looked up: the installed library, the user's own, and plug-ins.

A shelf is a folder with ``models/`` and ``fits/`` in it. A name stands for a file in a known folder of a shelf and can
never leave it; a name that two shelves bear must be written with its prefix, ``lab:pgp``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from exodelivery.declare.files import Noun, folder_of, noun_of, read_file
from exodelivery.declare.tables import KINDS
from exodelivery.errors import NOWHERE, Place, ShelfError, nearest

LIBRARY = "library"
SHELVES_VARIABLE = "EXODELIVERY_SHELVES"
_PREFIX = re.compile(r"[A-Za-z][\w-]*")
_NAME = re.compile(rf"(?:(?P<prefix>{_PREFIX.pattern}):)?(?P<name>[A-Za-z0-9]\w*)")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of models and fits under a prefix."""

    prefix: str
    folder: Path

    def path(self, kind: str, name: str) -> Path:
        """Return the file that holds this name."""
        if kind == "study":
            return self.folder / "fits" / "studies" / name / "study.toml"
        if kind == "qualification":
            return self.folder / "fits" / kind / f"{name}.toml"
        if kind == "fit":
            return self.folder / "fits" / name / "fit.toml"
        return self.folder / "models" / folder_of(kind) / f"{name}.toml"

    def names(self, kind: str) -> list[str]:
        """Return the names of this kind, in order."""
        if kind in ("study", "fit"):
            parent = self.path(kind, "x").parent.parent
            return sorted(path.parent.name for path in parent.glob(f"*/{kind}.toml"))
        return sorted(path.stem for path in self.path(kind, "x").parent.glob("*.toml"))


def library_folder() -> Path:
    """Return the folder of the installed library: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_shelf"
    return inside if inside.is_dir() else package.parent


def shelves() -> tuple[Shelf, ...]:
    """Return the shelves in use: the user's, the plug-ins', the working folder's, and the library last.

    ``EXODELIVERY_SHELVES`` lists the user's as ``prefix=folder``, parted as the system parts a path; the working folder
    is the shelf ``here`` when it holds ``models/`` or ``fits/``.
    """
    library = library_folder()
    found: list[Shelf] = []
    for entry in filter(None, os.environ.get(SHELVES_VARIABLE, "").split(os.pathsep)):
        prefix, sign, folder = entry.partition("=")
        if not sign or not Path(folder).is_dir():
            raise ShelfError(
                f"{SHELVES_VARIABLE} names no folder in {entry!r}",
                remedy='write "lab=/path/to/shelf"; see exo new',
            )
        found.append(Shelf(prefix, Path(folder).resolve()))
    for point in entry_points(group="exodelivery.shelves"):
        found.append(Shelf(point.name, Path(point.load()).resolve()))
    here = Path.cwd()
    if here != library and ((here / "models").is_dir() or (here / "fits").is_dir()):
        found.append(Shelf("here", here))
    found.append(Shelf(LIBRARY, library))
    prefixes = [shelf.prefix for shelf in found]
    for prefix in prefixes:
        if not _PREFIX.fullmatch(prefix) or prefixes.count(prefix) > 1:
            raise ShelfError(
                f"{prefix!r} is no prefix of one shelf: {', '.join(prefixes)}",
                remedy="a prefix begins with a letter, and no two shelves share it; library and here are taken",
            )
    return tuple(found)


def locate(name: str, kind: str, where: Place = NOWHERE) -> tuple[Path, Shelf]:
    """Return the file of a name, and its shelf.

    Raises
    ------
    ShelfError
        If it is on no shelf (the nearest names are listed), on several, or would leave its shelf.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ShelfError(
            f"{name!r} is not a name of a {kind}",
            where=where,
            remedy="a name has letters, digits and underscores only",
        )
    prefix, plain = match["prefix"], match["name"]
    known = shelves()
    if prefix and prefix not in {shelf.prefix for shelf in known}:
        raise ShelfError(
            f"no shelf has the prefix {prefix!r}",
            where=where,
            remedy=nearest(prefix, [shelf.prefix for shelf in known]),
        )
    asked = [shelf for shelf in known if not prefix or shelf.prefix == prefix]
    hits = [shelf for shelf in asked if shelf.path(kind, plain).is_file()]
    if not hits:
        names = [name for shelf in asked for name in shelf.names(kind)]
        raise ShelfError(f"no {kind} is called {name!r}", where=where, remedy=nearest(plain, names))
    if len(hits) > 1:
        raise ShelfError(
            f"the {kind} {name!r} stands on several shelves",
            where=where,
            remedy="write " + " or ".join(f"{shelf.prefix}:{plain}" for shelf in hits),
        )
    path = hits[0].path(kind, plain)
    if not path.resolve().is_relative_to(hits[0].folder.resolve()):
        raise ShelfError(f"the {kind} {name!r} leaves its shelf", where=where, remedy="no link may point outside")
    return path, hits[0]


def find(name: str, kind: str, where: Place = NOWHERE) -> Any:
    """Return the noun of this kind and name, read from its shelf."""
    path, shelf = locate(name, kind, where)
    noun = _read(path, _shown(path, shelf), _stamp())
    if not isinstance(noun, noun_of(kind)) or (kind in KINDS and getattr(noun, "kind", kind) != kind):
        raise ShelfError(f"the file of the {kind} {name!r} declares another kind", where=Place(str(path), 2, "kind"))
    return noun


def holders(name: str, kind: str) -> list[str]:
    """Return the prefixes of the shelves that bear a plain name."""
    return [shelf.prefix for shelf in shelves() if shelf.path(kind, name).is_file()]


def _stamp() -> int:
    """Return a number that changes when any file of any shelf does: a part holds the blocks that it was read with."""
    files = (path for shelf in shelves() for path in (shelf.folder / "models").rglob("*.toml"))
    # A link that leads nowhere holds nothing that was read.
    return hash(tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.is_file()))


@lru_cache(maxsize=512)
def _read(path: Path, shown: str, _stamp: int) -> Noun:
    return read_file(path, shown)


def _shown(path: Path, shelf: Shelf) -> str:
    return str(path.relative_to(shelf.folder))


def on_shelves(kind: str) -> Iterator[tuple[str, Shelf]]:
    """Yield every name of a kind with its shelf, in order of shelf and name."""
    for shelf in shelves():
        for name in shelf.names(kind):
            yield name, shelf


def kinds_of(name: str) -> list[str]:
    """Return the kinds under which a name stands on any shelf; a qualification may bear its model's name."""
    plain = name.rpartition(":")[2]
    return [kind for kind in KINDS if kind != "qualification" and any(plain == found for found, _ in on_shelves(kind))]
