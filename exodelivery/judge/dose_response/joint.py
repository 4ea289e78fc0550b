"""Floor 8: several curves fitted together: what they share, how their potencies compare, whether they are one curve.

References
----------
Bates DM, Watts DG. Nonlinear Regression Analysis and Its Applications. Wiley 1988, doi 10.1002/9780470316757 (the F
test of a model within another).
Zou GY, Donner A. Stat Med 2008;27:1693, doi 10.1002/sim.3095 (an interval of a difference from two intervals).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from exodelivery.errors import nearest
from exodelivery.judge.dose_response.curve import Curve
from exodelivery.judge.dose_response.estimate import Estimate
from exodelivery.judge.dose_response.least_squares import Box, covariance
from exodelivery.judge.dose_response.least_squares import fit as least
from exodelivery.judge.dose_response.shapes.protocol import DoseResponseError
from exodelivery.judge.dose_response.starts import off_scale
from exodelivery.judge.dose_response.task import DOSE, E0, EINF, POSITION, Task


@dataclass(frozen=True, slots=True)
class Joint:
    """Curves fitted together.

    Attributes
    ----------
    curves : tuple of str
    shared : tuple of str
        Parameters that they have in common.
    numbers : mapping of mapping of Estimate
        By curve and parameter (``position`` is the shape's own); the interval is estimate ± t standard errors, of the
        position on the logarithm.
    cost, freedom : float and int
    f, p_f, p_ratio : float
        F of these against separate curves with its P-value, and the P-value of the likelihood ratio; NaN where they
        were not fitted apart.
    """

    curves: tuple[str, ...]
    shared: tuple[str, ...]
    numbers: Mapping[str, Mapping[str, Estimate]]
    cost: float
    freedom: int
    f: float
    p_f: float
    p_ratio: float

    def __str__(self) -> str:
        verdict = "not refused" if self.p_f >= 0.05 else "refused"
        lines = [
            f"{', '.join(self.curves)} with {', '.join(self.shared) or 'nothing'} in common: {verdict}, "
            f"F = {self.f:.3g}, p = {self.p_f:.2g} (likelihood ratio p = {self.p_ratio:.2g})"
        ]
        for name, numbers in self.numbers.items():
            lines.append(f"  {name}: " + ", ".join(f"{key} {number}" for key, number in numbers.items()))
        return "\n".join(lines)

    __repr__ = __str__


def together(curves: Sequence[Curve], shared: Sequence[str] = (), *, confidence: float = 0.95) -> Joint:
    """Fit curves of one shape together, with some parameters in common, and test that against separate curves.

    Parameters
    ----------
    curves : sequence of Curve
        Fitted already, of one shape.
    shared : sequence of str
        ``e0``, ``einf``, ``position`` and names of the form; all of them is the test of one and the same curve.
    confidence : float

    Raises
    ------
    DoseResponseError
        For fewer than two fitted curves, curves of several shapes, or an unknown parameter.

    Examples
    --------
    >>> from exodelivery.judge.dose_response.curves import curves
    >>> wells = {"dose": [0, 0.01, 0.03, 0.1, 0.3, 1, 3] * 2, "drug": ["a"] * 7 + ["b"] * 7,
    ...          "response": [99, 97, 91, 76, 48, 22, 9, 101, 96, 92, 74, 50, 20, 10]}
    >>> together(list(curves(wells, by="drug")), ("e0", "einf", "position", "hill")).p_f > 0.05
    True
    """
    usable = [curve for curve in curves if curve]
    if len(usable) < 2 or len({curve.shape.name for curve in usable}) != 1:
        raise DoseResponseError("two fitted curves or more, of one shape, are fitted together")
    forms = usable[0].shape.forms
    names = ("e0", "einf", "position", *(form.name for form in forms))
    for name in shared:
        if name not in names:
            raise DoseResponseError(f"the shape has no parameter {name!r}", remedy=nearest(name, names))
    size, count = len(names), len(usable)
    place = np.empty((count, size), dtype=np.intp)
    taken = 0
    for k, name in enumerate(names):
        own = np.arange(count) if name not in shared else np.zeros(count, dtype=np.intp)
        place[:, k] = taken + own
        taken += int(own.max()) + 1
    start, free = np.zeros(taken), np.ones(taken, bool)
    for n in reversed(range(count)):
        theta = usable[n].theta[:size].copy()
        if usable[n].proportional:
            theta[E0] = 1.0
        start[place[n]] = theta
        held = np.diag(usable[n].covariance)[:size] == 0
        free[place[n][held]] = False
    which = np.concatenate([np.full(len(curve.dose), n) for n, curve in enumerate(usable)])
    with np.errstate(divide="ignore"):
        x = np.log(np.concatenate([curve.dose for curve in usable]))
    y, weight = (np.concatenate([getattr(curve, one) for curve in usable]) for one in ("response", "weight"))
    task = Task(usable[0].shape, POSITION, x[None], y[None], weight[None], place[which][None])
    box = Box(np.full((1, taken), -np.inf), np.full((1, taken), np.inf), free[None])
    ended = least(task, start[None], box)
    freedom = int((weight > 0).sum() - free.sum())
    cost = float(ended.cost[0])
    spread = np.sqrt(np.diag(covariance(task, ended.theta, box.free, observed=True)[0]) * cost / freedom)
    t = float(stats.t.isf(0.5 * (1 - confidence), freedom))
    numbers = {
        curve.name: _numbers(names, forms, ended.theta[0][place[n]], spread[place[n]], t, curve.unit)
        for n, curve in enumerate(usable)
    }
    apart, apart_freedom = sum(curve.cost for curve in usable), sum(curve.freedom for curve in usable)
    f = p_f = p_ratio = math.nan
    if freedom > apart_freedom > 0 and apart > 0:
        more = freedom - apart_freedom
        f = max(cost - apart, 0.0) / more / (apart / apart_freedom)
        p_f = float(stats.f.sf(f, more, apart_freedom))
        p_ratio = float(stats.chi2.sf(len(x) * math.log(max(cost / apart, 1.0)), more))
    return Joint(tuple(curve.name for curve in usable), tuple(shared), numbers, cost, freedom, f, p_f, p_ratio)


def _numbers(
    names: Sequence[str], forms: Sequence[object], theta: np.ndarray, spread: np.ndarray, t: float, unit: str
) -> dict[str, Estimate]:
    scales = ["", "", "log", *(getattr(form, "scale", "log") for form in forms)]
    found = {}
    for k, name in enumerate(names):
        value, error = float(theta[k]), float(spread[k])
        low, high = value - t * error, value + t * error
        if k in (E0, EINF):
            found[name] = Estimate(value, low, high, "", "", error)
            continue
        value, low, high = (float(off_scale(np.array(one), scales[k])) for one in (value, low, high))
        slope = value * (1 - value) if scales[k] == "logit" else value
        found[name] = Estimate(value, low, high, unit if k == DOSE else "", "", error * slope)
    return found


def potency_ratio(first: Curve, second: Curve, number: str = "ic50") -> Estimate:
    """Return how many times the dose of one curve the other needs, with the interval that both intervals leave.

    Parameters
    ----------
    first, second : Curve
        The ratio is of the first to the second.
    number : str
        ``ic50`` or ``ec50``.

    Returns
    -------
    Estimate
        With ``>`` or ``<`` where one of the two is a bound; not defined where the bounds say nothing.

    Examples
    --------
    >>> from exodelivery.judge.dose_response.curves import curves
    >>> wells = {"dose": [0, 0.01, 0.03, 0.1, 0.3, 1, 3] * 2, "drug": ["a"] * 7 + ["b"] * 7,
    ...          "response": [99, 97, 91, 76, 48, 22, 9, 101, 99, 98, 90, 75, 51, 20]}
    >>> a, b = curves(wells, by="drug")
    >>> 2 < potency_ratio(b, a).value < 5
    True
    """
    if first.unit != second.unit:
        raise DoseResponseError(f"doses in {first.unit!r} and {second.unit!r} have no ratio", remedy="give one unit")
    one, two = first[number], second[number]
    ratio = one.value / two.value
    if one.limit or two.limit:
        sign = one.limit or {"<": ">", ">": "<"}[two.limit]
        both = one.limit and two.limit and one.limit == two.limit
        return Estimate(math.nan) if both else Estimate(ratio, limit=sign)
    if not all(math.isfinite(end) and end > 0 for end in (one.low, one.high, two.low, two.high)):
        known_low = one.low > 0 and math.isfinite(two.high)
        known_high = math.isfinite(one.high) and two.low > 0
        low = _recovered(one.value, one.low, two.value, two.high, -1) if known_low else 0.0
        high = _recovered(one.value, one.high, two.value, two.low, 1) if known_high else math.inf
        return Estimate(ratio, low, high)
    low = _recovered(one.value, one.low, two.value, two.high, -1)
    high = _recovered(one.value, one.high, two.value, two.low, 1)
    return Estimate(ratio, low, high, "", "", ratio * math.hypot(one.se / one.value, two.se / two.value))


def _recovered(one: float, one_end: float, two: float, two_end: float, sign: int) -> float:
    return math.exp(math.log(one / two) + sign * math.hypot(math.log(one / one_end), math.log(two / two_end)))
