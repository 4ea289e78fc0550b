"""Floor 5, rule ``doses``: a dose is split without loss, and what a dose is counted by makes sense.

A loading's shares are proved to sum to one with sympy; where the vial holds flows, what it conserves is used. Only what
cannot be proved is tried with the values in force.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from exodelivery.checks.case import Case
from exodelivery.checks.findings import Issue, issue_of
from exodelivery.compile.loading import Stage, loading_stage
from exodelivery.compile.symbols import Symbols
from exodelivery.declare.model import Instance
from exodelivery.errors import ExodeliveryError, Place

RULE = "doses"
SHARES: tuple[tuple[str, ...], ...] = (("loaded", "adsorbed", "free"), ("label", "dye"))
"""Outputs of a loading that part one whole between them."""


def check_doses(case: Case) -> Iterator[Issue]:
    """Yield loadings that lose or invent drug, and metrics that no dose can be given by."""
    body, carrier = case.model.body, case.model.carrier
    if not body.routes:
        yield Issue("note", RULE, f"the body {body.name!r} has no route, so takes no dose", body.origin.place())
    blood = any(body.sites[route.site].role == "blood" for route in body.routes.values())
    if blood and body.weight is None:
        yield Issue(
            "warning", RULE, f"the body {body.name!r} has no weight: a dose in mg/kg is refused", body.origin.place()
        )
    for name, quantity in carrier.dose.items():
        if quantity.base <= 0:
            yield Issue("error", RULE, f"{name} is not positive", carrier.origin.place("dose", name))
    instance = next((i for i in case.anatomy.instances if i.slot == "loading"), None)
    if instance is not None:
        yield from _loading(case, instance)
    elif carrier.use:
        yield Issue(
            "note", RULE, f"nothing loads the carrier {carrier.name!r}: it brings no drug", carrier.origin.place("use")
        )


def _loading(case: Case, instance: Instance) -> Iterator[Issue]:
    origin = instance.block.origin
    symbols = Symbols(case.anatomy, case.filled)
    try:
        stage = loading_stage(case.anatomy, symbols)
    except ExodeliveryError as error:
        yield issue_of(error, RULE, place=origin.place("outputs"))
        return
    assert stage is not None
    values = {symbols.parameters[name]: p.quantity.base for name, p in case.anatomy.parameters.items()}
    fractions = [symbols.parameters[name] for name, p in case.anatomy.parameters.items() if p.quantity.scale == "logit"]
    yield from _empty_pools(stage, fractions, origin.place("flows"))
    drug, label = SHARES
    yield from _whole(stage, drug, values, origin.place("outputs", _first(stage, drug)))
    if any(name in stage.outputs for name in label):
        yield from _whole(stage, label, values, origin.place("outputs", _first(stage, label)))
    place = origin.place("outputs", "drug_per_particle")
    per_particle = stage.outputs.get("drug_per_particle")
    if per_particle is None:
        message = "the loading gives no drug_per_particle: doses by particles or protein are refused"
        yield Issue("warning", RULE, message, place)
    elif not set(stage.states) & per_particle.free_symbols and not _number(per_particle, values) > 0:
        yield Issue("error", RULE, "drug_per_particle is not positive", place)


def _empty_pools(stage: Stage, fractions: list[Any], place: Place) -> Iterator[Issue]:
    """Yield an issue for each pool of the vial that could be drawn from when it is empty."""
    import sympy

    pools = dict(zip(stage.states, stage.ledgers, strict=True))
    # States of the block, such as an open share or a pH, are taken positive with the pools, and so are fractions.
    full = {symbol: sympy.Symbol(f"full_{symbol}", positive=True) for symbol in (*stage.states, *fractions)}
    for state, rate in zip(stage.states, stage.rates, strict=True):
        if not pools[state]:
            continue
        left = sympy.expand(sympy.sympify(rate).subs({**full, state: 0}))
        if not left.is_nonnegative:
            all_empty = sympy.sympify(rate).subs(dict.fromkeys(stage.states, 0))
            severity, how = ("error", "is") if all_empty.is_negative else ("warning", "may be")
            message = f"a pool of the vial {how} drawn from when it is empty"
            yield Issue(severity, RULE, message, place, "a rate is its source times something finite")


def _first(stage: Stage, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in stage.outputs), "")


def _whole(stage: Stage, names: tuple[str, ...], values: dict[Any, float], place: Place) -> Iterator[Issue]:
    """Yield an issue unless these outputs are proved to sum to one."""
    import sympy

    total = sum((sympy.sympify(stage.outputs[name]) for name in names if name in stage.outputs), sympy.S.Zero)
    missing = sympy.simplify(_conserved(stage, total) - 1)
    if missing == 0:
        return
    words = " + ".join(name for name in names if name in stage.outputs) or "no output"
    number = _number(missing.subs(dict(zip(stage.states, stage.start, strict=True))), values)
    if math.isfinite(number) and abs(number) > 1e-9:
        message = f"{words} sum to {1 + number:.6g} of the dose, not to 1"
        yield Issue("error", RULE, message, place, f"write one as 1 - the others of {', '.join(names)}")
    elif stage.states:
        message = f"{words} could not be proved to sum to 1 at the end of the loading"
        yield Issue("warning", RULE, message, place, "write one of them as 1 - the others")
    else:
        message = f"{words} sum to 1 at the present values only"
        yield Issue("warning", RULE, message, place, "write one of them as 1 - the others: a fit moves values")


def _conserved(stage: Stage, total: Any) -> Any:
    """Put in what the vial conserves: if its pools neither gain nor lose, the last is the start less the others."""
    import sympy

    drug = [n for n, ledger in enumerate(stage.ledgers) if ledger == "drug"]
    if not drug or sympy.expand(sum(stage.rates[n] for n in drug)) != 0:
        return total
    *others, last = (stage.states[n] for n in drug)
    return total.subs(last, sum(stage.start[n] for n in drug) - sum(others))


def _number(expression: Any, values: dict[Any, float]) -> float:
    found = complex(expression.subs(values).evalf()) if hasattr(expression, "subs") else complex(expression)
    return found.real if found.imag == 0 else math.nan
