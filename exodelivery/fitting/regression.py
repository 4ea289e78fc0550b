"""Floor 7: a curve fitted to numbers: estimates with their doubt, and a verdict in words.

The noun of every fit that is no recipe of studies: a plain expression, or a model run for subjects. It keeps its
objective, so that profiles, bootstraps and model averages can go on from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.errors import FitError, nearest
from exodelivery.fitting.objective import Objective
from exodelivery.solve.timeline import Array
from exodelivery.units import format_number

if TYPE_CHECKING:
    from exodelivery.fitting.posterior import Posterior
    from exodelivery.fitting.profiles import Profile

AGREE = 1e-4
"""Starts agree when their minus log-likelihoods differ by less."""


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A fitted curve.

    Attributes
    ----------
    objective : Objective
        What was fitted; where the size of the errors was estimated by least squares it is given now.
    at : array, (free,)
        Estimates on their scales.
    covariance : array, (free, free)
        On the scales.
    degrees : float
        Of freedom of Student's t and F in the intervals; infinite where sizes of errors are given or likelihoods are
        compared.
    log_likelihood : float
        Without priors.
    estimated : int
        How many numbers were estimated in all, the sizes of errors among them.
    sigma : float or None
        Residual standard deviation of ordinary least squares, ``sqrt(RSS / (n - p))``.
    method, convention : str
        How it was estimated, and what the standard errors are.
    converged : bool
    message : str
    ends : tuple of float
        Minus log-posterior, or sum of squares, where each start ended, in order: the waterfall.
    problems : tuple of str
        What the verdict warns of.
    rivals : tuple of str
        Other optima as good, by the numbers that differ: the flip-flop check.
    """

    objective: Objective
    at: Array
    covariance: Array
    degrees: float
    log_likelihood: float
    estimated: int
    sigma: float | None
    method: str
    convention: str
    converged: bool
    message: str
    ends: tuple[float, ...] = ()
    problems: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What was estimated, in order."""
        return self.objective.names

    @property
    def rows(self) -> int:
        """How many rows were used."""
        return self.objective.rows

    @property
    def values(self) -> dict[str, float]:
        """Estimates in their own units, by name."""
        return dict(zip(self.names, self.objective.natural(self.at).tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors in the parameters' own units, to first order, by name."""
        slopes = [guess.slope(value) for guess, value in zip(self.objective.free, self.at, strict=True)]
        found = np.abs(slopes) * np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))
        return dict(zip(self.names, found.tolist(), strict=True))

    @property
    def correlation(self) -> Array:
        """Correlations of the estimates, (free, free)."""
        sds = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(sds, sds))

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``2 k - 2 log L``."""
        return 2 * self.estimated - 2 * self.log_likelihood

    @property
    def aicc(self) -> float:
        """Akaike's criterion corrected for few rows; infinite where it does not exist."""
        k, n = self.estimated, self.rows
        return self.aic + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.inf

    @property
    def bic(self) -> float:
        """The Bayesian criterion, ``k log n - 2 log L``."""
        return self.estimated * math.log(self.rows) - 2 * self.log_likelihood

    def place(self, name: str) -> int:
        """Return which of the estimates a name is; the last part of a name will do where only one ends so.

        Raises
        ------
        FitError
            If nothing of this name was estimated, or several end so.
        """
        if name in self.names:
            return self.names.index(name)
        ending = [
            n for n, known in enumerate(self.names) if known.partition(" @ ")[0].replace("/", ".").endswith(f".{name}")
        ]
        if len(ending) == 1:
            return ending[0]
        known = [self.names[n] for n in ending]
        remedy = f"write one of {', '.join(known)}" if known else nearest(name, self.names)
        raise FitError(f"{len(known) or 'nothing'} called {name!r} was estimated", remedy=remedy)

    def quantile(self, level: float) -> float:
        """Return the two-sided quantile of Student's t, or of the normal, that intervals use."""
        from scipy.stats import norm, t

        tail = 0.5 + level / 2
        return float(norm.ppf(tail) if math.isinf(self.degrees) else t.ppf(tail, self.degrees))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the interval from the covariance, symmetric on the parameter's scale, in its own unit."""
        n = self.place(name)
        guess, half = self.objective.free[n], self.quantile(level) * math.sqrt(max(float(self.covariance[n, n]), 0.0))
        return guess.natural(float(self.at[n]) - half), guess.natural(float(self.at[n]) + half)

    def profile(self, name: str, level: float = 0.95) -> Profile:
        """Return the profile likelihood of one estimate; see :func:`~exodelivery.fitting.profiles.profile`."""
        from exodelivery.fitting.profiles import profile

        name = self.names[self.place(name)]
        key = f"{name} {level}"
        if key not in self._cache:
            self._cache[key] = profile(self, name, level)
        found: Profile = self._cache[key]
        return found

    def profiles(self, level: float = 0.95) -> dict[str, Profile]:
        """Return the profile of every estimate, by name."""
        return {name: self.profile(name, level) for name in self.names}

    def plot(self, *names: str, level: float = 0.95) -> Any:
        """Return a figure of profiles, of all estimates unless some are named."""
        from exodelivery.draw.profiles import profiles_figure

        return profiles_figure([self.profile(name, level).panel for name in names or self.names])

    def posterior(self, **options: Any) -> Posterior:
        """Return the posterior, drawn by NUTS: ``draws=``, ``tune=``, ``chains=``, ``seed=``, ``progress=``.

        Flat on the scale of whatever has no prior. It wants ``pip install 'exodelivery[sample]'``.
        """
        from exodelivery.fitting.posterior import posterior_of_regression

        return posterior_of_regression(self, **options)

    def predict(self, curve: Any = None) -> Array:
        """Return the fitted curve, (rows,), or another curve of the same parameters at the estimate."""
        values = self.objective.ties.values(self.at[: self.objective.parameters])[0]
        found: Array = (curve or self.objective.curve).predict(values)
        return found

    def standardised(self) -> Array:
        """Return how many standard deviations each row lies off, (rows,)."""
        return self.objective.standardised(self.at)

    def as_lmfit(self) -> Any:
        """Return the estimates as ``lmfit.Parameters``, with standard errors and ties.

        Examples
        --------
        >>> from exodelivery.fitting.regress import regress
        >>> found = regress("a + b * x", data={"x": [0, 1, 2, 3], "y": [1, 3.1, 4.9, 7]}, start={"a": 0, "b": 1})
        >>> round(found.as_lmfit()["b"].value, 2)
        1.98
        """
        from exodelivery.fitting.as_lmfit import parameters_of

        return parameters_of(self)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be claimed, in words."""
        from exodelivery.fitting.claims import claims

        if "claims" not in self._cache:
            self._cache["claims"] = claims(self)
        found: tuple[str, ...] = self._cache["claims"]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __str__(self) -> str:
        lines = [*(f"  {sentence}" for sentence in self.verdict), ""]
        width = max(len(name) for name in self.names)
        errors = self.standard_errors
        for name, value in self.values.items():
            low, high = self.interval(name)
            lines.append(
                f"  {name:{width}} {format_number(value):>12} ± {format_number(errors[name]):<10} "
                f"95 % {format_number(low)} to {format_number(high)}"
            )
        head = f"Regression by {self.method}: {self.rows} rows, {self.estimated} numbers estimated"
        return "\n".join([head, *lines, f"  Standard errors: {self.convention}."])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, paragraphs, table

        errors = self.standard_errors
        rows = []
        for name, value in self.values.items():
            low, high = self.interval(name)
            rows.append(
                (
                    name,
                    format_number(value),
                    format_number(errors[name]),
                    f"{format_number(low)} to {format_number(high)}",
                )
            )
        body = paragraphs(*self.verdict) + table(("parameter", "estimate", "standard error", "95 %"), rows)
        about = f"{self.rows} rows, {self.estimated} numbers estimated; standard errors: {self.convention}"
        return card(f"Regression by {self.method}", about, body)
