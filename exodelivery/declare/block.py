"""Floor 2: a block fills one slot of a model: parameters and flows, with what states and outputs they need.

Blocks never know one another: they move things between places that the body owns, or places of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exodelivery.declare.caution import Caution, as_caution
from exodelivery.declare.coerce import as_expression, as_word, as_words, freeze, members, only
from exodelivery.declare.flow import Flow, as_flow
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.place import Population, Site, as_population, as_site
from exodelivery.declare.quantity import Quantity, as_quantity
from exodelivery.declare.table import Table
from exodelivery.declare.tables import FORMS, PASSENGERS, RESERVED, ROLES, SLOTS, STATUSES
from exodelivery.errors import DeclarationError, nearest
from exodelivery.expr.functions import FUNCTIONS
from exodelivery.expr.tree import Expr
from exodelivery.expr.tree import names as names_in

STAGE_OUTPUTS: tuple[str, ...] = ("loaded", "adsorbed", "free", "drug_per_particle", "label", "dye")
"""What a loading block says of the dose."""

PRODUCT_OUTPUTS: tuple[str, ...] = ("efficiency", "recovery")
"""What it may say of the product besides: the offered drug that stays with carriers, the carriers that are left."""

STRUCTURES: tuple[str, ...] = tuple(status for status in STATUSES if status in ("literature", "assumed"))
"""What the structure of a block can be, in the words for values."""


@dataclass(frozen=True, slots=True)
class State:
    """A quantity of a block that is neither a pool nor a population, e.g. a transit signal."""

    unit: str
    start: Expr
    rate: Expr

    def __post_init__(self) -> None:
        freeze(
            self,
            start=as_expression(self.start, "start", origin=NO_ORIGIN),
            rate=as_expression(self.rate, "rate", origin=NO_ORIGIN),
        )


def as_state(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> State:
    """Read a state from a State or a table with unit, start and rate."""
    if isinstance(given, State):
        return given
    if not isinstance(given, Mapping) or "rate" not in given:
        raise DeclarationError(
            "a state is a table with unit, start and rate",
            where=origin.place(*keys),
            remedy='write { unit = "1", start = "0", rate = "k * (x - y)" }',
        )
    only(given, ("unit", "start", "rate"), "a state", *keys, origin=origin)
    return State(
        as_word(given.get("unit", "1"), *keys, "unit", origin=origin),
        as_expression(given.get("start", 0), *keys, "start", origin=origin),
        as_expression(given["rate"], *keys, "rate", origin=origin),
    )


@dataclass(frozen=True, slots=True)
class Block:
    """Parameters and flows that fill one slot.

    Attributes
    ----------
    kind : str
        The slot that it fills.
    name, about : str
    parameters : Table of Quantity
    flows : Table of Flow
    sites : Table of Site
        Private to the block.
    populations : Table of Population
        Private to the block, e.g. receptors, or cells on their way to death that count as the body's ``dead``.
    states : Table of State
    volumes : Table of Expr
        Apparent volumes by pool, in the place of the site's own.
    start : Table of Expr
        Amounts before the first dose, by pool.
    passengers : Table of str
        Further passenger forms, each with the form whose reading includes it.
    outputs : Table of Expr
        Named results; of a loading, how the dose is split.
    inputs : Table of Quantity
        Declared inputs of time, with the value that holds unless a regimen says otherwise.
    where : tuple of str
        Roles of the sites at which flows written ``here`` are repeated.
    duration : Quantity or None
        How long a loading lasts.
    source : str
        Where the structure was published.
    status : str
        Of the structure: ``literature`` (published, see ``source``) or ``assumed`` (our own form: no equations were
        found in print); empty where nobody has said.
    cautions : Table of Caution
        Where it should not be believed.

    Examples
    --------
    >>> leak = "plasma.loaded -> plasma.free : k * plasma.loaded"
    >>> block = Block("release", parameters={"k": "0.1 1/h"}, flows={"leak": leak})
    >>> block.flows.leak.target
    'plasma.free'
    """

    kind: str
    name: str = ""
    about: str = ""
    parameters: Table[Quantity] = field(default_factory=Table)
    flows: Table[Flow] = field(default_factory=Table)
    sites: Table[Site] = field(default_factory=Table)
    populations: Table[Population] = field(default_factory=Table)
    states: Table[State] = field(default_factory=Table)
    volumes: Table[Expr] = field(default_factory=Table)
    start: Table[Expr] = field(default_factory=Table)
    passengers: Table[str] = field(default_factory=Table)
    outputs: Table[Expr] = field(default_factory=Table)
    inputs: Table[Quantity] = field(default_factory=Table)
    where: tuple[str, ...] = ()
    duration: Quantity | None = None
    source: str = ""
    status: str = ""
    cautions: Table[Caution] = field(default_factory=Table)
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    def __post_init__(self) -> None:
        origin = self.origin
        if self.kind not in SLOTS:
            raise DeclarationError(
                f"no slot is called {self.kind!r}",
                where=origin.place("kind"),
                remedy=nearest(self.kind, SLOTS),
            )
        names = {*RESERVED, *FUNCTIONS}
        freeze(
            self,
            **{key: as_word(getattr(self, key), key, origin=origin) for key in ("name", "about", "source", "status")},
            parameters=members(self.parameters, as_quantity, "parameters", origin=origin, reserved=names),
            flows=members(self.flows, as_flow, "flows", origin=origin),
            sites=members(self.sites, as_site, "sites", origin=origin, reserved=names),
            populations=members(self.populations, as_population, "populations", origin=origin, reserved=names),
            states=members(self.states, as_state, "states", origin=origin, reserved=names),
            volumes=members(self.volumes, as_expression, "volumes", origin=origin, dotted=True),
            start=members(self.start, as_expression, "start", origin=origin, dotted=True),
            passengers=members(self.passengers, as_word, "passengers", origin=origin, reserved=names),
            outputs=members(self.outputs, as_expression, "outputs", origin=origin),
            inputs=members(self.inputs, as_quantity, "inputs", origin=origin, reserved=names),
            cautions=members(self.cautions, as_caution, "cautions", origin=origin),
            where=as_words(self.where, "where", origin=origin),
            duration=None if self.duration is None else as_quantity(self.duration, "duration", origin=origin),
        )
        self._verify()

    def _verify(self) -> None:
        seen: dict[str, str] = {}
        for group in ("parameters", "sites", "populations", "states", "inputs", "outputs"):
            for name in getattr(self, group):
                if name in seen:
                    raise DeclarationError(
                        f"{name!r} is declared twice, in {seen[name]} and in {group}",
                        where=self.origin.place(group, name),
                        remedy="one name, one thing",
                    )
                seen[name] = group
        if self.status and self.status not in STRUCTURES:
            raise DeclarationError(
                f"the structure of a block cannot be {self.status!r}",
                where=self.origin.place("status"),
                remedy=nearest(self.status, STRUCTURES),
            )
        if self.status == "literature" and not self.source:
            raise DeclarationError(
                "a structure from the literature names its source",
                where=self.origin.place("status"),
                remedy='write source = "author, journal, doi", or status = "assumed"',
            )
        for role in self.where:
            if role not in ROLES:
                raise DeclarationError(
                    f"no role is called {role!r}",
                    where=self.origin.place("where"),
                    remedy=nearest(role, ROLES),
                )
        for name, parent in self.passengers.items():
            if parent not in PASSENGERS or name in FORMS:
                raise DeclarationError(
                    f"the passenger {name!r} must ride as one of {', '.join(PASSENGERS)}",
                    where=self.origin.place("passengers", name),
                )
        for name, flow in self.flows.items():
            self._verify_flow(name, flow)
        for name in self.outputs:
            if name in _reached(name, self.outputs):
                raise DeclarationError(
                    f"the output {name!r} is defined by itself", where=self.origin.place("outputs", name)
                )
        if self.kind == "loading":
            known = (*STAGE_OUTPUTS, *PRODUCT_OUTPUTS)
            steps = {path for expr in self._read() for path in names_in(expr)}
            told = {name: expr for name, expr in self.outputs.items() if name not in steps}
            only(told, known, "a loading's outputs", "outputs", origin=self.origin)
        elif self.duration is not None:
            raise DeclarationError("only a loading has a duration", where=self.origin.place("duration"))

    def _read(self) -> Iterator[Expr]:
        """Yield every expression in which a step of the outputs can be read."""
        yield from self.outputs.values()
        yield from self.start.values()
        for flow in self.flows.values():
            yield from (rate for rate in (flow.rate, flow.back) if rate is not None)
        for state in self.states.values():
            yield from (state.start, state.rate)
        for caution in self.cautions.values():
            yield from (caution.measure, caution.bound)

    def _verify_flow(self, name: str, flow: Flow) -> None:
        place = self.origin.place("flows", name)
        contents = flow.contents if isinstance(flow.contents, Table) else Table[str]()
        for what, table, known in (
            ("passenger", flow.passengers, {*PASSENGERS, *self.passengers}),
            ("form", contents, {*FORMS, *self.passengers}),
        ):
            for form in table:
                if form not in known:
                    raise DeclarationError(f"no {what} is called {form!r}", where=place, remedy=nearest(form, known))
        paths = {flow.source, flow.target, *names_in(flow.rate), *(names_in(flow.back) if flow.back else ())}
        if not self.where and any(path.partition(".")[0] == "here" for path in paths):
            raise DeclarationError(
                "a flow written here needs the roles of the sites that it is repeated at",
                where=place,
                remedy='write where = ["tissue"] above the tables',
            )

    def _repr_html_(self) -> str:
        from exodelivery.declare.show_parts import block_html

        return block_html(self)


def _reached(name: str, outputs: Mapping[str, Expr]) -> set[str]:
    """Return the outputs that an output reads, at any depth."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {path for path in names_in(outputs[waiting.pop()]) if path in outputs} - found
        found |= new
        waiting.extend(new)
    return found
