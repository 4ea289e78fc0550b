"""Floor 8: which points no other point beats in everything, and where to look next.

References
----------
Deb K and others. IEEE Trans Evol Comput 2002;6:182. doi 10.1109/4235.996017 (domination, feasibility first)
Sobol IM. USSR Comput Math Math Phys 1967;7:86. doi 10.1016/0041-5553(67)90144-9 (the first points, by scipy)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exodelivery.solve.timeline import Array

Flags = NDArray[np.bool_]


def undominated(points: Array) -> Flags:
    """Return which points no other beats, (points,); more is better in each column, and NaN is beaten by all.

    Examples
    --------
    >>> undominated(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0], [np.nan, 9.0]])).tolist()
    [True, True, False, False]
    """
    known: Flags = np.asarray(np.isfinite(points).all(axis=1))
    least = np.where(known[:, None], points, -np.inf)
    as_good = np.all(least[None, :, :] >= least[:, None, :], axis=2)
    better = np.any(least[None, :, :] > least[:, None, :], axis=2)
    return np.asarray(known & ~np.any(as_good & better, axis=1))


def best(points: Array, violation: Array) -> Flags:
    """Return the front among those that keep the constraints; where none does, those that break them least."""
    kept = violation <= 0
    known: Flags = np.asarray(np.isfinite(points).all(axis=1))
    if not np.any(kept & known):
        if not known.any():
            return known
        return np.asarray(known & (violation <= violation[known].min() + 1e-12))
    return undominated(np.where(kept[:, None], points, np.nan))


def spacing(points: Array) -> Array:
    """Return how much room each point of a front has between its neighbours; those at the ends have no end of it.

    Examples
    --------
    >>> spacing(np.array([[0.0, 4.0], [1.0, 1.0], [4.0, 0.0]])).tolist()
    [inf, 2.0, inf]
    """
    found = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column)
        span = column[order[-1]] - column[order[0]] if len(column) else 0.0
        found[order[:1]] = found[order[-1:]] = np.inf
        if span > 0:
            found[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return found


def _chosen(room: Array, count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Return places of parents, the roomier of two drawn each time."""
    one, other = (random.integers(len(room), size=count) for _ in range(2))
    return np.where(room[one] >= room[other], one, other)


def search(
    evaluate: Callable[[Array], tuple[Array, Array]], knobs: int, *, start: int, rounds: int, seed: int
) -> Array:
    """Return all places that were tried, (tried, knobs), each coordinate from 0 to 1.

    Parameters
    ----------
    evaluate : callable
        From new places (places, knobs) to all points and violations so far, the new ones last.
    knobs : int
    start : int
        Places of Sobol's sequence at first, and of each round.
    rounds : int
        Each draws places about the front of what is known, closer every time.
    seed : int
    """
    from scipy.stats import qmc

    sobol = qmc.Sobol(knobs, seed=np.random.default_rng([seed, 11]))
    tried = np.asarray(sobol.random_base2(int(np.ceil(np.log2(max(start, 2)))))[:start], dtype=float)
    points, violation = evaluate(tried)
    random = np.random.default_rng([seed, 12])
    for n in range(rounds):
        front = best(points, violation)
        parents, room = tried[front], spacing(points[front])
        if not len(parents):
            break
        one, other = (_chosen(room, start, random) for _ in range(2))
        mixed = np.where(random.random((start, knobs)) < 0.5, parents[one], parents[other])
        step = 0.3 * 0.75 ** (n * random.random((start, 1)))  # wide ones stay possible to the end
        moved = mixed + step * random.standard_normal((start, knobs)) * (random.random((start, knobs)) < 0.6)
        new = 1 - np.abs(1 - np.abs(moved) % 2)  # reflected at both ends
        tried = np.vstack([tried, new])
        points, violation = evaluate(new)
    return tried
