"""Floor 8: the joint distribution of everything uncertain in the models compared.

A fit's unknowns come with their information by origin; every other uncertain parameter is an independent row with its
own prior. With H the sum over origins, the covariance is its inverse, so each part of the doubt can be traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from exodelivery.compile.system import System
from exodelivery.declare.model import Parameter
from exodelivery.declare.quantity import from_scale
from exodelivery.declare.table import Table
from exodelivery.errors import DeclarationError, FitError
from exodelivery.judge.protocol import JointResult
from exodelivery.solve.timeline import Array

DEFAULT_CV = 0.3
"""Coefficient of variation of literature and measured values that were printed without a spread."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A normal distribution on the parameters' own scales.

    Attributes
    ----------
    identities, scales : tuple of str, (rows,)
    estimate : array, (rows,)
    covariance : array, (rows, rows)
    information : Table of arrays, (rows, rows)
        By origin; their sum is the inverse of the covariance.
    rows : Table of Table of int
        For each model by its carrier, the row of each parameter by full name.
    widened : tuple of str
        Identities that took the default spread.
    fixed : tuple of str
        Identities held at their value: derived ones.
    """

    identities: tuple[str, ...]
    scales: tuple[str, ...]
    estimate: Array
    covariance: Array
    information: Table[Array]
    rows: Table[Table[int]]
    widened: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    def draws(self, count: int, seed: int) -> Array:
        """Return draws on the own scales, (count, rows).

        Each identity has a stream of its own, so a carrier more or less in a comparison does not change the others.
        """
        streams = [np.random.default_rng([seed, crc32(identity.encode())]) for identity in self.identities]
        normal = np.stack([stream.standard_normal(count) for stream in streams], axis=1)
        found: Array = self.estimate + normal @ np.linalg.cholesky(self.covariance).T
        return found

    def values(self, carrier: str, system: System, points: Array) -> Array:
        """Return a model's parameter values at points, (points, parameters) [base units]."""
        rows = self.rows[carrier]
        found = np.tile([parameter.quantity.base for parameter in system.parameters], (len(points), 1)).astype(float)
        for n, parameter in enumerate(system.parameters):
            if parameter.name in rows:
                row = rows[parameter.name]
                found[:, n] = [from_scale(float(point), self.scales[row]) for point in points[:, row]]
        return found

    def shares(self, gradient: Array) -> dict[str, float]:
        """Return the share of each origin in the variance of a function with this gradient, (rows,); they sum to one.

        With H_s the information of origin s and S the covariance, the share is g'S H_s S g / g'S g.
        """
        moved = self.covariance @ gradient
        whole = float(gradient @ moved)
        if whole <= 0:
            return {}
        return {origin: float(moved @ part @ moved) / whole for origin, part in self.information.items()}


def joint_of(systems: Mapping[str, System], using: JointResult | None = None, default_cv: float = DEFAULT_CV) -> Joint:
    """Return the joint distribution of the parameters that compiled models use.

    Parameters
    ----------
    systems : mapping
        Compiled models by carrier.
    using : JointResult, optional
        A fit.
    default_cv : float
        For literature and measured values without a spread.

    Raises
    ------
    DeclarationError
        If one identity has two values, or an assumed value has no range.
    FitError
        If the fit's information is not that of a proper distribution.
    """
    unknowns = tuple(using.parameters) if using else ()
    placed = {carrier: dict(using.places(system.model)) if using else {} for carrier, system in systems.items()}
    priors: dict[str, tuple[Parameter, float, float]] = {}
    widened: dict[str, None] = {}
    fixed: dict[str, None] = {}
    for carrier, system in systems.items():
        for parameter in system.parameters:
            if parameter.name in placed[carrier]:
                continue
            if parameter.quantity.status == "derived":
                fixed[parameter.identity] = None
                continue
            if parameter.quantity.prior() is None:
                widened[parameter.identity] = None
            centre, sd = _prior(parameter, default_cv)
            _same(priors.setdefault(parameter.identity, (parameter, centre, sd)), parameter, centre, sd)
    identities = (*(unknown.identity for unknown in unknowns), *priors)
    scales = (*(unknown.scale for unknown in unknowns), *(one.quantity.scale for one, _, _ in priors.values()))
    rows = {carrier: _rows(system, placed[carrier], len(unknowns), list(priors)) for carrier, system in systems.items()}
    estimate = np.array([*(using.estimate if using else ()), *(centre for _, centre, _ in priors.values())])
    information = _information(using, list(priors.values()))
    covariance = _inverse(information)
    held = tuple(fixed)
    return Joint(identities, scales, estimate, covariance, Table(information), Table(rows), tuple(widened), held)


def _rows(system: System, placed: Mapping[str, int], first: int, others: list[str]) -> Table[int]:
    """Return the row of each parameter that the model uses: the fit's unknowns come first."""
    found = {}
    for parameter in system.parameters:
        if parameter.name in placed:
            found[parameter.name] = placed[parameter.name]
        elif parameter.identity in others:
            found[parameter.name] = first + others.index(parameter.identity)
    return Table(found)


def _prior(parameter: Parameter, default_cv: float) -> tuple[float, float]:
    quantity = parameter.quantity
    believed = quantity.prior(default_cv if quantity.status in ("literature", "measured", "fitted") else None)
    if believed is None:
        raise DeclarationError(
            f"nothing says how far {parameter.name} = {quantity.value!r} may be off",
            where=parameter.place,
            remedy="give it a range, or a source and the status literature",
        )
    return believed


def _same(known: tuple[Parameter, float, float], parameter: Parameter, centre: float, sd: float) -> None:
    if not np.allclose(known[1:], (centre, sd), rtol=1e-12):
        raise DeclarationError(
            f"{parameter.identity} is set to two values: {known[0].quantity.value!r} and {parameter.quantity.value!r}",
            where=parameter.place,
            remedy="give it one value, or an owner that tells the two apart",
        )


def _information(using: JointResult | None, priors: list[tuple[Parameter, float, float]]) -> dict[str, Array]:
    first = len(using.parameters) if using else 0
    size = first + len(priors)
    found: dict[str, Array] = {}
    for origin, part in (using.information if using else {}).items():
        found[origin] = np.zeros((size, size))
        found[origin][:first, :first] = part
    for n, (parameter, _, sd) in enumerate(priors, first):
        part = found.setdefault(parameter.quantity.status or "assumed", np.zeros((size, size)))
        part[n, n] = 1 / sd**2
    return found


def _inverse(information: Mapping[str, Array]) -> Array:
    whole = np.asarray(sum(information.values()))
    # Rows differ by ten orders of magnitude (a molar mass beside a guess), so they are scaled before inversion.
    scale = np.sqrt(np.diag(whole)) if whole.ndim else np.zeros(0)
    try:
        if not np.all(scale > 0):
            raise np.linalg.LinAlgError
        root = np.linalg.inv(np.linalg.cholesky(whole / np.outer(scale, scale)))
    except np.linalg.LinAlgError:
        raise FitError(
            "the information on the parameters is not that of a proper distribution",
            remedy="fit again, with a prior on every unknown",
        ) from None
    found: Array = root.T @ root / np.outer(scale, scale)
    return found
