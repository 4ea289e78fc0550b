"""Every fit of the library is kept, current, and stays where it is when fitted once more from its own estimate."""

from __future__ import annotations

import numpy as np
import pytest

from exodelivery.declare.shelf import library_folder
from exodelivery.fitting.fit import fit, polish
from exodelivery.fitting.kinds import KINDS, kind_of
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.recipe import read_recipe

FOLDERS = sorted(
    path.parent for path in (library_folder() / "fits").glob("*/fit.toml") if kind_of(path.parent) not in KINDS
)

QUICK = [folder for folder in FOLDERS if folder.name != "doxorubicin_carriers"]
"""One evaluation of these takes a second or two; the joint fit has the slow test, and tests of its own elsewhere."""


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kept_fit_is_current_and_does_not_move(folder) -> None:  # type: ignore[no-untyped-def]
    """Within a tenth of each standard error and 0.05 of the sum of squares; an outdated fit warns: an error."""
    kept = fit(folder)
    problem = problem_of(read_recipe(folder))
    assert [unknown.identity for unknown in problem.unknowns] == list(kept.identities)
    sds = np.array([unknown.sd for unknown in problem.unknowns])
    white = (kept.estimate - np.array([unknown.centre for unknown in problem.unknowns])) / sds
    end = polish(problem, white)
    assert end.cost == pytest.approx(min(kept.costs), abs=0.05)
    moved = np.abs(end.white - white) * sds / np.sqrt(np.diag(kept.covariance))
    assert np.max(moved) < 0.1


@pytest.mark.parametrize("folder", QUICK, ids=lambda folder: folder.name)
def test_a_kept_fit_is_current_and_its_estimate_has_the_kept_sum_of_squares(folder) -> None:  # type: ignore[no-untyped-def]
    """One evaluation: the sum of squares to 1e-4, each prediction to a thousandth; an outdated fit warns: an error."""
    kept = fit(folder)
    problem = problem_of(read_recipe(folder))
    assert [unknown.identity for unknown in problem.unknowns] == list(kept.identities)
    centres, sds = (np.array([getattr(unknown, what) for unknown in problem.unknowns]) for what in ("centre", "sd"))
    evaluator = Evaluator(problem)
    white = (kept.estimate - centres) / sds
    predicted = evaluator.predictions(white)
    if problem.recipe.samplings:
        evaluator = evaluator.joined(white)
    assert np.sum(evaluator.residuals(white) ** 2) == pytest.approx(min(kept.costs), rel=1e-4)
    assert not evaluator.failures
    used = [row.predicted for row in kept.predictions if row.used]
    assert [value.value for values in predicted for value in values] == pytest.approx(used, rel=1e-3)


def test_the_library_has_a_kept_fit() -> None:
    assert "doxorubicin_carriers" in [folder.name for folder in FOLDERS]


def test_the_first_joint_fit_covers_what_it_must() -> None:
    kept = fit(library_folder() / "fits" / "doxorubicin_carriers")
    assert kept.verdict.converged and not kept.failures
    used = {f"{row.study}/{row.arm}" for row in kept.predictions if row.used}
    assert {"laginha_2005_4t1_tumour/free_9", "laginha_2005_4t1_tumour/doxil_9"} <= used
    assert {"laginha_2005_4t1_tumour/dopc_9", "wong_2013_liposome_mammary/liposome"} <= used
    assert {"kim_2019_exosome_pk_summary/a", "morishita_2015_organ_distribution/exosome"} <= used
    shared = [row.identity for row in kept.parameters if row.name == "disposition.k_e"]
    assert len(shared) == 1 and "doxorubicin" in shared[0]
    assert all(row.note for row in kept.predictions)
    assert sum(row.name.startswith("clearance.CL_liver") for row in kept.parameters) == 3


def test_what_the_new_fits_say_is_what_their_data_can_say() -> None:
    """Exit from a tumour is known where its fall was followed, and its way is not; release is in no total."""
    exit_ = {row.name: row for row in fit(library_folder() / "fits" / "tumour_exit").parameters}
    organs = {row.name: row for row in fit(library_folder() / "fits" / "liposome_organs").parameters}
    assert exit_["uptake.k_out"].word == "identified" and exit_["uptake.by_lymph"].word != "identified"
    assert all(row.word != "identified" for name, row in organs.items() if name.startswith("uptake.k_exit"))
    rat = fit(library_folder() / "fits" / "kagan_rat_two_form").parameters
    assert all(row.share < 0.2 for row in rat if row.name.startswith(("release.", "disposition.", "loading.")))


def test_a_label_and_a_block_have_each_a_clearance_of_their_own_name() -> None:
    kept = fit(library_folder() / "fits" / "exosome_summaries")
    names = [row.name for row in kept.parameters]
    assert len(set(names)) == len(names)
    assert "clearance.CL (total_loose_label: exosome_natural x mouse)" in names
