"""Floor 10: Read studies."""

from __future__ import annotations

from exodelivery.declare.shelf import locate, on_shelves
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.studies import Studies


def studies(*names: str) -> Studies:
    """Return studies by name, with their records and citations; all on the shelves when none is named.

    Examples
    --------
    >>> import exodelivery as exo
    >>> [study.name for study in exo.studies("laginha_2005_4t1_tumour").values()]
    ['laginha_2005_4t1_tumour']
    """
    wanted = names or tuple(name for name, _ in on_shelves("study"))
    return Studies([read_study(locate(name, "study")[0].parent) for name in wanted])
