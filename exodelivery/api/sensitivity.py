"""Floor 10: Say which parameters a number hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.sensitivity import Sensitivity


def sensitivity(model: str | Model, dose: Regimen, *, using: Fit | None = None, **options: Any) -> Sensitivity:
    """Say which parameters a number hangs on, over all that is believed of them.

    Parameters
    ----------
    model : Model or str
    dose : Regimen
    using : Fit, optional
        Whose standard deviations are sampled; else each parameter's own range.
    **options
        ``metric=`` (released drug in tumour unless given), ``horizon=``, ``screen=``, ``samples=``, ``seed=``,
        ``threads=``, ``progress=``; see :func:`exodelivery.judge.sensitivity.sensitivity`.

    Returns
    -------
    Sensitivity
        For each parameter the metric at either end of its range, its screened effect, and Sobol's indices of the most
        influential ones, with their doubt.

    Raises
    ------
    SimulationError
        If the metric cannot be had, or the run at the estimate fails.
    MissingExtraError
        If SALib is not installed.

    Examples
    --------
    >>> import exodelivery as exo
    >>> model = exo.load("doxorubicin_mouse", carrier="none")
    >>> found = exo.sensitivity(model, exo.bolus("5 mg/kg"), metric="plasma AUC", horizon="6 h", screen=3, samples=16)
    >>> len(found.influences) > 20
    True
    """
    from exodelivery.judge.sensitivity import sensitivity as sensitivity_of

    return sensitivity_of(load(model) if isinstance(model, str) else model, dose, using=using, **options)
