"""Floor 10: Check a model or a study."""

from __future__ import annotations

from pathlib import Path

from exodelivery.api.load import load
from exodelivery.api.studies import studies
from exodelivery.checks.findings import Findings
from exodelivery.declare.model import Model
from exodelivery.declare.shelf import kinds_of
from exodelivery.errors import NOWHERE, ExodeliveryError, ShelfError


def check(model: str | Path | Model, *, strict: bool = False) -> Findings:
    """Check a model against every rule, or a study, and return all findings.

    Parameters
    ----------
    model : Model, str or path
        A model, the name of a model or study, or a model's file; a file that cannot be read is a finding too.
    strict : bool
        Raise a :class:`CheckError` with all findings instead of returning errors.

    Returns
    -------
    Findings
        True when there is no error.

    Raises
    ------
    ShelfError
        If no shelf has the name, or it is that of a part: parts are checked in the models that use them.
    CheckError
        If ``strict`` and there is an error.

    Examples
    --------
    >>> import exodelivery as exo
    >>> exo.check("doxorubicin_mouse").ok
    True
    """
    from exodelivery.checks.check import check as check_model
    from exodelivery.checks.findings import findings, issue_of
    from exodelivery.checks.studies import check_study

    try:
        if isinstance(model, str) and kinds_of(model) == ["study"]:
            found = check_study(next(iter(studies(model).values())))
            return found.raise_if_errors() if strict else found
        noun = model if isinstance(model, Model) else load(model)
    except ExodeliveryError as error:
        if error.where == NOWHERE:
            raise
        found = findings(str(model), [issue_of(error, "load")])
        return found.raise_if_errors() if strict else found
    if not isinstance(noun, Model):
        raise ShelfError(
            f"a {type(noun).__name__.lower()} is checked in a model that uses it, and {noun.name!r} stands alone",
            remedy="check such a model, or all: exo check --all",
        )
    return check_model(noun, strict=strict)
