"""Floor 7: what a regression may claim, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exodelivery.fitting.leverage import heavy, influence_of, missed
from exodelivery.units import format_number

if TYPE_CHECKING:
    from exodelivery.fitting.regression import Regression

CLOSELY = 0.99
"""Correlation from which two numbers are said to be known only in combination."""


def claims(found: Regression) -> tuple[str, ...]:
    """Return the verdict on a regression.

    Parameters
    ----------
    found : Regression
    """
    told = [
        "The fit converged."
        if found.converged
        else f"The fit did NOT converge ({found.message}): its standard errors mean little."
    ]
    if len(found.ends) > 1:
        best = found.ends[0]
        same = sum(end - best <= 1e-4 + 1e-6 * abs(best) for end in found.ends)
        told.append(f"{same} of {len(found.ends)} starts reached the same optimum.")
        told.append(
            "A second optimum is as good (flip-flop): " + "; ".join(found.rivals) + "."
            if found.rivals
            else "No second optimum as good was found (flip-flop check)."
        )
    else:
        told.append("One start only: other optima were not looked for (no flip-flop check).")
    told += [f"{problem[0].upper()}{problem[1:]}." for problem in found.problems]
    told += _combined(found)
    failures = found.objective.failures
    if failures:
        names = ", ".join(f"{name} ({count} times)" for name, count in list(failures.items())[:5])
        told.append(f"Predictions failed on the way: {names}.")
    curve = found.objective.curve
    titles = [curve.title(row) for row in range(found.rows)]
    held = heavy(influence_of(found), titles, found.names)
    if held:
        told.append(f"Single rows hold it: {'; '.join(held)}.")
    groups = _groups(found)
    off = missed(-found.standardised(), groups) if len(set(groups)) > 1 else ()
    if off:
        told.append(f"Misfit by group: {'; '.join(off)}.")
    return tuple(told)


def _combined(found: Regression) -> list[str]:
    with np.errstate(all="ignore"):
        correlation = np.nan_to_num(found.correlation)
    pairs = [
        f"{found.names[n]} and {found.names[m]} (correlation {correlation[n, m]:.3f})"
        for n in range(len(correlation))
        for m in range(n)
        if abs(correlation[n, m]) > CLOSELY
    ]
    wide = []
    for n, name in enumerate(found.names):
        guess = found.objective.free[n]
        if guess.scale != "linear" and found.covariance[n, n] > 4.0:
            wide.append(f"{name} = {format_number(guess.natural(float(found.at[n])))}")
    sentences = [f"Known mostly in combination: {', '.join(pairs)}."] if pairs else []
    return sentences + ([f"Hardly known: {', '.join(wide)}; look at the profile."] if wide else [])


def _groups(found: Regression) -> list[str]:
    curve = found.objective.curve
    group = getattr(curve, "group", None)
    if group is not None:
        return [group(row) for row in range(found.rows)]
    labels = [""] * found.rows
    for under in found.objective.observed.noises:
        for row in under.rows:
            labels[int(row)] = under.label
    return labels
