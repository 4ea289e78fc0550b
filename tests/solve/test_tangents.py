"""The compiled solver's derivatives of functionals: those of the variational equations, on a mesh fine enough."""

from __future__ import annotations

import numpy as np
import pytest

import exodelivery as exo
from exodelivery.solve import variation
from exodelivery.solve.functionals import Value, evaluate
from exodelivery.solve.gradients import gradient, sensitivities
from exodelivery.solve.simulate import machine_for, run
from exodelivery.solve.solvers.protocol import of_amounts
from exodelivery.solve.tangents import Tangents, tangents
from exodelivery.solve.timeline import Array

ASKED = [
    ("level", {"at": 3.0}),
    ("auc", {"start": 0.0, "end": 24.0}),
    ("auc", {}),
    ("mrt", {}),
    ("cmax", {}),
    ("half_life", {"start": 6.0, "end": 20.0}),
]


def test_functionals_have_the_gradients_of_the_variational_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to a parameter and to the value, to 1e-6; two doses, so that a breakpoint is passed."""
    model, regimen = exo.load("doxorubicin_mouse", carrier="none"), exo.bolus("5 mg/kg", every="8 h", times=2)
    compiled = machine_for(model, regimen)
    numbers = compiled.values
    made = run(compiled, numbers, regimen, 24.0, solver_name="rodas5p", tolerance=of_amounts(1e-8))
    values = [evaluate(made, "plasma_total", word, **where) for word, where in ASKED]
    assert all(values)
    places = tuple(n for n, one in enumerate(compiled.system.parameters) if one.name.startswith("disposition."))

    def ask(moved: Tangents) -> list[Array]:
        pairs: list[tuple[tuple[str, dict[str, float]], Value]] = list(zip(ASKED, values, strict=True))
        return [gradient(moved, "plasma_total", word, value, **where) for (word, where), value in pairs]

    found = tangents(compiled, made, places, ask, of_amounts(1e-8))
    assert found is not None
    monkeypatch.setattr(variation, "STEPS", 640)
    plain = ask(sensitivities(compiled, made, places))
    for value, one, other in zip(values, ask(found), plain, strict=True):
        relative = np.abs(numbers[list(places)]) / abs(value.value)
        assert one * relative == pytest.approx(other * relative, abs=1e-6)
        assert np.any(np.abs(one * relative) > 0.1)


def test_another_solver_has_none() -> None:
    model = exo.load("doxorubicin_mouse", carrier="none")
    regimen = exo.bolus("5 mg/kg")
    compiled = machine_for(model, regimen)
    by_lsoda = run(compiled, compiled.values, regimen, 4.0, solver_name="lsoda", tolerance=of_amounts(1e-6))
    assert tangents(compiled, by_lsoda, (0,), lambda moved: None, of_amounts(1e-6)) is None
    assert tangents(compiled, by_lsoda, (), lambda moved: None, of_amounts(1e-6)) is None
