"""Floor 10: Show what a thing is."""

from __future__ import annotations

from typing import Any

import tomli_w

from exodelivery.api.fit import fit
from exodelivery.api.load import load
from exodelivery.api.studies import studies
from exodelivery.declare.block import Block
from exodelivery.declare.files import document_of
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.shelf import kinds_of
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study


def show(thing: str | Any, **swaps: Any) -> str:
    """Return what a model, part, block, study or fit is, in plain text.

    Parameters
    ----------
    thing : str or noun
        A name on the shelves, or anything that a verb returned.
    **swaps
        Parts or blocks of a model to replace first.

    Returns
    -------
    str
        A model with its diagram, flows, observables and numbers with their origin; a part or block as its file would
        say it; a study with its records; a summary of anything else.

    Raises
    ------
    ShelfError
        If no shelf has the name.

    Examples
    --------
    >>> import exodelivery as exo
    >>> print(exo.show("none"))
    format = 1
    kind = "carrier"
    about = "No carrier: all drug is given free"
    """
    if isinstance(thing, str):
        kinds = kinds_of(thing)
        thing = studies(thing) if kinds == ["study"] else fit(thing) if kinds == ["fit"] else load(thing, **swaps)
    if isinstance(thing, Block | Body | Drug | Carrier):
        return tomli_w.dumps(document_of(thing)).strip()
    if isinstance(thing, Studies):
        return "\n\n".join(f"{study}\n\n{_records(study)}" for study in thing.values())
    if isinstance(thing, Model):
        from exodelivery.reports.sheet import model_sheet

        return model_sheet(thing)
    return str(thing)


def _records(study: Study) -> str:
    frame = study.table().drop(columns=["study", "note"]).dropna(axis="columns", how="all")
    return str(frame.to_string(index=False, na_rep=""))
