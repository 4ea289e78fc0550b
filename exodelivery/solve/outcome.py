"""Floor 6: how an integration ended. Numerical failure is a value with its own sentence, not an exception or a NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


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

    def named(self, states: Sequence[str]) -> Outcome:
        """Return the same with the worst state in its words, where there is one.

        Examples
        --------
        >>> Outcome(False, "the step became too small", 3.0, 0).named(["plasma.free"]).what
        'the step became too small, worst in plasma.free'
        """
        if self.ok or not 0 <= self.state < len(states):
            return self
        return replace(self, what=f"{self.what}, worst in {states[self.state]}")


SUCCESS = Outcome(True)
