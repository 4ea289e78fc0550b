"""A virtual population in a report: the page says what the result says."""

from __future__ import annotations

import numpy as np

from exodelivery.judge.population.result import Attainment, Better, Spread, Virtual
from exodelivery.judge.population.variability import Variation
from exodelivery.reports.pieces import Plot, Rows, pieces_of
from exodelivery.reports.sections.table import section_of


def test_the_section_holds_every_table_and_the_figure() -> None:
    ends = tuple((0.5 * n, 2.0 * n) for n in range(1, 6))
    spreads = tuple(
        Spread(name, "total drug in tumour", "nmol/g*h", (1.0, 2.0, 3.0, 4.0, 5.0), ends, 0.3, 0.1, 0.5, 0)
        for name in ("a", "b")
    )
    better = (Better("b", "total drug in tumour", 62.0, 40.0, 80.0, 0.7, (0.5, 0.8, 1.1, 1.3, 2.0)),)
    words = "b: out of reach."
    target = (
        Attainment("b", "total drug in tumour", "9 nmol/g*h", 0.9, 0.1, 0.0, 0.4, np.inf, 3.0, np.inf, 0.2, words),
    )
    values = {(name, "total drug in tumour"): np.array([1.0, 3.0, 5.0]) for name in ("a", "b")}
    row = Variation("body.weight", "9 %", range=("5 %", "15 %"))
    who = Virtual("m", "a", ("b",), "5 mg/kg", "drug", 24.0, 3, 20, spreads, better, target, (row,), values=values)
    section = section_of(who)
    pieces = [placed.piece for placed in pieces_of(section)]
    assert "62 % of subjects get more total drug in tumour with b than with a (40 to 80 %" in section.headline
    assert sum(isinstance(piece, Rows) for piece in pieces) == 4
    assert sum(isinstance(piece, Plot) for piece in pieces) == 1
    assert who.table().loc[1, "percent better"] == 62.0
    assert "3 to out of reach" in section.html
