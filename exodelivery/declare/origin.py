"""Floor 2: where each key of a TOML file stands, so that a message can point at its line.

The TOML reader of the standard library keeps no lines; this module finds them in the text once the reader has accepted
it, so it need not judge the grammar again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from exodelivery.errors import Place

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*\[\[?\s*({_KEY})\s*\]\]?")
_ENTRY = re.compile(rf"^\s*({_KEY})\s*=")
_INLINE = re.compile(rf"[{{,]\s*({_KEY})\s*=")
_PARTS = re.compile(_PART)


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a noun was read from, with the line of each key."""

    file: str = ""
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def place(self, *keys: str) -> Place:
        """Return the place of a key, or of the nearest enclosing key that has a line of its own."""
        for length in range(len(keys), -1, -1):
            line = self.lines.get(keys[:length])
            if line:
                return Place(self.file, line, ".".join(keys))
        return Place(self.file, 1 if self.file else 0, ".".join(keys))


NO_ORIGIN = Origin()


def _split(key: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PARTS.findall(key))


def line_index(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of every key of a valid TOML text, dotted keys and inline tables included.

    Examples
    --------
    >>> line_index('a = 1\\n[b]\\nc = { d = 2 }\\n')
    {('a',): 1, ('b',): 2, ('b', 'c'): 3, ('b', 'c', 'd'): 3}
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _split(header.group(1))
            found.setdefault(table, number)
            continue
        entry = _ENTRY.match(line)
        if entry:
            key = (*table, *_split(entry.group(1)))
            for length in range(len(table) + 1, len(key) + 1):
                found.setdefault(key[:length], number)
            for inner in _INLINE.finditer(line, entry.end()):
                found.setdefault((*key, *_split(inner.group(1))), number)
    return found


def origin_of(file: str, text: str) -> Origin:
    """Return the origin of a file's text."""
    return Origin(file, line_index(text))
