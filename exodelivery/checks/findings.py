"""Floor 5: what the checker found: issues as data, with file, line, rule and remedy.

Why: a person mends a file faster with the whole list than with one error a run, and a test can ask which rule spoke.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from exodelivery.errors import NOWHERE, CheckError, ExodeliveryError, Place

SEVERITIES: tuple[str, ...] = ("error", "warning", "note")
"""error: the model may not be used; warning: something is likely wrong; note: worth knowing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that a rule found.

    Attributes
    ----------
    severity : str
        error, warning or note.
    rule : str
        The family that found it, e.g. ``"dimensions"``.
    message : str
        What is wrong, one sentence.
    place : Place
        File, line and dotted key.
    remedy : str
        What to do.
    excerpt : str
        The expression with a caret under the offending part, where that helps.

    Examples
    --------
    >>> print(Issue("error", "names", "nothing is called 'k'", Place("a.toml", 3, "flows.leak"), "nearest: k_1"))
    error [names] a.toml:3 (flows.leak): nothing is called 'k'
        nearest: k_1
    """

    severity: str
    rule: str
    message: str
    place: Place = NOWHERE
    remedy: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        head = (
            f"{self.severity} [{self.rule}] {self.place}: "
            if self.place != NOWHERE
            else f"{self.severity} [{self.rule}] "
        )
        below = [line for text in (self.excerpt, self.remedy) if text for line in text.splitlines()]
        return "\n".join([head + self.message, *(f"    {line}" for line in below)])


def issue_of(error: ExodeliveryError, rule: str, *, severity: str = "error", place: Place = NOWHERE) -> Issue:
    """Return an error that another floor raised as an issue; ``place`` holds where the error names none."""
    where = error.where if error.where != NOWHERE else place
    return Issue(severity, rule, error.message, where, error.remedy)


@dataclass(frozen=True, slots=True)
class Findings:
    """All issues of one subject; true when there is no error.

    Attributes
    ----------
    subject : str
        What was checked.
    issues : tuple of Issue
        Errors first, then warnings, then notes.

    Examples
    --------
    >>> bool(Findings("nothing")), bool(Findings("x", (Issue("error", "names", "bad"),)))
    (True, False)
    """

    subject: str
    issues: tuple[Issue, ...] = ()

    @property
    def errors(self) -> tuple[Issue, ...]:
        """Issues that forbid use."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """Issues that are likely mistakes."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[Issue, ...]:
        """What is worth knowing, such as flows that this body leaves out."""
        return self._of("note")

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def _of(self, severity: str) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.issues if issue.severity == severity)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.issues)

    def __len__(self) -> int:
        return len(self.issues)

    @property
    def headline(self) -> str:
        """The count in words."""
        counts = [(len(self._of(severity)), severity) for severity in SEVERITIES]
        said = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
        return f"{self.subject}: {said or 'nothing to remark'}"

    def __str__(self) -> str:
        return "\n".join([self.headline, *map(str, self.issues)])

    def _repr_html_(self) -> str:
        from exodelivery.draw.html import card, table

        rows = [(issue.severity, issue.rule, str(issue.place), issue.message, issue.remedy) for issue in self.issues]
        return card("Check", self.headline, table(("severity", "rule", "where", "what", "remedy"), rows))

    def raise_if_errors(self) -> Findings:
        """Return these findings, or raise them all at once if there is an error.

        Raises
        ------
        CheckError
            Listing every error; ``.findings`` holds all.
        """
        if self.errors:
            listed = "\n".join(map(str, self.errors))
            raise CheckError(f"{self.headline}\n{listed}", findings=self, where=self.errors[0].place)
        return self


def findings(subject: str, issues: Iterable[Issue]) -> Findings:
    """Gather issues: errors first, and what two rules say of one place in the same words only once."""
    seen: dict[tuple[Place, str], Issue] = {}
    for issue in issues:
        key = (replace(issue.place, key=""), issue.message)
        seen.setdefault(key, issue)
    return Findings(subject, tuple(sorted(seen.values(), key=lambda issue: SEVERITIES.index(issue.severity))))
