"""Floor 2: shelves: folders where names are looked up: the installed library, the user's own, and plug-ins.

A shelf is a folder with ``models/`` and ``fits/`` in it. A name stands for a file in a known folder of a shelf and can
never leave it; a name that two shelves bear must be written with its prefix, ``lab:pgp``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar
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
    found += _plugged_in(tuple(sys.path))
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


@lru_cache(maxsize=8)
def _plugged_in(_paths: tuple[str, ...]) -> tuple[Shelf, ...]:
    """Return the shelves of installed packages, looked for once in each path of Python: it takes ten milliseconds."""
    points = entry_points(group="exodelivery.shelves")
    return tuple(Shelf(point.name, Path(point.load()).resolve()) for point in points)


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
    """Return the noun of this kind and name; one that was read before is given again while all its files stand."""
    path, shelf = locate(name, kind, where)
    own = _Need(name, kind, path, _stamp(path))
    known = _READ.get((path, kind))
    if known is None or not known.holds(own.stamp):
        known = _READ[path, kind] = _read(path, str(path.relative_to(shelf.folder)), own.stamp)
    _NEEDS.get([]).extend((own, *known.needs))
    if not isinstance(known.noun, noun_of(kind)) or (kind in KINDS and getattr(known.noun, "kind", kind) != kind):
        raise ShelfError(f"the file of the {kind} {name!r} declares another kind", where=Place(str(path), 2, "kind"))
    return known.noun


Stamp = tuple[int, int]
"""When a file was changed last [ns], and its size [bytes]."""


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class _Need:
    """A name that a noun was read with: which file it meant, and how that file stood."""

    name: str
    kind: str
    path: Path
    stamp: Stamp

    def holds(self) -> bool:
        """Say whether the name still means this file, unchanged."""
        try:
            return locate(self.name, self.kind)[0] == self.path and _stamp(self.path) == self.stamp
        except (ShelfError, OSError):
            return False


@dataclass(frozen=True, slots=True)
class _Known:
    """A noun as it was read from its file, and the parts and blocks that it was read with."""

    noun: Noun
    stamp: Stamp
    needs: tuple[_Need, ...]

    def holds(self, stamp: Stamp) -> bool:
        """Say whether reading it anew, from a file of this stamp, would give the same."""
        return self.stamp == stamp and all(need.holds() for need in self.needs)


_READ: dict[tuple[Path, str], _Known] = {}
_NEEDS: ContextVar[list[_Need]] = ContextVar("_NEEDS")
"""What the noun that is being read has needed so far."""


def _read(path: Path, shown: str, stamp: Stamp) -> _Known:
    needs: list[_Need] = []
    outer = _NEEDS.set(needs)
    try:
        return _Known(read_file(path, shown), stamp, tuple(needs))
    finally:
        _NEEDS.reset(outer)


def holders(name: str, kind: str) -> list[str]:
    """Return the prefixes of the shelves that bear a plain name."""
    return [shelf.prefix for shelf in shelves() if shelf.path(kind, name).is_file()]


def on_shelves(kind: str) -> Iterator[tuple[str, Shelf]]:
    """Yield every name of a kind with its shelf, in order of shelf and name."""
    for shelf in shelves():
        for name in shelf.names(kind):
            yield name, shelf


def kinds_of(name: str) -> list[str]:
    """Return the kinds under which a name stands on any shelf; a qualification may bear its model's name."""
    plain = name.rpartition(":")[2]
    return [kind for kind in KINDS if kind != "qualification" and any(plain == found for found, _ in on_shelves(kind))]
