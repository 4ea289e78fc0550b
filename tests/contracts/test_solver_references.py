"""Every solver on the benchmark models against stored numbers that two other methods agree on to 1e-11.

``tests/reference/make_solver_references.py`` made them: Taylor's method (heyoka) and Radau IIA (scipy).
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.models import ALL, deviation
from exodelivery.compile.emitters.protocol import emitter
from exodelivery.solve.solvers.protocol import SOLVERS, Tolerance, solver

STORED = json.loads(Path(__file__).parents[1].joinpath("reference", "solver_references.json").read_text())["models"]
AVAILABLE = [name for name, path in SOLVERS.items() if find_spec(path.partition(":")[0])]
CASES = [(name, model) for name in AVAILABLE for model in STORED if (name == "exact") <= (model == "M1")]
WITHIN = {"exact": (1e-9, 1e-12), "rodas5p": (1e-9, 1e-8), "lsoda": (1e-9, 1e-7), "radau": (1e-7, 1e-6)}
"""Relative tolerance and deviation: relative to the state with its largest value's thousandth added."""


def test_the_stored_numbers_are_of_these_models() -> None:
    assert list(STORED) == list(ALL)
    for name, found in STORED.items():
        assert found["agree"] < 1e-11
        np.testing.assert_array_equal(found["times"], ALL[name]().times)


@pytest.mark.parametrize(("name", "model"), CASES)
def test_a_solver_reaches_the_stored_numbers(name: str, model: str) -> None:
    problem, method, (relative, within) = ALL[model](), solver(name), WITHIN[name]
    found = method.solve(
        emitter(method.emitter).emit(problem.equations),
        problem.parameters,
        problem.timeline,
        problem.times,
        Tolerance(relative),
    )
    assert found.outcome
    assert deviation(found.states, np.array(STORED[model]["states"])) < within
