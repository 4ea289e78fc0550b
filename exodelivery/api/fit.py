"""Floor 10: Fit a recipe, or return what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exodelivery.declare.shelf import locate

if TYPE_CHECKING:
    from exodelivery.fitting.result import Fit


def fit(name: str, *, again: bool = False, **options: Any) -> Fit:
    """Return the kept result of a recipe, or make it anew.

    Parameters
    ----------
    name : str
        A recipe on the shelves, e.g. ``"doxorubicin_carriers"``.
    again : bool
        Fit anew; the result goes to the user's own ``fits/``, never into the installed library.
    **options
        ``starts=``, ``seed=``, ``executor=``, ``progress=``; see :func:`exodelivery.fitting.fit.fit`.

    Returns
    -------
    Fit
        Estimates, records beside predictions, and a verdict in words.

    Raises
    ------
    ShelfError
        If no shelf has the recipe.
    FitError
        If there is no kept result and ``again`` is false, or the recipe cannot be used.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "laginha_2005_4t1_tumour" in exo.fit("doxorubicin_carriers").studies
    True
    """
    from exodelivery.fitting.fit import fit as fit_recipe

    return fit_recipe(locate(name, "fit")[0].parent, again=again, **options)
