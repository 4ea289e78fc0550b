"""Floor 10: the verbs, the one door for notebooks and scripts; the shell opens onto the same words.

Each verb looks its names up on the shelves and hands nouns to the floor that does the work; no logic lives here.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from exodelivery.declare.block import Block
from exodelivery.declare.files import document_of, read_file, save
from exodelivery.declare.model import Model
from exodelivery.declare.parts import Body, Carrier, Drug
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.declare.shelf import find, kinds_of, locate
from exodelivery.declare.tables import KINDS
from exodelivery.errors import NOWHERE, ExodeliveryError, ShelfError, nearest
from exodelivery.evidence.read_study import read_study
from exodelivery.evidence.studies import Studies
from exodelivery.evidence.study import Study
from exodelivery.solve.simulate import simulate

__all__ = [
    "bolus",
    "check",
    "cite",
    "compare",
    "fit",
    "infusion",
    "list",
    "load",
    "new",
    "report",
    "save",
    "show",
    "simulate",
    "studies",
]

if TYPE_CHECKING:
    from exodelivery.checks.findings import Findings
    from exodelivery.fitting.result import Fit
    from exodelivery.judge.comparison import Comparison

_LOADABLE = tuple(kind for kind in KINDS if kind not in ("study", "fit"))


def load(name: str | Path, *, kind: str = "", **swaps: Any) -> Any:
    """Return a model, part or block by its name on the shelves, or from a file.

    Parameters
    ----------
    name : str or path
        A name such as ``"doxorubicin_mouse"`` (``"lab:name"`` on a shelf of that prefix), or the path of a TOML file.
    kind : str, optional
        Needed only where the name stands for several kinds.
    **swaps
        Parts or blocks of a model to replace, e.g. ``carrier="none"``; see :meth:`Model.swap`.

    Raises
    ------
    ShelfError
        If no shelf has the name; the nearest names are listed.

    Examples
    --------
    >>> import exodelivery as exo
    >>> exo.load("doxorubicin_mouse", carrier="exosome_targeted").carrier.name
    'exosome_targeted'
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        if not Path(name).is_file():
            raise ShelfError(f"there is no file {str(name)!r}", remedy="a model is a TOML file, or a name on a shelf")
        found = read_file(Path(name))
    else:
        kinds = [kind] if kind else [known for known in kinds_of(name) if known in _LOADABLE]
        if len(kinds) != 1:
            every = {known for one in _LOADABLE for known, _ in _names(one)}
            raise ShelfError(
                f"{name!r} stands for several kinds: {', '.join(kinds)}" if kinds else f"nothing is called {name!r}",
                remedy=f'pass kind="{kinds[0]}"' if kinds else nearest(name, every),
            )
        found = find(name, kinds[0])
    if not swaps:
        return found
    if not isinstance(found, Model):
        raise ShelfError(f"only a model takes swaps, and {name!r} is a {type(found).__name__.lower()}")
    return found.swap(**swaps)


def _names(kind: str) -> builtins.list[tuple[str, str]]:
    from exodelivery.declare.shelf import on_shelves

    return [(name, shelf.prefix) for name, shelf in on_shelves(kind)]


def list(kind: str = "") -> Any:
    """Return what stands on the shelves, as a pandas frame: kind, name, shelf and what it is.

    Parameters
    ----------
    kind : str, optional
        ``model``, ``body``, ``drug``, ``carrier``, a slot, ``study`` or ``fit``; all unless given.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "liposome_pegylated" in set(exo.list("carrier")["name"])
    True
    """
    import pandas as pd

    from exodelivery.declare.files import read_document

    if kind and kind not in KINDS:
        raise ShelfError(f"no kind is called {kind!r}", remedy=nearest(kind, KINDS))
    rows = []
    for one in [kind] if kind else KINDS:
        for name, prefix in _names(one):
            path, _ = locate(f"{prefix}:{name}", one)
            rows.append((one, name, prefix, str(read_document(path)[0].get("about", ""))))
    return pd.DataFrame(rows, columns=["kind", "name", "shelf", "about"])


def show(thing: str | Any, **swaps: Any) -> str:
    """Return what a model, part, block, study or fit is, in plain text.

    Parameters
    ----------
    thing : str or noun
        A name on the shelves, or anything that a verb returned.
    **swaps
        Parts or blocks of a model to replace first.

    Returns
    -------
    str
        A summary; a part or block is shown whole, as its file would say it, and a study with its records.

    Raises
    ------
    ShelfError
        If no shelf has the name.

    Examples
    --------
    >>> import exodelivery as exo
    >>> print(exo.show("none"))
    format = 1
    kind = "carrier"
    about = "No carrier: all drug is given free"
    """
    if isinstance(thing, str):
        kinds = kinds_of(thing)
        thing = studies(thing) if kinds == ["study"] else fit(thing) if kinds == ["fit"] else load(thing, **swaps)
    if isinstance(thing, Block | Body | Drug | Carrier):
        return tomli_w.dumps(document_of(thing)).strip()
    if isinstance(thing, Studies):
        return "\n\n".join(f"{study}\n\n{_records(study)}" for study in thing.values())
    return str(thing)


def _records(study: Study) -> str:
    frame = study.table().drop(columns=["study", "note"]).dropna(axis="columns", how="all")
    return str(frame.to_string(index=False, na_rep=""))


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


def studies(*names: str) -> Studies:
    """Return studies by name, with their records and citations; all on the shelves when none is named.

    Examples
    --------
    >>> import exodelivery as exo
    >>> [study.name for study in exo.studies("laginha_2005_4t1_tumour").values()]
    ['laginha_2005_4t1_tumour']
    """
    wanted = names or tuple(name for name, _ in _names("study"))
    return Studies([read_study(locate(name, "study")[0].parent) for name in wanted])


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


def compare(
    model: str | Model,
    carriers: Sequence[str | Carrier],
    dose: Regimen,
    *,
    baseline: str | Carrier,
    using: Fit | None = None,
    **options: Any,
) -> Comparison:
    """Compare carriers by what they bring where, each against the baseline, with the doubt.

    Parameters
    ----------
    model : Model or str
        Body, drug, cells and observables; its carrier is swapped.
    carriers : sequence of str or Carrier
    dose : Regimen
        What the baseline is given; the others get as much by each matching (drug, particles, protein) that applies.
    baseline : str or Carrier
    using : Fit, optional
        Draws the parameters from this joint result; without one each is drawn from its own range.
    **options
        ``horizon=``, ``metrics=``, ``matchings=``, ``draws=``, ``seed=``, ``executor=``, ``progress=``; see
        :func:`exodelivery.judge.compare.compare`.

    Returns
    -------
    Comparison
        For each metric a ratio, its 95 % interval, P(better), and what the doubt rests on.

    Raises
    ------
    DoseError
        If the baseline cannot take the dose.
    SimulationError
        For an unknown metric, matching or horizon, or where the baseline itself cannot be run.

    Examples
    --------
    >>> import exodelivery as exo
    >>> duel = exo.compare("doxorubicin_mouse", ["none"], exo.bolus("5 mg/kg"), baseline="liposome_pegylated",
    ...                    metrics=["plasma AUC"], horizon="24 h", draws=2)
    >>> duel.row("none", "plasma AUC").ratio < 0.1
    True
    """
    from exodelivery.judge.compare import compare as compare_carriers

    noun = load(model) if isinstance(model, str) else model
    return compare_carriers(noun, carriers, dose, baseline=baseline, using=using, **options)


def report(path: str | Path, *parts: Any, title: str = "") -> Path:
    """Write one self-contained HTML page, which asks the network for nothing.

    Parameters
    ----------
    path : str or Path
        The file to write; one that stands there is replaced.
    *parts
        Models, runs, studies, fits and comparisons, in the order of reading.
    title : str, optional
        Heading of the page; the file's name unless given.

    Returns
    -------
    Path

    Raises
    ------
    ExodeliveryError
        If a part is nothing that a report can show.

    Examples
    --------
    >>> import exodelivery as exo
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     page = exo.report(f"{folder}/page.html", exo.studies("laginha_2005_4t1_tumour"))
    ...     "10.1158/1078-0432.CCR-05-0343" in page.read_text(encoding="utf-8")
    True
    """
    from exodelivery.reports.report import write

    return write(Path(path), *parts, title=title)


def cite(*things: Any) -> str:
    """Return the bibliography of what was really used, one source a line.

    Parameters
    ----------
    *things
        Studies, fits, comparisons, models.

    Examples
    --------
    >>> import exodelivery as exo
    >>> "Clin Cancer Res 2005" in exo.cite(exo.studies("laginha_2005_4t1_tumour"))
    True
    """
    from exodelivery.reports.bibliography import bibliography_text

    return bibliography_text(things)


def new(folder: str | Path) -> Path:
    """Start a shelf of your own: a folder with ``models/`` and ``fits/`` in it, and a first block to edit.

    Parameters
    ----------
    folder : str or Path
        Does not exist yet, or is empty.

    Returns
    -------
    Path

    Raises
    ------
    ShelfError
        If something stands there already.

    Examples
    --------
    >>> import exodelivery as exo
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     sorted(path.name for path in exo.new(f"{folder}/mine").iterdir())
    ['README.md', 'fits', 'models']
    """
    from exodelivery.declare.new import new_shelf

    return new_shelf(Path(folder))
