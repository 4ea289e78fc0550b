"""Floor 9: how a report's numbers were made: a paragraph for the methods of a paper, versions, seeds and hashes."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from markupsafe import Markup

from exodelivery.declare.fingerprint import fingerprint
from exodelivery.declare.model import Model
from exodelivery.draw.html import paragraphs, table
from exodelivery.fitting.result import Fit
from exodelivery.judge.comparison import Comparison
from exodelivery.reports.section import Section, fold, heading
from exodelivery.solve.simulate import DEFAULT_SOLVER
from exodelivery.solve.trajectory import Trajectory

PACKAGES = ("exodelivery", "numpy", "scipy", "sympy", "lmfit", "numba", "llvmlite", "pandas", "plotly")
SHOWN = 16
"""Letters of a hash that are printed; they tell apart whatever one group will ever keep."""


def render(parts: Sequence[object]) -> Section | None:
    """Return how the parts were made, or None where none of them was computed."""
    sentences = list(dict.fromkeys(sentence for part in parts for sentence in _of(part)))
    if not sentences:
        return None
    hashes = [row for part in parts for row in _hashes(part)]
    html = [paragraphs(" ".join(sentences)), heading("Versions"), table(("package", "version"), _versions())]
    if hashes:
        rows = [(what, name, digest[:SHOWN]) for what, name, digest in dict.fromkeys(hashes)]
        html.append(fold("Hashes of what the numbers rest on", table(("of", "name", "SHA-256 begins"), rows)))
    return Section("How this was made", Markup("\n").join(html))


def _of(part: object) -> Iterator[str]:
    if isinstance(part, Model):
        drug = part.drug.name if part.drug else "no drug"
        yield (
            f"The model {part.name} (drug {drug}, body {part.body.name}, carrier {part.carrier.name}) is a system of "
            "ordinary differential equations derived from its declared flows; its balances of drug, carriers, label "
            "and cells were proved symbolically and are carried as residuals of every run."
        )
    elif isinstance(part, Trajectory):
        yield f"Runs were integrated by {part.solver or DEFAULT_SOLVER}, restarted at every dose ({part.regimen})."
    elif isinstance(part, Fit):
        how = ", ".join(f"{name} {value}" for name, value in part.method.items())
        yield (
            f"The fit {part.name} took {sum(row.used for row in part.predictions)} records of "
            f"{len(part.studies)} studies together with literature and assumed priors ({how}; seed {part.seed}; "
            f"{len(part.costs)} starts)."
        )
    elif isinstance(part, Comparison):
        yield (
            f"Carriers were compared with {part.baseline} over {part.horizon:g} h by {part.draws} paired draws of all "
            "that is uncertain, so that what the carriers share cancels; intervals are the 2.5 and 97.5 % quantiles "
            f"of the draws (seed {part.seed})."
        )


def _hashes(part: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(part, Model):
        yield "model in this report", part.name, fingerprint(part)
    elif isinstance(part, Fit):
        yield from ((f"input of {part.name}", name, digest) for name, digest in part.hashes.items())


def _versions() -> list[tuple[str, str]]:
    found = [("Python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return found
