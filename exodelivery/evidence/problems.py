"""Floor 3: everything that is wrong with a file, collected, then raised at once.

Why: whoever types a table in wants the whole list, each entry with its line and its remedy, not one fault a
run.
"""

from __future__ import annotations

from exodelivery.errors import EvidenceError, ExodeliveryError, Place

_SHOWN = 40


class Problems:
    """A list of faults under way; lives for one file."""

    def __init__(self) -> None:
        self.found: list[EvidenceError] = []

    def add(self, message: str, where: Place, remedy: str = "") -> None:
        """Note one fault."""
        self.found.append(EvidenceError(message, where=where, remedy=remedy))

    def adopt(self, error: ExodeliveryError, where: Place) -> None:
        """Note a fault that another floor found."""
        self.add(error.message, error.where if error.where != Place() else where, error.remedy)

    def raise_any(self, subject: str, where: Place) -> None:
        """Raise one error that lists every fault, if there is any.

        Raises
        ------
        EvidenceError
            If at least one fault was noted.
        """
        if not self.found:
            return
        if len(self.found) == 1:
            raise self.found[0]
        shown = "\n".join(str(error) for error in self.found[:_SHOWN])
        more = f"\n… and {len(self.found) - _SHOWN} more" if len(self.found) > _SHOWN else ""
        raise EvidenceError(f"{subject} has {len(self.found)} faults:\n{shown}{more}", where=where)
