"""Floor 6: how an integration ended. Numerical failure is a value with its own sentence, not an exception or a NaN."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one integration.

    Attributes
    ----------
    ok : bool
    what : str
        What went wrong, e.g. ``"the step became too small"``; empty when all went well.
    time : float
        Where it stopped [h].
    state : int
        Index of the state that was worst there, or -1.
    remedy : str
    steps : int
        Steps taken.
    """

    ok: bool
    what: str = ""
    time: float = float("nan")
    state: int = -1
    remedy: str = ""
    steps: int = 0

    def __bool__(self) -> bool:
        return self.ok


SUCCESS = Outcome(True)
