"""Floor 9: what a result rests on: the sources of its values, its studies and its methods, each work once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exodelivery.citation import METHODS, Citation, bibliography
from exodelivery.declare.model import Model, instances, parameters_of
from exodelivery.errors import ExodeliveryError
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study
from exodelivery.fitting.result import Fit
from exodelivery.judge.comparison import Comparison
from exodelivery.judge.dose_response.combination import Combination
from exodelivery.judge.dose_response.results import Curves
from exodelivery.judge.qualification.result import Qualification
from exodelivery.solve.trajectory import Trajectory

_DOI = re.compile(r"\bdoi:?\s*(10\.\d{4,9}/[^\s,;]+)", re.IGNORECASE)


def citations_of(thing: object) -> tuple[Citation, ...]:
    """Return what one result rests on.

    Raises
    ------
    ExodeliveryError
        If it is nothing that has sources.
    """
    match thing:
        case Model():
            return tuple(sources_of(thing))
        case Trajectory():
            method = METHODS.get(thing.solver)
            return (*sources_of(thing.model), *((method,) if method else ()))
        case Study():
            return (thing.citation,)
        case Studies():
            return thing.citations()
        case Fit() | Comparison() | Qualification() | Curves() | Combination():
            return thing.citations
        case Citation():
            return (thing,)
    raise ExodeliveryError(
        f"{type(thing).__name__} has no sources", remedy="give models, runs, studies, fits or comparisons"
    )


def sources_of(model: Model) -> Iterator[Citation]:
    """Yield the sources that a model's values and blocks name, as written; a DOI in the text makes a link."""
    texts = [parameter.quantity.source for parameter in parameters_of(model).values()]
    texts += [model.source, *(instance.block.source for instance in instances(model))]
    for text in dict.fromkeys(filter(None, texts)):
        found = _DOI.search(text)
        yield Citation(text, doi=found[1].rstrip(".:)") if found else "")


def bibliography_text(things: Iterable[object]) -> str:
    """Return the sources of several results as plain text, one a line, each work once.

    Examples
    --------
    >>> print(bibliography_text([Citation("B. Author, 2020."), Citation("A. Author, 2019.")]))
    A. Author, 2019.
    B. Author, 2020.
    """
    works = bibliography(citation for thing in things for citation in citations_of(thing))
    return "\n".join(work.as_text() for work in works)
