"""Ten thousand nine-point curves with profile intervals, beside a fit and its intervals one by one.

``python -m benchmarks.curves`` prints the time of all of them on the cores that there are, and the ratio to the peer in
the same run: scipy's ``curve_fit`` for each curve and lmfit's ``conf_interval`` for profiles of its four parameters.
The peer gives eight ends a curve, this gives ten (the IC50's too), with the words on each curve.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator

import numpy as np

from benchmarks.rows import Row, row
from exodelivery.judge.dose_response.curves import curves
from exodelivery.solve.timeline import Array

CURVES, PEERS, POINTS, NOISE = 10_000, 4, 9, 0.05
DOSES = np.geomspace(1e-3, 10, POINTS)


def made(count: int) -> tuple[Array, Array]:
    """Return responses, (curves, points), and the EC50 that they were made with, (curves,)."""
    random = np.random.default_rng(1)
    ec50, slope = np.exp(random.uniform(np.log(1e-2), np.log(3), count)), np.exp(random.uniform(-0.4, 0.9, count))
    einf = random.uniform(0, 0.4, count)
    y = einf[:, None] + (1 - einf[:, None]) / (1 + (DOSES[None, :] / ec50[:, None]) ** slope[:, None])
    return y + NOISE * random.standard_normal(y.shape), ec50


def dose_response(count: int = CURVES) -> Iterator[Row]:
    """Yield a row for this and one for the peer: wall seconds a curve, the ratio being of those."""
    y, ec50 = made(count)
    table = {"dose": np.tile(DOSES, count), "response": y.ravel(), "curve": np.repeat(np.arange(count), POINTS)}
    wall, processor = time.perf_counter(), time.process_time()
    found = curves(table, by="curve", unit="uM")
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    sure = np.mean([curve.ec50.low < ec50[n] < curve.ec50.high for n, curve in enumerate(found) if curve])
    note = (
        f"{count} curves in {wall:.1f} s on {os.cpu_count()} cores ({processor:.1f} s of processor); "
        f"{100 * sure:.1f} % of EC50 in their 95 % interval"
    )
    yield row("curves", f"{POINTS}-point Hill", "exodelivery", seconds=wall / count, ours=wall / count, note=note)
    seconds, failed = _peer(y[:PEERS])
    note = f"{PEERS} of the curves on one core, without the IC50's interval; {failed} failed"
    yield row("curves", f"{POINTS}-point Hill", "scipy + lmfit", seconds=seconds, ours=wall / count, note=note)


def _peer(y: Array) -> tuple[float, int]:
    """Return the peer's seconds a curve, and how many it gave up."""
    import lmfit
    from scipy.optimize import curve_fit

    x = np.log(DOSES)

    def hill(x: Array, e0: float, einf: float, position: float, form: float) -> Array:
        found: Array = einf + (e0 - einf) / (1 + np.exp(np.exp(form) * (x - position)))
        return found

    failed, begin = 0, time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in y:
            middle = x[int(np.argmin(np.abs(one - 0.5 * (one.max() + one.min()))))]
            try:
                best, _ = curve_fit(hill, x, one, (one.max(), one.min(), middle, 0.0), maxfev=4000)
                parameters = lmfit.Parameters()
                for name, value in zip(("e0", "einf", "position", "form"), best, strict=True):
                    parameters.add(name, value=float(value))
                fitter = lmfit.Minimizer(
                    lambda p, one=one: one - hill(x, *(p[key].value for key in p)),  # type: ignore[misc]
                    parameters,
                )
                lmfit.conf_interval(fitter, fitter.minimize(), sigmas=[0.95])
            except (RuntimeError, ValueError, TypeError, lmfit.MinimizerException):
                failed += 1
    return (time.perf_counter() - begin) / len(y), failed


if __name__ == "__main__":
    for one in dose_response():
        ratio = f"{one['ratio']:8.1f} x" if one["ratio"] else ""
        print(f"{one['tool']:14} {one['value'] / 1e3:9.2f} ms a curve {ratio}  {one['note']}")
