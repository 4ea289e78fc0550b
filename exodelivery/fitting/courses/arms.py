"""Floor 7: a recipe's arms as a curve: one prediction a record, by the unknowns of the joint fit.

So a recipe has what curves have: likelihoods with estimated noise, profiles, bootstraps, averages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exodelivery.fitting.arms import ACCURACY
from exodelivery.fitting.problem import Problem
from exodelivery.solve.timeline import Array


@dataclass(eq=False)
class Arms:
    """All arms of a problem.

    Attributes
    ----------
    problem : Problem
    names : tuple of str, (unknowns,)
        Identities, as in the kept result.
    """

    problem: Problem
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(unknown.identity for unknown in self.problem.unknowns)
        self._rows = [(arm, n) for arm, one in enumerate(self.problem.arms) for n in range(len(one.rows))]

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self._rows)

    @property
    def accuracy(self) -> float:
        """Of the runs."""
        return ACCURACY

    def predict(self, values: Array) -> Array:
        """Return each record's prediction in its own unit, (rows,); NaN where one failed."""
        problem = self.problem
        every = [one.predict(self._numbers(arm, values), problem.solver) for arm, one in enumerate(problem.arms)]
        return np.array([value.value if value else np.nan for told in problem.together(every) for value in told])

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Return the predictions and their derivatives by the unknowns in base units, (rows, unknowns)."""
        every = []
        for arm, one in enumerate(self.problem.arms):
            places, used = self.problem.uses[arm]
            told, slopes = one.slopes(self._numbers(arm, values), self.problem.solver, tuple(places.tolist()))
            by = np.zeros((len(told), len(self.names)))
            for column, n in enumerate(used):
                by[:, n] += slopes[:, column]
            every.append((told, by))
        predicted, found = self.problem.together_slopes(every)
        return np.array([v.value if v else np.nan for told in predicted for v in told]), np.concatenate(found)

    def _numbers(self, arm: int, values: Array) -> Array:
        numbers: Array = self.problem.arms[arm].machine.values
        for place, n in zip(*self.problem.uses[arm], strict=True):
            numbers[place] = values[n]
        return numbers

    def title(self, row: int) -> str:
        """Return study, arm and what."""
        arm, n = self._rows[row]
        return self.problem.arms[arm].rows[n].title

    def group(self, row: int) -> str:
        """Return study and arm."""
        pairing = self.problem.arms[self._rows[row][0]].pairing
        return f"{pairing.study}/{pairing.arm}"
