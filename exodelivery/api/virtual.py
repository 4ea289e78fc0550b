"""Floor 10: Give a virtual population every carrier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.population.result import Virtual


def virtual(
    model: str | Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: Fit | None = None,
    **options: Any,
) -> Virtual:
    """Give a virtual population every carrier: who is better off, and at which dose do enough reach a target.

    Parameters
    ----------
    model : Model or str
        Body, drug, cells and observables; its carrier is swapped.
    carriers : sequence of str or Carrier
    dose : Regimen
        What the baseline is given.
    baseline : str or Carrier
    using : Fit, optional
        Whose doubt is drawn; without one each parameter's own range.
    **options
        ``variability=``, ``count=``, ``draws=``, ``per_draw=``, ``targets=``, ``share=``, ``metrics=``, ``matching=``,
        ``horizon=``, ``seed=``, ``threads=``, ``progress=``; see
        :func:`exodelivery.judge.population.virtual.virtual`.

    Returns
    -------
    Virtual
        The share of subjects better off by carrier, percentiles of each metric, and doses for targets, each with its
        interval over what is not known.

    Raises
    ------
    SimulationError
        For an unknown metric, matching, target or share, or where no subject's run succeeds.
    DoseError
        If a carrier cannot take the dose.
    DeclarationError
        If a row of variability cannot be read.

    Examples
    --------
    >>> import exodelivery as exo
    >>> who = exo.virtual("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                   metrics=["plasma AUC"], horizon="24 h", count=4, draws=0)
    >>> [one.carrier for one in who.spreads]
    ['liposome_pegylated', 'none']
    """
    from exodelivery.judge.population.virtual import virtual as give

    noun = load(model) if isinstance(model, str) else model
    return give(noun, carriers, dose, baseline=baseline, using=using, **options)
