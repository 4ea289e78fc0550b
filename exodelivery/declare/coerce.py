"""Floor 2: how a noun reads its members, from a file's table or from Python, by the same few rules.

Each helper turns what was given into a frozen member and points at the key that is wrong; the constructors of the nouns
are the only readers of a declaration, so a file and the Python mirror cannot drift apart.
"""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from exodelivery.declare.origin import Origin
from exodelivery.declare.table import Table
from exodelivery.errors import DeclarationError, Place, nearest
from exodelivery.expr.read import read
from exodelivery.expr.tree import Expr

T = TypeVar("T")
_IDENTIFIER = re.compile(r"(?!.*__)[^\W\d_]\w*")


def freeze(noun: object, **members: object) -> None:
    """Set members of a frozen dataclass while it is being built."""
    for name, value in members.items():
        object.__setattr__(noun, name, value)


def members(
    given: Any,
    read_one: Callable[..., T],
    *keys: str,
    origin: Origin,
    dotted: bool = False,
    reserved: Collection[str] = (),
) -> Table[T]:
    """Read a table of members, each by ``read_one(value, *keys, origin=…)``; names must be plain names."""
    if isinstance(given, Table) and not given:
        return given
    if not isinstance(given, Mapping):
        raise DeclarationError(f"{'.'.join(keys)} is a table", where=origin.place(*keys))
    found: dict[str, T] = {}
    for key, value in given.items():
        where = origin.place(*keys, str(key))
        name = as_name(str(key), where, dotted=dotted)
        if name in reserved:
            raise DeclarationError(
                f"{name!r} is a word of the vocabulary and cannot be a name here",
                where=where,
                remedy="choose another",
            )
        if name in found:
            raise DeclarationError(f"{name!r} is declared twice", where=where, remedy="one name, one thing")
        found[name] = read_one(value, *keys, str(key), origin=origin)
    return Table(found)


def as_name(text: str, where: Place, *, dotted: bool = False) -> str:
    """Return a name as an expression would read it, so that what is declared can be referred to.

    Examples
    --------
    >>> from exodelivery.errors import NOWHERE
    >>> as_name("\N{MICRO SIGN}_max", NOWHERE) == "\N{GREEK SMALL LETTER MU}_max"
    True
    """
    name = unicodedata.normalize("NFKC", text)
    parts = name.split(".")
    if not all(_IDENTIFIER.fullmatch(part) for part in parts) or (len(parts) > 1 and not dotted):
        raise DeclarationError(
            f"{text!r} is not a name",
            where=where,
            remedy="a letter first, then letters, digits and single underscores",
        )
    if any(keyword.iskeyword(part) for part in parts):
        raise DeclarationError(f"{text!r} is a word that no expression can read", where=where, remedy="choose another")
    return name


def as_expression(given: Any, *keys: str, origin: Origin) -> Expr:
    """Read an expression from a tree, a text, a number, or sympy."""
    where = origin.place(*keys)
    if isinstance(given, str):
        return read(given, where)
    if isinstance(given, int | float) and not isinstance(given, bool):
        if not math.isfinite(given):
            raise DeclarationError(f"{'.'.join(keys)} is {given!r}", where=where, remedy="numbers are finite")
        return read(repr(given), where)
    if type(given).__module__.startswith("exodelivery.expr"):
        tree: Expr = given
        return tree
    if type(given).__module__.startswith("sympy"):
        from exodelivery.expr.from_sympy import from_sympy

        return from_sympy(given)
    raise DeclarationError(f"an expression cannot be {type(given).__name__}", where=where)


def as_word(given: Any, *keys: str, origin: Origin) -> str:
    """Read a plain text."""
    if not isinstance(given, str):
        raise DeclarationError(f"{'.'.join(keys)} is a text, not {type(given).__name__}", where=origin.place(*keys))
    return given


def as_words(given: Any, *keys: str, origin: Origin) -> tuple[str, ...]:
    """Read a list of texts."""
    if isinstance(given, str) or not isinstance(given, list | tuple):
        raise DeclarationError(f"{'.'.join(keys)} is a list of texts", where=origin.place(*keys))
    return tuple(as_word(word, *keys, origin=origin) for word in given)


def only(given: Mapping[str, Any], known: Collection[str], what: str, *keys: str, origin: Origin) -> None:
    """Refuse a key that is not known, naming the nearest."""
    for key in given:
        if key not in known:
            raise DeclarationError(
                f"{what} has no key {key!r}",
                where=origin.place(*keys, str(key)),
                remedy=nearest(str(key), known),
            )
