"""Every number that a report prints is one of a stored result: read back from it, at the precision printed."""

from __future__ import annotations

import html
import json
import math
import platform
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.cli.plain import as_json
from exodelivery.declare.model import Model, parameters_of
from exodelivery.declare.quantity import from_scale
from exodelivery.evidence.records import Z975
from exodelivery.fitting.result import Fit
from exodelivery.judge.comparison import Comparison
from exodelivery.judge.sensitivity import Sensitivity
from exodelivery.reports.document import document
from exodelivery.reports.section import Section
from exodelivery.reports.sections.methods import PACKAGES
from exodelivery.reports.sections.table import section_of
from exodelivery.solve.trajectory import Trajectory
from exodelivery.units import unit

NUMBER = re.compile(r"(?<![\w.])[+−-]?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")


CONVENTIONS = {"95", "2.5", "97.5", "256"}
"""Of intervals, quantiles and SHA-256: what the report says of its own rules."""
METRICS = ["released drug in tumour", "plasma AUC"]


@cache
def parts() -> dict[str, Any]:
    """The demonstration's parts, its comparison with fewer draws and metrics."""
    fit = exo.fit("doxorubicin_carriers")
    model = exo.load("doxorubicin_mouse", carrier="exosome_targeted")
    dose, baseline = exo.bolus("0.1 mg/kg"), "liposome_pegylated"
    carriers = ["exosome_targeted", "none"]
    duel = exo.compare(model, carriers, dose, baseline=baseline, using=fit, draws=25, metrics=METRICS)
    run = exo.simulate(model, dose, "48 h", using=fit)
    swapped = exo.attribute(model, "exosome_targeted", dose, baseline=baseline, using=fit, draws=20)
    told = exo.sensitivity(model, dose, using=fit, trajectories=4, samples=32)
    return {
        "comparison": duel,
        "attribution": swapped,
        "sensitivity": told,
        "fit": fit,
        "run": run,
        "model": model,
        "studies": exo.studies(*fit.studies),
    }


def words(markup: str) -> str:
    """Return what a reader sees of a section, figures' data left out (they are drawn from it)."""
    bare = re.sub(r"<script.*?</script>", " ", markup, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", bare))


def printed(text: str) -> list[str]:
    return [token.replace("−", "-").replace(",", "") for token in NUMBER.findall(text)]


def leaves(stored: Any) -> Iterator[float]:
    """Yield every number of stored results, those within texts too."""
    if isinstance(stored, dict):
        for name, value in stored.items():
            yield from leaves(name)
            yield from leaves(value)
    elif isinstance(stored, list):
        for value in stored:
            yield from leaves(value)
    elif isinstance(stored, str):
        yield from map(float, printed(stored))
    elif isinstance(stored, int | float) and not isinstance(stored, bool):
        yield float(stored)


def again(part: Any, stored: Any) -> Iterator[float]:
    """Yield what a section derives from a stored result, computed anew from that result alone."""
    if isinstance(part, Fit):
        for row in stored["parameters"]:
            factor = unit(row["unit"]).factor
            for z in (0.0, -Z975, Z975):
                yield from_scale(row["estimate"] + z * row["sd"], row["scale"]) / factor
            value = from_scale(row["estimate"], row["scale"])
            slope = {"log": value, "logit": value * (1 - value)}.get(row["scale"], 1.0)
            yield math.sqrt(math.expm1(row["sd"] ** 2)) if row["scale"] == "log" else abs(slope * row["sd"] / value)
        used = [row for row in stored["predictions"] if row["used"]]
        arms: dict[str, list[float]] = {}
        for row in used:
            arms.setdefault(f"{row['study']} {row['arm']}", []).append(row["residual"])
        for found in arms.values():
            yield from (len(found), sum(one**2 for one in found), sum(found) / len(found), max(found, key=abs))
        yield from (
            len(used),
            sum(abs(row["residual"]) > 2 for row in used),
            *range(1, 30),
        )  # and the footnotes' numbers
        yield len(stored["untouched"])
        words = [row["word"] for row in stored["parameters"]]
        yield from (len(words), words.count("identified"), len(words) - words.count("identified"))
        yield from (len(stored["studies"]), len(stored["costs"]))
    elif isinstance(part, Model):
        statuses = [parameter.quantity.status for parameter in parameters_of(part).values()]
        yield from (len(statuses), *(statuses.count(status) for status in set(statuses)))
    elif isinstance(part, Trajectory):
        for name in part.names:
            curve = part[name]
            yield from (float(np.max(curve(curve.times))), float(curve.times[np.argmax(curve.values)]))
    elif isinstance(part, Sensitivity):
        yield len(stored["influences"])
    elif isinstance(part, Comparison):
        headlines = [row.headline for row in part.rows]
        yield from (len(headlines), headlines.count("the evidence does not decide"), len(part.left_out))


def pool(part: Any) -> list[float]:
    stored = json.loads(as_json(part))
    return [*leaves(stored), *again(part, stored)]


def records(stored: Any) -> Iterator[dict[str, Any]]:
    """Yield every record of a stored result, however deep."""
    if isinstance(stored, dict):
        yield stored
        for value in stored.values():
            yield from records(value)
    elif isinstance(stored, list):
        for value in stored:
            yield from records(value)


def groups(part: Any) -> list[list[float]]:
    """Return what one row of a table may print: the numbers of one record, and what is derived from it alone."""
    stored = json.loads(as_json(part))
    found = []
    for record in records(stored):
        own = list(leaves({name: value for name, value in record.items() if _is_plain(value)}))
        if isinstance(part, Fit) and "estimate" in record:
            own += again(part, {**stored, "parameters": [record], "predictions": []})
        if isinstance(part, Fit) and record.get("note"):
            notes = list(dict.fromkeys(row["note"] for row in stored["predictions"] if row["note"]))
            own.append(notes.index(record["note"]) + 1.0)  # its footnote
        found.append(own)
    if isinstance(part, Trajectory):
        found += [[size] for size in part.residuals.values()]
        for name in part.names:
            curve = part[name]
            found.append([float(np.max(curve(curve.times))), float(curve.times[np.argmax(curve.values)])])
    if isinstance(part, Fit):
        used = [row for row in stored["predictions"] if row["used"]]
        for study, arm in {(row["study"], row["arm"]) for row in used}:
            found.append([*again(part, {**stored, "parameters": [], "predictions": [
                row for row in used if (row["study"], row["arm"]) == (study, arm)
            ]}), *leaves([study, arm])])  # fmt: skip
    return found


def _is_plain(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(inner) < 20 and not any(isinstance(one, dict | list) for one in inner)


def loose_rows(section: Section, part: Any) -> list[str]:
    """Return the rows of a section's tables whose numbers no single record has all of."""
    every, loose = groups(part), []
    for row in re.findall(r"<tr>.*?</tr>", section.html, flags=re.DOTALL):
        tokens = [token for token in printed(words(row)) if token not in CONVENTIONS]
        if "<th" not in row and not any(all(is_of(token, numbers) for token in tokens) for numbers in every):
            loose.append(words(row))
    return loose


def untraced(section: Section, numbers: Sequence[float]) -> list[str]:
    """Return what a section prints that is none of these numbers."""
    text = f"{words(section.html)} {section.headline}"
    return [token for token in printed(text) if token not in CONVENTIONS and not is_of(token, numbers)]


def is_of(token: str, numbers: Sequence[float]) -> bool:
    """Say whether a printed number is one of these, or its percentage, rounded to what is printed."""
    value = float(token)
    digits = token.lower().partition("e")[0]
    power = int(token.lower().partition("e")[2] or 0)
    decimals = len(digits.partition(".")[2])
    half = 0.5000001 * 10.0 ** (power - decimals)
    # A whole number may have been rounded to three digits or four: 7990 of 7988.6.
    if not decimals and "e" not in token.lower() and abs(value) >= 1000:
        half = max(half, 0.5000001 * 10.0 ** (math.floor(math.log10(abs(value))) - 2))
    return any(abs(value - scale * number) <= half for number in numbers for scale in (1, 100))


@pytest.mark.parametrize("name", ["comparison", "attribution", "sensitivity", "fit", "run", "model", "studies"])
def test_every_number_of_a_section_is_one_of_its_result(name: str) -> None:
    part = parts()[name]
    section, numbers = section_of(part), pool(part)
    assert len(printed(words(section.html))) > 20
    assert untraced(section, numbers) == []
    assert loose_rows(section, part) == []
    # A number that somebody typed, or a digit that slipped, is found.
    typed = Section(section.title, section.html + "<p>It was 0.7182818 of it.</p>", section.headline)
    assert untraced(typed, numbers) == ["0.7182818"]


def test_every_number_of_what_closes_a_report_is_one_of_its_parts() -> None:
    numbers = [number for part in parts().values() for number in pool(part)]
    versions = [float(token) for name in PACKAGES for token in printed(version(name))]
    python = [float(token) for token in printed(platform.python_version())]
    closing = document(list(parts().values()), "All of it").sections[-3:-1]
    assert [section.title for section in closing] == ["Limitations", "How this was made"]
    for section in closing:
        bare = Section(section.title, re.sub(r"<td>[0-9a-f]{16}</td>|<td>\d+(\.\w+)+</td>", "", section.html))
        assert untraced(bare, [*numbers, *versions, *python]) == []
