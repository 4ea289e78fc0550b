"""Floor 7: a model, what is seen of it and its doses as the question of an identifiability test.

Doses count as known numbers of generic size. A vial whose split takes an integration is asked about by its split,
since its own unknowns reach the animal through that alone. Only the doses of the first moment are looked at: later ones
can but add to what is said to be identified.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exodelivery.compile.machine import Machine
from exodelivery.compile.system import System
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Dose, Regimen
from exodelivery.declare.table import Table
from exodelivery.errors import FitError, nearest
from exodelivery.fitting.structural.jets import NotRationalError, Program
from exodelivery.fitting.structural.question import Arm, Question
from exodelivery.solve.dosing import is_pool
from exodelivery.solve.simulate import machine_for, run

ASKED = ("assumed", "fitted")
"""Status of the values that are asked about unless told otherwise."""
SOON = 1e-3
"""How long after the first dose branches are read [h]."""
BY_THEMSELVES = ("body.", "drug.", "carrier.")
"""Parameters that are measured by themselves, and count as known unless they are named."""


@dataclass(frozen=True, slots=True)
class FromModel:
    """A question with what it came from."""

    question: Question
    system: System
    observables: tuple[str, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]


def from_model(
    model: Model,
    observables: Sequence[str],
    regimens: Sequence[Regimen],
    unknown: Sequence[str] | None,
    known: Sequence[str],
) -> FromModel:
    """Return the question; outputs are all observables and all pools, those asked for first.

    Raises
    ------
    FitError
        For an unknown observable or parameter, or a rate that has no exact Taylor coefficients.
    """
    system = machine_for(model, sum(regimens[1:], regimens[0])).system
    equations = system.equations
    named = {column.name: output for column, output in zip(system.columns, equations.outputs, strict=True)}
    wanted = tuple(observables) or tuple(named)
    for name in wanted:
        if name not in named:
            why = system.unavailable.get(name)
            raise FitError(
                f"the model has no observable {name!r}",
                remedy=f"it is unavailable: {why}" if why else nearest(name, named),
            )
    parameters = dict(zip(equations.parameters, system.parameters, strict=True))
    asked = _asked(system, unknown, known)
    delivery = _Delivery(system, asked)
    arms = tuple(delivery.arm(n, regimen) for n, regimen in enumerate(regimens))
    stage = tuple(delivery.split.values())
    names = {symbol: parameter.name for symbol, parameter in parameters.items()}
    names |= {symbol: f"loading.{part}" for part, symbol in delivery.split.items()}
    names |= {s: v.name for s, v in zip(equations.states, system.variables, strict=True)}
    notes = list(delivery.notes)
    branch = _Branches(system, regimens[0])
    rates = tuple(branch.taken(rate) for rate in equations.rates)
    _require_rational(system, rates)
    outputs: dict[str, Any] = {}
    probe = Program([*equations.parameters, *equations.states, equations.time])
    for name, output in named.items():
        try:
            outputs[name] = branch.taken(output)
            probe.add(outputs[name])
        except NotRationalError as error:
            if name in wanted:
                raise NotRationalError(f"the observable {name!r}: {error.message}", remedy=error.remedy) from None
            notes.append(f"{name} is not looked at: {error.message}")
            outputs.pop(name, None)
    if branch.used:
        notes.append(
            "where a rate has branches (max, min, when), the one in force right after the first dose is looked at"
        )
    pools = {
        v.name: s
        for v, s in zip(system.variables, equations.states, strict=True)
        if v.kind in ("pool", "population") and v.name not in outputs
    }
    used = set().union(
        *(e.free_symbols for e in (*rates, *outputs.values())), *(a.free_symbols for arm in arms for a in _of(arm))
    )
    unknowns = tuple(p for p, parameter in parameters.items() if parameter.name in asked and p in used)
    timed = equations.time if equations.time in used else None
    question = Question(
        equations.states,
        rates,
        Table(outputs | pools),
        unknowns + tuple(symbol for symbol in stage if symbol in used),
        names,
        arms=arms,
        time=timed,
    )
    if delivery.replaced and any(symbol in used for symbol in stage):
        notes.append(f"the vial is asked about by its split: {', '.join(f'loading.{part}' for part in delivery.split)}")
    if unknown is None:
        notes.append(
            "values of body, drug and dose count as known, and measured, literature and derived ones, unless all are"
        )
    return FromModel(question, system, wanted, tuple(n for n in (*outputs, *pools) if n not in wanted), tuple(notes))


def _of(arm: Arm) -> Iterable[Any]:
    import sympy

    return (sympy.sympify(e) for e in (*arm.start, *arm.feeds) if e is not None)


def _asked(system: System, unknown: Sequence[str] | None, known: Sequence[str]) -> set[str]:
    """Return the names of the parameters that are asked about; a prefix stands for all that begin with it."""
    names = [parameter.name for parameter in system.parameters]

    def meant(texts: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for text in texts:
            fits = {name for name in names if name == text or name.startswith(f"{text}.")}
            if not fits:
                raise FitError(f"the model uses no parameter {text!r}", remedy=nearest(text, names))
            found |= fits
        return found

    if unknown is None:
        own = [p for p in system.parameters if not p.name.startswith(BY_THEMSELVES)]
        chosen = {p.name for p in own if p.quantity.status in ("", *ASKED)} or {p.name for p in own}
    else:
        chosen = set(names) if tuple(unknown) == ("all",) else meant(unknown)
    return chosen - meant(known)


class _Branches:
    """Which branch of a maximum, a minimum or a condition is in force right after the first dose."""

    def __init__(self, system: System, regimen: Regimen) -> None:
        equations = system.equations
        values = np.array([parameter.quantity.base for parameter in system.parameters])
        first = min((dose.at for dose in regimen.single_doses), default=0.0)
        soon = run(Machine(system), values, regimen, first + SOON, solver_name="lsoda")
        if not soon:
            raise FitError(
                f"the run from which branches are read failed: {soon.outcome.what}", remedy=soon.outcome.remedy
            )
        states = soon.solution.states[-1]
        self.at: dict[Any, float] = dict(zip(equations.parameters, map(float, values), strict=True))
        self.at |= dict(zip(equations.states, map(float, states), strict=True))
        self.at[equations.time] = first + SOON
        self.used = False

    def taken(self, expression: Any) -> Any:
        """Return an expression without branches; one whose sides are equal at the start keeps its branches."""
        import sympy

        def extreme(e: Any) -> Any:
            if len(e.args) == 2 and sympy.Integer(0) in e.args and isinstance(e, sympy.Max):
                return e
            sizes = [float(_plain(part).subs(self.at)) for part in e.args]
            order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=isinstance(e, sympy.Max))
            if sizes[order[0]] == sizes[order[1]]:
                return e
            self.used = True
            return e.args[order[0]]

        def piece(e: Any) -> Any:
            for value, condition in e.args:
                truth = sympy.sympify(condition).subs(self.at)
                if truth == sympy.true:
                    self.used = True
                    return value
                if truth != sympy.false:
                    return e
            return e

        plain = _plain(expression)
        plain = plain.replace(lambda e: isinstance(e, (sympy.Max, sympy.Min)), extreme)
        return plain.replace(lambda e: isinstance(e, sympy.Piecewise), piece)


def _plain(expression: Any) -> Any:
    import sympy

    return sympy.sympify(expression)


def _require_rational(system: System, rates: Sequence[Any]) -> None:
    probe = Program([*system.equations.parameters, *system.equations.states, system.equations.time])
    for variable, rate in zip(system.variables, rates, strict=True):
        try:
            probe.add(rate)
        except NotRationalError as error:
            flows = {move.flow for move in system.movements if variable.name in (move.source, move.target)}
            raise NotRationalError(
                f"{variable.name} has a rate without exact Taylor coefficients ({error.message}); its flows are "
                f"{', '.join(sorted(flows))}",
                remedy=error.remedy,
            ) from None


class _Delivery:
    """What doses put where, in symbols."""

    def __init__(self, system: System, asked: set[str]) -> None:
        import sympy

        self.system, self.sympy = system, sympy
        self.notes: dict[str, None] = {}
        self.split: dict[str, Any] = {}
        self.replaced: set[str] = set()
        self.named = dict(zip((p.name for p in system.parameters), system.equations.parameters, strict=True))
        self.parts = self._parts(asked)

    def _parts(self, asked: set[str]) -> dict[str, Any]:
        one, zero = self.sympy.Integer(1), self.sympy.Integer(0)
        parts: dict[str, Any] = {"loaded": zero, "adsorbed": zero, "free": zero, "label": one, "dye": zero}
        if not self.system.model.carrier.use:
            return {**parts, "free": one, "label": zero}
        loading = self.system.loading
        if loading is None:
            return parts
        if loading.equations is None:
            return parts | {name: self.sympy.sympify(e) for name, e in loading.outputs.items()}
        self.replaced = {name for name in asked if name.startswith("loading.")}
        for name, e in loading.outputs.items():
            if name in ("loaded", "adsorbed", "drug_per_particle", "label") and self.sympy.sympify(e).free_symbols:
                self.split[name] = self.sympy.Symbol(f"v{len(self.split)}", positive=True)
        parts |= {name: self.sympy.sympify(e) for name, e in loading.outputs.items() if name not in self.split}
        parts |= self.split
        if "loaded" in self.split:
            parts["free"] = 1 - parts["loaded"] - parts["adsorbed"]
        if "label" in self.split:
            parts["dye"] = 1 - parts["label"]
        if not self.replaced:
            self.split = {}  # the vial is known, and so is its split: symbols that count as known numbers
        return parts

    def arm(self, n: int, regimen: Regimen) -> Arm:
        """Return where an arm starts and what it is fed."""
        system, equations = self.system, self.system.equations
        start = [self.sympy.sympify(e) for e in equations.start]
        feeds = [self.sympy.Integer(0)] * len(start)
        if regimen.resets or any(dose.steady_state for dose in regimen.doses):
            self._note("resets and steady states are not looked at, the first doses alone are")
        doses = regimen.single_doses
        first = min((dose.at for dose in doses), default=0.0)
        if any(dose.at > first for dose in doses):
            self._note("doses after the first are not looked at: what they add can only settle more")
        place = {variable.name: i for i, variable in enumerate(system.variables)}
        fed = False
        for m, dose in enumerate(dose for dose in doses if dose.at == first):
            terms = dict(system.terms.get(dose.route, {}))
            share = terms.get("bioavailability", 1)
            if "lag" in terms and self.sympy.sympify(terms["lag"]).free_symbols:
                self._note(f"the lag of {dose.route} is not looked at: it shifts the curve, and is seen as such")
            slow = dose.over > 0 or "duration" in terms or "rate" in terms
            over = terms.get("duration", self.sympy.Symbol(f"over{n}_{m}", positive=True))
            for form, amount in self._forms(dose, f"dose{n}_{m}").items():
                target = system.routes[dose.route].get(form)
                if target not in place:
                    continue
                if slow:
                    feeds[place[target]] += share * amount / over
                    fed = True
                else:
                    start[place[target]] += share * amount
        return Arm(str(regimen), tuple(start), tuple(feeds) if fed else ())

    def _note(self, text: str) -> None:
        self.notes[text] = None

    def _forms(self, dose: Dose, symbol: str) -> dict[str, Any]:
        """Return what a dose puts into each form: a known number times what the model makes of it."""
        amount, parts = self.sympy.Symbol(symbol, positive=True), self.parts
        counted = dose.counted
        if is_pool(dose.route):
            return dict.fromkeys(self.system.routes[dose.route], amount)
        for per, name in (("weight", "body.weight"), ("surface", "body.surface")):
            if counted.per == per and name in self.named:
                amount = amount * self.named[name]
        found: dict[str, Any] = {}
        if counted.metric == "label":
            return {"label": amount * parts["label"], "dye": amount * parts["dye"]}
        content = parts.get("drug_per_particle")
        if counted.metric == "drug":
            drug = amount
            particles = amount / content if content is not None else None
        else:
            particles = amount
            if counted.metric == "protein":
                particles = amount * self.named["carrier.particles_per_protein"]
            drug = particles * content if content is not None else self.sympy.Integer(0)
        found |= {form: drug * parts[form] for form in ("loaded", "adsorbed", "free")}
        if particles is not None:
            found["carrier"] = particles
        if dose.label:
            tracer = self.sympy.Symbol(f"{symbol}_label", positive=True)
            found |= {"label": tracer * parts["label"], "dye": tracer * parts["dye"]}
        return found


def with_exponents_held(question: Question) -> tuple[Question, tuple[str, ...]]:
    """Return the question with parameters that stand as exponents held at 2, and their names.

    A power of an empty pool has no Taylor coefficients; with a whole exponent it has. A rank at one exponent is never
    larger than that at most others, so what is found to be identified stays so.
    """
    import sympy

    everything = [sympy.sympify(e) for e in (*question.rates, *question.outputs.values())]
    exponents = set().union(*(p.exp.free_symbols for e in everything for p in e.atoms(sympy.Pow)))
    if not exponents or exponents & set(question.states):
        return question, ()
    held = dict.fromkeys(exponents, sympy.Integer(2))
    names = tuple(sorted(question.names[symbol] for symbol in exponents if symbol in question.unknowns))
    return (
        replace(
            question,
            rates=tuple(sympy.sympify(e).subs(held) for e in question.rates),
            outputs=Table({name: sympy.sympify(e).subs(held) for name, e in question.outputs.items()}),
            unknowns=tuple(symbol for symbol in question.unknowns if symbol not in held),
        ),
        names,
    )


def with_unknown_starts(question: Question) -> Question:
    """Return the question with every start unknown: what is identified then is so from the doses' start too."""
    arms = tuple(replace(arm, start=(None,) * len(arm.start)) for arm in question.arms)
    return replace(question, arms=arms)
