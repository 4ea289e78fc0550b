"""Floor 9: a report before it takes a form: its title, its verdicts first, and its sections in the order of reading.

Why: page, print, slides and plain text say the same, so they are written from one noun and none from another's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exodelivery.reports.section import Section
from exodelivery.reports.sections import bibliography, limits, methods
from exodelivery.reports.sections.table import section_of


@dataclass(frozen=True, slots=True)
class Document:
    """What a report says.

    Attributes
    ----------
    title : str
    sections : tuple of Section
        What they do not show, how they were made, and the sources of all of them stand last.
    """

    title: str
    sections: tuple[Section, ...]

    @property
    def headlines(self) -> tuple[str, ...]:
        """The verdicts, each once."""
        lines = [line for section in self.sections for line in section.headline.splitlines()]
        return tuple(dict.fromkeys(lines))


def document(parts: Sequence[object], title: str) -> Document:
    """Return a report about results.

    Parameters
    ----------
    parts : sequence
        Models, runs, studies, fits, comparisons or sections, in the order of reading.
    title : str

    Raises
    ------
    ExodeliveryError
        If a part is nothing that a report can show.

    Examples
    --------
    >>> said = document([Section("Result", "<p>42</p>", headline="It holds.")], "Meeting")
    >>> said.headlines, [section.title for section in said.sections]
    (('It holds.',), ['Result'])
    """
    sections = [section_of(part) for part in parts]
    sections += filter(None, (limits.render(parts), methods.render(parts)))
    sources = [citation for section in sections for citation in section.citations]
    if sources:
        sections.append(bibliography.render(sources))
    return Document(title, tuple(sections))
