"""Floor 2: the grammar of pools, ``site[.substance].form``; parsed here and split nowhere else.

The substance is left out for the model's own drug and carrier. A site that one block declares for itself is written
with the slot that the block fills (``disposition.deep.free``), and with its label where the slot holds several
(``efflux.pump.deep.free``); inside its own block it is ``deep.free``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from exodelivery.declare.tables import FORMS, RESERVED, SLOTS
from exodelivery.errors import NOWHERE, DeclarationError, Place, nearest
from exodelivery.expr.functions import FUNCTIONS


@dataclass(frozen=True, slots=True, order=True)
class Pool:
    """A thing in a form at a site; always an amount.

    Examples
    --------
    >>> str(Pool("plasma", "free", "sn38"))
    'plasma.sn38.free'
    """

    site: str
    form: str
    substance: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.site, self.substance, self.form) if part)

    def at(self, site: str) -> Pool:
        """Return the same thing at another site."""
        return Pool(site, self.form, self.substance)

    def of(self, form: str) -> Pool:
        """Return another form at the same site."""
        return Pool(self.site, form, self.substance)


def is_pool(path: str, forms: Collection[str] = FORMS) -> bool:
    """Say whether a dotted name ends in a form, and so names a pool."""
    return "." in path and path.rpartition(".")[2] in forms


def read_pool(
    path: str,
    *,
    forms: Collection[str] = FORMS,
    private: Collection[str] = (),
    where: Place = NOWHERE,
) -> Pool:
    """Read a pool.

    Parameters
    ----------
    path : str
        E.g. ``"plasma.sn38.free"``.
    forms : collection of str
        The table of forms, with the passenger chains that a model's blocks declare.
    private : collection of str
        Sites that blocks declare for themselves, by their full name (``"disposition.deep"``) or, inside their own
        block, by their short one.

    Raises
    ------
    DeclarationError
        If it does not end in a form, or has a part too many.

    Examples
    --------
    >>> read_pool("disposition.deep.free", private=["disposition.deep"])
    Pool(site='disposition.deep', form='free', substance='')
    """
    path = unicodedata.normalize("NFKC", path)
    head, _, form = path.rpartition(".")
    if form not in forms:
        raise DeclarationError(
            f"{path!r} does not end in a form",
            where=where,
            remedy="site[.substance].form; " + nearest(form, forms),
        )
    parts = head.split(".") if head else []
    length = next((n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in private), 1)
    if length == 1 and parts and parts[0] in SLOTS and len(parts) > 1:
        length = 2
    site, substance = ".".join(parts[:length]), parts[length:]
    if not all(parts) or not site or len(substance) > 1:
        raise DeclarationError(f"{path!r} is not a pool", where=where, remedy="write site[.substance].form")
    if substance and (substance[0] in RESERVED or substance[0] in FUNCTIONS):
        raise DeclarationError(
            f"{path!r}: {substance[0]!r} is a word of the vocabulary and no substance",
            where=where,
            remedy="choose another",
        )
    return Pool(site, form, substance[0] if substance else "")
