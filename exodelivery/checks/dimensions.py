"""Floor 5, rule ``dimensions``: what a name measures, walked over the expression as written.

The message names the offending sub-expression and both dimensions. Drug is counted in nmol: a mass never becomes an
amount silently, and particles never become moles.
"""

from __future__ import annotations

from collections.abc import Iterator

from exodelivery.checks.case import Case
from exodelivery.checks.excerpt import pointed
from exodelivery.checks.findings import Issue, issue_of
from exodelivery.checks.written import Written, asked, resolve, resolved
from exodelivery.compile.expand import absent_part, lacks_value
from exodelivery.declare.anatomy import Reference, Scope
from exodelivery.declare.block import PRODUCT_OUTPUTS, STAGE_OUTPUTS
from exodelivery.declare.pool import is_pool
from exodelivery.declare.route import TERMS
from exodelivery.declare.tables import FORMS, LEDGERS, ROLES
from exodelivery.errors import DeclarationError, ExodeliveryError, UnitError
from exodelivery.expr.as_text import as_text
from exodelivery.expr.as_units import DimensionMismatch, dimension
from exodelivery.expr.tree import Call, Name, constant
from exodelivery.units import DIMENSIONLESS, Dimension, unit

RULE = "dimensions"
VOLUME, MASS, TIME = (unit(text).dimension for text in ("mL", "g", "h"))
PER_PARTICLE = unit("nmol/particle").dimension


def check_dimensions(case: Case) -> Iterator[Issue]:
    """Yield each expression whose parts do not fit together, or that is not what its place needs."""
    for item in case.written:
        absent = item.role == "observable" and absent_part(item.scope, item.expr)
        if absent or _counts_nobody(item) or _asks_in_vain(case, item):
            continue
        try:
            found = dimension(item.expr, lambda node, item=item: measure(item, node))  # type: ignore[misc]
            wanted, why = expected(item)
        except DimensionMismatch as error:
            remedy = _remedy(error.left, error.right)
            yield Issue("error", RULE, error.message, item.place, remedy, pointed(item.expr, error.node))
            continue
        except ExodeliveryError as error:
            yield issue_of(error, RULE, place=item.place)
            continue
        if wanted is not None and found != wanted and constant(item.expr) != 0:
            message = f"{as_text(item.expr)} is {found}; {why} is {wanted}"
            yield Issue("error", RULE, message, item.place, _remedy(found, wanted), pointed(item.expr, item.expr))


def _counts_nobody(item: Written) -> bool:
    """Say whether an expression asks for cells that this body lacks: its flow is left out, and they have no unit."""
    found = [reference for _, reference in resolved(item) if isinstance(reference, Reference)]
    if item.role == "rate" and "." not in item.of and item.of in item.scope.anatomy.missing:
        return True
    return any(reference.kind == "missing" and reference.pool is None for reference in found)


def _asks_in_vain(case: Case, item: Written) -> bool:
    """Say whether the rate of a flow that is left out asks this body for a value that it lacks."""
    idle = item.role == "rate" and item.name.removesuffix(".back") in case.aside
    return idle and any(isinstance(node, Name) and lacks_value(item.scope, node) for node in asked(item.expr))


def _remedy(one: Dimension, other: Dimension) -> str:
    ratio = dict((one / other).powers)
    if set(ratio) == {"mass", "amount"} and sum(ratio.values()) == 0:
        return "drug is counted in nmol: give the amount, or pass through drug.molar_mass"
    if set(ratio) == {"carrier", "amount"} and sum(ratio.values()) == 0:
        return "particles are not moles: pass through an amount per particle"
    return ""


def measure(item: Written, node: Name | Call) -> Dimension:
    """Return the dimension of a name or a domain call where it stands.

    Raises
    ------
    DeclarationError
        If it refers to nothing, or asks for a concentration where there is no volume.
    """
    reference = resolve(item, node)
    if isinstance(node, Name):
        return _of_reference(item, reference)
    match node.function:
        case "count":
            return unit(item.scope.anatomy.populations[reference.name].unit).dimension
        case "mass":
            return MASS
        case "total":
            return _of_total(item, as_text(node.arguments[1]))
        case _:
            _need_volume(item, node, reference)
            return _of_pool(item, reference) / VOLUME


def _of_reference(item: Written, reference: Reference) -> Dimension:
    anatomy = item.scope.anatomy
    if reference.kind == "parameter":
        return anatomy.parameters[reference.name].quantity.dimension
    if reference.kind not in ("state", "output"):
        return _of_pool(item, reference)
    prefix, _, short = reference.name.rpartition(".")
    instance = next(i for i in anatomy.instances if i.prefix == prefix)
    if reference.kind == "state":
        return unit(instance.block.states[short].unit).dimension
    inner = Written("output", reference.name, instance.block.outputs[short], Scope(anatomy, instance), item.place)
    return dimension(inner.expr, lambda node: measure(inner, node))


def _of_pool(item: Written, reference: Reference) -> Dimension:
    assert reference.pool is not None
    return unit(FORMS[item.scope.anatomy.forms[reference.pool.form]].unit).dimension


def _of_total(item: Written, what: str) -> Dimension:
    if what in LEDGERS:
        return unit(LEDGERS[what]).dimension
    forms = item.scope.anatomy.forms
    if what not in forms:
        raise DeclarationError(f"total() sums drug, carrier, label or a form, not {what!r}", where=item.place)
    return unit(FORMS[forms[what]].unit).dimension


def _need_volume(item: Written, node: Call, reference: Reference) -> None:
    assert reference.pool is not None
    site = item.scope.anatomy.sites.get(reference.pool.site)
    if site is not None and not ROLES[site.role].has_volume:
        raise DeclarationError(
            f"{as_text(node)}: {reference.pool.site} has no volume, so no concentration",
            where=item.place,
            remedy="use the amount itself, or count()",
        )


def expected(item: Written) -> tuple[Dimension | None, str]:
    """Return the dimension that an expression's place needs, with the words for it; None where any will do."""
    match item.role:
        case "volume":
            return VOLUME, "a volume"
        case "route":
            return unit(TERMS[item.of]).dimension, f"the {item.of} of a route"
        case "observable":
            return unit(item.of).dimension, f"its unit {item.of!r}"
        case "caution":
            return unit(item.of).dimension, f"its unit {item.of!r}"
        case "start":
            return _of_end(item), f"the start of {item.of}"
        case "rate":
            return _of_end(item) / TIME, f"a flow of {item.of}"
        case "state":
            return _of_end(item) / TIME, f"the rate of the state {item.of}"
        case _ if item.in_vial and item.of in (*STAGE_OUTPUTS, *PRODUCT_OUTPUTS):
            amount = item.of == "drug_per_particle"
            return (PER_PARTICLE, "drug per particle") if amount else (DIMENSIONLESS, f"the share {item.of}")
        case _:
            return None, ""


def _of_end(item: Written) -> Dimension:
    """Return the dimension of a pool, a population, a state, or the blood that a circulation moves."""
    anatomy, instance = item.scope.anatomy, item.scope.instance
    if instance is not None and item.of in instance.block.states:
        try:
            return unit(instance.block.states[item.of].unit).dimension
        except UnitError as error:
            raise UnitError(error.message, where=item.place, remedy=error.remedy) from None
    if is_pool(item.of, anatomy.forms):
        return measure(item, Name(item.of))
    if not (instance is not None and instance.slot == "circulation"):
        own = f"{instance.prefix}.{item.of}" if instance is not None else ""
        for name in (own, item.of):
            if name in anatomy.populations:
                return unit(anatomy.populations[name].unit).dimension
    return VOLUME
