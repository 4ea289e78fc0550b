"""Floor 0: optional packages, imported when they are needed, with the extra to install where they are not there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from exodelivery.errors import MissingExtraError


def require(module: str, extra: str) -> Any:
    """Import an optional module, or say which extra brings it.

    Parameters
    ----------
    module : str
        E.g. ``"pptx"``.
    extra : str
        The name in ``pip install 'exodelivery[…]'``.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    Examples
    --------
    >>> require("json", "report").dumps([1])
    '[1]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"the package {error.name} is not installed", remedy=f"pip install 'exodelivery[{extra}]'"
        ) from None
