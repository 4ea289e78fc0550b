"""Floor 2: what a name in an expression stands for, seen from the block, body or model that wrote it.

Names are looked up here and nowhere else, so that the checker and the compiler cannot disagree. A site that the table
of sites knows and this body lacks is *missing*: what names it is left out; any other unknown name is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from exodelivery.declare.model import Instance, Model, Parameter, instances, parameters_of
from exodelivery.declare.place import Population, Site
from exodelivery.declare.pool import Pool, is_pool, read_pool
from exodelivery.declare.table import Table
from exodelivery.declare.tables import FORMS, LEDGERS, PARTS, POPULATIONS, SITES
from exodelivery.errors import NOWHERE, DeclarationError, Place, nearest


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name stands for.

    Attributes
    ----------
    kind : str
        pool, parameter, state, population, site, region, output, or ``missing`` (a known site that this body lacks).
    name : str
        The full name.
    pool : Pool or None
    """

    kind: str
    name: str
    pool: Pool | None = None


@dataclass(frozen=True)
class Anatomy:
    """All places of a model: the body's, and those that blocks keep for themselves.

    Attributes
    ----------
    model : Model
    """

    model: Model

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """Blocks in use."""
        return tuple(instances(self.model))

    @cached_property
    def parameters(self) -> Table[Parameter]:
        """Parameters by full name."""
        return parameters_of(self.model)

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Every site by full name, private ones under their block's prefix."""
        found = dict(self.model.body.sites)
        for instance in self.instances:
            if instance.slot != "loading":
                found |= {f"{instance.prefix}.{name}": site for name, site in instance.block.sites.items()}
        return found

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Sites that another one stands in for (``also``)."""
        return {site.also: name for name, site in self.model.body.sites.items() if site.also}

    @cached_property
    def populations(self) -> dict[str, Population]:
        """Populations by full name, private ones under their block's prefix."""
        found = dict(self.model.body.populations)
        for instance in self.instances:
            if instance.slot != "loading":
                found |= {f"{instance.prefix}.{name}": cells for name, cells in instance.block.populations.items()}
        return found

    def counted(self, population: str) -> tuple[str, ...]:
        """Return the populations that a count reads: the one of this name, and those that count as part of it."""
        return (population, *(name for name, cells in self.populations.items() if cells.of == population))

    @cached_property
    def forms(self) -> dict[str, str]:
        """Every form with the form that it reads as; passenger chains of blocks read as their parents."""
        chains = {name: parent for i in self.instances for name, parent in i.block.passengers.items()}
        return {**{form: form for form in FORMS}, **chains}

    @cached_property
    def missing(self) -> frozenset[str]:
        """Known sites and populations that this body lacks."""
        lacking = frozenset(SITES) - set(self.sites) - set(self.aliases)
        return lacking | (frozenset(POPULATIONS) - set(self.populations))

    def members(self, name: str) -> tuple[str, ...]:
        """Return the sites of a region, or the site itself."""
        return self.model.body.regions.get(name, (name,) if name in self.sites else ())

    def inside(self, population: str) -> tuple[str, ...]:
        """Return the sites that belong to a population: of its name, and those within."""
        found = [population] if population in self.sites else []
        for _ in self.sites:
            for name, site in self.sites.items():
                if site.within in (population, *found) and site.within and name not in found:
                    found.append(name)
        return tuple(found)

    def owner_of(self, site: str) -> Instance | None:
        """Return the block that a private site belongs to."""
        return next((i for i in self.instances if site.startswith(i.prefix + ".")), None)


@dataclass(frozen=True)
class Scope:
    """The names that one block, a part or the model's observables can see.

    Attributes
    ----------
    anatomy : Anatomy
    instance : Instance or None
        The block; its own names are short.
    part : str
        ``body``, ``drug`` or ``carrier``, whose own names are short; empty for a block or the model.
    """

    anatomy: Anatomy
    instance: Instance | None = None
    part: str = ""

    def pool(self, path: str, where: Place = NOWHERE) -> Reference:
        """Return the pool of this path, its private or alias site resolved."""
        anatomy = self.anatomy
        own = tuple(self.instance.block.sites) if self.instance else ()
        pool = read_pool(path, forms=anatomy.forms, private=(*own, *anatomy.sites), where=where)
        site = pool.site
        if self.instance and site in own:
            site = f"{self.instance.prefix}.{site}"
        elif site not in anatomy.sites:
            site = anatomy.aliases.get(site, site)
        found = pool.at(site)
        if site in anatomy.sites:
            return Reference("pool", str(found), found)
        if site in anatomy.missing:
            return Reference("missing", site, found)
        known = (*anatomy.sites, *SITES, *own)
        raise DeclarationError(f"{path!r} names no site", where=where, remedy=nearest(site, known))

    def name(self, path: str, where: Place = NOWHERE) -> Reference:
        """Return what a name stands for.

        Raises
        ------
        DeclarationError
            If it stands for nothing; the nearest names that can be seen are listed.
        """
        full = self._parameter(path)
        if full:
            return Reference("parameter", full)
        block = self.instance.block if self.instance else None
        if block is not None and self.instance is not None:
            for kind, names in (("state", block.states), ("output", block.outputs)):
                if path in names:
                    return Reference(kind, f"{self.instance.prefix}.{path}")
        if is_pool(path, self.anatomy.forms):
            return self.pool(path, where)
        for other in self.anatomy.instances:
            prefix, _, last = path.rpartition(".")
            if block is None and prefix == other.prefix:
                for kind, names in (("state", other.block.states), ("output", other.block.outputs)):
                    if last in names:
                        return Reference(kind, path)
        raise DeclarationError(f"nothing is called {path!r} here", where=where, remedy=nearest(path, self.visible()))

    def _parameter(self, path: str) -> str:
        parameters = self.anatomy.parameters
        prefixes = [self.instance.prefix] if self.instance else [self.part] if self.part else []
        for prefix in prefixes:
            if f"{prefix}.{path}" in parameters:
                return f"{prefix}.{path}"
        head, _, rest = path.partition(".")
        reach_all = not self.instance and not self.part
        if path in parameters and rest and (head in PARTS or reach_all):
            return path
        return ""

    def population(self, path: str, where: Place = NOWHERE) -> Reference:
        """Return the population of this name; a known one that the body lacks is missing."""
        own = f"{self.instance.prefix}.{path}" if self.instance else ""
        for name in (own, path):
            if name and name in self.anatomy.populations:
                return Reference("population", name)
        if path in self.anatomy.missing:
            return Reference("missing", path)
        raise DeclarationError(
            f"the body {self.anatomy.model.body.name!r} has no population {path!r}",
            where=where,
            remedy=nearest(path, self.anatomy.populations),
        )

    def place(self, path: str, where: Place = NOWHERE) -> Reference:
        """Return the site or region of this name."""
        anatomy = self.anatomy
        if path in anatomy.model.body.regions:
            return Reference("region", path)
        own = f"{self.instance.prefix}.{path}" if self.instance else ""
        for name in (own, path, anatomy.aliases.get(path, "")):
            if name and name in anatomy.sites:
                return Reference("site", name)
        if path in anatomy.missing:
            return Reference("missing", path)
        known = (*anatomy.sites, *anatomy.model.body.regions, *SITES)
        raise DeclarationError(f"no site or region is called {path!r}", where=where, remedy=nearest(path, known))

    def visible(self) -> Iterable[str]:
        """Return the names of parameters, states and outputs that can be seen from here."""
        found = set()
        prefix = self.instance.prefix if self.instance else self.part
        for name in self.anatomy.parameters:
            if prefix and name.startswith(prefix + "."):
                found.add(name[len(prefix) + 1 :])
            elif not prefix or name.partition(".")[0] in PARTS:
                found.add(name)
        if self.instance:
            found |= {*self.instance.block.states, *self.instance.block.outputs}
        return found


def is_ledger(word: str) -> bool:
    """Say whether a word names a ledger (what ``total`` can sum)."""
    return word in LEDGERS
