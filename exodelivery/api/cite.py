"""Floor 10: Cite what was used."""

from __future__ import annotations

from typing import Any


def cite(*things: Any) -> str:
    """Return the bibliography of what was really used, one source a line.

    Parameters
    ----------
    *things
        Studies, fits, comparisons, models.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "Clin Cancer Res 2005" in exo.cite(exo.studies("laginha_2005_4t1_tumour"))
    True
    """
    from exodelivery.reports.bibliography import bibliography_text

    return bibliography_text(things)
