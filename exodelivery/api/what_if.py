"""Floor 10: Vary carriers in a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exodelivery.api.load import load
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Carrier
from exodelivery.declare.regimen import Regimen
from exodelivery.solve.simulate import simulate

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit
    from exodelivery.reports.what_if import WhatIf


def what_if(
    model: str | Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    until: str | float | None = None,
    *,
    using: Fit | None = None,
    **options: Any,
) -> WhatIf:
    """Return carriers side by side with a slider to each parameter, for :func:`report` to write as a page.

    Parameters
    ----------
    model : Model or str
        Its carrier is swapped.
    carriers : sequence of str or Carrier
        The first is the one that the others are held against.
    dose : Regimen
        Given to each.
    until : str or float, optional
        End of the runs; a week after the last dose unless given.
    using : Fit, optional
        Where the sliders stand at first; the model's own values unless given.
    **options
        ``values=`` and others of :func:`simulate`.

    Returns
    -------
    WhatIf

    Raises
    ------
    SimulationError
        If a run fails, or has doses at a steady state, after a reset or under a condition, which a page cannot follow.

    Examples
    --------
    >>> import exodelivery as exo
    >>> exo.what_if("doxorubicin_mouse", ["liposome_pegylated", "none"], exo.bolus("5 mg/kg"), "24 h").titles
    ('liposome_pegylated', 'none')
    """
    from exodelivery.reports.what_if import WhatIf, require_times_of_its_own

    require_times_of_its_own(dose)
    noun = load(model) if isinstance(model, str) else model
    runs = (simulate(noun.swap(carrier=carrier), dose, until, using=using, **options) for carrier in carriers)
    return WhatIf(tuple(runs))
