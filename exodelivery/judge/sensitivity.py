"""Floor 8: which parameters a number hangs on, over all that is believed of them: local, by screening, by variance.

One at a time (a tornado) shows direction and size; Morris' trajectories find what matters at all among a hundred; the
variance is then divided among those by Sobol's indices. The sampling and the indices are SALib's.

References
----------
Morris MD. Technometrics 1991;33:161. doi 10.1080/00401706.1991.10484804
Saltelli A and others. Comput Phys Commun 2010;181:259. doi 10.1016/j.cpc.2009.09.018
Herman J, Usher W. SALib. J Open Source Softw 2017;2:97. doi 10.21105/joss.00097
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exodelivery.citation import Citation
from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.draw.html import card
from exodelivery.draw.html import table as html_table
from exodelivery.errors import SimulationError
from exodelivery.extras import require
from exodelivery.judge.joint import DEFAULT_CV, Joint, joint_of
from exodelivery.judge.metrics import Metric, Reading, missing, value
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.runs import quadrature
from exodelivery.judge.setting import chosen_metrics, horizon_of, models_of, without_effect
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    import pandas as pd

TAIL, EDGE = 1e-3, 0.025
"""Share of each tail that is left out where the variance is divided, and where parameters are screened."""
TOLERANCE = 1e-6
REACH = 1.959963984540054
"""Standard deviations to either side in the tornado: the 95 % range."""
SOURCES = (
    Citation("Saltelli A, et al. Comput Phys Commun 2010;181:259.", doi="10.1016/j.cpc.2009.09.018"),
    Citation("Morris MD. Technometrics 1991;33:161.", doi="10.1080/00401706.1991.10484804"),
    Citation("Herman J, Usher W. SALib. J Open Source Softw 2017;2:97.", doi="10.21105/joss.00097"),
)


@dataclass(frozen=True, slots=True)
class Influence:
    """What one parameter does to the metric.

    Attributes
    ----------
    parameter, origin : str
        Its full name, and the status of its value.
    low, high : float
        The metric, times that at the estimate, with this parameter alone at its 2.5 and 97.5 % quantile.
    screened : float
        Morris' mean absolute effect on the log of the metric over the whole range.
    first, first_doubt, total, total_doubt : float
        Sobol's first-order and total indices of the log of the metric, and the half-widths of their 95 % intervals;
        NaN for what the screening left out.
    """

    parameter: str
    origin: str
    low: float
    high: float
    screened: float
    first: float = float("nan")
    first_doubt: float = float("nan")
    total: float = float("nan")
    total_doubt: float = float("nan")


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Which parameters a metric hangs on.

    Attributes
    ----------
    model, carrier, metric, dose : str
    horizon : float
        [h].
    influences : tuple of Influence
        The largest total index first, then the largest screened effect.
    kept : float
        Part of the variance of the log of the metric, with all parameters free, that the screened ones make.
    moved : float
        Largest change of a total index when half of the samples are used: small where they are enough.
    runs, failures : int
    citations : tuple of Citation
    """

    model: str
    carrier: str
    metric: str
    dose: str
    horizon: float
    influences: tuple[Influence, ...]
    kept: float
    moved: float
    runs: int
    failures: int
    citations: tuple[Citation, ...] = SOURCES

    @property
    def settled(self) -> bool:
        """Whether the indices move by less than 0.1 with half of the samples."""
        return self.moved < 0.1

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        top = [one for one in self.influences[:3] if not math.isnan(one.total)]
        named = ", ".join(f"{one.parameter} ({one.origin}, {one.total:.2f})" for one in top)
        doubt = (
            "" if self.settled else f" The indices are not settled: half of the samples moves one by {self.moved:.2f}."
        )
        return f"{self.metric} of {self.carrier} hangs most on {named}; total indices.{doubt}"

    def table(self) -> pd.DataFrame:
        """Return the influences as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(map(asdict, self.influences))

    def plot(self, most: int = 12) -> Any:
        """Return the tornado of the largest influences."""
        from exodelivery.draw.figure import TornadoRow, tornado_figure

        shown = sorted(self.influences, key=lambda one: -abs(np.log(one.high / one.low)))[:most]
        rows = [TornadoRow(one.parameter, one.low, one.high, one.origin) for one in shown]
        return tornado_figure(rows, x_title=f"{self.metric}, times that at the estimate")

    def rows(self, most: int = 15) -> list[tuple[str, ...]]:
        """Return the largest influences in words."""
        return [
            (
                one.parameter,
                one.origin,
                f"{one.low:.3g} to {one.high:.3g}",
                f"{one.screened:.2g}",
                _index(one.first, one.first_doubt),
                _index(one.total, one.total_doubt),
            )
            for one in self.influences[:most]
        ]

    def __str__(self) -> str:
        rows = [HEADER, *self.rows()]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEADER))]
        failed = f", {self.failures} failed" if self.failures else ""
        return "\n".join(
            [
                f"{self.model} with {self.carrier}: {self.metric}, {self.dose}, over {self.horizon / 24:g} d",
                *textwrap.wrap(self.headline, 110, initial_indent="  ", subsequent_indent="  "),
                *(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip() for row in rows),
                f"  of {len(self.influences)} parameters; the ones with indices make {100 * self.kept:.0f} % of the "
                f"variance; {self.runs} runs{failed}",
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return card(f"What {self.metric} hangs on", self.headline, html_table(HEADER, self.rows()))


HEADER = ("parameter", "value is", "alone, 95 %", "screened", "first order", "total")


def sensitivity(
    model: Model,
    dose: Regimen,
    *,
    metric: str = "released drug in tumour",
    using: JointResult | None = None,
    horizon: str | float | None = None,
    screen: int = 15,
    trajectories: int = 10,
    samples: int = 256,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    threads: int | None = None,
    progress: bool = False,
) -> Sensitivity:
    """Say which parameters a metric hangs on.

    Parameters
    ----------
    model : Model
    dose : Regimen
    metric : str
        A name from :data:`~exodelivery.judge.metrics.METRICS`; an area or a quotient of two.
    using : JointResult, optional
        A fit, whose standard deviations are sampled (each alone: correlations between estimates are left out); else
        each parameter's own range.
    horizon : str or float, optional
        A week after the last dose unless given.
    screen : int
        How many parameters the variance is divided among; the others stay at the estimate.
    trajectories, samples : int
        Of the screening; of the variance, a power of two.
    seed : int
    default_cv : float
    threads : int, optional
    progress : bool

    Raises
    ------
    SimulationError
        If the metric cannot be had, or the run at the estimate fails.
    MissingExtraError
        If SALib is not installed.
    """
    require("SALib", "fit")
    chosen = [one for one in chosen_metrics([metric]) if one.kind != "kill"]
    if not chosen:
        raise SimulationError(f"{metric!r} needs an untreated arm, and has no sensitivities", remedy="choose an area")
    if samples < 2 or samples & (samples - 1):
        raise SimulationError(f"{samples} samples are no power of two", remedy="write samples=256")
    (name, noun) = next(iter(models_of(model, [model.carrier], chosen).items()))
    noun = without_effect(noun)
    system = machine(noun).system
    asked = next((one for one in chosen if not missing(one, system)), None)
    if asked is None:
        raise SimulationError(f"{metric} cannot be had: {missing(chosen[-1], system)}")
    joint = joint_of({name: system}, using, default_cv)
    rows = sorted(set(joint.rows[name].values()))
    end = horizon_of(dose, horizon)
    study = _Study(noun, name, dose, end, asked, joint, tuple(rows), threads, progress)
    return study.judged(screen, trajectories, samples, seed)


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """One metric of one model, as a function of standard scores of its uncertain parameters."""

    model: Model
    name: str
    dose: Regimen
    end: float
    metric: Metric
    joint: Joint
    rows: tuple[int, ...]
    threads: int | None
    progress: bool

    def logs(self, scores: Array) -> Array:
        """Return the log of the metric at standard scores, (points, parameters); NaN where a run failed."""
        points = np.tile(self.joint.estimate, (len(scores), 1))
        points[:, self.rows] += scores * np.sqrt(np.diag(self.joint.covariance))[list(self.rows)]
        system = machine(self.model).system
        numbers = self.joint.values(self.name, system, points)
        sets = {parameter.name: numbers[:, n] for n, parameter in enumerate(system.parameters)}
        times, weights = quadrature(self.dose, self.end)
        asked: dict[str, Any] = {"threads": self.threads, "progress": self.progress}
        runs = simulate(self.model, self.dose, sets=sets, times=times, tolerance=TOLERANCE, **asked)
        area = {one: np.asarray(runs[one]) @ weights for one in self.metric.observables}
        found: Array = np.log(value(self.metric, Reading(area, {})))
        return found

    def judged(self, screen: int, trajectories: int, samples: int, seed: int) -> Sensitivity:
        count = len(self.rows)
        alone = self.logs(np.vstack([np.zeros(count), -REACH * np.eye(count), REACH * np.eye(count)]))
        if not np.isfinite(alone[0]):
            raise SimulationError("the run at the estimate fails, or gives no positive value")
        effects, tried, lost = self._screen(trajectories, seed)
        ratios = np.exp(alone[1:] - alone[0])
        reach = np.abs(alone[1 + count :] - alone[1 : 1 + count])
        order = [int(n) for n in np.argsort(-np.fmax(effects, reach))][: min(screen, count)]
        indices, moved, more, failed, variance = self._divide(order, samples, seed)
        whole = self.logs(np.random.default_rng(seed).standard_normal((samples, count)))
        spread = float(np.nanvar(whole))
        influences = [
            Influence(
                self._named(n)[0],
                self._named(n)[1],
                float(ratios[n]),
                float(ratios[count + n]),
                float(effects[n]),
                *indices.get(n, ()),
            )
            for n in range(count)
        ]
        influences.sort(key=lambda one: (-1.0 if math.isnan(one.total) else one.total, one.screened), reverse=True)
        failures = lost + failed + int(np.isnan(alone).sum()) + int(np.isnan(whole).sum())
        return Sensitivity(
            self.model.name,
            self.model.carrier.name,
            self.metric.name,
            str(self.dose),
            self.end,
            tuple(influences),
            min(1.0, variance / spread) if spread > 0 else 1.0,
            moved,
            len(alone) + tried + more + samples,
            failures,
        )

    def _named(self, n: int) -> tuple[str, str]:
        system = machine(self.model).system
        places = self.joint.rows[self.name]
        found = [one for one in system.parameters if places.get(one.name) == self.rows[n]]
        origins = {
            origin: part[self.rows[n], self.rows[n]]
            for origin, part in self.joint.information.items()
            if part[self.rows[n], self.rows[n]] > 0
        }
        return " = ".join(one.name for one in found), max(origins, key=lambda one: origins[one])

    def _screen(self, trajectories: int, seed: int) -> tuple[Array, int, int]:
        from SALib.analyze.morris import analyze
        from SALib.sample.morris import sample

        problem = _problem(len(self.rows), EDGE)
        given = sample(problem, trajectories, num_levels=4, seed=seed)
        logs = self.logs(_scores(given))
        size = len(self.rows) + 1
        whole = np.isfinite(logs.reshape(-1, size)).all(axis=1)
        keep = np.repeat(whole, size)
        if not whole.any():
            raise SimulationError("every trajectory of the screening has a run that fails", remedy="narrow the ranges")
        found = analyze(problem, given[keep], logs[keep], num_levels=4, seed=seed)
        return np.nan_to_num(np.asarray(found["mu_star"], dtype=float)), len(given), int(np.isnan(logs).sum())

    def _divide(
        self, order: Sequence[int], samples: int, seed: int
    ) -> tuple[Mapping[int, tuple[float, ...]], float, int, int, float]:
        """Return Sobol's indices of some parameters, how much they move, runs, failures and the variance."""
        from SALib.analyze.sobol import analyze
        from SALib.sample.sobol import sample

        problem = _problem(len(order), TAIL)
        given = sample(problem, samples, calc_second_order=False, seed=seed)
        scores = np.zeros((len(given), len(self.rows)))
        scores[:, order] = _scores(given)
        logs = self.logs(scores)
        size = len(order) + 2
        blocks = logs.reshape(-1, size)
        blocks = blocks[np.isfinite(blocks).all(axis=1)]
        if len(blocks) < samples / 2:
            raise SimulationError("more than half of the samples have a run that fails", remedy="narrow the ranges")
        found = analyze(problem, blocks.ravel(), calc_second_order=False, seed=seed)
        half = analyze(problem, blocks[: len(blocks) // 2].ravel(), calc_second_order=False, seed=seed)
        indices = {
            n: tuple(float(found[key][place]) for key in ("S1", "S1_conf", "ST", "ST_conf"))
            for place, n in enumerate(order)
        }
        moved = float(np.max(np.abs(found["ST"] - half["ST"])))
        return indices, moved, len(given), int(np.isnan(logs).sum()), float(np.var(blocks[:, 0]))


def _problem(count: int, tail: float) -> dict[str, Any]:
    return {"num_vars": count, "names": [f"p{n}" for n in range(count)], "bounds": [[tail, 1 - tail]] * count}


def _scores(shares: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(shares))


def _index(number: float, doubt: float) -> str:
    return "" if math.isnan(number) else f"{number:.2f} ± {doubt:.2f}"
