"""Floor 7: the posterior itself, by NUTS on our own gradient, where a normal about the optimum would not do.

The density is the objective's: likelihood and priors on the scales of the free numbers, flat where there is no prior.
nutpie walks it in coordinates in which the optimum's covariance is the unit matrix. What may be believed is said in
words: divergences, R-hat and effective sample sizes by arviz.

References
----------
Hoffman MD, Gelman A. The No-U-Turn sampler. J Mach Learn Res 2014;15:1593. Vehtari A et al. Rank-normalization,
folding, and localization: an improved R-hat. Bayesian Anal 2021;16:667, doi 10.1214/20-BA1221.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.errors import FitError, nearest
from exodelivery.extras import require
from exodelivery.fitting.guess import Guess
from exodelivery.fitting.objective import Objective
from exodelivery.solve.timeline import Array
from exodelivery.units import format_number

if TYPE_CHECKING:
    from exodelivery.declare.model import Model
    from exodelivery.fitting.regression import Regression
    from exodelivery.fitting.result import Fit, ParameterRow

EXTRA = "sample"
MIXED = 1.01
"""R-hat from which chains are said not to have mixed (Vehtari 2021)."""
ENOUGH = 400.0
"""Effective draws from which quantiles are said to be known (Vehtari 2021: 100 to each of four chains)."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws of a posterior.

    Attributes
    ----------
    guesses : tuple of Guess, (free,)
    points : array, (chains, draws, free)
        On the scales.
    diverging : int
        Draws whose path broke off: a region that the sampler cannot enter.
    r_hat, effective : array, (free,)
        Rank-normalised R-hat, and the effective sample size of the middle.
    """

    guesses: tuple[Guess, ...]
    points: Array
    diverging: int
    r_hat: Array
    effective: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The free numbers, in order."""
        return tuple(guess.name for guess in self.guesses)

    @property
    def flat(self) -> Array:
        """All chains after one another, (chains * draws, free)."""
        found: Array = self.points.reshape(-1, self.points.shape[-1])
        return found

    @property
    def mean(self) -> Array:
        """On the scales, (free,)."""
        found: Array = self.flat.mean(axis=0)
        return found

    @property
    def covariance(self) -> Array:
        """On the scales, (free, free)."""
        return np.atleast_2d(np.cov(self.flat.T))

    def place(self, name: str) -> int:
        """Return which of the free numbers a name is."""
        if name not in self.names:
            raise FitError(f"nothing called {name!r} was drawn", remedy=nearest(name, self.names))
        return self.names.index(name)

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the central interval, in the parameter's unit."""
        n = self.place(name)
        ends = np.quantile(self.flat[:, n], [0.5 - level / 2, 0.5 + level / 2])
        low, high = (self.guesses[n].natural(float(end)) for end in ends)
        return low, high

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be believed, in words."""
        chains, draws, _ = self.points.shape
        apart = [n for n, name in enumerate(self.names) if not self.r_hat[n] <= MIXED]
        few = [n for n, name in enumerate(self.names) if not self.effective[n] >= ENOUGH]
        told = [f"{chains} chains of {draws} draws."]
        told.append(
            f"{self.diverging} draws DIVERGED: there is a region that the sampler cannot enter, and intervals miss it."
            if self.diverging
            else "No draw diverged."
        )
        told.append(
            f"The chains have NOT mixed: {self._named(apart, self.r_hat, 'R-hat')}; draw more."
            if apart
            else f"The chains have mixed: R-hat {float(np.max(self.r_hat)):.3f} at most."
        )
        told.append(
            f"Quantiles are rough: {self._named(few, self.effective, 'effective draws')}."
            if few
            else f"{float(np.min(self.effective)):.0f} effective draws at least."
        )
        return tuple(told)

    def _named(self, places: Sequence[int], values: Array, word: str) -> str:
        shown = ", ".join(f"{self.names[n]} ({word} {values[n]:.4g})" for n in places[:5])
        return shown + (f" and {len(places) - 5} more" if len(places) > 5 else "")

    def __str__(self) -> str:
        lines = [f"  {sentence}" for sentence in self.verdict]
        for n, name in enumerate(self.names):
            low, high = self.interval(name)
            middle = self.guesses[n].natural(float(np.median(self.flat[:, n])))
            lines.append(f"  {name}: {format_number(middle)}, 95 % {format_number(low)} to {format_number(high)}")
        return "\n".join(["Posterior by NUTS", *lines])

    __repr__ = __str__


@dataclass(frozen=True, slots=True, eq=False)
class JointPosterior:
    """The posterior of a recipe: its draws, and what a comparison reads of a joint result.

    Attributes
    ----------
    drawn : Posterior
        Unknowns first, then estimated numbers of noises.
    fit : Fit
        The same fit with the draws' means and covariance in place of the optimum's.
    """

    drawn: Posterior
    fit: Fit

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.fit.name

    @property
    def parameters(self) -> tuple[ParameterRow, ...]:
        """In the order of the estimate, (unknowns,)."""
        return self.fit.parameters

    @property
    def estimate(self) -> Array:
        """Means of the draws on the unknowns' own scales, (unknowns,)."""
        return self.fit.estimate

    @property
    def information(self) -> Mapping[str, Array]:
        """The inverse covariance of the draws by origin: that of priors as told, the rest measured."""
        return self.fit.information

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What the result rests on."""
        return self.fit.citations

    def places(self, model: Model) -> dict[str, int]:
        """Return which unknown each parameter of a model is, by full name."""
        return self.fit.places(model)

    def draws(self, count: int, seed: int) -> Array:
        """Return draws on the own scales, taken at random with replacement, (count, unknowns)."""
        every = self.drawn.flat[:, : len(self.fit.parameters)]
        found: Array = every[np.random.default_rng(seed).integers(len(every), size=count)]
        return found

    @property
    def verdict(self) -> tuple[str, ...]:
        """What may be believed, in words."""
        return self.drawn.verdict

    def __str__(self) -> str:
        return f"Posterior of the fit {self.name}\n" + "\n".join(f"  {sentence}" for sentence in self.verdict)

    __repr__ = __str__


def draw(
    objective: Objective,
    at: Array,
    covariance: Array,
    *,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    seed: int = 1,
    progress: bool = False,
) -> Posterior:
    """Return draws of an objective's posterior.

    Parameters
    ----------
    objective : Objective
    at : array, (free,)
        Its optimum, on the scales.
    covariance : array, (free, free)
        There.
    draws, tune, chains : int
        To each chain, before it is trusted, and how many.
    seed : int
    progress : bool

    Raises
    ------
    MissingExtraError
        If nutpie is not installed.
    FitError
        For counts that are none.
    """
    if min(draws, tune, chains) < 1:
        raise FitError("draws, tune and chains are positive whole numbers")
    nutpie = require("nutpie", EXTRA)
    made = require("nutpie.compiled_pyfunc", EXTRA)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = require("arviz", EXTRA)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 1e-12 * float(np.max(values))))

    def density(z: Array) -> tuple[float, Array]:
        point = at + root @ np.asarray(z)
        if np.any(point < objective.low) or np.any(point > objective.high):
            return -math.inf, np.zeros(len(z))
        found = objective.evaluate(point)
        return -float(found.value), -(root.T @ found.gradient)

    def plain(*_: Any) -> Callable[[Array], dict[str, Array]]:
        return lambda z: {"z": np.asarray(z, dtype=float)}

    model = made.from_pyfunc(
        len(at),
        lambda: density,
        plain,
        [np.dtype("float64")],
        [(len(at),)],
        ["z"],
        make_initial_point_fn=lambda given: np.random.default_rng([seed, int(given)]).standard_normal(len(at)),
    )
    found = nutpie.sample(
        model, draws=draws, tune=tune, chains=chains, cores=1, seed=seed, save_warmup=False, progress_bar=progress
    )
    points = at + found.posterior["z"].values @ root.T
    told = arviz.convert_to_dataset({"x": points})
    return Posterior(
        objective.free,
        points,
        int(found.sample_stats["diverging"].values.sum()),
        np.atleast_1d(arviz.rhat(told)["x"].values),
        np.atleast_1d(arviz.ess(told)["x"].values),
    )


def posterior_of_regression(found: Regression, **options: Any) -> Posterior:
    """Return the posterior of a regression; options as :func:`draw` takes them.

    Raises
    ------
    FitError
        If its errors' size came from least squares, which has no density of it.
    """
    if math.isfinite(found.degrees):
        raise FitError(
            "least squares took the size of errors from what was left over, and a posterior wants its density",
            remedy='fit with method="maximum_likelihood", or give the size',
        )
    return draw(found.objective, found.at, found.covariance, **options)


def posterior_of_fit(fit: Fit, **options: Any) -> JointPosterior:
    """Return the posterior of a recipe about its fit; options as :func:`draw` takes them.

    Raises
    ------
    FitError
        If the recipe has changed since, so that its unknowns are others.
    """
    from exodelivery.declare.shelf import locate
    from exodelivery.fitting.likelihood import objective_of_recipe
    from exodelivery.fitting.problem import Evaluator, problem_of
    from exodelivery.fitting.recipe import read_recipe
    from exodelivery.fitting.scored import Asked

    require("nutpie", EXTRA)
    problem = problem_of(read_recipe(locate(fit.name, "fit")[0].parent), compiled=True)
    if tuple(unknown.identity for unknown in problem.unknowns) != fit.identities:
        raise FitError(f"{fit.name} was fitted to other unknowns than its recipe has now", remedy="fit it again")
    white = (fit.estimate - [u.centre for u in problem.unknowns]) / [u.sd for u in problem.unknowns]
    evaluator = Evaluator(problem)
    if problem.recipe.samplings:
        evaluator = evaluator.joined(white)
    objective = objective_of_recipe(evaluator.problem, Asked(evaluator))
    count, at = len(white), objective.start.copy()
    at[:count] = fit.estimate
    covariance = np.eye(len(at)) * 0.1
    covariance[:count, :count] = fit.covariance
    for n, noise in enumerate(fit.noises, start=count):
        at[n] = math.log(noise.value)
        covariance[n, n] = (math.log(noise.high / noise.low) / 3.92) ** 2
    drawn = draw(objective, at, covariance, **options)
    return JointPosterior(drawn, _with_draws(fit, drawn))


def _with_draws(fit: Fit, drawn: Posterior) -> Fit:
    """Return a fit whose estimates and covariance are those of draws."""
    count = len(fit.parameters)
    mean, covariance = drawn.mean[:count], drawn.covariance[:count, :count]
    prior = np.diag([row.prior_sd**-2 for row in fit.parameters])
    sds = np.sqrt(np.diag(covariance))
    rows = tuple(replace(row, estimate=float(mean[n]), sd=float(sds[n])) for n, row in enumerate(fit.parameters))
    data = np.asarray(np.linalg.inv(covariance) - prior)
    return replace(fit, parameters=rows, covariance=covariance, data=data)
