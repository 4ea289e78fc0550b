"""Floor 8: the verb that plans an experiment: arms, times and assays that settle a contrast, for what they cost.

The contrast is the log ratio of a metric between a carrier and the baseline. Exact sensitivities give the information
of each assay; what is believed of the parameters, from a fit or their ranges, is the information before. The variance
of the contrast is kept small on average over draws of the parameters, and held against that of plain designs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import SimulationError, nearest
from exodelivery.judge.joint import DEFAULT_CV, Joint, joint_of
from exodelivery.judge.metrics import Metric, missing
from exodelivery.judge.planning.arms import Arms, arms_of
from exodelivery.judge.planning.bench import Bench, Errors, Read, Spot, errors_of
from exodelivery.judge.planning.criterion import Contrast, Rivalry
from exodelivery.judge.planning.mechanisms import paired, rivalry, swapped, words
from exodelivery.judge.planning.realised import experiment_of, realised
from exodelivery.judge.planning.result import (
    EQUAL,
    LOGARITHMIC,
    PLANNED,
    Assay,
    Group,
    Plan,
    Trial,
    Worth,
)
from exodelivery.judge.planning.search import Costs, Design, Search
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.setting import chosen_metrics, horizon_of
from exodelivery.solve.timeline import Array
from exodelivery.units import convert, format_quantity, hours, quantity

CUSTOMARY = (
    1 / 12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0, 36.0, 48.0, 72.0, 96.0, 120.0, 168.0, 240.0, 336.0, 504.0, 672.0,
)  # fmt: skip
"""Times at which laboratories kill animals [h]; those within the horizon are candidates unless others are given."""


def plan(
    model: Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: JointResult | None = None,
    rival: Mapping[str, str | Block] | None = None,
    metric: str = "released drug in tumour",
    horizon: str | float | None = None,
    times: Sequence[str | float] | None = None,
    assays: Sequence[str] | None = None,
    arms: Sequence[str] | None = None,
    doses: Sequence[float] = (1.0,),
    inhibitors: Mapping[str, Mapping[str, float]] | None = None,
    budget: float = 48.0,
    animal: float = 1.0,
    assay: float = 0.1,
    group: int = 3,
    serial: Mapping[str, int] | None = None,
    between: float = 0.3,
    error: float = 0.15,
    errors: Mapping[str, float] | None = None,
    limits: Mapping[str, str] | None = None,
    depth: float = 0.01,
    naive_times: int = 6,
    draws: int = 16,
    truths: int = 0,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    progress: bool = False,
) -> Plan:
    """Plan an experiment that settles which carrier brings more.

    Parameters
    ----------
    model : Model
    carriers : sequence of str or Carrier
    dose : Regimen
        What the animals of the question get; each carrier gets as much of what the dose counts.
    baseline : str or Carrier
    using : JointResult, optional
        A fit, whose result is known before the experiment; else each parameter's own range.
    rival : mapping, optional
        Blocks by slot, ``{"uptake": "leaky_vessels"}``: the plan then sets the mechanism of the model apart from this
        one, in the same arms, and no metric is asked for.
    metric : str
        A name from :data:`~exodelivery.judge.metrics.METRICS`: an area, or a quotient of two.
    horizon : str or float, optional
        Of the metric, and of the experiment; a week after the last dose unless given.
    times : sequence of str or float, optional
        When animals may be killed; :data:`CUSTOMARY` ones and those of the plain designs unless given.
    assays : sequence of str, optional
        Observables that may be assayed; those that laboratories extract and count unless given.
    arms : sequence of str, optional
        Among ``drug``, ``label`` and ``free drug``; all that can be unless given.
    doses : sequence of float
        Dose levels that may be given, times the dose of the question.
    inhibitors : mapping, optional
        More arms by name: parameters by full name, and what an inhibitor multiplies each by.
    budget, animal, assay : float
        What may be spent, and the costs of an animal with its dose and of one assay run, in one unit: by default in
        animals, an assay costing a tenth.
    group : int
        Animals that are killed together.
    serial : mapping, optional
        Observables of which an animal may give micro-samples before it is killed, and how many at most.
    between, error : float
        Coefficients of variation between animals, and of an assay.
    errors : mapping, optional
        Of assays, by observable, in the place of ``error``.
    limits : mapping, optional
        Standard deviation at low levels by observable, ``{"plasma_total": "0.05 nmol/mL"}``.
    depth : float
        The same where no limit is given, as a share of the observable's largest level.
    naive_times : int
        How many times the plain designs have.
    draws : int
        Of all that is uncertain; the estimate is the first.
    truths : int
        So many experiments are simulated of each design from drawn truths, and fitted: what it settles, not what it
        promises. A few hundred take minutes.
    seed : int
    default_cv : float
        Spread of literature and measured values that were printed without one.
    progress : bool
        Show a bar.

    Returns
    -------
    Plan

    Raises
    ------
    SimulationError
        For an unknown metric, assay, arm, inhibitor or time, costs that buy nothing, or runs that fail at the estimate.
    DoseError
        For doses that no experiment is planned for.
    """
    if draws < 1 or naive_times < 1 or truths < 0:
        raise SimulationError("a plan needs a draw and a time at least", remedy="write draws=16, naive_times=6")
    costs = _costs(budget, animal, assay, group, serial or {})
    _spreads(between, error, depth, errors or {})
    end = horizon_of(dose, horizon)
    forms = _forms(metric)

    def with_arms(change: Callable[[Model], Model]) -> Arms:
        return arms_of(
            model, carriers, baseline, dose, forms if rival is None else (), assays=assays, kinds=arms, doses=doses,
            inhibitors=inhibitors, change=change,
        )  # fmt: skip

    about = with_arms(lambda one: one)
    other = about
    if rival is not None:
        if truths:
            raise SimulationError("mechanisms are not simulated and refitted yet", remedy="leave out truths=")
        about, other = paired(about, with_arms(lambda one: swapped(one, rival)))
    chosen = _asked(forms, about) if rival is None else None
    joints = [
        joint_of({name: one.system for name, one in some.machines.items()}, using, default_cv)
        for some in ((about,) if rival is None else (about, other))
    ]
    joint = joints[0]
    plain = {EQUAL: _even(end, naive_times), LOGARITHMIC: _geometric(end, naive_times)}
    grid = _grid(times, end, [one for some in plain.values() for one in some])
    spots = _spots(about, grid)
    for name in serial or {}:
        if not any(spot.observable == name for spot in spots):
            raise SimulationError(
                f"nothing called {name!r} is assayed", remedy=nearest(name, {s.observable for s in spots})
            )
    bench = Bench(about, joint, chosen, end, spots)
    floors = _limits(limits or {}, about)

    def with_errors(levels: Array) -> Errors:
        return errors_of(
            spots, levels, between=between, within=error, named=errors or {}, depth=depth, limits=floors
        )  # fmt: skip

    criterion: Contrast | Rivalry
    if rival is None:
        reads, failed = scenes_of(bench, joint, draws, seed, progress)
        said = with_errors(reads[0].levels)
        criterion, shared = _contrast(reads, joint, said), np.array([said.shared(one.levels) for one in reads])
    else:
        benches = (bench, Bench(other, joints[1], None, end, spots))
        criterion, shared, said, failed = rivalry(benches, with_errors, draws, seed, progress)
    search = Search(spots, criterion, shared, costs)
    known = {name: search.spread(_sites(about, some, search)) for name, some in plain.items()}
    loose, bound = search.continuous()
    best = search.rounded(loose, list(known.values()))
    trials: tuple[Trial, ...] = ()
    if truths and best and chosen is not None:
        ready = {
            name: experiment_of(about, joint, chosen, end, search, said, one)
            for name, one in {PLANNED: best, **known}.items()
        }
        trials = realised(ready, truths, seed, progress)
    worths = {name: _worth(name, search, criterion, one) for name, one in {"now": {}, PLANNED: best, **known}.items()}
    return Plan(
        model.name,
        about.baseline,
        about.carriers,
        str(dose),
        "contrast" if chosen is not None else "mechanisms",
        _question(chosen, about) if chosen is not None else words(rival or {}),
        end,
        _groups(search, about, best),
        worths["now"],
        worths[PLANNED],
        tuple(worths[name] for name in known),
        _efficiency(worths[PLANNED].score, bound),
        _alone(search, about),
        trials,
        budget,
        len(shared),
        tuple(_notes(about, joint, using, said, spots, costs, failed, default_cv)),
        about.left_out,
    )


# -- what is asked


def _costs(budget: float, animal: float, assay: float, group: int, serial: Mapping[str, int]) -> Costs:
    if not (np.isfinite([budget, animal, assay]).all() and animal >= 0 and assay >= 0 and animal + assay > 0):
        raise SimulationError("costs are numbers that are not negative, and an animal costs something")
    if isinstance(group, bool) or not isinstance(group, int) or group < 1:
        raise SimulationError(f"animals are killed in groups of a whole number, not {group!r}", remedy="write group=3")
    if any(isinstance(most, bool) or not isinstance(most, int) or most < 0 for most in serial.values()):
        raise SimulationError("micro-samples are whole numbers", remedy='write serial={"plasma_total": 2}')
    found = Costs(float(budget), float(animal), float(assay), group, dict(serial))
    if found.of((0,)) > budget:
        raise SimulationError(
            f"the budget {budget:g} does not buy one group of animals with one assay, which costs {found.of((0,)):g}",
            remedy="raise budget=, or lower group=",
        )
    return found


def _spreads(between: float, error: float, depth: float, errors: Mapping[str, float]) -> None:
    for name, value in {"between": between, "error": error, "depth": depth, **errors}.items():
        if not (np.isfinite(value) and value >= 0):
            raise SimulationError(f"{name} is a coefficient of variation, not {value!r}", remedy="write error=0.15")
    if between + min([error, *errors.values()]) <= 0 or depth <= 0:
        raise SimulationError("an assay without error settles everything", remedy="write error=0.15, depth=0.01")


def _forms(metric: str) -> list[Metric]:
    forms = [one for one in chosen_metrics([metric]) if one.kind != "kill"]
    if not forms:
        raise SimulationError(
            f"{metric!r} needs an untreated arm, and no experiment is planned for it", remedy="choose an area"
        )
    return forms


def _asked(forms: Sequence[Metric], about: Arms) -> Metric:
    """Return the first form of the metric that all carriers can give."""
    systems = [about.machines[name].system for name in (about.baseline, *about.carriers)]
    reasons = [next(filter(None, (missing(form, system) for system in systems)), "") for form in forms]
    for form, reason in zip(forms, reasons, strict=True):
        if not reason:
            return form
    raise SimulationError(f"{forms[-1].name} cannot be had: {reasons[-1]}")


def _question(metric: Metric, about: Arms) -> str:
    return f"{metric.name} of {', '.join(about.carriers)} over that of {about.baseline}"


def _even(end: float, count: int) -> tuple[float, ...]:
    return tuple(float(time) for time in end * np.arange(1, count + 1) / count)


def _geometric(end: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{time:.3g}") for time in np.geomspace(min(0.25, end / 2), end, count))


def _grid(times: Sequence[str | float] | None, end: float, plain: Sequence[float]) -> list[float]:
    said = [hours(time) for time in times] if times is not None else [time for time in CUSTOMARY if time <= end]
    if not said:
        raise SimulationError("no time is given at which animals may be killed", remedy='write times=["1 h", "24 h"]')
    for time in said:
        if not 0 < time <= end:
            raise SimulationError(
                f"animals cannot be killed at {time:g} h", remedy=f"times lie after 0 and within the horizon, {end:g} h"
            )
    return sorted({*said, *(plain if times is None else ())} or set(said))


def _spots(about: Arms, grid: Sequence[float]) -> list[Spot]:
    return [Spot(n, time, name) for n, arm in enumerate(about.arms) for time in grid for name in arm.assays]


def _limits(limits: Mapping[str, str], about: Arms) -> dict[str, float]:
    columns = {column.name: column for one in about.machines.values() for column in one.system.columns}
    found = {}
    for name, text in limits.items():
        if name not in columns:
            raise SimulationError(f"there is no assay {name!r} to have a limit", remedy=nearest(name, columns))
        value, written = quantity(text)
        found[name] = float(convert(value, written.text, columns[name].unit))
        if not found[name] > 0:
            raise SimulationError(f"the limit of {name} is not positive: {text!r}")
    return found


def _sites(about: Arms, times: Sequence[float], search: Search) -> list[tuple[int, float]]:
    """Return where a plain design has animals: the carriers of the question at the dose asked about, time by time."""
    known = {spot.time for spot in search.spots}
    near = [min(known, key=lambda one: abs(one - time)) for time in times]
    asked = (about.baseline, *about.carriers)
    arms = [
        n
        for n, arm in enumerate(about.arms)
        if arm.carrier in asked and arm.dose == 1.0 and not arm.factors and not arm.name.endswith(", label")
    ]
    arms = arms or list(range(len(about.arms)))
    return [(arm, time) for time in dict.fromkeys(near) for arm in arms]


# -- scenes


def scenes_of(bench: Bench, joint: Joint, draws: int, seed: int, progress: bool) -> tuple[list[Read], int]:
    """Return what is read at the estimate and at draws of what is believed, and how many draws failed.

    Raises
    ------
    SimulationError
        If a run at the estimate fails.
    """
    from tqdm import tqdm

    points = np.vstack([joint.estimate[None, :], joint.draws(draws, seed)[: draws - 1]])
    reads = [bench.read(point) for point in tqdm(points, unit="draw", disable=not progress)]
    if not reads[0].fine:
        raise SimulationError(
            "a run at the estimate failed, or the metric is not positive there",
            remedy="simulate the carriers of the question one by one",
        )
    fine = [one for one in reads if one.fine]
    return fine, len(reads) - len(fine)


def _contrast(reads: Sequence[Read], joint: Joint, errors: Errors) -> Contrast:
    root = np.linalg.cholesky(joint.covariance)
    rows = np.array([(one.slopes / errors.sd(one.levels)[:, None]) @ root for one in reads])
    return Contrast(rows, np.array([one.gradients @ root for one in reads]))


# -- what came of it


def _counts(search: Search, design: Design) -> tuple[int, int, float]:
    animals = sum(round(count) for count in design.values()) * search.costs.group
    assays = sum(round(count) * len(animal) for animal, count in design.items()) * search.costs.group
    return animals, assays, search.costs.whole(design)


def _worth(name: str, search: Search, criterion: Contrast | Rivalry, design: Design) -> Worth:
    whole = search.whole(design)
    if isinstance(criterion, Rivalry):
        apart = criterion.distances(whole) / 2
        typical, worst = float(np.median(apart)), float(np.min(apart))
    else:
        left = criterion.variances(whole)
        typical, worst = float(np.sqrt(np.mean(left))), float(np.sqrt(np.max(left)))
    return Worth(name, *_counts(search, design), typical, worst, criterion.at(whole)[0])


def _efficiency(score: float, bound: float) -> float:
    """Return how near a value is to its bound: variances are positive, separations are counted below zero."""
    if score == bound:
        return 1.0
    return float(np.clip(bound / score if score > 0 else score / bound, 0.0, 1.0))


def _groups(search: Search, about: Arms, design: Design) -> tuple[Group, ...]:
    found = []
    for animal, count in design.items():
        first = search.spots[animal[0]]
        terminal = tuple(search.spots[n].observable for n in animal if search.spots[n].time == first.time)
        before = sorted((search.spots[n].time, search.spots[n].observable) for n in animal[len(terminal) :])
        found.append(
            (
                first.arm,
                Group(
                    about.arms[first.arm].name,
                    first.time,
                    round(count) * search.costs.group,
                    tuple(name for name in about.arms[first.arm].assays if name in terminal),
                    tuple((name, time) for time, name in before),
                    round(count) * search.costs.of(animal),
                ),
            )
        )
    return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].time, pair[1].assays)))


def _alone(search: Search, about: Arms) -> tuple[Assay, ...]:
    """Return what each observable of each arm tells on its own at its best time."""
    start, seen = search.criterion.at(search.whole({}))
    first = np.mean(seen**2, axis=(0, 1))
    best: dict[tuple[int, str], int] = {}
    for n, spot in enumerate(search.spots):
        key = (spot.arm, spot.observable)
        if key not in best or first[n] > first[best[key]]:
            best[key] = n
    price = search.costs.of((0,))
    found = []
    for (arm, observable), n in best.items():
        gain = start - search.value({(n,): 1.0})
        found.append(Assay(about.arms[arm].name, observable, search.spots[n].time, gain, gain / price))
    return tuple(sorted(found, key=lambda one: -one.gain))


def _notes(
    about: Arms,
    joint: Joint,
    using: JointResult | None,
    errors: Errors,
    spots: Sequence[Spot],
    costs: Costs,
    failed: int,
    default_cv: float,
) -> list[str]:
    units = {column.name: column.unit for one in about.machines.values() for column in one.system.columns}
    floors = {spot.observable: float(floor) for spot, floor in zip(spots, errors.floor, strict=True)}
    within = {spot.observable: float(cv) for spot, cv in zip(spots, errors.within, strict=True)}
    known = f"the joint result of {using.name}" if using else "each parameter's own range; no fit is used"
    cvs = ", ".join(sorted({f"{100 * cv:.3g} %" for cv in within.values()}))
    found = [
        f"known before the experiment: {known}",
        f"an animal with its dose costs {costs.animal:g}, an assay {costs.assay:g}; animals are killed in groups of "
        f"{costs.group}, and an organ gives one time in an animal",
        f"taken: animals differ by a cv of {100 * float(errors.between[0]):.3g} %, an assay errs by {cvs} and, at low "
        f"levels, by {'; '.join(f'{name} {format_quantity(floor, units[name])}' for name, floor in floors.items())}",
        "the drug leaves the tumours alone, as in a comparison of exposures",
    ]
    if costs.serial:
        found.append(
            "micro-samples of one animal share its deviation; the plain designs take none, and the bound is searched "
            "over them step by step"
        )
    if joint.widened:
        found.append(
            f"printed without a spread, so a cv of {100 * default_cv:g} % is taken: {', '.join(sorted(joint.widened))}"
        )
    if failed:
        found.append(f"{failed} draws failed and are in no number")
    return found
