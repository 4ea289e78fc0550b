"""Floor 8: the verb that turns knobs: designs that no other beats, and how sure that is.

Every design is judged at the same draws of the doubt, the powers of the relations among them, so that designs differ by
their knobs alone. The search is done once where there is evidence and once anywhere; the two fronts stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from exodelivery.citation import Citation
from exodelivery.compile.machine import machine
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.errors import DoseError, SimulationError, UnitError, nearest
from exodelivery.judge.crowd import Crowd, forms, scaled
from exodelivery.judge.inverse.front import best, search, undominated
from exodelivery.judge.inverse.knobs import Knob, Relation, chosen_knobs
from exodelivery.judge.inverse.result import Constraint, Design, Designs, Objective
from exodelivery.judge.joint import DEFAULT_CV, Joint, joint_of
from exodelivery.judge.metrics import METRICS, Metric
from exodelivery.judge.protocol import JointResult
from exodelivery.judge.setting import chosen_metrics, horizon_of, models_of
from exodelivery.solve.dosing import deliver
from exodelivery.solve.timeline import Array
from exodelivery.units import quantity as read_quantity
from exodelivery.units import unit

APART = 24.0
"""Hours between the doses of a divided dose."""
COSTS: dict[str, str] = {"particles given": "particle", "drug given": "nmol"}
"""What a design costs, in all doses; less is better."""
BETWEEN = ("released drug in tumour", "tumour : heart")
SOURCES = (Citation("Deb K, et al. IEEE Trans Evol Comput 2002;6:182.", doi="10.1109/4235.996017"),)


def design(
    model: Model,
    dose: Regimen,
    *,
    knobs: Sequence[str | Knob] | None = None,
    objectives: Sequence[str] = BETWEEN,
    require: Mapping[str, tuple[str, float]] | None = None,
    using: JointResult | None = None,
    horizon: str | float | None = None,
    draws: int = 20,
    start: int = 32,
    rounds: int = 3,
    seed: int = 1,
    default_cv: float = DEFAULT_CV,
    threads: int | None = None,
    progress: bool = False,
) -> Designs:
    """Turn knobs until no design beats those found.

    Parameters
    ----------
    model : Model
        With the carrier that is to be engineered.
    dose : Regimen
        One dose where it is to be divided.
    knobs : sequence of str or Knob, optional
        Names from :data:`~exodelivery.judge.inverse.knobs.KNOBS`, or knobs of your own; all that the carrier has
        unless given.
    objectives : sequence of str
        Two or more metrics, ``"particles given"`` or ``"drug given"``; ``"less plasma AUC"`` says which way.
    require : mapping, optional
        Metric or cost, with a bound and the probability with which it must hold:
        ``{"tumour : heart": ("5", 0.8)}``; at least where more is better, else at most.
    using : JointResult, optional
        A fit, whose doubt is drawn; without one each parameter's own range.
    horizon : str or float, optional
        A week after the last dose of the most divided design unless given.
    draws : int
        Of the doubt, the same for all designs.
    start, rounds : int
        Designs at first and in each round after, for each of the two searches.
    seed : int
    default_cv : float
    threads : int, optional
    progress : bool

    Returns
    -------
    Designs

    Raises
    ------
    SimulationError
        For an unknown objective or bound, fewer than two objectives, or a carrier that fails as it is.
    DeclarationError
        For an unknown knob.
    DoseError
        If the dose cannot be given or divided.

    Examples
    --------
    >>> import exodelivery as exo
    >>> found = exo.design(exo.load("doxorubicin_mouse"), exo.bolus("5 mg/kg"), knobs=["release", "dose"],
    ...                    objectives=["released drug in tumour", "drug given"], horizon="24 h", draws=2, start=2,
    ...                    rounds=0)
    >>> found.designs[0].knobs
    {'release': 1.0, 'dose': 1.0}
    """
    if draws < 2 or start < 2 or rounds < 0:
        raise SimulationError(f"{draws} draws of {start} designs are too few", remedy="write draws=20, start=32")
    asked = dict(require or {})
    metrics = _metrics(objectives, asked)
    models = models_of(model, [model.carrier], chosen_metrics(metrics or ["plasma AUC"]))
    carrier, lean = next(iter(models.items()))
    kept, left_out = forms(chosen_metrics(metrics or ["plasma AUC"]), models)
    lost = [name for name in metrics if name not in [one.name for one in kept]]
    if lost:
        raise SimulationError(f"{lost[0]} cannot be had of {carrier}", remedy="; ".join(left_out))
    system = machine(lean).system
    turned, not_turned = chosen_knobs(knobs, system)
    most = max([1, *(int(knob.high) for knob in turned if knob.kind == "doses")])
    end = horizon_of(divided(dose, most) if most > 1 else dose, horizon)
    joint = joint_of({carrier: system}, using, default_cv)
    goals = tuple(_objective(name, kept, lean) for name in objectives)
    bounds = tuple(_constraint(name, *said, kept, lean) for name, said in asked.items())
    crowd = Crowd(lean, dose, end, kept, threads)
    bench = _Bench(crowd, joint, carrier, turned, goals, bounds, draws, seed, progress)
    designs = bench.searched(start, rounds)
    assumed = sum(relation.status == "assumed" for knob in turned for relation in bench.relations(knob))
    total = sum(len(bench.relations(knob)) for knob in turned)
    notes = [
        f"{assumed} of the {total} relations from knob to rate are assumed; their powers are drawn with the doubt",
        f"doubt drawn from the joint result of {using.name}" if using else "no fit: doubt is each value's own range",
        *bench.yields(designs),
        "each design is judged by its median over the same draws; P(front) is how often the draws agree",
        "beyond the evidence: a knob is set where no carrier of this kind was found measured; of dose and schedule no "
        "limit is known to this search",
    ]
    return Designs(
        model.name,
        carrier,
        str(dose),
        end,
        draws,
        len(designs) * draws,
        turned,
        goals,
        bounds,
        designs,
        tuple(notes),
        not_turned,
        (*SOURCES, *(using.citations if using else ())),
    )


def divided(regimen: Regimen, count: int) -> Regimen:
    """Return a dose divided into so many, a day apart.

    Examples
    --------
    >>> from exodelivery.declare.regimen import bolus
    >>> divided(bolus("6 mg/kg"), 3).doses[0].amount, divided(bolus("6 mg/kg"), 3).doses[0].times
    ('2 mg/kg', 3)
    """
    if count == 1:
        return regimen
    if len(regimen.doses) != 1 or regimen.doses[0].times != 1:
        raise DoseError("only one dose can be divided", remedy="give one, or leave the knob doses out")
    (dose,) = scaled(regimen, 1 / count).doses
    return replace(regimen, doses=(replace(dose, every=APART, times=count),))


def _metrics(objectives: Sequence[str], asked: Mapping[str, tuple[str, float]]) -> list[str]:
    known = [*dict.fromkeys(metric.name for metric in METRICS), *COSTS]
    bare = [_way(name)[1] for name in objectives]
    if len(bare) < 2 or len(set(bare)) < len(bare):
        raise SimulationError("a front needs two different objectives", remedy=f"write objectives={list(BETWEEN)}")
    every = dict.fromkeys([*bare, *(_way(name)[1] for name in asked)])
    for name in every:
        if name not in known:
            raise SimulationError(f"no metric is called {name!r}", remedy=nearest(name, known))
    return [name for name in every if name not in COSTS]


def _way(name: str) -> tuple[int, str]:
    """Return whether more (1) or less (-1) is sought where a name says so, and the bare name."""
    first, _, rest = name.partition(" ")
    return ({"more": 1, "less": -1}[first], rest) if first in ("more", "less") and rest else (0, name)


def _objective(said: str, metrics: Sequence[Metric], model: Model) -> Objective:
    way, name = _way(said)
    if name in COSTS:
        return Objective(name, COSTS[name], way or -1)
    metric = next(one for one in metrics if one.name == name)
    if not (way or metric.direction):
        raise SimulationError(f"neither way of {name} is better by itself", remedy=f'write "less {name}", or "more"')
    return Objective(name, metric.unit(machine(model).system), way or metric.direction)


def _constraint(name: str, text: str, chance: float, metrics: Sequence[Metric], model: Model) -> Constraint:
    goal = _objective(name, metrics, model)
    words = goal.unit or "1"
    remedy = f'write {{"{name}": ("10{f" {goal.unit}" if goal.unit else ""}", 0.8)}}'
    try:
        number, its_unit = read_quantity(str(text))
    except UnitError as error:
        raise SimulationError(f"the bound {text!r} of {name}: {error.message}", remedy=remedy) from None
    if its_unit.dimension != unit(words).dimension or not number > 0:
        raise SimulationError(f"the bound {text!r} is no {name}", remedy=remedy)
    if not 0 < chance <= 1:
        raise SimulationError(f"{name} cannot hold with a probability of {chance!r}", remedy=remedy)
    return Constraint(
        goal.name, str(text), number * its_unit.factor / unit(words).factor, float(chance), goal.direction
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """Designs are judged here, and remembered."""

    crowd: Crowd
    joint: Joint
    carrier: str
    knobs: tuple[Knob, ...]
    goals: tuple[Objective, ...]
    bounds: tuple[Constraint, ...]
    draws: int
    seed: int
    progress: bool
    settings: list[tuple[float, ...]] = field(default_factory=list)
    readings: list[dict[str, Array]] = field(default_factory=list)

    def relations(self, knob: Knob) -> list[Relation]:
        """Return the relations of a knob that this model has."""
        return list(dict.fromkeys(knob.places(machine(self.crowd.model).system).values()))

    def base(self) -> Array:
        """Return the parameter values at the draws, (draws, parameters)."""
        points = self.joint.draws(self.draws, self.seed)
        return self.joint.values(self.carrier, machine(self.crowd.model).system, points)

    def factors(self, setting: Sequence[float]) -> Array:
        """Return what a setting multiplies the parameters by, (draws, parameters)."""
        system = machine(self.crowd.model).system
        found = np.ones((self.draws, len(system.parameters)))
        for knob, value in zip(self.knobs, setting, strict=True):
            for n, relation in knob.places(system).items():
                key = crc32(f"{knob.name} {relation.parameter}".encode())
                normal = np.random.default_rng([self.seed, 9, key]).standard_normal(self.draws)
                moved = 1 - value if relation.law == "keeps" else value / knob.reference
                found[:, n] *= moved ** (relation.power + relation.doubt * normal)
        return found

    def regimen(self, setting: Sequence[float]) -> Regimen:
        """Return the doses of a setting."""
        given = self.crowd.regimen
        for knob, value in zip(self.knobs, setting, strict=True):
            given = scaled(given, value) if knob.kind == "dose" and value != 1 else given
            given = divided(given, int(value)) if knob.kind == "doses" else given
        return given

    def judge(self, settings: Sequence[tuple[float, ...]]) -> None:
        """Run designs at all draws, and remember them; those of one schedule go together."""
        base = self.base()
        regimens = [self.regimen(setting) for setting in settings]
        numbers = [base * self.factors(setting) for setting in settings]
        found: list[dict[str, Array]] = [{} for _ in settings]
        for times in dict.fromkeys(regimen.single_doses[-1].at for regimen in regimens):
            who = [n for n, regimen in enumerate(regimens) if regimen.single_doses[-1].at == times]
            crowd = replace(self.crowd, regimen=regimens[who[0]])
            subjects = np.repeat(np.arange(len(who), dtype=np.int64), self.draws)
            read = crowd.read(np.vstack([numbers[n] for n in who]), [regimens[n] for n in who], subjects)
            for name, values in read.items():
                for n, part in zip(who, values.reshape(len(who), self.draws), strict=True):
                    found[n][name] = part
        if COSTS.keys() & {*(one.name for one in self.goals), *(one.name for one in self.bounds)}:
            for n, regimen in enumerate(regimens):
                found[n] |= self.cost(regimen, numbers[n])
        self.settings.extend(settings)
        self.readings.extend(found)

    def cost(self, regimen: Regimen, numbers: Array) -> dict[str, Array]:
        """Return the particles and the drug of all doses, (draws,) each."""
        system = machine(self.crowd.model).system
        given = np.full((self.draws, 2), np.nan)
        for n, values in enumerate(numbers):
            try:
                each = [(deliver(system, values, dose), dose.times) for dose in regimen.doses]
            except DoseError:
                continue
            given[n] = [sum(one.particles * k for one, k in each) * 1e9, sum(one.drug * k for one, k in each)]
        return {"particles given": np.where(given[:, 0] > 0, given[:, 0], np.nan), "drug given": given[:, 1]}

    def yields(self, designs: Sequence[Design]) -> list[str]:
        """Say which designs of the fronts take more particles than a purification is taken to yield."""
        system = machine(self.crowd.model).system
        names = [one.name for one in system.parameters]
        if "carrier.most_particles" not in names:
            return []
        many = []
        for one in designs:
            if one.number and not one.on_front:
                continue
            setting = self.settings[one.number]
            values = np.exp(np.mean(np.log(self.base() * self.factors(setting)), axis=0))
            try:
                given = max(deliver(system, values, dose).particles for dose in self.regimen(setting).doses)
            except DoseError:
                continue
            if given > values[names.index("carrier.most_particles")]:
                many.append("the carrier as it is" if one.number == 0 else str(one.number))
        said = "take more particles a dose than a purification is taken to yield, at the middle of the draws"
        return [f"not to be had today: {', '.join(many)} {said}"] if many else []

    def scores(self) -> tuple[Array, Array]:
        """Return medians, more is better, (designs, objectives), and how far constraints are broken, (designs,)."""
        points = np.array([[goal.direction * _median(one[goal.name]) for goal in self.goals] for one in self.readings])
        broken = [
            sum(max(0.0, bound.probability - _chance(one[bound.name], bound)) for bound in self.bounds)
            for one in self.readings
        ]
        return points, np.array(broken)

    def searched(self, start: int, rounds: int) -> tuple[Design, ...]:
        from tqdm import tqdm

        system = machine(self.crowd.model).system
        own = tuple(float(knob.reference) for knob in self.knobs)
        with tqdm(total=1 + 2 * start * (1 + rounds), unit="design", disable=not self.progress) as bar:
            self.judge([own])
            bar.update()
            if not np.isfinite(self.scores()[0]).all():
                raise SimulationError(
                    f"{self.carrier} as it is fails, or gives no positive value",
                    remedy="compare it first, and see what that says",
                )
            for known in (True, False):
                ends = [knob.within(system) if known else (knob.low, knob.high) for knob in self.knobs]
                if all(low == high for low, high in ends):
                    continue
                first = len(self.settings)

                def evaluate(
                    places: Array, ends: list[tuple[float, float]] = ends, first: int = first
                ) -> tuple[Array, Array]:
                    self.judge(
                        [
                            tuple(knob.at(float(x), e) for knob, x, e in zip(self.knobs, place, ends, strict=True))
                            for place in places
                        ]
                    )
                    bar.update(len(places))
                    points, broken = self.scores()
                    return points[first:], broken[first:]

                search(evaluate, len(self.knobs), start=start, rounds=rounds, seed=self.seed + known)
        return self.judged()

    def judged(self) -> tuple[Design, ...]:
        """Return all designs with their places on the two fronts."""
        system = machine(self.crowd.model).system
        points, broken = self.scores()
        outside = [
            tuple(k.name for k, value in zip(self.knobs, setting, strict=True) if not k.known(system, value))
            for setting in self.settings
        ]
        inside = np.array([not one for one in outside])
        whole, known = best(points, broken), np.zeros(len(points), dtype=bool)
        known[inside] = best(points[inside], broken[inside])
        front = np.where(inside, known, whole)
        p_front = np.full(len(points), np.nan)
        for some in (known & inside, front):
            rivals = [int(n) for n in np.flatnonzero(some)]
            drawn = np.array([self.drawn(n) for n in rivals])
            held = np.mean([undominated(drawn[:, :, d]) for d in range(self.draws)], axis=0) if rivals else []
            for n, share in zip(rivals, held, strict=True):
                p_front[n] = share if np.isnan(p_front[n]) else p_front[n]
        names = [knob.name for knob in self.knobs]
        found = []
        for n, (setting, reading) in enumerate(zip(self.settings, self.readings, strict=True)):
            ends = {goal.name: _ends(reading[goal.name]) for goal in self.goals}
            found.append(
                Design(
                    n,
                    dict(zip(names, setting, strict=True)),
                    {goal.name: _median(reading[goal.name]) for goal in self.goals},
                    {name: low for name, (low, _) in ends.items()},
                    {name: high for name, (_, high) in ends.items()},
                    tuple(_chance(reading[bound.name], bound) for bound in self.bounds),
                    bool(broken[n] <= 0),
                    outside[n],
                    bool(front[n]),
                    float(p_front[n]),
                    int(max(np.isnan(reading[goal.name]).sum() for goal in self.goals)),
                )
            )
        return tuple(found)

    def drawn(self, n: int) -> Array:
        """Return a design's objectives at each draw, more is better, (objectives, draws)."""
        return np.array([goal.direction * self.readings[n][goal.name] for goal in self.goals])


def _median(values: Array) -> float:
    """The median; a design whose runs fail at more than a tenth of the draws has none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) >= 0.9 * len(values) else float("nan")


def _ends(values: Array) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)


def _chance(values: Array, bound: Constraint) -> float:
    """The share of draws in which a bound holds; a run that failed does not hold it."""
    with np.errstate(invalid="ignore"):
        return float(np.mean(bound.direction * (values - bound.value) >= 0))
