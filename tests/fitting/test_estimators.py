"""Every estimator of the table on one recipe, killed and left alone; what priors and estimated noises change."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_journal import _about, _die, needs_fork
from toy import CSV, RECIPE, shelf

from exodelivery.errors import FitError
from exodelivery.fitting.fit import JOURNAL, fit
from exodelivery.fitting.journal import Journal
from exodelivery.fitting.keep import read_fit
from exodelivery.fitting.problem import Evaluator, problem_of
from exodelivery.fitting.protocol import ESTIMATORS, estimator
from exodelivery.fitting.recipe import read_recipe
from exodelivery.fitting.result import Fit

NOISE = '[noise]\n"toy_study level" = { model = "log-normal", why = "a test" }\n[method]'
LEVELS = """arm,what,against,time_h,from_h,to_h,phase,value,unit,spread,spread_kind,n,limit,use,note
""" + "".join(
    f"one,level,,{t},,,,{4 * np.exp(-0.4 * t + 0.1 * np.sin(9 * t)):.6g},nmol/mL,,none,,,,\n"
    for t in np.linspace(0.5, 8, 12)
)


def recipe(name: str, text: str = RECIPE, starts: int = 1) -> str:
    return text.replace("starts = 3", "starts = 1").replace("starts = 1", f'starts = {starts}\nestimator = "{name}"')


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fit]:
    monkeypatch.chdir(tmp_path)
    return lambda name, text=RECIPE, csv=CSV: fit(shelf(tmp_path, recipe(name, text), csv), again=True)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_ends_where_it_is_flat_and_its_fit_is_kept_whole(
    made: Callable[..., Fit], tmp_path: Path, name: str
) -> None:
    found = made(name)
    values = {row.name: row.magnitude for row in found.parameters}
    assert estimator(name).name == name == found.method["estimator"]
    assert found.verdict.converged and not found.failures
    assert values["body.V"] == pytest.approx(2.5, rel=0.02)
    assert values["disposition.k"] * values["disposition.idle"] == pytest.approx(0.4, rel=0.02)
    assert np.linalg.inv(sum(found.information.values())) == pytest.approx(found.covariance, rel=1e-6, abs=1e-12)
    kept = read_fit(tmp_path / "fits" / "toy_fit")
    assert str(kept) == str(found) and kept.noises == found.noises


def test_with_given_errors_map_is_least_squares(made: Callable[..., Fit]) -> None:
    squares, posterior = made("least squares"), made("MAP")
    assert posterior.estimate == pytest.approx(squares.estimate, abs=1e-3 * np.sqrt(np.diag(squares.covariance)).min())
    assert posterior.covariance == pytest.approx(squares.covariance, rel=1e-3, abs=1e-9)
    assert posterior.verdict.chi_square == pytest.approx(squares.verdict.chi_square, rel=1e-2, abs=1e-3)


def test_without_priors_what_records_do_not_feel_is_assumed(made: Callable[..., Fit]) -> None:
    """k and idle enter as a product: their ratio keeps the priors, and the product is the records' alone."""
    found = made("maximum likelihood")
    names = [row.name for row in found.parameters]
    ratio = np.zeros(len(names))
    ratio[names.index("disposition.k")], ratio[names.index("disposition.idle")] = 1.0, -1.0
    product = np.abs(ratio)
    assert product @ found.data @ ratio == pytest.approx(0.0, abs=1e-6 * float(product @ found.data @ product))
    assert found.information["literature"].any() == np.False_
    by_name = {row.name: row for row in found.parameters}
    assert by_name["drug.molar_mass"].sd == pytest.approx(by_name["drug.molar_mass"].prior_sd)
    # The records were made with V = 2.5 mL without noise: no prior pulls it off.
    assert by_name["body.V"].magnitude == pytest.approx(2.5, rel=1e-3)


def test_a_noise_is_estimated_and_told(made: Callable[..., Fit]) -> None:
    """Twelve levels off by 0.1 sin(9 t): the sd is the root mean square that is left over, and wide."""
    text = RECIPE.replace("[method]", NOISE)
    found = made("MAP", text, LEVELS)
    (noise,) = found.noises
    left = [np.log(row.predicted / row.observed) for row in found.predictions]
    assert noise.name == "sd of toy_study level"
    assert noise.value == pytest.approx(np.sqrt(np.mean(np.square(left))), rel=1e-2)
    assert np.log(noise.high / noise.value) == pytest.approx(1.96 / np.sqrt(2 * 12), rel=0.02)
    assert noise.low < noise.value < noise.high and noise.name in str(found) and noise.name in found._repr_html_()
    assert found.predictions[0].note.startswith("spread: log-normal, sd ")
    assert found.verdict.chi_square == pytest.approx(12, rel=0.05)
    with pytest.raises(FitError, match='estimator = "MAP"'):
        made("least squares", text, LEVELS)


def test_an_unknown_estimator_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="nearest: MAP") as caught:
        read_recipe(shelf(tmp_path, recipe("MAPP")))
    assert caught.value.where.line > 0


def test_a_joint_error_has_the_same_optimum_by_either_way(made: Callable[..., Fit]) -> None:
    from test_joined import SUMMARIES, sampled

    squares, posterior = (made(name, sampled(), SUMMARIES) for name in ("least squares", "MAP"))
    errors = np.sqrt(np.diag(squares.covariance))
    assert np.max(np.abs(posterior.estimate - squares.estimate) / errors) < 0.02
    assert posterior.covariance == pytest.approx(squares.covariance, rel=0.03, abs=1e-6)


@needs_fork
def test_a_likelihood_killed_again_and_again_ends_as_one_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kill -9`` while an entry is written: the same bits, and every point computed once in all."""
    folder = shelf(tmp_path, recipe("MAP", RECIPE.replace("[method]", NOISE), starts=2), LEVELS)
    monkeypatch.chdir(tmp_path)
    counts: list[tuple[int, int]] = []
    remove = Journal.remove

    def counted(self: Journal) -> None:
        counts.append((self.answered, self.computed))
        remove(self)

    monkeypatch.setattr(Journal, "remove", counted)
    fit(folder, again=True)
    kept = (folder / "result.json").read_text()
    (folder / "result.json").unlink()
    computed = 0
    for entries, torn in ((3, 20), (2, 1), (4, 50)):
        child = os.fork()
        if not child:
            _die(lambda: fit(folder, again=True), entries, torn)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        computed += entries - 1
        with Journal(folder / JOURNAL, _about(folder)) as journal:
            assert len(journal) == computed
    fit(folder, again=True)
    assert (folder / "result.json").read_text() == kept and not (folder / JOURNAL).exists()
    (_, whole), (_, resumed) = counts
    assert computed + resumed == whole


def test_arms_side_by_side_give_the_same_likelihood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from exodelivery.fitting.likelihood import objective_of_recipe
    from exodelivery.fitting.scored import Asked

    monkeypatch.chdir(tmp_path)
    problem = problem_of(read_recipe(shelf(tmp_path)))
    plain, asked = objective_of_recipe(problem), objective_of_recipe(problem, Asked(Evaluator(problem)))
    at = plain.start + 0.1
    assert asked.value(at) == pytest.approx(plain.value(at), rel=1e-12)
    assert asked.evaluate(at).gradient == pytest.approx(plain.evaluate(at).gradient, rel=1e-9, abs=1e-9)
