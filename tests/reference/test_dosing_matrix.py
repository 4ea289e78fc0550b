"""Every kind of dosing record against its closed form: one compartment, one with a depot, two compartments.

An amount after a unit bolus is a sum of exponentials (Gibaldi & Perrier, Pharmacokinetics, 1982): infusions are their
integrals, and a series that has gone on for ever is a geometric sum. The forms are written here anew, from times alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from exodelivery.declare.model import Model
from exodelivery.declare.regimen import Regimen, bolus, infusion
from exodelivery.solve.simulate import simulate

Array = NDArray[np.float64]
Assemble = Callable[..., Model]
Modes = list[tuple[float, float]]
TIMES = np.array([0.0, 0.5, 1.5, 3.0, 4.0, 6.0, 7.0, 8.0, 9.5, 12.0, 15.0, 16.0, 20.0, 26.0, 40.0])
CL, V, KA, K12, K21 = 0.3, 2.0, 1.1, 0.4, 0.25
K = CL / V
PARAMETERS = {"V": "2 mL", "tlag": "1.5 h", "F": "0.4", "D": "5 h", "R": "25 nmol/h"}
LEAVE = "plasma.free -> out : CL * conc(plasma.free)"


def oral() -> Modes:
    return [(KA / (KA - K), K), (-KA / (KA - K), KA)]


def two() -> Modes:
    total = K + K12 + K21
    root = math.sqrt(total**2 - 4 * K * K21)
    fast, slow = (total + root) / 2, (total - root) / 2
    return [((fast - K21) / (fast - slow), fast), ((K21 - slow) / (fast - slow), slow)]


COLUMNS: dict[str, tuple[Modes, dict[str, str]]] = {
    "one compartment": ([(1.0, K)], {"leave": LEAVE}),
    "oral": (oral(), {"leave": LEAVE, "absorb": "gut.free -> plasma.free : ka * gut.free"}),
    "two compartments": (
        two(),
        {"leave": LEAVE, "share": "plasma.free <-> slow.free : k12 * plasma.free | k21 * slow.free"},
    ),
}


@dataclass(frozen=True)
class Given:
    """What the closed forms know of doses: one, or with ``every`` a series before ``at`` that has gone on for ever."""

    at: float = 0.0
    amount: float = 100.0
    over: float = 0.0
    every: float = 0.0
    late: float = 0.0
    until: float = math.inf

    def seen(self, modes: Modes, times: Array) -> Array:
        if not self.every:
            return np.where(
                times < self.until, self.amount * response(modes, times - self.at - self.late, self.over), 0
            )
        count = math.ceil((self.late + self.over) / self.every) + 1
        since = times - self.at
        found = sum(
            (response(modes, since - self.late + n * self.every, self.over) for n in range(1, count)),
            np.zeros_like(times),
        )
        for height, rate in modes:
            spread = math.expm1(rate * self.over) / (rate * self.over) if self.over else 1.0
            first = np.exp(-rate * (since - self.late + count * self.every))
            found = found + height * spread * first / -math.expm1(-rate * self.every)
        return np.where((since >= 0) & (times < self.until), self.amount * found, 0)


def response(modes: Modes, since: Array, over: float) -> Array:
    """Return the amount after a unit dose, a bolus or one infused over a time."""
    s = np.maximum(since, 0.0)
    if not over:
        found = sum((height * np.exp(-rate * s) for height, rate in modes), np.zeros_like(s))
        return np.where(since >= 0, found, 0.0)
    still = np.minimum(s, over)
    parts = (height / (rate * over) * -np.expm1(-rate * still) * np.exp(-rate * (s - still)) for height, rate in modes)
    return sum(parts, np.zeros_like(s))


def constant(until: float, per_hour: float) -> Callable[[Modes, Array], Array]:
    """Return a constant infusion since ever that ends."""

    def seen(modes: Modes, times: Array) -> Array:
        after = np.maximum(times - until, 0.0)
        return sum((per_hour * h / rate * np.exp(-rate * after) for h, rate in modes), np.zeros_like(times))

    return seen


def b(amount: str = "100 nmol", **how: Any) -> Callable[[str], Regimen]:
    return lambda route: bolus(amount, **{"route": route, **how})


def i(amount: str = "100 nmol", **how: Any) -> Callable[[str], Regimen]:
    return lambda route: infusion(amount, **{"route": route, **how})


Expected = list[Given] | Callable[[Modes, Array], Array]
STEADY: dict[str, Any] = {"every": 8.0, "steady_state": "alone"}
ROWS: dict[str, tuple[Callable[[str], Regimen], Expected]] = {
    "bolus": (b(), [Given()]),
    "bolus at an output": (b(at=6), [Given(6)]),
    "repeats": (b(every=8, times=3), [Given(0), Given(8), Given(16)]),
    "infusion by duration": (i(over=5), [Given(over=5)]),
    "infusion by rate": (i(rate="25 nmol/h"), [Given(over=4)]),
    "overlapping infusions": (i(over=10, every=4, times=3), [Given(0, over=10), Given(4, over=10), Given(8, over=10)]),
    "lagged bolus": (b(lag=1.5), [Given(late=1.5)]),
    "lagged infusion": (i(over=5, lag="90 min", at=1.5), [Given(1.5, over=5, late=1.5)]),
    "bolus partly available": (b(bioavailability=0.4), [Given(amount=40)]),
    "infusion by duration, partly available": (i(over=5, bioavailability=0.4), [Given(amount=40, over=5)]),
    "infusion by rate, partly available": (i(rate="10 nmol/h", bioavailability=0.4), [Given(amount=40, over=4)]),
    "steady boluses": (b(**STEADY), [Given(every=8), Given()]),
    "steady boluses that go on": (b(**STEADY, times=3), [Given(every=8), Given(), Given(8), Given(16)]),
    "steady boluses, later": (b(**STEADY, at=7), [Given(7, every=8), Given(7)]),
    "steady boluses with lag": (b(**STEADY, lag=3), [Given(every=8, late=3), Given(late=3)]),
    "steady boluses with a lag above the interval": (b(**STEADY, lag=12), [Given(every=8, late=12), Given(late=12)]),
    "steady infusions": (i(over=5, **STEADY), [Given(every=8, over=5), Given(over=5)]),
    "steady infusions with lag": (i(over=5, lag=6, **STEADY), [Given(every=8, over=5, late=6), Given(over=5, late=6)]),
    "steady overlapping infusions": (i(over=20, **STEADY), [Given(every=8, over=20), Given(over=20)]),
    "steady infusions without a gap": (i(over=8, **STEADY), [Given(every=8, over=8), Given(over=8)]),
    "steady infusions by rate, partly available": (
        i(rate="10 nmol/h", bioavailability=0.4, **STEADY),
        [Given(every=8, amount=40, over=4), Given(amount=40, over=4)],
    ),
    "constant infusion": (i("", rate="25 nmol/h", steady_state="alone"), constant(0, 25)),
    "constant infusion that goes on": (i(rate="25 nmol/h", steady_state="alone"), constant(4, 25)),
    "steady boluses added": (
        lambda r: b()(r) + b(at=7, every=8, steady_state="added")(r),
        [Given(), Given(7, every=8), Given(7)],
    ),
    "steady infusions added to an infusion": (
        lambda r: i(over=12, at=3, every=9, times=2)(r) + i(at=7, every=8, over=5, steady_state="added")(r),
        [Given(3, over=12), Given(12, over=12), Given(7, every=8, over=5), Given(7, over=5)],
    ),
    "steady boluses alone after others": (
        lambda r: b(every=6, times=5)(r) + i(over=30)(r) + b(at=7, **STEADY)(r),
        [*(Given(at, until=7) for at in (0, 6)), Given(over=30, until=7), Given(7, every=8), Given(7)],
    ),
    "reset": (
        lambda r: (i(over=12, every=4, times=9)(r) + b(lag=8)(r)).reset(7),
        [Given(0, over=12, until=7), Given(4, over=12, until=7)],
    ),
    "reset and dose": (
        lambda r: b(every=7, times=2)(r).reset(7) + b("50 nmol", at=7)(r),
        [Given(until=7), Given(7, 50)],
    ),
    "reset at the start": (lambda r: b()(r).reset(0), [Given()]),
    "two resets": (
        lambda r: b()(r).reset(3).reset(9.5) + b(at=3)(r) + b(at=12)(r),
        [Given(until=3), Given(3, until=9.5), Given(12)],
    ),
    "reset and steady dose": (
        lambda r: b()(r).reset(7) + b(at=7, lag=3, **STEADY)(r),
        [Given(until=7), Given(7, every=8, late=3), Given(7, late=3)],
    ),
    "modelled duration": (lambda r: b(route="over_" + r, every=8, times=2)(""), [Given(over=5), Given(8, over=5)]),
    "modelled rate": (lambda r: b(route="at_" + r)(""), [Given(over=4)]),
    "modelled rate, partly available": (
        lambda r: b(route="at_" + r, bioavailability=0.5)(""),
        [Given(amount=50, over=2)],
    ),
    "modelled lag and availability": (lambda r: b(route="late_" + r)(""), [Given(amount=40, late=1.5)]),
    "modelled lag at steady state": (
        lambda r: b(route="late_" + r, **STEADY)(""),
        [Given(every=8, amount=40, late=1.5), Given(amount=40, late=1.5)],
    ),
    "into a pool": (lambda r: b(route={"gut": "gut.free"}.get(r, "plasma.free"))(""), [Given()]),
}


@pytest.fixture(scope="module")
def models(assemble: Assemble) -> dict[str, Model]:
    sites = {
        "plasma": {"role": "blood", "volume": "V"},
        "gut": {"role": "tissue", "volume": "V"},
        "slow": {"role": "peripheral", "volume": "V"},
    }
    routes: dict[str, Any] = {}
    for site in ("plasma", "gut"):
        routes[site] = site
        routes[f"over_{site}"] = {"site": site, "duration": "D"}
        routes[f"at_{site}"] = {"site": site, "rate": "R"}
        routes[f"late_{site}"] = {"site": site, "lag": "tlag", "bioavailability": "F"}
    rates = {"CL": "0.3 mL/h", "ka": "1.1 1/h", "k12": "0.4 1/h", "k21": "0.25 1/h"}
    return {
        name: assemble(
            body={"parameters": PARAMETERS, "sites": sites, "routes": routes},
            drug={
                "parameters": {key: rates[key] for key in rates if any(key in flow for flow in flows.values())},
                "flows": flows,
            },
            observables={"amount": {"formula": "plasma.free", "unit": "nmol"}},
        )
        for name, (_, flows) in COLUMNS.items()
    }


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", ROWS)
def test_a_record_gives_its_closed_form(models: dict[str, Model], row: str, column: str) -> None:
    regimen, expected = ROWS[row]
    modes = COLUMNS[column][0]
    run = simulate(models[column], regimen("gut" if column == "oral" else "plasma"), until=40.0)
    if callable(expected):
        wanted = expected(modes, TIMES)
    else:
        wanted = sum((given.seen(modes, TIMES) for given in expected), np.zeros_like(TIMES))
    np.testing.assert_allclose(run["amount"](TIMES), wanted, rtol=1e-6, atol=1e-6)
    assert max(run.residuals.values()) < 1e-8
