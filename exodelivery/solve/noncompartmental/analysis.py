"""Floor 6: the verb of noncompartmental analysis: from a frame of samples or from a run to the field's numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.errors import DoseError, EvidenceError, Place, SimulationError, nearest
from exodelivery.solve.functionals import dose_of
from exodelivery.solve.noncompartmental.analyse import Analysis, Manner, analyse
from exodelivery.solve.noncompartmental.below_limit import BelowLimit, read_level, rule_named
from exodelivery.solve.noncompartmental.curve import Curve, Exclusion, Sample, curve_of
from exodelivery.solve.noncompartmental.result import Analysed, Nca
from exodelivery.solve.noncompartmental.sparse import error_of_area, sparse_of
from exodelivery.solve.trajectory import Trajectory
from exodelivery.units import base_unit, hours, quantity, unit

if TYPE_CHECKING:
    import pandas as pd

ROLES = {
    "subject": ("subject", "id", "animal", "mouse", "usubjid"),
    "time": ("time", "time_h", "t", "hours"),
    "level": ("level", "conc", "concentration", "dv", "value"),
}
"""The headings, in any case, by which a column is known for what it is."""
_HEADING = re.compile(r"\s*(?P<name>[^\[\]]*?)\s*(?:\[(?P<unit>[^\[\]]*)\])?\s*")


def nca(
    data: pd.DataFrame | Trajectory,
    observable: str | None = None,
    *,
    route: str | None = None,
    dose: float | str | Mapping[Any, float] | None = None,
    infusion: float = 0.0,
    rule: str = "linear-up/log-down",
    below: str | BelowLimit = "standard",
    limit: float | None = None,
    tau: float | None = None,
    windows: Sequence[tuple[float, float]] = (),
    terminal: int | tuple[float, float] | None = None,
    sparse: bool = False,
    subject: str | None = None,
    time: str | None = None,
    level: str | None = None,
    by: str | Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    times: Iterable[str | float] | None = None,
) -> Nca:
    """Analyse curves without a model: areas, terminal phase, clearance, volumes and residence times.

    Parameters
    ----------
    data : DataFrame or Trajectory
        Samples, one row each, with times after the dose; or a run.
    observable : str, optional
        Of a run; its only one unless given.
    route : str
        ``iv bolus``, ``iv infusion`` or ``extravascular``; a run knows its own.
    dose : number, text, mapping or name of a column, optional
        ``320``, ``"5 mg/kg"``, by subject, or a column. Without it clearances and volumes are left out. A run knows.
    infusion : float
        Duration of an infusion [the times' unit].
    rule : str
        ``linear``, ``linear-up/log-down`` or ``linear-log``.
    below : str or BelowLimit
        What levels below the limit count as: ``standard`` (zero before the first measurable level, left out between,
        zero after the last), ``zero``, ``half``, ``drop``.
    limit : float, optional
        Limit of quantification; texts like ``"<0.05"`` or ``"BLQ"`` are read without it.
    tau : float, optional
        Dosing interval: the curve is at steady state, times count from the dose.
    windows : sequence of (float, float)
        Areas over these windows too.
    terminal : int or (float, float), optional
        The last so many points, or those of a window, make the terminal phase; the best adjusted R² does unless given.
    sparse : bool
        Each animal gave one sample or a few: the mean curve is analysed, its area with a standard error.
    subject, time, level : str, optional
        Columns; found by their usual headings (``ID``, ``TIME``, ``conc [ug/mL]``) unless given.
    by : str or sequence of str
        Columns that set curves apart, such as a tissue.
    units : mapping, optional
        ``time``, ``level`` and ``dose``; the headings and ``attrs["units"]`` are read unless given.
    times : iterable, optional
        Sampling times of a run [h]; the run's own fine grid unless given.

    Returns
    -------
    Nca

    Raises
    ------
    EvidenceError
        For a column that is not there or may be several; for levels that are none, all at once with their rows.
    SimulationError
        For an unknown rule, a route that is not told, a run of several doses without ``tau``.

    References
    ----------
    Certara, Phoenix WinNonlin 8.2, *NCA computation rules*
    (onlinehelp.certara.com/phoenix/8.2/topics/ncacomprules.htm); Gabrielsson J, Weiner D. Pharmacokinetic and
    Pharmacodynamic Data Analysis, 5th ed. 2016; for sparse designs Bailer 1988, doi:10.1007/BF01062139, and Nedelman
    and Jia 1998, doi:10.1080/10543409808835241.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time [h]": [0, 1, 2, 4, 8], "conc [mg/L]": [10, 8, 6.4, 4.1, 1.7]})
    >>> found = nca(frame, route="iv bolus", dose="100 mg")
    >>> print(round(float(found["CL_obs"].iloc[0]), 2), found.unit("CL_obs"))
    2.22 L/h
    """
    manner = Manner(route or "iv bolus", infusion if route else 0.0, rule, tau, tuple(map(tuple, windows)), terminal)  # type: ignore[arg-type]
    handled = rule_named(below)
    if isinstance(data, Trajectory):
        return _of_run(data, observable, manner, route, handled, times, limit)
    if observable is not None or times is not None:
        raise SimulationError(
            "an observable and sampling times go with a run; a frame has columns", remedy="pass level="
        )
    if route is None:
        raise SimulationError(
            "the route is not told", remedy='write route="iv bolus", "iv infusion" or "extravascular"'
        )
    names = (by,) if isinstance(by, str) else tuple(by)
    columns = _columns(data, {"subject": subject, "time": time, "level": level}, names)
    known = _units(data, columns, units or {}, dose)
    groups = _read(data, columns, names, limit)
    curves = (
        [_sparse_curve(label, samples, manner, handled, dose, data, columns) for label, samples in groups.items()]
        if sparse
        else [
            _own_curve(label, who, samples, manner, handled, dose, data, columns)
            for label, animals in groups.items()
            for who, samples in animals.items()
        ]
    )
    return Nca(tuple(curves), manner, handled, known)


# -- a frame

Label = tuple[tuple[str, str], ...]


def _columns(frame: pd.DataFrame, given: Mapping[str, str | None], by: Sequence[str]) -> dict[str, str]:
    headings = [str(name) for name in frame.columns]
    found = {}
    for role, name in given.items():
        if name is not None:
            if name not in headings:
                raise EvidenceError(f"the frame has no column {name!r}", remedy=nearest(name, headings))
            found[role] = name
            continue
        fits = [h for h in headings if _bare(h).lower() in ROLES[role] and h not in by]
        if len(fits) > 1:
            raise EvidenceError(f"several columns may be the {role}: {', '.join(fits)}", remedy=f"write {role}=")
        if fits:
            found[role] = fits[0]
        elif role != "subject":
            raise EvidenceError(
                f"no column is known as the {role}", remedy=f"write {role}=; the columns are {', '.join(headings)}"
            )
    for name in by:
        if name not in headings:
            raise EvidenceError(f"the frame has no column {name!r}", remedy=nearest(name, headings))
    return found


def _bare(heading: str) -> str:
    found = _HEADING.fullmatch(heading)
    return found["name"] if found else heading


def _units(frame: pd.DataFrame, columns: Mapping[str, str], given: Mapping[str, str], dose: Any) -> dict[str, str]:
    if unknown := set(given) - {"time", "level", "dose"}:
        raise EvidenceError(
            f"units are given for {', '.join(sorted(unknown))}", remedy="they are of time, level and dose"
        )
    noted = frame.attrs.get("units", {})
    sources = {**columns, **({"dose": dose} if isinstance(dose, str) and dose in frame.columns else {})}
    found: dict[str, str] = {}
    for role in ("time", "level", "dose"):
        heading = sources.get(role, "")
        written = _HEADING.fullmatch(heading)
        text = given.get(role) or (written["unit"] if written else None) or noted.get(heading) or ""
        if not text and role == "dose" and isinstance(dose, str) and dose not in frame.columns:
            text = dose.strip().partition(" ")[2]
        if text:
            if role != "dose":
                unit(text)
            found[role] = text
    return found


def _dose(dose: Any, frame: pd.DataFrame, who: str, rows: Sequence[int]) -> float | None:
    """Return the dose of one curve as a number in its own unit."""
    if dose is None:
        return None
    if isinstance(dose, Mapping):
        found = next((value for key, value in dose.items() if str(key) == who), None)
        if found is None:
            raise DoseError(f"no dose is given for {who!r}", remedy="the mapping has one for each subject")
    elif isinstance(dose, str) and dose in frame.columns:
        seen = {float(value) for value in frame[dose].iloc[list(rows)] if not _missing(value)} - {0.0}
        if len(seen) != 1:
            raise DoseError(
                f"{who or 'the curve'} has {len(seen)} different doses in {dose!r}", remedy="one curve, one dose"
            )
        found = seen.pop()
    elif isinstance(dose, str):
        found = quantity(dose)[0]
    else:
        found = dose
    number = float(found)
    if not (math.isfinite(number) and number > 0):
        raise DoseError(f"a dose is a positive number, not {number:g}")
    return number


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _read(
    frame: pd.DataFrame, columns: Mapping[str, str], by: Sequence[str], limit: float | None
) -> dict[Label, dict[str, list[Sample]]]:
    """Return samples by label and subject, or raise with every row that cannot be read."""
    found: dict[Label, dict[str, list[Sample]]] = {}
    faults = []
    whose = columns.get("subject")
    for n in range(len(frame)):
        label = tuple((name, str(frame[name].iloc[n])) for name in by)
        who = str(frame[whose].iloc[n]) if whose else ""
        try:
            value, below = read_level(frame[columns["level"]].iloc[n], limit, Place(key=f"row {n + 1}"))
            at = _time(frame[columns["time"]].iloc[n], n + 1)
        except EvidenceError as fault:
            faults.append(fault)
            continue
        found.setdefault(label, {}).setdefault(who, []).append(Sample(at, value, below, n + 1))
    if faults:
        shown = "\n".join(f"- {fault}" for fault in faults[:30])
        more = f"\n- … {len(faults) - 30} more" if len(faults) > 30 else ""
        raise EvidenceError(f"{len(faults)} rows cannot be read:\n{shown}{more}")
    if not found:
        raise EvidenceError("the frame has no rows")
    return found


def _time(given: Any, row: int) -> float:
    if _missing(given):
        return math.nan
    try:
        at = float(given)
    except (TypeError, ValueError):
        at = math.inf
    if math.isinf(at):
        raise EvidenceError(
            f"the time {str(given)[:40]!r} is no number",
            where=Place(key=f"row {row}"),
            remedy="write hours after the dose",
        )
    return at


def _own_curve(
    label: Label,
    who: str,
    samples: list[Sample],
    manner: Manner,
    below: BelowLimit,
    dose: Any,
    frame: pd.DataFrame,
    columns: Mapping[str, str],
) -> Analysed:
    named = (*((("subject", who),) if "subject" in columns else ()), *label)
    curve = curve_of(samples, below, ", ".join(value for _, value in named))
    amount = _dose(dose, frame, who, [s.row - 1 for s in samples])
    return Analysed(named, curve, amount, analyse(curve, amount, manner))


def _sparse_curve(
    label: Label,
    animals: dict[str, list[Sample]],
    manner: Manner,
    below: BelowLimit,
    dose: Any,
    frame: pd.DataFrame,
    columns: Mapping[str, str],
) -> Analysed:
    """Return the analysis of a mean curve; a sample below the limit counts as the rule says of one after the last."""
    if "subject" not in columns:  # each row is then an animal of its own
        animals = {str(s.row): [s] for samples in animals.values() for s in samples}
    levels: dict[str, dict[float, float]] = {}
    excluded: list[Exclusion] = []
    treated = 0
    for who, samples in animals.items():
        for sample in samples:
            # Alone in its curve a sample has no measurable neighbour: it is treated as one before the first.
            alone = curve_of([sample], replace(below, before=below.after), who)
            excluded += alone.excluded
            treated += alone.treated
            if len(alone.times):
                if sample.time in levels.setdefault(who, {}):
                    raise EvidenceError(f"animal {who} has two levels at {sample.time:g}", remedy="keep one of the two")
                levels[who][sample.time] = float(alone.levels[0])
    if not any(levels.values()):
        raise EvidenceError("no sample of the sparse design can be used")
    design = sparse_of(levels)
    curve = Curve(design.times, design.means, tuple(excluded), treated)
    amounts = {_dose(dose, frame, who, [s.row - 1 for s in samples]) for who, samples in animals.items()}
    if len(amounts) != 1:
        raise DoseError("animals of one sparse curve have different doses", remedy="set them apart with by=")
    amount = amounts.pop()
    found = analyse(curve, amount, manner)
    error = error_of_area(design, manner.rule)
    extra: dict[str, float] = {}
    if not math.isnan(error.se):
        ends = error.interval(found.values["AUC_last"])
        extra = {"AUC_last_se": error.se, "AUC_last_lower": ends[0], "AUC_last_upper": ends[1]}
        if not math.isnan(error.freedom):
            extra["AUC_last_df"] = error.freedom
    if found.values:
        top = int(np.argmax(design.means))
        seen = design.levels[top][~np.isnan(design.levels[top])]
        if len(seen) > 1:
            extra["Cmax_se"] = float(seen.std(ddof=1) / math.sqrt(len(seen)))
    notes = (*found.notes, *((error.note,) if error.note else ()))
    analysis = Analysis(found.values | extra, found.terminal, notes, found.windows)
    return Analysed(label, curve, amount, analysis, design)


# -- a run


def _of_run(
    run: Trajectory,
    observable: str | None,
    manner: Manner,
    route: str | None,
    below: BelowLimit,
    times: Iterable[str | float] | None,
    limit: float | None,
) -> Nca:
    named = [column.name for column in run.system.columns]
    if observable is None:
        if len(named) != 1:
            raise SimulationError("the run has several observables", remedy=f"name one of {', '.join(named)}")
        observable = named[0]
    doses = run.regimen.single_doses
    if len(doses) > 1 and manner.tau is None:
        raise SimulationError(
            f"the run has {len(doses)} doses, and a curve has one",
            remedy="pass tau= to analyse the interval after the last dose at steady state",
        )
    since, over = (doses[-1].at, doses[-1].over) if doses else (0.0, 0.0)
    if route is None:
        outside = bool(doses) and doses[-1].route != "iv"
        name = "extravascular" if outside else ("iv infusion" if over else "iv bolus")
        manner = replace(manner, route=name, infused=0.0 if outside else over)
    at = run.times[run.times >= since] if times is None else np.array([hours(t) for t in times]) + since
    levels = run.curve(observable, at)
    samples = [
        Sample(float(t) - since, max(float(c), 0.0), limit if limit is not None and c < limit else None, n + 1)
        for n, (t, c) in enumerate(zip(at, levels, strict=True))
    ]
    curve = curve_of(samples, below, observable)
    whole = dose_of(run, observable)
    amount = whole / len(doses) if doses and whole > 0 else None
    known = {"time": "h", "level": run.unit(observable)}
    dimension = unit(run.unit(observable)).dimension
    for kind, text in (("ID", "ID"), ("carrier", "particle"), ("amount", "nmol")):
        if dict(dimension.powers).get(kind, 0) == 1:
            known["dose"] = base_unit(unit(text).dimension)
    one = Analysed((("observable", observable),), curve, amount, analyse(curve, amount, manner))
    return Nca((one,), manner, below, known)
