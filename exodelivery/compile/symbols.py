"""Floor 4: written expressions to sympy in reserved symbols: ``x0, x1, …`` states, ``p0, p1, …`` parameters.

No name of a file becomes a symbol's name; positivity is told to sympy where the value's prior is, so that a power with
a positive base needs no clip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exodelivery.compile.expand import refer, references
from exodelivery.compile.fraction import per_source
from exodelivery.declare.anatomy import Anatomy, Reference, Scope
from exodelivery.declare.parts import DOSE_METRICS
from exodelivery.declare.pool import Pool
from exodelivery.declare.tables import FORMS
from exodelivery.errors import NOWHERE, DeclarationError, Place
from exodelivery.expr.as_sympy import as_sympy
from exodelivery.expr.as_text import as_text
from exodelivery.expr.tree import Call, Expr, Name


@dataclass(frozen=True, slots=True)
class Renumbering:
    """The symbols that are left when unused ones are gone, numbered from nought."""

    states: tuple[Any, ...]
    parameters: tuple[Any, ...]
    mapping: dict[Any, Any]


class Symbols:
    """The symbols of one model's filled pools, populations, states and parameters."""

    def __init__(self, anatomy: Anatomy, filled: Iterable[Pool]) -> None:
        import sympy

        self.anatomy = anatomy
        self.filled = dict.fromkeys(filled)
        names = [
            *(str(pool) for pool in self.filled),
            *anatomy.populations,
            *(f"{i.prefix}.{name}" for i in anatomy.instances if i.slot != "loading" for name in i.block.states),
        ]
        self.states = {name: sympy.Symbol(f"y{n}", real=True) for n, name in enumerate(names)}
        self.parameters = {
            name: sympy.Symbol(f"q{n}", real=True, positive=parameter.quantity.scale == "log" or None)
            for n, (name, parameter) in enumerate(anatomy.parameters.items())
        }
        self.time = sympy.Symbol("t", real=True)
        self._volumes: dict[str, Any] = {}

    # -- expressions

    def expression(self, expr: Expr, scope: Scope, place: Place = NOWHERE) -> Any:
        """Return an expression in reserved symbols; a pool that nothing fills is zero."""
        import sympy

        return as_sympy(expr, lambda node: sympy.sympify(self._node(node, scope, place)))

    def _node(self, node: Name | Call, scope: Scope, place: Place) -> Any:
        if isinstance(node, Name):
            return self._value(scope.name(node.path, place), scope, place)
        reference = refer(scope, node, place)
        if node.function == "count":
            return self.number(reference.name) if reference.kind == "population" else 0
        if node.function == "conc":
            return self.concentration(reference.pool, scope) if reference.kind == "pool" else 0
        if node.function == "mass":
            return self._mass(reference)
        return self._total(node, reference, place)

    def _value(self, reference: Reference, scope: Scope, place: Place) -> Any:
        if reference.kind == "parameter":
            return self.parameters[reference.name]
        if reference.kind == "state":
            return self.states[reference.name]
        if reference.kind == "output":
            prefix, _, name = reference.name.rpartition(".")
            instance = next(i for i in self.anatomy.instances if i.prefix == prefix)
            return self.expression(instance.block.outputs[name], Scope(self.anatomy, instance), place)
        return self.amount(reference.pool, scope) if reference.kind == "pool" else 0

    def number(self, population: str) -> Any:
        """Return how many there are, with those that blocks count as part of them."""
        return sum(self.states[name] for name in self.anatomy.counted(population))

    def amount(self, pool: Pool | None, scope: Scope | None = None) -> Any:
        """Return an amount; outside the block that declares passenger chains, a form reads as the sum of its chain."""
        assert pool is not None
        found = self.states.get(str(pool), 0) if pool in self.filled else 0
        for form, parent in self.anatomy.forms.items():
            if form != parent and parent == pool.form and pool.of(form) in self.filled:
                declares = scope is not None and scope.instance is not None and form in scope.instance.block.passengers
                if scope is not None and not declares:
                    found = found + self.states[str(pool.of(form))]
        return found

    def concentration(self, pool: Pool | None, scope: Scope | None = None) -> Any:
        """Return amount over volume: the apparent one that a block declares for this pool, else the site's own."""
        assert pool is not None
        amount = self.amount(pool, scope)
        return amount / self.volume(pool) if amount != 0 else amount

    def volume(self, pool: Pool) -> Any:
        """Return the volume that a pool's concentration is over."""
        found = [
            (written, Scope(self.anatomy, instance), instance.block.origin.place("volumes", path))
            for instance in self.anatomy.instances
            for path, written in instance.block.volumes.items()
            if Scope(self.anatomy, instance).pool(path).pool == pool
        ]
        if len(found) > 1:
            raise DeclarationError(
                f"two blocks declare an apparent volume of {pool}",
                where=found[1][2],
                remedy=f"the other stands at {found[0][2]}; leave one",
            )
        if found:
            return self.expression(*found[0])
        return self.site_volume(pool.site)

    def site_volume(self, site: str) -> Any:
        """Return a site's own volume in symbols.

        Raises
        ------
        DeclarationError
            If it has none, as a surface.
        """
        if site not in self._volumes:
            declared = self.anatomy.sites[site]
            owner = self.anatomy.owner_of(site)
            origin = owner.block.origin if owner else self.anatomy.model.body.origin
            place = origin.place("sites", site.rpartition(".")[2], "volume")
            if declared.volume is None:
                raise DeclarationError(
                    f"{site} has no volume, so no concentration",
                    where=place,
                    remedy="use amounts, or count()",
                )
            scope = Scope(self.anatomy, owner) if owner else Scope(self.anatomy, part="body")
            self._volumes[site] = self.expression(declared.volume, scope, place)
        return self._volumes[site]

    def _mass(self, reference: Reference) -> Any:
        total: Any = 0
        for site in self.anatomy.members(reference.name):
            declared = self.anatomy.sites[site]
            # What lies within a site is part of its volume already.
            if declared.volume is not None and declared.within not in self.anatomy.members(reference.name):
                total = total + self.site_volume(site) * _exact(declared.density.base)
        return total

    def _total(self, call: Call, reference: Reference, place: Place) -> Any:
        what = as_text(call.arguments[1])
        total: Any = 0
        for pool in self._summed(reference, what, place):
            total = total + self.states[str(pool)]
        return total

    def _summed(self, reference: Reference, what: str, place: Place) -> list[Pool]:
        forms = self.anatomy.forms
        wanted = {form for form, parent in forms.items() if what in (form, parent, FORMS[parent].ledger)}
        if not wanted:
            raise DeclarationError(
                f"total() sums drug, carrier, label or a form, not {what!r}",
                where=place,
                remedy=", ".join(FORMS),
            )
        sites = self.anatomy.members(reference.name)
        return [
            pool
            for pool in self.filled
            if pool.site in sites and pool.form in wanted and (not pool.substance or _counts(pool, what, forms))
        ]

    def lacking(self, expr: Expr, scope: Scope, place: Place) -> str:
        """Return why an expression cannot be had from this model, or nothing.

        It can when it reads no pool at all, or at least one that something fills.
        """
        read: list[str] = []
        for node, reference in references(scope, expr, place):
            if isinstance(node, Call) and node.function == "mass":
                if reference.kind == "missing":
                    return f"the body has no {reference.name}"
            elif isinstance(node, Call) and node.function == "total":
                if self._summed(reference, as_text(node.arguments[1]), place):
                    return ""
                read.append(as_text(node))
            elif reference.kind in ("pool", "missing"):
                if reference.kind == "pool" and self.amount(reference.pool, scope) != 0:
                    return ""
                read.append(as_text(node))
            elif reference.kind in ("state", "population"):
                return ""
        return f"nothing in this model fills {', '.join(dict.fromkeys(read))}" if read else ""

    # -- riding

    def fraction(self, rate: Any, source: str, place: Place, name: str) -> Any:
        """Return rate / source with the source cancelled, finite where the source is nought.

        Raises
        ------
        DeclarationError
            If the rate does not vanish with its source.
        """
        amount = self.states[source]
        found = per_source(rate, amount, may_be_nought=source not in self.anatomy.populations)
        if found is None:
            vanishes = getattr(rate, "subs", lambda *_: rate)(amount, 0) == 0
            how = "vanishes with, but not in proportion to," if vanishes else "does not vanish with"
            raise DeclarationError(
                f"the rate of {name} {how} its source {source}",
                where=place,
                remedy="write it as its source times something finite: things that ride move at that fraction",
            )
        return found

    # -- numbering

    def dose_symbols(self) -> list[Any]:
        """Return the parameters that turn a dose into amounts."""
        names = [f"body.{name}" for name in ("weight", "surface")]
        names += ["drug.molar_mass", *(f"carrier.{name}" for name in DOSE_METRICS)]
        return [self.parameters[name] for name in names if name in self.parameters]

    def used(self, expressions: Iterable[Any]) -> list[str]:
        """Return the names of the parameters that expressions use, in the model's order."""
        symbols: set[Any] = set()
        for expression in expressions:
            symbols |= getattr(expression, "free_symbols", set())
        return [name for name, symbol in self.parameters.items() if symbol in symbols]

    def renumbering(self, states: list[str], parameters: list[str]) -> Renumbering:
        """Return the final symbols, numbered without gaps."""
        import sympy

        xs = tuple(sympy.Symbol(f"x{n}", real=True) for n in range(len(states)))
        ps = tuple(
            sympy.Symbol(f"p{n}", real=True, positive=self.parameters[name].is_positive)
            for n, name in enumerate(parameters)
        )
        mapping = {self.states[name]: x for name, x in zip(states, xs, strict=True) if name in self.states}
        mapping |= {self.parameters[name]: p for name, p in zip(parameters, ps, strict=True)}
        return Renumbering(xs, ps, mapping)


def _counts(pool: Pool, what: str, forms: dict[str, str]) -> bool:
    """Say whether a pool with a substance of its own belongs in a total: the drug that rides in other carriers does."""
    return FORMS[forms[pool.form]].rides and FORMS[forms[pool.form]].ledger == "drug" and what == "drug"


def _exact(value: float) -> Any:
    import sympy

    return sympy.Rational(repr(value))
