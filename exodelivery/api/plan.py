"""Floor 10: Plan an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.planning.result import Plan


def plan(
    model: str | Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: Fit | None = None,
    **options: Any,
) -> Plan:
    """Plan an experiment: which arms, times and assays best settle a contrast between carriers, or two mechanisms.

    Parameters
    ----------
    model : Model or str
    carriers : sequence of str or Carrier
    dose : Regimen
        What the animals of the question get.
    baseline : str or Carrier
    using : Fit, optional
        What is known before the experiment; without one, each parameter's own range.
    **options
        ``rival=``, ``metric=``, ``horizon=``,
        ``times=``, ``assays=``, ``arms=``, ``doses=``, ``inhibitors=``, ``budget=``,
        ``animal=``, ``assay=``, ``group=``, ``serial=``, ``between=``, ``error=``, ``errors=``, ``limits=``,
        ``draws=``, ``truths=``, ``seed=``, ``progress=`` and more; see :func:`exodelivery.judge.planning.plan.plan`.

    Returns
    -------
    Plan
        Groups of animals with what is assayed in each, the precision expected of them, and that of evenly spaced
        designs of the same budget.

    Raises
    ------
    SimulationError
        For an unknown metric, assay, arm, inhibitor or time, costs that buy nothing, or runs that fail at the estimate.
    DoseError
        For doses that no experiment is planned for.

    Examples
    --------
    >>> import exodelivery as exo
    >>> found = exo.plan("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                  metric="plasma AUC", assays=["plasma_total"], horizon="2 d", draws=2)
    >>> found.planned.cost <= found.budget and found.planned.typical < found.naive[0].typical
    True
    """
    from exodelivery.judge.planning.plan import plan as plan_experiment

    noun = load(model) if isinstance(model, str) else model
    return plan_experiment(noun, carriers, dose, baseline=baseline, using=using, **options)
