"""Floor 9: the templates of a page: text that jinja2 fills, escaping what is not markup already."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def filled(name: str, **values: Any) -> str:
    """Return a template with its values; one that is missing is an error.

    Parameters
    ----------
    name : str
        A file in ``templates``.
    **values
        Text is escaped unless it is ``Markup``.
    """
    text: str = _environment().get_template(name).render(**values)
    return text


def source(name: str) -> str:
    """Return a file of ``templates`` as it is."""
    from importlib.resources import files

    return files("exodelivery.reports").joinpath("templates", name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Any:
    import jinja2

    loader = jinja2.PackageLoader("exodelivery.reports", "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
