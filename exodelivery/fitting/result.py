"""Floor 7: a fit's result: estimates with their doubt, predictions beside the records, and a verdict; frozen.

It brings values for any model that shares an identity, so that a simulation or a comparison draws on the joint result:
what the data say of a product is not undone by sampling its factors apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.declare.model import Model
from exodelivery.declare.quantity import Z975, from_scale
from exodelivery.declare.table import Table
from exodelivery.fitting.recipe import Share
from exodelivery.fitting.unknowns import identities_of
from exodelivery.fitting.verdict import Verdict
from exodelivery.solve.timeline import Array
from exodelivery.units import format_quantity, unit

if TYPE_CHECKING:
    from exodelivery.fitting.posterior import JointPosterior


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One estimate.

    Attributes
    ----------
    name, identity : str
    unit, scale : str
        As written; log, logit or linear.
    estimate, sd : float
        On the scale.
    centre, prior_sd : float
        The prior, on the scale.
    origin : str
        Of the prior: measured, literature or assumed.
    word : str
        identified, partly identified, only in combination, only its prior, at a bound.
    share : float
        Of the prior's variance that the records took away.
    """

    name: str
    identity: str
    unit: str
    scale: str
    estimate: float
    sd: float
    centre: float
    prior_sd: float
    origin: str
    word: str
    share: float

    def _number(self, on_scale: float) -> float:
        return from_scale(on_scale, self.scale) / unit(self.unit).factor

    @property
    def magnitude(self) -> float:
        """The estimate [unit]."""
        return self._number(self.estimate)

    @property
    def value(self) -> str:
        """The estimate with its unit."""
        return format_quantity(self.magnitude, self.unit)

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval [unit]."""
        return self._number(self.estimate - Z975 * self.sd)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval [unit]."""
        return self._number(self.estimate + Z975 * self.sd)

    @property
    def se(self) -> float:
        """Standard error [unit], to first order."""
        slope = {"log": self.magnitude, "logit": self.magnitude * (1 - self.magnitude)}.get(self.scale)
        return self.sd * (1 / unit(self.unit).factor if slope is None else slope)

    @property
    def rse(self) -> float:
        """Relative standard error [%]; on the log scale that of a log-normal."""
        if self.scale == "log":
            return float(100 * np.sqrt(np.expm1(self.sd**2)))
        return 100 * self.se / abs(self.magnitude)

    @property
    def at_bound(self) -> bool:
        """Whether it ran into its bound."""
        return self.word == "at a bound"


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """One record beside its prediction.

    Attributes
    ----------
    study, arm, what, title : str
    observed_text : str
        As printed, with its unit.
    observed, low, high, predicted : float
        [unit]; the ends are the central 95 % of the record's own error.
    unit : str
    residual : float
        In standard deviations.
    limit : str
        ``<`` or ``>`` for a bound.
    extrapolated : float
        Share of a predicted area that lies beyond the run.
    used : bool
    note : str
        Where the spread comes from, or why the record is left out.
    """

    study: str
    arm: str
    what: str
    title: str
    observed_text: str
    observed: float
    low: float
    high: float
    predicted: float
    unit: str
    residual: float
    limit: str
    extrapolated: float
    used: bool
    note: str


@dataclass(frozen=True, slots=True)
class NoiseRow:
    """One estimated number of a noise, with its 95 % interval, symmetric on the logarithm.

    Attributes
    ----------
    name : str
        The number, and which records it is of.
    value, low, high : float
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit, kept or new.

    Attributes
    ----------
    name, about : str
    verdict : Verdict
    parameters : tuple of ParameterRow, (unknowns,)
    predictions : tuple of PredictionRow
        Used records first, then those left out with the reason.
    untouched : tuple of str
        Unknowns that no record feels at all; they stay at their priors.
    studies : tuple of str
    citations : tuple of Citation
    shares : tuple of Share
    covariance : array, (unknowns, unknowns)
        On the unknowns' own scales, as the estimates.
    data : array, (unknowns, unknowns)
        Information of the records, on the same scales.
    method : Table of str
    seed : int
    costs : tuple of float
        Sum of squares where each start ended.
    hashes : Table of str
        Of the recipe, the models and the studies.
    noises : tuple of NoiseRow
        What was estimated of the records' errors.
    """

    name: str
    about: str
    verdict: Verdict
    parameters: tuple[ParameterRow, ...]
    predictions: tuple[PredictionRow, ...]
    untouched: tuple[str, ...]
    studies: tuple[str, ...]
    citations: tuple[Citation, ...]
    shares: tuple[Share, ...]
    covariance: Array = field(repr=False)
    data: Array = field(repr=False)
    method: Table[str]
    seed: int
    costs: tuple[float, ...]
    hashes: Table[str]
    noises: tuple[NoiseRow, ...] = ()

    @property
    def identities(self) -> tuple[str, ...]:
        """What the rows and columns of the matrices are, in order."""
        return tuple(row.identity for row in self.parameters)

    @property
    def estimate(self) -> Array:
        """The estimates on their own scales, (unknowns,)."""
        return np.array([row.estimate for row in self.parameters])

    @property
    def information(self) -> dict[str, Array]:
        """Information by origin on the own scales: measured (the records), literature and assumed (the priors).

        Without priors, by maximum likelihood, whatever the records leave open counts as assumed.
        """
        found = {"measured": self.data.copy()}
        if self.method.get("estimator") == "maximum likelihood":
            none = np.zeros_like(self.data)
            return found | {"literature": none, "assumed": np.linalg.inv(self.covariance) - self.data}
        for origin in ("measured", "literature", "assumed"):
            weights = [row.prior_sd**-2 if row.origin == origin else 0.0 for row in self.parameters]
            found[origin] = found.get(origin, 0.0) + np.diag(weights)
        return found

    @property
    def failures(self) -> tuple[str, ...]:
        """Predictions that failed."""
        return self.verdict.failures

    def places(self, model: Model) -> dict[str, int]:
        """Return which unknown each parameter of a model is, by full name; what its carrier shares included."""
        index = {identity: n for n, identity in enumerate(self.identities)}
        return {
            name: index[identity] for name, identity in identities_of(model, self.shares).items() if identity in index
        }

    def values_for(self, model: Model, at: Array | None = None) -> dict[str, float]:
        """Return values by full parameter name [base units] for whatever the model shares with this fit.

        Parameters
        ----------
        model : Model
        at : array, (unknowns,), optional
            A point on the own scales, such as one of :meth:`draws`; the estimate unless given.
        """
        point = self.estimate if at is None else at
        return {name: from_scale(float(point[n]), self.parameters[n].scale) for name, n in self.places(model).items()}

    def draws(self, count: int, seed: int) -> Array:
        """Return points of the joint normal on the own scales, (count, unknowns)."""
        normal = np.random.default_rng(seed).standard_normal((count, len(self.parameters)))
        values, vectors = np.linalg.eigh(self.covariance)
        found: Array = self.estimate + normal @ (vectors * np.sqrt(np.clip(values, 0.0, None))).T
        return found

    def posterior(self, **options: Any) -> JointPosterior:
        """Return the posterior about this fit, by NUTS: ``draws=``, ``tune=``, ``chains=``, ``seed=``, ``progress=``.

        Priors are those of the recipe, whatever estimator it chose. :func:`~exodelivery.judge.compare.compare` takes
        the result as ``using=``. It wants ``pip install 'exodelivery[sample]'``, and thousands of gradients.
        """
        from exodelivery.fitting.posterior import posterior_of_fit

        return posterior_of_fit(self, **options)

    def __iter__(self) -> Iterator[ParameterRow]:
        return iter(self.parameters)

    def __str__(self) -> str:
        from exodelivery.fitting.show import fit_text

        return fit_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from exodelivery.fitting.show import fit_html

        return fit_html(self)
