"""Floor 4: parameters that change with time as states of their own.

A solver restarts at every breakpoint, adds what jumps there and integrates constant inputs, so an input that steps or
follows straight lines *is* a state without a rate of its own: its steps are jumps, its slopes inputs. Derivatives by
time then stand in the Jacobian, where every solver has them exactly.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from exodelivery.compile.system import Movement, System, Variable
from exodelivery.declare.model import Model, instances, parameters_of
from exodelivery.declare.table import Table
from exodelivery.errors import DeclarationError, SimulationError, nearest

OF_A_BODY: tuple[str, ...] = ("body.weight", "body.surface")
"""What of a body may be given over time, besides the inputs that blocks declare."""


def inputs_of(model: Model) -> tuple[str, ...]:
    """Return the full names of what a regimen may give over time."""
    known = parameters_of(model)
    declared = [f"{instance.prefix}.{name}" for instance in instances(model) for name in instance.block.inputs]
    return tuple(name for name in (*OF_A_BODY, *declared) if name in known)


def require_inputs(model: Model, names: tuple[str, ...]) -> None:
    """Raise unless all names may be given over time.

    Raises
    ------
    SimulationError
        For an unknown name, or a parameter that is constant.
    """
    allowed = inputs_of(model)
    for name in names:
        if name in allowed:
            continue
        if name in parameters_of(model):
            raise SimulationError(
                f"{name} is a parameter, and constant", remedy="declare it among the [inputs] of its block"
            )
        raise SimulationError(
            f"the model has no input {name!r}",
            remedy=nearest(name, allowed) if allowed else "none is declared: a block names them under [inputs]",
        )


@lru_cache(maxsize=64)
def with_inputs(system: System, names: tuple[str, ...]) -> System:
    """Return a system in which parameters are states that start at their values.

    Parameters
    ----------
    system : System
    names : tuple of str
        Full names; those that nothing in the equations uses are passed over.

    Raises
    ------
    DeclarationError
        If something starts from such a parameter: what holds before time is one value.
    """
    import sympy

    places = {parameter.name: n for n, parameter in enumerate(system.parameters)}
    equations = system.equations
    used = set().union(*(_symbols(value) for value in (*equations.rates, *equations.outputs, *_conditions(system))))
    moved = [name for name in names if name in places and equations.parameters[places[name]] in used]
    starting = set().union(*(_symbols(value) for value in equations.start))
    for name in moved:
        if equations.parameters[places[name]] in starting:
            raise DeclarationError(
                f"a start reads {name}, which is given over time", remedy="let the start read a parameter of its own"
            )
    symbols = [equations.parameters[places[name]] for name in moved]
    first = len(equations.states)
    states = [sympy.Symbol(f"x{first + n}", real=True) for n in range(len(moved))]
    mapping = dict(zip(symbols, states, strict=True))

    def put(expression: Any) -> Any:
        return sympy.sympify(expression).xreplace(mapping)

    return replace(
        system,
        variables=(
            *system.variables,
            *(Variable(name, "input", system.parameters[places[name]].quantity.unit.text, "") for name in moved),
        ),
        movements=tuple(
            Movement(m.flow, m.source, m.target, put(m.rate), m.ledger, m.rides, m.place) for m in system.movements
        ),
        equations=replace(
            equations,
            states=(*equations.states, *states),
            rates=(*(put(rate) for rate in equations.rates), *(sympy.Integer(0) for _ in moved)),
            start=(*equations.start, *symbols),
            outputs=tuple(put(output) for output in equations.outputs),
        ),
        conditions=Table(
            {text: tuple((put(a), put(b)) for a, b in sides) for text, sides in system.conditions.items()}
        ),
    )


def _conditions(system: System) -> list[Any]:
    return [side for sides in system.conditions.values() for pair in sides for side in pair]


def _symbols(expression: Any) -> set[Any]:
    found: set[Any] = getattr(expression, "free_symbols", set())
    return found
