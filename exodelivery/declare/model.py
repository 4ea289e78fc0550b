"""Floor 2: a model = body + drug + carrier + efflux, growth, effect, shedding + observables.

Everything that can be swapped is a member; a change returns a new model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exodelivery.declare.block import Block
from exodelivery.declare.coerce import as_expression, as_word, freeze, members, only
from exodelivery.declare.origin import NO_ORIGIN, Origin
from exodelivery.declare.parts import Body, Carrier, Drug, as_block, as_settings, as_use
from exodelivery.declare.quantity import Quantity, as_quantity
from exodelivery.declare.table import Table
from exodelivery.declare.tables import ERRORS, GRADES, PARTS, SLOTS
from exodelivery.errors import DeclarationError, Place, nearest
from exodelivery.expr.tree import Expr
from exodelivery.units import base_unit


@dataclass(frozen=True, slots=True)
class Observable:
    """What a study would measure: a formula over pools, in a unit, with an error model."""

    formula: Expr
    unit: str
    error: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        freeze(self, formula=as_expression(self.formula, "formula", origin=NO_ORIGIN))


def as_observable(given: Any, *keys: str, origin: Origin = NO_ORIGIN) -> Observable:
    """Read an observable from an Observable or a table with formula and unit."""
    if isinstance(given, Observable):
        return given
    if not isinstance(given, Mapping) or not {"formula", "unit"} <= set(given):
        raise DeclarationError(
            "an observable is a table with formula and unit",
            where=origin.place(*keys),
            remedy='write { formula = "conc(plasma.free)", unit = "nmol/mL" }',
        )
    only(given, ("formula", "unit", "error", "about"), "an observable", *keys, origin=origin)
    error = as_word(given.get("error", ""), *keys, "error", origin=origin)
    if error and error not in ERRORS:
        raise DeclarationError(
            f"no error model is called {error!r}", where=origin.place(*keys), remedy=nearest(error, ERRORS)
        )
    return Observable(
        as_expression(given["formula"], *keys, "formula", origin=origin),
        as_word(given["unit"], *keys, "unit", origin=origin),
        error,
        as_word(given.get("about", ""), *keys, "about", origin=origin),
    )


@dataclass(frozen=True, slots=True)
class Instance:
    """A block in its slot, under the prefix that its names bear in the model."""

    prefix: str
    slot: str
    block: Block


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a model by its full name, after every ``[set]``.

    Attributes
    ----------
    name : str
        E.g. ``"uptake.PS"`` or ``"body.V_plasma"``.
    quantity : Quantity
    identity : str
        Block, parameter and owners: what a joint fit shares.
    place : Place
        Where the value in force was written.
    """

    name: str
    quantity: Quantity
    identity: str
    place: Place


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be checked, simulated and fitted.

    Attributes
    ----------
    name, about : str
    body : Body
    drug : Drug
    carrier : Carrier
    use : Table of Block
        Efflux, shedding, growth and effect.
    observables : Table of Observable
    set : Table of Quantity
        Values laid over those of its parts and blocks.
    source, grade : str
        Of a whole published model: the paper, and how well it was seen (a row of
        :data:`~exodelivery.declare.tables.GRADES`).
    verified : bool
        Whether a second person has compared it with the paper.
    against : str
        What it was held against, and what came of it; ``exo qualify`` does it again.

    Examples
    --------
    >>> import exodelivery as exo
    >>> model = exo.load("doxorubicin_mouse")
    >>> model.swap(carrier="none").carrier.name
    'none'
    """

    name: str = ""
    about: str = ""
    body: Body = field(default_factory=Body)
    drug: Drug | None = None
    carrier: Carrier = field(default_factory=Carrier)
    use: Table[Any] = field(default_factory=Table)
    observables: Table[Observable] = field(default_factory=Table)
    set: Table[Quantity] = field(default_factory=Table)
    source: str = ""
    grade: str = ""
    verified: bool = False
    against: str = ""
    origin: Origin = field(default=NO_ORIGIN, compare=False, repr=False)

    def __post_init__(self) -> None:
        origin = self.origin
        for part, kind in (("body", Body), ("drug", Drug), ("carrier", Carrier)):
            given = getattr(self, part)
            if isinstance(given, str):
                # The shelf reads files by these constructors; see parts.as_block.
                from exodelivery.declare.shelf import find

                freeze(self, **{part: find(given, part, where=origin.place(part))})
            elif not isinstance(given, kind):
                raise DeclarationError(
                    f"a model needs a {part}",
                    where=origin.place(part),
                    remedy=f'write {part} = "name"; see exo list',
                )
        freeze(
            self,
            name=as_word(self.name, "name", origin=origin),
            **{key: as_word(getattr(self, key), key, origin=origin) for key in ("about", "source", "grade", "against")},
            use=as_use(self.use, "model", origin),
            observables=members(self.observables, as_observable, "observables", origin=origin),
            set=as_settings(self.set, origin),
        )
        self._verify()

    @property
    def is_published(self) -> bool:
        """Whether it is a whole model of a paper, which stands as it was printed: it says its grade."""
        return bool(self.grade)

    def _verify(self) -> None:
        if self.grade and (self.grade not in GRADES or not self.source):
            raise DeclarationError(
                f"a published model has a grade and a source, not {self.grade!r} and {self.source!r}",
                where=self.origin.place("grade"),
                remedy=f"grades: {', '.join(GRADES)}",
            )
        if not isinstance(self.verified, bool):
            raise DeclarationError("verified is true or false", where=self.origin.place("verified"))
        known = {name: parameter.quantity for name, parameter in declared_parameters(self)}
        prefixes = {instance.prefix for instance in instances(self)} | set(PARTS)
        holders = (("model", self), ("carrier", self.carrier), ("drug", self.drug), ("body", self.body))
        for holder, part in holders:
            assert part is not None
            for name, quantity in part.set.items():
                prefix = name.rpartition(".")[0]
                place = part.origin.place("set", name)
                # A model may set values of a block that is not in use now; parts set those of their own blocks only.
                if prefix not in prefixes and (holder != "model" or prefix.partition(".")[0] not in SLOTS):
                    raise DeclarationError(
                        f"[set] of {holder} {part.name!r} names no block in use: {name!r}",
                        where=place,
                        remedy=nearest(prefix, prefixes),
                    )
                if prefix in prefixes and name not in known:
                    raise DeclarationError(
                        f"[set] names no parameter: {name!r}", where=place, remedy=nearest(name, known)
                    )
                if name in known and quantity.dimension != known[name].dimension:
                    raise DeclarationError(
                        f"{name} has the dimension {known[name].dimension}, not {quantity.dimension}",
                        where=place,
                        remedy=f"write it like {known[name].value!r}",
                    )
        for name in self.observables:
            if name in self.body.populations:
                raise DeclarationError(
                    f"{name!r} is a population, and cannot be an observable too",
                    where=self.origin.place("observables", name),
                    remedy="one name, one thing",
                )

    def swap(self, **changes: Any) -> Model:
        """Return this model with a part or a block replaced, by name or object.

        Parameters
        ----------
        **changes
            ``body=``, ``drug=``, ``carrier=``, or any slot, e.g. ``uptake="leaky_vessels"``; ``None`` empties a slot
            that may be empty.

        Raises
        ------
        DeclarationError
            For a word that is neither part nor slot.
        """
        model = self
        for name, given in changes.items():
            if name in PARTS:
                model = _fitted(model, name, given)
            elif name in SLOTS:
                model = _swap_block(model, name, given)
            else:
                known = [*PARTS, *SLOTS]
                raise DeclarationError(f"a model has no part or slot {name!r}", remedy=nearest(name, known))
        return model

    def with_values(self, values: Mapping[str, Any]) -> Model:
        """Return this model with values laid over it, by full name.

        Parameters
        ----------
        values : mapping
            ``{"uptake.PS": "0.02 mL/h"}``, a number in base units, or a Quantity. A text or a number is an assumption
            from then on: the source of the old value goes, its range stays where the new value lies inside.

        Raises
        ------
        DeclarationError
            For an unknown name, or a value of another dimension.
        """
        parameters = parameters_of(self)
        found: dict[str, Quantity] = {}
        for name, value in values.items():
            if name not in parameters:
                raise DeclarationError(f"no parameter is called {name!r}", remedy=nearest(name, parameters))
            old = parameters[name].quantity
            given = f"{float(value)!r} {base_unit(old.dimension)}" if isinstance(value, int | float) else value
            new = as_quantity(given, "set", name)
            if not isinstance(value, Quantity):
                new = replace(new, about=old.about, status="assumed", owner=old.owner, range=_range_around(new, old))
            found[name] = new
        return replace(self, set=self.set | found)

    def __str__(self) -> str:
        from exodelivery.declare.show import model_text

        return model_text(self)

    def _repr_html_(self) -> str:
        from exodelivery.declare.show import model_html

        return model_html(self)


def _swap_block(model: Model, slot: str, given: Any) -> Model:
    holder = SLOTS[slot].holder
    part = model if holder == "model" else getattr(model, holder)
    members_left = {name: value for name, value in part.use.items() if name != slot}
    if given is None:
        if not SLOTS[slot].may_be_empty:
            raise DeclarationError(f"the slot {slot} may not be empty", remedy="give a block, or swap the carrier")
    elif isinstance(given, Mapping):
        members_left[slot] = given
    else:
        members_left[slot] = as_block(given, "use", slot)
    kept = {name: value for name, value in part.set.items() if not name.startswith(f"{slot}.")}
    changed: Any = replace(part, use=Table(members_left), set=Table(kept))
    return changed if holder == "model" else _fitted(model, holder, changed)


def _fitted(model: Model, part: str, given: Any) -> Model:
    """Return the model with another part, less the values that it had set for parameters that are there no more."""
    bare = replace(model, **{part: given}, set=Table())
    known = {name for name, _ in declared_parameters(bare)}
    prefixes = {instance.prefix for instance in instances(bare)}
    kept = {
        name: value for name, value in model.set.items() if name in known or name.rpartition(".")[0] not in prefixes
    }
    return replace(bare, set=Table(kept))


def instances(model: Model) -> Iterator[Instance]:
    """Yield every block in use with its prefix, in the order of the table of slots."""
    assert model.drug is not None
    holders: dict[str, Mapping[str, Any]] = {
        "body": model.body.use,
        "drug": model.drug.use,
        "carrier": model.carrier.use,
        "model": model.use,
    }
    for slot in SLOTS.values():
        given = holders[slot.holder].get(slot.name)
        if isinstance(given, Block):
            yield Instance(slot.name, slot.name, given)
        elif given is not None:
            for label, block in given.items():
                yield Instance(f"{slot.name}.{label}", slot.name, block)


def owners_of(model: Model, owner: str) -> str:
    """Return the names that an owner such as ``"body x carrier"`` stands for in this model.

    Raises
    ------
    DeclarationError
        If a word is not in the table of owners.
    """
    assert model.drug is not None
    line = next((population.line for population in model.body.populations.values() if population.line), "")
    names = {
        "body": model.body.species or model.body.name,
        "drug": model.drug.name,
        "carrier": model.carrier.name,
        "cell": line or model.body.name,
        "study": "study",
    }
    words = [word.strip() for word in owner.split(" x ")]
    for word in words:
        if word not in names:
            raise DeclarationError(f"no owner is called {word!r}", remedy=nearest(word, names))
    return " x ".join(names[word] for word in words)


def parameters_of(model: Model) -> Table[Parameter]:
    """Return every parameter of a model by its full name, with the value in force.

    A model's ``[set]`` goes before its carrier's, drug's and body's, and those before a block's own values.
    """
    found: dict[str, Parameter] = {}
    for name, declared in declared_parameters(model):
        quantity, place = declared.quantity, declared.place
        for part in (model, model.carrier, model.drug, model.body):
            assert part is not None
            if name in part.set:
                given = part.set[name]
                quantity = replace(
                    given,
                    about=given.about or quantity.about,
                    owner=given.owner or quantity.owner,
                    range=given.range or _range_around(given, quantity),
                )
                place = part.origin.place("set", name)
                break
        owners = owners_of(model, quantity.owner or declared.owner)
        found[name] = Parameter(name, quantity, f"{declared.source}.{name.rpartition('.')[2]} @ {owners}", place)
    return Table(found)


def _range_around(given: Quantity, old: Quantity) -> tuple[str, str] | None:
    """Return the old range for an assumed value that brings none and lies inside it."""
    if given.spread or given.status not in ("", "assumed") or old.ends is None:
        return None
    return old.range if old.ends[0] <= given.base <= old.ends[1] else None


@dataclass(frozen=True, slots=True)
class _Declared:
    """A parameter where it is declared, before any ``[set]``."""

    quantity: Quantity
    source: str
    owner: str
    place: Place


def declared_parameters(model: Model) -> Iterator[tuple[str, _Declared]]:
    """Yield every parameter by its full name as its own file declares it."""
    assert model.drug is not None
    for part in PARTS:
        noun = getattr(model, part)
        for name, quantity in noun.parameters.items():
            yield f"{part}.{name}", _Declared(quantity, part, part, noun.origin.place("parameters", name))
    for part, name in (("body", "weight"), ("body", "surface"), ("drug", "molar_mass")):
        noun = getattr(model, part)
        if getattr(noun, name) is not None:
            yield f"{part}.{name}", _Declared(getattr(noun, name), part, part, noun.origin.place(name))
    for name, quantity in model.carrier.dose.items():
        place = model.carrier.origin.place("dose", name)
        yield f"carrier.{name}", _Declared(quantity, "dose", "carrier", place)
    for instance in instances(model):
        block, owner = instance.block, SLOTS[instance.slot].owner
        source = f"{instance.slot}/{block.name or instance.prefix}"
        for group in ("parameters", "inputs"):
            for name, quantity in getattr(block, group).items():
                place = block.origin.place(group, name)
                yield f"{instance.prefix}.{name}", _Declared(quantity, source, owner, place)
        if block.duration is not None:
            place = block.origin.place("duration")
            yield f"{instance.prefix}.duration", _Declared(block.duration, source, "study", place)
