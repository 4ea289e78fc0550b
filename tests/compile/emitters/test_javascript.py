"""JavaScript is printed from reserved symbols, and nothing is printed that a browser would not run."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from exodelivery.compile.emitters.javascript import HELPERS, JavaScriptEmitter
from exodelivery.compile.emitters.numpy import NumpyEmitter
from exodelivery.compile.equations import equations
from exodelivery.compile.machine import machine
from exodelivery.declare.shelf import find
from exodelivery.errors import SimulationError

HARD = equations(
    {
        "a": "-k * a + when(a > 1, exp(-b), sqrt(a))",
        "b": "max(a, k) ** 1.5 - min(b, 2) * abs(b) + log(1 + a) * tanh(b) + hill(a, k, h)",
    },
    {"a": "k", "b": "2 * k"},
    {"sum": "a + b"},
)


def test_only_reserved_symbols_are_printed() -> None:
    text = JavaScriptEmitter().emit(machine(find("doxorubicin_mouse", "model")).system.equations).text
    words = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", re.sub(r"Math\.\w+", "", text)))
    known = {"const", "start", "rates", "jacobian", "outputs", *"xpfJy", "clippedPower", "clippedLog", "step"}
    assert {word for word in words if not re.fullmatch(r"c\d+", word)} <= known
    assert "//" not in text


@pytest.mark.skipif(
    shutil.which("node") is None, reason="needs node to run what is printed; the page's test runs it in a browser"
)
def test_what_is_printed_computes_what_numpy_computes() -> None:
    printed, kernels = JavaScriptEmitter().emit(HARD).text, NumpyEmitter().emit(HARD)
    p = np.array([2.5, 0.7])
    for x in ([0.3, -0.4], [2.0, 3.0], [0.0, 0.0]):
        script = (
            f"{HELPERS}const k = {printed}, x = {x}, p = {p.tolist()}, f = [0, 0], J = [0, 0, 0, 0];"
            "const y = [0], s = [0, 0]; k.rates(x, p, f); k.jacobian(x, p, J); k.outputs(x, p, y); k.start(p, s);"
            "console.log(...s, ...f, ...J, ...y);"
        )
        done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
        at = np.array(x)
        expected = [
            *kernels.start(p), *kernels.rates(0.0, at, p), *kernels.jacobian(0.0, at, p).ravel(),
            *kernels.outputs(np.zeros(1), at[None], p).ravel(),
        ]  # fmt: skip
        assert [float(word) for word in done.stdout.split()] == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_what_a_page_cannot_do_is_refused() -> None:
    with pytest.raises(SimulationError, match="time itself"):
        JavaScriptEmitter().emit(equations({"a": "-t * a"}))
    with pytest.raises(SimulationError, match="no sensitivities"):
        JavaScriptEmitter().emit(HARD, (0,))
