"""Floor 2: what is done to a well: drug added at a level, washed off, added again, cells read; as a regimen of the
well.

A plate has levels where an animal has doses: ``"1 uM"`` times the medium is the dose. A wash replaces the medium by
fresh, all but its carry-over, over a minute; the block ``washing`` of the body does it, so that every form that is in
the medium goes along and the ledgers stay whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from exodelivery.declare.regimen import PROTEIN, Regimen, bolus
from exodelivery.errors import DoseError, ExodeliveryError, UnitError
from exodelivery.units import Unit, hours, quantity, unit

WASH = "circulation.wash"
"""The input of the body's block that takes medium off."""
_PER_VOLUME: tuple[tuple[str, str], ...] = (("nmol/mL", "nmol"), ("ug/mL", "ug"), ("particle/mL", "particle"))


@dataclass(frozen=True, slots=True)
class Wash:
    """Medium replaced.

    Attributes
    ----------
    at, over : float
        When it begins and how long it takes [h].
    carry_over : float
        Share of what was in the medium that stays.
    """

    at: float
    over: float
    carry_over: float

    def __str__(self) -> str:
        return f"wash at {self.at:g} h, {100 * self.carry_over:.3g} % stays"


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is done to a well.

    Attributes
    ----------
    volume : str
        Medium, ``"100 uL"``.
    cells : str
        Living cells at time zero, ``"2000 cell"``; the model's own number where empty.
    doses : Regimen
    washes : tuple of Wash
        Rising, one after the other.
    readings : tuple of float
        When cells are counted [h].

    Examples
    --------
    >>> print(Protocol("100 uL").pulse("1 uM", over="6 h").read("72 h"))
    100 uL of medium: 0.1 nmol medium bolus; wash at 6 h, 2 % stays; read at 72 h
    """

    volume: str = "100 uL"
    cells: str = ""
    doses: Regimen = field(default_factory=Regimen)
    washes: tuple[Wash, ...] = ()
    readings: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for text, example in ((self.volume, "100 uL"), (self.cells, "2000 cell")):
            if text and (_base(text, example) <= 0):
                raise DoseError(f"{text!r} is not a positive number", remedy=f"write {example!r}")
        for first, second in zip(self.washes, self.washes[1:], strict=False):
            if second.at < first.at + first.over:
                raise DoseError("washes come one after the other", remedy="let a wash end before the next begins")

    def add(self, level: str, *, at: str | float = 0.0, into: str = "medium", label: str = "") -> Protocol:
        """Return the protocol with drug, carriers or an inhibitor added, so that the medium's level rises by so much.

        Parameters
        ----------
        level : str
            ``"1 uM"``, ``"1 ug/mL"``, ``"1e9 particle/mL"`` or ``"5 ug/mL protein"``; of drug, whatever carries it.
        at : str or float
        into : str
            A route of the well, or a pool such as ``"medium.tariquidar.free"`` for a co-treatment.
        label : str
            Label that goes along, ``"1 ID"``.

        Raises
        ------
        DoseError
            If the level is no amount per volume.
        """
        return replace(self, doses=self.doses + bolus(self._amount(level), route=into, at=at, label=label))

    def wash(
        self, at: str | float, *, carry_over: float = 0.02, times: int = 1, over: str | float = "1 min"
    ) -> Protocol:
        """Return the protocol with a wash, or several in a row, of which each leaves its carry-over.

        Parameters
        ----------
        at : str or float
            When it begins.
        carry_over : float
            Share of the medium's content that one wash leaves behind; a change of half the medium leaves 0.5.
        times : int
            Washes in a row.
        over : str or float
            How long they take together.

        Raises
        ------
        DoseError
            If nothing or everything is left behind, or the wash takes no time.
        """
        lasts, begins = hours(over), hours(at)
        if not 0 < carry_over < 1 or times < 1 or not lasts > 0 or begins < 0:
            raise DoseError(
                "a wash leaves a share between 0 and 1 behind, once or more, and takes a moment",
                remedy="write carry_over=0.02; what sticks to plastic is never nothing",
            )
        washes = tuple(sorted((*self.washes, Wash(begins, lasts, carry_over**times)), key=lambda one: one.at))
        return replace(self, washes=washes)

    def change(self, at: str | float, *, carry_over: float = 0.02, **levels: str) -> Protocol:
        """Return the protocol with a change of medium; ``medium="1 uM"`` puts drug into the fresh one."""
        changed = self.wash(at, carry_over=carry_over)
        for into, level in levels.items():
            changed = changed.add(level, at=hours(at) + hours("1 min"), into=into)
        return changed

    def pulse(
        self, level: str, over: str | float, *, at: str | float = 0.0, carry_over: float = 0.02, into: str = "medium"
    ) -> Protocol:
        """Return the protocol with drug for a while: added, and washed off."""
        return self.add(level, at=at, into=into).wash(hours(at) + hours(over), carry_over=carry_over)

    def read(self, *times: str | float) -> Protocol:
        """Return the protocol with further readings."""
        return replace(self, readings=tuple(sorted({*self.readings, *map(hours, times)})))

    def scaled(self, factor: float) -> Protocol:
        """Return the same protocol with every level times a factor; nothing is added where it is zero."""
        if not math.isfinite(factor) or factor < 0:
            raise DoseError("a factor is a number of zero or more")
        doses = tuple(replace(dose, amount=_times(dose.amount, factor)) for dose in self.doses.doses if factor > 0)
        return replace(self, doses=replace(self.doses, doses=doses))

    @property
    def end(self) -> float:
        """The last reading, or a week [h]."""
        return max(self.readings, default=168.0)

    @property
    def regimen(self) -> Regimen:
        """Doses and washes as what :func:`~exodelivery.simulate` takes."""
        points: list[tuple[str | float, str | float]] = []
        for one in self.washes:
            points += [(one.at, f"{-math.log(one.carry_over) / one.over!r} 1/h"), (one.at + one.over, "0 1/h")]
        if not points:
            return self.doses
        first = float(points[0][0])
        return self.doses.varying(WASH, points if first == 0 else [(0.0, "0 1/h"), *points])

    @property
    def values(self) -> dict[str, str]:
        """What the protocol says of the body, by full name."""
        return {"body.V_medium": self.volume} | ({"body.N_0": self.cells} if self.cells else {})

    def _amount(self, level: str) -> str:
        words = level.strip()
        protein = words.endswith(" " + PROTEIN)
        number, found = _quantity(words[: -len(PROTEIN)] if protein else words)
        millilitres = _base(self.volume, "1 mL") / unit("mL").factor
        for written, amount in _PER_VOLUME:
            known = unit(written)
            if found.dimension == known.dimension and not (protein and amount != "ug"):
                value = number * found.factor / known.factor * millilitres
                return f"{value:.12g} {amount}" + (f" {PROTEIN}" if protein else "")
        raise DoseError(
            f"{level!r} is no level of a medium",
            remedy='write "1 uM", "1 ug/mL", "1e9 particle/mL" or "5 ug/mL protein"',
        )

    def __str__(self) -> str:
        parts = [*map(str, self.doses.doses), *map(str, self.washes)]
        if self.readings:
            parts.append("read at " + ", ".join(f"{time:g} h" for time in self.readings))
        head = f"{self.volume} of medium" + (f", {self.cells}" if self.cells else "")
        return f"{head}: {'; '.join(parts) or 'nothing is added'}"


def protocols(base: Protocol, levels: Iterable[float]) -> tuple[Protocol, ...]:
    """Return a protocol at several multiples of its levels: the rows of a plate."""
    return tuple(base.scaled(level) for level in levels)


def _quantity(text: str) -> tuple[float, Unit]:
    try:
        return quantity(text)
    except (UnitError, ExodeliveryError) as error:
        raise DoseError(f"{text!r} cannot be read: {error}", remedy='write "1 uM"') from None


def _base(text: str, example: str) -> float:
    number, found = _quantity(text)
    if found.dimension != unit(example.rsplit(" ", maxsplit=1)[-1]).dimension:
        raise DoseError(f"{text!r} has another dimension than {example!r}")
    return float(number * found.factor)


def _times(amount: str, factor: float) -> str:
    number, _, rest = amount.partition(" ")
    return f"{float(number) * factor:.12g} {rest}"
