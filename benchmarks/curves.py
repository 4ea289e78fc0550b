"""Dose-response: 10,000 nine-point curves with profile intervals of all five numbers, in processor time of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.rows import Row, row
from exodelivery.judge.dose_response.curves import curves

CURVES, POINTS, NOISE = 10_000, 9, 0.05


def dose_response(count: int = CURVES) -> Iterator[Row]:
    """Yield one row: wall seconds for all curves, and the processor's in the note."""
    random = np.random.default_rng(1)
    dose = np.geomspace(1e-3, 10, POINTS)
    ec50, slope = np.exp(random.uniform(np.log(1e-2), np.log(3), count)), np.exp(random.uniform(-0.4, 0.9, count))
    einf = random.uniform(0, 0.4, count)
    y = einf[:, None] + (1 - einf[:, None]) / (1 + (dose[None, :] / ec50[:, None]) ** slope[:, None])
    y = y + NOISE * random.standard_normal(y.shape)
    table = {"dose": np.tile(dose, count), "response": y.ravel(), "curve": np.repeat(np.arange(count), POINTS)}
    wall, processor = time.perf_counter(), time.process_time()
    found = curves(table, by="curve", unit="uM")
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    sure = np.mean([curve.ec50.low < ec50[n] < curve.ec50.high for n, curve in enumerate(found) if curve])
    note = f"{count} curves, {processor:.0f} s of processor; {100 * sure:.1f} % of EC50 in their 95 % interval"
    yield row("curves", f"{POINTS}-point Hill", "exodelivery", seconds=wall, ours=wall, note=note)


if __name__ == "__main__":
    for one in dose_response():
        print(f"{one['value'] / 1e6:.1f} s; {one['note']}")
