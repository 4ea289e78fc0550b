"""Floor 8: run cases and judge every target of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from exodelivery.citation import bibliography
from exodelivery.declare.shelf import LIBRARY, locate, on_shelves
from exodelivery.errors import ExodeliveryError, Place
from exodelivery.judge.qualification.bench import Bench
from exodelivery.judge.qualification.case import Case, Target
from exodelivery.judge.qualification.gate import judge
from exodelivery.judge.qualification.kinds.table import KINDS
from exodelivery.judge.qualification.read import KIND, read_case
from exodelivery.judge.qualification.result import Qualification, Row


def cases(*names: str) -> tuple[Case, ...]:
    """Return cases by name, or all of the shelves.

    Raises
    ------
    ShelfError
        If no shelf has a name; the nearest are listed.
    DeclarationError
        If a case cannot be read.
    """
    asked = names or tuple(f"{shelf.prefix}:{name}" for name, shelf in on_shelves(KIND))
    found = []
    for name in asked:
        path, shelf = locate(name, KIND)
        shown = str(path.relative_to(shelf.folder)) if shelf.prefix == LIBRARY else str(path)
        found.append(read_case(path, shown))
    return tuple(found)


def qualify(*names: str, progress: bool = False) -> Qualification:
    """Hold models against the literature.

    Parameters
    ----------
    *names : str
        Cases on the shelves; all unless given.
    progress : bool
        Show a bar.

    Returns
    -------
    Qualification

    Raises
    ------
    ShelfError
        If no shelf has a name.
    DeclarationError
        If a case cannot be read.
    """
    return qualification(_shown(cases(*names), progress))


def qualification(asked: Iterable[Case]) -> Qualification:
    """Judge cases that were read already."""
    rows: list[Row] = []
    abouts, citations = [], []
    for case in asked:
        rows.extend(judged(case))
        abouts.append((case.name, case.about))
        citations += [case.citation] if case.citation is not None else []
    return Qualification(tuple(rows), tuple(abouts), bibliography(citations))


def _shown(asked: tuple[Case, ...], progress: bool) -> Iterable[Case]:
    if not progress:
        return asked
    from tqdm import tqdm

    shown: Iterable[Case] = tqdm(asked, unit="case", leave=False)
    return shown


def judged(case: Case) -> Iterator[Row]:
    """Yield a row for each target of a case, or the one that says why it has none."""
    if case.cannot:
        yield Row(case.name, case.subject, case.about, verdict="cannot be reproduced", note=case.cannot)
        return
    bench = Bench(case)
    for target in case.targets:
        yield _row(case, target, bench)


def _row(case: Case, target: Target, bench: Bench) -> Row:
    head: dict[str, Any] = {"case": case.name, "model": _model(case, target), "target": target.name}
    head |= {"source": target.source}
    try:
        found = KINDS[target.kind](target, bench)
        verdict = judge(target, found)
    except ExodeliveryError as error:
        # A case that asks for what is not there fails by itself; the other cases are run.
        shown = error if error.where != Place() else f"{error} ({target.place})"
        printed = target.published.text if target.published is not None else ""
        return Row(**head, published=printed, gate=target.gate, verdict="failed", note=str(shown))
    notes = [found.why, found.note, target.note]
    return Row(
        **head,
        published=verdict.published,
        ours=verdict.ours,
        unit=verdict.unit,
        deviation=verdict.deviation,
        absolute=verdict.absolute,
        gate=verdict.gate,
        verdict=verdict.verdict,
        said=found.said,
        note="; ".join(filter(None, notes)),
    )


def _model(case: Case, target: Target) -> str:
    if target.kind == "caught":
        return f"{case.name} as printed"
    run = case.runs.get(str(target.options.get("run", "")))
    return (run.model if run is not None else "") or case.subject
