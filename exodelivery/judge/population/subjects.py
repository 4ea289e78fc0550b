"""Floor 8: subjects drawn: each parameter of each subject is the draw of the doubt plus what that subject differs by.

What lies between subjects is the same for all carriers, so that one subject meets every carrier; what lies between
batches is each carrier's own. Every parameter has a stream of its own: a carrier more changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.allometry import exponent
from exodelivery.declare.quantity import from_scale
from exodelivery.judge.joint import Joint
from exodelivery.judge.population.variability import Variation, row_of
from exodelivery.solve.timeline import Array

WEIGHT = "body.weight"
FOLLOWING = ("body", "clearance", "uptake", "immunity")
"""Prefixes of the parameters that follow a subject's weight by allometry."""


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """Who is drawn.

    Attributes
    ----------
    joint : Joint
        The doubt.
    systems : mapping of System
        By carrier.
    rows : tuple of Variation
    count : int
    seed : int
    """

    joint: Joint
    systems: Mapping[str, System]
    rows: tuple[Variation, ...]
    count: int
    seed: int

    def used(self, carrier: str) -> dict[str, Variation]:
        """Return the row of each parameter that varies, by full name."""
        places = self.joint.rows[carrier]
        found = {
            one.name: row_of(one.name, self.rows) for one in self.systems[carrier].parameters if one.name in places
        }
        return {name: row for name, row in found.items() if row is not None and row.centre > 0}

    def numbers(
        self, carrier: str, point: Array, draw: int, levels: Sequence[str] = ("subject", "batch"), count: int = 0
    ) -> Array:
        """Return the parameter values of the subjects, (subjects, parameters) [base units].

        Parameters
        ----------
        carrier : str
        point : array, (rows,)
            A draw of the doubt on the own scales.
        draw : int
            Its number; 0 is the estimate, at which coefficients of variation have their own values.
        levels : sequence of str
            What varies.
        count : int
            Of the first subjects only; all unless given.
        """
        system, places, count = self.systems[carrier], self.joint.rows[carrier], count or self.count
        found = np.array([one.quantity.base for one in system.parameters], dtype=float)
        found = np.tile(found, (count, 1))
        used = self.used(carrier)
        weight = self._moves(WEIGHT, "log", used, point, carrier, draw, levels)[:count]
        for n, one in enumerate(system.parameters):
            if one.name not in places:
                continue
            place = places[one.name]
            scale = self.joint.scales[place]
            moved = point[place] + self._moves(one.name, scale, used, point, carrier, draw, levels)[:count]
            if scale == "log" and one.name.partition(".")[0] in FOLLOWING:
                moved = moved + exponent(one.name.rpartition(".")[2], one.quantity) * weight
            found[:, n] = [from_scale(float(number), scale) for number in moved]
        return found

    def _moves(
        self,
        name: str,
        scale: str,
        used: Mapping[str, Variation],
        point: Array,
        carrier: str,
        draw: int,
        levels: Sequence[str],
    ) -> Array:
        """What each subject differs by on the parameter's own scale, (subjects,)."""
        row = used.get(name)
        if row is None or row.level not in levels:
            return np.zeros(self.count)
        place = self.joint.rows[carrier][name]
        whose = name if row.level == "subject" else f"{carrier}/{self.joint.identities[place]}"
        key = crc32(f"{row.level} {whose}".encode())
        normal = np.random.default_rng([self.seed, 7, key]).standard_normal(self.count)
        believed = np.random.default_rng([self.seed, 8, crc32(row.parameter.encode()), draw]).standard_normal()
        cv = row.centre * float(np.exp(row.doubt * believed)) if draw else row.centre
        return normal * row.deviation(scale, from_scale(float(point[place]), scale), cv)
