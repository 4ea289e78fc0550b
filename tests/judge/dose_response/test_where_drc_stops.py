"""Why LL.5 of ryegrass and the two herbicides agree with drc to three digits: where drc stops, not what it computes.

Two ways. From drc's printed estimates: the sum of squares there is above ours and still falls, and standard errors
evaluated there are those printed. And by doing as drc does: R's variable-metric minimiser (Nash 1990, algorithm 21, as
``optim`` runs it: differences of 1e-3 of the start, relative tolerance 1e-7) from drc's own start ends at drc's printed
estimates to twelve digits, and its Hessian by differences gives drc's printed standard errors to eight.

References
----------
Nash JC. Compact Numerical Methods for Computers, 2nd edition. Adam Hilger 1990.
Ritz C, Baty F, Streibig JC, Gerhard D. PLoS ONE 2015;10:e0146021, doi 10.1371/journal.pone.0146021.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exodelivery.judge.dose_response.curves import curves
from exodelivery.judge.dose_response.joint import together
from exodelivery.judge.dose_response.least_squares import Box, covariance, fit
from exodelivery.judge.dose_response.shapes.protocol import shape
from exodelivery.judge.dose_response.task import POSITION, Task

DATA = Path(os.environ.get("EXODELIVERY_DATA", "nowhere")) / "dose_response"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="EXODELIVERY_DATA does not name the folder with the reference data"
)
DIFFERENCE, STOP = 1e-3, 1e-7
"""R's ``ndeps`` and drc's ``relTol``."""
Objective = Callable[[np.ndarray], float]


def drc(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "drc_fits.json").read_text(encoding="utf-8"))["fits"][name]
    return found


def logarithms(dose: pd.Series) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(dose.to_numpy(float)))


def ryegrass() -> tuple[np.ndarray, np.ndarray]:
    wells = pd.read_csv(DATA / "ryegrass.csv")
    return logarithms(wells["conc"]), wells["rootl"].to_numpy(float)


def ll5(x: np.ndarray, y: np.ndarray) -> Objective:
    def squares(p: np.ndarray) -> float:
        b, c, d, e, f = p
        with np.errstate(invalid="ignore", over="ignore"):
            return float(((y - (c + (d - c) / (1 + np.exp(b * (x - np.log(e)))) ** f)) ** 2).sum())

    return squares


def drc_start(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Ends just outside the responses, slope and position by a line through the logits, no asymmetry."""
    outside, dosed = 0.001 * np.ptp(y), np.isfinite(x)
    c, d = y.min() - outside, y.max() + outside
    slope, level = np.polyfit(x[dosed], np.log((d - y[dosed]) / (y[dosed] - c)), 1)
    return np.array([slope, c, d, np.exp(-level / slope), 1.0])


def differences(run: Objective, at: np.ndarray, step: float = DIFFERENCE) -> np.ndarray:
    unit = step * np.eye(len(at))
    return np.array([(run(at + one) - run(at - one)) / (2 * step) for one in unit])


def variable_metric(run: Objective, start: np.ndarray) -> np.ndarray:
    """Minimise by inverse updates, steps cut to a fifth; a stop starts afresh downhill, and a second one ends."""
    at, value, slope, size = start.copy(), run(start), differences(run, start), len(start)
    metric, age = np.eye(size), 0
    while True:
        way, length, moved = -metric @ slope, 1.0, False
        while way @ slope < 0 and np.any(10.0 + at + length * way != 10.0 + at):
            tried = run(at + length * way)
            if np.isfinite(tried) and tried <= value + 1e-4 * length * (way @ slope):
                moved = abs(tried - value) > STOP * (abs(value) + STOP)
                at, value = at + length * way, tried
                break
            length *= 0.2
        if not moved and age == 0:
            return at
        if moved:
            new, step = differences(run, at), length * way
            change, slope = new - slope, new
            along, turned = step @ change, metric @ change
            metric = metric + (1 + change @ turned / along) * np.outer(step, step) / along
            metric -= (np.outer(step, turned) + np.outer(turned, step)) / along
            age += 1
        if not moved or along <= 0 or age > 2 * size:
            metric, age = np.eye(size), 0


def hessian(run: Objective, at: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Differences of gradients by differences, the outer step once more over the scale, as R takes it."""
    rows = []
    for place, one in enumerate(np.eye(len(at))):
        step = DIFFERENCE / scale[place]
        rows.append((differences(run, at + step * one) - differences(run, at - step * one)) / (2 * step))
    found = np.array(rows) / np.outer(scale, scale)
    return 0.5 * (found + found.T)


def test_doing_as_drc_does_ends_at_its_printed_estimates_and_standard_errors() -> None:
    printed = drc("ryegrass_LL5")
    estimates, errors = (np.array([printed[of][f"{k}:(Intercept)"] for k in "bcdef"]) for of in ("coef", "se"))
    x, y = ryegrass()
    run, start = ll5(x, y), drc_start(x, y)
    scale = np.abs(start)

    def scaled(q: np.ndarray) -> float:
        return run(q * scale)

    ended = variable_metric(scaled, start / scale) * scale
    assert ended == pytest.approx(estimates, rel=1e-10)
    spread = np.linalg.inv(hessian(scaled, ended / scale, scale) / 2) * run(ended) / (len(y) - 5)
    assert np.sqrt(np.diag(spread)) == pytest.approx(errors, rel=1e-7)


def test_at_drcs_estimates_of_five_parameters_the_sum_of_squares_still_falls_to_ours() -> None:
    printed = {key[0]: value for key, value in drc("ryegrass_LL5")["coef"].items()}
    x, y = ryegrass()
    ours = curves(DATA / "ryegrass.csv", dose="conc", response="rootl", shape="hill5", intervals=())[0]
    theirs = np.array([[printed["d"], printed["c"], *np.log([printed["e"], printed["b"], printed["f"]])]])
    task = Task(shape("hill5"), POSITION, x[None], y[None], np.ones((1, len(x))))
    free = Box(np.full((1, 5), -np.inf), np.full((1, 5), np.inf), np.ones((1, 5), bool))
    there, best = run_at(task, theirs), run_at(task, ours.theta[None])
    assert there[0] == pytest.approx(drc("ryegrass_LL5")["rss"], rel=1e-12)
    assert there[0] - best[0] > 1e-7
    assert np.abs(there[1]).max() > 1e-4 > 1e3 * np.abs(best[1]).max()
    assert fit(task, theirs, free).theta[0] == pytest.approx(ours.theta, abs=1e-5)


def test_standard_errors_at_drcs_estimates_of_the_two_herbicides_are_the_printed_ones() -> None:
    printed, names = drc("Salba_LL4"), ("Bentazone", "Glyphosate")
    wells = pd.read_csv(DATA / "S.alba.csv")
    joint = together(
        list(curves(wells, dose="Dose", response="DryMatter", by="Herbicide", intervals=())), ("e0", "einf")
    )
    coef = [printed["coef"]["d:(Intercept)"], printed["coef"]["c:(Intercept)"]]
    slopes, places = ([printed["coef"][f"{k}:Herbicide{name}"] for name in names] for k in "be")
    theirs = np.array([[*coef, *np.log(places), *np.log(slopes)]])
    which = (wells["Herbicide"] == names[1]).to_numpy().astype(int)
    index = np.column_stack([np.zeros_like(which), np.ones_like(which), 2 + which, 4 + which])[None]
    y = wells["DryMatter"].to_numpy(float)[None]
    task = Task(shape("hill4"), POSITION, logarithms(wells["Dose"])[None], y, np.ones_like(y), index)
    cost, gradient = run_at(task, theirs)
    assert cost == pytest.approx(printed["rss"], rel=1e-12)
    assert cost - joint.cost > 4e-5
    assert np.abs(gradient).max() > 1e-3
    # drc's coordinates are no logarithms: beside an optimum the two Hessians differ by the slope.
    information = np.linalg.inv(covariance(task, theirs, np.ones((1, 6), bool), observed=True)[0])
    information[range(2, 6), range(2, 6)] -= gradient[2:]
    spread = np.linalg.inv(information) * cost / printed["df"]
    ours = np.sqrt(np.diag(spread)) * np.array([1, 1, *places, *slopes])
    keys = ["d:(Intercept)", "c:(Intercept)", *(f"{k}:Herbicide{name}" for k in "eb" for name in names)]
    assert ours == pytest.approx([printed["se"][key] for key in keys], rel=1e-5)


def run_at(task: Task, theta: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the sum of squares, and half of what it changes by with the unknowns."""
    response, by = task.response(theta)
    left = task.y - response
    return float((left**2).sum()), -np.einsum("cp,cpu->u", left, by)
