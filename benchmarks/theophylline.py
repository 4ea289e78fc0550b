"""Theophylline, pooled: 12 subjects, 3 parameters as an ODE, with profile intervals, against lmfit over ``solve_ivp``.

Both fit the same residuals from the same start on logarithms, by least squares, and give 95 % intervals by the F test
on profiles. The peer has what a person would write: a Python right-hand side, LSODA at a relative tolerance of 1e-8,
and lmfit's ``minimize`` and ``conf_interval``. The ends must agree to 1 %.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row, row
from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.regimen import bolus
from exodelivery.fitting.courses.course import Course
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.regress import regress
from exodelivery.solve.timeline import Array

DATA = Path(os.environ.get("EXODELIVERY_DATA", "")) / "nlme" / "theophylline" / "data.csv"
NAMES = {"disposition.ka": "1/h", "body.V": "L", "disposition.CL": "L/h"}
START = (1.0, 0.6, 0.1)
AGREE = 0.01
Ends = dict[str, tuple[float, float]]


def theophylline() -> Iterator[Row]:
    """Yield the rows, ours first."""
    if not DATA.is_file():
        yield row("fit, profiles", "theophylline", "exodelivery", note="EXODELIVERY_DATA names no folder")
        return
    subjects = read()
    fit = own(subjects)
    fit()
    ours, seconds = measured(fit, 5)
    yield row("fit, profiles", "theophylline", "exodelivery", seconds=seconds, ours=seconds, note=written(ours))
    theirs, slow = measured(peer(subjects), 1)
    off = max(abs(a / b - 1) for name in ours for a, b in zip(ours[name], theirs[name], strict=True))
    agreed = "agree" if off < AGREE else "DO NOT AGREE"
    note = f"{written(theirs)}; ends {agreed} to {100 * off:.2f} %; lmfit {version('lmfit')}"
    yield row("fit, profiles", "theophylline", "lmfit, solve_ivp", seconds=slow, ours=seconds, note=note)


def read() -> list[tuple[float, Array, Array]]:
    """Return dose [mg/kg], times [h] and levels [mg/L] of each subject."""
    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = []
    for subject in dict.fromkeys(one["ID"] for one in rows):
        mine = [one for one in rows if one["ID"] == subject]
        dose = next(float(one["AMT"]) for one in mine if one["EVID"] == "1")
        seen = np.array([[float(one["TIME"]), float(one["DV"])] for one in mine if one["EVID"] == "0"])
        found.append((dose, seen[:, 0], seen[:, 1]))
    return found


def model() -> Model:
    """Return one compartment with a depot, per kg; a nmol stands for a mg."""
    sites = {"plasma": {"role": "blood", "volume": "V"}, "gut": {"role": "tissue", "volume": "V"}}
    disposition = Block(
        "disposition",
        "oral",
        parameters={"ka": "1.5 1/h", "CL": "0.04 L/h"},
        flows={
            "absorb": "gut.free -> plasma.free : ka * gut.free",
            "leave": "plasma.free -> out : CL * conc(plasma.free)",
        },
    )
    return Model(
        "oral",
        body=Body("person", parameters={"V": "0.5 L"}, sites=sites, routes={"oral": "gut"}),
        drug=Drug("theophylline", molar_mass="180 g/mol", use={"disposition": disposition}),
        carrier=Carrier("none"),
        observables={"level": {"formula": "conc(plasma.free)", "unit": "nmol/L"}},
    )


def own(subjects: list[tuple[float, Array, Array]]) -> Callable[[], Ends]:
    """Return our fit with its profile intervals."""
    levels = np.concatenate([y for _, _, y in subjects])
    course = Course(
        model(),
        tuple(bolus(f"{dose} nmol", route="oral") for dose, _, _ in subjects),
        np.repeat(np.arange(len(subjects)), [len(t) for _, t, _ in subjects]),
        np.concatenate([t for _, t, _ in subjects]),
        ("level",) * len(levels),
        NAMES,
    )
    start = [Guess(name, value, scale="log") for name, value in zip(NAMES, START, strict=True)]

    def fit() -> Ends:
        found = regress(course, start=start, observed=levels)
        return {name: (found.profile(name).low, found.profile(name).high) for name in NAMES}

    return fit


def peer(subjects: list[tuple[float, Array, Array]]) -> Callable[[], Ends]:
    """Return the same by lmfit over scipy's ``solve_ivp``."""
    import lmfit
    from scipy.integrate import solve_ivp

    def residuals(given: Any) -> Array:
        ka, v, cl = (np.exp(given[name].value) for name in ("ka", "V", "CL"))

        def rates(t: float, x: Array) -> list[float]:
            return [-ka * x[0], ka * x[0] - cl / v * x[1]]

        found = []
        for dose, times, levels in subjects:
            run = solve_ivp(
                rates, (0.0, times[-1]), [dose, 0.0], method="LSODA", t_eval=times, rtol=1e-8, atol=1e-10
            )  # fmt: skip
            found.append(run.y[1] / v - levels)
        return np.concatenate(found)

    def fit() -> Ends:
        parameters = lmfit.Parameters()
        for name, value in zip(("ka", "V", "CL"), START, strict=True):
            parameters.add(name, value=np.log(value))
        minimizer = lmfit.Minimizer(residuals, parameters)
        found = minimizer.minimize(method="leastsq")
        intervals = lmfit.conf_interval(minimizer, found, sigmas=[0.95])
        ends = {name: (np.exp(rows[0][1]), np.exp(rows[-1][1])) for name, rows in intervals.items()}
        return dict(zip(NAMES, (ends[name] for name in ("ka", "V", "CL")), strict=True))

    return fit


def measured(fit: Callable[[], Ends], repeats: int) -> tuple[Ends, float]:
    """Return the result and the least CPU time of this thread [s]."""
    times, found = [], {}
    for _ in range(repeats):
        begin = time.thread_time()
        found = fit()
        times.append(time.thread_time() - begin)
    return found, min(times)


def written(ends: Ends) -> str:
    """Return intervals in a line."""
    return ", ".join(f"{name.partition('.')[2]} {low:.4g} to {high:.4g}" for name, (low, high) in ends.items())
