"""Floor 7: a journal of evaluations, so that a fit killed at any moment goes on with nothing lost.

Estimators are deterministic: run again from the same start, they ask for the same points, to the bit. So a fit that was
killed is run again, and whatever it asked before is answered from the journal, failures counted as they were; only what
is new is computed and appended. The last entry may be torn by the kill: it is cut off. An entry is arrays and plain
JSON, never pickled; a journal of another recipe, model, study or version begins anew.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from exodelivery.errors import FitError, Place
from exodelivery.solve.timeline import Array

MAGIC = b"exodelivery journal 1\n"
_FRAME = struct.Struct("<III")
LARGEST = 2_000_000_000
"""Bytes of a journal that are read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one evaluation gave: arrays, and titles of what failed."""

    arrays: tuple[Array, ...]
    failed: tuple[str, ...] = ()


@dataclass(eq=False)
class Journal:
    """Evaluations on disk, by what was asked.

    Attributes
    ----------
    path : Path
    about : mapping of str
        What the fit rests on: hashes, seed, method, version. Another journal's entries are not used.
    answered, computed : int
        How many evaluations came from the journal, and how many are new.
    """

    path: Path
    about: Mapping[str, str]
    answered: int = 0
    computed: int = 0
    _known: dict[bytes, Entry] = field(default_factory=dict, repr=False)
    _file: int = -1

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        head = MAGIC + json.dumps(dict(self.about), sort_keys=True).encode() + b"\n"
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size > LARGEST:
            raise FitError(
                f"the journal has {size} bytes; at most {LARGEST} are read",
                where=Place(str(self.path)),
                remedy="delete it: the fit then begins anew",
            )
        content = self.path.read_bytes() if size else b""
        same = content.startswith(head)
        good = self._read(content, len(head)) if same else 0
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        if same:
            os.ftruncate(self._file, good)
            os.lseek(self._file, good, os.SEEK_SET)
        else:
            os.ftruncate(self._file, 0)
            os.write(self._file, head)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
        self._file = -1

    def __len__(self) -> int:
        return len(self._known)

    def ask(self, kind: str, at: Array, compute: Callable[[], Entry]) -> Entry:
        """Return an evaluation: from the journal, or computed now and written down.

        Parameters
        ----------
        kind : str
            What is asked, such as ``"residuals"``.
        at : array
            Where; points are the same if they are so to the bit.
        compute : callable
        """
        key = kind.encode() + b"\0" + np.ascontiguousarray(at, dtype=float).tobytes()
        if key in self._known:
            self.answered += 1
            return self._known[key]
        found = compute()
        self.computed += 1
        self._known[key] = found
        write(self._file, _frame(key, found))
        return found

    def remove(self) -> None:
        """Delete the journal: the fit ended, and its result is kept."""
        self.path.unlink(missing_ok=True)

    def _read(self, content: bytes, place: int) -> int:
        """Read entries up to the first that is torn, and return where it begins."""
        while place + _FRAME.size <= len(content):
            keys, length, check = _FRAME.unpack_from(content, place)
            begin, end = place + _FRAME.size, place + _FRAME.size + keys + length
            if end > len(content) or zlib.crc32(content[begin:end]) != check:
                break
            found = _entry(content[begin + keys : end])
            if found is None:
                break
            self._known[content[begin : begin + keys]] = found
            place = end
        return place


def write(file: int, content: bytes) -> None:
    """Write all of a content: the system holds it then, whatever becomes of this process."""
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


def _frame(key: bytes, entry: Entry) -> bytes:
    shapes = {"shapes": [list(array.shape) for array in entry.arrays], "failed": list(entry.failed)}
    head = json.dumps(shapes, ensure_ascii=False).encode() + b"\n"
    payload = head + b"".join(np.ascontiguousarray(array, dtype="<f8").tobytes() for array in entry.arrays)
    return _FRAME.pack(len(key), len(payload), zlib.crc32(key + payload)) + key + payload


def _entry(payload: bytes) -> Entry | None:
    head, _, rest = payload.partition(b"\n")
    try:
        told: Any = json.loads(head)
        shapes = [tuple(int(size) for size in shape) for shape in told["shapes"]]
        failed = tuple(str(title) for title in told["failed"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    arrays, place = [], 0
    for shape in shapes:
        count = math.prod(shape)
        if any(size < 0 for size in shape) or place + 8 * count > len(rest):
            return None
        arrays.append(np.frombuffer(rest, dtype="<f8", count=count, offset=place).reshape(shape).astype(float))
        place += 8 * count
    return Entry(tuple(arrays), failed)
