"""What a comparison says: in the terminal, in a notebook, as a frame and as figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exodelivery.judge.comparison import WIDTH, Comparison, Row
from exodelivery.judge.verdict import UNDECIDED, flips, headline, overall

ROW = Row(
    "exosome<b>", "released drug in tumour", "area", "drug", 168.0, 0.0123, 1.23e-3, 4.56e4, 0.31, 0.04,
    {"measured": 0.1, "literature": 0.3, "assumed": 0.6}, UNDECIDED, 3, "12.3 nmol/g*h", "1000 nmol/g*h",
)  # fmt: skip
SURE = replace(ROW, carrier="none", shares={"measured": 0.7, "assumed": 0.3}, headline="worse", p_better=0.0)
PLASMA = replace(ROW, metric="plasma AUC", p_better=None)
FOUND = Comparison(
    "toy", "liposome_pegylated", ("exosome<b>", "none"), "5 mg/kg iv bolus", 168.0, 200, (ROW, SURE, PLASMA),
    overall((ROW, SURE, PLASMA), "liposome_pegylated"), ("a note " * 40,),
    ("none, same particles: none has no particles",),
)  # fmt: skip


def test_the_verdict_fits_a_terminal_and_says_all() -> None:
    text = str(FOUND)
    assert max(map(len, text.splitlines())) <= WIDTH
    for words in (
        "0.31 (a)",
        "60 % assumed",
        "under the assumptions",
        "none has no particles",
        "worse",
        "70 % measured",
    ):
        assert words in text


def test_html_is_escaped_and_labels_the_probability() -> None:
    page = FOUND._repr_html_()
    assert "exosome&lt;b&gt;" in page and "exosome<b>" not in page
    assert "0.31 (a)" in page and "(a) the evidence does not decide" in page and "under the assumptions" in page


def test_the_frame_has_shares_in_columns() -> None:
    frame = FOUND.table()
    assert frame["share assumed"].tolist() == [0.6, 0.3, 0.6] and len(frame) == 3


def test_figures_hold_every_row() -> None:
    assert len(FOUND.plot().data) == 3
    assert {trace.name for trace in FOUND.shares_plot().data} == {"measured", "literature", "assumed"}


def test_a_row_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="left_out"):
        FOUND.row("none", "log-kill")


@pytest.mark.parametrize(
    ("direction", "above", "equal", "shares", "words"),
    [
        (1, 0.98, 0.0, {"measured": 1.0}, "better"),
        (1, 0.02, 0.0, {"measured": 1.0}, "worse"),
        (-1, 0.02, 0.0, {"measured": 1.0}, "better"),
        (0, 0.99, 0.0, {"measured": 1.0}, "higher"),
        (1, 0.6, 0.0, {"measured": 1.0}, "no difference shown"),
        (1, 0.99, 0.96, {"measured": 1.0}, "equivalent"),
        (1, 0.99, 0.0, {"assumed": 0.51, "measured": 0.49}, UNDECIDED),
        (1, 0.99, 0.0, {"assumed": 0.49, "measured": 0.51}, "better"),
        (1, 0.99, 0.0, {}, "doubt not traced"),
    ],
)
def test_the_headline_of_a_row(
    direction: int, above: float, equal: float, shares: dict[str, float], words: str
) -> None:
    assert headline(direction, above, equal, shares) == words


def test_the_headline_of_a_comparison_speaks_of_its_leading_metric_only() -> None:
    assert "plasma AUC" not in FOUND.headline and "worse" in FOUND.headline
    assert overall((ROW,), "x").startswith("The evidence does not decide")
    assert overall((), "x").startswith("Nothing could be compared")


def test_a_verdict_that_flips_between_metrics_or_matchings_is_said_first() -> None:
    better = replace(SURE, metric="tumour : heart", matching="particles", p_better=0.97, headline="better")
    rows = (SURE, better, PLASMA)
    (said,) = flips(rows)
    assert said.startswith(
        "The verdict on none flips: better by tumour : heart (same particles, P(better) 0.97); worse"
    )
    assert overall(rows, "liposome_pegylated").splitlines()[0] == said
    assert flips((SURE, replace(better, p_better=0.6))) == [] and flips((SURE, replace(better, carrier="other"))) == []
