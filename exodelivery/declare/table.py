"""Floor 2: the frozen mapping that every noun holds its members in.

A plain ``dict`` inside a frozen dataclass could still be edited; this one cannot, hashes by content, keeps the order of
the file, and offers its keys as attributes so that a notebook completes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Table(Mapping[str, V], Generic[V]):
    """An immutable mapping from names to members.

    Examples
    --------
    >>> table = Table({"PS": 1})
    >>> table.PS, table["PS"], dict(table | {"k": 2})
    (1, 1, {'PS': 1, 'k': 2})
    """

    __slots__ = ("_members",)
    _members: dict[str, V]

    def __init__(self, members: Mapping[str, V] | None = None) -> None:
        object.__setattr__(self, "_members", dict(members or {}))

    def __getitem__(self, name: str) -> V:
        member: V = self._members[name]
        return member

    def __getattr__(self, name: str) -> V:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no member {name!r}; there are: {', '.join(self) or 'none'}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Table is frozen; build a new one with `table | {name: value}`")

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __or__(self, other: Mapping[str, V]) -> Table[V]:
        return Table({**self._members, **other})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._members.items()))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._members]

    def __repr__(self) -> str:
        return f"Table({self._members!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Table, (self._members,))
