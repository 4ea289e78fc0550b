"""Floor 8: the verb that gives a virtual population every carrier, and asks who is better off and at which dose.

Subjects differ (variability) and the values are not known (doubt): percentiles are taken over subjects at one draw of
the doubt, intervals over the draws. The same subjects stand behind every draw and every carrier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, SimulationError, UnitError, nearest
from exodelivery.judge.crowd import Crowd, forms, scaled
from exodelivery.judge.joint import DEFAULT_CV, joint_of
from exodelivery.judge.matching import MATCHINGS, matched, refusal
from exodelivery.judge.metrics import Metric
from exodelivery.judge.population.attainment import MOST, dose_for, needed
from exodelivery.judge.population.result import PERCENTILES, Attainment, Better, Spread, Virtual
from exodelivery.judge.population.subjects import FOLLOWING, WEIGHT, Subjects
from exodelivery.judge.population.variability import Variation, chosen_variability, row_of
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.setting import chosen_metrics, horizon_of, models_of
from exodelivery.solve.dosing import deliver
from exodelivery.solve.timeline import Array
from exodelivery.units import format_quantity, unit
from exodelivery.units import quantity as read_quantity

FEWEST = 5
"""Draws of the doubt that must succeed before an interval is given."""
Readings = dict[tuple[str, str], Array]


def virtual(
    model: Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: JointResult | None = None,
    variability: Mapping[str, str] | Sequence[Variation] | None = None,
    count: int = 500,
    draws: int = 20,
    per_draw: int = 100,
    targets: Mapping[str, str] | None = None,
    share: float = 0.9,
    metrics: Sequence[str] | None = None,
    matching: str = "drug",
    horizon: str | float | None = None,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    threads: int | None = None,
    progress: bool = False,
) -> Virtual:
    """Give a virtual population every carrier.

    Parameters
    ----------
    model : Model
        Body, drug, cells and observables; its carrier is swapped.
    carriers : sequence of str or Carrier
    dose : Regimen
        What the baseline is given.
    baseline : str or Carrier
    using : JointResult, optional
        A fit, whose doubt is drawn; without one each parameter's own range.
    variability : mapping or sequence of Variation, optional
        Coefficients laid over :data:`~exodelivery.judge.population.variability.VARIABILITY` by name or pattern
        (``{"body.weight": "15 %"}``), or rows in its stead.
    count : int
        Subjects at the estimate.
    draws, per_draw : int
        Draws of the doubt, and subjects at each: the first ones.
    targets : mapping, optional
        Metric and the value to reach, ``{"plasma AUC": "20 nmol*h/mL"}``: asks for the dose at which ``share`` of the
        subjects reach it.
    share : float
    metrics : sequence of str, optional
    matching : str
        ``drug``, ``particles`` or ``protein``: what doses are the same by, in each subject.
    horizon : str or float, optional
    seed : int
    default_cv : float
        Doubt of values that were printed without a spread.
    threads : int, optional
    progress : bool

    Returns
    -------
    Virtual

    Raises
    ------
    SimulationError
        For an unknown metric, matching, target or share, or where no subject's run succeeds.
    DoseError
        If a carrier cannot take the dose.
    DeclarationError
        If a row of variability cannot be read.

    Examples
    --------
    >>> import exodelivery as exo
    >>> who = exo.virtual("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                   metrics=["plasma AUC"], horizon="24 h", count=4, draws=0)
    >>> [one.carrier for one in who.spreads]
    ['liposome_pegylated', 'none']
    """
    if count < 2 or draws < 0 or per_draw < 2:
        raise SimulationError(f"{count} subjects and {draws} draws make no population", remedy="write count=500")
    if not 0 < share < 1:
        raise SimulationError(f"a share of {share!r} of the subjects is none", remedy="write share=0.9")
    if matching not in MATCHINGS:
        raise SimulationError(f"doses are not matched by {matching!r}", remedy=nearest(matching, MATCHINGS))
    chosen = chosen_metrics([*metrics, *(targets or {})] if metrics else None)
    end = horizon_of(dose, horizon)
    models = models_of(model, [baseline, *carriers], chosen)
    kept, left_out = forms(chosen, models)
    systems = {name: machine(one).system for name, one in models.items()}
    rows = chosen_variability(variability)
    subjects = Subjects(joint_of(systems, using, default_cv), systems, rows, max(count, per_draw), seed)
    crowds = {name: Crowd(one, dose, end, kept, threads) for name, one in models.items()}
    goals = _goals(targets or {}, kept, crowds)
    task = _Task(subjects, crowds, dose, matching, next(iter(models)), count, min(per_draw, count), goals, share)
    task.require()
    judged = task.judged(draws, progress)
    varied = tuple(dict.fromkeys(row for name in models for row in subjects.used(name).values()))
    return Virtual(
        model.name,
        task.baseline,
        tuple(name for name in models if name != task.baseline),
        str(dose),
        matching,
        end,
        count,
        draws,
        *judged[:3],
        varied,
        (*task.notes(using, draws), *judged[3]),
        left_out,
        tuple(using.citations) if using else (),
        judged[4],
    )


def _goals(
    targets: Mapping[str, str], metrics: Sequence[Metric], crowds: Mapping[str, Crowd]
) -> dict[str, tuple[str, float]]:
    """Return each target as written and in the metric's unit."""
    found = {}
    known = {metric.name: metric for metric in metrics}
    system = machine(next(iter(crowds.values())).model).system
    for name, text in targets.items():
        if name not in known:
            raise SimulationError(f"no metric {name!r} can be had for a target", remedy=nearest(name, known))
        words = known[name].unit(system) or "1"
        try:
            number, its_unit = read_quantity(str(text))
        except UnitError as error:
            raise SimulationError(f"the target {text!r}: {error.message}", remedy=f'write e.g. "10 {words}"') from None
        if its_unit.dimension != unit(words).dimension or not number > 0:
            raise SimulationError(f"the target {text!r} is no {name}", remedy=f'write e.g. "10 {words}"')
        found[name] = (str(text), number * its_unit.factor / unit(words).factor)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    subjects: Subjects
    crowds: Mapping[str, Crowd]
    dose: Regimen
    matching: str
    baseline: str
    count: int
    per_draw: int
    goals: Mapping[str, tuple[str, float]]
    share: float

    def require(self) -> None:
        """Refuse doses that cannot be given, before the first run."""
        point = self.subjects.joint.estimate
        base = self.subjects.systems[self.baseline]
        values = {name: self.subjects.numbers(name, point, 0, levels=(), count=1)[0] for name in self.subjects.systems}
        for dose in self.dose.doses:
            if dose.metric == "label":
                raise DoseError("a tracer carries no drug to compare", remedy='give e.g. bolus("5 mg/kg")')
            deliver(base, values[self.baseline], dose)
        for name, system in self.subjects.systems.items():
            why = refusal(self.matching, self.dose, base, values[self.baseline], system, values[name])
            if why and name != self.baseline:
                raise DoseError(f"{name}, same {self.matching}: {why}", remedy="leave it out, or match by drug")

    def regimens(self, carrier: str, base: Array) -> list[Regimen] | None:
        """Return each subject's regimen, or None where all have the one."""
        native = all(dose.metric == self.matching for dose in self.dose.doses)
        if carrier == self.baseline or native:
            return None
        return [matched(self.matching, self.dose, self.subjects.systems[self.baseline], one) for one in base]

    def read(self, point: Array, draw: int, count: int, levels: Sequence[str] = ("subject", "batch")) -> Readings:
        """Return each metric of each carrier over the subjects at one draw of the doubt."""
        base = self.subjects.numbers(self.baseline, point, draw, levels, count)
        found: Readings = {}
        for carrier, crowd in self.crowds.items():
            numbers = self.subjects.numbers(carrier, point, draw, levels, count)
            got = crowd.read(numbers, self.regimens(carrier, base))
            found |= {(carrier, metric): values for metric, values in got.items()}
        return found

    def factors(self, carrier: str, metric: str, point: Array, draw: int, count: int) -> Array:
        """Return the factor on the dose that each subject needs, (subjects,)."""
        crowd = self.crowds[carrier]
        only = Crowd(
            crowd.model,
            crowd.regimen,
            crowd.horizon,
            tuple(m for m in crowd.metrics if m.name == metric),
            crowd.threads,
        )
        numbers = self.subjects.numbers(carrier, point, draw, count=count)
        base = self.subjects.numbers(self.baseline, point, draw, count=count)
        own = self.regimens(carrier, base) or [self.dose] * count

        def read(who: Any, factor: Array) -> Array:
            given = [scaled(own[n], float(f)) for n, f in zip(who, factor, strict=True)]
            return only.read(numbers[who], given)[metric]

        return needed(read, count, self.goals[metric][1])

    def judged(
        self, draws: int, progress: bool
    ) -> tuple[tuple[Spread, ...], tuple[Better, ...], tuple[Attainment, ...], tuple[str, ...], Readings]:
        from tqdm import tqdm

        estimate = self.subjects.joint.estimate
        points = self.subjects.joint.draws(draws, self.subjects.seed) if draws else np.zeros((0, len(estimate)))
        with tqdm(total=2 + draws, unit="draw", disable=not progress) as bar:
            now = self.read(estimate, 0, self.count)
            bar.update()
            batches = self.read(estimate, 0, self.per_draw, levels=("batch",))
            bar.update()
            drawn = []
            for n, point in enumerate(points, 1):
                drawn.append(self.read(point, n, self.per_draw))
                bar.update()
        empty = [key for key, values in now.items() if np.isnan(values).all()]
        if empty:
            raise SimulationError(
                f"{empty[0][1]} of {empty[0][0]} failed, or is not positive, in every subject",
                remedy="simulate the model at its own values and see what it says",
            )
        notes = tuple(
            f"{lost} of {draws * self.per_draw} runs of {carrier} over the doubt failed and are in no number"
            for carrier in self.crowds
            if (lost := int(sum(np.isnan(one[carrier, self.leading]).sum() for one in drawn)))
        )
        spreads = tuple(self._spread(key, now[key], batches[key], [one[key] for one in drawn]) for key in now)
        return spreads, tuple(self._better(now, drawn)), tuple(self._attained(now, drawn, points)), notes, now

    @property
    def leading(self) -> str:
        return next(iter(self.crowds.values())).metrics[0].name

    def _spread(self, key: tuple[str, str], now: Array, batches: Array, drawn: Sequence[Array]) -> Spread:
        metric = next(one for one in self.crowds[key[0]].metrics if one.name == key[1])
        logs = [np.log(one) for one in drawn]
        centres = np.array([np.nanmean(one) for one in logs if np.isfinite(one).any()])
        parts = np.array([_percentiles(one) for one in drawn if np.isfinite(one).any()])
        whole = float(np.nanstd(np.log(now)))
        batch = float(np.nanstd(np.log(batches))) if np.isfinite(batches).any() else float("nan")
        return Spread(
            *key,
            metric.unit(self.subjects.systems[key[0]]),
            tuple(_percentiles(now)),
            tuple(_interval(parts[:, n] if len(parts) else parts) for n in range(len(PERCENTILES))),
            float(np.sqrt(max(whole**2 - batch**2, 0.0))),
            batch,
            float(np.std(centres)) if len(centres) >= FEWEST else float("nan"),
            int(np.isnan(now).sum()),
        )

    def _better(self, now: Readings, drawn: Sequence[Readings]) -> list[Better]:
        found = []
        for metric in self.crowds[self.baseline].metrics:
            if metric.direction == 0:
                continue
            for carrier in self.crowds:
                if carrier == self.baseline:
                    continue
                percents = [_percent(one, carrier, self.baseline, metric) for one in drawn]
                known = np.array([one for one in percents if not np.isnan(one)])
                low, high = _interval(known)
                most = float(np.mean(known > 50)) if len(known) >= FEWEST else float("nan")
                ratios = now[carrier, metric.name] / now[self.baseline, metric.name]
                found.append(
                    Better(
                        carrier,
                        metric.name,
                        _percent(now, carrier, self.baseline, metric),
                        low,
                        high,
                        most,
                        tuple(_percentiles(ratios)),
                    )
                )
        return found

    def _attained(self, now: Readings, drawn: Sequence[Readings], points: Array) -> list[Attainment]:
        found = []
        for metric, (text, goal) in self.goals.items():
            for carrier in self.crowds:
                every = self.factors(carrier, metric, self.subjects.joint.estimate, 0, self.count)
                factor = dose_for(every, self.share)
                shares = np.array([_reached(one[carrier, metric], goal) for one in drawn])
                over = [
                    dose_for(self.factors(carrier, metric, point, n, self.per_draw), self.share)
                    for n, point in enumerate(points, 1)
                ]
                doubt = np.array([one for one in over if not np.isnan(one)])
                most = float(np.mean(every[~np.isnan(every)] < np.inf)) if len(every) else float("nan")
                low, high = _interval(doubt)
                one = Attainment(
                    carrier,
                    metric,
                    text,
                    self.share,
                    _reached(now[carrier, metric], goal),
                    *_interval(shares[np.isfinite(shares)]),
                    factor,
                    low,
                    high,
                    float(np.mean(np.isfinite(doubt))) if len(doubt) >= FEWEST else float("nan"),
                    "",
                )
                found.append(self._worded(one, most))
        return found

    def _worded(self, one: Attainment, most: float) -> Attainment:
        what = f"{one.carrier}: {one.metric} of at least {one.target} in {100 * one.share:g} % of subjects"
        if one.factor == np.inf:
            text = f"{what} is out of reach: at {MOST:g} times the dose given, {100 * most:.0f} % of subjects reach it."
            return replace(one, words=text)
        if not np.isfinite(one.factor):
            return replace(one, words=f"{what}: the runs failed, and nothing is known.")
        interval = ""
        if not np.isnan(one.low):
            upper = "out of reach" if one.high == np.inf else f"{one.high:.3g}"
            interval = f" ({one.low:.3g} to {upper})" if one.low != np.inf else " (out of reach over the doubt)"
        text = f"{what} takes {one.factor:.3g} times the dose given{interval}{self._particles(one)}."
        return replace(one, words=text)

    def _particles(self, one: Attainment) -> str:
        """Say whether that dose is more than a purification is taken to yield."""
        system = self.subjects.systems[one.carrier]
        point = self.subjects.joint.estimate
        values = self.subjects.numbers(one.carrier, point, 0, levels=(), count=1)[0]
        base = self.subjects.numbers(self.baseline, point, 0, levels=(), count=1)
        most = {p.name: v for p, v in zip(system.parameters, values, strict=True)}.get("carrier.most_particles")
        regimen = (self.regimens(one.carrier, base) or [self.dose])[0]
        given = max(deliver(system, values, dose).particles for dose in scaled(regimen, one.factor).doses)
        if most is None or not given > most:
            return ""
        return (
            f", which is {format_quantity(given * 1e9, 'particle', 2)} a dose where a purification is taken to yield "
            f"{format_quantity(most * 1e9, 'particle', 2)} at most: not to be had"
        )

    def notes(self, using: JointResult | None, draws: int) -> list[str]:
        """Return what a reader must know beside the numbers."""
        said = [
            "variability is what subjects and batches differ by and more data does not narrow; doubt is what is not "
            "known of the typical values and of the coefficients of variation themselves",
            "a subject differs from the typical one in the same way with every carrier, a batch with its own alone; "
            "each subject has a batch of its own, and parameters differ independently",
        ]
        if row_of(WEIGHT, self.subjects.rows):
            said.append(
                f"volumes and clearances of {', '.join(FOLLOWING)} follow weight by allometry (Kagan 2013, "
                "doi 10.1007/s11095-013-1127-z; Knibbe 2005): between animals of one species this is assumed"
            )
        ours = {row.parameter for name in self.crowds for row in self.subjects.used(name).values()}
        assumed = {
            row.parameter for n in self.crowds for row in self.subjects.used(n).values() if row.status == "assumed"
        }
        said.append(f"{len(assumed)} of the {len(ours)} coefficients of variation are assumed")
        said.append(
            f"doubt drawn from the joint result of {using.name}" if using else "no fit: doubt is each value's own range"
        )
        if draws < FEWEST:
            said.append(f"{draws} draws of the doubt give no interval; write draws=20")
        return said


def _percentiles(values: Array) -> Array:
    return np.asarray(np.nanpercentile(values, PERCENTILES))


def _interval(values: Array) -> tuple[float, float]:
    if len(values) < FEWEST:
        return float("nan"), float("nan")
    # Interpolation between a number and infinity is none: an end that is out of reach is said to be.
    low, high = np.quantile(values, (0.025, 0.975), method="nearest" if np.isinf(values).any() else "linear")
    return float(low), float(high)


def _percent(readings: Readings, carrier: str, baseline: str, metric: Metric) -> float:
    gap = metric.direction * (np.log(readings[carrier, metric.name]) - np.log(readings[baseline, metric.name]))
    known = gap[np.isfinite(gap)]
    return float(100 * np.mean(known > 0)) if len(known) else float("nan")


def _reached(values: Array, goal: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.mean(known >= goal)) if len(known) else float("nan")
