"""Floor 2: doses in an animal or patient: how much, of what, by which route and when.

What a dose counts is read from its unit: drug (mg/kg, mg/m2, mg, nmol), particles, protein (``"5 ug protein"``) or the
injected label (``"1 ID"``). What that is in nmol and particles depends on the model, and is worked out there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from exodelivery.errors import DoseError, UnitError
from exodelivery.units import Dimension, dose_unit, hours, unit

PROTEIN = "protein"
MOST_DOSES = 10_000
"""Of one line of a regimen."""
METRICS: tuple[str, ...] = ("drug", "particles", "protein", "label")


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of what: a number in base units, its metric, and per what of the body.

    Attributes
    ----------
    value : float
        In base units (g or nmol of drug, 1e9 particles, g of protein, ID), per kg or m2 where ``per`` says so.
    metric : str
        drug, particles, protein or label.
    dimension : Dimension
    per : str
        ``""``, ``"weight"`` or ``"surface"``.
    """

    value: float
    metric: str
    dimension: Dimension
    per: str = ""


def read_amount(text: str) -> Amount:
    """Read the amount of a dose.

    Raises
    ------
    DoseError
        If it is no number, is not positive and finite, or has a unit that no dose is given in.

    Examples
    --------
    >>> read_amount("5 mg/kg").metric, read_amount("1e10 particle").value, read_amount("5 ug protein").metric
    ('drug', 10.0, 'protein')
    """
    remedy = 'write e.g. "5 mg/kg", "50 mg/m2", "1e10 particle", "5 ug protein" or "1 ID"'
    words = text.strip()
    protein = words.endswith(" " + PROTEIN)
    if protein:
        words = words[: -len(PROTEIN)].strip()
    number, _, unit_text = words.partition(" ")
    try:
        value, found = float(number), dose_unit(unit_text.strip() or "1")
    except (ValueError, UnitError) as error:
        raise DoseError(f"the dose {text!r} cannot be read: {error}", remedy=remedy) from None
    if not math.isfinite(value) or value <= 0:
        raise DoseError(f"the dose {text!r} is not a positive number", remedy=remedy)
    base = value * found.factor
    if protein:
        if found.dimension != unit("g").dimension:
            raise DoseError(f"a dose of protein is a mass, not {found.dimension}", remedy=remedy)
        return Amount(base, "protein", found.dimension)
    for example, per in (
        ("mg/kg", "weight"),
        ("mg/m2", "surface"),
        ("mg", ""),
        ("nmol", ""),
        ("nmol/kg", "weight"),
    ):
        if found.dimension == dose_unit(example).dimension:
            return Amount(base, "drug", dose_unit(example.partition("/")[0]).dimension, per)
    if found.dimension == unit("particle").dimension:
        return Amount(base, "particles", found.dimension)
    if found.dimension == unit("ID").dimension:
        return Amount(base, "label", found.dimension)
    raise DoseError(f"no dose is given in {unit_text!r}", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Dose:
    """One line of a regimen.

    Attributes
    ----------
    amount : str
        E.g. ``"5 mg/kg"``.
    route : str
        A route of the body, e.g. ``"iv"``.
    at : float
        Time of the first dose [h].
    over : float
        Duration of an infusion [h]; 0 is a bolus.
    every : float
        Interval of the repeats [h].
    times : int
        How many doses in all.
    label : str
        Injected label that goes along, e.g. ``"1 ID"``.
    """

    amount: str
    route: str = "iv"
    at: float = 0.0
    over: float = 0.0
    every: float = 0.0
    times: int = 1
    label: str = ""

    def __post_init__(self) -> None:
        read_amount(self.amount)
        if self.label and read_amount(self.label).metric != "label":
            raise DoseError(f"a label is given in ID, not {self.label!r}", remedy='write label="1 ID"')
        clock = (self.at, self.over, self.every)
        if not all(map(math.isfinite, clock)) or min(clock) < 0:
            raise DoseError("times of a dose are finite and not negative")
        if isinstance(self.times, bool) or not isinstance(self.times, int) or not 1 <= self.times <= MOST_DOSES:
            raise DoseError(f"times is a whole number of doses up to {MOST_DOSES}, not {self.times!r}")
        if self.times > 1 and self.every == 0:
            raise DoseError("doses that are repeated need an interval", remedy='write every="7 d"')

    @property
    def metric(self) -> str:
        """What the amount counts."""
        return read_amount(self.amount).metric

    def __str__(self) -> str:
        how = f"infused over {self.over:g} h" if self.over else "bolus"
        again = f", {self.times} times every {self.every:g} h" if self.times > 1 else ""
        label = f" with {self.label} of label" if self.label else ""
        start = f" from {self.at:g} h" if self.at else ""
        return f"{self.amount}{label} {self.route} {how}{start}{again}"


@dataclass(frozen=True, slots=True)
class Regimen:
    """Doses of one animal or patient; ``a + b`` gives both.

    Examples
    --------
    >>> print(bolus("5 mg/kg", every="7 d", times=3))
    5 mg/kg iv bolus, 3 times every 168 h
    """

    doses: tuple[Dose, ...] = ()

    def __add__(self, other: Regimen) -> Regimen:
        return Regimen(self.doses + other.doses)

    def delayed(self, by: str | float) -> Regimen:
        """Return the same doses, later by a time."""
        return Regimen(tuple(replace(dose, at=dose.at + hours(by)) for dose in self.doses))

    @property
    def single_doses(self) -> tuple[Dose, ...]:
        """Every dose by itself, in order of time."""
        found = [
            replace(dose, at=dose.at + n * dose.every, every=0.0, times=1)
            for dose in self.doses
            for n in range(dose.times)
        ]
        return tuple(sorted(found, key=lambda dose: dose.at))

    def __str__(self) -> str:
        return "; ".join(map(str, self.doses)) or "no dose"

    def _repr_html_(self) -> str:
        from exodelivery.declare.show import regimen_html

        return regimen_html(self)


def bolus(
    amount: str,
    *,
    route: str = "iv",
    at: str | float = 0.0,
    every: str | float = 0.0,
    times: int = 1,
    label: str = "",
) -> Regimen:
    """Return a dose given at once, or a series of them.

    Parameters
    ----------
    amount : str
        ``"5 mg/kg"``, ``"50 mg/m2"``, ``"0.1 mg"``, ``"1e10 particle"``, ``"5 ug protein"`` or ``"1 ID"`` (a tracer).
    route : str
        A route of the body.
    at, every : str or float
        Time of the first dose and interval of the repeats; a bare number is hours.
    times : int
        How many doses in all.
    label : str
        Label injected along, e.g. ``"1 ID"``.

    Raises
    ------
    DoseError
        If an amount, a time or a number of doses makes no sense.

    Examples
    --------
    >>> bolus("1e10 particle", label="1 ID").doses[0].metric
    'particles'
    """
    return infusion(amount, over=0.0, route=route, at=at, every=every, times=times, label=label)


def infusion(
    amount: str,
    over: str | float,
    *,
    route: str = "iv",
    at: str | float = 0.0,
    every: str | float = 0.0,
    times: int = 1,
    label: str = "",
) -> Regimen:
    """Return a dose given at a constant rate over a time, or a series of them; see :func:`bolus`.

    Examples
    --------
    >>> print(infusion("50 mg/m2", over="1 h"))
    50 mg/m2 iv infused over 1 h
    """
    return Regimen((Dose(amount, route, hours(at), hours(over), hours(every), times, label),))
