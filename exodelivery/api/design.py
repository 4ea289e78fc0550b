"""Floor 10: Turn what can be engineered until no design beats those found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.inverse.result import Designs


def design(model: str | Model, dose: Regimen, *, using: Fit | None = None, **options: Any) -> Designs:
    """Turn what can be engineered (loading, release, size, ligands, stealth, dose, doses) until no design is better.

    Parameters
    ----------
    model : Model or str
        With the carrier that is to be engineered.
    dose : Regimen
    using : Fit, optional
        Whose doubt is drawn; without one each parameter's own range.
    **options
        ``knobs=``, ``objectives=``, ``require=``, ``horizon=``, ``draws=``, ``start=``, ``rounds=``, ``seed=``,
        ``threads=``, ``progress=``; see :func:`exodelivery.judge.inverse.design.design`.

    Returns
    -------
    Designs
        The front within the evidence, and apart from it the one beyond; each knob's relations with their sources.

    Raises
    ------
    SimulationError
        For an unknown objective or bound, fewer than two objectives, or a carrier that fails as it is.
    DeclarationError
        For an unknown knob.
    DoseError
        If the dose cannot be given or divided.

    Examples
    --------
    >>> import exodelivery as exo
    >>> found = exo.design("doxorubicin_mouse", exo.bolus("5 mg/kg"), knobs=["release", "dose"],
    ...                    objectives=["more plasma AUC", "drug given"], horizon="24 h", draws=2, start=2, rounds=0)
    >>> found.designs[0].knobs
    {'release': 1.0, 'dose': 1.0}
    """
    from exodelivery.judge.inverse.design import design as design_carrier

    return design_carrier(load(model) if isinstance(model, str) else model, dose, using=using, **options)
