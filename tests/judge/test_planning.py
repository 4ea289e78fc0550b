"""A plan for carriers whose every area is known: it asks for what tells, and beats the plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toys import assumed, carrier, literature, model

import exodelivery as exo
from exodelivery.cli.main import main
from exodelivery.errors import DoseError, SimulationError
from exodelivery.judge.joint import joint_of
from exodelivery.judge.metrics import METRICS
from exodelivery.judge.planning.arms import Arms, arms_of, scaled
from exodelivery.judge.planning.bench import Bench, Errors, Spot
from exodelivery.judge.planning.criterion import Contrast
from exodelivery.judge.planning.realised import experiment_of
from exodelivery.judge.planning.result import Plan
from exodelivery.judge.planning.search import Costs, Search
from exodelivery.reports.sections.table import section_of

OLD = carrier("old", literature("0.05 1/h", "5 %"))
NEW = carrier("new", assumed("0.1 1/h", "0.02 1/h", "0.5 1/h"))
TOY = model(OLD)
DOSE = exo.bolus("10 nmol")
TOTAL = [metric for metric in METRICS if metric.name == "plasma AUC"]
ASKED: dict[str, Any] = {
    "baseline": OLD, "metric": "plasma AUC", "horizon": "96 h", "assays": ["plasma_total"], "arms": ["drug"],
    "draws": 4, "naive_times": 4, "budget": 20.0,
}  # fmt: skip


def arms() -> Arms:
    return arms_of(TOY, [NEW], OLD, DOSE, TOTAL, assays=["plasma_total"], kinds=["drug"])


@pytest.fixture(scope="module")
def found() -> Plan:
    return exo.plan(TOY, [NEW], DOSE, **ASKED)


def test_levels_and_the_contrast_move_as_differences_say() -> None:
    about = arms()
    joint = joint_of({name: one.system for name, one in about.machines.items()})
    bench = Bench(about, joint, TOTAL[0], 96.0, [Spot(0, 4.0, "plasma_total"), Spot(1, 12.0, "plasma_total")])
    read = bench.read(joint.estimate)
    step = 1e-4
    for row in range(len(joint.estimate)):
        moved = np.zeros(len(joint.estimate))
        moved[row] = step
        above, below = bench.level(joint.estimate + moved), bench.level(joint.estimate - moved)
        assert read.slopes[:, row] == pytest.approx((above.levels - below.levels) / (2 * step), rel=1e-4, abs=1e-6)
        assert read.gradients[:, row] == pytest.approx(
            (above.contrasts - below.contrasts) / (2 * step), rel=1e-4, abs=1e-5
        )


def test_animals_go_where_the_doubt_is(found: Plan) -> None:
    spent = {arm: sum(one.cost for one in found.groups if one.arm == arm) for arm in ("old", "new")}
    assert spent["new"] > spent["old"]  # the old carrier's clearance is in the literature
    assert found.before.typical > found.naive[0].typical > found.planned.typical
    assert all(one.score >= found.planned.score for one in found.naive)
    assert all(one.cost <= found.budget for one in (found.planned, *found.naive))
    assert 0.7 < found.efficiency <= 1
    assert found.assays[0].arm == "new"


def test_a_prior_that_is_sharp_leaves_nothing_to_find() -> None:
    # Both clearances from the literature: the sd of the log ratio before is that of two cvs of 5 %.
    sure = carrier("sure", literature("0.1 1/h", "5 %"))
    known = exo.plan(TOY, [sure], DOSE, **{**ASKED, "horizon": "960 h"})
    assert known.before.typical == pytest.approx(np.sqrt(2 * np.log1p(0.05**2)), rel=0.01)


def test_the_same_seed_gives_the_same_plan(found: Plan) -> None:
    assert exo.plan(TOY, [NEW], DOSE, **ASKED) == found


def test_the_repr_the_table_and_the_figure_tell_the_story(found: Plan) -> None:
    assert "known to a factor of" in str(found)
    assert "equally spaced" in found._repr_html_()
    assert found.table()["animals"].sum() == found.planned.animals
    assert sum(len(trace.x) for trace in found.plot().data) == len(found.groups)
    assert found.headline == section_of(found).headline


def test_an_inhibited_arm_moves_its_parameter() -> None:
    about = arms_of(
        TOY, [NEW], OLD, DOSE, TOTAL, assays=["plasma_total"], kinds=["drug"], doses=[0.5, 1.0],
        inhibitors={"spared": {"clearance.k": 0.5}},
    )  # fmt: skip
    names = [arm.name for arm in about.arms]
    assert names == ["old, 5 nmol", "old", "new, 5 nmol", "new", "old, spared", "new, spared"]
    joint = joint_of({name: one.system for name, one in about.machines.items()})
    spots = [Spot(names.index(name), 10.0, "plasma_total") for name in ("new", "new, spared", "new, 5 nmol")]
    plain, spared, half = Bench(about, joint, None, 96.0, spots).level(joint.estimate).levels
    assert spared / plain == pytest.approx(np.exp(0.05 * 10), rel=1e-5)
    assert half / plain == pytest.approx(0.5, rel=1e-6)


def test_amounts_and_rates_scale_together() -> None:
    slow = scaled(exo.infusion("10 mg", rate="2 mg/h"), 0.5)
    assert [dose.over for dose in slow.single_doses] == [5.0]
    assert slow.doses[0].amount == "5 mg"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "log-kill"}, "untreated arm"),
        ({"assays": ["plasma_totl"]}, "plasma_total"),
        ({"arms": ["drugs"]}, "drug"),
        ({"times": ["200 h"]}, "within the horizon"),
        ({"budget": 1.0}, "does not buy one group"),
        ({"group": 0}, "whole number"),
        ({"error": -1.0}, "coefficient of variation"),
        ({"error": 0.0, "between": 0.0}, "without error"),
        ({"inhibitors": {"x": {"clearance.kk": 0.5}}}, "clearance.k"),
        ({"serial": {"tumour": 2}}, "plasma_total"),
        ({"limits": {"plasma": "1 nmol/mL"}}, "plasma_total"),
        ({"doses": [0.0]}, "positive numbers"),
    ],
)
def test_what_cannot_be_planned_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        exo.plan(TOY, [NEW], DOSE, **{**ASKED, **options})


def test_a_tracer_is_no_dose_to_plan_for() -> None:
    with pytest.raises(DoseError, match="doses of drug"):
        exo.plan(TOY, [NEW], exo.bolus("1 ID"), **ASKED)


def test_simulated_experiments_settle_what_was_expected_of_them() -> None:
    made = exo.plan(TOY, [NEW], DOSE, **{**ASKED, "truths": 12, "budget": 40.0, "draws": 12})
    planned, *naive = made.trials
    assert (planned.design, planned.truths, planned.failed) == ("planned", 12, 0)
    assert planned.width == pytest.approx(2 * 1.96 * made.planned.typical, rel=0.15)
    assert planned.error == pytest.approx(made.planned.typical, rel=0.6)  # by chance: 20 % of it, three times
    assert planned.covered >= 0.75
    assert all(one.error > planned.error and one.width > planned.width for one in naive)
    assert "simulated and refitted" in str(made)


def test_the_generalised_logarithm_has_one_error_everywhere() -> None:
    about = arms()
    joint = joint_of({name: one.system for name, one in about.machines.items()})
    spots = [Spot(0, time, "plasma_total") for time in (1.0, 48.0, 96.0)]
    search = Search(spots, Contrast(np.zeros((1, 3, 1)), np.ones((1, 1, 1))), np.zeros((1, 3)), Costs(9.0, 1.0, 0.1))
    errors = Errors(np.full(3, 0.3), np.full(3, 0.15), np.full(3, 0.2))
    one = experiment_of(about, joint, TOTAL[0], 96.0, search, errors, {(0,): 1.0, (1,): 1.0, (2,): 4.0})
    levels = one.bench.level(joint.estimate).levels
    step = 1e-6 * levels
    slope = (one.transformed(levels + step) - one.transformed(levels - step)) / (2 * step)
    assert slope == pytest.approx(1 / errors.sd(levels), rel=1e-6)
    generator = np.random.default_rng(1)
    data = np.array([one.misfit(one.simulated(levels, generator), levels) for _ in range(1000)])
    assert data.std(axis=0) == pytest.approx(np.ones(3), abs=0.08)


SATURABLE = exo.Block(
    kind="clearance",
    name="saturable",
    parameters={
        "v": assumed("0.5 (1e9 particle)/h", "0.1 (1e9 particle)/h", "2.5 (1e9 particle)/h"),
        "K": assumed("0.02 1e9 particle", "0.005 1e9 particle", "0.1 1e9 particle"),
    },
    flows={
        "clear": {
            "flow": "plasma.carrier -> out : v * plasma.carrier / (K + plasma.carrier)",
            "passengers": dict.fromkeys(("loaded", "adsorbed", "label"), "out"),
        }
    },
)


def test_a_mechanism_is_told_from_its_rival_where_they_part() -> None:
    asked = {**ASKED, "rival": {"clearance": SATURABLE}, "draws": 6}
    made = exo.plan(TOY, [NEW], DOSE, **asked)
    assert made.aim == "mechanisms"
    assert made.planned.typical >= max(one.typical for one in made.naive) * 0.95
    assert all(one.score >= made.planned.score for one in made.naive)
    assert 0.5 < made.efficiency <= 1
    assert "log Bayes factor" in made.headline
    assert section_of(made).headline == made.headline


@pytest.mark.parametrize(("rival", "said"), [({"clearanc": "linear"}, "clearance"), ({"efflux": {}}, "same mechanism")])
def test_a_rival_that_is_none_is_refused(rival: Any, said: str) -> None:
    with pytest.raises(SimulationError, match=said):
        exo.plan(TOY, [NEW], DOSE, **{**ASKED, "rival": rival})


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--serial", "plasma_total"], "NAME=VALUE"), (["--inhibit", "a.b=c"], "numbers"), (["--levels", "x"], "numbers")],
)
def test_the_shell_says_what_it_cannot_read(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["plan", "doxorubicin_mouse", "--carriers", "none", "--baseline", "liposome_pegylated", "--dose", "5 mg/kg"]
    assert main([*plain, *words]) == 2
    assert said in capsys.readouterr().err
