"""Floor 2: TOML files to nouns and back; the nouns' own constructors do the reading.

Nothing in a file is executed, a file above a bounded size is refused unread, and writing never touches a file that
stands unless told to replace it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exodelivery.declare.block import Block, State
from exodelivery.declare.caution import Caution
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Model, Observable
from exodelivery.declare.origin import Origin, origin_of
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.place import Population, Site
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.route import Route
from exodelivery.declare.table import Table
from exodelivery.declare.tables import EVIDENCE, KINDS, SLOTS
from exodelivery.errors import DeclarationError, Place, nearest

FORMAT = 1
LARGEST_FILE = 1_000_000
"""Bytes; a model file is a few thousand."""

_DEEP_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){32}""")

Noun = Block | Body | Drug | Carrier | Model

_KEYS: dict[type, tuple[str, ...]] = {
    Block: (
        "about",
        "source",
        "status",
        "where",
        "duration",
        "parameters",
        "inputs",
        "sites",
        "populations",
        "passengers",
        "volumes",
        "start",
        "states",
        "flows",
        "outputs",
        "cautions",
    ),
    Body: (
        "about",
        "species",
        "weight",
        "surface",
        "routes",
        "use",
        "parameters",
        "sites",
        "populations",
        "regions",
        "set",
    ),
    Drug: ("about", "molar_mass", "moiety", "use", "parameters", "set"),
    Carrier: ("about", "use", "parameters", "dose", "set"),
    Model: ("about", "source", "grade", "verified", "against", "body", "drug", "carrier", "use", "observables", "set"),
}


def noun_of(kind: str) -> type:
    """Return the noun that a file of this kind declares."""
    nouns: dict[str, type] = {"body": Body, "drug": Drug, "carrier": Carrier, "model": Model}
    return nouns.get(kind, Block)


def read_document(path: Path, shown: str = "") -> tuple[dict[str, Any], Origin]:
    """Read a TOML file into a plain table, with the line of each key.

    Raises
    ------
    DeclarationError
        If it is too large, is no UTF-8 or no TOML; the line is named.
    """
    name = shown or str(path)
    try:
        with path.open("rb") as file:
            read = file.read(LARGEST_FILE + 1)
        if len(read) > LARGEST_FILE:
            raise DeclarationError(
                f"the file has more than {LARGEST_FILE} bytes", where=Place(name), remedy="is it a model?"
            )
        text = read.decode("utf-8")
    except OSError as error:
        raise DeclarationError(f"the file cannot be read: {error.strerror}", where=Place(name)) from None
    except UnicodeDecodeError:
        raise DeclarationError("the file is not UTF-8 text", where=Place(name)) from None
    return parse_toml(text, name), origin_of(name, text)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Read TOML text; an error names the line."""
    deep = _DEEP_KEY.search(text)
    if deep:
        # The reader's work grows with the square of a key's length.
        line = text.count("\n", 0, deep.start()) + 1
        raise DeclarationError("a key has more parts than any model needs", where=Place(name, line))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        digits = message.rpartition("line ")[2].partition(",")[0]
        line = int(digits) if digits.isdigit() else text.count("\n") + 1
        raise DeclarationError(f"this is not TOML: {message}", where=Place(name, line)) from None
    except ValueError as error:
        # A whole number of thousands of digits is refused by Python itself, not by its TOML reader.
        raise DeclarationError(f"this is not TOML: {error}", where=Place(name)) from None
    except RecursionError:
        raise DeclarationError("this is not TOML: brackets are nested too deep", where=Place(name)) from None


def build(document: Mapping[str, Any], name: str, origin: Origin) -> Noun:
    """Build the noun that a document declares.

    Raises
    ------
    DeclarationError
        For a wrong format, kind or key, and for whatever the noun itself refuses.
    """
    if document.get("format") != FORMAT or isinstance(document["format"], bool | float):
        raise DeclarationError(
            f"the file says format = {document.get('format')!r}",
            where=origin.place("format"),
            remedy=f"format = {FORMAT}",
        )
    kind = document.get("kind", "")
    kinds = [known for known in KINDS if known not in EVIDENCE]
    if kind not in kinds:
        raise DeclarationError(
            f"no kind is called {kind!r}", where=origin.place("kind"), remedy=nearest(str(kind), kinds)
        )
    noun = noun_of(kind)
    keys = _KEYS[noun]
    for key in document:
        if key not in (*keys, "format", "kind"):
            raise DeclarationError(f"a {kind} has no key {key!r}", where=origin.place(key), remedy=nearest(key, keys))
    members = {key: document[key] for key in keys if key in document}
    if noun is Block:
        members["kind"] = kind
    built: Noun = noun(name=name, origin=origin, **members)
    return built


def read_file(path: Path, shown: str = "") -> Noun:
    """Read the noun that a file declares; its name is the file's."""
    document, origin = read_document(path, shown)
    return build(document, path.stem, origin)


Part = Block | Body | Drug | Carrier
Refer = Callable[[Part], Any]
"""How a document tells of a part that has a file of its own."""

TOLD: frozenset[str] = frozenset({"about", "note", "source", "grade", "verified", "against"})
"""Keys that tell people something and move no number."""


def document_of(noun: Noun, refer: Refer | None = None, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the document of a noun: what its file says, in plain tables; the inverse of :func:`build`.

    Parameters
    ----------
    noun : Block, Body, Drug, Carrier or Model
    refer : callable, optional
        What stands for a part; its name on the shelf unless given.
    leave_out : frozenset of str
        Keys of nouns that are not told, such as :data:`TOLD`.

    Raises
    ------
    DeclarationError
        If a part is on no shelf, so that no name stands for it.
    """
    writer = _Writer(refer or _reference, leave_out)
    document: dict[str, Any] = {"format": FORMAT, "kind": kind_of(noun)}
    return document | writer.members(noun, [key for key in _KEYS[type(noun)] if getattr(noun, key, None)])


def kind_of(noun: Noun) -> str:
    """Return the kind that a noun's file declares."""
    return noun.kind if isinstance(noun, Block) else type(noun).__name__.lower()


@dataclass(frozen=True, slots=True)
class _Writer:
    refer: Refer
    leave_out: frozenset[str]

    def members(self, noun: Any, keys: Iterable[str]) -> dict[str, Any]:
        return {key: self.plain(getattr(noun, key)) for key in keys if key not in self.leave_out}

    def plain(self, value: Any) -> Any:
        if isinstance(value, Part):
            return self.refer(value)
        if isinstance(value, Quantity | Site | Population | State | Observable | Caution):
            fields = type(value).__dataclass_fields__
            blank = (None, "")
            return self.members(value, [k for k in fields if getattr(value, k) not in (*blank, fields[k].default)])
        if isinstance(value, Route):
            said = self.members(value, [key for key, _ in value.terms])
            return {"site": value.site, **said} if said else value.site
        if isinstance(value, Flow):
            rest = self.members(value, [k for k in ("passengers", "contents", "about") if getattr(value, k)])
            return {"flow": value.text, **rest} if rest else value.text
        if isinstance(value, Table):
            return {name: self.plain(member) for name, member in value.items()}
        if isinstance(value, tuple):
            return [self.plain(member) for member in value]
        if isinstance(value, str | int | float):
            return value
        from exodelivery.expr.as_text import as_text

        return as_text(value)


def _reference(part: Part) -> str:
    """Return the name that stands for a part, with its shelf's prefix where several bear it."""
    from exodelivery.declare.shelf import find, holders

    kind = kind_of(part)
    remedy = f"save the {kind} on a shelf first: exo.save(it, 'models/…/name.toml')"
    if not part.name:
        raise DeclarationError(f"this {kind} has no name to be referred to by", remedy=remedy)
    prefixes = holders(part.name, kind)
    names = [part.name] if len(prefixes) < 2 else [f"{prefix}:{part.name}" for prefix in prefixes]
    for name in names:
        if find(name, kind) == part:
            return name
    raise DeclarationError(f"the {kind} {part.name!r} differs from the one on the shelf", remedy=remedy)


def save(noun: Noun, path: str | Path, *, replace: bool = False) -> Path:
    """Write a noun to a TOML file.

    Parameters
    ----------
    noun : Block, Body, Drug, Carrier or Model
    path : path
        The file; its stem is the name that others use.
    replace : bool
        Write over a file that stands; a file that a person wrote is not edited unless told.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DeclarationError
        If the file stands, or the noun refers to parts that are on no shelf.
    """
    import tomli_w

    path = Path(path)
    if path.suffix != ".toml":
        raise DeclarationError(f"a model is saved as TOML, not as {path.name!r}", remedy='end the name in ".toml"')
    text = tomli_w.dumps(document_of(noun))
    if path.exists() and not replace:
        raise DeclarationError(f"the file {path} stands already", remedy="choose another name, or pass replace=True")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".toml.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path


def folder_of(kind: str) -> str:
    """Return the folder of a shelf's ``models`` that holds this kind."""
    if kind == "model":
        return ""
    folders = {"body": "bodies", "drug": "drugs", "carrier": "carriers"}
    return folders.get(kind) or f"blocks/{SLOTS[kind].name}"
