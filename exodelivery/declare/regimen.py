"""Floor 2: doses in an animal or patient: how much, of what, by which route and when.

What a dose counts is read from its unit: drug (mg/kg, mg/m2, mg, nmol), particles, protein (``"5 ug protein"``) or the
injected label (``"1 ID"``). What that is in nmol and particles depends on the model, and is worked out there.

Order at one time: a reset comes first, then doses as they are written; an output asked for at that time is the value
after them. A reset, or a dose that is alone at steady state, takes back what earlier lines have not given yet: pending
repeats, lagged doses and the rest of infusions. Doses that wait for a condition come last: see :meth:`Regimen.when`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from exodelivery.declare.course import Course, course
from exodelivery.errors import DoseError, UnitError
from exodelivery.units import Dimension, dose_unit, hours, unit

PROTEIN = "protein"
MOST_DOSES = 10_000
"""Of one line of a regimen."""
METRICS: tuple[str, ...] = ("drug", "particles", "protein", "label")
STEADY: tuple[str, ...] = ("", "alone", "added")
"""Whether a series has gone on for ever: no; yes, and nothing else was given; yes, on top of what is there."""


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


def read_rate(text: str) -> Amount:
    """Read the rate of an infusion, as the amount that an hour brings.

    Raises
    ------
    DoseError
        If it is no amount per time.

    Examples
    --------
    >>> read_rate("2 mg/kg/h").value, read_rate("2 mg/kg/h").per
    (0.002, 'weight')
    """
    amount, _, time = text.rpartition("/")
    try:
        took = hours(f"1 {time.strip()}") if amount else 0.0
    except UnitError:
        took = 0.0
    if not took > 0:
        raise DoseError(f"the rate {text!r} is no amount per time", remedy='write e.g. "10 mg/h" or "2 mg/kg/h"')
    found = read_amount(amount)
    return replace(found, value=found.value / took)


@dataclass(frozen=True, slots=True)
class Dose:
    """One line of a regimen.

    Attributes
    ----------
    amount : str
        E.g. ``"5 mg/kg"``; empty for an infusion at steady state that ends at ``at``.
    route : str
        A route of the body, e.g. ``"iv"``, or the name of a pool, e.g. ``"plasma.free"``.
    at : float
        Time of the first dose [h].
    over : float
        Duration of an infusion [h]; 0 is a bolus. It follows from ``rate`` where that is given.
    every : float
        Interval of the repeats [h].
    times : int
        How many doses in all.
    label : str
        Injected label that goes along, e.g. ``"1 ID"``.
    rate : str
        Rate of an infusion, e.g. ``"10 mg/h"``; it holds whatever the bioavailability, and the duration follows.
    lag : float
        Time from giving to arriving [h], on top of the route's own.
    bioavailability : float
        Share that arrives, times the route's own.
    steady_state : str
        ``alone`` or ``added``: before ``at``, this series has gone on for ever; see :data:`STEADY`.
    """

    amount: str
    route: str = "iv"
    at: float = 0.0
    over: float = 0.0
    every: float = 0.0
    times: int = 1
    label: str = ""
    rate: str = ""
    lag: float = 0.0
    bioavailability: float = 1.0
    steady_state: str = ""

    def __post_init__(self) -> None:
        self._verify_series()
        if self.rate:
            object.__setattr__(self, "over", self._duration())
        if self.label and read_amount(self.label).metric != "label":
            raise DoseError(f"a label is given in ID, not {self.label!r}", remedy='write label="1 ID"')
        clock = (self.at, self.over, self.every, self.lag)
        if not all(map(math.isfinite, clock)) or min(clock) < 0:
            raise DoseError("times of a dose are finite and not negative")
        if isinstance(self.times, bool) or not isinstance(self.times, int) or not 1 <= self.times <= MOST_DOSES:
            raise DoseError(f"times is a whole number of doses up to {MOST_DOSES}, not {self.times!r}")
        if self.times > 1 and self.every == 0:
            raise DoseError("doses that are repeated need an interval", remedy='write every="7 d"')
        if not math.isfinite(self.bioavailability) or self.bioavailability <= 0:
            raise DoseError(f"a bioavailability is a positive number, not {self.bioavailability!r}")

    def _verify_series(self) -> None:
        if self.steady_state not in STEADY:
            raise DoseError(
                f"steady_state is not {self.steady_state!r}", remedy=f"known: {', '.join(filter(None, STEADY))}"
            )
        if self.amount:
            read_amount(self.amount)
        elif not (self.rate and self.steady_state and self.every == 0):
            raise DoseError(
                "a dose needs an amount",
                remedy="only an infusion at steady state without an interval has a rate alone: it ends at its time",
            )
        if self.steady_state and self.every == 0 and not self.rate:
            raise DoseError("a steady state needs an interval or a rate", remedy='write every="12 h"')

    def _duration(self) -> float:
        rate = read_rate(self.rate)
        if not self.amount:
            return 0.0
        whole = read_amount(self.amount)
        if (whole.metric, whole.per, whole.dimension) != (rate.metric, rate.per, rate.dimension):
            raise DoseError(
                f"the rate {self.rate!r} does not count what the dose {self.amount!r} counts",
                remedy="give both in one unit, such as mg and mg/h",
            )
        return whole.value / rate.value

    @property
    def counted(self) -> Amount:
        """The amount, or what an hour brings where there is a rate alone."""
        return read_amount(self.amount) if self.amount else read_rate(self.rate)

    @property
    def metric(self) -> str:
        """What the amount counts."""
        return self.counted.metric

    def __str__(self) -> str:
        how = f"infused over {self.over:g} h" if self.over else "bolus"
        how = f"infused at {self.rate}" if self.rate else how
        again = f", {self.times} times every {self.every:g} h" if self.times > 1 else ""
        label = f" with {self.label} of label" if self.label else ""
        start = f" from {self.at:g} h" if self.at else ""
        late = f", {self.lag:g} h late" if self.lag else ""
        share = f", {self.bioavailability:.4g} of it available" if self.bioavailability != 1 else ""
        series = f" of every {self.every:g} h" if self.every else ""
        steady = f", at the steady state{series} ({self.steady_state})" if self.steady_state else ""
        return f"{self.amount}{label} {self.route} {how}{start}{again}{late}{share}{steady}".strip()


@dataclass(frozen=True, slots=True)
class Regimen:
    """Doses of one animal or patient; ``a + b`` gives both.

    Attributes
    ----------
    doses : tuple of Dose
    resets : tuple of float
        Times at which everything starts anew [h].
    inputs : tuple of Course
        What the model's declared inputs, and the body's weight and surface, are over time.
    triggers : tuple of Trigger
        Regimens whose times count from when a condition comes to hold.

    Examples
    --------
    >>> print(bolus("5 mg/kg", every="7 d", times=3))
    5 mg/kg iv bolus, 3 times every 168 h
    """

    doses: tuple[Dose, ...] = ()
    resets: tuple[float, ...] = ()
    inputs: tuple[Course, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    def __post_init__(self) -> None:
        if not all(math.isfinite(time) and time >= 0 for time in self.resets):
            raise DoseError("times of a reset are finite and not negative")

    def __add__(self, other: Regimen) -> Regimen:
        return Regimen(
            self.doses + other.doses,
            self.resets + other.resets,
            self.inputs + other.inputs,
            self.triggers + other.triggers,
        )

    def reset(self, at: str | float) -> Regimen:
        """Return these doses with a reset: all states start anew, and what earlier doses have not given is cancelled.

        Doses of the same time come after it, so that a reset with a dose is both.

        Examples
        --------
        >>> print(bolus("5 mg").reset("50 h") + bolus("2 mg", at="50 h"))
        5 mg iv bolus; 2 mg iv bolus from 50 h; reset at 50 h
        """
        return replace(self, resets=(*self.resets, hours(at)))

    def delayed(self, by: str | float) -> Regimen:
        """Return the same doses, later by a time; inputs keep their clock, and conditions are watched as before."""
        late = hours(by)
        return replace(
            self,
            doses=tuple(replace(dose, at=dose.at + late) for dose in self.doses),
            resets=tuple(at + late for at in self.resets),
            triggers=tuple(replace(one, regimen=one.regimen.delayed(late)) for one in self.triggers),
        )

    def varying(self, name: str, points: Iterable[tuple[str | float, str | float]], *, lines: bool = False) -> Regimen:
        """Return these doses in a body or a set-up of which an input changes with time.

        Parameters
        ----------
        name : str
            Full name of an input that a block declares, or ``"body.weight"`` or ``"body.surface"``: a dose per kg
            then takes the weight at its own time.
        points : iterable of (time, value)
            ``[("0 h", "20 g"), ("7 d", "22 g")]``; times rise. Before the first the declared value holds, after the
            last the last.
        lines : bool
            Straight lines between the points; a value holds until the next (last observation carried forward) unless
            given.

        Raises
        ------
        DoseError
            If times do not rise. An unknown name or a wrong unit shows when a model is run.

        Examples
        --------
        >>> print(bolus("5 mg/kg", every="7 d", times=2).varying("body.weight", [(0, "20 g"), ("7 d", "22 g")]))
        5 mg/kg iv bolus, 2 times every 168 h; body.weight 20 g, from 168 h 22 g
        """
        return replace(self, inputs=(*self.inputs, course(name, points, lines=lines)))

    def when(self, condition: str, *, each: bool = False, since: str | float = 0.0) -> Regimen:
        """Return these doses to be given once a condition comes to hold: every time of theirs counts from then.

        Parameters
        ----------
        condition : str
            A comparison, or several joined by ``and``: ``"tumour_volume > 500 mm3"``, ``"conc(plasma.free) < 0.1
            nmol/mL and time > 2 d"``. Each side is a number with its unit, ``time``, or an expression of observables,
            pools and parameters in the language of model files. A level and not a flank is asked for: what holds from
            the start gives the doses at the start.
        each : bool
            Give them every time that the condition comes to hold anew; else the first time only.
        since : str or float
            When watching begins.

        Returns
        -------
        Regimen

        Raises
        ------
        DoseError
            If the condition cannot be read, or these doses wait for another condition already.

        Notes
        -----
        The moment is found on the solver's own interpolant to a billionth of an hour, and the run is cut there. At one
        time, doses with a time of their own come before doses that a condition gives. A run says when each condition
        came to hold, and which never did.

        Examples
        --------
        >>> print(bolus("5 mg/kg", every="7 d", times=3).when("tumour_volume > 500 mm3"))
        5 mg/kg iv bolus, 3 times every 168 h, the first time that tumour_volume > 500 mm3
        """
        return Regimen(triggers=(Trigger(self, condition, each, hours(since)),))

    @property
    def every_dose(self) -> tuple[Dose, ...]:
        """The lines of doses, those that wait for a condition among them."""
        return (*self.doses, *(dose for trigger in self.triggers for dose in trigger.regimen.doses))

    @property
    def single_doses(self) -> tuple[Dose, ...]:
        """Every dose by itself, in order of time; doses before a steady state are not among them."""
        found = [
            replace(dose, at=dose.at + n * dose.every, every=0.0, times=1, steady_state="")
            for dose in self.doses
            if dose.amount
            for n in range(dose.times)
        ]
        return tuple(sorted(found, key=lambda dose: dose.at))

    def __str__(self) -> str:
        said = [*map(str, self.doses), *(f"reset at {at:g} h" for at in self.resets)]
        return "; ".join([*said, *map(str, self.triggers), *map(str, self.inputs)]) or "no dose"

    def _repr_html_(self) -> str:
        from exodelivery.declare.show import regimen_html

        return regimen_html(self)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Doses that wait for a condition; see :meth:`Regimen.when`.

    Attributes
    ----------
    regimen : Regimen
        Its times count from when the condition comes to hold.
    condition : str
    each : bool
        Every time, not only the first.
    since : float
        When watching begins [h].
    """

    regimen: Regimen
    condition: str
    each: bool = False
    since: float = 0.0

    def __post_init__(self) -> None:
        from exodelivery.declare.condition import read_condition

        read_condition(self.condition)
        if self.regimen.triggers or self.regimen.inputs:
            raise DoseError(
                "doses wait for one condition, and inputs for none",
                remedy="join conditions by and; give inputs to the whole regimen",
            )
        if not (self.regimen.doses or self.regimen.resets):
            raise DoseError(f"nothing is given when {self.condition}", remedy='write bolus("5 mg/kg").when(...)')
        if any(dose.steady_state for dose in self.regimen.doses):
            raise DoseError(
                "a steady state has no moment at which it begins", remedy="take steady_state out of doses that wait"
            )
        if not math.isfinite(self.since) or self.since < 0:
            raise DoseError("watching begins at a time that is finite and not negative")

    def __str__(self) -> str:
        often = "every time" if self.each else "the first time"
        watched = f" after {self.since:g} h" if self.since else ""
        return f"{self.regimen}, {often} that {self.condition}{watched}"


def bolus(
    amount: str,
    *,
    route: str = "iv",
    at: str | float = 0.0,
    every: str | float = 0.0,
    times: int = 1,
    label: str = "",
    lag: str | float = 0.0,
    bioavailability: float = 1.0,
    steady_state: str = "",
) -> Regimen:
    """Return a dose given at once, or a series of them.

    Parameters
    ----------
    amount : str
        ``"5 mg/kg"``, ``"50 mg/m2"``, ``"0.1 mg"``, ``"1e10 particle"``, ``"5 ug protein"`` or ``"1 ID"`` (a tracer).
    route : str
        A route of the body, or a pool such as ``"plasma.free"``, which then gets all of it.
    at, every : str or float
        Time of the first dose and interval of the repeats; a bare number is hours.
    times : int
        How many doses in all.
    label : str
        Label injected along, e.g. ``"1 ID"``.
    lag : str or float
        How much later it arrives.
    bioavailability : float
        Share that arrives.
    steady_state : str
        ``"alone"``: the series has gone on for ever, and nothing else was given; ``"added"``: so it has, on top of what
        else is there.

    Raises
    ------
    DoseError
        If an amount, a time or a number of doses makes no sense.

    Examples
    --------
    >>> bolus("1e10 particle", label="1 ID").doses[0].metric
    'particles'
    """
    when = (hours(at), 0.0, hours(every), times)
    return Regimen((Dose(amount, route, *when, label, "", hours(lag), bioavailability, steady_state),))


def infusion(
    amount: str = "",
    over: str | float | None = None,
    *,
    rate: str = "",
    route: str = "iv",
    at: str | float = 0.0,
    every: str | float = 0.0,
    times: int = 1,
    label: str = "",
    lag: str | float = 0.0,
    bioavailability: float = 1.0,
    steady_state: str = "",
) -> Regimen:
    """Return a dose given at a constant rate, or a series of them; see :func:`bolus`.

    Parameters
    ----------
    amount : str
        May be left out for an infusion at steady state that ends at ``at``.
    over : str or float
        Its duration; what of it is available arrives over this time.
    rate : str
        Its rate instead, such as ``"10 mg/h"``; it holds, and the duration follows from what is available.
    route, at, every, times, label, lag, bioavailability, steady_state
        As there.

    Raises
    ------
    DoseError
        If it has both a duration and a rate or neither, or as there.

    Examples
    --------
    >>> print(infusion("50 mg/m2", over="1 h"))
    50 mg/m2 iv infused over 1 h
    >>> infusion("100 mg", rate="10 mg/h").doses[0].over
    10.0
    """
    if (over is None) != bool(rate):
        raise DoseError("an infusion has a duration or a rate", remedy='write over="2 h", or rate="10 mg/h"')
    when = (hours(at), hours(over or 0.0), hours(every), times)
    return Regimen((Dose(amount, route, *when, label, rate, hours(lag), bioavailability, steady_state),))
