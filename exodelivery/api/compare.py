"""Floor 10: Compare carriers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.comparison import Comparison


def compare(
    model: str | Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: Fit | None = None,
    **options: Any,
) -> Comparison:
    """Compare carriers by what they bring where, each against the baseline, with the doubt.

    Parameters
    ----------
    model : Model or str
        Body, drug, cells and observables; its carrier is swapped.
    carriers : sequence of str or Carrier
    dose : Regimen
        What the baseline is given; the others get as much by each matching (drug, particles, protein) that applies.
    baseline : str or Carrier
    using : Fit, optional
        Draws the parameters from this joint result; without one each is drawn from its own range.
    **options
        ``horizon=``, ``metrics=``, ``matchings=``, ``draws=``, ``seed=``, ``executor=``, ``progress=``; see
        :func:`exodelivery.judge.compare.compare`.

    Returns
    -------
    Comparison
        For each metric a ratio, its 95 % interval, P(better), and what the doubt rests on.

    Raises
    ------
    DoseError
        If the baseline cannot take the dose.
    SimulationError
        For an unknown metric, matching or horizon, or where the baseline itself cannot be run.

    Examples
    --------
    >>> import exodelivery as exo
    >>> duel = exo.compare("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                    metrics=["plasma AUC"], horizon="24 h", draws=2)
    >>> duel.row("none", "plasma AUC").ratio < 0.1
    True
    """
    from exodelivery.judge.compare import compare as compare_carriers

    noun = load(model) if isinstance(model, str) else model
    return compare_carriers(noun, carriers, dose, baseline=baseline, using=using, **options)
