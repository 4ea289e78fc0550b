"""Four problems that a solver for drug delivery meets, with nominal values, dosing and sampling times.

M1 is linear (depot and two compartments); M2 an exosome's delivery with saturable uptake and efflux; M3
Simeoni's tumour growth (exponent 20) under a two-compartment drug; M4 target-mediated disposition with
recycling, very stiff. The values illustrate; they are nobody's drug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exodelivery.compile.equations import Equations, equations
from exodelivery.solve.timeline import Array, Timeline


@dataclass(frozen=True, slots=True)
class Problem:
    """An initial-value problem with its dosing.

    Attributes
    ----------
    name : str
    equations : Equations
    parameters : array, (parameters,)
        Nominal values in the equations' order.
    names : tuple of str, (parameters,)
    timeline : Timeline
    times : array, (times,)
        [h]
    """

    name: str
    equations: Equations
    parameters: Array
    names: tuple[str, ...]
    timeline: Timeline
    times: Array

    def population(self, sets: int, spread: float = 0.3, seed: int = 1) -> Array:
        """Draw log-normal parameter sets, (sets, parameters)."""
        normal = np.random.default_rng(seed).standard_normal((sets, len(self.parameters)))
        drawn: Array = self.parameters * np.exp(spread * normal - 0.5 * spread**2)
        return drawn


def dosing(
    states: int,
    end: float,
    boluses: Sequence[tuple[float, int, float]],
    infusions: Sequence[tuple[float, float, int, float]] = (),
) -> Timeline:
    """Return the timeline of boluses ``(time, state, amount)`` and infusions ``(from, to, state, rate)``."""
    marks = {0.0, *(bolus[0] for bolus in boluses), *(edge for one in infusions for edge in one[:2])}
    times = np.array(sorted(mark for mark in marks if mark < end))
    jumps, inputs = np.zeros((len(times), states)), np.zeros((len(times), states))
    for time, state, amount in boluses:
        jumps[np.searchsorted(times, time), state] += amount
    for begin, finish, state, rate in infusions:
        inputs[(times >= begin) & (times < finish), state] += rate
    return Timeline(times, jumps, inputs, end)


def problem(
    name: str,
    rates: dict[str, str],
    start: dict[str, str],
    values: dict[str, float],
    timeline: Timeline,
    times: Array,
) -> Problem:
    """Build a problem from texts in our own grammar."""
    names = tuple(sorted(values))
    built = equations(rates, start)
    if len(built.parameters) != len(names):
        raise ValueError(f"{name} uses {len(built.parameters)} parameters, {len(names)} have values")
    return Problem(name, built, np.array([values[key] for key in names]), names, timeline, times)


def m1() -> Problem:
    """Depot and two compartments: five doses and an infusion."""
    times = np.concatenate([[0.083, 0.25, 0.5, 1, 2, 4, 8, 12, 16, 20], np.linspace(24.5, 143.5, 40)])
    boluses = [(0.0, 1, 100.0), (24.0, 0, 80.0), (36.0, 0, 80.0), (48.0, 0, 80.0), (72.0, 1, 50.0)]
    rates = {
        "depot": "-ka * depot",
        "central": "ka * depot - CL / V * central - Q / V * central + Q / V2 * peripheral",
        "peripheral": "Q / V * central - Q / V2 * peripheral",
    }
    values = {"ka": 1.2, "CL": 5.0, "V": 12.0, "Q": 8.0, "V2": 40.0}
    return problem("M1", rates, {}, values, dosing(3, 143.5, boluses, [(96.0, 98.0, 1, 50.0)]), times)


def m2() -> Problem:
    """Exosome delivery: saturable clearance and efflux, binding; rates from 1e-3 to 2e2 per hour."""
    early = [0.033, 0.083, 0.167, 0.33, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 20, 23.5]
    second = [24.05, 24.2, 24.5, 25, 26, 28, 32, 36, 40, 44, 47.5]
    third = [48.05, 48.2, 48.5, 49, 50, 52, 56, 60, 64, 68, 72, 80, 88, 96]
    rates = {
        "Cp": "-(kps + kel + ktu + krp) * Cp + ksp * Cs - Vm * Cp / (Km + Cp)",
        "Cs": "kps * Cp - (ksp + krp) * Cs",
        "Ml": "Vm * Cp / (Km + Cp) - kmd * Ml",
        "Ct": "ktu * Cp - (kint + krt) * Ct",
        "Ci": "kint * Ct - kri * Ci",
        "Dp": "krp * (Cp + Cs) + fr * kmd * Ml - (CL + Q) / V1 * Dp + Q / V2 * De - kpt * Dp + ktp * Dt",
        "De": "Q / V1 * Dp - Q / V2 * De",
        "Dt": "krt * Ct + kpt * Dp - (ktp + kin) * Dt + Vef * Dc / (Kef + Dc)",
        "Dc": "kri * Ci + kin * Dt - Vef * Dc / (Kef + Dc) - kon * Dc * (Bmax - Db) + koff * Db",
        "Db": "kon * Dc * (Bmax - Db) - koff * Db - kdg * Db",
    }
    values = {
        "kps": 9.0, "ksp": 0.8, "kel": 10.8, "Vm": 60.0, "Km": 4.0, "krp": 0.02, "ktu": 0.6, "kint": 1.5,
        "krt": 0.25, "kri": 2.0, "kmd": 0.05, "fr": 0.3, "CL": 20.0, "V1": 5.0, "Q": 15.0, "V2": 40.0,
        "kpt": 0.4, "ktp": 6.0, "kin": 30.0, "Vef": 40.0, "Kef": 0.5, "kon": 100.0, "Bmax": 2.0,
        "koff": 0.003, "kdg": 0.001,
    }  # fmt: skip
    boluses = [(0.0, 0, 50.0), (24.0, 0, 50.0), (48.0, 0, 50.0)]
    return problem("M2", rates, {}, values, dosing(10, 96.0, boluses), np.array([*early, *second, *third], dtype=float))


def m3() -> Problem:
    """Simeoni's tumour growth under a two-compartment drug."""
    times = np.concatenate([np.arange(1, 9.0), np.linspace(9.5, 40, 22)])
    weight = "(x1 + x2 + x3 + x4)"
    rates = {
        "A1": "-(CL + Q) / V * A1 + Q / V2 * A2",
        "A2": "Q / V * A1 - Q / V2 * A2",
        "x1": f"lam0 * x1 / (1 + (lam0 / lam1 * {weight})**20)**0.05 - k2 * A1 / V * x1",
        "x2": "k2 * A1 / V * x1 - k1 * x2",
        "x3": "k1 * (x2 - x3)",
        "x4": "k1 * (x3 - x4)",
    }
    values = {
        "CL": 6.0,
        "V": 1.0,
        "Q": 3.0,
        "V2": 2.5,
        "lam0": 0.273,
        "lam1": 0.814,
        "k1": 0.968,
        "k2": 0.12,
        "w0": 0.055,
    }
    timeline = dosing(6, 40.0, [(9.0, 0, 10.0), (13.0, 0, 10.0), (17.0, 0, 10.0)], [(21.0, 21.25, 0, 40.0)])
    return problem("M3", rates, {"x1": "w0"}, values, timeline, times)


def m4() -> Problem:
    """Target-mediated disposition with recycling."""
    times = np.concatenate([[0.01, 0.05, 0.2, 1, 4, 12], np.linspace(24.5, 671.5, 29)])
    rates = {
        "L": "-(kel + kpt) * L + ktp * Lt - kon * L * R + koff * X",
        "Lt": "kpt * L - ktp * Lt",
        "R": "ksyn - kdeg * R - kon * L * R + koff * X + krec * Ri",
        "X": "kon * L * R - koff * X - kint * X",
        "Xi": "kint * X - (kdis + klys) * Xi",
        "Ri": "kdis * Xi - krec * Ri",
        "Ld": "klys * Xi - kexc * Ld",
    }
    values = {
        "kel": 0.01, "kpt": 0.03, "ktp": 0.02, "kon": 10.0, "koff": 0.1, "ksyn": 1.0, "kdeg": 0.1,
        "kint": 0.5, "kdis": 0.7, "klys": 0.3, "krec": 2.0, "kexc": 0.05,
    }  # fmt: skip
    timeline = dosing(7, 671.5, [(0.0, 0, 1000.0), (168.0, 0, 500.0), (336.0, 0, 500.0)])
    return problem("M4", rates, {"R": "ksyn / kdeg"}, values, timeline, times)


def deviation(found: Array, reference: Array) -> float:
    """Return the largest ``|d| / (|ref| + 1e-3 max|ref|)`` over times and states."""
    scale = np.abs(reference) + 1e-3 * np.abs(reference).max(axis=0, keepdims=True) + 1e-300
    return float(np.max(np.abs(found - reference) / scale))


ALL = {"M1": m1, "M2": m2, "M3": m3, "M4": m4}
