"""Floor 8: experiments simulated from known truths and fitted again: what a design settles, and not what it promises.

Truths are drawn from what is believed. What is simulated and fitted is the readings' generalised logarithm, in which an
error that is relative above a floor and constant beneath it has the same size everywhere. The fit is the most probable
point under the same beliefs, by Gauss and Newton with exact sensitivities.

References
----------
Durbin BP, Hardin JS, Hawkins DM, Rocke DM. Bioinformatics 2002;18 Suppl 1:S105.
doi 10.1093/bioinformatics/18.suppl_1.S105 (the generalised logarithm)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exodelivery.judge.joint import Joint
from exodelivery.judge.metrics import Metric
from exodelivery.judge.planning.arms import Arms
from exodelivery.judge.planning.bench import Bench, Errors, Read
from exodelivery.judge.planning.result import NORMAL, Trial
from exodelivery.judge.planning.search import Design, Search
from exodelivery.solve.timeline import Array

ITERATIONS, HALVINGS = 20, 8
SETTLED = 0.05
"""A fit ends when a step promises less of the misfit, in squared standard deviations; it is taken without a run."""


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A design ready to be simulated and fitted.

    Attributes
    ----------
    bench : Bench
        Of its spots only.
    errors : Errors
        Of its spots.
    blocks : tuple of (array of int, float)
        Readings that share a deviation, by their places among the spots, and the root of the number of animals.
    root : array, (rows, rows)
        Of the prior's covariance.
    """

    bench: Bench
    errors: Errors
    blocks: tuple[tuple[NDArray[np.int64], float], ...]
    root: Array

    @property
    def centre(self) -> Array:
        """The middle of what is believed, on the own scales, (rows,)."""
        return self.bench.joint.estimate

    def transformed(self, levels: Array) -> Array:
        """Return readings in standard deviations of one assay, (spots,)."""
        relative, floor = self.errors.relative, self.errors.floor
        found: Array = np.arcsinh(relative * levels / floor) / relative
        return found

    def free(self, levels: Array, what: Array) -> Array:
        """Return means of animals in their own standard deviations, freed of correlation, (readings, ...)."""
        shared = self.errors.shared(levels)
        parts = [
            animals * np.linalg.solve(np.linalg.cholesky(_together(shared[places])), what[places])
            for places, animals in self.blocks
        ]
        return np.concatenate(parts)

    def simulated(self, levels: Array, generator: np.random.Generator) -> Array:
        """Return means of readings as an experiment gives them, by block, each (readings,)."""
        shared, middle = self.errors.shared(levels), self.transformed(levels)
        parts = [
            middle[places]
            + np.linalg.cholesky(_together(shared[places])) @ generator.standard_normal(len(places)) / animals
            for places, animals in self.blocks
        ]
        return np.concatenate(parts)

    def misfit(self, data: Array, levels: Array) -> Array:
        """Return distances of readings from levels, in standard deviations and free of correlation, (readings,)."""
        shared, middle = self.errors.shared(levels), self.transformed(levels)
        found, first = [], 0
        for places, animals in self.blocks:
            away = data[first : first + len(places)] - middle[places]
            found.append(animals * np.linalg.solve(np.linalg.cholesky(_together(shared[places])), away))
            first += len(places)
        return np.concatenate(found)

    def rows(self, read: Read) -> Array:
        """Return what readings tell of the whitened parameters, (readings, rows)."""
        plain = (read.slopes / self.errors.sd(read.levels)[:, None]) @ self.root
        return self.free(read.levels, plain)


def _together(shared: Array) -> Array:
    found = np.outer(shared, shared)
    np.fill_diagonal(found, 1.0)
    return found


def experiment_of(
    about: Arms, joint: Joint, metric: Metric, horizon: float, search: Search, errors: Errors, design: Design
) -> Experiment:
    """Return a design ready to be simulated and fitted."""
    used = sorted({n for animal in design for n in animal})
    where = {n: place for place, n in enumerate(used)}
    blocks = []
    for animal, count in design.items():
        by_observable: dict[str, list[int]] = {}
        for n in animal:
            by_observable.setdefault(search.spots[n].observable, []).append(where[n])
        size = float(np.sqrt(round(count) * search.costs.group))
        blocks += [(np.array(places, dtype=np.int64), size) for places in by_observable.values()]
    bench = Bench(about, joint, metric, horizon, [search.spots[n] for n in used])
    taken = errors.take(np.array(used, dtype=np.int64))
    root: Array = np.asarray(np.linalg.cholesky(joint.covariance), dtype=float)
    return Experiment(bench, taken, tuple(blocks), root)


def fitted(experiment: Experiment, data: Array, start: Read) -> tuple[Array, Read] | None:
    """Return the last step, whitened, and what is read before it; None where the fit does not settle.

    Parameters
    ----------
    experiment : Experiment
    data : array, (readings,)
        Transformed.
    start : Read
        At the middle of what is believed, where the fit begins.
    """
    white, read = np.zeros(len(experiment.centre)), start
    away = experiment.misfit(data, read.levels)
    cost = float(away @ away)
    for _ in range(ITERATIONS):
        rows = experiment.rows(read)
        pull = rows.T @ away - white
        step = np.linalg.solve(np.eye(len(white)) + rows.T @ rows, pull)
        if float(step @ pull) < SETTLED:
            return np.asarray(step, dtype=float), read
        for halving in range(HALVINGS):
            tried = white + step / 2**halving
            point = experiment.centre + experiment.root @ tried
            found = experiment.bench.read(point) if halving == 0 else experiment.bench.level(point)
            if not np.all(np.isfinite(found.levels)):
                continue
            away = experiment.misfit(data, found.levels)
            if float(away @ away + tried @ tried) <= cost:
                break
        else:
            return None
        white, cost = tried, float(away @ away + tried @ tried)
        read = found if halving == 0 else experiment.bench.read(point)
        if not read.fine:
            return None
    return None


def realised(
    experiments: Mapping[str, Experiment], truths: int, seed: int, progress: bool = False
) -> tuple[Trial, ...]:
    """Simulate and fit designs for truths drawn from what is believed.

    Parameters
    ----------
    experiments : mapping of Experiment
        By design; all get the same truths.
    truths : int
    seed : int
    progress : bool
        Show a bar.

    Returns
    -------
    tuple of Trial
    """
    from tqdm import tqdm

    joint = next(iter(experiments.values())).bench.joint
    points = joint.draws(truths, seed + 1)
    starts = {name: one.bench.read(joint.estimate) for name, one in experiments.items()}
    found: dict[str, list[tuple[Array, Array]]] = {name: [] for name in experiments}
    with tqdm(total=truths * len(experiments), unit="experiment", disable=not progress) as bar:
        for n, point in enumerate(points):
            for place, (name, one) in enumerate(experiments.items()):
                made = _one(one, point, starts[name], np.random.default_rng([seed, n, place]))
                if made is not None:
                    found[name].append(made)
                bar.update()
    return tuple(_trial(name, truths, made) for name, made in found.items())


def _one(
    experiment: Experiment, point: Array, start: Read, generator: np.random.Generator
) -> tuple[Array, Array] | None:
    """Return how far the estimates are from the truth, and their standard deviations, (carriers,) each."""
    truth = experiment.bench.level(point)
    if not (np.all(np.isfinite(truth.levels)) and np.all(np.isfinite(truth.contrasts))):
        return None
    made = fitted(experiment, experiment.simulated(truth.levels, generator), start)
    if made is None:
        return None
    step, read = made
    rows, gradients = experiment.rows(read), read.gradients @ experiment.root
    left = np.einsum("kp,pk->k", gradients, np.linalg.solve(np.eye(rows.shape[1]) + rows.T @ rows, gradients.T))
    return read.contrasts + gradients @ step - truth.contrasts, np.sqrt(left)


def _trial(name: str, truths: int, made: list[tuple[Array, Array]]) -> Trial:
    if not made:
        return Trial(name, truths, truths, float("nan"), float("nan"), float("nan"))
    away, sds = (np.array(some) for some in zip(*made, strict=True))
    return Trial(
        name,
        truths,
        truths - len(made),
        float(np.sqrt(np.mean(away**2))),
        float(np.mean(2 * NORMAL * sds)),
        float(np.mean(np.abs(away) <= NORMAL * sds)),
    )
