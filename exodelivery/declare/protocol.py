"""Floor 2: what is done to a well: drug added at a level, washed off, added again, cells read; as a regimen of the
well.

A plate has levels where an animal has doses: ``"1 uM"`` times the medium is the dose. A wash replaces the medium by
fresh, all but its carry-over, over a minute; the block ``washing`` of the body does it, so that every form that is in
the medium goes along and the ledgers stay whole. A well may dry: water evaporates at a steady rate, what is dissolved
stays and rises in level, and fresh medium makes up for what is gone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from exodelivery.declare.regimen import PROTEIN, Regimen, bolus
from exodelivery.errors import DoseError, ExodeliveryError, UnitError
from exodelivery.units import Unit, hours, quantity, unit

WASH = "circulation.wash"
LOST = "circulation.lost"
"""The inputs of the body's block that take medium off, and that say how much water is gone."""
DRY = 0.9
"""Share of the medium beyond which a well has dried up."""
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
    evaporation : str
        Water that leaves in an hour, ``"0.5 uL/h"``; none where empty.

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
    evaporation: str = ""

    def __post_init__(self) -> None:
        if self.evaporation:
            self._dries()
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

    def drying(self, rate: str) -> Protocol:
        """Return the protocol in wells that lose water.

        Parameters
        ----------
        rate : str
            Water that leaves in an hour, ``"0.5 uL/h"``. Levels of what is added later are those of a full well.

        Raises
        ------
        DoseError
            If the rate is no volume per time, or nine tenths of the medium would be gone before a wash or the end.

        Examples
        --------
        >>> well = Protocol("100 uL").pulse("1 uM", over="24 h").read("72 h").drying("0.5 uL/h")
        >>> [round(1e3 * volume, 1) for volume in well.medium([0, 24, 24.1, 72])]
        [100.0, 88.0, 99.7, 75.8]
        """
        return replace(self, evaporation=rate)

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

    def medium(self, times: Iterable[float]) -> tuple[float, ...]:
        """Return the volume of the medium [mL] at times [h]: the full one, less what is missing."""
        full = _base(self.volume, "1 mL") / unit("mL").factor
        return tuple(full - gone for gone in _between(self._lost(), times))

    def _lost(self) -> list[tuple[float, float]]:
        """Return when [h] how much water is missing [mL]: straight lines between; a wash makes up all but its share."""
        if not self.evaporation:
            return [(0.0, 0.0)]
        rate = _base(self.evaporation, "1 mL/h") / unit("mL/h").factor
        time = missing = 0.0
        points = [(0.0, 0.0)]
        for one in self.washes:
            missing += rate * (one.at - time)
            if one.at > 0:
                points.append((one.at, missing))
            time = one.at + one.over
            missing = missing * one.carry_over + rate * one.over
            points.append((time, missing))
        if self.end > time:
            points.append((self.end, missing + rate * (self.end - time)))
        return points

    def _dries(self) -> None:
        full = _base(self.volume, "1 mL") / unit("mL").factor
        if not _base(self.evaporation, "1 mL/h") >= 0:
            raise DoseError(f"{self.evaporation!r} is no rate at which water leaves", remedy='write "0.5 uL/h"')
        for time, missing in self._lost():
            if missing > DRY * full:
                raise DoseError(
                    f"{missing / full:.0%} of the medium would have evaporated at {time:g} h",
                    remedy="change the medium in between, or take more of it",
                )

    @property
    def regimen(self) -> Regimen:
        """Doses, washes and the water lost as what :func:`~exodelivery.simulate` takes."""
        doses = self.doses
        if self.evaporation:
            doses = doses.varying(LOST, [(time, f"{gone!r} mL") for time, gone in self._lost()], lines=True)
        points: list[tuple[str | float, str | float]] = []
        for one in self.washes:
            points += [(one.at, f"{-math.log(one.carry_over) / one.over!r} 1/h"), (one.at + one.over, "0 1/h")]
        if not points:
            return doses
        first = float(points[0][0])
        return doses.varying(WASH, points if first == 0 else [(0.0, "0 1/h"), *points])

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
        head += f", of which {self.evaporation} evaporate" if self.evaporation else ""
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


def _between(points: list[tuple[float, float]], times: Iterable[float]) -> Iterable[float]:
    for time in times:
        before = max((point for point in points if point[0] <= time), default=points[0])
        after = next((point for point in points if point[0] > time), before)
        part = (time - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        yield before[1] + part * (after[1] - before[1])


def _times(amount: str, factor: float) -> str:
    number, _, rest = amount.partition(" ")
    return f"{float(number) * factor:.12g} {rest}"
