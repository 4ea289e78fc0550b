"""The section of a fit: the misfit of each arm stands beside the whole."""

from __future__ import annotations

from exodelivery.declare.shelf import library_folder
from exodelivery.fitting.fit import fit
from exodelivery.reports.sections.fit import render


def test_each_arm_of_a_joint_fit_shows_its_own_misfit() -> None:
    kept = fit(library_folder() / "fits" / "liposome_organs")
    html = str(render(kept).html)
    part = html[html.index("Misfit by arm") : html.index("What was learnt")]
    squares = {}
    for row in kept.predictions:
        if row.used:
            squares[row.arm] = squares.get(row.arm, 0.0) + row.residual**2
    assert abs(sum(squares.values()) - kept.verdict.chi_square) < 1e-6
    assert all(arm in part and f"{total:.3g}" in part for arm, total in squares.items())


def test_a_fit_of_one_arm_has_no_table_of_arms() -> None:
    assert "Misfit by arm" not in str(render(fit(library_folder() / "fits" / "tumour_exit")).html)
