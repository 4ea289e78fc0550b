"""Floor 7: what long work shows: how far it is, how quick, the best so far, and about how long it will take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass
class Progress:
    """A line on the error stream, or nothing.

    Attributes
    ----------
    starts : int
        How many starts there are.
    shown : bool
    """

    starts: int
    shown: bool
    done: int = 0
    evaluations: int = 0
    best: float = math.inf
    _begun: float = field(default_factory=time.monotonic)
    _bar: Any = None

    def __enter__(self) -> Progress:
        if self.shown:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self.starts, unit="start", bar_format="{desc}: {n}/{total} starts{postfix}")
            self._bar.set_description("fit")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, objective: float) -> None:
        """Note one evaluation and what it gave."""
        self.evaluations += 1
        self.best = min(self.best, objective)
        if self._bar is not None:
            self._bar.set_postfix_str(self.text())

    def ended(self) -> None:
        """Note that one start has ended."""
        self.done += 1
        if self._bar is not None:
            self._bar.update()
            self._bar.set_postfix_str(self.text())

    def text(self) -> str:
        """Return the rate, the best so far and the time left, as far as finished starts tell."""
        spent = max(time.monotonic() - self._begun, 1e-9)
        told = [f"{self.evaluations} evaluations, {self.evaluations / spent:.1f}/s", f"best {self.best:.6g}"]
        if self.done:
            told.append(f"about {clock(spent / self.done * (self.starts - self.done))} left")
        return ", ".join(told)


def clock(seconds: float) -> str:
    """Return a duration as people read it.

    Examples
    --------
    >>> clock(75), clock(4000)
    ('1:15', '1:06:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
