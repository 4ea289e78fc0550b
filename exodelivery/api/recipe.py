"""Floor 10: Write a recipe that fits a model to a study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from exodelivery.api.load import load
from exodelivery.api.studies import studies
from exodelivery.declare.model import Model
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study

if TYPE_CHECKING:
    from exodelivery.fitting.recipe import Recipe


def recipe(
    name: str,
    study: str | Study | Studies,
    model: str | Model,
    *,
    about: str = "",
    without: Mapping[str, str] | None = None,
    spread: str = "",
    literature: str = "15 %",
    starts: int = 4,
    seed: int = 1,
    shelf: str | Path = ".",
) -> Recipe:
    """Write a recipe that fits a model to all arms of a study, each with its own carrier, and return it.

    Parameters
    ----------
    name : str
        Of the recipe; ``exo.fit(name, again=True)`` makes and keeps the fit.
    study : Study or str
        One study, or its name.
    model : Model or str
        On the shelves; an arm's carrier, body and drug are swapped in.
    about : str
    without : mapping of str to str
        Slots that stay empty, each with its reason: ``{"effect": "no tumour size was measured"}``.
    spread : str
        Coefficient of variation of numbers without a printed spread, ``"30 %"``; that of replicates unless given.
    literature : str
        The same for values of the library that were printed without a spread.
    starts, seed : int
    shelf : str or Path
        Holds ``fits/``; the working folder unless given.

    Returns
    -------
    Recipe
        The file is there to be edited: every choice stands in it with its reason.

    Raises
    ------
    FitError
        If a recipe stands there, an arm has no records or no dose, or no spread can be told.

    Examples
    --------
    >>> import tempfile
    >>> import exodelivery as exo
    >>> study = exo.studies("wong_2013_liposome_mammary")
    >>> found = exo.recipe("ours", study, "label_mouse", spread="30 %", shelf=tempfile.mkdtemp())
    >>> found.pairings[0].variant, found.pairings[0].horizon
    ('liposome_pegylated_mouse_4t1', 48.0)
    """
    from exodelivery.declare.shelf import locate
    from exodelivery.errors import FitError
    from exodelivery.fitting.new_recipe import new_recipe

    noun = load(model) if isinstance(model, str) else model
    several = studies(study) if isinstance(study, str) else study
    if isinstance(several, Studies) and len(several) != 1:
        raise FitError(f"{len(several)} studies are given", remedy="a recipe begins with one; add arms to its file")
    given = next(iter(several.values())) if isinstance(several, Studies) else several
    if not name.isidentifier() or not name.isascii():
        raise FitError(f"{name[:40]!r} is no name of a recipe", remedy="letters, digits and underscores")
    locate(noun.name, "model")
    folder = Path(shelf) / "fits" / name
    return new_recipe(
        folder, given, noun, about=about, without=without, spread=spread, literature=literature, starts=starts,
        seed=seed,
    )  # fmt: skip
