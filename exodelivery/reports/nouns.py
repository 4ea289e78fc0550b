"""Floor 9: what a report reads of each kind of result: attributes only, so a plug-in's result can be shown too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


class FittedParameter(Protocol):
    """One estimate of a fit."""

    @property
    def name(self) -> str:
        """Full name."""

    @property
    def value(self) -> str:
        """Estimate with its unit."""

    @property
    def se_percent(self) -> float | None:
        """Relative standard error [%]."""

    @property
    def low(self) -> Any:
        """Lower end of the 95 % interval."""

    @property
    def high(self) -> Any:
        """Upper end of the 95 % interval."""

    @property
    def status(self) -> str:
        """In words: identified, only in this combination, not at all, one-sided."""

    @property
    def at_bound(self) -> bool:
        """Whether the estimate lies at the edge of its range."""


class Prediction(Protocol):
    """One record of a study beside what the fit says of it; numbers in ``unit``."""

    @property
    def study(self) -> str:
        """Name of the study."""

    @property
    def arm(self) -> str:
        """Name of the arm."""

    @property
    def what(self) -> Any:
        """Observable, or functional of one."""

    @property
    def text(self) -> str:
        """The observation as printed."""

    @property
    def observed(self) -> float:
        """The observation."""

    @property
    def low(self) -> float | None:
        """Lower end of the observation's interval."""

    @property
    def high(self) -> float | None:
        """Upper end of the observation's interval."""

    @property
    def predicted(self) -> float:
        """What the fit says."""

    @property
    def unit(self) -> str:
        """The unit of all these numbers."""

    @property
    def residual(self) -> float | None:
        """Standardised: observed less predicted in standard deviations."""

    @property
    def used(self) -> bool:
        """Whether the fit used the record."""


@runtime_checkable
class FitNoun(Protocol):
    """A fit's result."""

    @property
    def name(self) -> str:
        """Name of the recipe."""

    @property
    def about(self) -> str:
        """One line."""

    @property
    def verdict(self) -> str:
        """What came of it, in words."""

    @property
    def parameters(self) -> Sequence[FittedParameter]:
        """Estimates."""

    @property
    def predictions(self) -> Sequence[Prediction]:
        """Observed beside predicted."""

    @property
    def studies(self) -> Any:
        """Studies that it used: nouns, or names."""

    @property
    def method(self) -> str:
        """Estimator."""

    @property
    def seed(self) -> Any:
        """Seed of its random starts."""


class ComparedCarrier(Protocol):
    """One row of a comparison: a carrier against the baseline, in one metric and one matching of doses."""

    @property
    def carrier(self) -> str:
        """Name of the carrier."""

    @property
    def metric(self) -> str:
        """What is compared."""

    @property
    def matching(self) -> str:
        """What the doses have in common: drug, particles or protein."""

    @property
    def horizon(self) -> str:
        """Until when."""

    @property
    def ratio(self) -> float:
        """To the baseline."""

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""

    @property
    def p_better(self) -> float | None:
        """Probability that it is better than the baseline."""

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of the log ratio's variance by origin [fraction]."""

    @property
    def headline(self) -> str:
        """The row in words."""


@runtime_checkable
class ComparisonNoun(Protocol):
    """A comparison of carriers."""

    @property
    def baseline(self) -> str:
        """Carrier that the others are compared with."""

    @property
    def rows(self) -> Sequence[ComparedCarrier]:
        """One a carrier, metric and matching."""

    @property
    def headline(self) -> str:
        """The verdict, in words."""
