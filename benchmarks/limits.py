"""What no program can beat, and what memory costs: the core's own arithmetic, and 100,000 sets in one process."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import absolute
from benchmarks.models import Problem
from benchmarks.own import own
from benchmarks.rows import Row, row
from exodelivery.compile.native.kernels import module
from exodelivery.compile.native.machine import compile_module, host_lanes
from exodelivery.compile.native.plan import Plan
from exodelivery.compile.native.tableau import STAGES
from exodelivery.compile.native.writer import Writer
from exodelivery.solve.solvers.protocol import Tolerance
from exodelivery.solve.timeline import Array

CHAINS = 12  # of multiply-adds that do not wait for one another: more than a core has under way


def peak() -> float:
    """Return the core's measured peak of fused multiply-adds [operations a second, two to each]."""
    lanes, turns = host_lanes(), 200_000
    w = Writer(lanes)
    shrink, more = w.number(1 - 2.0**-30), w.number(1e-9)
    found = w.loop(turns, [w.load("%a0", row) for row in range(CHAINS)], lambda _, values: [
        w.fused(value, shrink, more) for value in values
    ])  # fmt: skip
    for place, value in enumerate(found):
        w.store("%a0", place, value)
    body = w.function("multiply_add", 1)
    machine = compile_module("\n".join([*sorted(w.declared), "", body]), ("multiply_add",))
    room = (ctypes.c_double * (CHAINS * lanes + 8))()
    start = ctypes.addressof(room)
    work = ctypes.CFUNCTYPE(None, ctypes.c_int64)(machine.addresses["multiply_add"])
    times = []
    for _ in range(9):
        begin = time.thread_time()
        work(start + (-start) % 64)
        times.append(time.thread_time() - begin)
    return 2 * turns * CHAINS * lanes / min(times)


def operations(plan: Plan) -> int:
    """Return the additions, multiplications and divisions of one step of one set, a multiply-add counted as two."""
    texts = dict(re.findall(r"define void @(\w+)\((.*?)\n}", module(plan, 1), re.DOTALL))
    return _counted(texts["step"]) + _counted(texts["factor"]) + STAGES * _counted(texts["stage"])


def _counted(text: str) -> int:
    """Count a function's operations, those of a loop as often as it turns (its index grows by the one lane)."""
    total = 0
    for body in re.split(r"\n(?=\w+:\n)", text):
        turns = re.search(r"icmp ult i64 %\w+, (\d+)", body) if body.startswith("inside") else None
        count = len(re.findall(r"= f(?:add|sub|mul|div) ", body)) + 2 * len(re.findall(r"call .*@llvm\.fma", body))
        total += count * (int(turns[1]) if turns else 1)
    return total


def arithmetic_bound(problem: Problem, sets: Array, ours: float) -> Iterator[Row]:
    """The time that the operations of our steps would take at the core's peak, all lanes full."""
    solver, kernels = own(problem)
    relative = 5e-7
    tolerance = Tolerance(relative, absolute(problem, relative))
    steps = solver.solve_many(kernels, sets, problem.timeline, problem.times, tolerance, threads=1).steps.mean()
    work, fastest = operations(kernels.plan), peak()
    note = f"{steps:.0f} steps of {work} operations at {fastest / 1e9:.1f} GF/s"
    yield row(
        "population", problem.name, "arithmetic bound", seconds=steps * work / fastest, ours=1e-6 * ours, note=note
    )


ALONE = """
from pathlib import Path
import numpy as np
from benchmarks.models import ALL
from benchmarks.own import own
from exodelivery.solve.solvers.protocol import Tolerance
def most():  # not getrusage: what it tells outlives exec, and would be the parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
problem = ALL["{name}"]()
sets = problem.population({sets})
solver, kernels = own(problem)
few = solver.solve_many(kernels, sets[:64], problem.timeline, problem.times, Tolerance(1e-6))
before = most()
found = solver.solve_many(kernels, sets, problem.timeline, problem.times, Tolerance(1e-6))
print(most() - before - found.values.nbytes, found.values.nbytes, len(found.failed))
"""


def memory(problem: Problem, sets: int = 100_000) -> Iterator[Row]:
    """What 100,000 sets need beyond their output, in a process of their own."""
    if not Path("/proc/self/status").is_file():
        yield row("memory", problem.name, "exodelivery", note="missing: read from Linux's /proc")
        return
    command = [sys.executable, "-c", ALONE.format(name=problem.name, sets=sets)]
    beyond, output, failed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    note = f"{sets} sets at {len(problem.times)} times, output {int(output) / 1e6:.0f} MB, {failed} failed"
    yield row("memory", problem.name, "exodelivery", note=note) | {"value": int(beyond) / 1e6, "unit": "MB"}
