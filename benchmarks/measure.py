"""Time and achieved error of one tool on one problem, and the time that an error of 1e-6 would take.

CPU time of the calling thread, the least of a few repeats: what other processes do to a shared machine is not the
tool's doing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks.models import Problem, deviation
from exodelivery.solve.timeline import Array

TARGET = 1e-6
TOLERANCES = tuple(10.0**-digits for digits in np.arange(3.0, 11.1, 0.5))


@dataclass(frozen=True, slots=True)
class Point:
    """One tolerance: what was asked for, the error achieved, and the time of a run [s]."""

    relative: float
    error: float
    seconds: float


def least(work: Callable[[], object], repeats: int = 7, budget: float = 1.0) -> float:
    """Return the least CPU time of a few repeats [s], after one that warms up."""
    work()
    times: list[float] = []
    while len(times) < repeats and sum(times) < budget:
        begin = time.thread_time()
        work()
        times.append(time.thread_time() - begin)
    return min(times)


def curve(run: Callable[[float], Array], reference: Array, sets: int = 1, repeats: int = 7) -> list[Point]:
    """Measure over tolerances until the error is well below the target."""
    points: list[Point] = []
    for relative in TOLERANCES:
        found = run(relative)
        error = deviations(found, reference)
        if not np.isfinite(error):
            continue
        points.append(Point(relative, error, least(partial(run, relative), repeats) / sets))
        if error < TARGET / 3:
            break
    return points


def deviations(found: Array, reference: Array) -> float:
    """Return the error of one run, or the median over the sets that the reference has."""
    if reference.ndim == 2:
        return deviation(found, reference)
    return float(np.median([deviation(one, other) for one, other in zip(found, reference, strict=False)]))


def at_target(points: list[Point]) -> float:
    """Return the time at the target error, between the tolerances that enclose it (log-log), or NaN."""
    for rough, fine in pairwise(points):
        if rough.error >= TARGET >= fine.error:
            part = np.log(rough.error / TARGET) / np.log(rough.error / fine.error)
            return float(np.exp((1 - part) * np.log(rough.seconds) + part * np.log(fine.seconds)))
    below = [point.seconds for point in points if point.error <= TARGET]
    return min(below) if below else float("nan")


def absolute(problem: Problem, relative: float) -> Array:
    """Return one absolute tolerance a state, for tools that want it: relative times a part of its largest value.

    The part is 1e-3 times what :func:`floor` says at the time.
    """
    return 1e-3 * _FLOOR.get() * relative * np.maximum(problem_peaks(problem), 1e-300)


@contextmanager
def floor(multiple: float) -> Iterator[None]:
    """Measure with all absolute tolerances multiplied: what is best for one tool is not for another."""
    token = _FLOOR.set(multiple)
    try:
        yield
    finally:
        _FLOOR.reset(token)


def problem_peaks(problem: Problem) -> Array:
    """Return the largest value of each state at the output times and after the doses."""
    from exodelivery.compile.emitters.numpy import NumpyEmitter
    from exodelivery.solve.solvers.protocol import Tolerance
    from exodelivery.solve.solvers.scipy import LsodaSolver

    if problem.name not in _PEAKS:
        kernels = NumpyEmitter().emit(problem.equations)
        run = LsodaSolver().solve(kernels, problem.parameters, problem.timeline, problem.times, Tolerance(1e-6))
        _PEAKS[problem.name] = np.maximum(np.abs(run.states).max(axis=0), np.abs(problem.timeline.jumps).max(axis=0))
    return _PEAKS[problem.name]


_PEAKS: dict[str, Array] = {}
_FLOOR = ContextVar("floor", default=1.0)
