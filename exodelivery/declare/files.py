"""Floor 2: TOML files to nouns and back; the nouns' own constructors do the reading.

Nothing in a file is executed, a file above a bounded size is refused unread, and writing never touches a file that
stands unless told to replace it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exodelivery.declare.block import Block, State
from exodelivery.declare.flow import Flow
from exodelivery.declare.model import Model, Observable
from exodelivery.declare.origin import Origin, origin_of
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.place import Population, Site
from exodelivery.declare.quantity import Quantity
from exodelivery.declare.table import Table
from exodelivery.declare.tables import KINDS, SLOTS
from exodelivery.errors import DeclarationError, Place, nearest

FORMAT = 1
LARGEST_FILE = 1_000_000
"""Bytes; a model file is a few thousand."""

Noun = Block | Body | Drug | Carrier | Model

_KEYS: dict[type, tuple[str, ...]] = {
    Block: (
        "about",
        "source",
        "where",
        "duration",
        "parameters",
        "inputs",
        "sites",
        "passengers",
        "volumes",
        "start",
        "states",
        "flows",
        "outputs",
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
    Model: ("about", "body", "drug", "carrier", "use", "observables", "set"),
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
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise DeclarationError(
                f"the file has {size} bytes; at most {LARGEST_FILE} are read",
                where=Place(name),
                remedy="is it a model?",
            )
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DeclarationError(f"the file cannot be read: {error.strerror}", where=Place(name)) from None
    except UnicodeDecodeError:
        raise DeclarationError("the file is not UTF-8 text", where=Place(name)) from None
    return parse_toml(text, name), origin_of(name, text)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Read TOML text; an error names the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        digits = message.rpartition("line ")[2].partition(",")[0]
        line = int(digits) if digits.isdigit() else text.count("\n") + 1
        raise DeclarationError(f"this is not TOML: {message}", where=Place(name, line)) from None
    except RecursionError:
        raise DeclarationError("this is not TOML: brackets are nested too deep", where=Place(name)) from None


def build(document: Mapping[str, Any], name: str, origin: Origin) -> Noun:
    """Build the noun that a document declares.

    Raises
    ------
    DeclarationError
        For a wrong format, kind or key, and for whatever the noun itself refuses.
    """
    if document.get("format") != FORMAT:
        raise DeclarationError(
            f"the file says format = {document.get('format')!r}",
            where=origin.place("format"),
            remedy=f"format = {FORMAT}",
        )
    kind = document.get("kind", "")
    kinds = [known for known in KINDS if known not in ("study", "fit")]
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


def document_of(noun: Noun) -> dict[str, Any]:
    """Return the document of a noun: what its file says, in plain tables; the inverse of :func:`build`."""
    kind = noun.kind if isinstance(noun, Block) else type(noun).__name__.lower()
    document: dict[str, Any] = {"format": FORMAT, "kind": kind}
    for key in _KEYS[type(noun)]:
        value = getattr(noun, key, None)
        if value is None or (not isinstance(value, int) and not value):
            continue
        document[key] = _plain(value)
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, Block | Body | Drug | Carrier):
        return _reference(value)
    if isinstance(value, Quantity | Site | Population | State | Observable):
        return _fields(value)
    if isinstance(value, Flow):
        found: dict[str, Any] = {"flow": value.text}
        for key in ("passengers", "contents", "about"):
            if getattr(value, key):
                found[key] = _plain(getattr(value, key))
        return found if len(found) > 1 else value.text
    if isinstance(value, Table):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    if isinstance(value, str | int | float):
        return value
    from exodelivery.expr.as_text import as_text

    return as_text(value)


def _fields(noun: Any) -> dict[str, Any]:
    found = {}
    defaults = type(noun).__dataclass_fields__
    for name in defaults:
        value = getattr(noun, name)
        default = defaults[name].default
        if value is not None and value != "" and value != default:
            found[name] = _plain(value)
    return found


def _reference(part: Block | Body | Drug | Carrier) -> str:
    from exodelivery.declare.shelf import find

    kind = part.kind if isinstance(part, Block) else type(part).__name__.lower()
    remedy = f"save the {kind} on a shelf first: exo.save(it, 'models/…/name.toml')"
    if not part.name:
        raise DeclarationError(f"this {kind} has no name to be referred to by", remedy=remedy)
    if find(part.name, kind) != part:
        raise DeclarationError(f"the {kind} {part.name!r} differs from the one on the shelf", remedy=remedy)
    return part.name


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
