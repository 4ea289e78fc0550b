"""Floor 4: which pools anything can ever enter; all others read zero and get no equation.

What a dose, a start or an inflow puts somewhere is followed along the flows until nothing new is reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from exodelivery.compile.expand import OneWay
from exodelivery.declare.anatomy import Anatomy, Scope
from exodelivery.declare.pool import Pool
from exodelivery.declare.route import Route
from exodelivery.declare.tables import FORMS
from exodelivery.errors import DeclarationError

EVERYTHING = frozenset({"drug", "label"})
"""What doses can bring, besides the carriers themselves."""


def riding(anatomy: Anatomy) -> tuple[str, ...]:
    """Return the forms that ride on a carrier, passenger chains included."""
    return tuple(form for form, parent in anatomy.forms.items() if FORMS[parent].rides)


def passenger_end(anatomy: Anatomy, flow: OneWay, form: str) -> Pool | None:
    """Return where a passenger goes when its carrier takes a flow; None is out.

    Raises
    ------
    DeclarationError
        If the carrier ends there and the flow does not say.
    """
    parent = anatomy.forms[form]
    written = flow.passengers.get(form, flow.passengers.get(parent, ""))
    if written == "out":
        return None
    if written:
        found = flow.scope.pool(written, flow.place)
        if found.kind == "missing":
            raise DeclarationError(
                f"{flow.name} sends the passenger {form} to a site that the body lacks: {found.name}",
                where=flow.place,
            )
        return found.pool
    if flow.target.pool is not None:
        return flow.target.pool.of(form)
    raise DeclarationError(
        f"a carrier ends in {flow.name}, and the flow does not say where its passenger {form!r} goes",
        where=flow.place,
        remedy=f'write passengers = {{ {form} = "site.free" }}, or "out"',
    )


def contents_end(anatomy: Anatomy, flow: OneWay, pool: Pool) -> Pool | None:
    """Return where a pool inside cells goes when the cells die or leave; None is out.

    Raises
    ------
    DeclarationError
        If the flow does not say.
    """
    parent = anatomy.forms[pool.form]
    contents = flow.contents
    if not isinstance(contents, str):
        for key in (pool.form, parent):
            if key in contents:
                return _content_end(flow, contents[key], pool)
        contents = ""
    if contents == "out":
        return None
    if contents:
        site = flow.scope.place(contents, flow.place)
        if site.kind == "site":
            return Pool(site.name, "free" if parent == "bound" else pool.form, pool.substance)
    raise DeclarationError(
        f"cells end in {flow.name}, and the flow does not say where what is in them goes ({pool})",
        where=flow.place,
        remedy='write contents = "isf", or a table with a pool for each form, or "out"',
    )


def _content_end(flow: OneWay, written: str, pool: Pool) -> Pool | None:
    if written == "out":
        return None
    found = flow.scope.pool(written, flow.place)
    if found.kind == "missing" or found.pool is None:
        raise DeclarationError(
            f"{flow.name} sends {pool} to a site that the body lacks: {found.name}", where=flow.place
        )
    # A table names a pool for each form, whatever the substance: each stays itself.
    return replace(found.pool, substance=found.pool.substance or pool.substance)


def carried_on(anatomy: Anatomy, flow: OneWay, filled: Mapping[Pool, None]) -> Iterator[tuple[Pool, Pool | None]]:
    """Yield what goes along with the main movement of a flow: from which filled pool to where."""
    source = flow.source.pool
    if source is not None and source.form == "carrier":
        for form in riding(anatomy):
            if source.of(form) in filled:
                yield source.of(form), passenger_end(anatomy, flow, form)
    elif flow.source.kind == "population":
        if flow.target.kind == "population" and not flow.contents:
            yield from _with_their_cells(anatomy, flow, filled)
            return
        sites = anatomy.inside(flow.source.name)
        for pool in list(filled):
            if pool.site in sites:
                yield pool, contents_end(anatomy, flow, pool)
    elif flow.source.kind == "site":
        for pool in list(filled):
            if pool.site == flow.source.name and FORMS[anatomy.forms[pool.form]].circulates:
                yield pool, pool.at(flow.target.name) if flow.target.kind == "site" else None


def _with_their_cells(
    anatomy: Anatomy, flow: OneWay, filled: Mapping[Pool, None]
) -> Iterator[tuple[Pool, Pool | None]]:
    """Yield what cells take along into another population: to its site of the same role."""
    sites, there = anatomy.sites, anatomy.inside(flow.target.name)
    inside = anatomy.inside(flow.source.name)
    for pool in list(filled):
        if pool.site in inside:
            same = [name for name in there if sites[name].role == sites[pool.site].role]
            if len(same) != 1:
                raise DeclarationError(
                    f"cells take {pool} along in {flow.name}, and {flow.target.name} has no one site of role "
                    f"{sites[pool.site].role} to put it in",
                    where=flow.place,
                    remedy="declare one, or write contents",
                )
            yield pool, pool.at(same[0])


def filled_pools(
    anatomy: Anatomy, flows: tuple[OneWay, ...], routes: Mapping[str, Route], given: frozenset[str] = EVERYTHING
) -> dict[Pool, None]:
    """Return every pool that a dose, a start amount or an inflow can reach, in a steady order.

    ``given`` says what the doses bring: drug, label, or both; and the pools that doses enter by name.
    """
    filled: dict[Pool, None] = {}
    for route in routes.values():
        for form in dosed_forms(anatomy, given):
            filled[Pool(route.site, form)] = None
    for pool in dosed_pools(anatomy, given).values():
        filled[pool] = None
    for instance in anatomy.instances:
        if instance.slot != "loading":
            for path in instance.block.start:
                found = Scope(anatomy, instance).pool(path, instance.block.origin.place("start", path))
                if found.kind == "pool" and found.pool is not None:
                    filled[found.pool] = None
    size = -1
    while size != len(filled):
        size = len(filled)
        for flow in flows:
            source, target = flow.source.pool, flow.target.pool
            if target is not None and (flow.source.kind == "in" or source in filled):
                filled[target] = None
            for _, end in carried_on(anatomy, flow, filled):
                if end is not None:
                    filled[end] = None
    return filled


def dosed_pools(anatomy: Anatomy, given: frozenset[str]) -> dict[str, Pool]:
    """Return the pools that doses enter by name, as each was named.

    Raises
    ------
    DeclarationError
        If a name is no pool of this model.
    """
    found: dict[str, Pool] = {}
    for name in sorted(given - EVERYTHING):
        reference = Scope(anatomy).pool(name)
        if reference.kind == "missing" or reference.pool is None:
            raise DeclarationError(f"no dose can enter {name!r}: the body {anatomy.model.body.name!r} lacks that site")
        found[name] = reference.pool
    return found


def dosed_forms(anatomy: Anatomy, given: frozenset[str] = EVERYTHING) -> tuple[str, ...]:
    """Return the forms in which a dose of this model can arrive.

    Without a carrier all drug is free; a carrier that nothing loads brings no drug.
    """
    carrier = anatomy.model.carrier
    if not carrier.use:
        forms: tuple[str, ...] = ("free",)
    else:
        loading = next((i.block for i in anatomy.instances if i.slot == "loading"), None)
        outputs = loading.outputs if loading is not None else ()
        forms = ("carrier", "label", *(form for form in ("loaded", "adsorbed", "free", "dye") if form in outputs))
    # Carriers are kept for a tracer too: what carries it moves at the rates of carriers at nought.
    return tuple(form for form in forms if form == "carrier" or FORMS[form].ledger in given)
