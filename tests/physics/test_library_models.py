"""Every model of the library with every carrier: books close, nothing goes negative, a second way confirms numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import sympy

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.declare.shelf import find
from exodelivery.errors import TracerWarning
from exodelivery.solve.quadrature import integral
from exodelivery.solve.simulate import simulate
from exodelivery.solve.timeline import Array
from exodelivery.solve.trajectory import Trajectory

CARRIERS = ("none", "liposome_pegylated", "liposome_leaky", "exosome_natural", "exosome_targeted")
PAIRS = [
    (model, carrier) for model in ("doxorubicin_mouse", "label_mouse", "doxorubicin_human") for carrier in CARRIERS
]
DRUG = {"doxorubicin_mouse": "5 mg/kg", "label_mouse": "2 mg/kg", "doxorubicin_human": "50 mg/m2"}
each_pair = pytest.mark.parametrize(("model", "carrier"), PAIRS)
ignore = pytest.mark.filterwarnings("ignore::exodelivery.errors.YieldWarning")


@lru_cache(maxsize=32)
def noun(model: str, carrier: str) -> Model:
    found: Model = find(model, "model")
    return found.swap(carrier=carrier)


def doses(model: str, carrier: str) -> list[Regimen]:
    """Return a regimen for each metric that the carrier takes, with a label where it bears one."""
    if carrier == "none":
        return [bolus(DRUG[model], every="1 d", times=2) + infusion("1 mg", "3 h", at="5 h")]
    found = [bolus(DRUG[model], label="1 ID"), infusion("1e11 particle", "2 h", label="1 ID")]
    if "particles_per_protein" in noun(model, carrier).carrier.dose:
        found.append(bolus("20 ug protein", label="1 ID", every="1 d", times=2))
    return found


@lru_cache(maxsize=64)
def runs(model: str, carrier: str, solver: str = "lsoda", tolerance: float = 1e-8) -> tuple[Trajectory, ...]:
    built = noun(model, carrier)
    return tuple(
        simulate(built, regimen, until="3 d", solver=solver, tolerance=tolerance) for regimen in doses(model, carrier)
    )


@ignore
@each_pair
def test_every_ledger_closes(model: str, carrier: str) -> None:
    for run in runs(model, carrier):
        assert run, run.outcome.what
        assert "drug" in run.residuals
        assert max(run.residuals.values()) < 1e-8, (str(run.regimen), run.residuals)


@ignore
@each_pair
def test_nothing_goes_negative(model: str, carrier: str) -> None:
    for run in runs(model, carrier):
        states = run.solution.states
        scale = np.abs(states).max(axis=0)
        worst = (states.min(axis=0) / np.where(scale > 0, scale, 1.0)).min()
        assert worst > -1e-9, run.system.variables[int((states.min(axis=0) / np.maximum(scale, 1e-300)).argmin())].name


@ignore
@pytest.mark.parametrize(("model", "carrier"), [pair for pair in PAIRS if pair[1] in ("none", "exosome_targeted")])
def test_a_second_solver_finds_the_same_observables(model: str, carrier: str) -> None:
    for first, second in zip(runs(model, carrier), runs(model, carrier, "radau", 1e-7), strict=True):
        for name in (column.name for column in first.system.columns):
            one, other = first[name].values, second[name](first.times)
            # A share of what is in blood has no value before anything is.
            there = np.isfinite(one)
            assert there[1:].all(), name
            one, other = one[there], other[there]
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5 * np.abs(one).max(), err_msg=name)


@ignore
def test_accounts_hold_what_an_independent_integral_says() -> None:
    """A ledger that closes shows bookkeeping; the integral of each outflow over the curve shows the numbers."""
    run = simulate(noun("doxorubicin_mouse", "exosome_targeted"), bolus("1e11 particle", label="1 ID"), until="2 d")
    system = run.system
    arguments = [list(system.equations.states), list(system.equations.parameters)]
    gone = {"out.drug", "out.carrier", "out.label", "pruned.drug"} & {move.target for move in system.movements}
    assert {"out.drug", "out.carrier", "out.label"} <= gone
    for account in sorted(gone):
        rate = sympy.lambdify(arguments, sum(m.rate for m in system.movements if m.target == account), "numpy")

        def flow(times: Array, rate: Any = rate) -> Array:
            assert run.solution.dense is not None
            return np.broadcast_to(rate(list(run.solution.dense(times).T), list(run.parameters)), times.shape)

        total = integral(flow, 0.0, run.end, run.timeline.times)
        account_at_end = run.solution.states[-1, system.index(account)]
        assert total == pytest.approx(account_at_end, rel=1e-6), account


def test_pruning_moves_no_observable() -> None:
    model, regimen = noun("label_mouse", "exosome_natural"), bolus("1e10 particle")
    pruned = simulate(model, regimen, until="1 d", tolerance=1e-11)
    whole = simulate(model, regimen, until="1 d", tolerance=1e-11, keep=("all",))
    assert len(pruned.system.variables) < len(whole.system.variables)
    for column in pruned.system.columns:
        one, other = pruned[column.name].values, whole[column.name](pruned.times)
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9 * np.abs(one).max(), err_msg=column.name)


def test_doses_of_a_linear_model_add_up() -> None:
    model = noun("label_mouse", "exosome_natural")
    first, second = bolus("3e10 particle", label="1 ID"), infusion("1e10 particle", "2 h", at="5 h", label="2 ID")
    both, one, other = (simulate(model, regimen, until="1 d") for regimen in (first + second, first, second))
    for column in both.system.columns:
        if column.unit == "%":
            continue
        total = one[column.name](both.times) + other[column.name](both.times)
        values = both[column.name].values
        np.testing.assert_allclose(values, total, rtol=1e-5, atol=1e-7 * np.abs(values).max(), err_msg=column.name)


@ignore
@pytest.mark.parametrize("carrier", ["exosome_natural", "liposome_pegylated"])
def test_a_regimen_given_later_gives_the_same_curves_later(carrier: str) -> None:
    """Time enters through the regimen only, so that a second dose sees the same kinetics."""
    model = noun("label_mouse", carrier)
    regimen = bolus("1e12 particle", label="1 ID") + infusion("1e11 particle", "1 h", at="4 h", label="1 ID")
    now, later = simulate(model, regimen, until="1 d"), simulate(model, regimen.delayed("9 h"), until="33 h")
    for column in now.system.columns:
        values, shifted = now[column.name].values, later[column.name](now.times + 9.0)
        np.testing.assert_allclose(shifted, values, rtol=1e-5, atol=1e-7 * np.abs(values).max(), err_msg=column.name)


def test_a_tracer_closes_its_books_too() -> None:
    with pytest.warns(TracerWarning):
        run = simulate(noun("label_mouse", "liposome_pegylated"), bolus("1 ID"), until="2 d")
    assert set(run.system.unavailable.values()) <= {"no drug is given"}
    assert run.residuals["label"] < 1e-8
    assert 0 < run["plasma_label"](48) < run["plasma_label"](1)
