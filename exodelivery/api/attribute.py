"""Floor 10: Say which block makes the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.attribution import Attribution


def attribute(
    model: str | Model,
    carrier: str | Carrier,
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: Fit | None = None,
    **options: Any,
) -> Attribution:
    """Say which block of a carrier makes the difference from the baseline, by swapping them one by one.

    Parameters
    ----------
    model : Model or str
    carrier, baseline : str or Carrier
    dose : Regimen
        Of drug; every hybrid of the two is given the same.
    using : Fit, optional
        Draws the parameters from this joint result; without one each is drawn from its own range.
    **options
        ``metric=`` (released drug in tumour unless given), ``horizon=``, ``draws=``, ``seed=``, ``executor=``,
        ``progress=``; see :func:`exodelivery.judge.attribution.attribute`.

    Returns
    -------
    Attribution
        A factor for each swap, with its interval; they multiply to the ratio of the carriers.

    Raises
    ------
    SimulationError
        If the metric cannot be had, the carriers do not differ, or one of them has no blocks.

    Examples
    --------
    >>> import exodelivery as exo
    >>> dose = exo.bolus("5 mg/kg")
    >>> found = exo.attribute("doxorubicin_mouse", "liposome_leaky", dose, baseline="liposome_pegylated", draws=2)
    >>> found.shares[0].swap
    'release'
    """
    from exodelivery.judge.attribution import attribute as attribute_blocks

    noun = load(model) if isinstance(model, str) else model
    return attribute_blocks(noun, carrier, dose, baseline=baseline, using=using, **options)
