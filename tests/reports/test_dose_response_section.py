"""Dose-response in a report: the numbers of the table, the figure, the words, and the methods' sources."""

from __future__ import annotations

import itertools

import numpy as np

from exodelivery.judge.dose_response.combination import combine
from exodelivery.judge.dose_response.curves import curves
from exodelivery.reports.bibliography import bibliography_text
from exodelivery.reports.sections.table import section_of

DOSES = np.geomspace(0.001, 10, 9)


def test_curves_are_shown_with_their_numbers_and_words() -> None:
    counts = 300 + 600 / (1 + (DOSES / 0.1) ** 1.5)
    wells = {"dose": DOSES, "n": counts, "control": [900.0] * 9, "start": [250.0] * 9, "line": ["<b>A</b>"] * 9}
    found = curves(wells, response="n", by="line", control="control", time0="start", unit="uM", intervals=())
    section = section_of(found)
    assert "GR50" in section.html
    assert "&lt;b&gt;A" in section.html and "<b>A</b>" not in section.html.replace("\\u003c", "<").split("<script")[0]
    assert "10.1038/nmeth.3853" in bibliography_text([found])


def test_a_combination_is_shown_with_its_surface() -> None:
    levels = (0.0, 0.1, 0.3, 1.0)
    wells = [(a, b, 1 / (1 + a) / (1 + b)) for a, b in itertools.product(levels, levels)]
    table = dict(zip(("a", "b", "response"), map(list, zip(*wells, strict=True)), strict=True))
    section = section_of(combine(table, doses=("a", "b"), references=("bliss", "hsa"), draws=2))
    assert "bliss" in section.html and "class='plot'" in section.html
