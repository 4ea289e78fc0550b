"""Floor 7: estimates as ``lmfit.Parameters``, for whoever goes on with lmfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exodelivery.solve.timeline import Array

if TYPE_CHECKING:
    from exodelivery.fitting.regression import Regression


def parameters_of(found: Regression) -> Any:
    """Return the estimates as ``lmfit.Parameters``: values, bounds, what varies, ties, standard errors, correlations.

    Parameters
    ----------
    found : Regression
    """
    import lmfit

    errors, estimates = found.standard_errors, found.values
    ties = found.objective.ties
    values: Array = ties.values(found.at[: found.objective.parameters])[0]
    parameters = lmfit.Parameters()
    # Ties last: lmfit wants what an expression reads to be there before it.
    order = sorted(range(len(ties.guesses)), key=lambda n: bool(ties.guesses[n].tie))
    for n in order:
        guess = ties.guesses[n]
        if guess.tie:
            parameters.add(guess.name, expr=guess.tie)
            continue
        value = estimates.get(guess.name, float(values[n]) if n < len(values) else guess.value)
        parameters.add(guess.name, value=value, vary=not guess.fixed, min=guess.low, max=guess.high)
        parameters[guess.name].stderr = errors.get(guess.name)
    names = found.names[: found.objective.parameters]
    correlation = found.correlation
    for n, name in enumerate(names):
        parameters[name].correl = {other: float(correlation[n, m]) for m, other in enumerate(names) if m != n}
    return parameters
