"""Floor 8: which block makes the difference: the blocks of the baseline swapped for those of a carrier, one by one.

The gain of a swap depends on what was swapped before it, so each block is credited with the mean of its gains over all
orders (Shapley's value): the factors multiply to the ratio of the two carriers, whatever the order.

References
----------
Shapley LS. A value for n-person games. In: Contributions to the Theory of Games II, Princeton 1953, 307-317.
doi 10.1515/9781400881970-018
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.compile.machine import machine
from exodelivery.compile.system import System
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.declare.table import Table
from exodelivery.declare.tables import SLOTS
from exodelivery.draw.html import card
from exodelivery.draw.html import table as html_table
from exodelivery.errors import SimulationError
from exodelivery.judge.compare import FEWEST
from exodelivery.judge.joint import DEFAULT_CV, Joint, joint_of
from exodelivery.judge.metrics import Metric, missing, value
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.runs import Task, perform_all
from exodelivery.judge.setting import chosen_metrics, horizon_of, models_of, without_effect
from exodelivery.solve.simulate import DEFAULT_SOLVER
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd

PARTICLE = "particle"
"""The group of what the carrier itself states: its dose metrics and its own parameters."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one swap is worth.

    Attributes
    ----------
    swap : str
        A slot, or ``particle`` for what the carrier itself states.
    was, becomes : str
        The blocks.
    factor, low, high : float
        By which the metric changes at the estimate, and the 2.5 and 97.5 % quantiles of the draws.
    alone, last : float
        The factor when it is swapped first, and when it is swapped last: far apart where blocks act on one another.
    p_above : float
        Share of draws in which the factor lies above one.
    """

    swap: str
    was: str
    becomes: str
    factor: float
    low: float
    high: float
    alone: float
    last: float
    p_above: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """Which blocks make the difference between a carrier and the baseline, by one metric.

    Attributes
    ----------
    model, carrier, baseline, metric, dose : str
    horizon : float
        [h].
    ratio, low, high : float
        Of the carriers; the factors multiply to it.
    shares : tuple of Share
        The largest first.
    draws, failures : int
    """

    model: str
    carrier: str
    baseline: str
    metric: str
    dose: str
    horizon: float
    ratio: float
    low: float
    high: float
    shares: tuple[Share, ...]
    draws: int
    failures: int

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        first = self.shares[0]
        same = first.was == first.becomes
        words = f"{first.becomes} with its own values" if same else f"{first.becomes} for {first.was}"
        sure = first.low > 1 or first.high < 1
        doubt = "" if sure else ", though its interval includes none"
        return (
            f"{self.metric} of {self.carrier} is {self.ratio:.3g} times that of {self.baseline}; the largest part is "
            f"its {first.swap} ({words}): times {first.factor:.3g} "
            f"({first.low:.2g} to {first.high:.2g}){doubt}."
        )

    def table(self) -> pd.DataFrame:
        """Return the shares as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(
            [{name: getattr(share, name) for name in Share.__dataclass_fields__} for share in self.shares]
        )

    def plot(self) -> Any:
        """Return the factors with their intervals, and the ratio that they multiply to."""
        from exodelivery.draw.figure import ForestRow, forest_figure

        rows = [ForestRow(f"{s.swap}: {s.was} → {s.becomes}", s.factor, s.low, s.high) for s in self.shares]
        rows.append(ForestRow("all of them", self.ratio, self.low, self.high))
        return forest_figure(rows, x_title=f"{self.metric}: factor of each swap, {self.baseline} to {self.carrier}")

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The shares in words: swap, was, becomes, factor, its interval, swapped first, swapped last."""
        return [
            (
                share.swap,
                share.was,
                share.becomes,
                f"{share.factor:.3g}",
                f"{share.low:.2g} to {share.high:.2g}",
                f"{share.alone:.3g}",
                f"{share.last:.3g}",
            )
            for share in self.shares
        ]

    def __str__(self) -> str:
        header = ("swap", "was", "becomes", "factor", "95 %", "first", "last")
        rows = [header, *self.rows]
        widths = [max(len(row[n]) for row in rows) for n in range(len(header))]
        padded = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        failed = f", {self.failures} failed" if self.failures else ""
        return "\n".join(
            [
                f"{self.model}: from {self.baseline} to {self.carrier}, {self.dose}, over {self.horizon / 24:g} d",
                *textwrap.wrap(self.headline, 110, initial_indent="  ", subsequent_indent="  "),
                *(f"  {line}" for line in padded),
                f"  all of them: {self.ratio:.3g} ({self.low:.2g} to {self.high:.2g}); {self.draws} draws{failed}",
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header = ("swap", "was", "becomes", "factor", "95 %", "swapped first", "swapped last")
        return card(f"Attribution of {self.metric}", self.headline, html_table(header, self.rows))


def attribute(
    model: Model,
    carrier: str | Carrier,
    dose: Regimen,
    *,
    baseline: str | Carrier,
    metric: str = "released drug in tumour",
    using: JointResult | None = None,
    horizon: str | float | None = None,
    draws: int = 100,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    executor: Executor | int | None = None,
    progress: bool = False,
) -> Attribution:
    """Say which block of a carrier makes the difference from the baseline.

    Parameters
    ----------
    model : Model
    carrier, baseline : str or Carrier
    dose : Regimen
        Of drug; every hybrid is given the same.
    metric : str
        A name from :data:`~exodelivery.judge.metrics.METRICS`; an area or a quotient of two.
    using : JointResult, optional
    horizon, draws, seed, default_cv, executor, progress
        As in :func:`~exodelivery.judge.compare.compare`.

    Raises
    ------
    SimulationError
        If the metric cannot be had, the carriers do not differ, or one of them has no blocks.
    """
    chosen = [one for one in chosen_metrics([metric]) if one.kind != "kill"]
    if not chosen:
        raise SimulationError(
            f"{metric!r} is not attributed to blocks: it needs an untreated arm", remedy="choose an area"
        )
    models = {name: without_effect(one) for name, one in models_of(model, [baseline, carrier], chosen).items()}
    if len(models) != 2 or not all(one.carrier.use for one in models.values()):
        raise SimulationError("attribution swaps blocks between two different carriers, each with blocks of its own")
    if any(one.metric != "drug" for one in dose.doses):
        raise SimulationError("attribution gives every hybrid the same drug", remedy='give e.g. bolus("5 mg/kg")')
    (first, old), (other, new) = models.items()
    systems = {name: machine(one).system for name, one in models.items()}
    swaps = _differing(old.carrier, new.carrier, systems.values())
    if not swaps:
        raise SimulationError(f"{first} and {other} do not differ")
    asked, reasons = _available(chosen, systems)
    if asked is None:
        raise SimulationError(f"{metric} cannot be had: {reasons}")
    joint = joint_of(systems, using, default_cv)
    points = np.vstack([joint.estimate, joint.draws(draws, seed)])
    subsets = [frozenset(one) for size in range(len(swaps) + 1) for one in combinations(swaps, size)]
    end = horizon_of(dose, horizon)
    tasks = [_task(models, joint, points, chosen_ones, asked, dose, end) for chosen_ones in subsets]
    logs = {
        chosen_ones: np.log(value(asked, done.reading(task.observables)))
        for chosen_ones, task, done in zip(subsets, tasks, perform_all(tasks, executor, progress), strict=True)
    }
    return _attributed(model.name, old.carrier, new.carrier, metric, str(dose), end, swaps, logs)


def _differing(old: Carrier, new: Carrier, systems: Iterable[System]) -> list[str]:
    """Return the slots whose block or values differ, and the particle where equations read what the carriers state."""

    def said(carrier: Carrier, slot: str) -> tuple[Any, ...]:
        values = {name: quantity for name, quantity in carrier.set.items() if name.startswith(f"{slot}.")}
        return carrier.use.get(slot), values

    slots = [slot for slot in SLOTS if SLOTS[slot].holder == "carrier" and said(old, slot) != said(new, slot)]
    read = {name for system in systems for name in _read(system) if name.startswith("carrier.")}
    states = (old.dose, old.parameters) != (new.dose, new.parameters)
    return [*slots, PARTICLE] if states and read else slots


def _read(system: System) -> Iterator[str]:
    """Yield the parameters that the equations read; those that make the dose alone are not among them."""
    rates = (*system.equations.rates, *system.equations.outputs, *system.equations.start)
    symbols = set().union(*(getattr(one, "free_symbols", set()) for one in rates))
    for parameter, symbol in zip(system.parameters, system.equations.parameters, strict=True):
        if symbol in symbols:
            yield parameter.name


def hybrid(old: Carrier, new: Carrier, swapped: frozenset[str]) -> Carrier:
    """Return the old carrier with some slots, or what a particle is, taken from the new one."""

    def of(slot: str) -> Carrier:
        return new if slot in swapped else old

    slots = [slot for slot in SLOTS if SLOTS[slot].holder == "carrier"]
    use = {slot: of(slot).use[slot] for slot in slots if of(slot).use.get(slot) is not None}
    values = {
        name: quantity for slot in slots for name, quantity in of(slot).set.items() if name.startswith(f"{slot}.")
    }
    left, right = (new, old) if PARTICLE in swapped else (old, new)
    name = f"{old.name} with {', '.join(sorted(swapped))} of {new.name}" if swapped else old.name
    return Carrier(
        name=name,
        use=Table(use),
        set=Table(values),
        parameters=Table({**right.parameters, **left.parameters}),
        dose=left.dose,
    )


def _available(metrics: Sequence[Metric], systems: Mapping[str, System]) -> tuple[Metric | None, str]:
    reasons = []
    for metric in metrics:
        lacking = next(filter(None, (missing(metric, system) for system in systems.values())), "")
        if not lacking:
            return metric, ""
        reasons.append(lacking)
    return None, "; ".join(reasons)


def _task(
    models: Mapping[str, Model],
    joint: Joint,
    points: Array,
    swapped: frozenset[str],
    metric: Metric,
    dose: Regimen,
    end: float,
) -> Task:
    (first, old), (other, new) = models.items()
    mixed = old.swap(carrier=hybrid(old.carrier, new.carrier, swapped))
    system = machine(mixed).system
    parents = {name: machine(one).system for name, one in models.items()}
    known = {name: joint.values(name, parents[name], points) for name in models}
    places = {name: {p.name: n for n, p in enumerate(parents[name].parameters)} for name in models}
    values = np.tile([parameter.quantity.base for parameter in system.parameters], (len(points), 1)).astype(float)
    for n, parameter in enumerate(system.parameters):
        group = PARTICLE if parameter.name.startswith("carrier.") else parameter.name.partition(".")[0]
        for parent in (other, first) if group in swapped else (first, other):
            if parameter.name in places[parent]:
                values[:, n] = known[parent][:, places[parent][parameter.name]]
                break
    native = dose.doses[0].metric
    return Task(mixed, old, native, dose, end, metric.observables, values, known[first], DEFAULT_SOLVER)


def _attributed(
    model: str,
    old: Carrier,
    new: Carrier,
    metric: str,
    dose: str,
    end: float,
    swaps: Sequence[str],
    logs: Mapping[frozenset[str], Array],
) -> Attribution:
    everything, nothing = frozenset(swaps), frozenset[str]()
    whole = logs[everything] - logs[nothing]
    gains = {swap: shapley(swap, swaps, logs) for swap in swaps}
    good = np.all([np.isfinite(gain[1:]) for gain in gains.values()], axis=0)
    if not math.isfinite(float(whole[0])):
        raise SimulationError("a run at the estimate failed", remedy="compare() says which, and why")

    def interval(drawn: Array) -> tuple[float, float]:
        if good.sum() < min(FEWEST, len(good)):
            return math.nan, math.nan
        low, high = np.exp(np.quantile(drawn[1:][good], (0.025, 0.975)))
        return float(low), float(high)

    shares = [
        Share(
            swap,
            _named(old, swap),
            _named(new, swap),
            float(np.exp(gain[0])),
            *interval(gain),
            float(np.exp(logs[frozenset([swap])][0] - logs[nothing][0])),
            float(np.exp(logs[everything][0] - logs[everything - {swap}][0])),
            float(np.mean(gain[1:][good] > 0)) if good.any() else math.nan,
        )
        for swap, gain in gains.items()
    ]
    shares.sort(key=lambda share: -abs(math.log(share.factor)))
    count = len(whole) - 1
    return Attribution(
        model, new.name, old.name, metric, dose, end, float(np.exp(whole[0])), *interval(whole), tuple(shares), count,
        count - int(good.sum()),
    )  # fmt: skip


def shapley(swap: str, swaps: Sequence[str], worth: Mapping[frozenset[str], Any]) -> Any:
    """Return the mean gain of a swap over all orders of swapping.

    Examples
    --------
    >>> worth = {frozenset(): 0.0, frozenset("a"): 1.0, frozenset("b"): 2.0, frozenset("ab"): 5.0}
    >>> shapley("a", "ab", worth), shapley("b", "ab", worth)
    (2.0, 3.0)
    """
    count = len(swaps)
    total: Any = 0.0
    for before in _subsets([one for one in swaps if one != swap]):
        weight = math.factorial(len(before)) * math.factorial(count - len(before) - 1) / math.factorial(count)
        total = total + weight * (worth[before | {swap}] - worth[before])
    return total


def _subsets(of: Sequence[str]) -> Iterator[frozenset[str]]:
    return (frozenset(one) for size in range(len(of) + 1) for one in combinations(of, size))


def _named(carrier: Carrier, swap: str) -> str:
    if swap == PARTICLE:
        return f"that of {carrier.name}"
    block = carrier.use.get(swap)
    return "nothing" if block is None else block.name
