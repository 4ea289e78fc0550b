"""Floor 10: what a command of the shell is, and what it may return."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exodelivery.errors import ExodeliveryError

WELL, FOUND, MISUSE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 130, 141

Option = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb in the shell: what it is for, an example with what it prints, its options, and what it does."""

    about: str
    example: str
    options: tuple[Option, ...]
    run: Callable[[argparse.Namespace], int]


class Misuse(ExodeliveryError):
    """The command line cannot be understood."""


def option(*names: str, **settings: Any) -> Option:
    """Return one argument of a command, as argparse takes it."""
    return names, settings


def watched() -> bool:
    """Return whether a person sees the progress of long work."""
    return sys.stderr.isatty()
