"""Comparisons whose ratio, interval, probability and shares have a closed form."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import norm

import exodelivery as exo
from exodelivery.declare.parts import Carrier
from exodelivery.declare.quantity import Z975
from exodelivery.errors import DeclarationError, DoseError, FitError, SimulationError
from exodelivery.judge.compare import compare
from exodelivery.judge.comparison import Comparison
from exodelivery.judge.verdict import UNDECIDED
from tests.judge.toys import HORIZON, LinearGaussian, assumed, carrier, literature, model

DOSE = exo.bolus("10 nmol")
FAST = carrier("fast", literature("0.4 1/h", "20 %"))
SLOW = carrier("slow", assumed("0.1 1/h", "0.05 1/h", "0.2 1/h"))
NONE = exo.Carrier(name="none")
SD_FAST = math.sqrt(math.log1p(0.2**2))
SD_SLOW = math.log(4) / (2 * Z975)
K = "clearance/first.k @ {} x toy"


def duel(*carriers: Carrier, baseline: Carrier = FAST, draws: int = 250, **more: object) -> Comparison:
    given = {"horizon": HORIZON, "metrics": ["total drug in tumour"], "matchings": ["drug"], **more}
    return compare(model(FAST), carriers or (SLOW,), DOSE, baseline=baseline, draws=draws, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def known() -> Comparison:
    return duel(metrics=["total drug in tumour", "log-kill", "plasma AUC"])


def test_the_ratio_at_the_estimate_is_the_quotient_of_the_rate_constants(known: Comparison) -> None:
    assert known.row("slow", "total drug in tumour").ratio == pytest.approx(4.0, rel=1e-5)
    assert known.row("slow", "total drug in tumour").carrier_value == "50 nmol/mL*h"


def test_interval_and_probability_agree_with_the_closed_form(known: Comparison) -> None:
    row, sd = known.row("slow", "total drug in tumour"), math.hypot(SD_FAST, SD_SLOW)
    for end, sign in ((row.low, -1), (row.high, 1)):
        assert math.log(end) == pytest.approx(math.log(4) + sign * Z975 * sd, abs=0.2)
    assert row.p_better == pytest.approx(norm.cdf(math.log(4) / sd), abs=0.02)
    equal = norm.cdf((math.log(1.25) - math.log(4)) / sd) - norm.cdf((math.log(0.8) - math.log(4)) / sd)
    assert row.p_equivalent == pytest.approx(equal, abs=0.02)
    by_margin = norm.sf((math.log(1.25) - math.log(4)) / sd)
    assert row.p_by_margin is not None and row.p_by_margin < (row.p_better or 0.0)
    assert row.p_by_margin == pytest.approx(by_margin, abs=0.03)
    assert known.row("slow", "plasma AUC").p_by_margin is None


def test_shares_of_the_variance_agree_with_the_closed_form_and_sum_to_one(known: Comparison) -> None:
    whole = SD_FAST**2 + SD_SLOW**2
    for row in known.rows:
        assert row.shares["assumed"] == pytest.approx(SD_SLOW**2 / whole, abs=2e-3)
        assert row.shares["literature"] == pytest.approx(SD_FAST**2 / whole, abs=2e-3)
        assert sum(row.shares.values()) == pytest.approx(1.0, rel=1e-9)


def test_log_kill_is_in_proportion_to_the_area_under_a_linear_effect(known: Comparison) -> None:
    row = known.row("slow", "log-kill")
    assert row.ratio == pytest.approx(4.0, rel=1e-4)
    assert float(row.carrier_value) == pytest.approx(0.1 * 50 / math.log(10), rel=1e-3)


def test_the_size_of_the_tumours_at_the_horizon_is_stated(known: Comparison) -> None:
    growth = math.sqrt(0.002 * 0.01)  # the centre of its range
    left = {name: 1e8 * math.exp(growth * HORIZON - kill) for name, kill in (("fast", 1.25), ("slow", 5), ("un", 0))}
    note = next(note for note in known.notes if note.startswith("tumour cells"))
    for text in (f"slow (drug) {left['slow']:.2g}", f"fast (drug) {left['fast']:.2g}", f"(untreated) {left['un']:.2g}"):
        assert text in note


def test_plasma_area_is_not_judged(known: Comparison) -> None:
    assert known.row("slow", "plasma AUC").p_better is None


def test_what_carriers_share_cancels_in_their_ratio() -> None:
    wide = assumed("2 mL", "0.02 mL", "200 mL")
    vague = compare(
        model(FAST, wide), [SLOW], DOSE, baseline=FAST, horizon=HORIZON, metrics=["total drug in tumour"],
        matchings=["drug"], draws=100,
    )  # fmt: skip
    assert vague.rows[0].high / vague.rows[0].low == pytest.approx(
        duel(draws=100).rows[0].high / duel(draws=100).rows[0].low, rel=1e-4
    )


def test_a_third_carrier_does_not_change_the_verdict_on_the_others() -> None:
    third = carrier("third", literature("0.2 1/h", "10 %"))
    alone, together = duel(draws=25).rows[0], duel(third, SLOW, draws=25).row("slow", "total drug in tumour")
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high), rel=1e-12)


def test_equal_particles_bring_in_what_a_particle_holds() -> None:
    poor = carrier("poor", assumed("0.1 1/h", "0.05 1/h", "0.2 1/h"))
    found = compare(
        model(FAST).with_values({}), [poor], exo.bolus("1e10 particle"), baseline=FAST, horizon=HORIZON, draws=200,
        metrics=["total drug in tumour"],
    )  # fmt: skip
    same_drug, same_particles = (
        found.row("poor", "total drug in tumour"),
        found.row("poor", "total drug in tumour", "particles"),
    )
    assert same_drug.ratio == pytest.approx(4.0, rel=1e-5) and same_particles.ratio == pytest.approx(4.0, rel=1e-5)
    sd_load = math.log(4) / (2 * Z975)
    assert same_drug.shares["literature"] == pytest.approx(SD_FAST**2 / (SD_FAST**2 + SD_SLOW**2), abs=2e-3)
    whole = SD_FAST**2 + SD_SLOW**2 + 2 * sd_load**2
    assert same_particles.shares["literature"] == pytest.approx(SD_FAST**2 / whole, abs=2e-3)


def test_free_drug_has_no_particles_and_its_row_is_left_out_by_name() -> None:
    found = duel(NONE, SLOW, matchings=["drug", "particles"], metrics=["plasma AUC"], draws=1)
    assert "none, same particles: none has no particles" in found.left_out
    assert not [row for row in found.rows if row.carrier == "none" and row.matching == "particles"]


def test_a_metric_that_a_carrier_cannot_give_is_left_out_with_its_reason_and_is_not_zero() -> None:
    found = duel(NONE, SLOW, metrics=["total drug in tumour", "nuclear drug"], draws=1)
    assert {row.carrier for row in found.rows} == {"slow"}
    reasons = [text for text in found.left_out if text.startswith("none, same drug, total drug in tumour")]
    assert len(reasons) == 1 and "conc(plasma.loaded)" in reasons[0]
    assert any("slow" in text and "declares no such observable" in text for text in found.left_out)


def test_a_joint_result_gives_interval_and_shares_of_data_and_priors_together() -> None:
    fit = LinearGaussian((K.format("slow"), K.format("fast")), np.log([0.1, 0.4]))
    row = duel(using=fit).rows[0]
    # The contrast has precision 1/2 from two unit priors and 1/0.25 from the measurement.
    sd = math.sqrt(1 / (0.5 + 1 / 0.25))
    assert row.shares["measured"] == pytest.approx(4 / 4.5, abs=2e-3)
    assert row.shares["assumed"] == pytest.approx(0.25 / 4.5, abs=2e-3)
    assert math.log(row.high / row.low) == pytest.approx(2 * Z975 * sd, abs=0.25)
    assert row.headline == "better"
    assert duel(using=fit, draws=1).citations == fit.citations


def test_a_parameter_shared_with_another_carrier_is_drawn_once() -> None:
    slow, fast = K.format("slow"), K.format("fast")
    fit = LinearGaussian((fast, "elsewhere"), np.log([0.4, 1.0]), alias={slow: fast})
    row = duel(using=fit, draws=50).rows[0]
    assert (row.ratio, row.low, row.high) == pytest.approx((1.0, 1.0, 1.0), rel=1e-4)
    assert row.headline in ("doubt not traced", "equivalent", UNDECIDED) and row.p_equivalent == 1.0


def test_where_assumptions_carry_more_than_half_the_evidence_does_not_decide(known: Comparison) -> None:
    row = known.row("slow", "total drug in tumour")
    assert row.shares["assumed"] > 0.5 and row.p_better is not None and row.p_better > 0.975
    assert row.headline == UNDECIDED
    assert UNDECIDED in known.headline.lower() and "under the assumptions" in known.headline


def test_draws_that_fail_are_counted_and_stated_and_are_in_no_number() -> None:
    fragile = carrier(
        "fragile", literature("0.4 1/h", "20 %"), loaded="1 - lost", free="lost", lost=assumed("0.5", "0.2", "1.25")
    )
    found = duel(fragile, draws=200)
    row = found.rows[0]
    sd = math.log(1.25 / 0.2) / (2 * Z975)
    expected = 1 - norm.cdf(-math.log(0.5) / sd)
    assert row.failures == pytest.approx(200 * expected, abs=15) and row.failures > 0
    assert math.isfinite(row.low) and math.isfinite(row.high)
    assert any(f"{row.failures} of 200 draws of fragile" in note for note in found.notes)


def test_the_executor_does_not_change_a_number() -> None:
    serial = duel(draws=40)
    with ThreadPoolExecutor(2) as pool:
        threaded = duel(draws=40, executor=pool)
    assert threaded.rows == serial.rows
    assert duel(draws=40, executor=2).rows == serial.rows


def test_a_seed_gives_the_same_numbers_again_and_another_gives_others() -> None:
    assert duel(draws=30, seed=7).rows == duel(draws=30, seed=7).rows
    assert duel(draws=30, seed=8).rows[0].low != duel(draws=30, seed=7).rows[0].low


def test_a_value_printed_without_a_spread_takes_the_named_one_and_the_notes_say_so() -> None:
    bare = carrier("bare", literature("0.1 1/h"))
    found = duel(bare, draws=1, default_cv=0.5)
    shares = found.rows[0].shares
    assert shares == {"literature": pytest.approx(1.0, abs=1e-6), "assumed": pytest.approx(0.0, abs=1e-6)}
    assert any("cv of 50 %" in note and "bare" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"metrics": ["total"]}, SimulationError, "total drug in tumour"),
        ({"matchings": ["vesicles"]}, SimulationError, "particles"),
        ({"horizon": -1.0}, SimulationError, "horizon"),
        ({"draws": 0}, SimulationError, "draws"),
    ],
)
def test_misuse_is_one_clear_sentence(change: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        duel(**change)  # type: ignore[arg-type]


def test_a_tracer_and_an_empty_regimen_compare_nothing() -> None:
    for dose in (exo.bolus("1 ID"), exo.Regimen()):
        with pytest.raises(DoseError):
            compare(model(FAST), [SLOW], dose, baseline=FAST, horizon=HORIZON)


def test_an_assumed_value_without_a_range_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"clearance\.k"):
        duel(carrier("vague", {"value": "0.1 1/h", "status": "assumed"}))


def test_information_that_is_no_distribution_is_refused() -> None:
    fit = LinearGaussian((K.format("slow"), K.format("fast")), np.log([0.1, 0.4]), prior_precision=-1.0)
    with pytest.raises(FitError, match="proper distribution"):
        duel(using=fit)


def test_areas_are_exact_over_infusions_and_repeated_doses() -> None:
    dose = exo.infusion("4 nmol", over="3 h", every="12 h", times=4) + exo.bolus("5 nmol", at="7 h")
    found = compare(
        model(FAST), [SLOW], dose, baseline=FAST, horizon="500 h", metrics=["total drug in tumour"],
        matchings=["drug"], draws=1,
    )  # fmt: skip
    row = found.rows[0]
    assert [row.baseline_value, row.carrier_value] == ["26.25 nmol/mL*h", "105 nmol/mL*h"]


def test_a_task_is_plain_data_that_a_process_can_take() -> None:
    from exodelivery.compile.machine import machine
    from exodelivery.judge.runs import Task, perform

    toy = model(FAST)
    values = machine(toy).values[None, :]
    task = Task(toy, toy, "drug", DOSE, HORIZON, ("tumour_total",), values, values, "lsoda")
    assert pickle.loads(pickle.dumps(perform(pickle.loads(pickle.dumps(task))))).area == pytest.approx(
        10 / (2 * 0.4), rel=1e-6
    )
