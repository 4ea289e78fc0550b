"""Floor 6: what solvers of many parameter sets share: whose timeline is whose, where answers go, threads, endings."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exodelivery.errors import SimulationError
from exodelivery.solve.lanes.course import course
from exodelivery.solve.lanes.lane import FINE, NOT_FINITE, SPENT, TOO_SMALL, Course
from exodelivery.solve.outcome import Outcome
from exodelivery.solve.timeline import Array, Timeline

WILD = "look at the flows of this state: a rate that grows without bound, or does not vanish with its source"
SLOW = "loosen the tolerance, give this state an absolute tolerance, or raise Tolerance.most_steps"
ENDINGS = {
    NOT_FINITE: ("the rates are not finite", WILD),
    TOO_SMALL: ("the step became too small", WILD),
    SPENT: ("the budget of steps is spent", SLOW),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Many runs at once.

    Attributes
    ----------
    values : array, (sets, times, wanted), or a tuple of (times, wanted) where subjects have their own times
        States or outputs; rows that a failed set did not reach are NaN.
    rows : array, (rows, wanted)
        The same, sets one after the other.
    report : array, (sets, 4)
        Code, time, state and steps of each set.
    most_steps : int
    """

    values: Any
    rows: Array
    report: Array
    most_steps: int

    @property
    def failed(self) -> NDArray[np.intp]:
        """Sets that did not reach their end."""
        return np.flatnonzero(self.report[:, 0] != FINE)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of each set, (sets,)."""
        return self.report[:, 3].astype(np.int64)

    def outcome(self, index: int) -> Outcome:
        """Tell how one set ended."""
        return outcome_of(self.report[index], self.most_steps)


def outcome_of(report: Array, most_steps: int) -> Outcome:
    """Put a driver's report (code, time, state, steps) into words."""
    code, time, state, steps = report
    if code == FINE:
        return Outcome(True, steps=int(steps))
    what, remedy = ENDINGS[int(code)]
    what = f"the budget of {most_steps} steps is spent" if code == SPENT else what
    return Outcome(False, what, float(time), int(state), remedy, int(steps))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the answers of each set go.

    Attributes
    ----------
    which : array of int, (sets,)
        Timeline of each set.
    course : Course
    bases : array of int, (sets,)
        What to add to a row of ``course.times`` to find the set's row of the answers.
    ends : array of int, (sets,)
        Row behind the last of each set.
    """

    which: NDArray[np.int64]
    course: Course
    bases: NDArray[np.int64]
    ends: NDArray[np.int64]

    def answers(self, width: int) -> Array:
        """Return room for the answers."""
        return np.empty((int(self.ends[-1]) if len(self.ends) else 0, width))

    def batch(self, out: Array, report: Array, most_steps: int) -> Batch:
        """Return filled answers, shaped (sets, times, wanted) where all sets have the same number of times."""
        shared = len(self.course.spans) == 2
        shaped = out.reshape(len(report), -1, out.shape[1]) if shared else tuple(np.split(out, self.ends[:-1]))
        return Batch(shaped, out, report, most_steps)


def layout(
    states: int,
    sets: int,
    timelines: Timeline | Sequence[Timeline],
    times: Array | Sequence[Array],
    subjects: NDArray[np.int64] | None = None,
) -> Layout:
    """Lay out sets, their timelines and their output times.

    Raises
    ------
    SimulationError
        They do not fit one another.
    """
    courses = [timelines] if isinstance(timelines, Timeline) else list(timelines)
    asked = [times] if isinstance(times, np.ndarray) else list(times)
    asked = asked * len(courses) if len(asked) == 1 else asked
    which = _subjects(sets, len(courses), subjects)
    if len(asked) != len(courses):
        raise SimulationError(
            f"{len(courses)} timelines, but {len(asked)} arrays of times", remedy="give one to each subject"
        )
    counts = np.array([len(each) for each in asked])
    firsts, ends = np.concatenate([[0], np.cumsum(counts)]), np.cumsum(counts[which])
    return Layout(which, course(states, courses, asked), ends - counts[which] - firsts[which], ends)


def _subjects(sets: int, courses: int, subjects: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if subjects is None:
        if courses not in (1, sets):
            raise SimulationError(f"{courses} timelines for {sets} sets", remedy="say with subjects= which is whose")
        return np.zeros(sets, dtype=np.int64) if courses == 1 else np.arange(sets, dtype=np.int64)
    which = np.ascontiguousarray(subjects, dtype=np.int64)
    if which.shape != (sets,) or (sets and not 0 <= which.min() <= which.max() < courses):
        raise SimulationError(f"subjects must name one of {courses} timelines for each of {sets} sets")
    return which


def in_threads(
    chunk: Callable[[int, int], int], sets: int, threads: int | None, progress: Callable[[int], None] | None
) -> None:
    """Run chunks of sets; an interrupt waits for the chunks under way and starts no other."""
    workers = threads or os.cpu_count() or 1
    # lanes run empty at the end of a chunk, so few chunks are best, but enough for all workers to end together
    size = min(4096, sets) if workers == 1 else max(32, min(4096, -(-sets // (8 * workers))))
    bounds = [(first, min(first + size, sets)) for first in range(0, sets, size or 1)]
    done = 0
    if workers == 1 or len(bounds) == 1:
        for first, stop in bounds:
            done += chunk(first, stop)
            if progress is not None:
                progress(done)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            for count in pool.map(lambda bound: chunk(*bound), bounds):
                done += count
                if progress is not None:
                    progress(done)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
