"""Floor 10: Say what changed between two fits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exodelivery.fitting.index import Difference
    from exodelivery.fitting.result import Fit


def diff(before: str | Path | Fit, after: str | Path | Fit) -> Difference:
    """Say what changed from one fit to another: data, models, estimates, verdict.

    Parameters
    ----------
    before, after : Fit, str or Path
        A fit, a recipe's name, or a folder that holds ``result.json``.

    Returns
    -------
    Difference
        False where nothing changed; a report shows it as a section.

    Raises
    ------
    FitError
        If there is no such fit.

    Examples
    --------
    >>> import exodelivery as exo
    >>> bool(exo.diff("doxorubicin_carriers", exo.fit("doxorubicin_carriers")))
    False
    """
    from exodelivery.fitting.index import difference, fit_called

    first, second = (fit_called(str(one)) if isinstance(one, str | Path) else one for one in (before, after))
    named = [str(one) if isinstance(one, str | Path) else one.name for one in (before, after)]
    return difference(first, second, (named[0], named[1]))
