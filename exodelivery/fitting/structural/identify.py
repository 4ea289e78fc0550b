"""Floor 7: the verb of structural identifiability: what data of a kind could tell of a model, before there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen
from exodelivery.declare.table import Table
from exodelivery.errors import FitError
from exodelivery.fitting.structural.combinations import Block, Points, combinations, tied
from exodelivery.fitting.structural.from_model import (
    FromModel,
    from_model,
    with_exponents_held,
    with_unknown_starts,
)
from exodelivery.fitting.structural.globally import unique
from exodelivery.fitting.structural.jets import SingularStartError
from exodelivery.fitting.structural.prime import Integers, Rows
from exodelivery.fitting.structural.question import Question
from exodelivery.fitting.structural.rank import Point, Ranker
from exodelivery.fitting.structural.result import Group, Identifiability, Measurement, Verdict

LAST = ("pool", "population", "parameter by itself")
"""What is named after observables that settle as much."""
MOST_FOR_UNIQUENESS = 14
"""Uniqueness is asked about where states and unknowns together are no more than this."""


def identifiability(
    model: Model,
    observables: str | Sequence[str] | None = None,
    regimen: Regimen | Sequence[Regimen] | None = None,
    *,
    unknown: Sequence[str] | None = None,
    known: Sequence[str] = (),
    seconds: float = 5.0,
) -> Identifiability:
    """Say which unknowns data of a kind could tell, however many and exact, before there are any.

    The rank of the outputs' Taylor coefficients is exact (modulo a prime, at random points). A verdict ``identified``
    holds for almost all values and at least locally; ``globally`` is said only where elimination proves it.

    Parameters
    ----------
    model : Model
    observables : str or sequence of str, optional
        What is measured; all that the model has unless given.
    regimen : Regimen or sequence of Regimen
        What is given, an arm each; doses count as known numbers of any size.
    unknown : sequence of str, optional
        Parameters asked about, by full name or prefix (``"uptake"``), or ``["all"]``; those of blocks that are assumed
        or fitted (all of the blocks' where none is) unless given.
    known : sequence of str
        Parameters, or prefixes, that are taken as known.
    seconds : float
        Time for proving uniqueness, which is tried for small models; 0 leaves it out.

    Returns
    -------
    Identifiability

    Raises
    ------
    FitError
        For an unknown name, a regimen that is not told, or a rate that has no exact Taylor coefficients.

    References
    ----------
    Sedoglavic A. J Symb Comput 2002;33:735. doi:10.1006/jsco.2002.0532

    Examples
    --------
    >>> import exodelivery as exo
    >>> model = exo.load("doxorubicin_human", carrier="none")
    >>> found = identifiability(model, "plasma_total", exo.bolus("30 mg/m2"), unknown=["disposition"])
    >>> found["disposition.CL"].word
    'identified'
    """
    if regimen is None:
        raise FitError("what is given is not told", remedy='pass a regimen, such as exo.bolus("5 mg/kg")')
    regimens = (regimen,) if isinstance(regimen, Regimen) else tuple(regimen)
    if not regimens:
        raise FitError("what is given is not told", remedy="pass at least one regimen")
    seen = (observables,) if isinstance(observables, str) else tuple(observables or ())
    asked = from_model(model, seen, regimens, unknown, known)
    judged = judge(asked.question, asked.observables, asked.others, seconds)
    return _named(judged, asked, model, regimens)


def judge(question: Question, seen: Sequence[str], others: Sequence[str] = (), seconds: float = 5.0) -> Identifiability:
    """Return the verdicts on a question.

    Parameters
    ----------
    question : Question
    seen : sequence of str
        The outputs that are measured.
    others : sequence of str
        Outputs that could be measured too.
    seconds : float
        Time for proving uniqueness.

    Examples
    --------
    >>> from exodelivery.fitting.structural.question import question
    >>> asked = question({"c": "-(k_el + k_rel) * c"}, {"total": "c / V"}, start={"c": "D"}, known=["D"])
    >>> print(judge(asked, ["total"])["k_el"])
    only in k_el + k_rel
    """
    notes: list[str] = []
    question, points = _points(question, seen, others, notes)
    if points[0].space(seen).rank != points[1].space(seen).rank:
        notes.append("two random points disagree in rank, which is rare: ask again")
    point = points[0]
    space = point.space(seen)
    count = len(question.unknowns)
    nulls = space.null()
    open_ = np.any(nulls != 0, axis=0) if len(nulls) else np.zeros(space.width, dtype=bool)
    blocks, groups = _groups(question, seen, space, nulls)
    sure = {} if open_[count:].any() else _uniqueness(question, seen, open_, blocks, seconds)
    verdicts = {}
    for n, symbol in enumerate(question.unknowns):
        verdicts[question.names[symbol]] = _verdict(question, n, symbol, open_, nulls, blocks, sure)
    return Identifiability(
        model="",
        observables=tuple(seen),
        arms=tuple(arm.name for arm in question.arms),
        verdicts=Table(verdicts),
        groups=groups,
        measurements=_measurements(question, point, space, seen, others, open_),
        rank=space.rank,
        unknowns=space.width,
        notes=tuple(notes),
    )


def _named(found: Identifiability, asked: FromModel, model: Model, regimens: Sequence[Regimen]) -> Identifiability:
    kinds = {v.name: v.kind for v in asked.system.variables}
    measured = [
        Measurement(m.name, kinds.get(m.name, "observable") if m.kind == "output" else m.kind, m.settles, m.gain)
        for m in found.measurements
    ]
    seen_by = {m.settles for m in measured if m.kind == "observable"}
    useful = [m for m in measured if m.kind not in ("pool", "population") or m.settles not in seen_by]
    return Identifiability(
        f"{model.name} ({model.carrier.name} in {model.body.name})",
        found.observables,
        tuple(str(regimen) for regimen in regimens),
        found.verdicts,
        found.groups,
        tuple(sorted(useful, key=lambda m: (-len(m.settles), LAST.index(m.kind) if m.kind in LAST else -1))),
        found.rank,
        found.unknowns,
        (*asked.notes, *found.notes),
    )


def _points(
    question: Question, seen: Sequence[str], others: Sequence[str], notes: list[str]
) -> tuple[Question, list[Point]]:
    """Return two random points, the second for what is seen alone.

    Exponents are held, or starts set free, where the expansion cannot begin otherwise.
    """

    def both(asked: Question) -> list[Point]:
        return [Ranker(asked, (*seen, *others)).point(1), Ranker(asked, seen).point(2)]

    try:
        return question, both(question)
    except SingularStartError as error:
        held, names = with_exponents_held(question)
        try:
            points = both(held)
        except SingularStartError:
            freed = with_unknown_starts(question)
            notes.append(
                f"{error.message}, so every start is taken as unknown: what is identified is so, the rest may be yet"
            )
            return freed, both(freed)
        said = f", and {', '.join(names)} is not judged" if names else ""
        notes.append(f"{error.message}, so exponents are held at 2{said}")
        return held, points


def _verdict(
    question: Question,
    n: int,
    symbol: Any,
    open_: Any,
    nulls: Integers,
    blocks: Sequence[tuple[Block, tuple[int, ...]]],
    sure: dict[Any, bool | None],
) -> Verdict:
    name = question.names[symbol]
    if not open_[n]:
        return Verdict(name, "identified", sure.get(symbol))
    if not _is_unseen(nulls, n):
        block, columns = next(item for item in blocks if n in item[1])
        mine = tuple(_text(e, question) for e in block.combinations if symbol in e.free_symbols)
        tied_to = tuple(_column(question, c) for c in columns if c != n)
        return Verdict(name, "in combination", None, mine, tied_to)
    return Verdict(name, "not at all")


def _is_unseen(nulls: Integers, n: int) -> bool:
    """Say whether moving one unknown alone changes nothing that is seen."""
    rows = Rows(nulls.shape[1])
    for row in nulls:
        rows.add(row)
    unit = np.zeros(nulls.shape[1], dtype=np.int64)
    unit[n] = 1
    return rows.holds(unit)


def _column(question: Question, column: int) -> str:
    count = len(question.unknowns)
    if column < count:
        return question.names[question.unknowns[column]]
    _, state = question.free_starts()[column - count]
    return f"the start of {question.names[question.states[state]]}"


def _text(expression: Any, question: Question) -> str:
    import sympy

    named = {symbol: sympy.Symbol(question.names[symbol]) for symbol in expression.free_symbols}
    return str(expression.subs(named)).replace("**", "^").replace("*", "·")


def _groups(
    question: Question, seen: Sequence[str], space: Rows, nulls: Integers
) -> tuple[list[tuple[Block, tuple[int, ...]]], tuple[Group, ...]]:
    count = len(question.unknowns)
    free = [column for column in range(space.width) if column not in set(space.pivots)]
    ties = tied(nulls)
    points = Points(question, seen, [c for columns, _ in ties for c in columns])
    blocks: list[tuple[Block, tuple[int, ...]]] = []
    groups: list[Group] = []
    for columns, freedom in ties:
        if len(columns) == 1:
            if columns[0] < count:
                blocks.append((Block((question.unknowns[columns[0]],), 1), columns))
            continue
        if all(column < count for column in columns):
            block = combinations(points, columns, freedom)
        else:
            block = Block(tuple(question.unknowns[c] for c in columns if c < count), freedom)
        blocks.append((block, columns))
        whole = all(column < count for column in columns)
        groups.append(
            Group(
                tuple(_column(question, c) for c in columns),
                tuple(_text(e, question) for e in block.combinations),
                tuple(_column(question, c) for c in free if c in columns),
                whole and block.complete,
            )
        )
    return blocks, tuple(groups)


def _uniqueness(
    question: Question,
    seen: Sequence[str],
    open_: Any,
    blocks: Sequence[tuple[Block, tuple[int, ...]]],
    seconds: float,
) -> dict[Any, bool | None]:
    small = len(question.states) + len(question.unknowns) <= MOST_FOR_UNIQUENESS
    if seconds <= 0 or not small or len(question.arms) != 1:
        return {}
    wanted = [symbol for n, symbol in enumerate(question.unknowns) if not open_[n]]
    return unique(question, seen, wanted, seconds) if wanted else {}


def _measurements(
    question: Question, point: Point, space: Rows, seen: Sequence[str], others: Sequence[str], open_: Any
) -> tuple[Measurement, ...]:
    """Return outputs and unknowns whose knowledge would settle something, the most settling first."""
    count = len(question.unknowns)
    lacking = [n for n in range(count) if open_[n]]
    if not lacking:
        return ()
    found = []

    def weigh(name: str, kind: str, rows: Sequence[Any], itself: int = -1) -> None:
        more = space.copy()
        for row in rows:
            more.add(row)
        if more.rank == space.rank:
            return
        nulls = more.null()
        settled = [n for n in lacking if n != itself and not (len(nulls) and nulls[:, n].any())]
        names = tuple(question.names[question.unknowns[n]] for n in settled)
        found.append(Measurement(name, kind, names, more.rank - space.rank))

    for name in others:
        weigh(name, "output", point.rows[name])
    for n in lacking:
        unit = np.zeros(space.width, dtype=np.int64)
        unit[n] = 1
        weigh(question.names[question.unknowns[n]], "parameter by itself", [unit], n)
    order = {"output": 0, "parameter by itself": 1}
    useful = [m for m in found if m.settles]
    return tuple(sorted(useful, key=lambda m: (-len(m.settles), order[m.kind], m.gain, m.name)))
