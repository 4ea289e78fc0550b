"""Floor 8: the search for a design: animals of some arms killed at some times, and what is assayed in each.

An animal gives one time in an organ; where micro-samples are allowed it gives some of blood before. The continuous
design divides the budget among a few kinds of animal (a convex problem, for scipy), to which the most telling ones are
added in turn; the gap of the equivalence theorem says how far it is from the best. Whole groups of animals
then come from rounding down, filling up and exchanging.

References
----------
Fedorov VV. Theory of Optimal Experiments. Academic Press 1972 (exchange, and the equivalence theorem)
Kraft D. DFVLR-FB 88-28, 1988 (SLSQP, as scipy has it)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from exodelivery.judge.planning.bench import Spot
from exodelivery.judge.planning.criterion import Criterion
from exodelivery.solve.timeline import Array

CLOSE = 0.02
"""The continuous design is good enough when the best one is better by less than this share of the value."""
ROUNDS, NEW = 30, 6
"""Most rounds, and animals that enter in each."""
FAINT = 1e-7
"""Share of the budget below which an animal leaves the continuous design."""
PASSES = 6

Animal = tuple[int, ...]
"""Which spots an animal gives: its terminal ones, then micro-samples before."""
Design = dict[Animal, float]
"""How many groups of each."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What an experiment costs, and how much there is.

    Attributes
    ----------
    budget, animal, assay : float
        In one unit, whichever.
    group : int
        Animals that are killed together.
    serial : mapping of int
        By observable, most micro-samples of one animal before it is killed.
    """

    budget: float
    animal: float
    assay: float
    group: int = 1
    serial: Mapping[str, int] = field(default_factory=dict)

    def of(self, animal: Animal) -> float:
        """Return the cost of a group of such animals."""
        return self.group * (self.animal + self.assay * len(animal))

    def whole(self, design: Design) -> float:
        """Return the cost of a design."""
        return sum(count * self.of(animal) for animal, count in design.items())


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Spots, what they tell, and what they cost.

    Attributes
    ----------
    spots : sequence of Spot
    criterion : Criterion
    shared : array, (scenes, spots)
        The part of an assay's standard deviation that samples of one animal share.
    costs : Costs
    """

    spots: Sequence[Spot]
    criterion: Criterion
    shared: Array
    costs: Costs
    _sites: dict[tuple[int, float], list[int]] = field(init=False)
    _kept: dict[Animal, Array] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        sites: dict[tuple[int, float], list[int]] = {}
        for n, spot in enumerate(self.spots):
            sites.setdefault((spot.arm, spot.time), []).append(n)
        object.__setattr__(self, "_sites", sites)

    # -- one animal

    def _blocks(self, animal: Animal) -> Iterable[list[int]]:
        """Spots of one observable of an animal, which share a deviation."""
        found: dict[str, list[int]] = {}
        for n in animal:
            found.setdefault(self.spots[n].observable, []).append(n)
        return found.values()

    def _free(self, block: list[int], what: Array) -> Array:
        """Free what samples of one animal say, (scenes, ..., spots) of a block, of their correlation."""
        if len(block) == 1:
            return what
        shared = self.shared[:, block]
        together = shared[:, :, None] * shared[:, None, :]
        places = np.arange(len(block))
        together[:, places, places] = 1.0
        root = np.linalg.cholesky(together)
        flat = what.reshape(len(what), -1, len(block)).transpose(0, 2, 1)
        return np.asarray(np.linalg.solve(root, flat).transpose(0, 2, 1).reshape(what.shape))

    def information(self, animal: Animal) -> Array:
        """Return what a group of such animals tells, (scenes, columns, columns)."""
        if animal not in self._kept:
            total: Array = np.zeros(())
            for block in self._blocks(animal):
                rows = self._free(block, self.criterion.rows[:, block].transpose(0, 2, 1))
                total = total + self.costs.group * np.matmul(rows, rows.transpose(0, 2, 1))
            self._kept[animal] = total
        return self._kept[animal]

    def gain(self, animal: Animal, seen: Array) -> float:
        """Return by how much the value falls at first for a group of such animals more."""
        total = 0.0
        for block in self._blocks(animal):
            total += float(np.mean(np.sum(self._free(block, seen[:, :, block]) ** 2, axis=-1)))
        return self.costs.group * total

    def telling(self, seen: Array) -> tuple[Animal, float]:
        """Return the animal that tells most for its cost, and its gain over its cost."""
        singles = np.mean(seen**2, axis=(0, 1))
        best: tuple[Animal, float] = ((), 0.0)
        for site in self._sites:
            found = self._at(site, singles, seen)
            if found[1] > best[1]:
                best = found
        return best

    def _at(self, site: tuple[int, float], singles: Array, seen: Array) -> tuple[Animal, float]:
        # Organs of one animal add up, so the best panel of a size is the most telling ones.
        order = sorted(self._sites[site], key=lambda n: -singles[n])
        sums = self.costs.group * np.cumsum(singles[order])
        prices = [self.costs.of(tuple(order[: n + 1])) for n in range(len(order))]
        size = int(np.argmax(sums / prices))
        animal, ratio = tuple(sorted(order[: size + 1])), float(sums[size] / prices[size])
        for observable, most in self.costs.serial.items():
            for _ in range(most):
                longer = [(*animal, n) for n in self._before(site, observable) if n not in animal]
                ratios = [self.gain(one, seen) / self.costs.of(one) for one in longer]
                if not ratios or max(ratios) <= ratio:
                    break
                animal, ratio = longer[int(np.argmax(ratios))], max(ratios)
        return animal, ratio

    def _before(self, site: tuple[int, float], observable: str) -> list[int]:
        arm, time = site
        return [
            n
            for n, spot in enumerate(self.spots)
            if spot.arm == arm and spot.observable == observable and spot.time < time
        ]

    # -- designs

    def whole(self, design: Design) -> Array:
        """Return what a design tells, (scenes, columns, columns)."""
        scenes, _, columns = self.criterion.rows.shape
        total = np.zeros((scenes, columns, columns))
        for animal, count in design.items():
            total += count * self.information(animal)
        return total

    def value(self, design: Design) -> float:
        """Return the value of a design; smaller is better."""
        return self.criterion.at(self.whole(design))[0]

    def continuous(self) -> tuple[Design, float]:
        """Return the best design with any number of groups, and a value that no design of this cost goes below."""
        budget, bound = self.costs.budget, -np.inf
        _, seen = self.criterion.at(self.whole({}))
        animals = self._most_telling(seen)
        design: Design = {}
        for _ in range(ROUNDS if animals else 0):
            design = self._divided(animals, design)
            value, seen = self.criterion.at(self.whole(design))
            gains = sum(count * self.gain(animal, seen) for animal, count in design.items())
            _, ratio = self.telling(seen)
            bound = max(bound, value - (budget * ratio - gains))
            if value - bound <= CLOSE * abs(value):
                break
            animals = list(dict.fromkeys([*design, *self._most_telling(seen)]))
        return design, float(bound) if design else self.value({})

    def _most_telling(self, seen: Array) -> list[Animal]:
        singles = np.mean(seen**2, axis=(0, 1))
        found = sorted((self._at(site, singles, seen) for site in self._sites), key=lambda one: -one[1])
        return [animal for animal, ratio in found[:NEW] if ratio > 0]

    def _divided(self, animals: list[Animal], start: Design) -> Design:
        """Divide the budget among some animals so that the value is least; it is convex in the shares."""
        from scipy.optimize import minimize

        budget = self.costs.budget
        each = np.array([budget / self.costs.of(animal) for animal in animals])
        parts = np.array([self.information(animal) for animal in animals])
        shape, flat = parts.shape[1:], parts.reshape(len(animals), -1)
        before = np.array([start.get(animal, 0.0) for animal in animals]) / each
        shares = before * 0.9 + 0.1 / len(animals) if start else np.full(len(animals), 1 / len(animals))

        size = abs(self.criterion.at(((shares * each) @ flat).reshape(shape))[0]) or 1.0

        def least(given: Array) -> tuple[float, Array]:
            value, seen = self.criterion.at(((given * each) @ flat).reshape(shape))
            return value / size, -each / size * np.array([self.gain(animal, seen) for animal in animals])

        ends = [(0.0, 1.0)] * len(animals)
        whole = {"type": "eq", "fun": lambda x: x.sum() - 1.0, "jac": np.ones_like}
        found = minimize(
            least,
            shares,
            jac=True,
            method="SLSQP",
            bounds=ends,
            constraints=whole,
            options={"ftol": 1e-7, "maxiter": 40},
        )
        shares = np.clip(found.x, 0.0, None)
        shares /= shares.sum()
        return {
            animal: float(count)
            for animal, count, share in zip(animals, shares * each, shares, strict=True)
            if share > FAINT
        }

    def rounded(self, design: Design, others: Sequence[Design] = ()) -> Design:
        """Return whole groups near a continuous design, or near one of the others if that ends better."""
        start = {animal: float(int(count + 1e-9)) for animal, count in design.items()}
        pool = list(design)
        found = self._exchanged(self._filled(_counted(start), pool), pool)
        for other in others:
            if self.value(other) < self.value(found):
                more = [*pool, *(one for one in other if one not in pool)]
                found = self._exchanged(self._filled(other, more), more)
        return found

    def _filled(self, design: Design, pool: list[Animal]) -> Design:
        """Add the group that tells most for its cost while one can be paid."""
        found, total = dict(design), self.whole(design)
        while True:
            left = self.costs.budget - self.costs.whole(found)
            value, seen = self.criterion.at(total)
            best, _ = self.telling(seen)
            options = [one for one in dict.fromkeys([*pool, best]) if one and self.costs.of(one) <= left + 1e-9]
            options = sorted(options, key=lambda one: -self.gain(one, seen) / self.costs.of(one))[:6]
            gains = [
                (value - self.criterion.at(total + self.information(one))[0]) / self.costs.of(one) for one in options
            ]
            if not gains or max(gains) <= 0:
                return found
            chosen = options[int(np.argmax(gains))]
            found[chosen] = found.get(chosen, 0.0) + 1
            total = total + self.information(chosen)

    def _exchanged(self, design: Design, pool: list[Animal]) -> Design:
        """Take a group away and fill up anew, as long as that helps."""
        found, value = design, self.value(design)
        for _ in range(PASSES):
            before = value
            for animal in list(found):
                if animal not in found:
                    continue
                fewer = _counted({**found, animal: found[animal] - 1})
                again = self._filled(fewer, pool)
                now = self.value(again)
                if now < value - 1e-9 * abs(value):
                    found, value = again, now
            if value == before:
                break
        return found

    def spread(self, sites: Sequence[tuple[int, float]]) -> Design:
        """Return whole groups dealt round some arms and times, everything assayed, while they can be paid."""
        animals = [tuple(self._sites[site]) for site in sites]
        found: Design = {}
        for animal in animals * 10_000:
            if self.costs.whole(found) + self.costs.of(animal) > self.costs.budget + 1e-9:
                return found
            found[animal] = found.get(animal, 0.0) + 1
        return found


def _counted(design: Design) -> Design:
    return {animal: count for animal, count in design.items() if count > 0}
