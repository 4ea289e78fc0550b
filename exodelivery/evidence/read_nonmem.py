"""Floor 3: read the dosing records of a NONMEM data set into regimens, one to each subject.

Only what gives a dose or a reset is read: TIME, AMT, RATE, II, ADDL, SS, EVID, CMT and ID, by these names in any case
and order, and the columns that are named as covariates. Other columns are left to their reader; a record that means
nothing here is an error with its line.

References
----------
Bauer RJ. NONMEM tutorial part I. CPT Pharmacometrics Syst Pharmacol 2019;8:525. doi:10.1002/psp4.12404
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from exodelivery.declare.regimen import Dose, Regimen
from exodelivery.declare.table import Table
from exodelivery.errors import EvidenceError, Place
from exodelivery.evidence.read_csv import read_text

WANTED = ("TIME", "AMT")
MAY_LACK = {"ID": 1.0, "EVID": math.nan, "CMT": 1.0, "RATE": 0.0, "II": 0.0, "ADDL": 0.0, "SS": 0.0}
STEADY = {0: "", 1: "alone", 2: "added"}


def read_nonmem(
    path: str | Path,
    routes: Mapping[int, str],
    *,
    unit: str = "mg",
    modelled: Mapping[int, str] | None = None,
    covariates: Mapping[str, str] | None = None,
    carried: str = "forward",
) -> Table[Regimen]:
    """Read regimens from the CSV of a NONMEM data set; times are hours.

    Parameters
    ----------
    path : path
    routes : mapping
        The route, or the pool, that each compartment (CMT) stands for.
    unit : str
        Of AMT; RATE is this an hour.
    modelled : mapping, optional
        The route for compartments where RATE is -1 or -2; it has the ``rate`` or ``duration``.
    covariates : mapping, optional
        The input of the model that a column gives, with the column's unit: ``{"WT": "body.weight [kg]"}``.
    carried : str
        ``"forward"``: a covariate holds from its record to the next (last observation carried forward), the first
        record's before it as well. ``"backward"``: it holds since the record before, which is what NONMEM itself does
        (the values of a record are in force on the way to it).

    Returns
    -------
    Table of Regimen
        By ID, as an integer's text.

    Raises
    ------
    EvidenceError
        For a missing column, a record that no regimen can say, or a covariate that is no number; it names the line.
    """
    if carried not in ("forward", "backward"):
        raise EvidenceError(f"covariates are not carried {carried!r}", remedy="known: forward, backward")
    name = str(path)
    rows = csv.DictReader(StringIO(read_text(Path(path), Place(name))))
    columns = {(column or "").strip().upper(): column for column in rows.fieldnames or ()}
    followed = {column.strip().upper(): target for column, target in (covariates or {}).items()}
    for column in (*WANTED, *followed):
        if column not in columns:
            raise EvidenceError(f"this NONMEM data set has no column {column}", where=Place(name, 1))
    found: dict[str, Regimen] = {}
    seen: dict[str, list[tuple[float, dict[str, float]]]] = {}
    for row in rows:
        where = Place(name, rows.line_num)
        record = {
            column: _number(row[columns[column]], column, where) if column in columns else MAY_LACK[column]
            for column in (*WANTED, *MAY_LACK)
        }
        subject = str(int(record["ID"]))
        found[subject] = found.get(subject, Regimen()) + _regimen(record, routes, modelled or {}, unit, where)
        now = {column: _number(row[columns[column]], column, where, missing=math.nan) for column in followed}
        seen.setdefault(subject, []).append((record["TIME"], now))
    for subject, history in seen.items():
        for column, target in followed.items():
            known = [(time, now[column]) for time, now in history if not math.isnan(now[column])]
            if not known:
                raise EvidenceError(f"the subject {subject} has no {column}", where=Place(name))
            full, _, its_unit = target.removesuffix("]").partition(" [")
            found[subject] = found[subject].varying(full, _course(known, its_unit or "1", carried))
    return Table(found)


def _course(history: list[tuple[float, float]], unit: str, carried: str) -> list[tuple[float, str]]:
    """Return from when on each value holds; a point only where it changes."""
    history = sorted(history, key=lambda point: point[0])
    times = [time for time, _ in history]
    since = [0.0, *times[1:]] if carried == "forward" else [0.0, *times[:-1]]
    points = dict(zip(since, (value for _, value in history), strict=True))
    kept: list[tuple[float, str]] = []
    for time, value in points.items():
        if not kept or kept[-1][1] != f"{value!r} {unit}":
            kept.append((time, f"{value!r} {unit}"))
    return kept


def _number(text: str | None, column: str, where: Place, missing: float = 0.0) -> float:
    words = (text or "").strip()
    if words in ("", "."):
        return missing
    try:
        value = float(words)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise EvidenceError(f"{column} is {words!r}, and not a number", where=where)
    return value


def _regimen(
    record: Mapping[str, float], routes: Mapping[int, str], modelled: Mapping[int, str], unit: str, where: Place
) -> Regimen:
    event, rate, amount = record["EVID"], record["RATE"], record["AMT"]
    if math.isnan(event):
        event = 1.0 if amount or rate else 0.0
    if event in (0, 2):
        return Regimen()
    if event not in (1, 3, 4):
        raise EvidenceError(f"EVID is {event:g}", where=where, remedy="known: 0, 1, 2, 3, 4")
    anew = Regimen(resets=(record["TIME"],)) if event > 1 else Regimen()
    if event == 3:
        return anew
    known = modelled if rate in (-1, -2) else routes
    compartment = int(record["CMT"])
    if compartment not in known or record["SS"] not in STEADY or (rate < 0 and rate not in (-1, -2)):
        raise EvidenceError(
            f"a dose with CMT {compartment}, SS {record['SS']:g} and RATE {rate:g} has no route",
            where=where,
            remedy=f"routes are known for CMT {', '.join(map(str, known)) or 'none'}",
        )
    dose = Dose(
        f"{amount!r} {unit}" if amount else "",
        known[compartment],
        at=record["TIME"],
        every=record["II"],
        times=int(record["ADDL"]) + 1,
        rate=f"{rate!r} {unit}/h" if rate > 0 else "",
        steady_state=STEADY[int(record["SS"])],
    )
    return anew + Regimen((dose,))
