"""Floor 7: a model as a study's assay would see it: its observables go through the same extraction, blood and blank.

The factors of an assay become parameters of the model, owned by the study, so that their doubt is prior, gradient and
posterior like any other. Decay is no parameter: it is a known factor of each record's own time.
"""

from __future__ import annotations

from dataclasses import replace

from exodelivery.declare.block import Block
from exodelivery.declare.model import Model, Observable
from exodelivery.declare.table import Table
from exodelivery.errors import FitError, nearest
from exodelivery.evidence.assay import Assay
from exodelivery.evidence.study import Study
from exodelivery.expr.as_text import as_text
from exodelivery.expr.read import read
from exodelivery.units import unit

SLOT = "assay"


def assayed(model: Model, study: Study) -> Model:
    """Return a model whose observables are what a study's assays made of them; the same model where there are none.

    Parameters
    ----------
    model : Model
    study : Study
        Its assays of observables that the model does not have are passed over.

    Raises
    ------
    FitError
        If an assay speaks of blood that the model cannot show, or a factor has another dimension than it must.

    Notes
    -----
    See :class:`~exodelivery.evidence.assay.Assay` for the formula.
    """
    known = [assay for assay in study.assays.values() if assay.observable in model.observables and assay.factors]
    if not known:
        return model
    blocks = {
        assay.observable: Block(
            SLOT,
            name=f"{study.name}.{assay.observable}",
            about=assay.about,
            parameters=Table(assay.factors),
        )
        for assay in known
    }
    seen = {assay.observable: _seen(assay, model) for assay in known}
    observables = Table({name: seen.get(name, shown) for name, shown in model.observables.items()})
    return replace(model.swap(**{SLOT: blocks}), observables=observables)


def _seen(assay: Assay, model: Model) -> Observable:
    shown, prefix = model.observables[assay.observable], f"{SLOT}.{assay.observable}"
    wanted = {"recovery": unit("1").dimension, "background": unit(shown.unit).dimension}
    text = as_text(shown.formula)
    if assay.blood:
        if assay.blood not in model.observables:
            raise FitError(
                f"the model {model.name!r} has no observable {assay.blood!r} for the blood in {assay.observable}",
                where=assay.place,
                remedy=nearest(assay.blood, model.observables),
            )
        blood = model.observables[assay.blood]
        wanted["residual_blood"] = unit(shown.unit).dimension / unit(blood.unit).dimension
        text = f"{text} + {prefix}.residual_blood * ({as_text(blood.formula)})"
    for name, quantity in assay.factors.items():
        if quantity.dimension != wanted[name]:
            raise FitError(
                f"{name} of {assay.observable} is {quantity.dimension}, not {wanted[name]}", where=assay.place
            )
    if "recovery" in assay.factors:
        text = f"{prefix}.recovery * ({text})"
    if "background" in assay.factors:
        text = f"{text} + {prefix}.background"
    return replace(shown, formula=read(text, assay.place))
