"""Floor 4: a model laid flat: variables, movements between them, and the equations that follow.

Each movement takes from one variable what it gives to another, so a ledger can be summed by anyone; names live here and
in reports, while the equations bear reserved symbols only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exodelivery.compile.equations import Equations
from exodelivery.compile.expand import LeftOut
from exodelivery.declare.model import Model, Parameter
from exodelivery.declare.table import Table
from exodelivery.errors import Place


@dataclass(frozen=True, slots=True)
class Variable:
    """A state of the flat system.

    Attributes
    ----------
    name : str
        A pool, a population, ``block.state``, or an account: ``out.drug``, ``in.cell``, ``pruned.label``.
    kind : str
        pool, population, state, account or input.
    unit : str
        In the base system.
    ledger : str
        The ledger that it is part of; empty for a state.
    """

    name: str
    kind: str
    unit: str
    ledger: str


@dataclass(frozen=True, slots=True)
class Movement:
    """An amount per time that leaves one variable and enters another.

    Attributes
    ----------
    flow : str
        The flow that causes it.
    source, target : str
        Variables; an account where it comes from or goes outside.
    rate : sympy.Expr
    ledger : str
    rides : bool
        A passenger or contents, moved by what carries it.
    """

    flow: str
    source: str
    target: str
    rate: Any
    ledger: str
    rides: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Column:
    """An observable in the equations' outputs.

    Attributes
    ----------
    name, unit : str
        As declared.
    factor : float
        Divides the base value to give the declared unit.
    error : str
        Its error model.
    """

    name: str
    unit: str
    factor: float
    error: str
    about: str


@dataclass(frozen=True, slots=True)
class Loading:
    """The stage in the vial: equations of its own, and how it splits the dose.

    Attributes
    ----------
    equations : Equations or None
        None when the split is plain algebra.
    duration : sympy.Expr or None
    outputs : Table of sympy.Expr
        ``loaded``, ``adsorbed``, ``free``, ``drug_per_particle`` (all forms) [nmol/1e9 particle], ``label``, ``dye``,
        and of the product ``efficiency`` and ``recovery``, in the stage's states and the system's parameters.
    """

    equations: Equations | None
    duration: Any
    outputs: Table[Any]


@dataclass(frozen=True, slots=True)
class System:
    """A model laid flat.

    Attributes
    ----------
    model : Model
    variables : tuple of Variable, (states,)
    parameters : tuple of Parameter, (parameters,)
        Those that the equations, the loading or the doses use, in the order of the reserved symbols.
    movements : tuple of Movement
    columns : tuple of Column, (outputs,)
    unavailable : Table of str
        Observables that this model cannot give, with the reason.
    left_out : tuple of LeftOut
    loading : Loading or None
    routes : Table of Table
        For each route, the variable (or pruned account) that each form of a dose enters; the same for pools that
        doses enter by name.
    equations : Equations
    terms : Table of Table
        For each route that says so, its lag, bioavailability, duration or rate, in the system's parameters.
    conditions : Table of tuple
        What doses wait for, by its text: pairs of expressions, each first above its second where it holds.
    """

    model: Model
    variables: tuple[Variable, ...]
    parameters: tuple[Parameter, ...]
    movements: tuple[Movement, ...]
    columns: tuple[Column, ...]
    unavailable: Table[str]
    left_out: tuple[LeftOut, ...]
    loading: Loading | None
    routes: Table[Table[str]]
    equations: Equations
    terms: Table[Table[Any]] = field(default_factory=Table)
    conditions: Table[tuple[tuple[Any, Any], ...]] = field(default_factory=Table)

    def index(self, variable: str) -> int:
        """Return the position of a variable among the states."""
        return next(i for i, known in enumerate(self.variables) if known.name == variable)

    @property
    def ledgers(self) -> tuple[str, ...]:
        """The ledgers that this system keeps."""
        return tuple(dict.fromkeys(variable.ledger for variable in self.variables if variable.ledger))
