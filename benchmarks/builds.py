"""From equations to a first solution: with no machine code kept, and in a second process that finds it kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.models import Problem
from benchmarks.rows import Row, row
from benchmarks.tools import TOOLS

ALONE = """
import time
from sympy.core.cache import clear_cache
from benchmarks.models import ALL
from benchmarks.own import own_one, own_sensitivities
other = ALL["M1" if "{name}" != "M1" else "M4"]()  # so that the drivers, compiled once a machine, are loaded
own_one(other)(1e-6), own_sensitivities(other)(1e-6)
for make in (own_one, own_sensitivities):
    problem = ALL["{name}"]()
    clear_cache()
    begin = time.process_time()
    make(problem)(1e-6)
    print(time.process_time() - begin)
"""


def builds(problem: Problem) -> Iterator[Row]:
    """Yield CPU time of a build, plain and with every parameter sensitive, cold and kept."""
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "kept by an earlier process"):
            command = [sys.executable, "-c", ALONE.format(name=problem.name)]
            surroundings = {**os.environ, "EXODELIVERY_CACHE": folder}
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings)
            for what, seconds in zip(("", " with sensitivities"), map(float, done.stdout.split()), strict=True):
                yield row("build", problem.name + what, TOOLS[0], seconds=seconds, ours=seconds, note=state)
