from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from toy import CSV, MODEL, RECIPE, STUDY, shelf

import exodelivery as exo
from exodelivery.declare.model import parameters_of
from exodelivery.errors import FitError
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.recipe import Share, Spread, read_recipe
from exodelivery.fitting.unknowns import identities_of, unknown_of, unknowns_of


def test_a_range_is_the_central_95_percent_of_a_prior() -> None:
    parameters = parameters_of(exo.load("doxorubicin_mouse", carrier="liposome_pegylated"))
    found = unknown_of(parameters["uptake.PS"])
    assert found is not None and found.scale == "log"
    low, high = parameters["uptake.PS"].quantity.ends or (0, 0)
    assert found.base(found.centre - 1.959964 * found.sd) == pytest.approx(low)
    assert found.base(found.centre + 1.959964 * found.sd) == pytest.approx(high)


def test_bodies_drugs_and_cells_are_shared_and_carriers_are_not() -> None:
    free = parameters_of(exo.load("doxorubicin_mouse", carrier="none"))
    pegylated = parameters_of(exo.load("doxorubicin_mouse", carrier="liposome_pegylated"))
    leaky = parameters_of(exo.load("doxorubicin_mouse", carrier="liposome_leaky"))
    assert free["disposition.k_e"].identity == pegylated["disposition.k_e"].identity
    assert pegylated["clearance.CL_liver"].identity != leaky["clearance.CL_liver"].identity
    both = unknowns_of([*pegylated.values(), *leaky.values()], Spread(0.1, "a test"))
    assert len({unknown.identity for unknown in both}) == len(both)
    assert sum(unknown.name == "clearance.CL_liver" for unknown in both) == 2


def test_a_value_without_a_spread_takes_the_named_one_or_is_refused() -> None:
    share = parameters_of(exo.load("label_mouse"))["body.share_liver"]
    with pytest.raises(FitError, match=r"how well body\.share_liver"):
        unknown_of(share)
    found = unknown_of(share, Spread(0.15, "a test"))
    assert found is not None and found.sd == pytest.approx(math.sqrt(math.log1p(0.15**2)))
    assert found.origin == "literature"


def test_one_identity_with_two_values_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPE.replace(
        "[arms]\n",
        '[models.other]\nmodel = "other"\n[arms]\n"twin_study/one" = { model = "other", horizon = "24 h" }\n',
    )
    recipe = recipe.replace(
        "[readings]\n", '[readings]\n"twin_study/one half_life(level) 1" = { window = ["1 h", "6 h"], why = "one" }\n'
    )
    folder = shelf(tmp_path, recipe.replace("[spreads]\n", '[spreads]\ntwin_study = { cv = "5 %", why = "a test" }\n'))
    monkeypatch.chdir(tmp_path)
    twin = tmp_path / "fits" / "studies" / "twin_study"
    twin.mkdir()
    (twin / "study.toml").write_text(STUDY)
    (twin / "levels.csv").write_text(CSV)
    other = (
        MODEL + '[set]\n"disposition.k" = { value = "0.3 1/h", status = "assumed", range = ["0.02 1/h", "2 1/h"] }\n'
    )
    (tmp_path / "models" / "other.toml").write_text(other)
    with pytest.raises(FitError, match="one number to a joint fit"):
        problem_of(read_recipe(folder))
    (tmp_path / "models" / "other.toml").write_text(MODEL)
    assert len(problem_of(read_recipe(folder)).unknowns) == 4


def test_a_carrier_takes_what_it_shares_from_the_other() -> None:
    model = exo.load("doxorubicin_mouse", carrier="exosome_targeted")
    partner = parameters_of(model.swap(carrier="exosome_natural"))
    share = Share("exosome_targeted", "exosome_natural", ("clearance.*", "uptake.PS"), "a test")
    shared, own = identities_of(model, [share]), identities_of(model)
    assert shared["clearance.CL_liver"] == partner["clearance.CL_liver"].identity
    assert shared["uptake.PS"] == partner["uptake.PS"].identity != own["uptake.PS"]
    assert shared["uptake.v_int"] == own["uptake.v_int"]


def test_the_jacobian_is_the_difference_of_residuals(toy_fit: Path) -> None:
    problem = problem_of(read_recipe(toy_fit))
    evaluator = Evaluator(problem)
    white = problem.start + 0.1
    found, step = evaluator.jacobian(white), 1e-3
    for n in range(len(white)):
        move = step * np.eye(len(white))[n]
        near = (evaluator.residuals(white + move) - evaluator.residuals(white - move)) / (2 * step)
        assert found[:, n] == pytest.approx(near, rel=2e-3, abs=2e-3)
