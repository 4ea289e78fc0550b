"""Floor 8: what a design is worth: how narrow it leaves a contrast, or how far it sets two mechanisms apart.

Both are convex in the numbers of animals, so a design can be told from the best possible one. All rows are whitened: by
the errors of the assays, and by the prior of the parameters, whose information is then the identity. Each scene is a
draw of the parameters.

References
----------
Chaloner K, Verdinelli I. Stat Sci 1995;10:273. doi 10.1214/ss/1177009939 (prior information, and averages over it)
Atkinson AC, Fedorov VV. Biometrika 1975;62:57. doi 10.1093/biomet/62.1.57 (T-optimality: the rival refitted)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from exodelivery.solve.timeline import Array


class Criterion(Protocol):
    """What a design is judged by; smaller is better."""

    @property
    def rows(self) -> Array:
        """What each assay tells, whitened, (scenes, spots, columns)."""

    def at(self, information: Array) -> tuple[float, Array]:
        """Return the value at a sum of rows' squares, and what each assay sees of it.

        Parameters
        ----------
        information : array, (scenes, columns, columns)
            Sum over assays of the outer products of their rows; the prior's is not in it.

        Returns
        -------
        value : float
        seen : array, (scenes, targets, spots)
            The value falls at first by the mean over scenes and targets of its square for an assay more.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """The variance of log ratios that is left, over that before the experiment, averaged over scenes and carriers.

    Attributes
    ----------
    rows : array, (scenes, spots, parameters)
    gradients : array, (scenes, carriers, parameters)
        Of the log ratios, whitened by the prior: their squared length is the prior's variance.
    """

    rows: Array
    gradients: Array

    def variances(self, information: Array) -> Array:
        """Return the variances that are left, (scenes, carriers)."""
        found: Array = np.einsum("dkp,dkp->dk", self.gradients, self._solved(information))
        return found

    def _solved(self, information: Array) -> Array:
        whole = information + np.eye(information.shape[1])
        return np.asarray(np.linalg.solve(whole, self.gradients.transpose(0, 2, 1)).transpose(0, 2, 1), dtype=float)

    def at(self, information: Array) -> tuple[float, Array]:
        """Return the value, and what each assay sees; see :class:`Criterion`."""
        before = np.einsum("dkp,dkp->dk", self.gradients, self.gradients)
        scale = np.where(before > 0, before, 1.0)
        solved = self._solved(information)
        left = np.einsum("dkp,dkp->dk", self.gradients, solved) / scale
        seen: Array = np.matmul(solved / np.sqrt(scale)[..., None], self.rows.transpose(0, 2, 1))
        return float(np.mean(left)), seen


@dataclass(frozen=True, slots=True, eq=False)
class Rivalry:
    """How far two mechanisms stay apart when the rival is refitted: minus the mean of log(1 + distance) over scenes.

    The distance is ``min_z |z|^2 + sum (difference - row z)^2``, in standard deviations: twice the expected log Bayes
    factor, but for what the two posteriors' widths make.

    Attributes
    ----------
    rows : array, (scenes, spots, parameters + 1)
        By the rival's parameters, whitened; the last column is the difference of the mechanisms.
    """

    rows: Array

    def distances(self, information: Array) -> Array:
        """Return the distances, (scenes,)."""
        return self._refitted(information)[1]

    def _refitted(self, information: Array) -> tuple[Array, Array]:
        by, both, alone = information[:, :-1, :-1], information[:, :-1, -1], information[:, -1, -1]
        best: Array = np.asarray(np.linalg.solve(by + np.eye(by.shape[1]), both[..., None])[..., 0], dtype=float)
        return best, np.maximum(alone - np.einsum("dp,dp->d", both, best), 0.0)

    def at(self, information: Array) -> tuple[float, Array]:
        """Return the value, and what each assay sees; see :class:`Criterion`."""
        best, distance = self._refitted(information)
        left = self.rows[..., -1] - np.einsum("dnp,dp->dn", self.rows[..., :-1], best)
        seen: Array = (left / np.sqrt(1 + distance)[:, None])[:, None, :]
        return -float(np.mean(np.log1p(distance))), seen
