"""Floor 8: the verb that compares carriers: paired draws of everything uncertain, ratios, and what the doubt rests on.

Each draw gives all carriers the same body, drug and cells, so what they share cancels in the ratio. The spread of the
log ratio is divided among measurement, literature and assumption by its gradient at the estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import SimulationError
from exodelivery.judge.comparison import Comparison, Row
from exodelivery.judge.joint import DEFAULT_CV, joint_of
from exodelivery.judge.metrics import Metric, Reading, missing, value
from exodelivery.judge.notes import failure_notes, notes_of, size_note
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.runs import Done, Task, perform_all
from exodelivery.judge.setting import (
    Setting,
    applying,
    cases_of,
    chosen_matchings,
    chosen_metrics,
    horizon_of,
    models_of,
    without_effect,
)
from exodelivery.judge.verdict import EQUIVALENT, headline, overall
from exodelivery.solve.simulate import DEFAULT_SOLVER
from exodelivery.solve.timeline import Array
from exodelivery.units import format_quantity

STEP = 0.1
"""Step of the gradient, in standard deviations of each parameter: far above the integrator's noise."""

FEWEST = 20
"""Draws that must succeed before an interval is given."""

UNTREATED = "untreated"


def compare(
    model: Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: JointResult | None = None,
    horizon: str | float | None = None,
    matchings: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    draws: int = 200,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    solver: str = DEFAULT_SOLVER,
    executor: Executor | int | None = None,
    progress: bool = False,
) -> Comparison:
    """Compare carriers by metrics, each against the baseline.

    Parameters
    ----------
    model : Model
        Body, drug, cells and observables; its carrier is swapped.
    carriers : sequence of str or Carrier
        Names on the shelves, or carriers of your own; the baseline may be among them.
    dose : Regimen
        What the baseline is given; the others get as much by each matching.
    baseline : str or Carrier
    using : JointResult, optional
        A fit; without one each parameter is drawn from its own range.
    horizon : str or float, optional
        End of the areas, ``"14 d"`` or hours; a week after the last dose unless given.
    matchings : sequence of str, optional
        Among ``drug``, ``particles``, ``protein``; all that apply unless given.
    metrics : sequence of str, optional
        Names from :data:`~exodelivery.judge.metrics.METRICS`; all unless given.
    draws : int
        Paired draws of all that is uncertain.
    seed : int
    default_cv : float
        Spread of literature and measured values that were printed without one.
    solver : str
    executor : Executor, int or None
        Who runs the draws: any ``concurrent.futures.Executor``, a number of threads, or None; the numbers are the same.
    progress : bool
        Show a bar.

    Returns
    -------
    Comparison

    Raises
    ------
    SimulationError
        For an unknown metric, matching, solver or horizon, or where the baseline itself cannot be run.
    DoseError
        If the baseline cannot take the dose.
    DeclarationError
        If a parameter has no range, or one identity two values.

    Examples
    --------
    >>> import exodelivery as exo
    >>> duel = exo.compare("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                    metrics=["plasma AUC"], horizon="24 h", draws=2)
    >>> duel.row("none", "plasma AUC").ratio < 0.1
    True
    """
    if draws < 1:
        raise SimulationError(f"{draws} draws make no verdict", remedy="write draws=200")
    setting = setting_of(
        model, carriers, dose, baseline=baseline, using=using, horizon=horizon, matchings=matchings, metrics=metrics,
        draws=draws, default_cv=default_cv, solver=solver,
    )  # fmt: skip
    first = setting.baseline
    cases, left_out = cases_of(setting)
    rows, more, notes = _judged(setting, cases, seed, executor, progress)
    return Comparison(
        model.name,
        first,
        setting.carriers,
        str(dose),
        setting.horizon,
        draws,
        rows,
        overall(rows, first),
        (*notes_of(setting, using, cases, default_cv), *notes),
        (*left_out, *more),
        tuple(using.citations) if using else (),
        seed,
    )


def setting_of(
    model: Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: JointResult | None = None,
    horizon: str | float | None = None,
    matchings: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    draws: int = 200,
    default_cv: float = DEFAULT_CV,
    solver: str = DEFAULT_SOLVER,
) -> Setting:
    """Return what one comparison holds fixed; :func:`compare` says what it takes."""
    chosen = chosen_metrics(metrics)
    models = models_of(model, [baseline, *carriers], chosen)
    systems = {name: machine(one).system for name, one in models.items()}
    return Setting(
        models,
        next(iter(models)),
        dose,
        horizon_of(dose, horizon),
        chosen,
        chosen_matchings(matchings),
        joint_of(systems, using, default_cv),
        draws,
        solver,
    )


# -- runs


def _points(setting: Setting, seed: int) -> tuple[Array, Array]:
    """The estimate, the draws, then for each row of the joint a point below and one above; and the steps."""
    joint = setting.joint
    steps = STEP * np.sqrt(np.diag(joint.covariance))
    moved = np.diag(steps)
    pairs = np.stack([joint.estimate - moved, joint.estimate + moved], axis=1).reshape(-1, len(steps))
    return np.vstack([joint.estimate, joint.draws(setting.draws, seed), pairs]), steps


def _needed(setting: Setting, carriers: Iterable[str]) -> Array:
    """Which points a run of these carriers can differ at, (wanted,)."""
    rows = sorted({row for carrier in carriers for row in setting.joint.rows[carrier].values()})
    first = 1 + setting.draws
    return np.array([*range(first), *(first + 2 * row + side for row in rows for side in (0, 1))])


def _readings(
    setting: Setting,
    cases: Sequence[tuple[str, str]],
    points: Array,
    executor: Executor | int | None,
    progress: bool,
    every_point: bool = False,
) -> dict[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]]:
    """Run each carrier once for all metrics; the baseline and the untreated tumour come first."""
    native = setting.native
    every = [(setting.baseline, native), *cases]
    if any(
        metric.kind == "kill" and not missing(metric, setting.system(setting.baseline)) for metric in setting.metrics
    ):
        every.append((setting.baseline, UNTREATED))
    keys, tasks, wanted = [], [], []
    for carrier, matching in every:
        involved = {carrier} if matching in (native, UNTREATED) else {carrier, setting.baseline}
        at = np.array(range(len(points))) if every_point else _needed(setting, involved)
        for model, names in _halves(setting, carrier, matching):
            keys.append((carrier, matching))
            tasks.append(_task(setting, carrier, matching, points[at], model, names))
            wanted.append(at)
    found: dict[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]] = {}
    for key, task, at, done in zip(keys, tasks, wanted, perform_all(tasks, executor, progress), strict=True):
        spread = _spread(done, at, len(points))
        reading, failures = found.get(key, (Reading({}, {}), ()))
        more = spread.reading(task.observables)
        merged = Reading({**reading.area, **more.area}, {**reading.end, **more.end})
        found[key] = merged, tuple(dict([*failures, *spread.failures]).items())
    return found


def _halves(setting: Setting, carrier: str, matching: str) -> Iterator[tuple[Model, tuple[str, ...]]]:
    """The model with its effect for what lives at the end, and without it for what was delivered.

    Cells that die shrink the tumour and let go of their drug, so the carrier that kills more would seem to deliver
    less to a gram; exposure is therefore judged in tumours that the drug leaves alone.
    """
    kills = {name for metric in setting.metrics if metric.kind == "kill" for name in metric.observables}
    columns = [column.name for column in setting.system(carrier).columns]
    model = setting.models[carrier]
    counted = tuple(name for name in columns if name in kills)
    delivered = tuple(name for name in columns if name not in kills)
    if counted:
        yield model, counted
    if delivered and matching != UNTREATED:
        yield without_effect(model), delivered


def _task(setting: Setting, carrier: str, matching: str, points: Array, model: Model, names: tuple[str, ...]) -> Task:
    return Task(
        model,
        setting.models[setting.baseline],
        setting.native if matching == UNTREATED else matching,
        Regimen() if matching == UNTREATED else setting.regimen,
        setting.horizon,
        names,
        setting.joint.values(carrier, machine(model).system, points),
        setting.joint.values(setting.baseline, setting.system(setting.baseline), points),
        setting.solver,
    )


def _spread(done: Done, at: Array, count: int) -> Done:
    """Results at all points: where a run could not differ from the estimate, the estimate's."""
    area, end = (np.repeat(one[:1], count, axis=0) for one in (done.area, done.end))
    area[at], end[at] = done.area, done.end
    return Done(area, end, tuple((int(at[n]), what) for n, what in done.failures))


# -- judgement


def _judged(
    setting: Setting,
    cases: Sequence[tuple[str, str]],
    seed: int,
    executor: Executor | int | None,
    progress: bool,
) -> tuple[tuple[Row, ...], list[str], list[str]]:
    points, steps = _points(setting, seed)
    found = _readings(setting, cases, points, executor, progress)
    rows: list[Row] = []
    left_out: list[str] = []
    for carrier, matching in cases:
        for metric, why in applying(setting, carrier):
            row = why or _row(setting, found, carrier, matching, metric, steps)
            if isinstance(row, Row):
                rows.append(row)
            else:
                left_out.append(f"{carrier}, same {matching}, {metric.name}: {row}")
    return (
        _in_order(setting, rows),
        list(dict.fromkeys(left_out)),
        [*size_note(setting, found), *failure_notes(setting, found)],
    )


def _row(
    setting: Setting,
    found: Mapping[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]],
    carrier: str,
    matching: str,
    metric: Metric,
    steps: Array,
) -> Row | str:
    top, bottom = _values(setting, found, carrier, matching, metric)
    logs = np.log(top) - np.log(bottom)
    if not np.isfinite(logs[0]):
        return "the run at the estimate failed or gives no positive value"
    drawn = logs[1 : 1 + setting.draws]
    good = drawn[np.isfinite(drawn)]
    pairs = logs[1 + setting.draws :].reshape(-1, 2)
    shares = setting.joint.shares((pairs[:, 1] - pairs[:, 0]) / (2 * steps)) if np.all(np.isfinite(pairs)) else {}
    enough = len(good) >= min(FEWEST, setting.draws)
    low, high = np.exp(np.quantile(good, (0.025, 0.975))) if enough else (np.nan, np.nan)
    above = float(np.mean(good > 0)) if enough else float("nan")
    equal = float(np.mean((good >= np.log(EQUIVALENT[0])) & (good <= np.log(EQUIVALENT[1])))) if enough else np.nan
    return Row(
        carrier,
        metric.name,
        metric.about,
        matching,
        setting.horizon,
        float(np.exp(logs[0])),
        float(low),
        float(high),
        None if metric.direction == 0 else above if metric.direction > 0 else 1 - above,
        float(equal),
        shares,
        headline(metric.direction, above, float(equal), shares) if enough else "too many runs failed",
        setting.draws - len(good),
        format_quantity(float(top[0]), metric.unit(setting.system(carrier))),
        format_quantity(float(bottom[0]), metric.unit(setting.system(setting.baseline))),
        _by_margin(metric.direction, good) if enough else None,
    )


def _by_margin(direction: int, logs: Array) -> float | None:
    """Return the share of draws better than the limits of equivalence allow."""
    if direction == 0:
        return None
    return float(np.mean(logs > np.log(EQUIVALENT[1]) if direction > 0 else logs < np.log(EQUIVALENT[0])))


def _values(
    setting: Setting,
    found: Mapping[tuple[str, str], tuple[Reading, tuple[tuple[int, str], ...]]],
    carrier: str,
    matching: str,
    metric: Metric,
) -> tuple[Array, Array]:
    """Return a metric of a carrier and of the baseline at all points, (points,) each."""
    untreated = found.get((setting.baseline, UNTREATED), (None, ()))[0]
    return (
        value(metric, found[carrier, matching][0], untreated),
        value(metric, found[setting.baseline, setting.native][0], untreated),
    )


def log_ratios(setting: Setting, points: Array, executor: Executor | int | None = None) -> dict[str, Array]:
    """Return the log ratio of each metric for the first carrier and matching, at points of the joint, (points,).

    Why: the truth of a simulated world is told by the same runs as the verdict on it.
    """
    cases, left_out = cases_of(setting)
    if not cases:
        raise SimulationError(f"nothing can be compared: {'; '.join(left_out)}")
    carrier, matching = cases[0]
    found = _readings(setting, cases[:1], points, executor, False, every_point=True)
    ratios = {}
    for metric, why in applying(setting, carrier):
        if not why:
            top, bottom = _values(setting, found, carrier, matching, metric)
            ratios[metric.name] = np.log(top) - np.log(bottom)
    return ratios


def _in_order(setting: Setting, rows: Sequence[Row]) -> tuple[Row, ...]:
    order = list(dict.fromkeys(metric.name for metric in setting.metrics))
    where = {name: n for n, name in enumerate(setting.carriers)}
    matchings = {name: n for n, name in enumerate(setting.matchings)}
    return tuple(sorted(rows, key=lambda r: (order.index(r.metric), where[r.carrier], matchings[r.matching])))
