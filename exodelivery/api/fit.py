"""Floor 10: Fit a recipe, or return what was kept; or fit a curve to numbers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from exodelivery.declare.shelf import locate

if TYPE_CHECKING:
    from exodelivery.fitting.courses.protocol import Curve
    from exodelivery.fitting.regression import Regression
    from exodelivery.fitting.result import Fit


@overload
def fit(name: str | Curve, *, start: Any, **options: Any) -> Regression: ...


@overload
def fit(name: str, *, likelihood: Literal[True], **options: Any) -> Regression: ...


@overload
def fit(name: str, *, again: bool = False, **options: Any) -> Fit: ...


def fit(name: str | Curve, *, again: bool = False, **options: Any) -> Any:
    """Return the kept result of a recipe, or make it anew; with ``start=``, fit a curve to numbers.

    Parameters
    ----------
    name : str or Curve
        A recipe on the shelves, e.g. ``"doxorubicin_carriers"``; with ``start=`` an expression of columns of ``data=``,
        such as ``"top * (1 - exp(-k * t))"``, or a curve.
    again : bool
        Fit anew; the result goes to the user's own ``fits/``, never into the installed library.
    **options
        Of a recipe: ``starts=``, ``seed=``, ``executor=``, ``progress=``; see :func:`exodelivery.fitting.fit.fit`;
        with ``likelihood=True`` its noises are estimated too, and it has profiles and bootstraps, but is not kept; see
        :func:`exodelivery.fitting.likelihood.fit_likelihood`.
        Of a curve: ``start=``, ``data=``, ``observed=``, ``noise=``, ``limits=``, ``starts=`` and more; see
        :func:`exodelivery.fitting.regress.regress`.

    Returns
    -------
    Fit or Regression; of a recipe for a raw table what its kind of fit returns
        Estimates, records beside predictions, and a verdict in words.

    Raises
    ------
    ShelfError
        If no shelf has the recipe.
    FitError
        If there is no kept result and ``again`` is false, or the recipe or the data cannot be used.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "laginha_2005_4t1_tumour" in exo.fit("doxorubicin_carriers").studies
    True
    >>> data = {"t": [0.5, 1, 2, 4, 8], "y": [2.1, 3.6, 5.4, 6.9, 7.3]}
    >>> round(exo.fit("top * (1 - exp(-k * t))", data=data, start={"top": 5, "k": 1}).values["k"], 2)
    0.67
    """
    if "start" in options:
        from exodelivery.fitting.regress import regress

        return regress(name, **options)
    if options.pop("likelihood", False) and isinstance(name, str):
        from exodelivery.fitting.likelihood import fit_likelihood

        return fit_likelihood(locate(name, "fit")[0].parent, **options)
    from exodelivery.fitting.fit import fit as fit_recipe

    if not isinstance(name, str):
        from exodelivery.errors import FitError

        raise FitError("a curve is fitted from a start", remedy="pass start={…}, or the name of a recipe")
    folder = locate(name, "fit")[0].parent
    from exodelivery.fitting.kinds import KINDS, kind_of

    kind = kind_of(folder)
    if kind in KINDS:
        if unknown := set(options) - {"keep", "progress"}:
            from exodelivery.errors import FitError

            raise FitError(f"a {kind} takes no {sorted(unknown)[0]}=", remedy="its settings stand in its recipe")
        module, _, function = KINDS[kind].partition(":")
        return getattr(import_module(module), function)(folder, again=again, **options)
    return fit_recipe(folder, again=again, **options)
