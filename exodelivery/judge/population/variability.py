"""Floor 8: what differs between subjects and between batches, one table: a row a kind of parameter.

A row gives a coefficient of variation with its source, or as an assumption with a range. This is not doubt: a better
experiment narrows the range of a value and leaves its variation as it is.

References
----------
Harrington 2001, Clin Cancer Res 7:243, abstract: a labelled liposome in patients, and tumour volumes.
Harrington 2000, Br J Cancer 83:232 and 83:684, abstracts: the same in mice.
Perez-Blanco 2016, doi 10.1111/bcp.13070: doxorubicin in patients.
J Nanobiotechnology 2023, doi 10.1186/s12951-023-01973-5, Table 3: loading and sizes of vesicles.
Heliyon 2023, doi 10.1016/j.heliyon.2023.e20742, Table 1: loading of vesicles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from exodelivery.declare.quantity import Z975
from exodelivery.errors import DeclarationError, UnitError
from exodelivery.units import quantity, unit

LEVELS = ("subject", "batch")


@dataclass(frozen=True, slots=True)
class Variation:
    """How much a kind of parameter differs.

    Attributes
    ----------
    parameter : str
        Full name, or a pattern of names: ``"body.V_*"``.
    cv : str
        Coefficient of variation, ``"20 %"``; of a fraction, that of its smaller side; ``"0 %"`` for none.
    level : str
        ``subject``: between animals or patients, and the same for all carriers; ``batch``: between preparations, each
        carrier's own.
    status : str
        literature or assumed.
    source : str
    range : tuple of str or None
        95 % of what is believed of the cv itself; asked for where it is assumed.
    note : str

    Examples
    --------
    >>> Variation("body.weight", "9 %", range=("5 %", "15 %")).deviation("log")
    0.08981...
    """

    parameter: str
    cv: str
    level: str = "subject"
    status: str = "assumed"
    source: str = ""
    range: tuple[str, str] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        where = f"the variability of {self.parameter!r}"
        if self.level not in LEVELS:
            raise DeclarationError(f"{where} is between {self.level!r}", remedy=f"write {' or '.join(LEVELS)}")
        if self.status not in ("literature", "assumed"):
            raise DeclarationError(f"{where} has the status {self.status!r}", remedy="write literature or assumed")
        if self.status == "literature" and not self.source:
            raise DeclarationError(f"{where} has no source", remedy="give one, or say assumed with a range")
        centre = _share(self.cv, where)
        if self.range is None:
            if self.status == "assumed" and centre > 0:
                raise DeclarationError(f"{where} is assumed without a range", remedy='write range=("10 %", "40 %")')
            return
        low, high = (_share(end, where) for end in self.range)
        if not 0 < low < high or not low <= centre <= high:
            raise DeclarationError(f"{where}: {self.cv} is not within a range {self.range[0]} to {self.range[1]}")

    @property
    def centre(self) -> float:
        """The coefficient of variation as a number."""
        return _share(self.cv, self.parameter)

    @property
    def doubt(self) -> float:
        """Standard deviation of the log of the coefficient itself."""
        if self.range is None:
            return 0.0
        low, high = (_share(end, self.parameter) for end in self.range)
        return math.log(high / low) / (2 * Z975)

    def deviation(self, scale: str, base: float = 0.0, cv: float | None = None) -> float:
        """Return the standard deviation on a parameter's own scale.

        Parameters
        ----------
        scale : str
            ``log``, ``logit`` or ``linear``.
        base : float
            The parameter's value; a fraction's counts, and a linear one's.
        cv : float, optional
            In the stead of the row's own.
        """
        share = self.centre if cv is None else cv
        if scale == "log":
            return math.sqrt(math.log1p(share**2))
        return share / max(base, 1 - base) if scale == "logit" else share * abs(base)


def _share(text: str, where: str) -> float:
    try:
        number, its_unit = quantity(text)
    except UnitError as error:
        raise DeclarationError(f"{where}: {error.message}", remedy='write a coefficient such as "20 %"') from None
    if its_unit.dimension != unit("1").dimension or not 0 <= number * its_unit.factor < 5:
        raise DeclarationError(f"{where} cannot be {text!r}", remedy='write a coefficient such as "20 %"')
    return float(number * its_unit.factor)


_HARRINGTON = "Harrington 2001, Clin Cancer Res 7:243, abstract (patients)"

VARIABILITY: tuple[Variation, ...] = (
    Variation("body.weight", "9 %", range=("5 %", "15 %"), note="the body's own range, 17 to 24 g about 20 g; ours"),
    Variation("body.V_*", "10 %", range=("4 %", "25 %"), note="beside what weight does; ours"),
    Variation("body.share_*", "15 %", range=("5 %", "30 %"), note="as the fit takes it between mice of a strain; ours"),
    Variation("body.flow_*", "20 %", range=("10 %", "40 %"), note="ours"),
    Variation("body.cardiac_output*", "15 %", range=("8 %", "30 %"), note="ours"),
    Variation("body.capacity_*", "30 %", range=("10 %", "80 %"), note="ours"),
    Variation(
        "body.N_0",
        "45 %",
        status="literature",
        source=_HARRINGTON,
        range=("37 %", "50 %"),
        note="tumour volumes 36.2 ± 18, 114.5 ± 42 and 234.7 ± 101.4 cm3: 50, 37 and 43 %",
    ),
    Variation(
        "uptake.PS*",
        "48 %",
        status="literature",
        source=f"{_HARRINGTON}; Harrington 2000, Br J Cancer 83:232 and 83:684, abstracts (mice)",
        range=("31 %", "92 %"),
        note="label in tumours: 48, 31 and 49 % in patients, 55 and 92 % in mice; all of it is put on leak",
    ),
    Variation("uptake.*radius", "12 %", level="batch", range=("3 %", "26 %"), note="as loading.radius"),
    Variation("uptake.*", "25 %", range=("10 %", "60 %"), note="ours"),
    Variation(
        "clearance.CL_*",
        "20 %",
        status="literature",
        source="Harrington 2000, Br J Cancer 83:232, abstract (mice)",
        range=("10 %", "60 %"),
        note="a liposome's label in liver 19.3 ± 2.8 and spleen 18.8 ± 4.2 %ID/g: 15 and 22 %; the range is ours",
    ),
    Variation("clearance.*", "20 %", range=("10 %", "60 %"), note="ours"),
    Variation(
        "disposition.k_e",
        "22.9 %",
        status="literature",
        source="Perez-Blanco 2016, Br J Clin Pharmacol 82:1517, doi 10.1111/bcp.13070",
        range=("15 %", "40 %"),
        note="clearance of doxorubicin between patients; the range is ours",
    ),
    Variation("disposition.CL*", "22.9 %", status="literature", source="Perez-Blanco 2016, doi 10.1111/bcp.13070"),
    Variation("disposition.*", "15 %", range=("5 %", "40 %"), note="ours"),
    Variation("growth.k_*", "20 %", range=("10 %", "40 %"), note="ours"),
    Variation("effect.*", "20 %", range=("10 %", "50 %"), note="ours"),
    Variation("loading.per_particle", "10 %", level="batch", range=("4 %", "30 %"), note="of a made product; ours"),
    Variation("loading.encapsulated", "15 %", level="batch", range=("5 %", "50 %"), note="of what leaks; ours"),
    Variation(
        "loading.offered",
        "33 %",
        level="batch",
        status="literature",
        source="J Nanobiotechnology 2023, doi 10.1186/s12951-023-01973-5, Table 3; Heliyon 2023, "
        "doi 10.1016/j.heliyon.2023.e20742, Table 1",
        range=("13 %", "46 %"),
        note="4.16 ± 1.9 and 2.77 ± 0.35 % (doxorubicin and lonidamine), 28.1 ± 9.4 % (porphyrin): 46, 13, 33 %",
    ),
    Variation(
        "loading.radius",
        "12 %",
        level="batch",
        status="literature",
        source="J Nanobiotechnology 2023, doi 10.1186/s12951-023-01973-5, Table 3",
        range=("3 %", "26 %"),
        note="sizes 70 ± 11.1, 93.2 ± 24.2 and 149.9 ± 5.2 nm: 16, 26, 3 %; the sd may be of particles, not of batches",
    ),
    Variation("loading.k_*", "20 %", level="batch", range=("8 %", "50 %"), note="ours"),
    Variation("release.*", "20 %", level="batch", range=("10 %", "50 %"), note="ours"),
    Variation(
        "carrier.particles_per_protein",
        "40 %",
        level="batch",
        range=("15 %", "100 %"),
        note="purity of a preparation; ours",
    ),
)
"""The first row that fits a parameter counts; what no row fits does not vary."""


def chosen_variability(
    given: Mapping[str, str] | Sequence[Variation] | None,
) -> tuple[Variation, ...]:
    """Return the rows in force: those given, before those of the table.

    Parameters
    ----------
    given : mapping, sequence of Variation or None
        A mapping lays coefficients over the table's, ``{"body.weight": "15 %"}``, taken as known; a sequence of rows
        replaces the table.
    """
    if given is None:
        return VARIABILITY
    if isinstance(given, Mapping):
        return (*(_laid(name, cv) for name, cv in given.items()), *VARIABILITY)
    for row in given:
        if not isinstance(row, Variation):
            raise DeclarationError(f"{row!r} is no row of variability", remedy='write Variation("body.weight", "9 %")')
    return tuple(given)


def _laid(name: str, cv: str) -> Variation:
    known = next((row for row in VARIABILITY if fnmatchcase(name, row.parameter)), Variation(name, "0 %"))
    said = {"status": "literature", "source": "given by the user", "range": None, "note": "taken as known"}
    return replace(known, parameter=name, cv=cv, **said)  # type: ignore[arg-type]


def row_of(name: str, rows: Sequence[Variation]) -> Variation | None:
    """Return the row that a parameter takes, or None.

    Examples
    --------
    >>> row_of("body.V_plasma", VARIABILITY).cv
    '10 %'
    """
    return next((row for row in rows if fnmatchcase(name, row.parameter)), None)
